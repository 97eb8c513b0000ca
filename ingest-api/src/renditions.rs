//! Renditions by CloudFront: the cookies by which a signed-in browser sees its owner's, and nobody else's.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cloudalbum_aws::settings::ServiceSettings;
use cloudalbum_domain::{OwnerId, RenditionKey};
use http::HeaderValue;
use http::header::SET_COOKIE;
use jiff::Timestamp;
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject as _;
use serde::Serialize;
use url::Url;

use crate::App;

/// How long the cookies are good for, in seconds: twice as long as an access
/// token, while an open page asks for changes every few seconds and gets new
/// ones with each answer.
const LIFE_SECONDS: i64 = 7_200;
/// Their end is a multiple of this, so that one signature does for all of an
/// owner's answers in that time.
const STEP_SECONDS: i64 = 900;

/// Names and attributes as CloudFront's developer guide has them, in "Set
/// signed cookies using a custom policy".
const COOKIES: [&str; 4] = [
    "CloudFront-Policy",
    "CloudFront-Signature",
    "CloudFront-Key-Pair-Id",
    "CloudFront-Hash-Algorithm",
];

/// What signs the cookies of renditions.
#[derive(Debug)]
pub struct Renditions {
    base_url: Url,
    key_id: String,
    key: RsaKeyPair,
    signed: Mutex<Signed>,
}

/// The cookies that end at one time, by owner.
#[derive(Debug, Default)]
struct Signed {
    ends: i64,
    cookies: HashMap<OwnerId, Vec<HeaderValue>>,
}

impl Renditions {
    /// What `settings` say; `None` when browsers are given presigned URLs.
    pub fn new(settings: &ServiceSettings) -> Result<Option<Self>, KeyError> {
        let (key_id, key) = match (&settings.rendition_key_id, &settings.rendition_key) {
            (None, None) => return Ok(None),
            (Some(key_id), Some(key)) => (key_id.clone(), key),
            _ => return Err(KeyError::Half),
        };
        let der = PrivatePkcs8KeyDer::from_pem_slice(key.expose().as_bytes());
        let der = der.map_err(|_| KeyError::Pem)?;
        let key = RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).map_err(|_| KeyError::Pem)?;
        let base_url = settings.base_url.clone();
        Ok(Some(Self {
            base_url,
            key_id,
            key,
            signed: Mutex::default(),
        }))
    }

    /// Where a browser with the cookies of its owner finds a rendition.
    pub(crate) fn url(&self, key: &RenditionKey) -> String {
        format!("{}{key}", self.root())
    }

    /// The cookies that open what is `owner`'s for [`LIFE_SECONDS`] from `now`,
    /// or up to [`STEP_SECONDS`] less.
    pub(crate) fn cookies(
        &self,
        owner: &OwnerId,
        now: Timestamp,
    ) -> Result<Vec<HeaderValue>, KeyError> {
        let ends = (now.as_second() + LIFE_SECONDS) / STEP_SECONDS * STEP_SECONDS;
        let mut signed = self.signed.lock().unwrap_or_else(PoisonError::into_inner);
        if signed.ends != ends {
            *signed = Signed {
                ends,
                ..Signed::default()
            };
        }
        if let Some(cookies) = signed.cookies.get(owner) {
            return Ok(cookies.clone());
        }
        let cookies = self.sign(owner, ends)?;
        signed.cookies.insert(owner.clone(), cookies.clone());
        Ok(cookies)
    }

    fn sign(&self, owner: &OwnerId, epoch_seconds: i64) -> Result<Vec<HeaderValue>, KeyError> {
        // An owner is letters, digits and hyphens: no wildcard of a policy is among them.
        let policy = serde_json::to_vec(&Policy {
            statement: [Statement {
                resource: format!("{}renditions/{owner}/*", self.root()),
                condition: Condition {
                    before: Before { epoch_seconds },
                },
            }],
        })
        .map_err(|_| KeyError::Sign)?;
        let mut signature = vec![0; self.key.public_modulus_len()];
        let random = SystemRandom::new();
        self.key
            .sign(&RSA_PKCS1_SHA256, &random, &policy, &mut signature)
            .map_err(|_| KeyError::Sign)?;
        let values = [
            encode(&policy),
            encode(&signature),
            self.key_id.clone(),
            "SHA256".to_owned(),
        ];
        COOKIES
            .iter()
            .zip(&values)
            .map(|(name, value)| header(name, value, LIFE_SECONDS))
            .collect()
    }

    /// Makes the browser forget them.
    pub(crate) fn forget() -> impl Iterator<Item = HeaderValue> {
        COOKIES.iter().filter_map(|name| header(name, "", 0).ok())
    }

    fn root(&self) -> String {
        format!("{}/", self.base_url.as_str().trim_end_matches('/'))
    }
}

fn header(name: &str, value: &str, seconds: i64) -> Result<HeaderValue, KeyError> {
    let cookie = format!(
        "{name}={value}; Path=/renditions/; Secure; HttpOnly; SameSite=Strict; Max-Age={seconds}"
    );
    HeaderValue::try_from(cookie).map_err(|_| KeyError::Sign)
}

/// Base64 without what a cookie cannot hold, as CloudFront reads it.
fn encode(bytes: &[u8]) -> String {
    let text = STANDARD.encode(bytes);
    text.replace('+', "-").replace('=', "_").replace('/', "~")
}

/// The owner of the session that a request came with, told by the extractor
/// of callers to the middleware around it.
pub(crate) type Viewer = Arc<OnceLock<OwnerId>>;

/// Gives a signed-in browser new cookies with each answer.
pub(crate) async fn admit(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let Some(renditions) = &app.renditions else {
        return next.run(request).await;
    };
    let viewer = Viewer::default();
    request.extensions_mut().insert(Arc::clone(&viewer));
    let mut response = next.run(request).await;
    if let Some(owner) = viewer.get() {
        match renditions.cookies(owner, Timestamp::now()) {
            Ok(cookies) => {
                for cookie in cookies {
                    response.headers_mut().append(SET_COOKIE, cookie);
                }
            }
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(error, "no cookies for renditions");
            }
        }
    }
    response
}

/// A custom policy, in the order that the developer guide writes it.
#[derive(Serialize)]
struct Policy {
    #[serde(rename = "Statement")]
    statement: [Statement; 1],
}

#[derive(Serialize)]
struct Statement {
    #[serde(rename = "Resource")]
    resource: String,
    #[serde(rename = "Condition")]
    condition: Condition,
}

#[derive(Serialize)]
struct Condition {
    #[serde(rename = "DateLessThan")]
    before: Before,
}

#[derive(Serialize)]
struct Before {
    #[serde(rename = "AWS:EpochTime")]
    epoch_seconds: i64,
}

/// The cookies of renditions cannot be signed.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// One of the two settings without the other.
    #[error("RENDITION_KEY_ID and RENDITION_KEY are set together or not at all")]
    Half,
    /// Not what `openssl genpkey -algorithm RSA` writes.
    #[error("RENDITION_KEY is no RSA key in PKCS #8")]
    Pem,
    /// The key does not sign, or what it signed does not fit a header.
    #[error("cannot sign the cookies of renditions")]
    Sign,
}

#[cfg(test)]
mod tests;
