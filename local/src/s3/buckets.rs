//! Buckets, and the listings of what is in them.

use std::sync::Arc;

use rusqlite::OptionalExtension;
use s3s::dto::{
    Bucket, BucketLocationConstraint, CommonPrefix, CreateBucketInput, CreateBucketOutput,
    DeleteBucketInput, DeleteBucketOutput, ETag, EncodingType, GetBucketLocationInput,
    GetBucketLocationOutput, HeadBucketInput, HeadBucketOutput, ListBucketsInput,
    ListBucketsOutput, ListObjectVersionsInput, ListObjectVersionsOutput, ListObjectsInput,
    ListObjectsOutput, ListObjectsV2Input, ListObjectsV2Output, Object as Listed,
    ObjectStorageClass, ObjectVersion, Owner,
};
use s3s::{S3Result, s3_error};

use super::index::{self, Object};
use super::listing::{Page, Wanted};
use super::objects::timestamp;
use super::store::{Store, now_ms};
use super::{encode, internal};

pub(super) async fn create(
    store: &Arc<Store>,
    input: CreateBucketInput,
) -> S3Result<CreateBucketOutput> {
    let bucket = input.bucket.clone();
    let made = store
        .blocking(move |store| {
            store
                .index()
                .execute(
                    "INSERT OR IGNORE INTO buckets (name, created_ms) VALUES (?1, ?2)",
                    rusqlite::params![bucket, now_ms()],
                )
                .map_err(internal)
        })
        .await?;
    if made == 0 {
        return Err(s3_error!(BucketAlreadyOwnedByYou));
    }
    Ok(CreateBucketOutput {
        location: Some(format!("/{}", input.bucket)),
    })
}

pub(super) async fn delete(
    store: &Arc<Store>,
    input: DeleteBucketInput,
) -> S3Result<DeleteBucketOutput> {
    store
        .blocking(move |store| {
            store.change(|tx| {
                index::require_bucket(tx, &input.bucket)?;
                let used: Option<i64> = tx
                    .query_row(
                        "SELECT 1 FROM objects WHERE bucket = ?1
                         UNION ALL SELECT 1 FROM uploads WHERE bucket = ?1 LIMIT 1",
                        [&input.bucket],
                        |row| row.get(0),
                    )
                    .optional()
                    .map_err(internal)?;
                if used.is_some() {
                    return Err(s3_error!(BucketNotEmpty));
                }
                tx.execute("DELETE FROM buckets WHERE name = ?1", [&input.bucket])
                    .map_err(internal)
            })
        })
        .await?;
    Ok(DeleteBucketOutput::default())
}

pub(super) async fn head(store: &Arc<Store>, input: HeadBucketInput) -> S3Result<HeadBucketOutput> {
    require(store, input.bucket).await?;
    Ok(HeadBucketOutput {
        bucket_region: Some(store.region.clone()),
        ..HeadBucketOutput::default()
    })
}

pub(super) async fn location(
    store: &Arc<Store>,
    input: GetBucketLocationInput,
) -> S3Result<GetBucketLocationOutput> {
    require(store, input.bucket).await?;
    // S3 answers nothing for its first region.
    Ok(GetBucketLocationOutput {
        location_constraint: (store.region != "us-east-1")
            .then(|| BucketLocationConstraint::from(store.region.clone())),
    })
}

pub(super) async fn list(
    store: &Arc<Store>,
    input: ListBucketsInput,
) -> S3Result<ListBucketsOutput> {
    let found: Vec<(String, i64)> = store
        .blocking(move |store| {
            store
                .index()
                .prepare_cached("SELECT name, created_ms FROM buckets ORDER BY name")
                .and_then(|mut statement| {
                    statement
                        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                        .collect()
                })
                .map_err(internal)
        })
        .await?;
    let prefix = input.prefix.unwrap_or_default();
    let buckets = found
        .into_iter()
        .filter(|(name, _)| name.starts_with(&prefix))
        .map(|(name, created_ms)| {
            Ok(Bucket {
                name: Some(name),
                creation_date: Some(timestamp(created_ms)?),
                ..Bucket::default()
            })
        })
        .collect::<S3Result<_>>()?;
    Ok(ListBucketsOutput {
        buckets: Some(buckets),
        owner: Some(Owner {
            display_name: Some("local".to_owned()),
            id: Some("local".to_owned()),
        }),
        ..ListBucketsOutput::default()
    })
}

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
        next_continuation_token: page.next.as_ref().map(super::listing::Next::token),
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

async fn require(store: &Arc<Store>, bucket: String) -> S3Result<()> {
    store
        .blocking(move |store| index::require_bucket(&store.index(), &bucket))
        .await
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
