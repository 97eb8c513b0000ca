//! Traces as the board shows them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `GET /v1/ops/traces`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TraceList {
    /// At most 200.
    pub traces: Vec<TraceSummary>,
}

/// A trace in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TraceSummary {
    /// In X-Ray's form.
    pub trace_id: String,
    /// The name of its root span; absent while a photo is not finished.
    #[serde(default)]
    pub root: Option<String>,
    /// When its first span began.
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Timestamp,
    /// From then to the end of its last span.
    pub duration_ms: f64,
    /// How many spans are known.
    pub spans: u32,
    /// Who took part.
    pub services: Vec<String>,
    /// Whose photo it is about.
    #[serde(default)]
    pub owner_id: Option<String>,
    /// Which photo it is about.
    #[serde(default)]
    pub photo_id: Option<String>,
    /// With which code it failed.
    #[serde(default)]
    pub code: Option<String>,
    /// Whether any span failed.
    pub failed: bool,
}

/// `GET /v1/ops/traces/{id}`: a trace with its spans, by their beginning.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Trace {
    /// What a list shows.
    #[serde(flatten)]
    pub summary: TraceSummary,
    /// Every span.
    pub waterfall: Vec<TraceSpan>,
}

/// One span of a waterfall.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TraceSpan {
    /// Its id, 16 hex digits.
    pub span_id: String,
    /// The span above it.
    #[serde(default)]
    pub parent_id: Option<String>,
    /// Who did the work.
    pub service: String,
    /// What the work was.
    pub name: String,
    /// `internal`, `server`, `client`, `producer` or `consumer`.
    pub kind: String,
    /// From the beginning of the trace.
    pub offset_ms: f64,
    /// How long it took.
    pub duration_ms: f64,
    /// Why it failed, if it did.
    #[serde(default)]
    pub error: Option<String>,
    /// What else is known.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
    /// Traces that have to do with it, in X-Ray's form.
    #[serde(default)]
    pub links: Vec<String>,
}
