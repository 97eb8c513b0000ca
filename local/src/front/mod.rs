//! The one address of S3, `DynamoDB`, SQS, Cognito and Lambda.

mod cors;
mod guard;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::serve::ListenerExt;
use bytes::Bytes;
use http::{StatusCode, header};
use http_body_util::{BodyExt, Limited};
use ingest_api::drain::{Draining, Waiting};
use s3s::service::S3Service;
use tokio::net::TcpListener;
use tower::ServiceExt;

use crate::credentials::Credentials;
use crate::dynamodb::DynamoDb;
use crate::lambda::{Call, Lambda};
use crate::s3::Store;
use crate::sigv4;
use crate::sqs::Sqs;
use guard::Allowed;

/// The longest JSON call, in bytes; `DynamoDB` has the largest of all limits.
const LONGEST_CALL: usize = 16 << 20;

/// The most that is read of an upload that was refused, in bytes.
const LARGEST_REST: u64 = 512 << 20;

/// How often expired items are swept and late notifications are tried again.
const SWEEP: Duration = Duration::from_mins(1);

/// What stands behind the address.
#[derive(Debug)]
pub struct Front {
    pub credentials: Credentials,
    pub s3: Arc<Store>,
    pub dynamodb: DynamoDb,
    pub sqs: Sqs,
    pub lambda: Lambda,
    /// Answers POST `/` for targets of Cognito, unsigned calls included.
    pub cognito: Router,
    /// Cognito's pages, such as `/oauth2/token`; they come before S3's bucket names.
    pub pages: Router,
    /// Names under which this address may be called, without a port.
    pub hosts: Vec<String>,
    /// Origins whose pages may upload, such as `http://127.0.0.1:8080`.
    pub origins: Vec<String>,
}

struct Engines {
    credentials: Credentials,
    s3: S3Service,
    dynamodb: DynamoDb,
    sqs: Sqs,
    lambda: Lambda,
    cognito: Router,
    allowed: Arc<Allowed>,
}

/// Answers whatever is asked of this address.
///
/// # Errors
///
/// When an origin is not a header value.
pub fn router(front: Front) -> anyhow::Result<Router> {
    let cors = cors::layer(&front.origins)?;
    let allowed = Arc::new(Allowed {
        hosts: front.hosts,
        origins: front.origins,
    });
    let engines = Arc::new(Engines {
        s3: crate::s3::service(front.s3, &front.credentials),
        credentials: front.credentials,
        dynamodb: front.dynamodb,
        sqs: front.sqs,
        lambda: front.lambda,
        cognito: front.cognito,
        allowed: Arc::clone(&allowed),
    });
    let engines = Router::new()
        .fallback(dispatch)
        .with_state(engines)
        .layer(cors);
    Ok(front
        .pages
        .fallback_service(engines)
        .layer(axum::middleware::from_fn_with_state(
            allowed,
            guard::require_host,
        )))
}

/// Serves `router` until `stop` resolves and the requests under way are answered.
///
/// # Errors
///
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    // Without TCP_NODELAY every small answer waits for the delayed acknowledgement of the last one.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY was refused");
        }
    });
    // The pages of Cognito ask who is calling.
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service)
        .with_graceful_shutdown(stop)
        .await
}

/// Sweeps expired items and delivers late notifications, for as long as it is polled.
pub async fn tend(dynamodb: DynamoDb, s3: Arc<Store>) {
    let mut ticks = tokio::time::interval(SWEEP);
    loop {
        ticks.tick().await;
        match dynamodb.sweep().await {
            Ok(0) => {}
            Ok(items) => tracing::debug!(items, "expired items swept"),
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), "cannot sweep expired items");
            }
        }
        if let Err(error) = s3.deliver_due().await {
            tracing::error!(
                error = format!("{error:#}"),
                "notifications wait for delivery"
            );
        }
    }
}

async fn dispatch(State(engines): State<Arc<Engines>>, request: Request) -> Response {
    let target = request
        .headers()
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok())
        .map(str::to_owned);
    let target = match (target, Call::parse(request.uri().path())) {
        (Some(target), _) => target,
        (None, None) => return engines.object(request).await,
        (None, Some(call)) => {
            let method = request.method().clone();
            return match engines.signed("lambda", request).await {
                Ok(body) => engines.lambda.handle(&call, &method, &body).await,
                Err(refusal) => refusal,
            };
        }
    };
    if !engines.allowed.origin(request.headers()) {
        return (StatusCode::FORBIDDEN, "this origin may not call\n").into_response();
    }
    match target.split('.').next().unwrap_or_default() {
        "DynamoDB_20120810" | "DynamoDBStreams_20120810" => {
            match engines.signed("dynamodb", request).await {
                Ok(body) => engines.dynamodb.handle(&target, body).await,
                Err(refusal) => refusal,
            }
        }
        "AmazonSQS" => match engines.signed("sqs", request).await {
            Ok(body) => engines.sqs.handle(&target, body).await,
            Err(refusal) => refusal,
        },
        "AWSCognitoIdentityProviderService" => engines
            .cognito
            .clone()
            .oneshot(request)
            .await
            .into_response(),
        _ => (
            StatusCode::BAD_REQUEST,
            [(header::CONTENT_TYPE, "application/x-amz-json-1.0")],
            r#"{"__type":"com.amazon.coral.service#UnknownOperationException"}"#,
        )
            .into_response(),
    }
}

impl Engines {
    /// The body of a call whose signature holds, or the answer to one whose does not.
    async fn signed(&self, service: &str, request: Request) -> Result<Bytes, Response> {
        let (head, body) = request.into_parts();
        let body = Limited::new(body, LONGEST_CALL)
            .collect()
            .await
            .map_err(|_| StatusCode::PAYLOAD_TOO_LARGE.into_response())?
            .to_bytes();
        let now = jiff::Timestamp::now();
        sigv4::verify(&head, &body, service, &self.credentials, now).map_err(|refusal| {
            tracing::info!(%refusal, service, "a call was refused");
            refusal.response(service)
        })?;
        Ok(body)
    }

    async fn object(&self, request: Request) -> Response {
        let waiting = Waiting::of(request.headers());
        let drained =
            |body| s3s::Body::http_body_unsync(Draining::new(body, LARGEST_REST, waiting.clone()));
        match self.s3.call(request.map(drained)).await {
            Ok(response) => {
                let mut response = response.map(Body::new);
                waiting.close(response.headers_mut());
                response
            }
            Err(error) => {
                tracing::error!(?error, "S3 gave no answer");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}
