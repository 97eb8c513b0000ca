//! URLs that open one object, signed by Signature Version 4 in the query.
//!
//! The SDK's presigner runs its whole call chain for each URL; a manifest asks
//! for 1,000 of them. This one derives the day's key once and signs with it.
//! A test compares its URLs with the SDK's.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_lc_rs::{digest, hmac};
use aws_sdk_s3::Client;
use aws_sdk_s3::presigning::PresigningConfig;
use cloudalbum_domain::{MediaType, OriginalKey, Sha256};
use data_encoding::HEXLOWER;
use jiff::{SignedDuration, Timestamp};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::sync::OnceCell;
use url::Url;

use crate::bucket::BucketError;

#[cfg(test)]
mod tests;

/// What RFC 3986 leaves unreserved stays as it is.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
const PATH: &AsciiSet = &QUERY.remove(b'/');
/// Credentials are asked for again after this, and before they end.
const FRESH: SignedDuration = SignedDuration::from_mins(5);

/// A presigned upload: one object's or part's worth, and nothing else.
#[derive(Clone, Debug)]
pub struct PresignedPut {
    /// A secret until it expires.
    pub url: String,
    /// The headers that were signed and must be sent exactly so.
    pub headers: BTreeMap<String, String>,
    /// When it stops working.
    pub expires_at: Timestamp,
}

/// One part of an upload, before it is signed.
#[derive(Clone, Copy, Debug)]
pub struct PartToSign<'a> {
    /// The upload's id.
    pub upload: &'a str,
    /// From 1 on.
    pub number: u32,
    /// In bytes.
    pub size: u64,
    /// Of this part alone.
    pub sha256: &'a Sha256,
}

/// Signs for one bucket, as browsers and phones reach it. Clones share what
/// was derived.
#[derive(Clone, Debug)]
pub struct Signer(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    client: Client,
    provider: Option<SharedCredentialsProvider>,
    region: String,
    bucket: String,
    base: OnceCell<Base>,
    key: Mutex<Option<Arc<Key>>>,
}

/// Where the bucket is: `https://host` and the path before keys.
#[derive(Debug)]
struct Base {
    origin: String,
    host: String,
    path: String,
}

/// The key of one day and one set of credentials.
struct Key {
    day: String,
    scope: String,
    key: hmac::Key,
    /// `X-Amz-Credential` as the query spells it.
    credential: String,
    /// `X-Amz-Security-Token` as the query spells it.
    token: Option<String>,
    good_until: Timestamp,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({})", self.scope)
    }
}

/// What is signed.
struct Request<'a> {
    method: &'a str,
    key: &'a str,
    /// Sorted by name; names sort after `X-Amz-`.
    query: &'a [(&'a str, &'a str)],
    /// Sorted, lower case; `host` is added.
    headers: &'a BTreeMap<String, String>,
}

impl Signer {
    /// Signs for the `bucket` that `client` reaches. Without a provider of
    /// credentials every signature fails.
    pub fn new(
        client: Client,
        provider: Option<SharedCredentialsProvider>,
        region: impl Into<String>,
        bucket: impl Into<String>,
    ) -> Self {
        Self(Arc::new(Inner {
            client,
            provider,
            region: region.into(),
            bucket: bucket.into(),
            base: OnceCell::new(),
            key: Mutex::new(None),
        }))
    }

    /// Signs an upload that is bound to key, hash, length, media type and
    /// create-only, for `life`.
    pub async fn put(
        &self,
        key: &OriginalKey,
        sha256: &Sha256,
        length: u64,
        media_type: MediaType,
        now: Timestamp,
        life: Duration,
    ) -> Result<PresignedPut, BucketError> {
        let headers = BTreeMap::from([
            ("content-length".to_owned(), length.to_string()),
            ("content-type".to_owned(), media_type.as_str().to_owned()),
            ("if-none-match".to_owned(), "*".to_owned()),
            ("x-amz-checksum-sha256".to_owned(), sha256.base64()),
        ]);
        let request = Request {
            method: "PUT",
            key: &key.to_string(),
            query: &[("x-id", "PutObject")],
            headers: &headers,
        };
        let url = self.sign(&request, now, life).await?;
        Ok(presigned_put(url, headers, now, life))
    }

