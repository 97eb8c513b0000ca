//! Bodies that are read to their end even when nobody wants the rest.
//!
//! An upload is often refused before its body was read.
//! Closing the connection then resets it under a client that is still sending,
//! and the client never sees why it was refused.
//!
//! A client that waits for `100 Continue` (RFC 9110, section 10.1.1) sends nothing once it was refused.
//! Nothing is read from it then, and its connection ends with the answer,
//! since what it sends next is another request and no body.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::BodyExt;

/// The most that the API reads for nobody, in bytes: a few times its largest body.
const MOST: u64 = 16 << 20;

/// Reads what the API leaves unread, up to 16 MiB.
pub(crate) async fn request(request: Request, next: Next) -> Response {
    let waiting = Waiting::of(request.headers());
    let drained = |body| Body::new(Draining::new(body, MOST, waiting.clone()));
    let mut answer = next.run(request.map(drained)).await;
    waiting.close(answer.headers_mut());
    answer
}

/// A request body that reads on after it was dropped.
#[derive(Debug)]
pub struct Draining {
    /// Gone once it has ended.
    body: Option<Body>,
    /// The most that is read for nobody, in bytes.
    most: u64,
    /// Whether the client still waits to be told to go on.
    waiting: Waiting,
}

/// Whether a client still waits to be told to send its body.
#[derive(Clone, Debug)]
pub struct Waiting(Arc<AtomicBool>);

impl Waiting {
    /// As the head of its request says.
    #[must_use]
    pub fn of(head: &HeaderMap) -> Self {
        let expected = head.get(header::EXPECT).map(HeaderValue::as_bytes);
        let waits = expected.is_some_and(|value| value.eq_ignore_ascii_case(b"100-continue"));
        Self(Arc::new(AtomicBool::new(waits)))
    }

    /// Ends the connection of a client that was answered while it waited.
    pub fn close(&self, answer: &mut HeaderMap) {
        if self.0.load(Ordering::Relaxed) {
            answer.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
    }
}

impl Draining {
    /// The rest of `body`, up to `most` bytes, is read when nobody wants it any more.
    #[must_use]
    pub fn new(body: Body, most: u64, waiting: Waiting) -> Self {
        Self {
            body: Some(body),
            most,
            waiting,
        }
    }
}

impl HttpBody for Draining {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        // Whoever reads the body makes the server ask for it.
        self.waiting.0.store(false, Ordering::Relaxed);
        let Some(body) = self.body.as_mut() else {
            return Poll::Ready(None);
        };
        let frame = ready!(Pin::new(body).poll_frame(cx));
        if !matches!(frame, Some(Ok(_))) {
            self.body = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body
            .as_ref()
            .map_or_else(|| SizeHint::with_exact(0), HttpBody::size_hint)
    }
}

impl Drop for Draining {
    fn drop(&mut self) {
        let Some(body) = self.body.take().filter(|body| !body.is_end_stream()) else {
            return;
        };
        if self.waiting.0.load(Ordering::Relaxed) {
            return;
        }
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(read_out(body, self.most));
        }
    }
}

async fn read_out(mut body: Body, most: u64) {
    let mut read = 0;
    while let Some(Ok(frame)) = body.frame().await {
        read += frame.data_ref().map_or(0, |data| data.len() as u64);
        if read > most {
            return;
        }
    }
}
