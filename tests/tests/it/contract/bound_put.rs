//! A bound PUT is worth exactly one object.

use std::time::Duration;

use aws_sdk_s3::presigning::PresignedRequest;
use aws_sdk_s3::primitives::ByteStream;
use futures::future::join_all;
use reqwest::Method;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::attempt::{Attempt, BODY, KEY, bound, sha256};
use super::bucket::{assert_untouched, status};
use crate::endpoint::Endpoint;

#[tokio::test]
async fn a_bound_put_works_once_and_tells_both_queues() {
    let endpoint = Endpoint::start().await.unwrap();
    let key = "originals/o w/p+ü";
    let request = bound(&endpoint, key, Duration::ZERO).await;
    assert_eq!(Attempt::new(&request).send().await.0, 200);
    let (status, text) = Attempt::new(&request).send().await;
    assert_eq!(status, 412, "{text}");
    assert!(text.contains("<Code>PreconditionFailed</Code>"), "{text}");

    let head = endpoint.s3.head_object().bucket(&endpoint.bucket).key(key);
    let head = head.send().await.unwrap();
    assert_eq!(head.content_type(), Some("image/jpeg"));
    assert_eq!(head.content_length(), Some(20));
    if endpoint.own.is_none() {
        return;
    }
    for queue in ["thumbnails", "metadata"] {
        let told = endpoint.notifications(queue).await.unwrap();
        let [told] = told.as_slice() else {
            panic!("one notification expected: {told:?}")
        };
        let record = &told["Records"][0];
        assert_eq!(record["eventName"], "ObjectCreated:Put");
        assert_eq!(record["s3"]["bucket"]["name"], endpoint.bucket.as_str());
        assert_eq!(record["s3"]["object"]["key"], "originals/o+w/p%2B%C3%BC");
        assert_eq!(record["s3"]["object"]["size"], 20);
        let etag = format!("\"{}\"", record["s3"]["object"]["eTag"].as_str().unwrap());
        assert_eq!(head.e_tag(), Some(etag.as_str()));
    }
}

#[tokio::test]
async fn every_change_to_a_bound_put_is_refused_and_leaves_nothing() {
    let endpoint = Endpoint::start().await.unwrap();
    let request = bound(&endpoint, KEY, Duration::ZERO).await;
    let honest = || Attempt::new(&request);
    let changed = |change: fn(&mut Attempt)| {
        let mut attempt = honest();
        change(&mut attempt);
        attempt
    };
    let other = sha256(b"another body");
    let attempts = [
        ("longer body", changed(|it| it.body.push('x'))),
        ("shorter body", changed(|it| it.body.truncate(19))),
        ("other type", honest().with("content-type", "text/html")),
        ("no type", honest().without("content-type")),
        (
            "other checksum",
            honest().with("x-amz-checksum-sha256", &other),
        ),
        ("no checksum", honest().without("x-amz-checksum-sha256")),
        ("not create-only", honest().without("if-none-match")),
        (
            "other key",
            changed(|it| it.url = it.url.replacen("/photo?", "/other?", 1)),
        ),
        ("other method", changed(|it| it.method = Method::POST)),
        (
            "longer life",
            changed(|it| it.url = it.url.replace("Expires=3600", "Expires=9999")),
        ),
        (
            "other signature",
            changed(|it| {
                it.url = it.url.replace("X-Amz-Signature=", "X-Amz-Signature=0");
            }),
        ),
        (
            "no signature",
            changed(|it| {
                it.url.truncate(it.url.find('?').unwrap());
            }),
        ),
    ];
    for (what, attempt) in attempts {
        if what == "no signature" && endpoint.lacks("anonymous-refusal") {
            continue;
        }
        assert_ne!(
            (
                attempt.url.as_str(),
                attempt.body.as_str(),
                &attempt.method,
                &attempt.headers
            ),
            (honest().url.as_str(), BODY, &Method::PUT, &honest().headers),
            "{what} changed nothing"
        );
        let (status, text) = attempt.send().await;
        assert!(
            status == 403 || (what == "other signature" && status == 400),
            "{what}: {status} {text}"
        );
        assert_untouched(&endpoint, what).await;
    }
    let expired = bound(&endpoint, KEY, Duration::from_secs(3700)).await;
    assert_eq!(Attempt::new(&expired).send().await.0, 403);
    assert_untouched(&endpoint, "expired").await;
    assert_eq!(honest().send().await.0, 200);
}

