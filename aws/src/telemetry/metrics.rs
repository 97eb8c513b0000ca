//! Figures of this process: for Prometheus where it serves them, and on Lambda
//! as CloudWatch's embedded metric format, under the same names and units.

use std::fmt;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use cloudalbum_domain::Stage;
use jiff::{SignedDuration, Timestamp};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use serde_json::{Value, json};

type Labels = Vec<(&'static str, &'static str)>;
type Gauges = Family<Labels, Gauge<f64, AtomicU64>>;

/// Upper bounds in seconds: a stage takes from milliseconds to a minute.
const SECONDS: [f64; 12] = [
    0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0,
];

/// One attempt at a stage, as it ended.
#[derive(Clone, Copy, Debug)]
pub struct Ended {
    /// Which stage.
    pub stage: Stage,
    /// `done`, `retry`, `outrun` by another attempt, or the code of the failure.
    pub outcome: &'static str,
    /// How long the message waited in its queue.
    pub wait: Option<SignedDuration>,
    /// How long the attempt took.
    pub took: SignedDuration,
    /// The original's size.
    pub bytes: u64,
}

/// The figures. Clones share them.
#[derive(Clone, Debug)]
pub struct Metrics(Arc<Figures>);

struct Figures {
    attempts: Family<Labels, Counter>,
    duration: Family<Labels, Histogram, fn() -> Histogram>,
    wait: Family<Labels, Histogram, fn() -> Histogram>,
    bytes: Family<Labels, Counter>,
    findings: Family<Labels, Counter>,
    messages: Gauges,
    photos: Gauges,
    unfinished: Gauges,
    oldest: Gauges,
    namespace: Option<String>,
}

impl Metrics {
    /// Figures that all are zero; with a `namespace` a line of them is written to
    /// standard output for each attempt, as CloudWatch Logs reads them on Lambda.
    pub(super) fn new(namespace: Option<String>) -> Self {
        let histograms = || Family::new_with_constructor(histogram as fn() -> Histogram);
        Self(Arc::new(Figures {
            attempts: Family::default(),
            duration: histograms(),
            wait: histograms(),
            bytes: Family::default(),
            findings: Family::default(),
            messages: Family::default(),
            photos: Family::default(),
            unfinished: Family::default(),
            oldest: Family::default(),
            namespace,
        }))
    }

    /// Counts an attempt.
    pub fn ended(&self, attempt: &Ended) {
        let figures = &self.0;
        let stage = vec![("stage", attempt.stage.as_str())];
        let outcome = vec![
            ("stage", attempt.stage.as_str()),
            ("outcome", attempt.outcome),
        ];
        figures.attempts.get_or_create(&outcome).inc();
        let took = attempt.took.as_secs_f64();
        figures.duration.get_or_create(&stage).observe(took);
        if let Some(wait) = attempt.wait {
            figures
                .wait
                .get_or_create(&stage)
                .observe(wait.as_secs_f64().max(0.0));
        }
        figures.bytes.get_or_create(&stage).inc_by(attempt.bytes);
        if let Some(namespace) = &figures.namespace {
            write(&embedded(namespace, attempt, Timestamp::now()));
        }
    }

    /// Counts what the reconciler found, by kind.
    pub fn found(&self, kind: &'static str, count: u64) {
        let labels = vec![("kind", kind)];
        self.0.findings.get_or_create(&labels).inc_by(count);
        if let Some(namespace) = &self.0.namespace {
            write(&embedded_findings(namespace, kind, count, Timestamp::now()));
        }
    }

    /// Tells how many messages a queue holds in `state`: `visible`,
    /// `in_flight`, `delayed` or `dead`.
    #[expect(clippy::cast_precision_loss, reason = "no queue holds 2^52 messages")]
    pub fn set_messages(&self, stage: Stage, state: &'static str, count: u64) {
        let labels = vec![("stage", stage.as_str()), ("state", state)];
        self.0.messages.get_or_create(&labels).set(count as f64);
    }

    /// Tells how many photos stand where.
    #[expect(clippy::cast_precision_loss, reason = "no table holds 2^52 records")]
    pub fn set_photos(&self, status: &'static str, count: u64) {
        let labels = vec![("status", status)];
        self.0.photos.get_or_create(&labels).set(count as f64);
    }

    /// Tells how many live photos a stage has not finished, and how long the
    /// oldest of them waits, in seconds.
    #[expect(clippy::cast_precision_loss, reason = "no table holds 2^52 records")]
    pub fn set_unfinished(&self, stage: Stage, count: u64, oldest: Option<f64>) {
        let labels = vec![("stage", stage.as_str())];
        self.0.unfinished.get_or_create(&labels).set(count as f64);
        let oldest = oldest.unwrap_or(0.0);
        self.0.oldest.get_or_create(&labels).set(oldest);
    }

