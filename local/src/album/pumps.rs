//! The workers, each behind the event source mapping of its queue.

use std::sync::Arc;
use std::time::Duration;

use cloudalbum_aws::attempt::Attempts;
use cloudalbum_aws::backoff::Backoff;
use cloudalbum_aws::batch::{Delivery, JobError};
use cloudalbum_aws::bucket::Bucket;
use cloudalbum_aws::clients::Clients;
use cloudalbum_aws::queue::Queue;
use cloudalbum_aws::table::Table;
use cloudalbum_aws::telemetry::Telemetry;
use cloudalbum_domain::{Recipe, Stage};
use cloudalbum_places::Places;
use cloudalbum_places::zone::Zones;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::pump::{self, Mapping};
use crate::settings::Addresses;
use crate::sqs::Sqs;

/// How long one batch may take.
pub(super) const TIMEOUT: Duration = Duration::from_mins(1);

/// What hands the queues' messages to the workers.
pub(super) struct Pumps {
    pub(super) queues: Sqs,
    pub(super) paused: watch::Receiver<Vec<Stage>>,
    pub(super) clients: Clients,
    pub(super) addresses: Addresses,
    pub(super) telemetry: Telemetry,
    pub(super) stopping: watch::Receiver<bool>,
}

impl Pumps {
    /// One slot of thumbnails a core, since decoding keeps a core busy, and
    /// one of metadata, which mostly waits.
    pub(super) fn start(
        &self,
        tasks: &mut JoinSet<()>,
        table: &Table,
        bucket: &Bucket,
        max_original_bytes: u64,
        recipe: Recipe,
    ) {
        let attempts = |stage| Attempts {
            stage,
            table: table.clone(),
            telemetry: self.telemetry.clone(),
        };
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let thumbnails = thumbnail_worker::Job {
            attempts: attempts(Stage::Thumbnails),
            bucket: bucket.clone(),
            recipe: Arc::new(recipe),
            max_original_bytes,
        };
        for _ in 0..cores {
            let job = thumbnails.clone();
            self.spawn(tasks, table, Stage::Thumbnails, 1, move |delivery| {
                let job = job.clone();
                async move { job.run(delivery).await }
            });
        }
        let metadata = metadata_worker::Job {
            attempts: attempts(Stage::Metadata),
            bucket: bucket.clone(),
            places: Arc::new(Places::new()),
            zones: Arc::new(Zones::default()),
        };
        self.spawn(tasks, table, Stage::Metadata, 10, move |delivery| {
            let job = metadata.clone();
            async move { job.run(delivery).await }
        });
    }

    fn spawn<J, F>(
        &self,
        tasks: &mut JoinSet<()>,
        table: &Table,
        stage: Stage,
        batch_size: u8,
        job: J,
    ) where
        J: Fn(Delivery) -> F + Send + Sync + 'static,
        F: Future<Output = Result<(), JobError>> + Send + 'static,
    {
        let queue_url = self.addresses.queue(stage.as_str());
        let backoff =
            Backoff::new(Queue::new(self.clients.sqs(), &*queue_url)).noting(table.clone(), stage);
        let mapping = Mapping {
            queue_url,
            batch_size,
            timeout: TIMEOUT,
            stage,
        };
        tasks.spawn(pump::run(
            self.queues.clone(),
            mapping,
            backoff,
            job,
            self.paused.clone(),
            self.stopping.clone(),
        ));
    }
}
