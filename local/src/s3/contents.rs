//! The listings of what is in a bucket.

use std::sync::Arc;

use s3s::S3Result;
use s3s::dto::{
    CommonPrefix, ETag, EncodingType, ListObjectVersionsInput, ListObjectVersionsOutput,
    ListObjectsInput, ListObjectsOutput, ListObjectsV2Input, ListObjectsV2Output, Object as Listed,
    ObjectStorageClass, ObjectVersion,
};

use super::encode;
use super::index::Object;
use super::listing::{Next, Page, Wanted};
use super::objects::timestamp;
use super::store::Store;

/// Answers one page as the first version of the call does.
pub(super) async fn objects(
    store: &Arc<Store>,
    input: ListObjectsInput,
) -> S3Result<ListObjectsOutput> {
    let wanted = Wanted::new(
        input.bucket.clone(),
        input.prefix.clone(),
        input.delimiter.clone(),
        input.max_keys,
    )?
    .after(input.marker.as_deref());
    let (limit, page) = find(store, wanted).await?;
    let form = Form(input.encoding_type.as_ref());
    Ok(ListObjectsOutput {
        name: Some(input.bucket),
        prefix: Some(form.text(&input.prefix.unwrap_or_default())),
        marker: Some(form.text(&input.marker.unwrap_or_default())),
        delimiter: input.delimiter.map(|text| form.text(&text)),
        max_keys: Some(limit),
        is_truncated: Some(page.next.is_some()),
        next_marker: page.next.as_ref().map(|next| form.text(&next.last)),
        common_prefixes: Some(form.prefixes(&page)),
        contents: Some(form.objects(page)?),
        encoding_type: input.encoding_type.clone(),
        ..ListObjectsOutput::default()
    })
}

/// Answers one page as the second version of the call does.
pub(super) async fn objects_v2(
    store: &Arc<Store>,
    input: ListObjectsV2Input,
) -> S3Result<ListObjectsV2Output> {
    let wanted = Wanted::new(
        input.bucket.clone(),
        input.prefix.clone(),
        input.delimiter.clone(),
        input.max_keys,
    )?
    .after(input.start_after.as_deref())
    .resume(input.continuation_token.as_deref())?;
    let (limit, page) = find(store, wanted).await?;
    let form = Form(input.encoding_type.as_ref());
    Ok(ListObjectsV2Output {
        name: Some(input.bucket),
        prefix: Some(form.text(&input.prefix.unwrap_or_default())),
        start_after: input.start_after.map(|text| form.text(&text)),
        delimiter: input.delimiter.map(|text| form.text(&text)),
        max_keys: Some(limit),
        key_count: i32::try_from(page.objects.len() + page.prefixes.len()).ok(),
        is_truncated: Some(page.next.is_some()),
        continuation_token: input.continuation_token,
        next_continuation_token: page.next.as_ref().map(Next::token),
        common_prefixes: Some(form.prefixes(&page)),
        contents: Some(form.objects(page)?),
        encoding_type: input.encoding_type.clone(),
        ..ListObjectsV2Output::default()
    })
}

/// Every object has the one version that a bucket without versioning gives it.
pub(super) async fn versions(
    store: &Arc<Store>,
    input: ListObjectVersionsInput,
) -> S3Result<ListObjectVersionsOutput> {
    let wanted = Wanted::new(
        input.bucket.clone(),
        input.prefix.clone(),
        input.delimiter.clone(),
        input.max_keys,
    )?
    .after(input.key_marker.as_deref());
    let (limit, page) = find(store, wanted).await?;
    let form = Form(input.encoding_type.as_ref());
    let next = page.next.as_ref().map(|next| form.text(&next.last));
    Ok(ListObjectVersionsOutput {
        name: Some(input.bucket),
        prefix: Some(form.text(&input.prefix.unwrap_or_default())),
        key_marker: input.key_marker.map(|text| form.text(&text)),
        delimiter: input.delimiter.map(|text| form.text(&text)),
        max_keys: Some(limit),
        is_truncated: Some(next.is_some()),
        next_version_id_marker: next.as_ref().map(|_| "null".to_owned()),
        next_key_marker: next,
        common_prefixes: Some(form.prefixes(&page)),
        versions: Some(
            form.objects(page)?
                .into_iter()
                .map(|object| ObjectVersion {
                    key: object.key,
                    e_tag: object.e_tag,
                    size: object.size,
                    last_modified: object.last_modified,
                    is_latest: Some(true),
                    version_id: Some("null".to_owned()),
                    ..ObjectVersion::default()
                })
                .collect(),
        ),
        encoding_type: input.encoding_type.clone(),
        ..ListObjectVersionsOutput::default()
    })
}

async fn find(store: &Arc<Store>, wanted: Wanted) -> S3Result<(i32, Page)> {
    let limit = i32::try_from(wanted.limit).unwrap_or(i32::MAX);
    let page = store
        .blocking(move |store| wanted.find(&store.index()))
        .await?;
    Ok((limit, page))
}

/// How keys are written in a listing: as they are, or encoded when the client asked for it.
struct Form<'a>(Option<&'a EncodingType>);

impl Form<'_> {
    fn text(&self, key: &str) -> String {
        match self.0 {
            Some(_) => encode::form(key),
            None => key.to_owned(),
        }
    }

    fn prefixes(&self, page: &Page) -> Vec<CommonPrefix> {
        page.prefixes
            .iter()
            .map(|prefix| CommonPrefix {
                prefix: Some(self.text(prefix)),
            })
            .collect()
    }

    fn objects(&self, page: Page) -> S3Result<Vec<Listed>> {
        page.objects
            .into_iter()
            .map(|object: Object| {
                Ok(Listed {
                    key: Some(self.text(&object.key)),
                    size: i64::try_from(object.size).ok(),
                    e_tag: Some(ETag::Strong(object.etag)),
                    last_modified: Some(timestamp(object.modified_ms)?),
                    storage_class: Some(ObjectStorageClass::from_static(
                        ObjectStorageClass::STANDARD,
                    )),
                    ..Listed::default()
                })
            })
            .collect()
    }
}
