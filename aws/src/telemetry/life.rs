//! The spans of a photo's life that nobody was there to time.

use cloudalbum_domain::{Facet, Photo, Stage, Status, TraceContext};
use jiff::{SignedDuration, Timestamp};

use super::{Emitted, Telemetry};

/// A photo that took longer is traced though its trace was not sampled.
const SLOW: SignedDuration = SignedDuration::from_mins(1);

impl Telemetry {
    /// Exports the root of `photo`'s trace and what it waited for, once both
    /// stages are finished with it; does nothing before.
    ///
    /// Whoever finishes a photo may call this, and more than once: the spans'
    /// ids follow from the photo. A photo that was not sampled, but failed or
    /// was slow, is exported too, marked `photo.partial`. What a photo did when
    /// it was processed again is told by its workers' spans alone, unless it
    /// went on in another trace: that has a root of its own, from its beginning.
    pub fn finished(&self, photo: &Photo) {
        for span in life(photo) {
            self.emit(span);
        }
    }
}

fn life(photo: &Photo) -> Vec<Emitted> {
    let (begin, generations) = photo
        .retraced
        .as_ref()
        .map_or((photo.upload_date, (1, 1)), |retraced| {
            (retraced.at, (retraced.thumbnails, retraced.metadata))
        });
    let first = (photo.thumbnails.generation, photo.metadata.generation) == generations;
    let ends = photo.thumbnails.finished_at();
    let ends = ends.zip(photo.metadata.finished_at());
    let (true, Some((thumbnails, metadata))) = (first, ends) else {
        return Vec::new();
    };
    let end = thumbnails.max(metadata);
    let failed = photo.status() == Status::Failed;
    let partial = !photo.trace_context.sampled;
    if partial && !failed && end.duration_since(begin) < SLOW {
        return Vec::new();
    }

    let code = failure(&photo.thumbnails).or_else(|| failure(&photo.metadata));
    let mut attributes = vec![
        ("photo.id", photo.id.to_string()),
        ("owner.id", photo.owner.to_string()),
    ];
    attributes.extend(code.clone().map(|code| ("photo.failure", code)));
    if partial {
        attributes.push(("photo.partial", "true".to_owned()));
    }
    let earlier = photo.retraced.as_ref().map(|retraced| retraced.earlier);
    // X-Ray knows no links of spans.
    let named = earlier.map(|earlier| ("photo.earlier_trace", earlier.xray_id()));
    attributes.extend(named);
    let root = Emitted {
        trace_id: photo.trace_context.trace_id,
        span_id: photo.trace_context.parent,
        parent: None,
        link: earlier,
        name: "photo",
        service: "photo",
        start: begin,
        end,
        failed: code,
        attributes,
    };
    let step = |name: &'static str, service, start: Option<Timestamp>, end: Option<Timestamp>| {
        let (start, end) = start.zip(end)?;
        // What the trace before has is not told twice.
        (start >= begin).then(|| Emitted {
            span_id: TraceContext::span_id(photo.id, name),
            parent: Some(root.span_id),
            link: None,
            name,
            service,
            start,
            end,
            failed: None,
            attributes: vec![("photo.id", photo.id.to_string())],
            ..root.clone()
        })
    };
    let times = &photo.times;
    let steps = [
        step("upload", "client", Some(photo.upload_date), times.event),
        step(
            "notify thumbnails",
            "s3",
            times.event,
            times.thumbnails_queued,
        ),
        step(
            "wait for thumbnail-worker",
            Stage::Thumbnails.as_str(),
            times.thumbnails_queued,
            times.thumbnails_received,
        ),
        step("notify metadata", "s3", times.event, times.metadata_queued),
        step(
            "wait for metadata-worker",
            Stage::Metadata.as_str(),
            times.metadata_queued,
            times.metadata_received,
        ),
    ];
    let mut spans: Vec<_> = steps.into_iter().flatten().collect();
    spans.push(root);
    spans
}

