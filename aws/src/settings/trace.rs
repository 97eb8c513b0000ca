//! Where logs and spans go.

use std::str::FromStr;

use url::Url;

use super::{Invalid, Reader};

/// How a process logs and exports spans.
#[derive(Clone, Debug)]
pub struct TelemetrySettings {
    /// `TRACE_EXPORT`: `otlp`, `xray-udp` or `none` (the default).
    pub export: TraceExport,
    /// `SAMPLE_RATIO`: the share of new traces that is exported, from 0 to 1;
    /// default 1.
    pub sample_ratio: f64,
    /// `LOG_FORMAT`: `json` (the default) or `text`.
    pub log_format: LogFormat,
    /// `RUST_LOG`: which log lines are written; default `info`.
    pub log_filter: String,
    /// `METRICS_NAMESPACE`: the namespace of CloudWatch that figures go to, as
    /// embedded metrics in the output that Lambda reads, and that the board
    /// shows; default none.
    pub metrics_namespace: Option<String>,
}

/// Where finished spans go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TraceExport {
    /// OTLP over HTTP to `OTLP_ENDPOINT` (a full URL, default
    /// `http://127.0.0.1:4318/v1/traces`).
    Otlp(Url),
    /// Segment documents by UDP to the X-Ray daemon at
    /// `AWS_XRAY_DAEMON_ADDRESS`, as Lambda has one.
    XrayUdp,
    /// Nowhere.
    None,
}

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For a person at a console.
    Text,
}

impl TelemetrySettings {
    /// Reads them all; what is wrong is noted in `reader`.
    pub fn read(reader: &mut Reader<'_>) -> Self {
        let endpoint = reader.optional::<Url>("OTLP_ENDPOINT");
        let export = match reader.or_default("TRACE_EXPORT", Kind::None) {
            Kind::Otlp => {
                match endpoint.or_else(|| Url::parse("http://127.0.0.1:4318/v1/traces").ok()) {
                    Some(url) => TraceExport::Otlp(url),
                    None => TraceExport::None,
                }
            }
            Kind::XrayUdp => TraceExport::XrayUdp,
            Kind::None => TraceExport::None,
        };
        let sample_ratio = reader.or_default("SAMPLE_RATIO", 1.0);
        if !(0.0..=1.0).contains(&sample_ratio) {
            reader.refuse("SAMPLE_RATIO", "must be from 0 to 1");
        }
        Self {
            export,
            sample_ratio,
            log_format: reader.or_default("LOG_FORMAT", LogFormat::Json),
            log_filter: reader.or_default("RUST_LOG", "info".to_owned()),
            metrics_namespace: reader.optional("METRICS_NAMESPACE"),
        }
    }

    /// Reads them on their own.
    pub fn from_lookup(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, Invalid> {
        let mut reader = Reader::new(lookup);
        let settings = Self::read(&mut reader);
        reader.finish(Some(settings))
    }
}

enum Kind {
    Otlp,
    XrayUdp,
    None,
}

impl FromStr for Kind {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "otlp" => Ok(Self::Otlp),
            "xray-udp" => Ok(Self::XrayUdp),
            "none" => Ok(Self::None),
            _ => Err("must be `otlp`, `xray-udp` or `none`"),
        }
    }
}

impl FromStr for LogFormat {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "json" => Ok(Self::Json),
            "text" => Ok(Self::Text),
            _ => Err("must be `json` or `text`"),
        }
    }
}
