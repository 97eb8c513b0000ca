//! The figures of the operations board.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{FailureCode, Stage};

/// `GET /v1/ops/summary`: everything at a glance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Summary {
    /// When the queues were counted.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// When the records were counted; many are counted less often.
    #[schema(value_type = String, format = DateTime)]
    pub counted_at: Timestamp,
    /// Every record by where it stands.
    pub photos: Standing,
    /// Each stage with its queue.
    pub stages: Vec<StageFigures>,
    /// Failed stages by cause, as the records tell.
    pub failures: Vec<FailureFigure>,
    /// How long each step took, of photos that finished in the last 15 minutes.
    pub steps: Vec<StepFigure>,
    /// The last 30 minutes, oldest first.
    pub minutes: Vec<Minute>,
    /// Where traces are shown, if this service cannot show them itself: a page
    /// of all with `query` behind it, one with its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traces_url: Option<String>,
}

/// How many photos stand where. The first six add up to `records`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Standing {
    /// Granted, and no stage has seen the bytes.
    pub pending: u64,
    /// A stage has seen the bytes, and one is not finished.
    pub processing: u64,
    /// Every stage is done.
    pub ready: u64,
    /// Every stage is finished, and at least one failed.
    pub failed: u64,
    /// In the trash.
    pub trashed: u64,
    /// Their objects are being removed.
    pub deleting: u64,
    /// All of them.
    pub records: u64,
    /// How many there are by the owners' quota counters, which are kept apart.
    pub ledger: u64,
}

/// One stage: its queue by SQS, its work by the records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StageFigures {
    /// The stage.
    pub stage: Stage,
    /// Messages that wait.
    pub visible: u64,
    /// Messages that a worker has.
    pub in_flight: u64,
    /// Messages that are held back for a while.
    pub delayed: u64,
    /// Messages in the dead-letter queue; absent when it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead: Option<u64>,
    /// Live photos that this stage has not finished, by their records.
    pub unfinished: u64,
    /// `unfinished` less all messages of the moment when the records were
    /// counted: uploads that have not arrived are here, and photos whose
    /// message was lost; below zero, repeats.
    pub without_message: i64,
    /// How long the oldest of them waits, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest_seconds: Option<f64>,
    /// Messages that came in, a second; absent until it was counted twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_per_second: Option<f64>,
    /// Photos that the stage finished, a second, over the last minute.
    pub out_per_second: f64,
    /// Of these, photos that failed, a second.
    pub failed_per_second: f64,
    /// When the queue is empty at this pace, in seconds; absent when it does
    /// not shrink.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drain_seconds: Option<f64>,
    /// What CloudWatch saw of the stage; absent where nothing is sent to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watched: Option<Watched>,
}

/// What CloudWatch saw of a stage in the last five whole minutes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Watched {
    /// Messages that came into the queue.
    pub sent: u64,
    /// Attempts that ended, in whatever way.
    pub attempts: u64,
    /// Of these, attempts that are made again.
    pub retries: u64,
    /// How long half of the attempts took at most, in milliseconds, in the
    /// latest minute that had any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p50_ms: Option<f64>,
    /// The same of nineteen in twenty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p95_ms: Option<f64>,
    /// How long nineteen in twenty messages waited at most, in milliseconds, in
    /// the latest minute that had any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_p95_ms: Option<f64>,
    /// How old the oldest message of the queue was in the latest minute, in
    /// seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest_message_seconds: Option<f64>,
}

/// How many photos failed alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FailureFigure {
    /// The stage.
    pub stage: Stage,
    /// The cause.
    pub code: FailureCode,
    /// In photos.
    pub photos: u64,
}

/// A step on every photo's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// From the grant to S3's event: the client sends the bytes.
    Upload,
    /// From S3's event to the queue.
    Notify,
    /// In the thumbnails queue.
    WaitThumbnails,
    /// The thumbnail-worker.
    MakeThumbnails,
    /// In the metadata queue.
    WaitMetadata,
    /// The metadata-worker.
    ReadMetadata,
    /// From the grant until both stages are finished.
    Whole,
}

/// How long a step took.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StepFigure {
    /// The step.
    pub step: Step,
    /// Of so many photos.
    pub photos: u64,
    /// Half of them took longer, in milliseconds.
    pub p50_ms: f64,
    /// One in twenty took longer, in milliseconds.
    pub p95_ms: f64,
}

/// One minute of the last half hour.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Minute {
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Uploads that were granted.
    pub granted: u64,
    /// Photos that the thumbnail-worker finished.
    pub thumbnails: u64,
    /// Photos that the metadata-worker finished.
    pub metadata: u64,
    /// Stages that failed.
    pub failed: u64,
    /// How long the steps took that ended in it.
    pub steps: Vec<StepFigure>,
}

/// `GET /v1/ops/photos`: what is behind a number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StandingPhotos {
    /// At most 200, the longest waiting first.
    pub photos: Vec<StandingPhoto>,
    /// How many there are.
    pub total: u64,
}

/// One photo behind a number. Who owns it is not told by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StandingPhoto {
    /// `<owner>/<photo>`.
    pub photo: String,
    /// When its upload was granted.
    #[schema(value_type = String, format = DateTime)]
    pub granted_at: Timestamp,
    /// `pending`, `done` or `failed`.
    pub thumbnails: String,
    /// `pending`, `done` or `failed`.
    pub metadata: String,
    /// How often its stages were tried.
    pub attempts: u32,
    /// Its trace, in X-Ray's form.
    pub trace_id: String,
}
