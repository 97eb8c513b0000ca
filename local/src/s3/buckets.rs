//! The buckets themselves.

use std::sync::Arc;

use rusqlite::OptionalExtension;
use s3s::dto::{
    Bucket, BucketLocationConstraint, CreateBucketInput, CreateBucketOutput, DeleteBucketInput,
    DeleteBucketOutput, GetBucketLocationInput, GetBucketLocationOutput, HeadBucketInput,
    HeadBucketOutput, ListBucketsInput, ListBucketsOutput, Owner,
};
use s3s::{S3Result, s3_error};

use super::objects::timestamp;
use super::store::{Store, now_ms};
use super::{index, internal};

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

async fn require(store: &Arc<Store>, bucket: String) -> S3Result<()> {
    store
        .blocking(move |store| index::require_bucket(&store.index(), &bucket))
        .await
}
