//! The errors of Cognito in the shape its SDKs expect.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::json;

/// Why a call was refused; the texts are Cognito's.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    /// One text for an unknown account and a wrong password.
    #[error("Incorrect username or password.")]
    WrongPassword,
    #[error("Password attempts exceeded")]
    LockedOut,
    #[error("{0}")]
    NotAuthorized(&'static str),
    #[error("User is not confirmed.")]
    UserNotConfirmed,
    #[error("An account with the given email already exists.")]
    UsernameExists,
    #[error("Password did not conform with policy: {0}")]
    InvalidPassword(&'static str),
    #[error("{0}")]
    InvalidParameter(&'static str),
    #[error("Invalid verification code provided, please try again.")]
    CodeMismatch,
    #[error("Invalid code provided, please request a code again.")]
    ExpiredCode,
    #[error("Attempt limit exceeded, please try after some time.")]
    LimitExceeded,
    #[error("Client does not exist.")]
    UnknownClient,
    #[error("Token is not from this client")]
    UnsupportedToken,
    #[error("The operation {0} is not known here.")]
    UnknownOperation(String),
    #[error("The request is not valid JSON for this call: {0}")]
    Serialization(String),
    #[error("Internal error.")]
    Internal(#[source] anyhow::Error),
}

impl Fault {
    /// The name of the exception that an SDK raises.
    pub(super) fn shape(&self) -> &'static str {
        match self {
            Self::WrongPassword | Self::LockedOut | Self::NotAuthorized(_) => {
                "NotAuthorizedException"
            }
            Self::UserNotConfirmed => "UserNotConfirmedException",
            Self::UsernameExists => "UsernameExistsException",
            Self::InvalidPassword(_) => "InvalidPasswordException",
            Self::InvalidParameter(_) => "InvalidParameterException",
            Self::CodeMismatch => "CodeMismatchException",
            Self::ExpiredCode => "ExpiredCodeException",
            Self::LimitExceeded => "LimitExceededException",
            Self::UnknownClient => "ResourceNotFoundException",
            Self::UnsupportedToken => "UnauthorizedException",
            Self::UnknownOperation(_) => "UnknownOperationException",
            Self::Serialization(_) => "SerializationException",
            Self::Internal(_) => "InternalErrorException",
        }
    }

    /// Wraps whatever this process itself got wrong.
    pub(super) fn internal(error: impl Into<anyhow::Error>) -> Self {
        Self::Internal(error.into())
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::internal(error)
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        };
        let body = json!({ "__type": self.shape(), "message": self.to_string() });
        let headers = [
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amzn-errortype", self.shape()),
        ];
        (status, headers, body.to_string()).into_response()
    }
}
