//! What pages of other origins may do: upload and read by presigned URLs.

use std::time::Duration;

use http::{HeaderName, HeaderValue, Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

/// The headers of S3's own that an upload may carry.
const OWN: [&str; 6] = [
    "content-md5",
    "x-amz-acl",
    "x-amz-checksum-sha256",
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-sdk-checksum-algorithm",
];

/// Lets pages of `origins` in, and no others.
///
/// # Errors
///
/// When an origin is not a header value.
pub(super) fn layer(origins: &[String]) -> anyhow::Result<CorsLayer> {
    let origins = origins
        .iter()
        .map(|origin| origin.parse())
        .collect::<Result<Vec<HeaderValue>, _>>()?;
    let headers = OWN.map(HeaderName::from_static).into_iter().chain([
        header::CONTENT_TYPE,
        header::IF_NONE_MATCH,
        header::RANGE,
    ]);
    Ok(CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([Method::GET, Method::HEAD, Method::PUT])
        .allow_headers(headers.collect::<Vec<_>>())
        .expose_headers([
            header::ETAG,
            header::CONTENT_RANGE,
            HeaderName::from_static("x-amz-checksum-sha256"),
            HeaderName::from_static("x-amz-request-id"),
        ])
        .max_age(Duration::from_mins(50)))
}
