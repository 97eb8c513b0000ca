//! Uploads in parts.

use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};

use super::attempt::{KEY, sha256};
use super::bucket::{assert_untouched, status};
use crate::endpoint::Endpoint;

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