    /// All figures in the text form of `OpenMetrics`
    /// (<https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md>).
    pub fn text(&self) -> Result<String, fmt::Error> {
        let mut registry = Registry::with_prefix("cloudalbum");
        let figures = &self.0;
        registry.register(
            "attempts",
            "Attempts at a stage by outcome: done, retry, or a failure's code",
            figures.attempts.clone(),
        );
        registry.register_with_unit(
            "attempt_duration",
            "How long an attempt took",
            Unit::Seconds,
            figures.duration.clone(),
        );
        registry.register_with_unit(
            "attempt_wait",
            "How long its message waited in the queue",
            Unit::Seconds,
            figures.wait.clone(),
        );
        registry.register_with_unit(
            "original_size",
            "Bytes of the originals that were worked on",
            Unit::Bytes,
            figures.bytes.clone(),
        );
        registry.register(
            "reconciler_findings",
            "What the reconciler found to mend, by kind",
            figures.findings.clone(),
        );
        registry.register(
            "queue_messages",
            "Messages in a stage's queue by state: visible, in_flight, delayed, dead",
            figures.messages.clone(),
        );
        registry.register(
            "photos",
            "Records by where they stand",
            figures.photos.clone(),
        );
        registry.register(
            "unfinished_photos",
            "Live photos that a stage has not finished",
            figures.unfinished.clone(),
        );
        registry.register_with_unit(
            "oldest_unfinished",
            "How long the oldest of them waits",
            Unit::Seconds,
            figures.oldest.clone(),
        );
        let mut text = String::new();
        encode(&mut text, &registry)?;
        Ok(text)
    }
}

impl fmt::Debug for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Figures").finish_non_exhaustive()
    }
}

fn write(line: &Value) {
    if let Err(error) = writeln!(std::io::stdout().lock(), "{line}") {
        tracing::debug!(%error, "figures were not written");
    }
}

fn histogram() -> Histogram {
    Histogram::new(SECONDS)
}

/// CloudWatch's embedded metric format
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>).
/// Ids are no dimensions: each would be a metric of its own, and be paid for; so
/// would each figure of each outcome, of which only the number is watched.
fn embedded(namespace: &str, attempt: &Ended, now: Timestamp) -> Value {
    let attempts = json!({ "Name": "cloudalbum_attempts_total", "Unit": "Count" });
    let mut metrics = vec![
        attempts.clone(),
        json!({ "Name": "cloudalbum_attempt_duration_seconds", "Unit": "Seconds" }),
        json!({ "Name": "cloudalbum_original_size_bytes_total", "Unit": "Bytes" }),
    ];
    let mut line = json!({
        "stage": attempt.stage.as_str(),
        "outcome": attempt.outcome,
        "cloudalbum_attempts_total": 1,
        "cloudalbum_attempt_duration_seconds": attempt.took.as_secs_f64(),
        "cloudalbum_original_size_bytes_total": attempt.bytes,
    });
    if let (Some(wait), Some(fields)) = (attempt.wait, line.as_object_mut()) {
        let name = "cloudalbum_attempt_wait_seconds";
        metrics.push(json!({ "Name": name, "Unit": "Seconds" }));
        fields.insert(name.to_owned(), json!(wait.as_secs_f64().max(0.0)));
    }
    if let Some(fields) = line.as_object_mut() {
        let about = json!({
            "Timestamp": now.as_millisecond(),
            "CloudWatchMetrics": [
                { "Namespace": namespace, "Dimensions": [["stage"]], "Metrics": metrics },
                { "Namespace": namespace, "Dimensions": [["stage", "outcome"]], "Metrics": [attempts] },
            ],
        });
        fields.insert("_aws".to_owned(), about);
    }
    line
}

/// The same of what the reconciler found.
fn embedded_findings(namespace: &str, kind: &str, count: u64, now: Timestamp) -> Value {
    let name = "cloudalbum_reconciler_findings_total";
    json!({
        "kind": kind,
        name: count,
        "_aws": {
            "Timestamp": now.as_millisecond(),
            "CloudWatchMetrics": [{
                "Namespace": namespace,
                "Dimensions": [["kind"]],
                "Metrics": [{ "Name": name, "Unit": "Count" }],
            }],
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt() -> Ended {
        Ended {
            stage: Stage::Thumbnails,
            outcome: "corrupt_image",
            wait: Some(SignedDuration::from_millis(40)),
            took: SignedDuration::from_millis(1_500),
            bytes: 7,
        }
    }

    #[test]
    fn both_forms_use_the_same_names_and_units() {
        let metrics = Metrics::new(None);
        metrics.ended(&attempt());
        metrics.set_messages(Stage::Metadata, "dead", 3);
        let text = metrics.text().unwrap();
        let line = embedded("album", &attempt(), Timestamp::UNIX_EPOCH);
        let named = line["_aws"]["CloudWatchMetrics"][0]["Metrics"]
            .as_array()
            .unwrap();
        assert_eq!(named.len(), 4);
        let by_outcome = &line["_aws"]["CloudWatchMetrics"][1];
        assert_eq!(by_outcome["Dimensions"], json!([["stage", "outcome"]]));
        assert_eq!(by_outcome["Metrics"], json!([named[0]]));
        for metric in named {
            let name = metric["Name"].as_str().unwrap();
            assert!(text.contains(name), "{name} is not in {text}");
            assert!(line[name].is_number(), "{name}");
        }
        metrics.found("requeued", 2);
        let text = metrics.text().unwrap();
        let line = embedded_findings("album", "requeued", 2, Timestamp::UNIX_EPOCH);
        let name = line["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Name"]
            .as_str()
            .unwrap();
        assert_eq!(line[name], 2);
        assert!(
            text.contains(&format!("{name}{{kind=\"requeued\"}} 2")),
            "{text}"
        );
        for wanted in [
            "cloudalbum_attempts_total{stage=\"thumbnails\",outcome=\"corrupt_image\"} 1",
            "cloudalbum_queue_messages{stage=\"metadata\",state=\"dead\"} 3",
            "cloudalbum_attempt_duration_seconds_sum{stage=\"thumbnails\"} 1.5",
            "# UNIT cloudalbum_original_size_bytes bytes",
        ] {
            assert!(text.contains(wanted), "{wanted} is not in {text}");
        }
    }
}
