//! The signer against the SDK's own presigner.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Region};
use aws_sdk_s3::presigning::{PresignedRequest, PresigningConfig};
use cloudalbum_domain::wire::{EntryAnswer, ManifestAnswer, Upload};
use cloudalbum_domain::{MediaType, OriginalKey, PhotoId, Sha256};
use jiff::Timestamp;
use url::Url;

use super::{PartToSign, Signer};

const LIFE: Duration = Duration::from_mins(15);

/// As Lambda has them: with a long token full of what must be encoded.
fn credentials() -> Credentials {
    let token = "IQoJb3JpZ2luX2VjE+/=".repeat(75);
    Credentials::new("AKIAEXAMPLE", "secret/+=", Some(token), None, "test")
}

fn client(endpoint: Option<&str>) -> Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(credentials())
        .force_path_style(endpoint.is_some());
    let config = match endpoint {
        Some(endpoint) => config.endpoint_url(endpoint),
        None => config,
    };
    Client::from_conf(config.build())
}

fn signer(client: Client) -> Signer {
    let provider = SharedCredentialsProvider::new(credentials());
    Signer::new(client, Some(provider), "eu-west-1", "album")
}

fn key() -> OriginalKey {
    let owner = "3f2c8a5e-0000-4000-8000-123456789abc".parse().unwrap();
    OriginalKey {
        photo: PhotoId::derive(&owner, &Sha256::of(b"photo")),
        owner,
    }
}

fn presigning(now: Timestamp, life: Duration) -> PresigningConfig {
    let config = PresigningConfig::builder().start_time(SystemTime::from(now));
    config.expires_in(life).build().unwrap()
}

fn query(url: &str) -> BTreeMap<String, String> {
    let url: Url = url.parse().unwrap();
    url.query_pairs().into_owned().collect()
}

/// Asserts that both open the same thing, in spite of the order of the query.
fn assert_same(ours: &str, theirs: &PresignedRequest) {
    assert_eq!(query(ours), query(theirs.uri()));
    let before = |url: &str| url.split('?').next().unwrap().to_owned();
    assert_eq!(before(ours), before(theirs.uri()));
}

#[tokio::test]
async fn urls_are_those_of_the_sdk() {
    let now: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
    let (key, sha256) = (key(), Sha256::of(b"photo"));
    for endpoint in [None, Some("http://127.0.0.1:4566")] {
        let client = client(endpoint);
        let signer = signer(client.clone());
        let put = signer.put(&key, &sha256, 5, MediaType::Heic, now, LIFE);
        let put = put.await.unwrap();
        let sdk = client
            .put_object()
            .bucket("album")
            .key(key.to_string())
            .content_length(5)
            .content_type("image/heic")
            .checksum_sha256(sha256.base64())
            .if_none_match("*")
            .presigned(presigning(now, LIFE));
        let sdk = sdk.await.unwrap();
        assert_same(&put.url, &sdk);
        let sent: BTreeMap<_, _> = sdk
            .headers()
            .filter(|(name, _)| *name != "content-length")
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        assert_eq!(put.headers, sent);

        let part = PartToSign {
            upload: "an+id/=",
            number: 7,
            size: 8 << 20,
            sha256: &sha256,
        };
        let signed = signer.part(&key, &part, now, LIFE).await.unwrap();
        let sdk = client
            .upload_part()
            .bucket("album")
            .key(key.to_string())
            .upload_id("an+id/=")
            .part_number(7)
            .content_length(8 << 20)
            .checksum_sha256(sha256.base64())
            .presigned(presigning(now, LIFE));
        assert_same(&signed.url, &sdk.await.unwrap());

        let name = "Été 1.jpg";
        let get = signer.get("renditions/a/b.webp", now, Some(name));
        let sdk = client
            .get_object()
            .bucket("album")
            .key("renditions/a/b.webp")
            .response_content_disposition(super::attachment(name))
            .presigned(presigning(
                "2026-01-02T03:00:00Z".parse().unwrap(),
                Duration::from_hours(2),
            ));
        assert_same(&get.await.unwrap(), &sdk.await.unwrap());
    }
}

#[tokio::test]
async fn nothing_that_binds_an_upload_travels_unsigned() {
    let now: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
    let signer = signer(client(None));
    let (key, sha256) = (key(), Sha256::of(b"photo"));
    let put = signer.put(&key, &sha256, 5, MediaType::Jpeg, now, LIFE);
    let put = query(&put.await.unwrap().url);
    let names = "content-length;content-type;host;if-none-match;x-amz-checksum-sha256";
    assert_eq!(put["X-Amz-SignedHeaders"], names);
    let part = PartToSign {
        upload: "id",
        number: 1,
        size: 5,
        sha256: &sha256,
    };
    let part = signer.part(&key, &part, now, LIFE).await.unwrap();
    let part = query(&part.url);
    let names = "content-length;host;x-amz-checksum-sha256";
    assert_eq!(part["X-Amz-SignedHeaders"], names);
    for found in [put, part] {
        let own = |name: &str| {
            let own = ["x-id", "partNumber", "uploadId"];
            name.starts_with("X-Amz-") || own.contains(&name)
        };
        assert!(found.keys().all(|name| own(name)), "{:?}", found.keys());
    }
}

#[tokio::test]
async fn the_answer_to_the_largest_manifest_fits_lambdas_six_megabytes() {
    let now: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
    let signer = signer(client(None));
    let key = key();
    let mut photos = Vec::new();
    for number in 0..1_000 {
        let sha256 = Sha256::of(format!("{number}").as_bytes());
        let put = signer.put(&key, &sha256, 5 << 20, MediaType::Jpeg, now, LIFE);
        let put = put.await.unwrap();
        photos.push(EntryAnswer::Upload {
            photo_id: key.photo.to_string(),
            upload: Upload::Put {
                method: "PUT".to_owned(),
                url: put.url,
                headers: put.headers,
                expires_at: put.expires_at,
            },
        });
    }
    let answer = serde_json::to_vec(&ManifestAnswer { photos }).unwrap();
    assert!(answer.len() > 2_000_000, "the tokens are in it");
    assert!(answer.len() < 6_000_000, "{} bytes", answer.len());
}
