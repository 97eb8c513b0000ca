//! Lambda on one machine: the calls that switch a mapping and invoke the reconciler.

use std::sync::{Arc, OnceLock};

use axum::Json;
use axum::response::{IntoResponse, Response};
use cloudalbum_domain::Stage;
use cloudalbum_domain::wire::Reconcile;
use http::{Method, StatusCode};
use jiff::Timestamp;
use reconciler::Reconciler;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::watch;

/// Lambda's API of that day.
const API: &str = "/2015-03-31/";
/// The name of the one function that is invoked.
pub(crate) const RECONCILER: &str = "reconciler";

/// What Lambda is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// `UpdateEventSourceMapping`, by UUID; here it is the name of a stage.
    Mapping(String),
    /// `Invoke`, by function.
    Function(String),
}

impl Call {
    /// Reads the path of a call; `None` when it is not Lambda's.
    pub fn parse(path: &str) -> Option<Self> {
        let path = path.strip_prefix(API)?;
        if let Some(uuid) = path.strip_prefix("event-source-mappings/") {
            return Some(Self::Mapping(uuid.to_owned()));
        }
        let name = path.strip_prefix("functions/")?;
        let name = name.strip_suffix("/invocations")?;
        Some(Self::Function(name.to_owned()))
    }
}

/// Which mappings are off, and the function. Clones share it.
///
/// It starts with all mappings on and without the function, which needs the
/// endpoint that Lambda is a part of.
#[derive(Clone, Debug, Default)]
pub struct Lambda {
    paused: watch::Sender<Vec<Stage>>,
    reconciler: Arc<OnceLock<Reconciler>>,
}

impl Lambda {
    /// Switches off the mappings of `stages`, and the others on.
    pub fn pause(&self, stages: Vec<Stage>) {
        self.paused.send_replace(stages);
    }

    /// The stages whose mapping is off, now and after each switch.
    pub fn paused(&self) -> watch::Receiver<Vec<Stage>> {
        self.paused.subscribe()
    }

    /// Deploys the function; the first one stays.
    pub fn deploy(&self, reconciler: Reconciler) -> &Reconciler {
        self.reconciler.get_or_init(|| reconciler)
    }

    /// Answers a call.
    pub async fn handle(&self, call: &Call, method: &Method, body: &[u8]) -> Response {
        match (call, method) {
            (Call::Mapping(uuid), &Method::PUT) => self.switch(uuid, body),
            (Call::Function(name), &Method::POST) => self.invoke(name, body).await,
            _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
        }
    }

    /// <https://docs.aws.amazon.com/lambda/latest/api/API_UpdateEventSourceMapping.html>.
    fn switch(&self, uuid: &str, body: &[u8]) -> Response {
        let stage = Stage::ALL.into_iter().find(|stage| stage.as_str() == uuid);
        let Some(stage) = stage else {
            return unknown();
        };
        let update: Update = match serde_json::from_slice(body) {
            Ok(update) => update,
            Err(error) => return invalid(&error),
        };
        if let Some(enabled) = update.enabled {
            self.paused.send_if_modified(|paused| {
                let before = paused.len();
                paused.retain(|one| *one != stage);
                if !enabled {
                    paused.push(stage);
                }
                paused.len() != before
            });
        }
        let state = if self.paused.borrow().contains(&stage) {
            "Disabled"
        } else {
            "Enabled"
        };
        let answer = Json(json!({ "UUID": uuid, "State": state }));
        (StatusCode::ACCEPTED, answer).into_response()
    }

    /// <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>.
    async fn invoke(&self, name: &str, body: &[u8]) -> Response {
        let Some(reconciler) = self.reconciler.get().filter(|_| name == RECONCILER) else {
            return unknown();
        };
        match serde_json::from_slice::<Reconcile>(body) {
            Ok(order) => {
                Json(reconciler.run(Timestamp::now(), order.dry_run).await).into_response()
            }
            Err(error) => invalid(&error),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Update {
    enabled: Option<bool>,
}

fn unknown() -> Response {
    let message = "The resource you requested does not exist.";
    refuse(StatusCode::NOT_FOUND, "ResourceNotFoundException", message)
}

fn invalid(error: &serde_json::Error) -> Response {
    let name = "InvalidRequestContentException";
    refuse(StatusCode::BAD_REQUEST, name, &error.to_string())
}

fn refuse(status: StatusCode, name: &'static str, message: &str) -> Response {
    let body = Json(json!({ "Type": "User", "Message": message }));
    (status, [("x-amzn-errortype", name)], body).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn switch(lambda: &Lambda, uuid: &str, body: &str) -> StatusCode {
        let call = Call::parse(&format!("{API}event-source-mappings/{uuid}")).unwrap();
        let answer = lambda.handle(&call, &Method::PUT, body.as_bytes());
        answer.await.status()
    }

    #[tokio::test]
    async fn a_switch_is_seen_by_who_follows() {
        let lambda = Lambda::default();
        let mut paused = lambda.paused();
        let off = r#"{"Enabled":false}"#;
        assert_eq!(switch(&lambda, "metadata", off).await, StatusCode::ACCEPTED);
        assert!(paused.has_changed().unwrap());
        assert_eq!(*paused.borrow_and_update(), [Stage::Metadata]);
        assert_eq!(switch(&lambda, "metadata", off).await, StatusCode::ACCEPTED);
        assert!(!paused.has_changed().unwrap(), "it was off before");
        assert_eq!(
            switch(&lambda, "metadata", "{}").await,
            StatusCode::ACCEPTED
        );
        assert_eq!(*paused.borrow(), [Stage::Metadata], "nothing was ordered");
        let on = r#"{"Enabled":true}"#;
        assert_eq!(switch(&lambda, "metadata", on).await, StatusCode::ACCEPTED);
        assert!(paused.borrow().is_empty());
    }

    #[tokio::test]
    async fn refuses_what_is_not_there_and_what_is_no_order() {
        let lambda = Lambda::default();
        let off = r#"{"Enabled":false}"#;
        assert_eq!(switch(&lambda, "places", off).await, StatusCode::NOT_FOUND);
        let bad = r#"{"Enabled":"no"}"#;
        assert_eq!(
            switch(&lambda, "metadata", bad).await,
            StatusCode::BAD_REQUEST
        );
        assert!(lambda.paused().borrow().is_empty());
        let call = Call::parse("/2015-03-31/functions/reconciler/invocations").unwrap();
        let early = lambda.handle(&call, &Method::POST, b"{}").await;
        assert_eq!(early.status(), StatusCode::NOT_FOUND, "it is not deployed");
        assert_eq!(Call::parse("/2015-03-31/functions/reconciler"), None);
        assert_eq!(
            Call::parse("/photos/2015-03-31/functions/x/invocations"),
            None
        );
    }
}