    /// Signs the upload of one part, bound to its hash and length, for `life`.
    pub async fn part(
        &self,
        key: &OriginalKey,
        part: &PartToSign<'_>,
        now: Timestamp,
        life: Duration,
    ) -> Result<PresignedPut, BucketError> {
        let headers = BTreeMap::from([
            ("content-length".to_owned(), part.size.to_string()),
            ("x-amz-checksum-sha256".to_owned(), part.sha256.base64()),
        ]);
        let request = Request {
            method: "PUT",
            key: &key.to_string(),
            query: &[
                ("partNumber", &part.number.to_string()),
                ("uploadId", part.upload),
                ("x-id", "UploadPart"),
            ],
            headers: &headers,
        };
        let url = self.sign(&request, now, life).await?;
        Ok(presigned_put(url, headers, now, life))
    }

    /// Signs a download. Within an hour the URL stays the same, so that
    /// browsers keep what they have; it works for at least another hour.
    pub async fn get(
        &self,
        key: &str,
        now: Timestamp,
        download_as: Option<&str>,
    ) -> Result<String, BucketError> {
        let hour = now.as_second() - now.as_second().rem_euclid(3_600);
        let hour = Timestamp::from_second(hour);
        let hour = hour.map_err(|error| BucketError::new("presign", error))?;
        let disposition = download_as.map(attachment);
        let query = disposition
            .as_deref()
            .map(|disposition| ("response-content-disposition", disposition));
        let query: Vec<_> = query.into_iter().chain([("x-id", "GetObject")]).collect();
        let request = Request {
            method: "GET",
            key,
            query: &query,
            headers: &BTreeMap::new(),
        };
        self.sign(&request, hour, Duration::from_hours(2)).await
    }

    async fn sign(
        &self,
        request: &Request<'_>,
        now: Timestamp,
        life: Duration,
    ) -> Result<String, BucketError> {
        let base = self.0.base.get_or_try_init(|| self.base()).await?;
        let moment = now.strftime("%Y%m%dT%H%M%SZ").to_string();
        let key = self.key(moment.get(..8).unwrap_or_default()).await?;
        Ok(url(base, &key, request, &moment, life.as_secs()))
    }

    /// Asks the SDK, once, where the bucket is.
    async fn base(&self) -> Result<Base, BucketError> {
        let config = PresigningConfig::expires_in(Duration::from_secs(1));
        let config = config.map_err(|error| BucketError::new("presign", error))?;
        let call = self.0.client.get_object().bucket(&self.0.bucket).key("k");
        let probe = call.presigned(config).await;
        let probe = probe.map_err(|error| BucketError::new("presign", error))?;
        let url: Url = probe
            .uri()
            .parse()
            .map_err(|error: url::ParseError| BucketError::new("presign", error))?;
        let origin = url.origin().ascii_serialization();
        let host = origin.split("://").last().unwrap_or_default().to_owned();
        let path = url.path().strip_suffix('k').unwrap_or_default().to_owned();
        Ok(Base { origin, host, path })
    }

    /// The key of `day`, derived anew when the day or the credentials change.
    async fn key(&self, day: &str) -> Result<Arc<Key>, BucketError> {
        let clock = Timestamp::now();
        if let Some(key) = self.held(day, clock) {
            return Ok(key);
        }
        let provider = self.0.provider.as_ref();
        let provider = provider.ok_or_else(|| BucketError::new("presign", "no credentials"))?;
        let found = provider.provide_credentials().await;
        let found = found.map_err(|error| BucketError::new("presign", error))?;
        let key = Arc::new(Key::derive(&found, day, &self.0.region, clock));
        *self.0.key.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&key));
        Ok(key)
    }

    fn held(&self, day: &str, clock: Timestamp) -> Option<Arc<Key>> {
        let held = self.0.key.lock().unwrap_or_else(PoisonError::into_inner);
        let key = held.as_ref()?;
        (key.day == day && clock < key.good_until).then(|| Arc::clone(key))
    }
}

