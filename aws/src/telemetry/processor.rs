//! Giving each span the service of the trace branch it belongs to.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry::trace::{Span as _, SpanId, SpanKind};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{BatchSpanProcessor, Span, SpanData, SpanProcessor};

use super::by_service::SERVICE;
use super::context::Service;

/// Notes the service that a span's context carries and which spans are calls
/// of the AWS SDKs, then batches.
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

    fn on_end(&self, mut span: SpanData) {
        let sdk_call = span.attributes.iter().any(|attribute| {
            attribute.key.as_str() == "rpc.system" && attribute.value.as_str() == "aws-api"
        });
        if sdk_call {
            // A call outside any work, a poll say, would be a trace of its own.
            if span.parent_span_id == SpanId::INVALID {
                return;
            }
            span.span_kind = SpanKind::Client;
        }
        self.0.on_end(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.0.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.shutdown_with_timeout(timeout)
    }
}
