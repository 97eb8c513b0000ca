//! The notification that S3 sends when an object was created.

use serde_json::json;

use super::encode;

/// Only these keys notify, as in the cloud's notification filter.
const PREFIX: &str = "originals/";

/// One object that was just created.
#[derive(Debug)]
pub(super) struct Created<'a> {
    /// `ObjectCreated:Put` or `ObjectCreated:CompleteMultipartUpload`.
    pub(super) event_name: &'a str,
    pub(super) region: &'a str,
    pub(super) bucket: &'a str,
    pub(super) key: &'a str,
    pub(super) size: u64,
    pub(super) etag: &'a str,
    pub(super) at: jiff::Timestamp,
    /// Grows with every event; compared as hexadecimal text of equal length.
    pub(super) sequence: i64,
}

/// Whether creating `key` notifies anybody.
pub(super) fn notifies(key: &str) -> bool {
    key.starts_with(PREFIX)
}

impl Created<'_> {
    /// The message body as it leaves SNS by raw delivery.
    ///
    /// Format: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>
    pub(super) fn body(&self) -> String {
        json!({ "Records": [{
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "awsRegion": self.region,
            "eventTime": format!("{:.3}", self.at),
            "eventName": self.event_name,
            "userIdentity": { "principalId": "AWS:local" },
            "requestParameters": { "sourceIPAddress": "127.0.0.1" },
            "responseElements": {},
            "s3": {
                "s3SchemaVersion": "1.0",
                "configurationId": "originals",
                "bucket": {
                    "name": self.bucket,
                    "ownerIdentity": { "principalId": "local" },
                    "arn": format!("arn:aws:s3:::{}", self.bucket),
                },
                "object": {
                    "key": encode::form(self.key),
                    "size": self.size,
                    "eTag": self.etag,
                    "sequencer": format!("{:018X}", self.sequence),
                },
            },
        }]})
        .to_string()
    }
}

#[cfg(test)]
mod tests {
    use aws_lambda_events::event::s3::S3Event;

    use super::*;

    #[test]
    fn is_understood_by_the_lambda_type_and_keeps_the_key_encoded() {
        let body = Created {
            event_name: "ObjectCreated:Put",
            region: "eu-west-1",
            bucket: "photos",
            key: "originals/a b+ü",
            size: 7,
            etag: "abc",
            at: "2026-01-02T03:04:05.678Z".parse().unwrap(),
            sequence: 26,
        }
        .body();
        let event: S3Event = serde_json::from_str(&body).unwrap();
        let [record] = event.records.as_slice() else {
            panic!("one record expected")
        };
        assert_eq!(record.event_name.as_deref(), Some("ObjectCreated:Put"));
        assert_eq!(
            record.s3.object.key.as_deref(),
            Some("originals/a+b%2B%C3%BC")
        );
        assert_eq!(record.s3.object.size, Some(7));
        assert_eq!(
            record.s3.object.sequencer.as_deref(),
            Some("00000000000000001A")
        );
        assert!(body.contains("2026-01-02T03:04:05.678Z"), "{body}");
    }

    #[test]
    fn only_originals_notify() {
        assert!(notifies("originals/o/p"));
        assert!(!notifies("renditions/o/p/1/thumb.webp"));
        assert!(!notifies("originals"));
    }
}
