//! Signatures of DynamoDB, SQS and Lambda calls, verified by signing the request again.

mod header;
mod refusal;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::time::SystemTime;

use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use http::request::Parts;
use jiff::{SignedDuration, Timestamp};

use crate::credentials::Credentials;
use header::Authorization;
pub use refusal::Refusal;

/// How far the client's clock may be off.
const SKEW: SignedDuration = SignedDuration::from_mins(15);

/// Headers that must be there and signed.
const MUST: [&str; 2] = ["host", "x-amz-date"];
/// The header that decides what a call means, where the path does not.
const TARGET: &str = "x-amz-target";

/// Verifies that `head` and `body` were signed for `service` with these credentials.
///
/// The hash of the body is part of what is signed, so a changed body is refused too.
///
/// # Errors
///
/// A [`Refusal`] that says which rule was broken, as AWS would.
pub fn verify(
    head: &Parts,
    body: &[u8],
    service: &str,
    credentials: &Credentials,
    now: Timestamp,
) -> Result<(), Refusal> {
    let text = head
        .headers
        .get(http::header::AUTHORIZATION)
        .ok_or(Refusal::Missing)?
        .to_str()
        .map_err(|_| Refusal::Incomplete)?;
    let authorization = Authorization::parse(text).ok_or(Refusal::Incomplete)?;
    if authorization.access_key != credentials.access_key {
        return Err(Refusal::UnknownKey);
    }
    let date = single(head, "x-amz-date").ok_or(Refusal::Incomplete)?;
    let at = header::date(date).ok_or(Refusal::Incomplete)?;
    if now.duration_since(at).abs() > SKEW {
        return Err(Refusal::Skewed);
    }
    if !date.starts_with(authorization.date) || authorization.service != service {
        return Err(Refusal::Mismatch);
    }
    let signed: Vec<&str> = authorization.signed_headers.split(';').collect();
    let target = head.headers.contains_key(TARGET).then_some(TARGET);
    if MUST
        .into_iter()
        .chain(target)
        .any(|name| !signed.contains(&name))
    {
        return Err(Refusal::Incomplete);
    }
    let mut headers = Vec::with_capacity(signed.len());
    for name in signed {
        headers.push((name, single(head, name).ok_or(Refusal::Mismatch)?));
    }
    let expected = signature(head, body, &headers, &authorization, credentials, at)
        .map_err(|_| Refusal::Mismatch)?;
    aws_lc_rs::constant_time::verify_slices_are_equal(
        expected.as_bytes(),
        authorization.signature.as_bytes(),
    )
    .map_err(|_| Refusal::Mismatch)
}

/// The value of a header that is there exactly once.
fn single<'a>(head: &'a Parts, name: &str) -> Option<&'a str> {
    let mut values = head.headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

fn signature(
    head: &Parts,
    body: &[u8],
    headers: &[(&str, &str)],
    authorization: &Authorization<'_>,
    credentials: &Credentials,
    at: Timestamp,
) -> anyhow::Result<String> {
    let identity = aws_credential_types::Credentials::new(
        credentials.access_key.as_str(),
        credentials.secret_key.as_str(),
        None,
        None,
        "local",
    )
    .into();
    let mut settings = SigningSettings::default();
    // Nothing but the signature itself is left out: the client chose what it signed.
    settings.excluded_headers = Some(vec![Cow::Borrowed("authorization")]);
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(authorization.region)
        .name(authorization.service)
        .time(SystemTime::from(at))
        .settings(settings)
        .build()?
        .into();
    let host = single(head, "host").unwrap_or_default();
    let path = head
        .uri
        .path_and_query()
        .map_or("/", http::uri::PathAndQuery::as_str);
    let request = SignableRequest::new(
        head.method.as_str(),
        format!("http://{host}{path}"),
        headers.iter().copied(),
        SignableBody::Bytes(body),
    )?;
    let (_, signature) = sign(request, &params)?.into_parts();
    Ok(signature)
}
