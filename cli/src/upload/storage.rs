//! One presigned PUT: the signed headers exactly, and no byte before the store asks for it.

use std::collections::BTreeMap;
use std::io::SeekFrom;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, anyhow};
use bytes::Bytes;
use futures::{Stream, StreamExt, TryStreamExt, stream};
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Limited, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio::sync::watch;
use tokio_util::io::ReaderStream;

/// A store that does not know `Expect: 100-continue` is silent; RFC 9110 has
/// the client go on by itself.
const SILENCE: Duration = Duration::from_secs(1);
/// Without a byte or an answer for so long, a connection is given up.
const STALL: Duration = Duration::from_secs(30);
const LONGEST_ERROR: usize = 64 << 10;

type Chunks = Pin<Box<dyn Stream<Item = std::io::Result<Frame<Bytes>>> + Send>>;

/// The way to the store, with its connections.
#[derive(Clone)]
pub(crate) struct Storage {
    client: Client<HttpsConnector<HttpConnector>, StreamBody<Chunks>>,
}

/// What is sent: a range of a file.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub path: PathBuf,
    pub start: u64,
    pub length: u64,
}

/// How the store answered.
#[derive(Debug)]
pub(crate) enum Answer {
    /// It has the bytes now.
    Stored,
    /// It had them before (412).
    AlreadyThere,
    /// Ask again (409, 429, 5xx).
    Busy(StatusCode),
    /// The URL has ended, or is not taken any more (403).
    Expired,
    /// It does not take these bytes.
    Refused { status: StatusCode, code: String },
}

/// Whether the body may go.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gate {
    Waiting,
    Open,
    /// The answer came first.
    Answered,
    /// That answer was read.
    Read,
}

impl Storage {
    pub(crate) fn new() -> anyhow::Result<Self> {
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        http.set_nodelay(true);
        http.set_connect_timeout(Some(Duration::from_secs(10)));
        let https = hyper_rustls::HttpsConnectorBuilder::new()
            .with_native_roots()
            .context("cannot read the system's certificates: set SSL_CERT_FILE")?
            .https_or_http()
            .enable_http1()
            .wrap_connector(http);
        let client = Client::builder(TokioExecutor::new()).build(https);
        Ok(Self { client })
    }

    /// Sends the range; `sent` counts the bytes as they go.
    ///
    /// # Errors
    ///
    /// When there was no answer: the network, or the file.
    pub(crate) async fn put(
        &self,
        url: &str,
        headers: &BTreeMap<String, String>,
        source: &Source,
        sent: &Arc<AtomicU64>,
    ) -> anyhow::Result<Answer> {
        let (gate, opened) = watch::channel(Gate::Waiting);
        let gate = Arc::new(gate);
        let mut request = Request::put(url);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        if !headers
            .keys()
            .any(|name| name.eq_ignore_ascii_case("content-length"))
        {
            request = request.header("content-length", source.length);
        }
        if source.length > 0 {
            request = request.header("expect", "100-continue");
        }
        let body = StreamBody::new(chunks(source.clone(), opened, Arc::clone(sent)));
        let mut request = request
            .body(body)
            .context("the URL or a header cannot be sent")?;
        let open = Arc::clone(&gate);
        hyper::ext::on_informational(&mut request, move |_| {
            advance(&open, Gate::Waiting, Gate::Open);
        });
        let response = watched(self.client.request(request), sent).await?;
        let response = response
            .map_err(|error| anyhow::Error::new(error).context("no answer from the store"))?;
        advance(&gate, Gate::Waiting, Gate::Answered);
        let answer = read(response).await;
        advance(&gate, Gate::Answered, Gate::Read);
        Ok(answer)
    }
}

fn advance(gate: &watch::Sender<Gate>, from: Gate, to: Gate) {
    gate.send_if_modified(|gate| {
        let moves = *gate == from;
        if moves {
            *gate = to;
        }
        moves
    });
}

