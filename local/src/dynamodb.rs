//! DynamoDB on one file: `dynoxide`'s operations behind `DynamoDB`'s JSON protocol.
//!
//! `dynoxide`'s own server takes a listening socket only and never verifies a
//! signature, so its operations are called here, behind the common front.

use std::path::Path;

use anyhow::Context;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use dynoxide::{Database, DynoxideError};
use http::StatusCode;
use serde::Serialize;
use serde::de::DeserializeOwned;

const CONTENT_TYPE: (&str, &str) = ("content-type", "application/x-amz-json-1.0");

/// The tables of this machine; clones share them.
#[derive(Clone)]
pub struct DynamoDb(Database);

impl std::fmt::Debug for DynamoDb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("DynamoDb").finish_non_exhaustive()
    }
}

impl DynamoDb {
    /// Opens the file, and makes it if there is none.
    ///
    /// # Errors
    ///
    /// When the file is not a database, or cannot be written.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let name = path.to_str().context("the path is not UTF-8")?;
        let database = Database::new(name)
            .with_context(|| format!("cannot open the tables in {}", path.display()))?;
        Ok(Self(database))
    }

    /// The database, for what shares it in this process.
    pub(crate) fn database(&self) -> Database {
        self.0.clone()
    }

    /// Answers one call; `target` is the `X-Amz-Target` header.
    pub async fn handle(&self, target: &str, body: Bytes) -> Response {
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        let database = self.0.clone();
        let answer =
            tokio::task::spawn_blocking(move || dispatch(&database, &operation, &body)).await;
        match answer {
            Ok(Ok(json)) => ([CONTENT_TYPE], json).into_response(),
            Ok(Err(error)) => refuse(&error),
            Err(error) => {
                tracing::error!(%error, target, "a table operation broke off");
                refuse(&DynoxideError::InternalServerError(
                    "Internal server error".to_owned(),
                ))
            }
        }
    }

    /// Removes the items whose time has come and answers how many they were.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or written.
    pub async fn sweep(&self) -> anyhow::Result<usize> {
        let database = self.0.clone();
        Ok(tokio::task::spawn_blocking(move || database.sweep_ttl()).await??)
    }
}

fn refuse(error: &DynoxideError) -> Response {
    let status = StatusCode::from_u16(error.status_code()).unwrap_or(StatusCode::BAD_REQUEST);
    (status, [CONTENT_TYPE], error.to_json()).into_response()
}

/// Runs the operation of that name.
fn dispatch(db: &Database, operation: &str, body: &[u8]) -> dynoxide::Result<String> {
    match operation {
        "CreateTable" => run(body, |input| db.create_table(input)),
        "DeleteTable" => run(body, |input| db.delete_table(input)),
        "DescribeTable" => run(body, |input| db.describe_table(input)),
        "ListTables" => run(body, |input| db.list_tables(input)),
        "UpdateTable" => run(body, |input| db.update_table(input)),
        "PutItem" => run(body, |input| db.put_item(input)),
        "GetItem" => run(body, |input| db.get_item(input)),
        "DeleteItem" => run(body, |input| db.delete_item(input)),
        "UpdateItem" => run(body, |input| db.update_item(input)),
        "Query" => run(body, |input| db.query(input)),
        "Scan" => run(body, |input| db.scan(input)),
        "BatchGetItem" => run(body, |input| db.batch_get_item(input)),
        "BatchWriteItem" => run(body, |input| db.batch_write_item(input)),
        "TransactWriteItems" => run(body, |input| db.transact_write_items(input)),
        "TransactGetItems" => run(body, |input| db.transact_get_items(input)),
        "UpdateTimeToLive" => run(body, |input| db.update_time_to_live(input)),
        "DescribeTimeToLive" => run(body, |input| db.describe_time_to_live(input)),
        "ExecuteStatement" => run(body, |input| db.execute_statement(input)),
        "ExecuteTransaction" => run(body, |input| db.execute_transaction(input)),
        "BatchExecuteStatement" => run(body, |input| db.batch_execute_statement(input)),
        "TagResource" => run(body, |input| db.tag_resource(input)),
        "UntagResource" => run(body, |input| db.untag_resource(input)),
        "ListTagsOfResource" => run(body, |input| db.list_tags_of_resource(input)),
        "ListStreams" => run(body, |input| db.list_streams(input)),
        "DescribeStream" => run(body, |input| db.describe_stream(input)),
        "GetShardIterator" => run(body, |input| db.get_shard_iterator(input)),
        "GetRecords" => run(body, |input| db.get_records(input)),
        _ => Err(DynoxideError::ValidationException(format!(
            "the operation {operation:?} is not known here"
        ))),
    }
}

