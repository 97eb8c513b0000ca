//! The reconciler on Lambda, invoked by a schedule.

use cloudalbum_aws::bucket::Bucket;
use cloudalbum_aws::clients::Clients;
use cloudalbum_aws::queue::Queue;
use cloudalbum_aws::requeue::Requeue;
use cloudalbum_aws::settings::{ReconcilerSettings, environment};
use cloudalbum_aws::table::Table;
use cloudalbum_aws::telemetry::{Invocations, Telemetry};
use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, Runtime, service_fn};
use reconciler::{Limits, Reconciler};
use serde::Deserialize;

/// An order of an operator, or the schedule's event, which has nothing of it.
#[derive(Deserialize)]
struct Event {
    dry_run: Option<bool>,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let settings = ReconcilerSettings::from_lookup(&environment)?;
    let telemetry = Telemetry::start("reconciler", &settings.telemetry)?;
    let clients = Clients::load(&settings.region).await;
    let reconciler = Reconciler {
        table: Table::new(clients.dynamodb(), &settings.table_prefix),
        bucket: Bucket::new(clients.s3(None), &*settings.bucket),
        requeue: Requeue {
            thumbnails: Queue::new(clients.sqs(), settings.thumbnails_queue_url),
            metadata: Queue::new(clients.sqs(), settings.metadata_queue_url),
            bucket: settings.bucket,
        },
        limits: Limits::with_trash_days(settings.trash_days),
        telemetry: telemetry.clone(),
    };
    let handler = service_fn(move |event: LambdaEvent<Event>| {
        let reconciler = reconciler.clone();
        let order = event.payload.dry_run;
        async move {
            let report = reconciler
                .run(Timestamp::now(), order.unwrap_or(false))
                .await;
            // Whoever ordered the run reads the report; of the schedule's runs an alarm tells.
            if order.is_none() && report.errors > 0 {
                return Err(Error::from("some walks broke off"));
            }
            Ok(report)
        }
    });
    Runtime::new(handler)
        .layer(Invocations::new(telemetry, "reconciler"))
        .run()
        .await
}
