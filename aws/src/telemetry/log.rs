//! Log lines as JSON, with the trace id in X-Ray's form.

use std::fmt;

use jiff::Timestamp;
use opentelemetry::Context;
use serde_json::{Map, Value, json};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::{JsonFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

use super::context::{Service, current};

/// One JSON object a line: the event's fields over those of the spans around
/// it, and `timestamp`, `level`, `service`, `target`, `trace_id`.
pub(super) struct JsonLine {
    service: &'static str,
}

impl JsonLine {
    pub(super) fn new(service: &'static str) -> Self {
        Self { service }
    }
}

impl<S> FormatEvent<S, JsonFields> for JsonLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, JsonFields>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = Map::new();
        for span in context
            .event_scope()
            .into_iter()
            .flat_map(tracing_subscriber::registry::Scope::from_root)
        {
            let extensions = span.extensions();
            let fields = extensions.get::<FormattedFields<JsonFields>>();
            let fields =
                fields.and_then(|fields| serde_json::from_str::<Map<_, _>>(&fields.fields).ok());
            line.extend(fields.unwrap_or_default());
        }
        event.record(&mut Fields(&mut line));
        let service =
            Context::map_current(|context| context.get::<Service>().map(|Service(name)| *name));
        line.insert("timestamp".to_owned(), json!(Timestamp::now()));
        line.insert("level".to_owned(), json!(event.metadata().level().as_str()));
        line.insert("target".to_owned(), json!(event.metadata().target()));
        line.insert("service".to_owned(), json!(service.unwrap_or(self.service)));
        if let Some(trace) = current() {
            line.insert("trace_id".to_owned(), json!(trace.xray_id()));
        }
        writeln!(writer, "{}", Value::Object(line))
    }
}

struct Fields<'a>(&'a mut Map<String, Value>);

impl Fields<'_> {
    fn set(&mut self, field: &Field, value: Value) {
        self.0.insert(field.name().to_owned(), value);
    }
}

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.set(field, json!(format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field, json!(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field, json!(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, json!(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field, json!(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, json!(value));
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Telemetry, join};
    use super::*;
    use opentelemetry::trace::TracerProvider as _;
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};
    use tracing::{info_span, warn};
    use tracing_subscriber::prelude::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_names_its_photo_service_and_trace() {
        let lines = Lines::default();
        let writer = lines.clone();
        let telemetry = Telemetry::assemble(None, 1.0);
        let format = tracing_subscriber::fmt::layer()
            .fmt_fields(JsonFields::new())
            .event_format(JsonLine::new("process"));
        let spans = tracing_opentelemetry::layer().with_tracer(telemetry.provider.tracer("test"));
        let subscriber = tracing_subscriber::registry()
            .with(format.with_writer(move || writer.clone()))
            .with(spans);
        tracing::subscriber::with_default(subscriber, || {
            let photo =
                "Root=1-6b039000-aaaaaaaaaaaaaaaaaaaaaaaa;Parent=bbbbbbbbbbbbbbbb;Sampled=1"
                    .parse()
                    .unwrap();
            let span = info_span!(parent: None, "job", photo.id = "p1");
            join(&span, "metadata-worker", Some(&photo));
            span.in_scope(|| warn!(size_bytes = 7, "gave up\non a photo"));
            warn!("outside");
        });
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        let parsed: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let [inside, outside] = parsed.as_slice() else {
            panic!("{text}")
        };
        assert_eq!(inside["trace_id"], "1-6b039000-aaaaaaaaaaaaaaaaaaaaaaaa");
        assert_eq!(
            (&inside["service"], &inside["photo.id"]),
            (&json!("metadata-worker"), &json!("p1"))
        );
        assert_eq!(
            (&inside["size_bytes"], &inside["message"]),
            (&json!(7), &json!("gave up\non a photo"))
        );
        assert_eq!(
            (&outside["service"], outside.get("trace_id")),
            (&json!("process"), None)
        );
    }
}
