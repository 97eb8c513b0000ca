//! A worker on Lambda: invocations in, partial batch responses out.

use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::sqs::SqsEvent;
use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, Runtime, service_fn};
use tokio::time::Instant;

use crate::backoff::Backoff;
use crate::batch::{self, Delivery, JobError};
use crate::telemetry::{Invocations, Telemetry};

/// What is kept of an invocation's time to report the batch.
const RESERVE: Duration = Duration::from_secs(1);

/// Runs `job` for every original that Lambda hands to this process, until
/// Lambda ends it.
pub async fn serve<J, F>(
    service: &'static str,
    telemetry: Telemetry,
    backoff: Backoff,
    job: J,
) -> Result<(), Error>
where
    J: Fn(Delivery) -> F + Send + Sync + 'static,
    F: Future<Output = Result<(), JobError>> + Send + 'static,
{
    let shared = Arc::new((backoff, job));
    let handler = service_fn(move |event: LambdaEvent<SqsEvent>| {
        let shared = Arc::clone(&shared);
        async move {
            let (backoff, job) = &*shared;
            let deadline = deadline(event.context.deadline, Timestamp::now());
            batch::run(event.payload, deadline, Some(backoff), job)
                .await
                .map_err(Error::from)
        }
    });
    Runtime::new(handler)
        .layer(Invocations::new(telemetry, service))
        .run()
        .await
}

/// `until` is in milliseconds since 1970.
fn deadline(until: u64, now: Timestamp) -> Instant {
    let now = u64::try_from(now.as_millisecond()).unwrap_or(0);
    let left = Duration::from_millis(until.saturating_sub(now));
    Instant::now() + left.saturating_sub(RESERVE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_time_to_report() {
        let now = Timestamp::from_millisecond(1_000_000).unwrap();
        let left = deadline(1_010_000, now).duration_since(Instant::now());
        assert!(
            left > Duration::from_secs(8) && left <= Duration::from_secs(9),
            "{left:?}"
        );
        assert!(deadline(0, now) <= Instant::now());
    }
}
