//! Between X-Ray's header and OpenTelemetry's context.

use std::cell::Cell;

use cloudalbum_domain::TraceContext;
use opentelemetry::Context;
use opentelemetry::trace::{
    SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState,
};
use opentelemetry_aws::trace::XrayIdGenerator;
use opentelemetry_sdk::trace::IdGenerator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// The service that spans under a context belong to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Service(pub(super) &'static str);

/// Marks a context that a stranger sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Untrusted;

/// The context that `trace` stands for.
pub fn context_of(trace: &TraceContext) -> Context {
    Context::new().with_remote_span_context(span_context(trace))
}

/// The trace of a context, to store or to send.
pub fn trace_context(context: &Context) -> Option<TraceContext> {
    let span = context.span();
    let here = span.span_context();
    here.is_valid().then(|| TraceContext {
        trace_id: here.trace_id().to_bytes(),
        parent: here.span_id().to_bytes(),
        sampled: here.is_sampled(),
    })
}

/// The trace of the span that is entered here.
pub fn current() -> Option<TraceContext> {
    trace_context(&Context::current())
}

/// Puts `span`, which must not have been entered yet, under `parent`, or makes
/// it a root; it and all below it belong to `service`. The span that is entered
/// here, an invocation's or a request's, is linked when it is of another trace.
///
/// Make the span with `parent: None`.
pub fn join(span: &Span, service: &'static str, parent: Option<&TraceContext>) {
    let outer = current();
    let context = parent
        .map(context_of)
        .unwrap_or_default()
        .with_value(Service(service));
    under(span, context);
    if let Some(outer) =
        outer.filter(|outer| parent.is_none_or(|parent| parent.trace_id != outer.trace_id))
    {
        link(span, &outer);
    }
}

/// Puts `span`, which must not have been entered yet, under the header that a
/// client or a load balancer sent with a request: its trace id is kept, its
/// wish to be sampled is not.
pub fn incoming(span: &Span, service: &'static str, header: Option<&str>) {
    let context = Context::new().with_value(Service(service));
    let Some(header) = header else {
        return under(span, context);
    };
    if let Ok(trace) = header.parse() {
        under(
            span,
            context
                .with_value(Untrusted)
                .with_remote_span_context(span_context(&trace)),
        );
    } else {
        under(span, context);
        // A load balancer sends a root without a parent. The span starts here,
        // on this thread, and takes that root as its trace id.
        ADOPTED.set(root(header));
        drop(span.context());
        ADOPTED.set(None);
    }
}

/// Links `span` to `other`: related, but of a trace of its own.
pub fn link(span: &Span, other: &TraceContext) {
    span.add_link(span_context(other));
}

fn under(span: &Span, context: Context) {
    if let Err(error) = span.set_parent(context) {
        tracing::debug!(?error, "span keeps its parent");
    }
}

pub(super) fn span_context(trace: &TraceContext) -> SpanContext {
    SpanContext::new(
        TraceId::from_bytes(trace.trace_id),
        SpanId::from_bytes(trace.parent),
        if trace.sampled {
            TraceFlags::SAMPLED
        } else {
            TraceFlags::default()
        },
        true,
        TraceState::default(),
    )
}

/// The root of a header that has no parent.
fn root(header: &str) -> Option<TraceId> {
    let roots = header
        .split(';')
        .filter_map(|field| field.trim().strip_prefix("Root="));
    let filled =
        roots.map(|root| format!("Root={root};Parent=0000000000000001").parse::<TraceContext>());
    filled
        .flatten()
        .map(|trace| TraceId::from_bytes(trace.trace_id))
        .next()
}

thread_local! {
    static ADOPTED: Cell<Option<TraceId>> = const { Cell::new(None) };
}

/// X-Ray's ids; the next trace on this thread may have one given.
#[derive(Debug, Default)]
pub(super) struct Ids(XrayIdGenerator);

impl IdGenerator for Ids {
    fn new_trace_id(&self) -> TraceId {
        ADOPTED.take().unwrap_or_else(|| self.0.new_trace_id())
    }

    fn new_span_id(&self) -> SpanId {
        self.0.new_span_id()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Telemetry, by_service::tests::keeping, start::batch};
    use super::*;
    use opentelemetry::trace::{SpanKind, TracerProvider as _};
    use tracing::info_span;
    use tracing_subscriber::prelude::*;

    const ROOT: &str = "1-6b039000-aaaaaaaaaaaaaaaaaaaaaaaa";

