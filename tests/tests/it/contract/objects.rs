//! Keys, listings and reads.

use std::time::Duration;

use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::EncodingType;

use super::attempt::KEY;
use super::bucket::{keys, status};
use crate::endpoint::Endpoint;

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
    let space = if endpoint.lacks("plus-for-space") {
        "%20"
    } else {
        "+"
    };
    let first = format!("l/a{space}b%2B%C3%BC");
    assert_eq!(
        encoded,
        [first.as_str(), "l/a%2520b", "l/%E6%97%A5%E6%9C%AC"]
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
    if !endpoint.lacks("anonymous-refusal") {
        assert_eq!(reqwest::get(bare).await.unwrap().status(), 403);
    }

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
