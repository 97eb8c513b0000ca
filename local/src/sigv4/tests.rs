//! Requests signed by the SDK's own signer, then changed in one place each.

use aws_sigv4::http_request::SigningInstructions;
use http::{HeaderValue, Request};

use super::*;

const BODY: &[u8] = br#"{"TableName":"Photo"}"#;

fn credentials() -> Credentials {
    Credentials {
        access_key: "AKIATEST".to_owned(),
        secret_key: "secret".to_owned(),
    }
}

fn now() -> Timestamp {
    "2026-01-02T03:04:05Z".parse().unwrap()
}

fn instructions(request: &Request<()>, credentials: &Credentials) -> SigningInstructions {
    let identity = aws_credential_types::Credentials::new(
        credentials.access_key.as_str(),
        credentials.secret_key.as_str(),
        None,
        None,
        "test",
    )
    .into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region("eu-west-1")
        .name("dynamodb")
        .time(SystemTime::from(now()))
        .settings(SigningSettings::default())
        .build()
        .unwrap()
        .into();
    let headers = request
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str(), value.to_str().unwrap()));
    let signable = SignableRequest::new(
        request.method().as_str(),
        "http://127.0.0.1:4566/",
        headers,
        SignableBody::Bytes(BODY),
    )
    .unwrap();
    sign(signable, &params).unwrap().into_parts().0
}

fn signed() -> Parts {
    let mut request = Request::post("/")
        .header("host", "127.0.0.1:4566")
        .header("x-amz-target", "DynamoDB_20120810.DescribeTable")
        .header("content-type", "application/x-amz-json-1.0")
        .body(())
        .unwrap();
    instructions(&request, &credentials()).apply_to_request_http1x(&mut request);
    request.into_parts().0
}

fn check(head: &Parts, body: &[u8]) -> Result<(), Refusal> {
    verify(head, body, "dynamodb", &credentials(), now())
}

#[test]
fn an_honest_request_passes_within_the_skew() {
    let head = signed();
    assert_eq!(check(&head, BODY), Ok(()));
    let late = now() + SignedDuration::from_mins(14);
    assert_eq!(
        verify(&head, BODY, "dynamodb", &credentials(), late),
        Ok(())
    );
}

#[test]
fn every_change_is_refused() {
    assert_eq!(check(&signed(), b"{}"), Err(Refusal::Mismatch));
    let changes: [(&'static str, &str, Refusal); 5] = [
        (
            "x-amz-target",
            "DynamoDB_20120810.DeleteTable",
            Refusal::Mismatch,
        ),
        ("host", "127.0.0.1:4567", Refusal::Mismatch),
        ("content-type", "text/plain", Refusal::Mismatch),
        ("x-amz-date", "20260102T030406Z", Refusal::Mismatch),
        ("authorization", "AWS4-HMAC-SHA256 x", Refusal::Incomplete),
    ];
    for (name, value, refusal) in changes {
        let mut head = signed();
        head.headers
            .insert(name, HeaderValue::from_str(value).unwrap());
        assert_eq!(check(&head, BODY), Err(refusal), "{name}");
    }
    let mut head = signed();
    head.method = http::Method::PUT;
    assert_eq!(check(&head, BODY), Err(Refusal::Mismatch));
    let mut head = signed();
    head.uri = "/?x=1".parse().unwrap();
    assert_eq!(check(&head, BODY), Err(Refusal::Mismatch));
}

#[test]
fn missing_foreign_late_and_misdirected_signatures_are_refused() {
    let mut head = signed();
    head.headers.remove("authorization");
    assert_eq!(check(&head, BODY), Err(Refusal::Missing));

    let mut other = credentials();
    other.access_key = "AKIAOTHER".to_owned();
    let answer = verify(&signed(), BODY, "dynamodb", &other, now());
    assert_eq!(answer, Err(Refusal::UnknownKey));
    let mut other = credentials();
    other.secret_key = "guess".to_owned();
    let answer = verify(&signed(), BODY, "dynamodb", &other, now());
    assert_eq!(answer, Err(Refusal::Mismatch));

    let late = now() + SignedDuration::from_mins(16);
    let answer = verify(&signed(), BODY, "dynamodb", &credentials(), late);
    assert_eq!(answer, Err(Refusal::Skewed));
    let answer = verify(&signed(), BODY, "sqs", &credentials(), now());
    assert_eq!(answer, Err(Refusal::Mismatch));

    let mut head = signed();
    let target = head.headers.get("x-amz-target").unwrap().clone();
    head.headers.append("x-amz-target", target);
    assert_eq!(check(&head, BODY), Err(Refusal::Mismatch), "a header twice");
}

#[test]
fn a_target_that_was_not_signed_is_refused() {
    let mut request = Request::post("/")
        .header("host", "127.0.0.1:4566")
        .body(())
        .unwrap();
    instructions(&request, &credentials()).apply_to_request_http1x(&mut request);
    let mut head = request.into_parts().0;
    head.headers.insert(
        "x-amz-target",
        HeaderValue::from_static("DynamoDB_20120810.DeleteTable"),
    );
    assert_eq!(check(&head, BODY), Err(Refusal::Incomplete));
}
