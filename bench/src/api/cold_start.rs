//! Cold start: from the start of a function's program to its first poll of a
//! stand-in for Lambda's Runtime API, and its memory until then.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;

use crate::album::{Usage, binary, usage};
use crate::figure::{self, percentile};

const FUNCTIONS: [&str; 3] = ["ingest-api", "thumbnail-worker", "metadata-worker"];
const STARTS: usize = 20;
/// What the runtime asks first
/// (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>).
const POLL: &str = "GET /2018-06-01/runtime/invocation/next ";
const PATIENCE: Duration = Duration::from_secs(10);

/// What a deployed function is told; nothing of it is reached until it is invoked.
const ENVIRONMENT: [(&str, &str); 17] = [
    ("AWS_REGION", "us-east-1"),
    ("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE"),
    ("AWS_SECRET_ACCESS_KEY", "secret"),
    ("AWS_SESSION_TOKEN", "token"),
    ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
    ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1024"),
    ("AWS_LAMBDA_LOG_GROUP_NAME", "group"),
    ("AWS_LAMBDA_LOG_STREAM_NAME", "stream"),
    ("AWS_XRAY_DAEMON_ADDRESS", "127.0.0.1:2000"),
    ("TRACE_EXPORT", "xray-udp"),
    ("S3_PHOTO_BUCKET", "album"),
    ("COGNITO_POOL_ID", "us-east-1_pool"),
    ("COGNITO_CLIENT_ID", "client"),
    ("COGNITO_DOMAIN", "album.auth.us-east-1.amazoncognito.com"),
    ("BASE_URL", "https://album.example"),
    (
        "THUMBNAILS_QUEUE_URL",
        "https://sqs.us-east-1.amazonaws.com/1/thumbnails",
    ),
    (
        "METADATA_QUEUE_URL",
        "https://sqs.us-east-1.amazonaws.com/1/metadata",
    ),
];

/// All certificates in one file, which is all that Amazon Linux has. Beside it
/// Debian keeps a folder with a file for each, which is read, too.
const BUNDLE: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Prints the medians of each function.
pub(crate) async fn measure() -> anyhow::Result<()> {
    for function in FUNCTIONS {
        starts(function, function, &[]).await?;
        if Path::new(BUNDLE).exists() {
            let name = format!("{function}.one_bundle");
            starts(&name, function, &[("SSL_CERT_FILE", BUNDLE)]).await?;
        }
    }
    Ok(())
}

async fn starts(name: &str, function: &str, told: &[(&str, &str)]) -> anyhow::Result<()> {
    let (mut times, mut peaks) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let (took, used) = start(function, told).await?;
        times.push(took.as_secs_f64() * 1e3);
        peaks.push(used.peak);
    }
    let time = percentile(&mut times, 50).context("never started")?;
    let slowest = percentile(&mut times, 99).context("never started")?;
    let peak = percentile(&mut peaks, 50).context("never started")?;
    figure::print(&format!("cold_start.{name}.p50"), time, "ms");
    figure::print(&format!("cold_start.{name}.slowest"), slowest, "ms");
    figure::print(&format!("cold_start.{name}.peak"), peak, "MB");
    Ok(())
}

async fn start(function: &str, told: &[(&str, &str)]) -> anyhow::Result<(Duration, Usage)> {
    let runtime = TcpListener::bind("127.0.0.1:0").await?;
    let address = runtime.local_addr()?;
    let program = binary(function)?;
    let begin = Instant::now();
    let mut child = Command::new(program)
        .env_clear()
        .envs(ENVIRONMENT)
        .envs(told.iter().copied())
        .env("AWS_LAMBDA_FUNCTION_NAME", function)
        .env("QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/1/own")
        .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let (_open, line) = tokio::select! {
        first = tokio::time::timeout(PATIENCE, request(&runtime)) => {
            first.context("it does not poll")??
        }
        ended = child.wait() => bail!("it ended: {}", ended?),
    };
    let took = begin.elapsed();
    ensure!(line.starts_with(POLL), "not a poll: {line}");
    let used = usage(child.id().context("it ended")?)?;
    child.kill().await?;
    Ok((took, used))
}

/// The first line of the first request, and its connection, whose end would be
/// the function's.
async fn request(runtime: &TcpListener) -> std::io::Result<(BufReader<TcpStream>, String)> {
    let (stream, _) = runtime.accept().await?;
    let (mut stream, mut line) = (BufReader::new(stream), String::new());
    stream.read_line(&mut line).await?;
    Ok((stream, line))
}