fn run<I: DeserializeOwned, O: Serialize>(
    body: &[u8],
    operation: impl FnOnce(I) -> dynoxide::Result<O>,
) -> dynoxide::Result<String> {
    let input = serde_json::from_slice(body).map_err(|error| unreadable(&error))?;
    let output = operation(input)?;
    serde_json::to_string(&output)
        .map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

/// Tells a value of the wrong shape from a value that breaks a rule.
///
/// `dynoxide` marks the kind in front of the parser's message, and the parser
/// adds a position behind it; neither is meant for the client.
fn unreadable(error: &serde_json::Error) -> DynoxideError {
    let text = error.to_string();
    let bare = text
        .rsplit_once(" at line ")
        .map_or(text.as_str(), |(bare, _)| bare);
    match bare.split_once(':') {
        Some((mark, rest)) if mark.starts_with("VALIDATION") => {
            DynoxideError::ValidationException(rest.to_owned())
        }
        Some((mark, rest)) if mark.starts_with("SERIALIZATION") => {
            DynoxideError::SerializationException(rest.to_owned())
        }
        _ if bare.starts_with("missing field")
            || bare.starts_with("unknown variant")
            || bare.contains("AttributeValue") =>
        {
            DynoxideError::ValidationException(bare.to_owned())
        }
        _ => DynoxideError::SerializationException(bare.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    async fn call(db: &DynamoDb, operation: &str, body: &str) -> (StatusCode, serde_json::Value) {
        let target = format!("DynamoDB_20120810.{operation}");
        let response = db
            .handle(&target, Bytes::copy_from_slice(body.as_bytes()))
            .await;
        let status = response.status();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap())
    }

    const TABLE: &str = r#"{"TableName":"Tab","BillingMode":"PAY_PER_REQUEST",
        "KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],
        "AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}]}"#;

    #[tokio::test]
    async fn items_outlive_the_process_and_expired_ones_are_swept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.sqlite");
        let db = DynamoDb::open(&path).unwrap();
        let made = call(&db, "CreateTable", TABLE).await;
        assert_eq!(made.0, 200, "{}", made.1);
        let ttl = r#"{"TableName":"Tab","TimeToLiveSpecification":{"AttributeName":"at","Enabled":true}}"#;
        assert_eq!(call(&db, "UpdateTimeToLive", ttl).await.0, 200);
        for item in [
            r#"{"id":{"S":"old"},"at":{"N":"1600000000"}}"#,
            r#"{"id":{"S":"new"}}"#,
        ] {
            let body = format!(r#"{{"TableName":"Tab","Item":{item}}}"#);
            assert_eq!(call(&db, "PutItem", &body).await.0, 200);
        }
        drop(db);

        let db = DynamoDb::open(&path).unwrap();
        let (_, found) = call(&db, "Scan", r#"{"TableName":"Tab"}"#).await;
        assert_eq!(found["Count"], 2);
        assert_eq!(db.sweep().await.unwrap(), 1);
        let (_, found) = call(&db, "Scan", r#"{"TableName":"Tab"}"#).await;
        assert_eq!(found["Items"][0]["id"]["S"], "new");
        assert_eq!(found["Count"], 1);
    }

    #[tokio::test]
    async fn refusals_have_the_shape_the_sdks_read() {
        let folder = tempfile::tempdir().unwrap();
        let db = DynamoDb::open(&folder.path().join("t.sqlite")).unwrap();
        call(&db, "CreateTable", TABLE).await;
        for (operation, body, kind) in [
            ("GetItem", "not json", "SerializationException"),
            (
                "GetItem",
                r#"{"TableName":"Nope","Key":{"id":{"S":"1"}}}"#,
                "ResourceNotFoundException",
            ),
            (
                "PutItem",
                r#"{"TableName":"Tab","Item":{"id":{"N":"1"}}}"#,
                "ValidationException",
            ),
            (
                "GetItem",
                r#"{"TableName":"X","Key":{}}"#,
                "ValidationException",
            ),
            (
                "GetItem",
                r#"{"TableName":7,"Key":{}}"#,
                "SerializationException",
            ),
            ("Explode", "{}", "ValidationException"),
        ] {
            let (status, body) = call(&db, operation, body).await;
            assert_eq!(status, 400);
            assert!(body["__type"].as_str().unwrap().ends_with(kind), "{body}");
        }
        let put = r#"{"TableName":"Tab","Item":{"id":{"S":"1"}},"ConditionExpression":"attribute_not_exists(id)"}"#;
        assert_eq!(call(&db, "PutItem", put).await.0, 200);
        let (status, body) = call(&db, "PutItem", put).await;
        assert_eq!(status, 400);
        assert!(
            body["__type"]
                .as_str()
                .unwrap()
                .ends_with("#ConditionalCheckFailedException"),
            "{body}"
        );
    }
}
