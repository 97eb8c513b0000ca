//! The event source mapping of a queue: what hands its messages to a function.

use aws_config::SdkConfig;
use serde::Deserialize;
use serde_json::json;

use crate::signed::{self, Call, CallError};

/// One mapping, by its UUID. Clones are cheap.
#[derive(Clone, Debug)]
pub struct Mapping {
    config: SdkConfig,
    uuid: String,
}

impl Mapping {
    pub(crate) fn new(config: SdkConfig, uuid: &str) -> Self {
        Self {
            config,
            uuid: uuid.to_owned(),
        }
    }

    /// Switches the mapping on or off; what it hands out already is worked on.
    ///
    /// Lambda answers before the switch took hold, and refuses another one until
    /// it did
    /// (<https://docs.aws.amazon.com/lambda/latest/api/API_UpdateEventSourceMapping.html>).
    pub async fn switch(&self, enabled: bool) -> Result<(), MappingError> {
        let path = format!("/2015-03-31/event-source-mappings/{}", self.uuid);
        let call = Call {
            service: "lambda",
            method: http::Method::PUT,
            path: &path,
            headers: &[("content-type", "application/json")],
            body: json!({ "Enabled": enabled }).to_string(),
            patience: signed::AT_ONCE,
        };
        let switched: Result<Answer, CallError> = signed::send(&self.config, call).await;
        let failed = |source| MappingError {
            uuid: self.uuid.clone(),
            source,
        };
        let state = switched.map_err(failed)?.state;
        tracing::info!(mapping = self.uuid, state, "a mapping was switched");
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    /// `Enabling`, `Disabled` and the like.
    state: String,
}

/// A mapping could not be switched.
#[derive(Debug, thiserror::Error)]
#[error("cannot switch the event source mapping `{uuid}`")]
pub struct MappingError {
    uuid: String,
    #[source]
    source: CallError,
}