fn failure<T>(facet: &Facet<T>) -> Option<String> {
    facet
        .failure()
        .map(|(failure, ..)| failure.code.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use cloudalbum_domain::{
        Failure, FailureCode, Metadata, NewPhoto, OwnerId, Progress, Sha256, Thumbnails, Times,
    };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + second).unwrap()
    }

    fn photo(sampled: bool) -> Photo {
        let owner: OwnerId = "ann".parse().unwrap();
        let new = NewPhoto {
            owner,
            sha256: Sha256::of(b"bytes"),
            content_type: "image/jpeg".parse().unwrap(),
            filesize: 5,
            filename: "a.jpg".to_owned().try_into().unwrap(),
            tags: cloudalbum_domain::Tags::default(),
            description: cloudalbum_domain::Description::default(),
            modified_at: None,
            trace_context: TraceContext::mint(1_795_000_000, [1; 12], [2; 8], sampled),
        };
        let mut photo = new.pending(at(0));
        photo.times = Times {
            event: Some(at(3)),
            thumbnails_queued: Some(at(4)),
            thumbnails_received: Some(at(6)),
            metadata_queued: Some(at(4)),
            metadata_received: Some(at(5)),
        };
        let thumbnails = Thumbnails {
            recipe: 1,
            width: 4,
            height: 3,
            thumbhash: String::new(),
            renditions: Vec::new(),
            warnings: Vec::new(),
        };
        photo.thumbnails.progress = Progress::Done {
            result: thumbnails,
            at: at(8),
        };
        photo.metadata.progress = Progress::Done {
            result: Metadata::default(),
            at: at(7),
        };
        photo
    }

    fn broken(mut photo: Photo) -> Photo {
        let failure = Failure {
            code: FailureCode::CorruptImage,
            detail: String::new(),
        };
        photo.thumbnails.progress = Progress::Failed {
            failure,
            attempts: 1,
            at: at(8),
        };
        photo
    }

    #[test]
    fn waits_and_work_add_up_to_the_wall_time() {
        let spans = life(&photo(true));
        let root = spans.last().unwrap();
        assert_eq!((root.parent, root.start, root.end), (None, at(0), at(8)));
        let length = |name: &str| {
            let span = spans.iter().find(|span| span.name == name).unwrap();
            assert_eq!(span.parent, Some(root.span_id));
            span.end.duration_since(span.start).as_secs()
        };
        let work = at(8).duration_since(at(6)).as_secs();
        let waits =
            length("upload") + length("notify thumbnails") + length("wait for thumbnail-worker");
        assert_eq!(waits + work, root.end.duration_since(root.start).as_secs());
        let ids: std::collections::HashSet<_> = spans.iter().map(|span| span.span_id).collect();
        assert_eq!(ids.len(), 6);
    }

    #[test]
    fn says_nothing_before_the_end_and_nothing_of_a_second_life() {
        let mut waiting = photo(true);
        waiting.metadata = Facet::pending(at(0));
        assert!(life(&waiting).is_empty());
        let mut again = photo(true);
        again.metadata.generation = 2;
        assert!(life(&again).is_empty());
    }

    #[test]
    fn a_trace_after_a_day_has_a_root_of_its_own_that_is_linked() {
        const DAY: i64 = 24 * 60 * 60;
        let again = photo(true).reprocess(&[Stage::Metadata], at(DAY)).unwrap();
        let mut later = again.retrace(at(DAY + 1)).unwrap();
        assert!(life(&later).is_empty(), "it is not finished");
        later.metadata.progress = Progress::Done {
            result: Metadata::default(),
            at: at(DAY + 3),
        };
        let spans = life(&later);
        let [root] = spans.as_slice() else {
            panic!("the waits were before: {spans:?}");
        };
        assert_eq!((root.start, root.end), (at(DAY + 1), at(DAY + 3)));
        assert_eq!(root.link, Some(again.trace_context));
        assert_eq!(root.trace_id, later.trace_context.trace_id);
        assert_eq!(
            root.span_id, later.trace_context.parent,
            "attempts hang under it"
        );
    }

    #[test]
    fn an_unsampled_photo_shows_only_when_it_failed_or_was_slow() {
        assert!(life(&photo(false)).is_empty());
        let spans = life(&broken(photo(false)));
        let root = spans.last().unwrap();
        assert_eq!(root.failed.as_deref(), Some("corrupt_image"));
        assert!(
            root.attributes
                .contains(&("photo.partial", "true".to_owned()))
        );
        let mut slow = photo(false);
        slow.metadata.progress = Progress::Done {
            result: Metadata::default(),
            at: at(61),
        };
        assert_eq!(life(&slow).len(), 6);
    }
}