    /// Runs `work` under a subscriber of its own and tells what was exported.
    fn exported(
        ratio: f64,
        work: impl FnOnce(),
    ) -> Vec<(String, opentelemetry_sdk::trace::SpanData)> {
        let (exporter, exported) = keeping();
        let telemetry = Telemetry::assemble(Some(batch(exporter)), ratio);
        let layer = tracing_opentelemetry::layer().with_tracer(telemetry.provider.tracer("test"));
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), work);
        telemetry.provider.force_flush().unwrap();
        std::mem::take(&mut *exported.lock().unwrap())
    }

    fn incoming_span(header: &str) -> TraceContext {
        let span = info_span!(parent: None, "request", otel.kind = "server");
        incoming(&span, "ingest-api", Some(header));
        span.in_scope(|| current().unwrap())
    }

    #[test]
    fn headers_keep_their_root_however_they_are_written() {
        exported(1.0, || {
            for header in [
                format!("Root={ROOT};Parent=bbbbbbbbbbbbbbbb;Sampled=1"),
                format!("Root={ROOT};Parent=bbbbbbbbbbbbbbbb"),
                format!("Root={ROOT};Parent=bbbbbbbbbbbbbbbb;Sampled=1;Lineage=1:2c6c2dba:0"),
                format!("Root={ROOT};Parent=bbbbbbbbbbbbbbbb;Sampled=1;Bad Key=x"),
                format!("Self=1-6b039000-cccccccccccccccccccccccc;Root={ROOT}"),
                format!("Root={ROOT}"),
            ] {
                assert_eq!(incoming_span(&header).xray_id(), ROOT, "{header}");
            }
            for header in ["", "garbage", "Root=1-zz-yy"] {
                let first = incoming_span(header);
                assert_ne!(first.trace_id, incoming_span(header).trace_id, "{header}");
            }
        });
    }

    #[test]
    fn a_stranger_cannot_force_sampling_but_can_decline_it() {
        let forced = format!("Root={ROOT};Parent=bbbbbbbbbbbbbbbb;Sampled=1");
        let declined = forced.replace("Sampled=1", "Sampled=0");
        assert!(exported(0.0, || assert!(!incoming_span(&forced).sampled)).is_empty());
        assert!(exported(1.0, || assert!(!incoming_span(&declined).sampled)).is_empty());
    }

    #[test]
    fn spans_are_exported_under_their_service_and_in_the_photos_trace() {
        let photo: TraceContext = format!("Root={ROOT};Parent=bbbbbbbbbbbbbbbb;Sampled=1")
            .parse()
            .unwrap();
        let spans = exported(1.0, || {
            info_span!("invocation").in_scope(|| {
                let span = info_span!(parent: None, "make thumbnails", otel.kind = "consumer");
                join(&span, "thumbnail-worker", Some(&photo));
                span.in_scope(|| info_span!("GetObject", otel.kind = "client").in_scope(|| ()));
            });
        });
        let named = |name: &str| spans.iter().find(|(_, span)| span.name == name).unwrap();
        let (service, consumer) = named("make thumbnails");
        assert_eq!(
            (service.as_str(), consumer.parent_span_id),
            ("thumbnail-worker", SpanId::from_bytes(photo.parent))
        );
        assert_eq!(consumer.span_kind, SpanKind::Server, "a segment of its own");
        let (service, get) = named("GetObject");
        assert_eq!(
            (service.as_str(), get.parent_span_id),
            ("thumbnail-worker", consumer.span_context.span_id())
        );
        assert_eq!(
            get.span_context.trace_id(),
            TraceId::from_bytes(photo.trace_id)
        );
        let (service, invocation) = named("invocation");
        assert_eq!(service, "process");
        assert_eq!(
            consumer.links.links[0].span_context.span_id(),
            invocation.span_context.span_id()
        );
    }

    #[test]
    fn a_span_joined_late_keeps_its_start() {
        let photo: TraceContext = format!("Root={ROOT};Parent=bbbbbbbbbbbbbbbb;Sampled=1")
            .parse()
            .unwrap();
        let before = std::time::SystemTime::now();
        let mut claimed = before;
        let spans = exported(1.0, || {
            let span = info_span!(parent: None, "job");
            claimed = std::time::SystemTime::now();
            join(&span, "metadata-worker", Some(&photo));
            span.in_scope(|| ());
        });
        let start = spans[0].1.start_time;
        assert!(start >= before && start <= claimed);
    }
}
