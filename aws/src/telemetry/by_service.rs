//! Exporting spans under the service they belong to.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use opentelemetry::trace::{SpanId, SpanKind};
use opentelemetry_aws::detector::LambdaResourceDetector;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::resource::ResourceDetector;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};

/// The attribute that names a span's service, where it is not the process's.
pub(super) const SERVICE: &str = "cloudalbum.service";

/// Several services may share a process, but a resource belongs to an exporter:
/// so one exporter per service, made when its first span is finished.
pub(super) struct ByService<E> {
    default: &'static str,
    make: Box<dyn Fn() -> Result<E, OTelSdkError> + Send + Sync>,
    exporters: Mutex<HashMap<String, Arc<E>>>,
}

impl<E: SpanExporter> ByService<E> {
    pub(super) fn new(
        default: &'static str,
        make: impl Fn() -> Result<E, OTelSdkError> + Send + Sync + 'static,
    ) -> Self {
        Self {
            default,
            make: Box::new(make),
            exporters: Mutex::default(),
        }
    }

    fn exporter(&self, service: &str) -> Result<Arc<E>, OTelSdkError> {
        let mut exporters = self
            .exporters
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(exporter) = exporters.get(service) {
            return Ok(Arc::clone(exporter));
        }
        let mut exporter = (self.make)()?;
        exporter.set_resource(&resource(service));
        let exporter = Arc::new(exporter);
        exporters.insert(service.to_owned(), Arc::clone(&exporter));
        Ok(exporter)
    }

    fn all(&self) -> Vec<Arc<E>> {
        let exporters = self
            .exporters
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        exporters.values().cloned().collect()
    }
}

/// The Lambda detector adds nothing elsewhere.
fn resource(service: &str) -> Resource {
    let lambda = Box::new(LambdaResourceDetector) as Box<dyn ResourceDetector>;
    Resource::builder()
        .with_detectors(&[lambda])
        .with_service_name(service.to_owned())
        .build()
}

impl<E: SpanExporter> SpanExporter for ByService<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let mut groups: HashMap<String, Vec<SpanData>> = HashMap::new();
        for mut span in batch {
            let named = span
                .attributes
                .iter()
                .position(|attribute| attribute.key.as_str() == SERVICE);
            let service = named.map(|at| span.attributes.swap_remove(at).value.to_string());
            groups
                .entry(service.unwrap_or_else(|| self.default.to_owned()))
                .or_default()
                .push(span);
        }
        let mut outcome = Ok(());
        for (service, spans) in groups {
            let exported = match self.exporter(&service) {
                Ok(exporter) => exporter.export(spans).await,
                Err(error) => Err(error),
            };
            outcome = outcome.and(exported);
        }
        outcome
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.all()
            .iter()
            .map(|exporter| exporter.shutdown_with_timeout(timeout))
            .fold(Ok(()), Result::and)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.all()
            .iter()
            .map(|exporter| exporter.force_flush())
            .fold(Ok(()), Result::and)
    }
}

impl<E> fmt::Debug for ByService<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByService")
            .field("default", &self.default)
            .finish_non_exhaustive()
    }
}

/// X-Ray draws a service for segments only, and the exporter makes a segment
/// only of a server's span; a span without a parent that is no segment is lost.
#[derive(Debug)]
pub(super) struct AsSegment<E>(pub(super) E);

impl<E: SpanExporter> SpanExporter for AsSegment<E> {
    async fn export(&self, mut batch: Vec<SpanData>) -> OTelSdkResult {
        for span in &mut batch {
            if span.span_kind == SpanKind::Consumer || span.parent_span_id == SpanId::INVALID {
                span.span_kind = SpanKind::Server;
            }
        }
        self.0.export(batch).await
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.0.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.0.set_resource(resource);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use opentelemetry::Key;

    /// What was exported, with the name of the resource it was exported under.
    pub(in super::super) type Exported = Arc<Mutex<Vec<(String, SpanData)>>>;

    #[derive(Debug)]
    pub(in super::super) struct Keep {
        service: String,
        exported: Exported,
    }

    impl SpanExporter for Keep {
        async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
            let named = batch.into_iter().map(|span| (self.service.clone(), span));
            self.exported.lock().unwrap().extend(named);
            Ok(())
        }

        fn set_resource(&mut self, resource: &Resource) {
            self.service = resource.get(&Key::new("service.name")).unwrap().to_string();
        }
    }

    pub(in super::super) fn keeping() -> (ByService<AsSegment<Keep>>, Exported) {
        let exported = Exported::default();
        let shared = Arc::clone(&exported);
        let make = move || {
            Ok(AsSegment(Keep {
                service: String::new(),
                exported: Arc::clone(&shared),
            }))
        };
        (ByService::new("process", make), exported)
    }
}
