//! The trace store through its HTTP door.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use cloudalbum_aws::settings::TelemetrySettings;
use cloudalbum_aws::telemetry::{self, Emitted, Telemetry};
use cloudalbum_domain::TraceContext;
use http_body_util::BodyExt as _;
use jiff::Timestamp;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value as Any};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use proptest::prelude::*;
use prost::Message as _;
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt as _;

use super::{Traces, decode, router};

const SECOND: u64 = 1_000_000_000;
const TODAY: u64 = 1_795_000_000 * SECOND;

struct Store {
    router: Router,
    _folder: TempDir,
}

impl Store {
    fn new(kept: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let traces = Traces::open(&folder.path().join("traces.sqlite"), kept).unwrap();
        Self {
            router: router(traces),
            _folder: folder,
        }
    }

    async fn call(&self, request: Request<Body>) -> (StatusCode, Vec<u8>) {
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let status = answer.status();
        (
            status,
            answer
                .into_body()
                .collect()
                .await
                .unwrap()
                .to_bytes()
                .to_vec(),
        )
    }

    async fn post(&self, body: Vec<u8>) -> (StatusCode, Vec<u8>) {
        let request = Request::post("/v1/traces").header("content-type", "application/x-protobuf");
        self.call(request.body(body.into()).unwrap()).await
    }

    async fn send(&self, service: &str, spans: Vec<Span>) {
        let (status, body) = self.post(request(service, spans)).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(
            ExportTraceServiceResponse::decode(&*body)
                .unwrap()
                .partial_success,
            None
        );
    }

    async fn get(&self, path: &str) -> Value {
        let (status, body) = self
            .call(Request::get(path).body(Body::empty()).unwrap())
            .await;
        assert_eq!(status, StatusCode::OK, "{path}");
        serde_json::from_slice(&body).unwrap()
    }

    async fn found(&self, query: &str) -> Vec<String> {
        let found = self.get(&format!("/traces?{query}")).await;
        let ids = found["traces"].as_array().unwrap().iter();
        ids.map(|trace| trace["trace_id"].as_str().unwrap().to_owned())
            .collect()
    }
}

fn pair(key: &str, value: &str) -> KeyValue {
    let value = Some(AnyValue {
        value: Some(Any::StringValue(value.to_owned())),
    });
    KeyValue {
        key: key.to_owned(),
        value,
        ..KeyValue::default()
    }
}

fn request(service: &str, spans: Vec<Span>) -> Vec<u8> {
    let resource = Resource {
        attributes: vec![pair("service.name", service)],
        ..Resource::default()
    };
    let scope = ScopeSpans {
        spans,
        ..ScopeSpans::default()
    };
    let group = ResourceSpans {
        resource: Some(resource),
        scope_spans: vec![scope],
        ..ResourceSpans::default()
    };
    ExportTraceServiceRequest {
        resource_spans: vec![group],
    }
    .encode_to_vec()
}

/// A span of trace `trace` that begins `start` and lasts `length` seconds.
fn span(trace: u8, id: u8, parent: Option<u8>, start: u64, length: u64) -> Span {
    Span {
        trace_id: vec![trace; 16],
        span_id: vec![id; 8],
        parent_span_id: parent.map(|id| vec![id; 8]).unwrap_or_default(),
        name: format!("span {id}"),
        start_time_unix_nano: TODAY + start * SECOND,
        end_time_unix_nano: TODAY + (start + length) * SECOND,
        attributes: vec![
            pair("photo.id", &format!("p{trace}")),
            pair("owner.id", "ann"),
        ],
        ..Span::default()
    }
}

fn xray(trace: u8) -> String {
    let hex = format!("{trace:02x}");
    format!("1-{}-{}", hex.repeat(4), hex.repeat(12))
}

#[tokio::test]
async fn a_waterfall_holds_the_spans_of_all_services_in_order() {
    let store = Store::new(10);
    let mut failed = span(1, 3, Some(2), 3, 1);
    failed.status = Some(Status {
        code: 2,
        message: "not an image".to_owned(),
    });
    failed
        .attributes
        .push(pair("photo.failure", "corrupt_image"));
    store
        .send(
            "thumbnail-worker",
            vec![failed.clone(), span(1, 2, Some(1), 2, 5)],
        )
        .await;
    store.send("ingest-api", vec![span(1, 1, None, 0, 1)]).await;
    // An exporter that got no answer sends again.
    store.send("thumbnail-worker", vec![failed]).await;

    for id in [xray(1), "01".repeat(16)] {
        let trace = store.get(&format!("/traces/{id}")).await;
        assert_eq!(
            (&trace["trace_id"], &trace["duration_ms"]),
            (&xray(1).into(), &7000.0.into())
        );
        assert_eq!(
            (&trace["spans"], &trace["code"], &trace["failed"]),
            (&3.into(), &"corrupt_image".into(), &true.into())
        );
        assert_eq!(
            trace["services"],
            serde_json::json!(["ingest-api", "thumbnail-worker"])
        );
        let spans = trace["waterfall"].as_array().unwrap();
        let offsets: Vec<_> = spans
            .iter()
            .map(|span| span["offset_ms"].as_f64().unwrap())
            .collect();
        assert_eq!(offsets, [0.0, 2000.0, 3000.0]);
        assert_eq!(
            (&spans[2]["parent_id"], &spans[2]["error"]),
            (&"0202020202020202".into(), &"not an image".into())
        );
    }
}

