//! A photo's place in a trace, in X-Ray's header form.

use std::fmt;
use std::str::FromStr;

use data_encoding::HEXLOWER;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::Digest as _;

use crate::PhotoId;

/// `Root=1-<8 hex>-<24 hex>;Parent=<16 hex>;Sampled=<0|1>`, the header that
/// X-Ray calls `X-Amzn-Trace-Id`
/// (<https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader>).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TraceContext {
    /// 128 bits, of which the first 32 are the seconds of minting.
    pub trace_id: [u8; 16],
    /// The span that whatever comes next hangs under.
    pub parent: [u8; 8],
    /// Whether spans are exported as they happen.
    pub sampled: bool,
}

impl TraceContext {
    /// Mints a trace at `epoch_seconds` from 96 random bits.
    pub fn mint(epoch_seconds: u32, random: [u8; 12], parent: [u8; 8], sampled: bool) -> Self {
        let mut trace_id = [0; 16];
        let (seconds, rest) = trace_id.split_at_mut(4);
        seconds.copy_from_slice(&epoch_seconds.to_be_bytes());
        rest.copy_from_slice(&random);
        Self {
            trace_id,
            parent,
            sampled,
        }
    }

    /// Samples the trace with a probability of `ratio`, which its id decides, so
    /// that whoever decides, decides alike.
    #[must_use]
    pub fn sampled_at(self, ratio: f64) -> Self {
        let [.., a, b, c, d] = self.trace_id;
        let drawn = f64::from(u32::from_be_bytes([a, b, c, d])) / f64::from(u32::MAX);
        Self {
            sampled: ratio >= 1.0 || drawn < ratio,
            ..self
        }
    }

    /// The trace that a photo goes on in at `now`. It follows from this one, so
    /// that whoever starts it, starts the same.
    #[must_use]
    pub fn following(&self, photo: PhotoId, now: Timestamp) -> Self {
        let mut hash = sha2::Sha256::new();
        hash.update(b"cloudalbum trace 1\0");
        hash.update(photo.as_bytes());
        hash.update(self.trace_id);
        let digest: [u8; 32] = hash.finalize().into();
        let mut random = [0; 12];
        random.copy_from_slice(digest.split_at(12).0);
        let parent = Self::span_id(photo, &format!("after {}", self.xray_id()));
        let seconds = u32::try_from(now.as_second()).unwrap_or_default();
        Self::mint(seconds, random, parent, self.sampled)
    }

    /// When the trace was minted, in seconds since 1970.
    pub fn epoch_seconds(&self) -> u32 {
        let [a, b, c, d, ..] = self.trace_id;
        u32::from_be_bytes([a, b, c, d])
    }

    /// The trace id as X-Ray shows it: `1-<8 hex>-<24 hex>`.
    pub fn xray_id(&self) -> String {
        let (seconds, rest) = self.trace_id.split_at(4);
        format!("1-{}-{}", HEXLOWER.encode(seconds), HEXLOWER.encode(rest))
    }

    /// The id of the span that stands for `step` of a photo's life: whoever
    /// emits it, and however often, it is the same span.
    pub fn span_id(photo: PhotoId, step: &str) -> [u8; 8] {
        let mut hash = sha2::Sha256::new();
        hash.update(b"cloudalbum span 1\0");
        hash.update(photo.as_bytes());
        hash.update(step);
        let digest: [u8; 32] = hash.finalize().into();
        let [a, b, c, d, e, f, g, h, ..] = digest;
        // All zero bits would mean "no span".
        [a | 1, b, c, d, e, f, g, h]
    }
}

impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parent = HEXLOWER.encode(&self.parent);
        write!(
            f,
            "Root={};Parent={parent};Sampled={}",
            self.xray_id(),
            u8::from(self.sampled)
        )
    }
}

impl FromStr for TraceContext {
    type Err = ParseTraceContextError;

    /// Takes the fields in any order and ignores those it does not know. A
    /// header without `Sampled` counts as sampled.
    fn from_str(header: &str) -> Result<Self, Self::Err> {
        let (mut root, mut parent, mut sampled) = (None, None, true);
        for field in header.split(';') {
            match field.trim().split_once('=') {
                Some(("Root", id)) => root = trace_id(id),
                Some(("Parent", id)) => parent = hex(id),
                Some(("Sampled", flag)) => sampled = flag == "1",
                _ => {}
            }
        }
        let trace_id = root.ok_or(ParseTraceContextError)?;
        let parent = parent.ok_or(ParseTraceContextError)?;
        Ok(Self {
            trace_id,
            parent,
            sampled,
        })
    }
}

fn trace_id(text: &str) -> Option<[u8; 16]> {
    let (seconds, rest) = text.strip_prefix("1-")?.split_once('-')?;
    if seconds.len() != 8 || rest.len() != 24 {
        return None;
    }
    hex(&format!("{seconds}{rest}"))
}

fn hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok()
}

impl TryFrom<String> for TraceContext {
    type Error = ParseTraceContextError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<TraceContext> for String {
    fn from(context: TraceContext) -> Self {
        context.to_string()
    }
}

/// The text has no root and parent in X-Ray's form.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("trace header must be `Root=1-<8 hex>-<24 hex>;Parent=<16 hex>;Sampled=<0|1>`")]
pub struct ParseTraceContextError;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_headers_as_services_send_them() {
        let header = "Sampled=0;Root=1-6b039000-aaaaaaaaaaaaaaaaaaaaaaaa;Parent=bbbbbbbbbbbbbbbb;Lineage=1:2:0";
        let context: TraceContext = header.parse().unwrap();
        assert_eq!(context.xray_id(), "1-6b039000-aaaaaaaaaaaaaaaaaaaaaaaa");
        assert!(!context.sampled);
        for bad in [
            "",
            "Root=1-6b039000-aaaaaaaaaaaaaaaaaaaaaaaa",
            "Root=1-zz-aa;Parent=bb",
        ] {
            assert_eq!(bad.parse::<TraceContext>(), Err(ParseTraceContextError));
        }
    }

    #[test]
    fn samples_about_as_many_as_asked() {
        let sampled = |ratio| {
            let traces = (0..1_000_u32).map(|at| {
                let mut random = [0; 12];
                random[8..].copy_from_slice(&at.wrapping_mul(0x9E37_79B9).to_be_bytes());
                TraceContext::mint(7, random, [1; 8], true).sampled_at(ratio)
            });
            traces.filter(|trace| trace.sampled).count()
        };
        assert_eq!((sampled(0.0), sampled(1.0)), (0, 1_000));
        assert!((80..120).contains(&sampled(0.1)), "{}", sampled(0.1));
    }

    proptest! {
        #[test]
        fn display_then_parse_round_trips(seconds: u32, random: [u8; 12], parent: [u8; 8], sampled: bool) {
            let context = TraceContext::mint(seconds, random, parent, sampled);
            prop_assert_eq!(context.to_string().parse(), Ok(context));
            prop_assert_eq!(context.epoch_seconds(), seconds);
        }
    }
}
