//! Starting telemetry by its settings.

use std::io::{self, IsTerminal as _};
use std::sync::Arc;
use std::time::Duration;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_aws::xray_exporter::daemon_client::XrayDaemonClient;
use opentelemetry_aws::xray_exporter::{SegmentTranslator, XrayExporter};
use opentelemetry_otlp::{Protocol, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::error::OTelSdkError;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, SdkTracerProvider, SpanExporter,
};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{EnvFilter, Targets};
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::prelude::*;

use super::Telemetry;
use super::by_service::{AsSegment, ByService};
use super::context::Ids;
use super::log::JsonLine;
use super::metrics::Metrics;
use super::processor::Inherit;
use super::sampler::Sampling;
use crate::settings::{LogFormat, TelemetrySettings, TraceExport};

impl Telemetry {
    /// Starts logs and spans for this process, once. `service` is what spans
    /// belong to that did not [`super::join`] as another.
    ///
    /// # Errors
    ///
    /// When a setting cannot be used, or the process has a subscriber already.
    pub fn start(service: &'static str, settings: &TelemetrySettings) -> Result<Self, StartError> {
        let telemetry = Self::build(service, settings)?;
        let filter = || {
            EnvFilter::builder()
                .parse(&settings.log_filter)
                .map_err(|error| StartError::Filter(error.to_string()))
        };
        let (json, text) = match settings.log_format {
            LogFormat::Json => {
                let lines = tracing_subscriber::fmt::layer()
                    .fmt_fields(JsonFields::new())
                    .event_format(JsonLine::new(service));
                (
                    Some(lines.with_writer(io::stderr).with_filter(filter()?)),
                    None,
                )
            }
            LogFormat::Text => {
                let lines = tracing_subscriber::fmt::layer()
                    .compact()
                    .with_ansi(io::stderr().is_terminal())
                    .with_writer(io::stderr);
                (None, Some(lines.with_filter(filter()?)))
            }
        };
        // The filter of log lines must not switch spans off, exporters must not
        // trace themselves, and the local S3 engine's steps are nobody's.
        let targets = Targets::new().with_default(LevelFilter::INFO).with_targets(
            [
                "opentelemetry",
                "opentelemetry_sdk",
                "opentelemetry_aws",
                "opentelemetry_otlp",
                "hyper",
                "hyper_util",
                "reqwest",
                "s3s",
                "s3s_fs",
            ]
            .map(|target| (target, LevelFilter::OFF)),
        );
        // The SDKs open a span for each call, below the level of log lines.
        let targets = targets.with_targets(
            ["aws_sdk_s3", "aws_sdk_dynamodb", "aws_sdk_sqs"]
                .map(|sdk| (format!("{sdk}::operation"), LevelFilter::DEBUG)),
        );
        let tracer = telemetry.provider.tracer("cloudalbum");
        let spans = tracing_opentelemetry::layer()
            .with_tracer(tracer)
            .with_location(false)
            .with_threads(false);
        let spans = spans
            .with_target(false)
            .with_tracked_inactivity(false)
            .with_filter(targets);
        let subscriber = tracing_subscriber::registry()
            .with(json)
            .with(text)
            .with(spans);
        subscriber.try_init().map_err(|_| StartError::Started)?;
        Ok(telemetry)
    }

    fn build(service: &'static str, settings: &TelemetrySettings) -> Result<Self, StartError> {
        let batch = match &settings.export {
            TraceExport::None => None,
            TraceExport::XrayUdp => Some(batch(ByService::new(service, || Ok(AsSegment(xray()))))),
            TraceExport::Otlp(url) => {
                let (client, url) = (http_client()?, url.to_string());
                let exporter = move || {
                    let exporter = opentelemetry_otlp::SpanExporter::builder().with_http();
                    let exporter = exporter
                        .with_protocol(Protocol::HttpBinary)
                        .with_endpoint(&url);
                    let exporter = exporter.with_http_client(client.clone()).build();
                    exporter.map_err(|error| OTelSdkError::InternalFailure(error.to_string()))
                };
                Some(batch(ByService::new(service, exporter)))
            }
        };
        Ok(Self {
            metrics: Metrics::new(settings.metrics_namespace.clone()),
            ..Self::assemble(batch, settings.sample_ratio)
        })
    }

    pub(super) fn assemble(batch: Option<Arc<BatchSpanProcessor>>, sample_ratio: f64) -> Self {
        let builder = SdkTracerProvider::builder()
            .with_id_generator(Ids::default())
            .with_sampler(Sampling::new(sample_ratio));
        let builder = match &batch {
            Some(batch) => builder.with_span_processor(Inherit(Arc::clone(batch))),
            None => builder,
        };
        Self::new(builder.build(), batch)
    }
}

/// Telemetry could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// `RUST_LOG` is not a filter.
    #[error("RUST_LOG is not a filter: {0}")]
    Filter(String),
    /// The exporter's HTTP client cannot be made.
    #[error("no HTTP client for spans")]
    Client(#[source] reqwest::Error),
    /// It was started before.
    #[error("the process has a subscriber already")]
    Started,
}

pub(super) fn batch<E: SpanExporter + 'static>(exporter: E) -> Arc<BatchSpanProcessor> {
    let config = BatchConfigBuilder::default()
        .with_scheduled_delay(Duration::from_secs(1))
        .with_max_queue_size(16_384)
        .build();
    Arc::new(
        BatchSpanProcessor::builder(exporter)
            .with_batch_config(config)
            .build(),
    )
}

/// The daemon's address is read by the client itself.
fn xray() -> XrayExporter<XrayDaemonClient> {
    let indexed = ["photo.id", "owner.id", "photo.failure"].map(str::to_owned);
    XrayExporter::new(XrayDaemonClient::default())
        .with_translator(SegmentTranslator::new().with_indexed_attrs(indexed))
}

/// Spans are exported from a thread without a reactor, so the client blocks;
/// such a client must not be made on a thread that has one.
fn http_client() -> Result<reqwest::blocking::Client, StartError> {
    let client = || {
        reqwest::blocking::Client::builder()
            .timeout(Duration::from_millis(500))
            .no_proxy()
            .build()
    };
    let built = std::thread::scope(|scope| scope.spawn(client).join());
    built
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        .map_err(StartError::Client)
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry::trace::{Span as _, Tracer as _};
    use std::net::TcpListener;
    use std::time::Instant;

    fn otlp(listener: &TcpListener) -> Telemetry {
        let url = format!("http://{}/v1/traces", listener.local_addr().unwrap());
        let settings = TelemetrySettings {
            export: TraceExport::Otlp(url.parse().unwrap()),
            sample_ratio: 1.0,
            log_format: LogFormat::Json,
            log_filter: "info".to_owned(),
            metrics_namespace: None,
        };
        let telemetry = Telemetry::build("test", &settings).unwrap();
        telemetry.provider.tracer("test").start("span").end();
        telemetry
    }

    #[tokio::test]
    async fn a_flush_is_bounded_when_the_receiver_refuses_or_hangs() {
        let hanging = TcpListener::bind("127.0.0.1:0").unwrap();
        let refusing = TcpListener::bind("127.0.0.1:0").unwrap();
        let telemetries = [otlp(&hanging), otlp(&refusing)];
        drop(refusing);
        for telemetry in telemetries {
            for _ in 0..5 {
                let begin = Instant::now();
                assert!(!telemetry.flush().await);
                assert!(
                    begin.elapsed() < Duration::from_millis(250),
                    "{:?}",
                    begin.elapsed()
                );
            }
        }
    }
}
