//! The trace store over HTTP.

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header::CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, body::Bytes};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceResponse,
};
use prost::Message as _;
use tracing::error;

use super::{Search, TraceId, Traces, decode};

/// What X-Ray's own OTLP endpoint takes, too.
const MAX_REQUEST: usize = 5 << 20;
const PROTOBUF: &str = "application/x-protobuf";

/// `POST /v1/traces` takes OTLP as protobuf; `GET /traces` searches and
/// `GET /traces/{id}` gives a waterfall. Whoever mounts it keeps strangers out.
pub fn router(traces: Traces) -> Router {
    Router::new()
        .route(
            "/v1/traces",
            post(take).layer(DefaultBodyLimit::max(MAX_REQUEST)),
        )
        .route("/traces", get(list))
        .route("/traces/{id}", get(one))
        .with_state(traces)
}

async fn take(State(traces): State<Traces>, headers: HeaderMap, body: Bytes) -> Response {
    let sent = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if sent.split(';').next().map(str::trim) != Some(PROTOBUF)
        || headers.contains_key("content-encoding")
    {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    let Ok((spans, rejected)) = decode::spans(&body) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    if let Err(refusal) = blocking(move || traces.keep(&spans)).await {
        return refusal.into_response();
    }
    let partial_success = (rejected > 0).then(|| ExportTracePartialSuccess {
        rejected_spans: rejected,
        error_message: "ids or times make no sense".to_owned(),
    });
    let answer = ExportTraceServiceResponse { partial_success };
    ([(CONTENT_TYPE, PROTOBUF)], answer.encode_to_vec()).into_response()
}

async fn list(State(traces): State<Traces>, Query(search): Query<Search>) -> Response {
    match blocking(move || traces.list(&search)).await {
        Ok(found) => Json(serde_json::json!({ "traces": found })).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

async fn one(State(traces): State<Traces>, Path(id): Path<String>) -> Response {
    let Ok(id) = id.parse::<TraceId>() else {
        return StatusCode::NOT_FOUND.into_response();
    };
    match blocking(move || traces.get(id)).await {
        Ok(Some(trace)) => Json(trace).into_response(),
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

/// Keeps the file's work off the threads that serve.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> rusqlite::Result<T> + Send + 'static,
) -> Result<T, StatusCode> {
    let outcome = tokio::task::spawn_blocking(work)
        .await
        .map_err(anyhow::Error::from);
    outcome.and_then(|outcome| Ok(outcome?)).map_err(|error| {
        error!(error = format!("{error:#}"), "trace store unavailable");
        StatusCode::SERVICE_UNAVAILABLE
    })
}
