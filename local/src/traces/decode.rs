//! Spans out of an OTLP request
//! (<https://opentelemetry.io/docs/specs/otlp/#otlphttp>).

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::trace::v1::{self as proto, span::SpanKind, status::StatusCode};
use prost::Message as _;

use super::{Span, TraceId};

/// No text that is kept is longer, in characters.
const MAX_TEXT: usize = 1_000;
/// No span keeps more attributes or links.
const MAX_EXTRAS: usize = 64;

/// Reads the spans of a request, and how many had to be left out because their
/// ids or times make no sense.
pub(super) fn spans(request: &[u8]) -> Result<(Vec<Span>, i64), prost::DecodeError> {
    let request = ExportTraceServiceRequest::decode(request)?;
    let (mut spans, mut rejected) = (Vec::new(), 0);
    for group in request.resource_spans {
        let resource = group
            .resource
            .map(|resource| attributes(resource.attributes))
            .unwrap_or_default();
        let service = resource
            .get("service.name")
            .map_or("unknown", String::as_str);
        for span in group.scope_spans.into_iter().flat_map(|scope| scope.spans) {
            match read(span, service) {
                Some(span) => spans.push(span),
                None => rejected += 1,
            }
        }
    }
    Ok((spans, rejected))
}

fn read(span: proto::Span, service: &str) -> Option<Span> {
    let start = i64::try_from(span.start_time_unix_nano).ok()?;
    let end = i64::try_from(span.end_time_unix_nano).ok()?;
    let kind = span.kind();
    let failed = span
        .status
        .filter(|status| status.code() == StatusCode::Error);
    let links = span.links.into_iter().take(MAX_EXTRAS);
    Some(Span {
        trace_id: trace_id(span.trace_id)?,
        span_id: span.span_id.try_into().ok().filter(|id| id != &[0; 8])?,
        parent_id: span
            .parent_span_id
            .try_into()
            .ok()
            .filter(|id| id != &[0; 8]),
        service: service.to_owned(),
        name: cut(span.name),
        kind: name(kind),
        start,
        end: end.max(start),
        error: failed.map(|status| cut(status.message)),
        attributes: attributes(span.attributes),
        links: links.filter_map(|link| trace_id(link.trace_id)).collect(),
    })
}

fn trace_id(bytes: Vec<u8>) -> Option<TraceId> {
    bytes
        .try_into()
        .ok()
        .filter(|id| id != &[0; 16])
        .map(TraceId)
}

fn name(kind: SpanKind) -> &'static str {
    match kind {
        SpanKind::Unspecified | SpanKind::Internal => "internal",
        SpanKind::Server => "server",
        SpanKind::Client => "client",
        SpanKind::Producer => "producer",
        SpanKind::Consumer => "consumer",
    }
}

fn attributes(pairs: Vec<KeyValue>) -> BTreeMap<String, String> {
    let pairs = pairs.into_iter().take(MAX_EXTRAS);
    pairs
        .filter_map(|pair| Some((cut(pair.key), text(pair.value?)?)))
        .collect()
}

/// Lists and maps are of no use in a waterfall.
fn text(value: AnyValue) -> Option<String> {
    match value.value? {
        Value::StringValue(text) => Some(cut(text)),
        Value::BoolValue(flag) => Some(flag.to_string()),
        Value::IntValue(number) => Some(number.to_string()),
        Value::DoubleValue(number) => Some(number.to_string()),
        _ => None,
    }
}

fn cut(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(MAX_TEXT) {
        text.truncate(end);
    }
    text
}