#[tokio::test]
async fn finds_by_photo_owner_code_and_duration() {
    let store = Store::new(10);
    let mut failed = span(2, 1, None, 10, 9);
    failed.attributes = vec![
        pair("photo.id", "p2"),
        pair("owner.id", "bob"),
        pair("photo.failure", "timeout"),
    ];
    store
        .send(
            "w",
            vec![span(1, 1, None, 0, 2), failed, span(3, 1, None, 20, 5)],
        )
        .await;
    assert_eq!(store.found("").await, [xray(3), xray(2), xray(1)]);
    assert_eq!(
        store.found("order=slowest&limit=2").await,
        [xray(2), xray(3)]
    );
    assert_eq!(store.found("photo=p1").await, [xray(1)]);
    assert_eq!(store.found("owner=bob").await, [xray(2)]);
    assert_eq!(store.found("code=timeout&owner=ann").await, [""; 0]);
    assert_eq!(store.found("min_ms=5000").await, [xray(3), xray(2)]);
}

#[tokio::test]
async fn keeps_the_newest_and_a_bounded_number() {
    let store = Store::new(3);
    for trace in 1..=9 {
        store
            .send("w", vec![span(trace, 1, None, u64::from(trace), 1)])
            .await;
    }
    assert_eq!(store.found("").await, [xray(9), xray(8), xray(7)]);
    let (status, _) = store
        .call(
            Request::get(format!("/traces/{}", xray(1)))
                .body(Body::empty())
                .unwrap(),
        )
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn one_trace_cannot_fill_the_disk() {
    let store = Store::new(3);
    let spans = (0..2_500_u64).map(|n| Span {
        span_id: (n + 1).to_be_bytes().to_vec(),
        ..span(1, 1, None, 0, 1)
    });
    store.send("w", spans.collect()).await;
    assert_eq!(
        store.get(&format!("/traces/{}", xray(1))).await["spans"],
        2_000
    );
}

#[tokio::test]
async fn refuses_what_is_not_a_request_and_says_which_spans_it_left_out() {
    let store = Store::new(3);
    let (status, _) = store.post(b"\xff\xff".to_vec()).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let json = Request::post("/v1/traces")
        .header("content-type", "application/json")
        .body("{}".into())
        .unwrap();
    assert_eq!(store.call(json).await.0, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(
        store.post(vec![0; 6 << 20]).await.0,
        StatusCode::PAYLOAD_TOO_LARGE
    );

    let short = Span {
        trace_id: vec![1; 15],
        ..span(1, 1, None, 0, 1)
    };
    let (status, body) = store
        .post(request("w", vec![short, span(2, 1, None, 0, 1)]))
        .await;
    assert_eq!(status, StatusCode::OK);
    let partial = ExportTraceServiceResponse::decode(&*body)
        .unwrap()
        .partial_success
        .unwrap();
    assert_eq!(partial.rejected_spans, 1);
    assert_eq!(store.found("").await, [xray(2)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_our_telemetry_exports_arrives_under_each_service() {
    let store = Store::new(10);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1/traces", listener.local_addr().unwrap());
    let server = tokio::spawn(axum::serve(listener, store.router.clone()).into_future());
    let settings = TelemetrySettings::from_lookup(&|name| match name {
        "TRACE_EXPORT" => Some("otlp".to_owned()),
        "OTLP_ENDPOINT" => Some(url.clone()),
        _ => None,
    });
    let telemetry = Telemetry::start("local", &settings.unwrap()).unwrap();
    let photo = TraceContext::mint(1_795_000_000, [1; 12], [2; 8], true);
    let job = tracing::info_span!(parent: None, "make thumbnails", otel.kind = "consumer", photo.id = "p1");
    telemetry::join(&job, "thumbnail-worker", Some(&photo));
    job.in_scope(|| tracing::info_span!("GetObject", otel.kind = "client").in_scope(|| ()));
    drop(job);
    let start = Timestamp::now();
    telemetry.emit(Emitted {
        link: None,
        trace_id: photo.trace_id,
        span_id: photo.parent,
        parent: None,
        name: "photo",
        service: "browser",
        start,
        end: start,
        failed: None,
        attributes: vec![("owner.id", "ann".to_owned())],
    });
    let done = tokio::task::spawn_blocking(move || telemetry.shutdown(Duration::from_secs(5)));
    assert!(done.await.unwrap());
    server.abort();

    assert_eq!(store.found("photo=p1&owner=ann").await, [photo.xray_id()]);
    let trace = store.get(&format!("/traces/{}", photo.xray_id())).await;
    assert_eq!(
        (&trace["spans"], &trace["services"]),
        (
            &3.into(),
            &serde_json::json!(["browser", "thumbnail-worker"])
        )
    );
    let kinds: Vec<_> = trace["waterfall"]
        .as_array()
        .unwrap()
        .iter()
        .map(|span| &span["kind"])
        .collect();
    assert_eq!(kinds, ["consumer", "client", "internal"]);
}

proptest! {
    #[test]
    fn hostile_bytes_are_an_error_at_worst(bytes: Vec<u8>) {
        let _outcome = decode::spans(&bytes);
    }
}
