//! How long an invocation waits for its spans when nobody takes them.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use axum::Router;
use cloudalbum_aws::settings::{LogFormat, TelemetrySettings, TraceExport};
use cloudalbum_aws::telemetry::Telemetry;
use http::StatusCode;
use tokio::net::TcpListener;
use tokio::runtime::Builder;

use crate::figure::{self, percentile};

const FLUSHES: usize = 40;

/// Receivers and how each behaves.
const RECEIVERS: [&str; 4] = ["healthy", "refusing", "hanging", "slow"];

/// Measures each in a process of its own, since a process installs its spans once.
pub(crate) fn measure() -> anyhow::Result<()> {
    for receiver in RECEIVERS {
        let output = Command::new(std::env::current_exe()?)
            .args(["flushes", receiver])
            .output()?;
        ensure!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let times: Vec<f64> = serde_json::from_slice(&output.stdout)?;
        for (percent, mut times) in [(50, times.clone()), (100, times)] {
            let time = percentile(&mut times, percent).context("no flush")?;
            let name = if percent == 50 { "p50" } else { "max" };
            figure::print(&format!("tracing.flush.{receiver}_{name}"), time, "ms");
        }
    }
    Ok(())
}

/// `flushes RECEIVER`: what each flush took, in milliseconds, as JSON.
#[expect(
    clippy::print_stdout,
    reason = "the process that started this one reads it"
)]
pub(crate) fn flushes(arguments: &[String]) -> anyhow::Result<()> {
    let [receiver] = arguments else {
        bail!("flushes RECEIVER");
    };
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    let times = runtime.block_on(flush(receiver))?;
    println!("{}", serde_json::to_string(&times)?);
    Ok(())
}

async fn flush(receiver: &str) -> anyhow::Result<Vec<f64>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/v1/traces", listener.local_addr()?);
    let wait = match receiver {
        "healthy" => Some(Duration::ZERO),
        "slow" => Some(Duration::from_secs(1)),
        "refusing" => {
            drop(listener);
            return times(&url).await;
        }
        // Connections are taken by the kernel, and never read.
        "hanging" => {
            let times = times(&url).await;
            drop(listener);
            return times;
        }
        other => bail!("no receiver is called {other}"),
    };
    let answer = move || async move {
        tokio::time::sleep(wait.unwrap_or_default()).await;
        StatusCode::OK
    };
    let app = Router::new().fallback(answer);
    tokio::spawn(async move { axum::serve(listener, app).await });
    times(&url).await
}

async fn times(url: &str) -> anyhow::Result<Vec<f64>> {
    let settings = TelemetrySettings {
        export: TraceExport::Otlp(url.parse()?),
        sample_ratio: 1.0,
        log_format: LogFormat::Json,
        log_filter: "off".to_owned(),
        metrics_namespace: None,
    };
    let telemetry = Telemetry::start("bench", &settings)?;
    let mut times = Vec::new();
    for _ in 0..FLUSHES {
        tracing::info_span!("work").in_scope(|| {});
        let begin = Instant::now();
        telemetry.flush().await;
        times.push(begin.elapsed().as_secs_f64() * 1e3);
    }
    Ok(times)
}