#[tokio::test]
async fn a_wrong_body_leaves_nothing_and_the_honest_retry_works() {
    let endpoint = Endpoint::start().await.unwrap();
    let request = bound(&endpoint, KEY, Duration::ZERO).await;
    let mut wrong = Attempt::new(&request);
    wrong.body = "the bytes of a phot0".to_owned();
    let (status, text) = wrong.send().await;
    assert_eq!(status, 400, "{text}");
    assert!(text.contains("<Code>BadDigest</Code>"), "{text}");
    assert_untouched(&endpoint, "wrong body").await;
    assert_eq!(Attempt::new(&request).send().await.0, 200);
}

/// The lines of the request, all but the empty one that ends them.
fn head(endpoint: &Endpoint, request: &PresignedRequest) -> String {
    let host = endpoint.url.strip_prefix("http://").unwrap();
    let path = request.uri().strip_prefix(&endpoint.url).unwrap();
    let mut head = format!("PUT {path} HTTP/1.1\r\nhost: {host}\r\n");
    for (name, value) in request.headers().filter(|(name, _)| *name != "host") {
        for text in [name, ": ", value, "\r\n"] {
            head.push_str(text);
        }
    }
    head
}

/// Botocore and our command line wait so before they send a photo.
#[tokio::test]
async fn a_client_that_waits_to_go_on_is_refused_before_it_sends() {
    let endpoint = Endpoint::start().await.unwrap();
    if endpoint.own.is_none() {
        return;
    }
    let request = bound(&endpoint, KEY, Duration::ZERO).await;
    let head = head(&endpoint, &request) + "expect: 100-continue\r\n\r\n";
    let address = endpoint.url.strip_prefix("http://").unwrap();
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut asked = [0; 25];
    stream.read_exact(&mut asked).await.unwrap();
    assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(BODY.as_bytes()).await.unwrap();
    let mut stored = [0; 15];
    stream.read_exact(&mut stored).await.unwrap();
    assert_eq!(&stored, b"HTTP/1.1 200 OK");

    // The photo is there, so the same again is refused, and no body is asked for.
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let closed = stream.read_to_string(&mut answer);
    let closed = tokio::time::timeout(Duration::from_secs(20), closed).await;
    assert!(closed.is_ok(), "the connection stays open after {answer}");
    assert!(answer.starts_with("HTTP/1.1 412 "), "{answer}");
    assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
}

#[tokio::test]
async fn a_body_that_breaks_off_leaves_nothing() {
    let endpoint = Endpoint::start().await.unwrap();
    let request = bound(&endpoint, KEY, Duration::ZERO).await;
    let address = endpoint.url.strip_prefix("http://").unwrap();
    let mut head = head(&endpoint, &request);
    assert!(head.contains("content-length"), "{head}");
    head.push_str("\r\nthe byt");
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert!(!answer.starts_with(b"HTTP/1.1 200"));
    assert_untouched(&endpoint, "broken off").await;
    assert_eq!(Attempt::new(&request).send().await.0, 200);
}

#[tokio::test]
async fn of_parallel_create_only_puts_one_wins() {
    let endpoint = Endpoint::start().await.unwrap();
    let puts = (0..16).map(|writer| {
        endpoint
            .s3
            .put_object()
            .bucket(&endpoint.bucket)
            .key(KEY)
            .if_none_match("*")
            .body(ByteStream::from(format!("writer {writer}").into_bytes()))
            .send()
    });
    let answers = join_all(puts).await;
    let winners: Vec<_> = (0..16)
        .zip(&answers)
        .filter_map(|(writer, answer)| answer.is_ok().then_some(writer))
        .collect();
    assert_eq!(winners.len(), 1, "{winners:?}");
    for error in answers.iter().filter_map(|answer| answer.as_ref().err()) {
        assert!(matches!(status(error), 409 | 412), "{error:?}");
    }
    let found = endpoint.s3.get_object().bucket(&endpoint.bucket).key(KEY);
    let found = found.send().await.unwrap().body.collect().await.unwrap();
    assert_eq!(
        found.into_bytes(),
        format!("writer {}", winners.first().unwrap())
    );
    if endpoint.own.is_some() {
        assert_eq!(endpoint.notifications("metadata").await.unwrap().len(), 1);
    }
}
