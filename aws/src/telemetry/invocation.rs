//! The span of a Lambda invocation.

use std::pin::Pin;
use std::task::{Context, Poll};

use lambda_runtime::LambdaInvocation;
use tower::{Layer, Service};
use tracing::{Instrument as _, info_span};

use super::{Telemetry, context};

/// Gives each invocation a span in Lambda's own trace and flushes after it.
///
/// The runtime's own layer enters its span before a parent can be set; X-Ray
/// then loses the span.
#[derive(Clone, Debug)]
pub struct Invocations {
    telemetry: Telemetry,
    service: &'static str,
}

impl Invocations {
    /// Spans of `service`, flushed through `telemetry`.
    pub fn new(telemetry: Telemetry, service: &'static str) -> Self {
        Self { telemetry, service }
    }
}

impl<S> Layer<S> for Invocations {
    type Service = Invocation<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Invocation {
            inner,
            layer: self.clone(),
            cold: true,
        }
    }
}

/// The service that [`Invocations`] makes.
#[derive(Debug)]
pub struct Invocation<S> {
    inner: S,
    layer: Invocations,
    cold: bool,
}

impl<S> Service<LambdaInvocation> for Invocation<S>
where
    S: Service<LambdaInvocation, Response = ()>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = ();
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<(), S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, invocation: LambdaInvocation) -> Self::Future {
        let lambda = &invocation.context;
        let span = info_span!(
            parent: None,
            "invocation",
            otel.kind = "server",
            faas.trigger = "pubsub",
            faas.invocation_id = %lambda.request_id,
            faas.coldstart = std::mem::take(&mut self.cold),
        );
        let header = lambda
            .xray_trace_id
            .as_deref()
            .and_then(|header| header.parse().ok());
        context::join(&span, self.layer.service, header.as_ref());
        let work = span
            .in_scope(|| self.inner.call(invocation))
            .instrument(span);
        let telemetry = self.layer.telemetry.clone();
        Box::pin(async move {
            let outcome = work.await;
            // The answer has been sent: this adds to the bill, not to the wait.
            telemetry.flush().await;
            outcome
        })
    }
}
