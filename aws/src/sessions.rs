//! Sealed browser sessions in the table `Session`.

use std::error::Error as StdError;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use jiff::Timestamp;

/// The table `Session`: key `id`, attributes `sealed` and `expires_at` (TTL).
///
/// It holds bytes that only the browser's cookie opens, under an id that does
/// not give the cookie away: who reads the table can sign in as nobody.
#[derive(Clone, Debug)]
pub struct Sessions {
    client: Client,
    table: String,
}

impl Sessions {
    /// The sessions in `table`.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self {
            client,
            table: table.into(),
        }
    }

    /// Writes a new session.
    pub async fn put(
        &self,
        id: &str,
        sealed: Vec<u8>,
        expires_at: Timestamp,
    ) -> Result<(), SessionsError> {
        let call = self.write(id, sealed, expires_at);
        let call = call.condition_expression("attribute_not_exists(id)");
        call.send()
            .await
            .map(drop)
            .map_err(|error| SessionsError::new("PutItem", error))
    }

    /// Writes a session that is still there. Returns `false` when it is gone:
    /// a refresh under way never brings back a session that was signed out.
    pub async fn replace(
        &self,
        id: &str,
        sealed: Vec<u8>,
        expires_at: Timestamp,
    ) -> Result<bool, SessionsError> {
        let call = self.write(id, sealed, expires_at);
        let call = call.condition_expression("attribute_exists(id)");
        match call.send().await {
            Ok(_) => Ok(true),
            Err(SdkError::ServiceError(error))
                if error.err().is_conditional_check_failed_exception() =>
            {
                Ok(false)
            }
            Err(error) => Err(SessionsError::new("PutItem", error)),
        }
    }

    /// Reads a session that has not expired by `now`.
    pub async fn get(&self, id: &str, now: Timestamp) -> Result<Option<Vec<u8>>, SessionsError> {
        let call = self.client.get_item().table_name(&self.table);
        let call = call.key("id", AttributeValue::S(id.to_owned()));
        let answer = call.consistent_read(true).send().await;
        let answer = answer.map_err(|error| SessionsError::new("GetItem", error))?;
        Ok(answer.item.and_then(|item| unexpired(item, now)))
    }

    /// Removes a session and returns it: of two callers at once, one gets it.
    pub async fn take(&self, id: &str, now: Timestamp) -> Result<Option<Vec<u8>>, SessionsError> {
        let call = self.client.delete_item().table_name(&self.table);
        let call = call.key("id", AttributeValue::S(id.to_owned()));
        let answer = call.return_values(ReturnValue::AllOld).send().await;
        let answer = answer.map_err(|error| SessionsError::new("DeleteItem", error))?;
        Ok(answer.attributes.and_then(|item| unexpired(item, now)))
    }

    fn write(
        &self,
        id: &str,
        sealed: Vec<u8>,
        expires_at: Timestamp,
    ) -> aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder {
        let expires_at = expires_at.as_second().to_string();
        self.client
            .put_item()
            .table_name(&self.table)
            .item("id", AttributeValue::S(id.to_owned()))
            .item("sealed", AttributeValue::B(Blob::new(sealed)))
            .item("expires_at", AttributeValue::N(expires_at))
    }
}

/// DynamoDB removes what expired hours late, so the time is checked here.
fn unexpired(
    mut item: std::collections::HashMap<String, AttributeValue>,
    now: Timestamp,
) -> Option<Vec<u8>> {
    let expires_at: i64 = item.get("expires_at")?.as_n().ok()?.parse().ok()?;
    if expires_at <= now.as_second() {
        return None;
    }
    match item.remove("sealed")? {
        AttributeValue::B(blob) => Some(blob.into_inner()),
        _ => None,
    }
}

/// The table `Session` could not be asked. Always worth another try later.
#[derive(Debug, thiserror::Error)]
#[error("session store unavailable: {call}")]
pub struct SessionsError {
    call: &'static str,
    #[source]
    source: Box<dyn StdError + Send + Sync>,
}

impl SessionsError {
    fn new(call: &'static str, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self {
            call,
            source: source.into(),
        }
    }
}
