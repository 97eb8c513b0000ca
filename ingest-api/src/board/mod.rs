//! The operations board: figures, the photos behind them, traces.

pub(crate) mod metrics;
pub(crate) mod photos;
pub(crate) mod summary;
mod tally;
pub(crate) mod traces;
mod watched;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use cloudalbum_aws::clients::Clients;
use cloudalbum_aws::queue::Queue;
use cloudalbum_aws::settings::ServiceSettings;
use cloudalbum_aws::watch::Watch;
use cloudalbum_domain::Stage;
use cloudalbum_domain::wire::{Summary, Watched};
use jiff::Timestamp;
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::Url;

use self::tally::Tally;

/// What the board needs, and what it remembers between two looks.
#[derive(Debug)]
pub struct Board {
    queues: [StageQueues; 2],
    watch: Option<Watch>,
    traces: Option<Url>,
    region: String,
    http: reqwest::Client,
    last: Mutex<Last>,
}

/// A stage's queue and its dead letters.
#[derive(Debug)]
struct StageQueues {
    stage: Stage,
    queue: Queue,
    dead: Option<Queue>,
}

/// The records as they were counted.
#[derive(Debug)]
struct Census {
    ended: Instant,
    took: Duration,
    at: Timestamp,
    tally: Tally,
    ledger: u64,
    /// What the queues held in that moment, dead letters too, by stage.
    held: Vec<u64>,
}

#[derive(Debug, Default)]
struct Last {
    summary: Option<(Instant, Arc<Summary>)>,
    /// The records, which take longer to count than the queues.
    census: Option<Census>,
    /// The depths of the last minute, oldest first, by stage.
    depths: VecDeque<(Instant, Vec<u64>)>,
    /// What CloudWatch saw, and when it was asked.
    watched: Option<(Instant, [Option<Watched>; 2])>,
}

impl Board {
    /// A board over the queues that `settings` name.
    pub(crate) fn new(
        settings: &ServiceSettings,
        clients: &Clients,
    ) -> Result<Self, reqwest::Error> {
        let queue = |url: &String| Queue::new(clients.sqs(), url);
        let queues = [
            StageQueues {
                stage: Stage::Thumbnails,
                queue: queue(&settings.thumbnails_queue_url),
                dead: settings.thumbnails_dlq_url.as_ref().map(queue),
            },
            StageQueues {
                stage: Stage::Metadata,
                queue: queue(&settings.metadata_queue_url),
                dead: settings.metadata_dlq_url.as_ref().map(queue),
            },
        ];
        // The trace store is near: what takes longer is not worth waiting for.
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(5))
            .no_proxy()
            .build()?;
        Ok(Self {
            queues,
            watch: settings
                .telemetry
                .metrics_namespace
                .as_deref()
                .map(|namespace| clients.watch(namespace)),
            traces: settings.traces_url.clone(),
            region: settings.region.clone(),
            http,
            last: Mutex::default(),
        })
    }
}
