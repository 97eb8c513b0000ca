//! A Lambda function that is invoked by another.

use std::time::Duration;

use aws_config::SdkConfig;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::signed::{self, Call, CallError};

/// The API's own function ends after 20 seconds by default.
const PATIENCE: Duration = Duration::from_secs(18);

/// One function, by its name. Clones are cheap.
#[derive(Clone, Debug)]
pub struct Function {
    config: SdkConfig,
    name: String,
}

impl Function {
    pub(crate) fn new(config: SdkConfig, name: &str) -> Self {
        Self {
            config,
            name: name.to_owned(),
        }
    }

    /// Invokes the function and waits for what it returns
    /// (<https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>).
    ///
    /// A function that takes longer than anybody waits for runs to its end.
    pub async fn invoke<I, O>(&self, input: &I) -> Result<O, InvokeError>
    where
        I: Serialize + Sync,
        O: DeserializeOwned,
    {
        self.call(input).await.map_err(|source| InvokeError {
            name: self.name.clone(),
            source,
        })
    }

    async fn call<I: Serialize, O: DeserializeOwned>(&self, input: &I) -> Result<O, CallError> {
        let path = format!("/2015-03-31/functions/{}/invocations", self.name);
        let call = Call {
            service: "lambda",
            method: http::Method::POST,
            path: &path,
            headers: &[("content-type", "application/json")],
            body: serde_json::to_string(input)?,
            patience: PATIENCE,
        };
        signed::send(&self.config, call).await
    }
}

/// A function could not be invoked, or failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot invoke the function `{name}`")]
pub struct InvokeError {
    name: String,
    #[source]
    source: CallError,
}
