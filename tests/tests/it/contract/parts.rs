//! A bound PUT of a part is worth exactly that part.

use std::time::{Duration, SystemTime};

use aws_sdk_s3::presigning::{PresignedRequest, PresigningConfig};
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};

use super::attempt::{Attempt, BODY, KEY, sha256};
use super::bucket::{assert_untouched, keys};
use crate::endpoint::Endpoint;

/// The PUT of the only part as the API hands it out.
async fn bound(endpoint: &Endpoint, upload: &str, age: Duration) -> PresignedRequest {
    let lifetime = PresigningConfig::builder()
        .start_time(SystemTime::now() - age)
        .expires_in(Duration::from_hours(1))
        .build()
        .unwrap();
    let part = endpoint.s3.upload_part().bucket(&endpoint.bucket).key(KEY);
    part.upload_id(upload)
        .part_number(1)
        .content_length(i64::try_from(BODY.len()).unwrap())
        .checksum_sha256(sha256(BODY.as_bytes()))
        .presigned(lifetime)
        .await
        .unwrap()
}

/// The checksums of the parts that are held.
async fn held(endpoint: &Endpoint, upload: &str) -> Vec<String> {
    let listed = endpoint.s3.list_parts().bucket(&endpoint.bucket).key(KEY);
    let listed = listed.upload_id(upload).send().await.unwrap();
    let parts = listed.parts().iter();
    parts
        .map(|part| part.checksum_sha256().unwrap_or_default().to_owned())
        .collect()
}

#[tokio::test]
async fn every_change_to_a_bound_part_is_refused_and_leaves_nothing() {
    let endpoint = Endpoint::start().await.unwrap();
    let begin = endpoint.s3.create_multipart_upload();
    let begun = begin.bucket(&endpoint.bucket).key(KEY).send().await;
    let begun = begun.unwrap();
    let upload = begun.upload_id().unwrap();
    let request = bound(&endpoint, upload, Duration::ZERO).await;
    let expired = bound(&endpoint, upload, Duration::from_secs(3700)).await;
    let honest = || Attempt::new(&request);
    let changed = |change: fn(&mut Attempt)| {
        let mut attempt = honest();
        change(&mut attempt);
        assert_ne!(
            (&attempt.url, &attempt.body),
            (&honest().url, &honest().body)
        );
        attempt
    };
    let checksum = "x-amz-checksum-sha256";
    let other = sha256(b"another body");
    let attempts = [
        (
            "other bytes",
            changed(|it| it.body = "the bytes of a phot0".to_owned()),
        ),
        ("longer body", changed(|it| it.body.push('x'))),
        ("shorter body", changed(|it| it.body.truncate(19))),
        ("other checksum", honest().with(checksum, &other)),
        ("no checksum", honest().without(checksum)),
        (
            "other key",
            changed(|it| it.url = it.url.replacen("/photo?", "/other?", 1)),
        ),
        (
            "other number",
            changed(|it| it.url = it.url.replace("partNumber=1", "partNumber=2")),
        ),
        (
            "other upload",
            changed(|it| it.url = it.url.replace("uploadId=", "uploadId=0")),
        ),
        (
            "longer life",
            changed(|it| it.url = it.url.replace("Expires=3600", "Expires=9999")),
        ),
        (
            "other signature",
            changed(|it| it.url = it.url.replace("X-Amz-Signature=", "X-Amz-Signature=0")),
        ),
        ("expired", Attempt::new(&expired)),
    ];
    for (what, attempt) in attempts {
        let (status, text) = attempt.send().await;
        let wrong_bytes = what == "other bytes" && text.contains("<Code>BadDigest</Code>");
        assert!(
            status == 403 || wrong_bytes || (what == "other signature" && status == 400),
            "{what}: {status} {text}"
        );
        assert!(held(&endpoint, upload).await.is_empty(), "{what}");
        assert_untouched(&endpoint, what).await;
    }

    let mut completed = CompletedPart::builder().part_number(1);
    for _ in 0..2 {
        let sent = honest().send().await;
        assert_eq!(sent.0, 200, "{}", sent.1);
        assert_eq!(held(&endpoint, upload).await, [sha256(BODY.as_bytes())]);
    }
    let listed = endpoint.s3.list_parts().bucket(&endpoint.bucket).key(KEY);
    let listed = listed.upload_id(upload).send().await.unwrap();
    let part = listed.parts().first().unwrap();
    completed = completed.set_e_tag(part.e_tag().map(str::to_owned));
    let completed = completed.checksum_sha256(sha256(BODY.as_bytes())).build();
    let complete = endpoint.s3.complete_multipart_upload();
    let complete = complete.bucket(&endpoint.bucket).key(KEY).upload_id(upload);
    let parts = CompletedMultipartUpload::builder().parts(completed).build();
    complete.multipart_upload(parts).send().await.unwrap();
    assert_eq!(keys(&endpoint).await, [KEY]);
    let (status, text) = honest().send().await;
    assert_eq!(status, 404, "after completion: {text}");
    assert_eq!(keys(&endpoint).await, [KEY]);
}
