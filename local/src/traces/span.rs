//! A finished span as it is kept and shown.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use data_encoding::HEXLOWER;
use serde::{Serialize, Serializer};

/// The id of a trace, shown in X-Ray's form: `1-<8 hex>-<24 hex>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TraceId(pub [u8; 16]);

/// One span.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// The trace it belongs to.
    pub trace_id: TraceId,
    /// Its own id.
    pub span_id: [u8; 8],
    /// The span above it.
    pub parent_id: Option<[u8; 8]>,
    /// Who did the work.
    pub service: String,
    /// What the work was.
    pub name: String,
    /// `internal`, `server`, `client`, `producer` or `consumer`.
    pub kind: &'static str,
    /// In nanoseconds since 1970.
    pub start: i64,
    /// In nanoseconds since 1970; not before `start`.
    pub end: i64,
    /// Why it failed, if it did.
    pub error: Option<String>,
    /// What else is known.
    pub attributes: BTreeMap<String, String>,
    /// Traces that have to do with it.
    pub links: Vec<TraceId>,
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, rest) = self.0.split_at(4);
        write!(
            f,
            "1-{}-{}",
            HEXLOWER.encode(seconds),
            HEXLOWER.encode(rest)
        )
    }
}

impl FromStr for TraceId {
    type Err = ParseTraceIdError;

    /// Takes X-Ray's form, and the plain 32 hex digits.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = match text
            .strip_prefix("1-")
            .and_then(|rest| rest.split_once('-'))
        {
            Some((seconds, rest)) if seconds.len() == 8 => format!("{seconds}{rest}"),
            _ => text.to_owned(),
        };
        let bytes = HEXLOWER
            .decode(plain.as_bytes())
            .map_err(|_| ParseTraceIdError)?;
        Ok(Self(bytes.try_into().map_err(|_| ParseTraceIdError)?))
    }
}

impl Serialize for TraceId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The text is no trace id.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("trace id must be `1-<8 hex>-<24 hex>`")]
pub struct ParseTraceIdError;
