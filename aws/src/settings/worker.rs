//! The settings of the workers and of the reconciler.

use cloudalbum_domain::Recipe;

use super::{Invalid, Reader, TelemetrySettings, recipe};

/// What thumbnail-worker and metadata-worker read.
#[derive(Clone, Debug)]
pub struct WorkerSettings {
    /// `AWS_REGION`.
    pub region: String,
    /// `S3_PHOTO_BUCKET`: where originals and renditions live.
    pub bucket: String,
    /// `TABLE_PREFIX`: what the tables' names start with; default nothing.
    pub table_prefix: String,
    /// `QUEUE_URL`: the queue that feeds this worker, for backoff.
    pub queue_url: String,
    /// `MAX_UPLOAD_BYTES`: no original is larger; default 256 MiB.
    pub max_upload_bytes: u64,
    /// `RENDITION_FORMAT`, `RENDITION_QUALITY`: what is made of every photo.
    pub recipe: Recipe,
    /// Logs and spans.
    pub telemetry: TelemetrySettings,
}

impl WorkerSettings {
    /// Reads them all, and reports all that is wrong.
    pub fn from_lookup(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, Invalid> {
        let mut reader = Reader::new(lookup);
        let telemetry = TelemetrySettings::read(&mut reader);
        let region = reader.required("AWS_REGION");
        let bucket = reader.required("S3_PHOTO_BUCKET");
        let queue_url = reader.required("QUEUE_URL");
        let table_prefix = reader.or_default("TABLE_PREFIX", String::new());
        let max_upload_bytes = reader.within("MAX_UPLOAD_BYTES", 256 << 20, 1..=5 << 40);
        let recipe = recipe::read(&mut reader);
        let settings = (|| {
            Some(Self {
                region: region?,
                bucket: bucket?,
                table_prefix,
                queue_url: queue_url?,
                max_upload_bytes,
                recipe,
                telemetry,
            })
        })();
        reader.finish(settings)
    }
}

/// What the reconciler reads.
#[derive(Clone, Debug)]
pub struct ReconcilerSettings {
    /// `AWS_REGION`.
    pub region: String,
    /// `S3_PHOTO_BUCKET`: where originals and renditions live.
    pub bucket: String,
    /// `TABLE_PREFIX`: what the tables' names start with; default nothing.
    pub table_prefix: String,
    /// `THUMBNAILS_QUEUE_URL`: where thumbnail jobs are sent again.
    pub thumbnails_queue_url: String,
    /// `METADATA_QUEUE_URL`: where metadata jobs are sent again.
    pub metadata_queue_url: String,
    /// `TRASH_DAYS`: how long a trashed photo can be restored; default 30.
    pub trash_days: u64,
    /// `URL_LIFE_SECONDS`: how long an upload URL works; default 900.
    pub url_life_seconds: u64,
    /// Logs and spans.
    pub telemetry: TelemetrySettings,
}

impl ReconcilerSettings {
    /// Reads them all, and reports all that is wrong.
    pub fn from_lookup(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, Invalid> {
        let mut reader = Reader::new(lookup);
        let telemetry = TelemetrySettings::read(&mut reader);
        let region = reader.required("AWS_REGION");
        let bucket = reader.required("S3_PHOTO_BUCKET");
        let thumbnails_queue_url = reader.required("THUMBNAILS_QUEUE_URL");
        let metadata_queue_url = reader.required("METADATA_QUEUE_URL");
        let table_prefix = reader.or_default("TABLE_PREFIX", String::new());
        let trash_days = reader.within("TRASH_DAYS", 30, 0..=3650);
        let url_life_seconds = reader.within("URL_LIFE_SECONDS", 900, 1..=3600);
        let settings = (|| {
            Some(Self {
                region: region?,
                bucket: bucket?,
                table_prefix,
                thumbnails_queue_url: thumbnails_queue_url?,
                metadata_queue_url: metadata_queue_url?,
                trash_days,
                url_life_seconds,
                telemetry,
            })
        })();
        reader.finish(settings)
    }
}
