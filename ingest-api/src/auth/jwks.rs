//! The issuer's public keys, fetched when first needed and kept.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk};
use serde::Deserialize;
use tokio::sync::Mutex;
use url::Url;

/// A made-up key id costs the issuer at most one request in this time.
const REFETCH_AFTER: Duration = Duration::from_mins(1);
/// A fetch that failed may be tried again after this time.
const RETRY_AFTER: Duration = Duration::from_secs(2);
const MAX_BYTES: usize = 64 * 1024;
const MAX_KEYS: usize = 32;

type Keys = HashMap<String, Arc<DecodingKey>>;

/// The keys behind a JWKS URL.
pub(super) struct Jwks {
    url: Url,
    http: reqwest::Client,
    keys: RwLock<Keys>,
    /// When the next fetch may start; held while one runs.
    next_fetch: Mutex<Option<Instant>>,
}

impl Jwks {
    pub(super) fn new(url: Url, http: reqwest::Client) -> Self {
        Self {
            url,
            http,
            keys: RwLock::default(),
            next_fetch: Mutex::default(),
        }
    }

    /// The RSA key `kid`, or `None` when the issuer has no such key. Callers
    /// with a known key never wait for a fetch.
    pub(super) async fn key(&self, kid: &str) -> Result<Option<Arc<DecodingKey>>, JwksError> {
        if let Some(key) = self.known(kid) {
            return Ok(Some(key));
        }
        let mut next_fetch = self.next_fetch.lock().await;
        // Somebody else may have fetched it while this call waited.
        if let Some(key) = self.known(kid) {
            return Ok(Some(key));
        }
        if next_fetch.is_some_and(|at| Instant::now() < at) {
            let any = !self.read().is_empty();
            return if any {
                Ok(None)
            } else {
                Err(JwksError::Waiting)
            };
        }
        *next_fetch = Some(Instant::now() + RETRY_AFTER);
        let keys = self.fetch().await?;
        *next_fetch = Some(Instant::now() + REFETCH_AFTER);
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
        Ok(self.known(kid))
    }

    fn known(&self, kid: &str) -> Option<Arc<DecodingKey>> {
        self.read().get(kid).map(Arc::clone)
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Keys> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner)
    }

    async fn fetch(&self) -> Result<Keys, JwksError> {
        let answer = self.http.get(self.url.clone()).send().await;
        let answer = answer.and_then(reqwest::Response::error_for_status);
        let mut chunks = answer.map_err(JwksError::Http)?.bytes_stream();
        let mut bytes = Vec::new();
        while let Some(chunk) = chunks.next().await {
            bytes.extend_from_slice(&chunk.map_err(JwksError::Http)?);
            if bytes.len() > MAX_BYTES {
                return Err(JwksError::TooLarge);
            }
        }
        let set: Set = serde_json::from_slice(&bytes).map_err(JwksError::Json)?;
        Ok(set
            .keys
            .into_iter()
            .take(MAX_KEYS)
            .filter_map(rsa_key)
            .collect())
    }
}

/// Keys of kinds that we do not know are skipped, not refused.
#[derive(Deserialize)]
struct Set {
    keys: Vec<serde_json::Value>,
}

fn rsa_key(value: serde_json::Value) -> Option<(String, Arc<DecodingKey>)> {
    let jwk: Jwk = serde_json::from_value(value).ok()?;
    let kid = jwk.common.key_id.clone()?;
    let AlgorithmParameters::RSA(_) = jwk.algorithm else {
        return None;
    };
    Some((kid, Arc::new(DecodingKey::from_jwk(&jwk).ok()?)))
}

impl std::fmt::Debug for Jwks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Jwks")
            .field("url", &self.url.as_str())
            .finish_non_exhaustive()
    }
}

/// The issuer's keys cannot be had right now.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JwksError {
    #[error("cannot fetch the issuer's keys")]
    Http(#[source] reqwest::Error),
    #[error("the issuer's key set is no key set")]
    Json(#[source] serde_json::Error),
    #[error("the issuer's key set is longer than {MAX_BYTES} bytes")]
    TooLarge,
    #[error("the issuer's keys could not be fetched a moment ago")]
    Waiting,
}
