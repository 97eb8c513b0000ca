//! Fresh messages for the unfinished stages of photos, built from their
//! records.

use cloudalbum_domain::{Photo, Stage};

use crate::notification::{self, Created};
use crate::queue::{Outgoing, Queue, QueueError};

/// Sends photos to the queues of their unfinished stages.
#[derive(Clone, Debug)]
pub struct Requeue {
    /// The queue of the thumbnail-worker.
    pub thumbnails: Queue,
    /// The queue of the metadata-worker.
    pub metadata: Queue,
    /// The bucket that the messages name.
    pub bucket: String,
}

impl Requeue {
    /// The queue of a stage.
    pub fn queue(&self, stage: Stage) -> &Queue {
        match stage {
            Stage::Thumbnails => &self.thumbnails,
            Stage::Metadata => &self.metadata,
        }
    }

    /// Sends a message for each unfinished stage of each photo. After an error
    /// some may have been sent; the records still wait, and sending all of
    /// them again is harmless.
    pub async fn send(&self, photos: &[Photo]) -> Result<(), QueueError> {
        for stage in Stage::ALL {
            let waiting = photos.iter().filter(|photo| waits(photo, stage));
            let messages: Vec<Outgoing> = waiting.map(|photo| self.message(photo)).collect();
            self.queue(stage).send_batch(&messages).await?;
        }
        Ok(())
    }

    /// What S3 would say about the photo's original.
    fn message(&self, photo: &Photo) -> Outgoing {
        let created = Created {
            key: photo.original(),
            event_time: photo.changed_at,
            size: Some(photo.filesize),
            etag: None,
            sequencer: None,
        };
        Outgoing {
            body: notification::to_json(&created, &self.bucket),
            trace: Some(photo.trace_context),
        }
    }
}

fn waits(photo: &Photo, stage: Stage) -> bool {
    let since = match stage {
        Stage::Thumbnails => photo.thumbnails.pending_since(),
        Stage::Metadata => photo.metadata.pending_since(),
    };
    since.is_some()
}
