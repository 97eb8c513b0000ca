//! Many photos at once: what they take, and what a look at the album takes meanwhile.

use std::collections::HashSet;
use std::convert::Infallible;
use std::time::{Duration, Instant};

use anyhow::ensure;
use cloudalbum_domain::Status;
use cloudalbum_domain::wire::PhotoPage;
use futures::{StreamExt as _, TryStreamExt as _, stream};

use crate::album::{Person, Process};

/// PUTs under way at a time.
const AT_ONCE: usize = 8;
/// Between two looks at the album.
const PAUSE: Duration = Duration::from_millis(25);

/// What came of a load.
pub(crate) struct Load {
    /// From the manifest until the last photo was seen ready.
    pub(crate) seconds: f64,
    /// Processor time that the album used in that time, in seconds.
    pub(crate) cpu: f64,
}

impl Load {
    /// Sends all photos and waits until they are ready.
    pub(crate) async fn run(
        album: &Process,
        ann: &Person,
        photos: Vec<Vec<u8>>,
    ) -> anyhow::Result<Self> {
        let before = album.usage()?.cpu;
        let begin = Instant::now();
        upload(ann, photos).await?;
        Ok(Self {
            seconds: begin.elapsed().as_secs_f64(),
            cpu: album.usage()?.cpu - before,
        })
    }
}

/// Sends all photos while somebody looks at the album; how long each look
/// took, in milliseconds.
pub(crate) async fn watched(ann: &Person, photos: Vec<Vec<u8>>) -> anyhow::Result<Vec<f64>> {
    let mut times = Vec::new();
    tokio::select! {
        done = upload(ann, photos) => done?,
        never = look(ann, &mut times) => match never? {},
    }
    Ok(times)
}

async fn upload(ann: &Person, photos: Vec<Vec<u8>>) -> anyhow::Result<()> {
    let cursor = ann.now().await?;
    let mut open = HashSet::new();
    for batch in photos.chunks(1_000) {
        let answers = ann.announce(batch).await?;
        let puts = stream::iter(answers.into_iter().zip(batch.to_vec()))
            .map(|(answer, bytes)| ann.put(answer, bytes))
            .buffer_unordered(AT_ONCE);
        open.extend(puts.try_collect::<Vec<_>>().await?);
    }
    ensure!(open.len() == photos.len(), "some photos are alike");
    let mut failed = 0_u32;
    ann.follow(cursor, Duration::from_mins(10), |photo| {
        if matches!(photo.status, Status::Ready | Status::Failed) && open.remove(&photo.id) {
            failed += u32::from(photo.status == Status::Failed);
        }
        open.is_empty()
    })
    .await?;
    ensure!(failed == 0, "{failed} photos failed");
    Ok(())
}

async fn look(ann: &Person, times: &mut Vec<f64>) -> anyhow::Result<Infallible> {
    loop {
        let begin = Instant::now();
        ann.get::<PhotoPage>("v1/photos?limit=50").await?;
        times.push(begin.elapsed().as_secs_f64() * 1e3);
        tokio::time::sleep(PAUSE).await;
    }
}
