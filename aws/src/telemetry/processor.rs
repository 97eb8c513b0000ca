//! Giving each span the service of the trace branch it belongs to.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry::trace::Span as _;
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{BatchSpanProcessor, Span, SpanData, SpanProcessor};

use super::by_service::SERVICE;
use super::context::Service;

/// Notes the service that a span's context carries, then batches.
///
/// Shared, because spans that are written from records enter the same batches.
#[derive(Debug)]
pub(super) struct Inherit(pub(super) Arc<BatchSpanProcessor>);

impl SpanProcessor for Inherit {
    fn on_start(&self, span: &mut Span, parent: &Context) {
        if let Some(Service(service)) = parent.get::<Service>() {
            span.set_attribute(KeyValue::new(SERVICE, *service));
        }
    }

    fn on_end(&self, span: SpanData) {
        self.0.on_end(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.0.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.shutdown_with_timeout(timeout)
    }
}
