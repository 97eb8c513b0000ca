//! A presigned PUT as the API hands it out, and the ways to tamper with it.

use std::time::{Duration, SystemTime};

use aws_sdk_s3::presigning::{PresignedRequest, PresigningConfig};
use base64::{Engine, prelude::BASE64_STANDARD};
use reqwest::{Method, StatusCode};
use sha2::{Digest, Sha256};

use crate::endpoint::Endpoint;

pub(super) const BODY: &str = "the bytes of a photo";
pub(super) const KEY: &str = "originals/owner/photo";

pub(super) fn sha256(body: &[u8]) -> String {
    BASE64_STANDARD.encode(Sha256::digest(body))
}

/// The PUT as the API hands it out: bound to everything about the photo.
pub(super) async fn bound(endpoint: &Endpoint, key: &str, age: Duration) -> PresignedRequest {
    let lifetime = PresigningConfig::builder()
        .start_time(SystemTime::now() - age)
        .expires_in(Duration::from_hours(1))
        .build()
        .unwrap();
    endpoint
        .s3
        .put_object()
        .bucket(&endpoint.bucket)
        .key(key)
        .content_type("image/jpeg")
        .content_length(i64::try_from(BODY.len()).unwrap())
        .checksum_sha256(sha256(BODY.as_bytes()))
        .if_none_match("*")
        .presigned(lifetime)
        .await
        .unwrap()
}

/// A presigned request that can be changed before it is sent.
pub(super) struct Attempt {
    pub(super) method: Method,
    pub(super) url: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Attempt {
    pub(super) fn new(request: &PresignedRequest) -> Self {
        Self {
            method: request.method().parse().unwrap(),
            url: request.uri().to_owned(),
            headers: request
                .headers()
                .filter(|(name, _)| *name != "content-length" && *name != "host")
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            body: BODY.to_owned(),
        }
    }

    pub(super) fn without(mut self, header: &str) -> Self {
        let before = self.headers.len();
        self.headers.retain(|(name, _)| name != header);
        assert_ne!(before, self.headers.len(), "{header} was not bound");
        self
    }

    pub(super) fn with(self, header: &str, value: &str) -> Self {
        let mut changed = self.without(header);
        changed.headers.push((header.to_owned(), value.to_owned()));
        changed
    }

    pub(super) async fn send(self) -> (StatusCode, String) {
        let mut request = reqwest::Client::new()
            .request(self.method, self.url)
            .body(self.body);
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        let response = request.send().await.unwrap();
        (response.status(), response.text().await.unwrap())
    }
}
