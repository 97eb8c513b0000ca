//! What the bucket holds and what was told about it.

use aws_sdk_s3::error::SdkError;

use crate::endpoint::Endpoint;

pub(super) async fn keys(endpoint: &Endpoint) -> Vec<String> {
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
pub(super) async fn assert_untouched(endpoint: &Endpoint, why: &str) {
    assert!(keys(endpoint).await.is_empty(), "{why}");
    if endpoint.own.is_some() {
        for queue in ["thumbnails", "metadata"] {
            let told = endpoint.notifications(queue).await.unwrap();
            assert!(told.is_empty(), "{why}: {told:?}");
        }
    }
}

pub(super) fn status<E>(error: &SdkError<E>) -> u16 {
    error
        .raw_response()
        .map_or(0, |response| response.status().as_u16())
}
