//! Events of the bucket that come twice, late, out of order or never.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use tokio::sync::Mutex;

use super::Faults;
use super::plan::Kind;
use crate::s3::Deliver;

/// How long a delayed event takes, and how long a held one waits for another.
const LATE: Duration = Duration::from_secs(3);

/// Puts the dial between the bucket and its topic. What is held when the
/// process ends is lost: the bucket counts it as delivered.
pub fn disturb(faults: Faults, deliver: Deliver) -> Deliver {
    let deliver = Arc::new(deliver);
    let held = Arc::new(Mutex::new(Vec::new()));
    let begin = Instant::now();
    Box::new(move |body| {
        let (faults, deliver, held) = (faults.clone(), Arc::clone(&deliver), Arc::clone(&held));
        async move {
            let hit = |kind| faults.chance(faults.0.plan.chance(kind));
            if begin.elapsed() < faults.0.plan.outage || hit(Kind::Drop) {
                return Ok(());
            }
            if hit(Kind::Delay) {
                let alone = Arc::new(Mutex::new(vec![body]));
                tokio::spawn(flush(deliver, alone));
                return Ok(());
            }
            if hit(Kind::Reorder) {
                held.lock().await.push(body);
                tokio::spawn(flush(deliver, held));
                return Ok(());
            }
            if hit(Kind::Duplicate) {
                deliver(body.clone()).await?;
            }
            deliver(body).await?;
            let before = std::mem::take(&mut *held.lock().await);
            for body in before {
                deliver(body).await?;
            }
            Ok(())
        }
        .boxed()
    })
}

/// Delivers what is still held after a while.
async fn flush(deliver: Arc<Deliver>, held: Arc<Mutex<Vec<String>>>) {
    tokio::time::sleep(LATE).await;
    let bodies = std::mem::take(&mut *held.lock().await);
    for body in bodies {
        if let Err(error) = deliver(body).await {
            tracing::warn!(error = format!("{error:#}"), "a late event is lost");
        }
    }
}
