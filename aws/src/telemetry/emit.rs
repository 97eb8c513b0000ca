//! Spans that are written from records, after the fact.

use std::time::SystemTime;

use cloudalbum_domain::TraceContext;
use jiff::Timestamp;
use opentelemetry::trace::{
    Link, SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks, SpanProcessor as _};

use super::Telemetry;
use super::by_service::SERVICE;
use super::context::span_context;

/// A span whose times are known from elsewhere. Its id is given too, so that
/// whoever writes it, and however often, it is one span.
#[derive(Clone, Debug)]
pub struct Emitted {
    /// The trace it belongs to.
    pub trace_id: [u8; 16],
    /// See [`cloudalbum_domain::TraceContext::span_id`].
    pub span_id: [u8; 8],
    /// The span above, or `None` for a root.
    pub parent: Option<[u8; 8]>,
    /// A trace that has to do with it.
    pub link: Option<TraceContext>,
    /// What took the time.
    pub name: &'static str,
    /// Whose time it was.
    pub service: &'static str,
    /// When it began.
    pub start: Timestamp,
    /// When it was over.
    pub end: Timestamp,
    /// Why it failed, if it did.
    pub failed: Option<String>,
    /// What else is known: name and value.
    pub attributes: Vec<(&'static str, String)>,
}

impl Telemetry {
    /// Exports `span` with the next batch, whether or not its trace is sampled.
    pub fn emit(&self, span: Emitted) {
        if let Some(batch) = &self.batch {
            batch.on_end(span.into());
        }
    }
}

impl From<Emitted> for SpanData {
    fn from(span: Emitted) -> Self {
        let mut links = SpanLinks::default();
        let linked = span.link.as_ref().map(span_context);
        links
            .links
            .extend(linked.map(|linked| Link::new(linked, Vec::new(), 0)));
        let named = [KeyValue::new(SERVICE, span.service)];
        let attributes = span
            .attributes
            .into_iter()
            .map(|(name, value)| KeyValue::new(name, value));
        Self {
            span_context: SpanContext::new(
                TraceId::from_bytes(span.trace_id),
                SpanId::from_bytes(span.span_id),
                TraceFlags::SAMPLED,
                false,
                TraceState::default(),
            ),
            parent_span_id: span.parent.map_or(SpanId::INVALID, SpanId::from_bytes),
            parent_span_is_remote: span.parent.is_some(),
            span_kind: SpanKind::Internal,
            name: span.name.into(),
            start_time: SystemTime::from(span.start),
            end_time: SystemTime::from(span.end.max(span.start)),
            attributes: named.into_iter().chain(attributes).collect(),
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links,
            status: span.failed.map_or(Status::Unset, Status::error),
            instrumentation_scope: InstrumentationScope::builder("cloudalbum").build(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{by_service::tests::keeping, start::batch};
    use super::*;

    #[test]
    fn a_span_from_a_record_is_exported_though_nothing_else_is() {
        let (exporter, exported) = keeping();
        let telemetry = Telemetry::assemble(Some(batch(exporter)), 0.0);
        let start: Timestamp = "2026-11-23T00:00:00Z".parse().unwrap();
        let span = Emitted {
            trace_id: [7; 16],
            span_id: [1; 8],
            parent: None,
            link: None,
            name: "photo",
            service: "browser",
            start,
            end: start + jiff::SignedDuration::from_millis(1500),
            failed: Some("corrupt_image".to_owned()),
            attributes: vec![("photo.id", "p1".to_owned())],
        };
        telemetry.emit(span);
        telemetry.provider.force_flush().unwrap();
        let exported = exported.lock().unwrap();
        let (service, span) = &exported[0];
        assert_eq!((service.as_str(), span.attributes.len()), ("browser", 1));
        assert_eq!(
            span.end_time
                .duration_since(span.start_time)
                .unwrap()
                .as_millis(),
            1500
        );
        assert_eq!(span.status, Status::error("corrupt_image"));
    }
}
