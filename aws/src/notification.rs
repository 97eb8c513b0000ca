//! S3's notifications: what was created, read from JSON and written as JSON.

use std::borrow::Cow;

use cloudalbum_domain::{OriginalKey, ParseKeyError};
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::{Deserialize, Serialize};

/// An original that S3 says is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Created {
    /// Which original.
    pub key: OriginalKey,
    /// When S3 finished the request that created it.
    pub event_time: Timestamp,
    /// In bytes; absent when the sender did not know.
    pub size: Option<u64>,
    /// The object's `ETag`, without quotes.
    pub etag: Option<String>,
    /// Orders the events of one key.
    pub sequencer: Option<String>,
}

/// Reads the originals that a notification says were created: none for the
/// `s3:TestEvent` that S3 sends when notifications are configured, and none
/// for records of other events.
///
/// # Errors
///
/// When the body is anything else (an SNS envelope, say), or names a key that
/// is not an original's.
pub fn parse(body: &str) -> Result<Vec<Created>, NotificationError> {
    let records = match serde_json::from_str(body).map_err(NotificationError::Shape)? {
        Notification::Objects { records } => records,
        Notification::Test { .. } => return Ok(Vec::new()),
    };
    let created = |record: &Record<'_>| record.event_name.starts_with("ObjectCreated:");
    records
        .into_iter()
        .filter(created)
        .map(Record::read)
        .collect()
}

/// Writes the notification that S3 would send (through SNS with raw delivery)
/// for `created` in `bucket`, so that a redriven photo takes the same way.
pub fn to_json(created: &Created, bucket: &str) -> String {
    let record = Record {
        event_source: Cow::Borrowed("aws:s3"),
        event_name: Cow::Borrowed("ObjectCreated:Put"),
        event_time: created.event_time,
        s3: Entity {
            bucket: Bucket {
                name: Cow::Borrowed(bucket),
            },
            object: Object {
                key: Cow::Owned(encode(&created.key.to_string())),
                size: created.size,
                etag: created.etag.clone(),
                sequencer: created.sequencer.clone(),
            },
        },
    };
    serde_json::json!({ "Records": [record] }).to_string()
}

/// Why a body is not a notification about originals.
#[derive(Debug, thiserror::Error)]
pub enum NotificationError {
    /// It is not JSON, or not what S3 sends.
    #[error("body is not an S3 notification")]
    Shape(#[source] serde_json::Error),
    /// The key's bytes are not UTF-8.
    #[error("object key is not UTF-8")]
    Encoding(#[source] std::str::Utf8Error),
    /// The key is not one that we mint.
    #[error("object key `{key}` is not an original's")]
    Key {
        /// The key, decoded.
        key: String,
        /// Which rule it breaks.
        #[source]
        source: ParseKeyError,
    },
}

/// A closed set on purpose: an SNS envelope must fail rather than look like a
/// notification about nothing.
#[derive(Deserialize)]
#[serde(untagged)]
enum Notification<'a> {
    Objects {
        #[serde(rename = "Records", borrow)]
        records: Vec<Record<'a>>,
    },
    Test {
        #[serde(rename = "Event")]
        _event: TestEvent,
    },
}

#[derive(Deserialize)]
enum TestEvent {
    #[serde(rename = "s3:TestEvent")]
    TestEvent,
}

/// The parts of a record that we use
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>).
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    #[serde(default)]
    event_source: Cow<'a, str>,
    event_name: Cow<'a, str>,
    event_time: Timestamp,
    s3: Entity<'a>,
}

#[derive(Serialize, Deserialize)]
struct Entity<'a> {
    bucket: Bucket<'a>,
    object: Object<'a>,
}

#[derive(Serialize, Deserialize)]
struct Bucket<'a> {
    #[serde(default)]
    name: Cow<'a, str>,
}

#[derive(Serialize, Deserialize)]
struct Object<'a> {
    key: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(default, rename = "eTag", skip_serializing_if = "Option::is_none")]
    etag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sequencer: Option<String>,
}

