//! The tables' keys and indexes, and their creation where Terraform has not
//! made them.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::create_table::CreateTableError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType,
    LocalSecondaryIndex, Projection, ProjectionType, ScalarAttributeType, TimeToLiveSpecification,
};

use super::{Table, TableError};

/// LSI: the album by date taken. Sparse: only what the album shows.
pub(super) const BY_SORT_DATE: &str = "photo-by-sort-date";
/// LSI: the album by upload. Sparse likewise.
pub(super) const BY_UPLOAD_DATE: &str = "photo-by-upload-date";
/// LSI: the changes feed.
pub(super) const BY_CHANGED_AT: &str = "photo-by-changed-at";
/// LSI: the trash. Sparse.
pub(super) const BY_TRASHED_AT: &str = "photo-by-trashed-at";
/// GSI: unfinished photos by age. Sparse, keys only.
pub(super) const BY_PENDING_SINCE: &str = "photo-by-pending-since";
/// GSIs: failures by code, one a stage. Sparse, keys only.
pub(super) const BY_THUMBNAILS_FAILURE: &str = "photo-by-thumbnails-failure";
/// See [`BY_THUMBNAILS_FAILURE`].
pub(super) const BY_METADATA_FAILURE: &str = "photo-by-metadata-failure";
/// GSI: the workshop's index of accounts by e-mail address.
pub(super) const BY_EMAIL: &str = "user-email-index";

/// The tables' names: a prefix before `Photo`, `PhotoIndex`, `User`, `Session`,
/// `Ops`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// Records.
    pub photo: String,
    /// Words, points and tiles.
    pub index: String,
    /// Accounts and their quota.
    pub user: String,
    /// Browser sessions.
    pub session: String,
    /// Paused stages, the audit, and how far the reconciler got.
    pub ops: String,
}

impl Names {
    /// The names under `prefix`.
    pub fn new(prefix: &str) -> Self {
        let name = |table: &str| format!("{prefix}{table}");
        Self {
            photo: name("Photo"),
            index: name("PhotoIndex"),
            user: name("User"),
            session: name("Session"),
            ops: name("Ops"),
        }
    }
}

impl Table {
    /// Creates the tables that do not exist yet.
    pub async fn create_missing(&self) -> Result<(), TableError> {
        let Names {
            photo,
            index,
            user,
            session,
            ops,
        } = &self.names;
        create(&self.client, photo, &PHOTO).await?;
        create(&self.client, index, &INDEX).await?;
        create(&self.client, user, &USER).await?;
        create(&self.client, session, &SESSION).await?;
        create(&self.client, ops, &OPS).await?;
        for table in [photo, session] {
            self.expire(table).await?;
        }
        Ok(())
    }

    async fn expire(&self, table: &str) -> Result<(), TableError> {
        let ttl = TimeToLiveSpecification::builder()
            .enabled(true)
            .attribute_name("expires_at")
            .build();
        let ttl = ttl.map_err(|error| TableError::new("UpdateTimeToLive", error))?;
        let call = self
            .client
            .update_time_to_live()
            .table_name(table)
            .time_to_live_specification(ttl);
        match call.send().await {
            // DynamoDB refuses to enable what is enabled.
            Ok(_) | Err(SdkError::ServiceError(_)) => Ok(()),
            Err(error) => Err(TableError::new("UpdateTimeToLive", error)),
        }
    }
}

/// A table's keys; indexes share its partition key (local) or bring their own.
struct Schema {
    partition: &'static str,
    sort: Option<&'static str>,
    local: &'static [(&'static str, &'static str)],
    global: &'static [(
        &'static str,
        &'static str,
        Option<&'static str>,
        ProjectionType,
    )],
}

const PHOTO: Schema = Schema {
    partition: "user_id",
    sort: Some("id"),
    local: &[
        (BY_SORT_DATE, "sort_date"),
        (BY_UPLOAD_DATE, "shown_upload_date"),
        (BY_CHANGED_AT, "changed_at"),
        (BY_TRASHED_AT, "trashed_at"),
    ],
    global: &[
        (
            BY_PENDING_SINCE,
            "pending_shard",
            Some("pending_since"),
            ProjectionType::KeysOnly,
        ),
        (
            BY_THUMBNAILS_FAILURE,
            "thumbnails_failure",
            Some("thumbnails_failed_at"),
            ProjectionType::KeysOnly,
        ),
        (
            BY_METADATA_FAILURE,
            "metadata_failure",
            Some("metadata_failed_at"),
            ProjectionType::KeysOnly,
        ),
    ],
};

const INDEX: Schema = Schema {
    partition: "user_id",
    sort: Some("entry"),
    local: &[],
    global: &[],
};

const USER: Schema = Schema {
    partition: "id",
    sort: None,
    local: &[],
    // Keys only: the workshop's index carried the password's hash along.
    global: &[(BY_EMAIL, "email", None, ProjectionType::KeysOnly)],
};

const SESSION: Schema = Schema {
    partition: "id",
    sort: None,
    local: &[],
    global: &[],
};

const OPS: Schema = Schema {
    partition: "kind",
    sort: Some("entry"),
    local: &[],
    global: &[],
};

async fn create(client: &Client, table: &str, schema: &Schema) -> Result<(), TableError> {
    let failed = |error: aws_sdk_dynamodb::error::BuildError| TableError::new("CreateTable", error);
    let mut attributes = vec![schema.partition];
    let mut call = client
        .create_table()
        .table_name(table)
        .billing_mode(BillingMode::PayPerRequest);
    call = call.key_schema(key(schema.partition, KeyType::Hash)?);
    if let Some(sort) = schema.sort {
        attributes.push(sort);
        call = call.key_schema(key(sort, KeyType::Range)?);
    }
    for (name, sort) in schema.local {
        attributes.push(sort);
        let index = LocalSecondaryIndex::builder()
            .index_name(*name)
            .key_schema(key(schema.partition, KeyType::Hash)?)
            .key_schema(key(sort, KeyType::Range)?)
            .projection(
                Projection::builder()
                    .projection_type(ProjectionType::All)
                    .build(),
            );
        call = call.local_secondary_indexes(index.build().map_err(failed)?);
    }
    for (name, partition, sort, projection) in schema.global {
        attributes.push(partition);
        let mut index = GlobalSecondaryIndex::builder()
            .index_name(*name)
            .key_schema(key(partition, KeyType::Hash)?)
            .projection(
                Projection::builder()
                    .projection_type(projection.clone())
                    .build(),
            );
        if let Some(sort) = sort {
            attributes.push(sort);
            index = index.key_schema(key(sort, KeyType::Range)?);
        }
        call = call.global_secondary_indexes(index.build().map_err(failed)?);
    }
    for name in attributes {
        let attribute = AttributeDefinition::builder()
            .attribute_name(name)
            .attribute_type(ScalarAttributeType::S);
        call = call.attribute_definitions(attribute.build().map_err(failed)?);
    }
    match call.send().await {
        Err(SdkError::ServiceError(error))
            if matches!(error.err(), CreateTableError::ResourceInUseException(_)) =>
        {
            Ok(())
        }
        outcome => outcome
            .map(drop)
            .map_err(|error| TableError::new("CreateTable", error)),
    }
}

fn key(name: &str, kind: KeyType) -> Result<KeySchemaElement, TableError> {
    let element = KeySchemaElement::builder()
        .attribute_name(name)
        .key_type(kind)
        .build();
    element.map_err(|error| TableError::new("CreateTable", error))
}
