//! Why a call was not let in, in the words of each service.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::json;

/// The rule that a request's signature broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("Request is missing Authentication Token")]
    Missing,
    #[error("The Authorization header or a header it needs is not complete")]
    Incomplete,
    #[error("The security token included in the request is invalid.")]
    UnknownKey,
    #[error("Signature expired or not yet current: the clocks differ by more than 15 minutes")]
    Skewed,
    #[error("The request signature we calculated does not match the signature you provided")]
    Mismatch,
}

impl Refusal {
    /// The answer as `service` gives it; `DynamoDB` answers 400 where others answer 403.
    pub fn response(self, service: &str) -> Response {
        let dynamodb = service == "dynamodb";
        let code = match self {
            Self::Missing if dynamodb => "MissingAuthenticationTokenException",
            Self::Missing => "MissingAuthenticationToken",
            Self::Incomplete if dynamodb => "IncompleteSignatureException",
            Self::Incomplete => "IncompleteSignature",
            Self::UnknownKey if dynamodb => "UnrecognizedClientException",
            Self::UnknownKey => "InvalidClientTokenId",
            Self::Skewed | Self::Mismatch if dynamodb => "InvalidSignatureException",
            Self::Skewed | Self::Mismatch => "SignatureDoesNotMatch",
        };
        let status = if dynamodb {
            StatusCode::BAD_REQUEST
        } else {
            StatusCode::FORBIDDEN
        };
        let kind = format!("com.amazon.coral.service#{code}");
        let body = json!({ "__type": kind, "message": self.to_string() });
        let mut response = (status, Json(body)).into_response();
        response.headers_mut().insert(
            http::header::CONTENT_TYPE,
            http::HeaderValue::from_static("application/x-amz-json-1.0"),
        );
        response
    }
}
