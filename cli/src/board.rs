//! The operations board in the terminal: figures, traces, a waterfall.

use std::fmt::Write as _;
use std::num::NonZeroU64;
use std::time::Duration;

use cloudalbum_domain::wire::{StageFigures, Summary, Trace, TraceList, TraceSpan, Watched};
use console::Term;

use crate::api::Api;
use crate::terminal::{Terminal, plain};

/// How wide the bars of a waterfall are, in characters.
const BAR: usize = 40;

pub(crate) async fn summary(api: &Api, terminal: &Terminal) -> anyhow::Result<()> {
    let figures: Summary = api.get("/v1/ops/summary", &[]).await?;
    terminal.line(outline(&figures).trim_end());
    Ok(())
}

pub(crate) async fn watch(api: &Api, every: NonZeroU64, terminal: &Terminal) -> anyhow::Result<()> {
    let screen = Term::stdout();
    loop {
        let figures: Summary = api.get("/v1/ops/summary", &[]).await?;
        if screen.is_term() {
            screen.clear_screen()?;
        }
        terminal.line(outline(&figures).trim_end());
        tokio::time::sleep(Duration::from_secs(every.get())).await;
    }
}

pub(crate) async fn traces(
    api: &Api,
    wanted: &[(&str, &str)],
    terminal: &Terminal,
) -> anyhow::Result<()> {
    let found: TraceList = api.get("/v1/ops/traces", wanted).await?;
    if found.traces.is_empty() {
        terminal.note("no such trace");
    }
    for trace in found.traces {
        let outcome = match (&trace.code, trace.failed, &trace.root) {
            (Some(code), ..) => plain(code),
            (None, true, _) => "retried".to_owned(),
            (None, false, Some(_)) => "done".to_owned(),
            (None, false, None) => "under way".to_owned(),
        };
        terminal.line(format_args!(
            "{}  {:.0}  {:>9}  {}  {outcome}",
            plain(&trace.trace_id),
            trace.started_at,
            length(trace.duration_ms),
            plain(trace.photo_id.as_deref().unwrap_or("-")),
        ));
    }
    Ok(())
}

pub(crate) async fn trace(api: &Api, id: &str, terminal: &Terminal) -> anyhow::Result<()> {
    let id: String = id
        .chars()
        .filter(|char| char.is_ascii_alphanumeric() || *char == '-')
        .collect();
    let trace: Trace = api.get(&format!("/v1/ops/traces/{id}"), &[]).await?;
    let head = &trace.summary;
    terminal.line(format_args!(
        "{}  {}  photo {}  {}",
        plain(&head.trace_id),
        length(head.duration_ms),
        plain(head.photo_id.as_deref().unwrap_or("-")),
        plain(head.code.as_deref().unwrap_or_default()),
    ));
    for span in &trace.waterfall {
        terminal.line(row(span, head.duration_ms));
    }
    Ok(())
}

fn row(span: &TraceSpan, whole: f64) -> String {
    let (begin, wide) = bar(span.offset_ms, span.duration_ms, whole);
    let error = span.error.as_deref().map(plain).unwrap_or_default();
    format!(
        "{:<16} {:<28} {}{}{} {:>9} {error}",
        plain(&span.service),
        plain(&span.name),
        " ".repeat(begin),
        "#".repeat(wide),
        " ".repeat(BAR.saturating_sub(begin + wide)),
        length(span.duration_ms),
    )
}

/// Where a bar begins and how long it is, in characters; never nothing.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "both are cut to the width of the bars"
)]
fn bar(offset: f64, duration: f64, whole: f64) -> (usize, usize) {
    let share = |part: f64| (part / whole.max(f64::MIN_POSITIVE)).clamp(0.0, 1.0) * BAR as f64;
    let begin = (share(offset) as usize).min(BAR - 1);
    let wide = (share(duration).round() as usize).clamp(1, BAR - begin);
    (begin, wide)
}

fn outline(figures: &Summary) -> String {
    let mut text = String::new();
    let photos = &figures.photos;
    let _infallible = writeln!(
        text,
        "photos      {} pending, {} processing, {} ready, {} failed, {} trashed, {} being removed",
        photos.pending,
        photos.processing,
        photos.ready,
        photos.failed,
        photos.trashed,
        photos.deleting
    );
    let _infallible = writeln!(
        text,
        "            {} records, {} by the quota counters",
        photos.records, photos.ledger
    );
    for stage in &figures.stages {
        let _infallible = writeln!(text, "{}", stage_line(stage));
        if let Some(seen) = &stage.watched {
            let _infallible = writeln!(text, "{}", watched_line(seen));
        }
    }
    for failure in &figures.failures {
        let _infallible = writeln!(
            text,
            "failed      {} {} in {}",
            failure.photos,
            failure.code,
            failure.stage.as_str()
        );
    }
    for step in &figures.steps {
        let name = serde_json::to_value(step.step).unwrap_or_default();
        let _infallible = writeln!(
            text,
            "step        {:<16} p50 {:>9}  p95 {:>9}  of {}",
            name.as_str().unwrap_or_default(),
            length(step.p50_ms),
            length(step.p95_ms),
            step.photos
        );
    }
    text
}

fn stage_line(stage: &StageFigures) -> String {
    let or_dash = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
    format!(
        "{:<11} {} waiting, {} in flight, {} delayed, {} dead; {} unfinished, {} without a message; \
         oldest {}; in {}, out {:.1}/s; empty in {}",
        stage.stage.as_str(),
        stage.visible,
        stage.in_flight,
        stage.delayed,
        or_dash(stage.dead.map(|dead| dead.to_string())),
        stage.unfinished,
        stage.without_message,
        or_dash(
            stage
                .oldest_seconds
                .map(|seconds| length(seconds * 1_000.0))
        ),
        or_dash(stage.in_per_second.map(|rate| format!("{rate:.1}/s"))),
        stage.out_per_second,
        or_dash(stage.drain_seconds.map(|seconds| length(seconds * 1_000.0))),
    )
}

fn watched_line(seen: &Watched) -> String {
    let told = |milliseconds: Option<f64>| milliseconds.map_or_else(|| "-".to_owned(), length);
    format!(
        "            CloudWatch, 5 min: {} sent, {} attempts, {} tried again; p50 {}, p95 {}, wait p95 {}; \
         oldest message {}",
        seen.sent,
        seen.attempts,
        seen.retries,
        told(seen.p50_ms),
        told(seen.p95_ms),
        told(seen.wait_p95_ms),
        told(seen.oldest_message_seconds.map(|seconds| seconds * 1_000.0)),
    )
}

/// A length of time from milliseconds.
fn length(milliseconds: f64) -> String {
    if milliseconds < 1_000.0 {
        format!("{milliseconds:.1} ms")
    } else if milliseconds < 120_000.0 {
        format!("{:.1} s", milliseconds / 1_000.0)
    } else {
        format!("{:.0} min", milliseconds / 60_000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_stay_within_their_width() {
        assert_eq!(bar(0.0, 10.0, 10.0), (0, BAR));
        assert_eq!(bar(5.0, 5.0, 10.0), (BAR / 2, BAR / 2));
        assert_eq!(bar(10.0, 0.0, 10.0), (BAR - 1, 1));
        assert_eq!(bar(0.0, 0.0, 0.0), (0, 1));
    }

    #[test]
    fn lengths_are_told_in_their_unit() {
        assert_eq!(length(3.25), "3.2 ms");
        assert_eq!(length(1_500.0), "1.5 s");
        assert_eq!(length(600_000.0), "10 min");
    }
}
