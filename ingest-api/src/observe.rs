//! The span of a request, its trace id on the answer, and panics.

use std::panic::AssertUnwindSafe;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use cloudalbum_aws::telemetry;
use cloudalbum_domain::{Photo, TraceContext};
use futures::FutureExt as _;
use http::{HeaderName, HeaderValue, StatusCode};
use tracing::field::Empty;
use tracing::{Instrument as _, Span};

use crate::problem::{self, Problem};

const SERVICE: &str = "ingest-api";
const TRACE_HEADER: HeaderName = HeaderName::from_static("x-amzn-trace-id");

/// Runs a request in its span. The path is not recorded with its query, which
/// may hold codes and what somebody searches for.
pub(crate) async fn request(request: Request, next: Next) -> Response {
    let span = tracing::info_span!(
        parent: None,
        "request",
        otel.kind = "server",
        http.request.method = %request.method(),
        url.path = request.uri().path(),
        http.response.status_code = Empty,
        owner.id = Empty,
        photo.id = Empty,
    );
    let header = request.headers().get(TRACE_HEADER);
    telemetry::incoming(&span, SERVICE, header.and_then(|value| value.to_str().ok()));
    answer(request, next).instrument(span).await
}

/// Spans in the photos' own traces, linked to the request that grants them;
/// to be dropped when their records are written.
pub(crate) fn granting(photos: &[Photo]) -> Vec<Span> {
    let sampled = photos.iter().filter(|photo| photo.trace_context.sampled);
    let grant = |photo: &Photo| {
        let span = tracing::info_span!(
            parent: None,
            "grant upload",
            otel.kind = "server",
            photo.id = %photo.id,
            owner.id = %photo.owner,
        );
        telemetry::join(&span, SERVICE, Some(&photo.trace_context));
        span
    };
    sampled.map(grant).collect()
}

async fn answer(request: Request, next: Next) -> Response {
    let trace = telemetry::current().or_else(mint);
    let answered = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    let response = answered.unwrap_or_else(|_| {
        // The panic hook has told where.
        tracing::error!("request panicked");
        Problem::of_status(StatusCode::INTERNAL_SERVER_ERROR).into_response()
    });
    tracing::Span::current().record("http.response.status_code", response.status().as_u16());
    let Some(trace) = trace else {
        return response;
    };
    let mut response = problem::complete(response, &trace.xray_id()).await;
    if let Ok(value) = HeaderValue::try_from(trace.to_string()) {
        response.headers_mut().insert(TRACE_HEADER, value);
    }
    response
}

/// A trace id to name the request by where telemetry is off.
fn mint() -> Option<TraceContext> {
    let (mut random, mut parent) = ([0; 12], [0; 8]);
    aws_lc_rs::rand::fill(&mut random).ok()?;
    aws_lc_rs::rand::fill(&mut parent).ok()?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    let seconds = u32::try_from(now.as_secs()).ok()?;
    Some(TraceContext::mint(seconds, random, parent, false))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use axum::{Router, middleware::from_fn};
    use tower::ServiceExt as _;

    #[tokio::test]
    async fn a_panic_is_a_plain_fault() {
        async fn panics() -> StatusCode {
            panic!("secret");
        }
        let app = Router::new()
            .route("/", get(panics))
            .layer(from_fn(request));
        let asked = Request::get("/").body(axum::body::Body::empty()).unwrap();
        let response = app.oneshot(asked).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(response.headers().contains_key(TRACE_HEADER));
        assert_eq!(
            response.headers()["content-type"],
            "application/problem+json"
        );
    }
}
