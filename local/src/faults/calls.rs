//! Calls of the engines that fail, are slow, lose their answer, or are the
//! last thing that the process does.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode};

use super::Faults;
use super::plan::Kind;
use crate::lambda::Call;

/// How much longer a slow call takes.
const SLOW: Duration = Duration::from_secs(1);

/// Stands before the engines.
pub async fn around(State(faults): State<Faults>, request: Request, next: Next) -> Response {
    let Some(operation) = operation(&request) else {
        return next.run(request).await;
    };
    let number = faults.count(&operation);
    let plan = &faults.0.plan;
    let by_chance = || {
        let kinds = [Kind::Fail, Kind::Slow, Kind::Cut];
        kinds
            .into_iter()
            .find(|kind| faults.chance(plan.chance(*kind)))
    };
    let fault = plan.of_call(&operation, number).or_else(by_chance);
    if let Some(fault) = fault {
        tracing::warn!(operation, number, ?fault, "a fault on purpose");
    }
    match fault {
        Some(Kind::Fail) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Some(Kind::Slow) => {
            tokio::time::sleep(SLOW).await;
            next.run(request).await
        }
        Some(Kind::Cut) => {
            next.run(request).await;
            let cut = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
            let body = futures::stream::iter([Err::<bytes::Bytes, _>(cut)]);
            Response::new(Body::from_stream(body))
        }
        Some(Kind::End) => {
            next.run(request).await;
            end().await
        }
        _ => next.run(request).await,
    }
}

/// SIGKILL to this process: no destructor runs and nothing is flushed.
async fn end() -> Response {
    let id = std::process::id().to_string();
    let killed = tokio::process::Command::new("kill")
        .args(["-KILL", &id])
        .status();
    if let Err(error) = killed.await {
        tracing::error!(%error, "cannot end the process");
    }
    std::future::pending().await
}

/// `s3.PutObject`, `dynamodb.UpdateItem`, `sqs.SendMessage`,
/// `lambda.Invoke`.
fn operation(request: &Request) -> Option<String> {
    if let Some(target) = request.headers().get("x-amz-target") {
        let (service, name) = target.to_str().ok()?.split_once('.')?;
        return match service {
            "DynamoDB_20120810" => Some(format!("dynamodb.{name}")),
            "AmazonSQS" => Some(format!("sqs.{name}")),
            _ => None,
        };
    }
    match Call::parse(request.uri().path()) {
        Some(Call::Mapping(_)) => return Some("lambda.UpdateEventSourceMapping".to_owned()),
        Some(Call::Function(_)) => return Some("lambda.Invoke".to_owned()),
        None => {}
    }
    let query = request.uri().query().unwrap_or_default();
    let asks = |name: &str| {
        let mut names = query.split('&').map(|pair| pair.split('=').next());
        names.any(|asked| asked == Some(name))
    };
    let of_object = request.uri().path().trim_matches('/').contains('/');
    let name = match (request.method(), of_object) {
        (&Method::PUT, true) if asks("partNumber") => "UploadPart",
        (&Method::PUT, true) => "PutObject",
        (&Method::GET, true) => "GetObject",
        (&Method::HEAD, true) => "HeadObject",
        (&Method::DELETE, true) => "DeleteObject",
        (&Method::POST, false) if asks("delete") => "DeleteObjects",
        (&Method::GET, false) if asks("versions") => "ListObjectVersions",
        (&Method::GET, false) if asks("list-type") => "ListObjectsV2",
        _ => return None,
    };
    Some(format!("s3.{name}"))
}
