//! Another trace for a photo that is worked on long after its trace began.

use jiff::{SignedDuration, Timestamp};

use super::Refused;
use crate::{Photo, Retraced, State};

/// A trace takes no more segments after this: X-Ray's documents have it that
/// one lasts for 24 hours at most.
const TRACE_LIFE: SignedDuration = SignedDuration::from_hours(24);

impl Photo {
    /// Starts a new trace, which the record links to the one before, when that
    /// one is too old for the work that begins at `now`.
    pub fn retrace(&self, now: Timestamp) -> Result<Self, Refused> {
        if self.state != State::Live {
            return Err(Refused::NotLive);
        }
        let begun = i64::from(self.trace_context.epoch_seconds());
        let begun = Timestamp::from_second(begun).unwrap_or(now);
        if now.duration_since(begun) < TRACE_LIFE {
            return Err(Refused::Unchanged);
        }
        Ok(Self {
            trace_context: self.trace_context.following(self.id, now),
            retraced: Some(Box::new(Retraced {
                earlier: self.trace_context,
                at: now,
                thumbnails: self.thumbnails.generation,
                metadata: self.metadata.generation,
            })),
            ..self.changed(now)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Description, MediaType, NewPhoto, Sha256, Stage, Tags, TraceContext};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + second).unwrap()
    }

    fn photo() -> Photo {
        let new = NewPhoto {
            owner: "ann".parse().unwrap(),
            sha256: Sha256::of(b"1"),
            content_type: MediaType::Jpeg,
            filesize: 1,
            filename: "IMG_1.jpg".to_owned().try_into().unwrap(),
            tags: Tags::default(),
            description: Description::default(),
            modified_at: None,
            trace_context: TraceContext::mint(1_795_000_000, [2; 12], [3; 8], true),
        };
        new.pending(at(0))
    }

    const DAY: i64 = 24 * 60 * 60;

    #[test]
    fn a_trace_is_followed_by_another_after_a_day_and_not_before() {
        let photo = photo();
        assert_eq!(photo.retrace(at(DAY - 1)), Err(Refused::Unchanged));
        let retraced = photo.retrace(at(DAY)).unwrap();
        assert_ne!(
            retraced.trace_context.trace_id,
            photo.trace_context.trace_id
        );
        assert_ne!(retraced.trace_context.parent, photo.trace_context.parent);
        let seconds = i64::from(retraced.trace_context.epoch_seconds());
        assert_eq!(Timestamp::from_second(seconds).unwrap(), at(DAY));
        assert!(retraced.trace_context.sampled);
        let kept = retraced.retraced.as_ref().unwrap();
        assert_eq!((kept.earlier, kept.at), (photo.trace_context, at(DAY)));
        assert_eq!(retraced.version, photo.version + 1);
        assert_eq!(retraced.retrace(at(2 * DAY - 1)), Err(Refused::Unchanged));
        let again = retraced.retrace(at(2 * DAY)).unwrap();
        assert_eq!(
            again.retraced.unwrap().earlier,
            retraced.trace_context,
            "each trace is linked to the one before"
        );
    }

    #[test]
    fn the_new_trace_knows_the_generations_that_it_is_about() {
        let again = photo().reprocess(&[Stage::Metadata], at(DAY)).unwrap();
        let kept = again.retrace(at(DAY)).unwrap().retraced.unwrap();
        assert_eq!((kept.thumbnails, kept.metadata), (1, 2));
    }

    #[test]
    fn a_photo_in_the_trash_keeps_its_trace() {
        let trashed = photo().trash(at(1)).unwrap();
        assert_eq!(trashed.retrace(at(2 * DAY)), Err(Refused::NotLive));
    }
}