impl Key {
    /// The signing key, as
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>
    /// derives it.
    fn derive(credentials: &Credentials, day: &str, region: &str, clock: Timestamp) -> Self {
        let secret = format!("AWS4{}", credentials.secret_access_key());
        let mut key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        for step in [day, region, "s3", "aws4_request"] {
            let next = hmac::sign(&key, step.as_bytes());
            key = hmac::Key::new(hmac::HMAC_SHA256, next.as_ref());
        }
        let scope = format!("{day}/{region}/s3/aws4_request");
        let credential = format!("{}/{scope}", credentials.access_key_id());
        let fresh = clock.saturating_add(FRESH).unwrap_or(clock);
        let ends = credentials.expiry().and_then(|end: SystemTime| {
            Timestamp::try_from(end)
                .ok()?
                .checked_sub(SignedDuration::from_secs(30))
                .ok()
        });
        Self {
            day: day.to_owned(),
            credential: utf8_percent_encode(&credential, QUERY).to_string(),
            token: credentials
                .session_token()
                .map(|token| utf8_percent_encode(token, QUERY).to_string()),
            good_until: ends.map_or(fresh, |ends| ends.min(fresh)),
            scope,
            key,
        }
    }
}

/// The signed URL. The body is not part of the signature; its hash is a
/// signed header where there is one.
fn url(base: &Base, key: &Key, request: &Request<'_>, moment: &str, life: u64) -> String {
    let path = format!("{}{}", base.path, utf8_percent_encode(request.key, PATH));
    let mut signed: Vec<(&str, &str)> = vec![("host", &base.host)];
    let more = request.headers.iter();
    signed.extend(more.map(|(name, value)| (name.as_str(), value.as_str())));
    signed.sort_unstable();
    let (mut names, mut headers) = (String::new(), String::new());
    for (name, value) in signed {
        if !names.is_empty() {
            names.push(';');
        }
        names.push_str(name);
        headers.extend([name, ":", value, "\n"]);
    }
    let mut query = format!(
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={}&X-Amz-Date={moment}&X-Amz-Expires={life}",
        key.credential
    );
    if let Some(token) = &key.token {
        query.push_str("&X-Amz-Security-Token=");
        query.push_str(token);
    }
    query.push_str("&X-Amz-SignedHeaders=");
    query.extend(utf8_percent_encode(&names, QUERY));
    for (name, value) in request.query {
        query.push('&');
        query.push_str(name);
        query.push('=');
        query.extend(utf8_percent_encode(value, QUERY));
    }
    let canonical = format!(
        "{}\n{path}\n{query}\n{headers}\n{names}\nUNSIGNED-PAYLOAD",
        request.method
    );
    let digest = digest::digest(&digest::SHA256, canonical.as_bytes());
    let to_sign = format!(
        "AWS4-HMAC-SHA256\n{moment}\n{}\n{}",
        key.scope,
        HEXLOWER.encode(digest.as_ref())
    );
    let signature = hmac::sign(&key.key, to_sign.as_bytes());
    format!(
        "{}{path}?{query}&X-Amz-Signature={}",
        base.origin,
        HEXLOWER.encode(signature.as_ref())
    )
}

/// Browsers set `host` and `content-length` themselves, and let nobody else.
fn presigned_put(
    url: String,
    mut headers: BTreeMap<String, String>,
    now: Timestamp,
    life: Duration,
) -> PresignedPut {
    headers.remove("content-length");
    let life = SignedDuration::try_from(life).unwrap_or_default();
    PresignedPut {
        url,
        headers,
        expires_at: now.saturating_add(life).unwrap_or(now),
    }
}

/// `attachment` with the name in RFC 8187's form, so that any name is safe in
/// a header.
fn attachment(filename: &str) -> String {
    let encoded = utf8_percent_encode(filename, NON_ALPHANUMERIC);
    format!("attachment; filename*=UTF-8''{encoded}")
}
