//! What operators ask and are told: failures, redrives, dead letters, paused
//! stages, and who did what.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{FailureCode, Stage};

/// `GET /v1/ops/failures`: stages of photos that gave up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FailureList {
    /// How many there are of each kind; on the first page only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<FailureGroup>,
    /// One entry a stage of a photo.
    pub failures: Vec<FailedStage>,
    /// Where the next page starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// How many photos failed alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FailureGroup {
    /// The stage.
    pub stage: Stage,
    /// The cause.
    pub code: FailureCode,
    /// In photos.
    pub count: u64,
}

/// One stage of one photo that gave up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FailedStage {
    /// `<owner>/<photo>`, as a redrive takes it.
    pub photo: String,
    /// The stage.
    pub stage: Stage,
    /// The cause.
    pub code: FailureCode,
    /// One line for people.
    pub detail: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it gave up.
    #[schema(value_type = String, format = DateTime)]
    pub failed_at: Timestamp,
    /// The photo's trace, in X-Ray's form.
    pub trace_id: String,
}

/// `POST /v1/ops/redrive`: exactly one of `ids`, `code` and `all`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Redrive {
    /// These photos, each `<owner>/<photo>`; at most 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ids: Option<Vec<String>>,
    /// Every stage that failed with this code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<FailureCode>,
    /// Every failed stage.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub all: bool,
    /// Where to go on, from the answer before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What a redrive did. One call does a bounded part of the work.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Redriven {
    /// Photos that wait for their workers again.
    pub redriven: u64,
    /// Photos that had nothing to redrive any more.
    pub skipped: u64,
    /// There is more to do: ask again with this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// `GET /v1/ops/dlq`: messages that were received too often.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeadLetters {
    /// At most 100 of each stage.
    pub messages: Vec<DeadLetter>,
}

/// One message of a dead-letter queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeadLetter {
    /// The stage that could not work on it.
    pub stage: Stage,
    /// SQS's id of the message.
    pub message_id: String,
    /// `<owner>/<photo>`, if the message names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub photo: Option<String>,
    /// Why the last attempt failed.
    pub reason: String,
    /// How often it was received, looks into the dead-letter queue included.
    pub receive_count: u32,
    /// When it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub sent_at: Option<Timestamp>,
}

/// `POST /v1/ops/dlq/{stage}/redrive`: which messages to move back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MoveBack {
    /// These messages; all of the queue when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_ids: Option<Vec<String>>,
}

/// What became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MovedBack {
    /// How many messages were moved, or were there when the move of all began.
    pub messages: u64,
}

/// Whether a stage takes messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StageView {
    /// The stage.
    pub stage: Stage,
    /// Whether it is paused.
    pub paused: bool,
    /// Who paused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_by: Option<String>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub paused_at: Option<Timestamp>,
}

/// `GET /v1/ops/stages`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Stages {
    /// Each stage.
    pub stages: Vec<StageView>,
}

/// `POST /v1/ops/reconcile`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reconcile {
    /// Only tells what would be mended.
    #[serde(default)]
    pub dry_run: bool,
}

/// What a run of the reconciler did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reconciled {
    /// Whether nothing was changed.
    pub dry_run: bool,
    /// How many records, objects, uploads and accounts were looked at.
    pub looked_at: u64,
    /// How many of each kind were mended, or would be.
    pub mends: BTreeMap<String, u64>,
    /// How many walks or removals broke off; the log says why.
    pub errors: u64,
}

/// `GET /v1/ops/audit`: what operators did, latest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditList {
    /// One entry an order.
    pub entries: Vec<AuditView>,
    /// Where the next page starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// One order of an operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditView {
    /// When it was given.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The operator's Cognito `sub`.
    pub by: String,
    /// The name that the operator signed in by.
    pub username: String,
    /// `redrive`, `pause` and the like.
    pub action: String,
    /// What it was about.
    pub target: String,
    /// How many photos or messages it changed; absent when the order was
    /// broken off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub affected: Option<u64>,
}
