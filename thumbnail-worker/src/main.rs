//! The thumbnail-worker on Lambda.

use std::sync::Arc;

use cloudalbum_aws::attempt::Attempts;
use cloudalbum_aws::backoff::Backoff;
use cloudalbum_aws::bucket::Bucket;
use cloudalbum_aws::clients::Clients;
use cloudalbum_aws::queue::Queue;
use cloudalbum_aws::settings::{WorkerSettings, environment};
use cloudalbum_aws::table::Table;
use cloudalbum_aws::telemetry::Telemetry;
use cloudalbum_aws::worker;
use cloudalbum_domain::Stage;
use thumbnail_worker::Job;

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    let settings = WorkerSettings::from_lookup(&environment)?;
    let telemetry = Telemetry::start("thumbnail-worker", &settings.telemetry)?;
    let clients = Clients::load(&settings.region).await;
    let s3 = clients.s3(None);
    let job = Job {
        attempts: Attempts {
            stage: Stage::Thumbnails,
            table: Table::new(clients.dynamodb(), &settings.table_prefix),
            telemetry: telemetry.clone(),
        },
        bucket: Bucket::new(s3, settings.bucket),
        recipe: Arc::new(settings.recipe),
        max_original_bytes: settings.max_upload_bytes,
    };
    let queue = Queue::new(clients.sqs(), settings.queue_url);
    let backoff = Backoff::new(queue).noting(job.attempts.table.clone(), Stage::Thumbnails);
    worker::serve("thumbnail-worker", telemetry, backoff, move |delivery| {
        let job = job.clone();
        async move { job.run(delivery).await }
    })
    .await
}
