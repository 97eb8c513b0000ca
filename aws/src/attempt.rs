//! One attempt at a stage of a photo: claim, work in the photo's own trace,
//! mark, and tell the photo's life when it was the last to finish.

use cloudalbum_domain::{Failure, FailureCode, Photo, Refused, Stage, Times, TraceContext};
use jiff::Timestamp;
use tracing::{Instrument as _, Span, field, info, info_span, warn};

use crate::batch::{Delivery, JobError};
use crate::bucket::GetError;
use crate::table::{Claim, Table, TransitionError};
use crate::telemetry::{self, Emitted, Ended, Telemetry};

/// What every attempt at one stage works with. Clones are cheap.
#[derive(Clone, Debug)]
pub struct Attempts {
    /// Which facet is worked on.
    pub stage: Stage,
    /// Records.
    pub table: Table,
    /// Where the spans go that are written from records.
    pub telemetry: Telemetry,
}

/// A transition of [`Photo`] that finishes the facet of one generation.
pub type Finish<T> =
    fn(&Photo, u32, Result<T, Failure>, &Times, Timestamp) -> Result<Photo, Refused>;

impl Attempts {
    /// Runs `work` on the photo that `delivery` names, if there is work to do,
    /// and commits what `finish` makes of its outcome.
    ///
    /// A photo that can never be finished is recorded as failed and counts as
    /// done here; only what another attempt may mend is an error.
    pub async fn run<T, W, F>(
        &self,
        delivery: Delivery,
        finish: Finish<T>,
        work: W,
    ) -> Result<(), JobError>
    where
        T: Clone,
        W: FnOnce(Photo) -> F,
        F: Future<Output = Result<Result<T, Failure>, JobError>>,
    {
        let begun = Timestamp::now();
        let claim = self.table.claim(&delivery.original, self.stage).await;
        let photo = match claim.map_err(JobError::transient)? {
            Claim::Work(photo) => *photo,
            claim => {
                info!(photo.id = %delivery.original.photo, ?claim, "nothing to do for this notification");
                return Ok(());
            }
        };
        let photo = self.retraced(photo, begun).await?;
        let claimed = Timestamp::now();
        let (sent_at, bytes) = (delivery.sent_at, photo.filesize);
        let span = self.span(&photo, &delivery);
        self.tell_claim(&photo, begun, claimed);
        let outcome = self
            .work(photo, begun, &delivery, finish, work)
            .instrument(span.clone())
            .await;
        let counted = match &outcome {
            Ok(counted) => counted,
            Err(error) => {
                span.record("otel.status_code", "ERROR");
                span.record("error", field::display(error));
                "retry"
            }
        };
        let took = Timestamp::now().duration_since(begun);
        self.telemetry.metrics().ended(&Ended {
            stage: self.stage,
            outcome: counted,
            wait: sent_at.map(|sent| begun.duration_since(sent)),
            took,
            bytes,
        });
        let duration_ms = took.as_secs_f64() * 1_000.0;
        span.in_scope(|| match counted {
            "done" | "outrun" => info!(outcome = counted, duration_ms, "attempt ended"),
            _ => warn!(outcome = counted, duration_ms, "attempt ended"),
        });
        outcome.map(drop)
    }

    /// The photo in a trace that still takes spans.
    async fn retraced(&self, photo: Photo, now: Timestamp) -> Result<Photo, JobError> {
        if photo.retrace(now).is_err() {
            return Ok(photo);
        }
        let mut found = photo.clone();
        let next = |photo: &Photo| {
            found.clone_from(photo);
            photo.retrace(now)
        };
        match Box::pin(self.table.transition_from(photo, next)).await {
            Ok(photo) => Ok(photo),
            // The other stage was faster; or this attempt will be refused, too.
            Err(TransitionError::Refused(_) | TransitionError::Unknown) => Ok(found),
            Err(error) => Err(JobError::transient(error)),
        }
    }