impl Record<'_> {
    fn read(self) -> Result<Created, NotificationError> {
        let object = self.s3.object;
        let key = decode(&object.key).map_err(NotificationError::Encoding)?;
        let key = key
            .parse()
            .map_err(|source| NotificationError::Key { key, source })?;
        Ok(Created {
            key,
            event_time: self.event_time,
            size: object.size,
            etag: object.etag,
            sequencer: object.sequencer,
        })
    }
}

/// What stays as it is when S3 form-encodes a key.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'*');

/// S3 form-encodes keys in notifications: a space is sent as `+`.
fn encode(key: &str) -> String {
    utf8_percent_encode(key, KEPT)
        .to_string()
        .replace("%20", "+")
}

fn decode(key: &str) -> Result<String, std::str::Utf8Error> {
    let spaced = key.replace('+', " ");
    Ok(percent_decode_str(&spaced).decode_utf8()?.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use cloudalbum_domain::{PhotoId, Sha256};
    use proptest::prelude::*;

    fn created() -> Created {
        let owner = "ann-1".parse().unwrap();
        let photo = PhotoId::derive(&owner, &Sha256::of(b"bytes"));
        Created {
            key: OriginalKey { owner, photo },
            event_time: "2026-11-23T03:50:00.123Z".parse().unwrap(),
            size: Some(5),
            etag: Some("d41d8cd98f00b204e9800998ecf8427e".to_owned()),
            sequencer: Some("0055AED6DCD90281E5".to_owned()),
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        assert_eq!(parse(&to_json(&created(), "album")).unwrap(), [created()]);
    }

    #[test]
    fn reads_what_s3_sends() {
        let key = created().key;
        let body = format!(
            r#"{{"Records":[{{"eventVersion":"2.1","eventSource":"aws:s3","awsRegion":"eu-west-1",
            "eventTime":"1970-01-01T00:00:00.000Z","eventName":"ObjectCreated:CompleteMultipartUpload",
            "userIdentity":{{"principalId":"AIDA"}},"requestParameters":{{"sourceIPAddress":"127.0.0.1"}},
            "responseElements":{{"x-amz-request-id":"C3"}},
            "s3":{{"s3SchemaVersion":"1.0","configurationId":"originals",
            "bucket":{{"name":"album","ownerIdentity":{{"principalId":"A3"}},"arn":"arn:aws:s3:::album"}},
            "object":{{"key":"{key}","size":1024,"eTag":"d4","versionId":"096f","sequencer":"0055"}}}}}},
            {{"eventName":"ObjectRemoved:Delete","eventTime":"1970-01-01T00:00:00.000Z",
            "s3":{{"bucket":{{"name":"album"}},"object":{{"key":"anything"}}}}}}]}}"#
        );
        let created = parse(&body).unwrap();
        assert_eq!(created.len(), 1);
        assert_eq!((&created[0].key, created[0].size), (&key, Some(1024)));
    }

    #[test]
    fn a_test_event_is_about_nothing() {
        let body = r#"{"Service":"Amazon S3","Event":"s3:TestEvent","Time":"2026-11-23T00:00:00Z","Bucket":"album"}"#;
        assert_eq!(parse(body).unwrap(), []);
    }

    #[test]
    fn refuses_what_is_not_about_originals() {
        let key = created().key.to_string();
        let rendition =
            to_json(&created(), "album").replace(&key, "renditions/ann-1/x/1/grid.webp");
        let envelope =
            serde_json::json!({ "Type": "Notification", "Message": to_json(&created(), "album") });
        for body in [
            &rendition,
            &envelope.to_string(),
            "{}",
            "not json",
            r#"{"Event":"other"}"#,
        ] {
            assert!(parse(body).is_err(), "{body}");
        }
    }

    #[test]
    fn decodes_a_plus_as_a_space_and_percent_2b_as_a_plus() {
        assert_eq!(decode("a+b%2Bc%C3%A9").unwrap(), "a b+cé");
        assert_eq!(encode("a b+cé/d"), "a+b%2Bc%C3%A9/d");
        assert!(decode("%ff").is_err());
    }

    proptest! {
        #[test]
        fn encode_then_decode_round_trips(key: String) {
            prop_assert_eq!(decode(&encode(&key)).unwrap(), key);
        }

        #[test]
        fn never_panics(body: String) {
            let _outcome = parse(&body);
        }
    }
}
