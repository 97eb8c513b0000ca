//! The rate of upload URLs, as headers tell it.

use axum::response::{IntoResponseParts, ResponseParts};
use cloudalbum_aws::table::{Allowance, TableError};
use cloudalbum_domain::OwnerId;
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;

use crate::App;

/// The fields of draft-ietf-httpapi-ratelimit-headers-10.
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// What is left of the owner's URLs a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RateLimit {
    quota: u64,
    left: u64,
    /// In seconds.
    pub(crate) resets_in: u32,
}

impl RateLimit {
    pub(crate) fn insert(self, headers: &mut HeaderMap) {
        let Self {
            quota,
            left,
            resets_in,
        } = self;
        let policy = HeaderValue::try_from(format!("\"urls\";q={quota};w=60"));
        let limit = HeaderValue::try_from(format!("\"urls\";r={left};t={resets_in}"));
        if let (Ok(policy), Ok(limit)) = (policy, limit) {
            headers.insert(POLICY, policy);
            headers.insert(LIMIT, limit);
        }
    }
}

impl IntoResponseParts for RateLimit {
    type Error = std::convert::Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Self::Error> {
        self.insert(parts.headers_mut());
        Ok(parts)
    }
}

/// Takes between `least` and `most` URLs, or none, and tells what is left.
pub(super) async fn take(
    app: &App,
    owner: &OwnerId,
    least: u64,
    most: u64,
    now: Timestamp,
) -> Result<(u64, RateLimit), TableError> {
    let quota = app.settings.urls_per_minute;
    let Allowance {
        granted,
        left,
        resets_in,
    } = app.table.take_urls(owner, least, most, quota, now).await?;
    let rate_limit = RateLimit {
        quota,
        left,
        resets_in,
    };
    Ok((granted, rate_limit))
}