/// Gives up when `sent` stands still for [`STALL`].
async fn watched<T>(answer: impl Future<Output = T>, sent: &AtomicU64) -> anyhow::Result<T> {
    let mut answer = std::pin::pin!(answer);
    let mut before = sent.load(Ordering::Relaxed);
    loop {
        if let Ok(answer) = tokio::time::timeout(STALL, &mut answer).await {
            return Ok(answer);
        }
        let now = sent.load(Ordering::Relaxed);
        if now == before {
            return Err(anyhow!("the connection to the store stands still"));
        }
        before = now;
    }
}

/// The file's bytes, once the store has asked for them or stays silent.
fn chunks(source: Source, mut opened: watch::Receiver<Gate>, sent: Arc<AtomicU64>) -> Chunks {
    let open = async move {
        if is_unwanted(&mut opened).await {
            return Err(std::io::Error::other("the store answered without the body"));
        }
        let mut file = tokio::fs::File::open(&source.path).await?;
        file.seek(SeekFrom::Start(source.start)).await?;
        let bytes = ReaderStream::with_capacity(file.take(source.length), 1 << 17);
        Ok(bytes.map_ok(move |chunk| {
            sent.fetch_add(chunk.len() as u64, Ordering::Relaxed);
            Frame::data(chunk)
        }))
    };
    stream::once(open).try_flatten().boxed()
}

/// Waits at the gate, and says whether the store answered instead of asking.
///
/// Then it returns only after the answer was read, since an error of the body
/// ends the connection.
async fn is_unwanted(gate: &mut watch::Receiver<Gate>) -> bool {
    let asked = async {
        let heard = gate.wait_for(|gate| *gate != Gate::Waiting).await;
        heard.is_ok_and(|gate| *gate != Gate::Open)
    };
    let answered = tokio::time::timeout(SILENCE, asked).await.unwrap_or(false);
    if answered {
        let read = gate.wait_for(|gate| *gate == Gate::Read).await;
        drop(read);
    }
    answered
}

async fn read(response: http::Response<Incoming>) -> Answer {
    let status = response.status();
    let body = Limited::new(response.into_body(), LONGEST_ERROR).collect();
    let body = tokio::time::timeout(STALL, body).await;
    let text = match body {
        Ok(Ok(body)) => String::from_utf8_lossy(&body.to_bytes()).into_owned(),
        _ => String::new(),
    };
    classify(status, &text)
}

/// What S3's statuses mean for a create-only PUT
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html>).
fn classify(status: StatusCode, body: &str) -> Answer {
    let code = between(body, "<Code>", "</Code>").unwrap_or("unknown");
    match status {
        _ if status.is_success() => Answer::Stored,
        StatusCode::PRECONDITION_FAILED => Answer::AlreadyThere,
        StatusCode::CONFLICT | StatusCode::TOO_MANY_REQUESTS => Answer::Busy(status),
        _ if status.is_server_error() => Answer::Busy(status),
        // S3 cuts slow uploads with this code; the bytes themselves were fine.
        StatusCode::BAD_REQUEST if code == "RequestTimeout" => Answer::Busy(status),
        StatusCode::FORBIDDEN => Answer::Expired,
        _ => Answer::Refused {
            status,
            code: code
                .chars()
                .filter(char::is_ascii_alphanumeric)
                .take(64)
                .collect(),
        },
    }
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(start)?;
    Some(rest.split_once(end)?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_say_what_to_do_next() {
        let is = |status: u16, body: &str| classify(StatusCode::from_u16(status).unwrap(), body);
        assert!(matches!(is(200, ""), Answer::Stored));
        assert!(matches!(is(412, ""), Answer::AlreadyThere));
        assert!(matches!(is(409, ""), Answer::Busy(_)));
        assert!(matches!(is(503, "<Code>SlowDown</Code>"), Answer::Busy(_)));
        assert!(matches!(
            is(400, "<Code>RequestTimeout</Code>"),
            Answer::Busy(_)
        ));
        assert!(matches!(is(403, ""), Answer::Expired));
        let Answer::Refused { code, .. } = is(400, "<Error><Code>BadDigest</Code></Error>") else {
            panic!("a bad digest is refused");
        };
        assert_eq!(code, "BadDigest");
    }
}
