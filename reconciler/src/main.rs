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
    let handler = service_fn(move |_event: LambdaEvent<serde_json::Value>| {
        let reconciler = reconciler.clone();
        async move {
            let report = reconciler.run(Timestamp::now(), false).await;
            if report.errors > 0 {
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