    /// Works and marks; tells the outcome as figures count it.
    async fn work<T, W, F>(
        &self,
        photo: Photo,
        begun: Timestamp,
        delivery: &Delivery,
        finish: Finish<T>,
        work: W,
    ) -> Result<&'static str, JobError>
    where
        T: Clone,
        W: FnOnce(Photo) -> F,
        F: Future<Output = Result<Result<T, Failure>, JobError>>,
    {
        let generation = match self.stage {
            Stage::Thumbnails => photo.thumbnails.generation,
            Stage::Metadata => photo.metadata.generation,
        };
        let outcome = work(photo.clone()).await?;
        if let Err(failure) = &outcome {
            let span = Span::current();
            span.record("otel.status_code", "ERROR");
            span.record("error", field::display(failure.code));
            span.record("photo.failure", field::display(failure.code));
        }
        let counted = outcome
            .as_ref()
            .map_or_else(|failure| failure.code.as_str(), |_| "done");
        let times = self.times(delivery, begun);
        let next =
            |photo: &Photo| finish(photo, generation, outcome.clone(), &times, Timestamp::now());
        match self.table.transition_from(photo, next).await {
            Ok(photo) => {
                self.telemetry.finished(&photo);
                Ok(counted)
            }
            // Another attempt was faster, or the photo went to the trash.
            Err(
                TransitionError::Refused(Refused::Stale | Refused::NotLive)
                | TransitionError::Unknown,
            ) => Ok("outrun"),
            Err(error) => Err(JobError::transient(error)),
        }
    }

    /// What was waited for ends where this attempt began: a message may have
    /// waited behind others of its batch.
    fn times(&self, delivery: &Delivery, begun: Timestamp) -> Times {
        let event = Some(delivery.event_time);
        match self.stage {
            Stage::Thumbnails => Times {
                event,
                thumbnails_queued: delivery.sent_at,
                thumbnails_received: Some(begun),
                ..Times::default()
            },
            Stage::Metadata => Times {
                event,
                metadata_queued: delivery.sent_at,
                metadata_received: Some(begun),
                ..Times::default()
            },
        }
    }

    fn span(&self, photo: &Photo, delivery: &Delivery) -> Span {
        let span = info_span!(
            parent: None,
            "attempt",
            otel.name = self.name(),
            otel.kind = "consumer",
            otel.status_code = field::Empty,
            photo.id = %photo.id,
            owner.id = %photo.owner,
            photo.failure = field::Empty,
            messaging.message.id = %delivery.message_id,
            messaging.message.receive_count = delivery.receive_count,
            error = field::Empty,
        );
        telemetry::join(&span, self.service(), Some(&photo.trace_context));
        let sent_by: Option<TraceContext> = delivery
            .trace_header
            .as_deref()
            .and_then(|header| header.parse().ok());
        let earlier = photo.retraced.as_ref().map(|retraced| retraced.earlier);
        let others = sent_by.filter(|sender| {
            sender.trace_id != photo.trace_context.trace_id
                && earlier.is_none_or(|earlier| sender.trace_id != earlier.trace_id)
        });
        for other in others.iter().chain(&earlier) {
            telemetry::link(&span, other);
        }
        span
    }

    /// The call that tells which trace to join is over before it can be joined.
    fn tell_claim(&self, photo: &Photo, begun: Timestamp, claimed: Timestamp) {
        let trace = photo.trace_context;
        if !trace.sampled {
            return;
        }
        let attempt = format!("claim {} {}", self.stage.as_str(), begun.as_nanosecond());
        self.telemetry.emit(Emitted {
            trace_id: trace.trace_id,
            span_id: TraceContext::span_id(photo.id, &attempt),
            parent: Some(trace.parent),
            link: None,
            name: "claim",
            service: self.service(),
            start: begun,
            end: claimed,
            failed: None,
            attributes: vec![
                ("photo.id", photo.id.to_string()),
                ("rpc.service", "DynamoDB".to_owned()),
                ("rpc.method", "UpdateItem".to_owned()),
            ],
        });
    }

    fn name(&self) -> &'static str {
        match self.stage {
            Stage::Thumbnails => "make thumbnails",
            Stage::Metadata => "read metadata",
        }
    }

    fn service(&self) -> &'static str {
        match self.stage {
            Stage::Thumbnails => "thumbnail-worker",
            Stage::Metadata => "metadata-worker",
        }
    }
}

/// The failure that an original's absence or size means, as `too_large` names
/// it; anything else is worth another attempt.
pub fn unreadable(error: GetError, too_large: FailureCode) -> Result<Failure, JobError> {
    match error {
        GetError::Missing => Ok(Failure::new(
            FailureCode::OriginalMissing,
            "no object under the photo's key",
        )),
        GetError::TooLarge { .. } => Ok(Failure::new(too_large, error.to_string())),
        GetError::Bucket(error) => Err(JobError::transient(error)),
    }
}
