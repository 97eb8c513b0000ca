//! Who may call: origins, hosts and signatures.

use std::time::Duration;

use aws_sdk_s3::error::ProvideErrorMetadata;
use reqwest::Method;

use super::attempt::{Attempt, KEY, bound};
use super::bucket::status;
use crate::endpoint::{Endpoint, ORIGIN};

#[tokio::test]
async fn pages_of_our_origin_may_upload_and_others_may_not() {
    let endpoint = Endpoint::start().await.unwrap();
    if endpoint.own.is_none() {
        return;
    }
    let url = format!("{}/{}/{KEY}", endpoint.url, endpoint.bucket);
    let preflight = |origin: &'static str| {
        reqwest::Client::new()
            .request(Method::OPTIONS, &url)
            .header("origin", origin)
            .header("access-control-request-method", "PUT")
            .header(
                "access-control-request-headers",
                "content-type,if-none-match,x-amz-checksum-sha256",
            )
            .send()
    };
    let ours = preflight(ORIGIN).await.unwrap();
    assert_eq!(ours.status(), 200);
    assert_eq!(ours.headers()["access-control-allow-origin"], ORIGIN);
    let headers = ours.headers()["access-control-allow-headers"]
        .to_str()
        .unwrap();
    for header in ["content-type", "if-none-match", "x-amz-checksum-sha256"] {
        assert!(headers.contains(header), "{headers}");
    }
    let theirs = preflight("http://evil.example").await.unwrap();
    assert!(!theirs.headers().contains_key("access-control-allow-origin"));

    let request = bound(&endpoint, KEY, Duration::ZERO).await;
    let mut put = Attempt::new(&request);
    put.headers.push(("origin".to_owned(), ORIGIN.to_owned()));
    assert_eq!(put.send().await.0, 200);
}

#[tokio::test]
async fn unsigned_wrongly_signed_and_foreign_calls_are_refused() {
    let endpoint = Endpoint::start().await.unwrap();
    if endpoint.own.is_none() {
        return;
    }
    let call = |target: &'static str| {
        reqwest::Client::new()
            .post(&endpoint.url)
            .header("x-amz-target", target)
            .header("content-type", "application/x-amz-json-1.0")
            .body("{}")
    };
    for (target, expected) in [
        ("DynamoDB_20120810.ListTables", 400),
        ("AmazonSQS.ListQueues", 403),
    ] {
        let answer = call(target).send().await.unwrap();
        assert_eq!(answer.status(), expected);
        let text = answer.text().await.unwrap();
        assert!(text.contains("MissingAuthenticationToken"), "{text}");
        let foreign = call(target).header("origin", "http://evil.example");
        assert_eq!(foreign.send().await.unwrap().status(), 403);
    }
    let foreign = call("AmazonSQS.ListQueues").header("host", "evil.example");
    assert_eq!(foreign.send().await.unwrap().status(), 403);
    assert_eq!(call("Nobody.Knows").send().await.unwrap().status(), 400);

    aws_sdk_dynamodb::Client::new(&endpoint.config)
        .list_tables()
        .send()
        .await
        .expect("signed calls pass");
    let wrong = aws_credential_types::Credentials::new("AKIA", "wrong", None, None, "test");
    let wrong = endpoint
        .config
        .to_builder()
        .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(wrong))
        .build();
    let error = aws_sdk_dynamodb::Client::new(&wrong)
        .list_tables()
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.code(), Some("UnrecognizedClientException"));
    let error = aws_sdk_sqs::Client::new(&wrong)
        .list_queues()
        .send()
        .await
        .unwrap_err();
    assert_eq!(status(&error), 403);
    let s3 = aws_sdk_s3::Client::new(&wrong);
    let error = s3.list_buckets().send().await.unwrap_err();
    assert_eq!(status(&error), 403);
}
