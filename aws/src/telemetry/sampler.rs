//! Which traces are exported.

use opentelemetry::trace::{
    Link, SpanContext, SpanKind, TraceContextExt as _, TraceId, TraceState,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{Sampler, SamplingDecision, SamplingResult, ShouldSample};

use super::context::Untrusted;

/// Follows the parent, and decides by the trace id where there is none. A
/// stranger's header can ask for no sampling, but cannot force it.
#[derive(Clone, Debug)]
pub(super) struct Sampling {
    ratio: Sampler,
}

impl Sampling {
    pub(super) fn new(ratio: f64) -> Self {
        Self {
            ratio: Sampler::TraceIdRatioBased(ratio),
        }
    }
}

impl ShouldSample for Sampling {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace_id: TraceId,
        name: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        let above = parent
            .map(|context| context.span().span_context().clone())
            .filter(SpanContext::is_valid);
        let decision = match above {
            Some(above) if !above.is_sampled() => SamplingDecision::Drop,
            Some(above)
                if !(above.is_remote()
                    && parent.is_some_and(|context| context.get::<Untrusted>().is_some())) =>
            {
                SamplingDecision::RecordAndSample
            }
            _ => {
                return self
                    .ratio
                    .should_sample(parent, trace_id, name, kind, attributes, links);
            }
        };
        SamplingResult {
            decision,
            attributes: Vec::new(),
            trace_state: TraceState::default(),
        }
    }
}
