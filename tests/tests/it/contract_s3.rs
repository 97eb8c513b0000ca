//! What the pipeline relies on S3 for.

use std::time::{Duration, SystemTime};

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::presigning::{PresignedRequest, PresigningConfig};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart, EncodingType};
use base64::{Engine, prelude::BASE64_STANDARD};
use futures::future::join_all;
use reqwest::{Method, StatusCode};
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;

use crate::endpoint::{Endpoint, ORIGIN};

const BODY: &str = "the bytes of a photo";
const KEY: &str = "originals/owner/photo";

fn sha256(body: &[u8]) -> String {
    BASE64_STANDARD.encode(Sha256::digest(body))
}

/// The PUT as the API hands it out: bound to everything about the photo.
async fn bound(endpoint: &Endpoint, key: &str, age: Duration) -> PresignedRequest {
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
struct Attempt {
    method: Method,
    url: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Attempt {
    fn new(request: &PresignedRequest) -> Self {
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

    fn without(mut self, header: &str) -> Self {
        let before = self.headers.len();
        self.headers.retain(|(name, _)| name != header);
        assert_ne!(before, self.headers.len(), "{header} was not bound");
        self
    }

    fn with(self, header: &str, value: &str) -> Self {
        let mut changed = self.without(header);
        changed.headers.push((header.to_owned(), value.to_owned()));
        changed
    }

    async fn send(self) -> (StatusCode, String) {
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

async fn keys(endpoint: &Endpoint) -> Vec<String> {
    let found = endpoint
        .s3
        .list_objects_v2()
        .bucket(&endpoint.bucket)
        .send()
        .await
        .unwrap();
    found
        .contents()
        .iter()
        .filter_map(|object| object.key().map(str::to_owned))
        .collect()
}

/// Asserts that nothing was stored and nobody was told.
async fn assert_untouched(endpoint: &Endpoint, why: &str) {
    assert!(keys(endpoint).await.is_empty(), "{why}");
    if endpoint.own.is_some() {
        for queue in ["thumbnails", "metadata"] {
            let told = endpoint.notifications(queue).await.unwrap();
            assert!(told.is_empty(), "{why}: {told:?}");
        }
    }
}

fn status<E>(error: &SdkError<E>) -> u16 {
    error
        .raw_response()
        .map_or(0, |response| response.status().as_u16())
}

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

#[tokio::test]
async fn a_body_that_breaks_off_leaves_nothing() {
    let endpoint = Endpoint::start().await.unwrap();
    let request = bound(&endpoint, KEY, Duration::ZERO).await;
    let address = endpoint.url.strip_prefix("http://").unwrap();
    let path = request.uri().strip_prefix(&endpoint.url).unwrap();
    let mut head = format!("PUT {path} HTTP/1.1\r\nhost: {address}\r\n");
    for (name, value) in request.headers().filter(|(name, _)| *name != "host") {
        for text in [name, ": ", value, "\r\n"] {
            head.push_str(text);
        }
    }
    assert!(head.contains("content-length"), "{head}");
    head.push_str("\r\nthe byt");
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = Vec::new();
    tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut answer)
        .await
        .unwrap();
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

#[tokio::test]
async fn keys_never_reach_outside_their_bucket_and_nest_freely() {
    let endpoint = Endpoint::start().await.unwrap();
    let long = format!("originals/{}", "k".repeat(1000));
    for key in ["a", "a/b", "a/b/c", long.as_str()] {
        let put = endpoint.s3.put_object().bucket(&endpoint.bucket).key(key);
        put.body(ByteStream::from_static(b"x"))
            .send()
            .await
            .unwrap();
    }
    assert_eq!(keys(&endpoint).await, ["a", "a/b", "a/b/c", long.as_str()]);
    if endpoint.own.is_none() {
        return;
    }
    endpoint
        .s3
        .create_bucket()
        .bucket("other")
        .send()
        .await
        .unwrap();
    let too_long = "k".repeat(1025);
    for key in [
        "../other/x",
        "a/../../other/x",
        "a/./b",
        "a//b",
        "a/",
        too_long.as_str(),
    ] {
        let put = endpoint.s3.put_object().bucket(&endpoint.bucket).key(key);
        let answer = put.body(ByteStream::from_static(b"x")).send().await;
        let error = answer.expect_err(key);
        assert_eq!(status(&error), 400, "{key}: {error:?}");
        let get = endpoint.s3.get_object().bucket(&endpoint.bucket).key(key);
        assert!(get.send().await.is_err(), "{key}");
    }
    let others = endpoint
        .s3
        .list_objects_v2()
        .bucket("other")
        .send()
        .await
        .unwrap();
    assert!(others.contents().is_empty());
    assert_eq!(keys(&endpoint).await.len(), 4);
}

#[tokio::test]
async fn listings_give_keys_back_as_they_are_or_encoded() {
    let endpoint = Endpoint::start().await.unwrap();
    let odd = ["l/a b+ü", "l/a%20b", "l/日本"];
    for key in odd {
        let put = endpoint.s3.put_object().bucket(&endpoint.bucket).key(key);
        put.body(ByteStream::from_static(b"x"))
            .send()
            .await
            .unwrap();
    }
    assert_eq!(keys(&endpoint).await, odd);
    let encoded = endpoint
        .s3
        .list_objects_v2()
        .bucket(&endpoint.bucket)
        .encoding_type(EncodingType::Url)
        .send()
        .await
        .unwrap();
    let encoded: Vec<_> = encoded
        .contents()
        .iter()
        .filter_map(|it| it.key())
        .collect();
    assert_eq!(
        encoded,
        ["l/a+b%2B%C3%BC", "l/a%2520b", "l/%E6%97%A5%E6%9C%AC"]
    );

    let first = endpoint
        .s3
        .list_objects_v2()
        .bucket(&endpoint.bucket)
        .max_keys(2);
    let first = first.send().await.unwrap();
    assert_eq!(
        (first.key_count(), first.is_truncated()),
        (Some(2), Some(true))
    );
    let rest = endpoint
        .s3
        .list_objects_v2()
        .bucket(&endpoint.bucket)
        .set_continuation_token(first.next_continuation_token.clone())
        .send()
        .await
        .unwrap();
    assert_eq!(rest.contents().len(), 1);
    let rolled = endpoint
        .s3
        .list_objects_v2()
        .bucket(&endpoint.bucket)
        .delimiter("/");
    let rolled = rolled.send().await.unwrap();
    assert_eq!(rolled.common_prefixes().len(), 1);
    assert!(rolled.contents().is_empty());
}

#[tokio::test]
async fn reads_take_ranges_and_presigned_downloads_name_the_file() {
    let endpoint = Endpoint::start().await.unwrap();
    let put = endpoint.s3.put_object().bucket(&endpoint.bucket).key(KEY);
    put.body(ByteStream::from_static(b"0123456789"))
        .send()
        .await
        .unwrap();
    let get = || endpoint.s3.get_object().bucket(&endpoint.bucket).key(KEY);
    for (range, body, says) in [
        ("bytes=2-4", "234", "bytes 2-4/10"),
        ("bytes=7-", "789", "bytes 7-9/10"),
        ("bytes=-3", "789", "bytes 7-9/10"),
        ("bytes=8-99", "89", "bytes 8-9/10"),
    ] {
        let found = get().range(range).send().await.unwrap();
        assert_eq!(found.content_range(), Some(says));
        let found = found.body.collect().await.unwrap().into_bytes();
        assert_eq!(found, body, "{range}");
    }
    let error = get().range("bytes=10-").send().await.unwrap_err();
    assert_eq!(status(&error), 416);

    let lifetime = PresigningConfig::expires_in(Duration::from_mins(1)).unwrap();
    let named = get().response_content_disposition("attachment; filename=\"a b.jpg\"");
    let url = named.presigned(lifetime).await.unwrap().uri().to_owned();
    let answer = reqwest::get(&url).await.unwrap();
    let disposition = answer.headers()["content-disposition"].clone();
    assert_eq!(disposition, "attachment; filename=\"a b.jpg\"");
    assert_eq!(answer.text().await.unwrap(), "0123456789");
    let bare = url.split('?').next().unwrap();
    assert_eq!(reqwest::get(bare).await.unwrap().status(), 403);

    let delete = || {
        endpoint
            .s3
            .delete_object()
            .bucket(&endpoint.bucket)
            .key(KEY)
    };
    delete().send().await.unwrap();
    delete()
        .send()
        .await
        .expect("removing what is gone is no error");
    assert_eq!(status(&get().send().await.unwrap_err()), 404);
}

#[tokio::test]
async fn parts_are_checked_listed_and_joined_create_only() {
    let endpoint = Endpoint::start().await.unwrap();
    let (s3, bucket) = (&endpoint.s3, endpoint.bucket.as_str());
    let parts = [vec![b'a'; 5 << 20], b"tail".to_vec()];
    let create = || s3.create_multipart_upload().bucket(bucket).key(KEY);
    let begun = create().content_type("image/heic").send().await.unwrap();
    let id = begun.upload_id().unwrap();
    let upload = |number: i32, body: &[u8], promised: &[u8]| {
        s3.upload_part()
            .bucket(bucket)
            .key(KEY)
            .upload_id(id)
            .part_number(number)
            .checksum_sha256(sha256(promised))
            .body(ByteStream::from(body.to_vec()))
            .send()
    };
    let error = upload(1, b"wrong", b"right").await.unwrap_err();
    assert_eq!(error.code(), Some("BadDigest"));
    let mut completed = CompletedMultipartUpload::builder();
    for (number, part) in (1..).zip(&parts) {
        let held = upload(number, part, part).await.unwrap();
        let part = CompletedPart::builder()
            .part_number(number)
            .set_e_tag(held.e_tag)
            .checksum_sha256(sha256(part));
        completed = completed.parts(part.build());
    }
    let completed = completed.build();

    let listed = s3
        .list_parts()
        .bucket(bucket)
        .key(KEY)
        .upload_id(id)
        .send()
        .await
        .unwrap();
    let sizes: Vec<_> = listed
        .parts()
        .iter()
        .filter_map(aws_sdk_s3::types::Part::size)
        .collect();
    assert_eq!(sizes, [5 << 20, 4]);
    let second = listed.parts().get(1).unwrap();
    assert_eq!(second.checksum_sha256(), Some(sha256(b"tail").as_str()));
    let uploads = s3
        .list_multipart_uploads()
        .bucket(bucket)
        .send()
        .await
        .unwrap();
    assert_eq!(uploads.uploads().len(), 1);
    assert_untouched(&endpoint, "parts only").await;

    let complete = |id: &str, parts: &CompletedMultipartUpload| {
        s3.complete_multipart_upload()
            .bucket(bucket)
            .key(KEY)
            .upload_id(id)
            .multipart_upload(parts.clone())
            .if_none_match("*")
            .send()
    };
    let unknown = CompletedPart::builder()
        .part_number(1)
        .e_tag("\"00\"")
        .build();
    let unknown = CompletedMultipartUpload::builder().parts(unknown).build();
    let error = complete(id, &unknown).await.unwrap_err();
    assert_eq!(error.code(), Some("InvalidPart"));
    let done = complete(id, &completed).await.unwrap();
    assert!(done.e_tag().unwrap().ends_with("-2\""), "{done:?}");
    let found = s3
        .get_object()
        .bucket(bucket)
        .key(KEY)
        .send()
        .await
        .unwrap();
    assert_eq!(found.content_type(), Some("image/heic"));
    assert_eq!(
        found.body.collect().await.unwrap().into_bytes(),
        parts.concat()
    );
    if endpoint.own.is_some() {
        let told = endpoint.notifications("thumbnails").await.unwrap();
        let name = &told.first().unwrap()["Records"][0]["eventName"];
        assert_eq!(name, "ObjectCreated:CompleteMultipartUpload");
        assert_eq!(told.len(), 1);
    }
}

#[tokio::test]
async fn parts_never_replace_an_object_unasked_and_can_be_given_up() {
    let endpoint = Endpoint::start().await.unwrap();
    let (s3, bucket) = (&endpoint.s3, endpoint.bucket.as_str());
    let put = s3.put_object().bucket(bucket).key(KEY);
    put.body(ByteStream::from_static(b"first"))
        .send()
        .await
        .unwrap();
    let again = s3
        .create_multipart_upload()
        .bucket(bucket)
        .key(KEY)
        .send()
        .await
        .unwrap();
    let id = again.upload_id().unwrap();
    let held = s3
        .upload_part()
        .bucket(bucket)
        .key(KEY)
        .upload_id(id)
        .part_number(1);
    let held = held
        .body(ByteStream::from_static(b"x"))
        .send()
        .await
        .unwrap();
    let part = CompletedPart::builder()
        .part_number(1)
        .set_e_tag(held.e_tag)
        .build();
    let part = CompletedMultipartUpload::builder().parts(part).build();
    let complete = s3
        .complete_multipart_upload()
        .bucket(bucket)
        .key(KEY)
        .upload_id(id);
    let complete = complete.multipart_upload(part).if_none_match("*");
    let error = complete.send().await.unwrap_err();
    assert_eq!(status(&error), 412, "{error:?}");
    let abort = || {
        s3.abort_multipart_upload()
            .bucket(bucket)
            .key(KEY)
            .upload_id(id)
    };
    abort().send().await.unwrap();
    assert_eq!(
        abort().send().await.unwrap_err().code(),
        Some("NoSuchUpload")
    );
    let uploads = s3
        .list_multipart_uploads()
        .bucket(bucket)
        .send()
        .await
        .unwrap();
    assert!(uploads.uploads().is_empty());
}

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
