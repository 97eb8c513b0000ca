//! The calls of Cognito's JSON protocol that a public client makes.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::api;

/// A user pool's public client.
pub(crate) struct Cognito {
    pub http: reqwest::Client,
    pub endpoint: String,
    pub client_id: String,
}

/// What a sign-in hands out.
#[derive(Deserialize)]
pub(crate) struct Tokens {
    #[serde(alias = "AccessToken")]
    pub access_token: String,
    #[serde(default, alias = "RefreshToken")]
    pub refresh_token: Option<String>,
    /// In seconds.
    #[serde(alias = "ExpiresIn")]
    pub expires_in: u32,
}

/// Why a call to the sign-in failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CognitoError {
    #[error("sign-in refused: {message} ({shape})")]
    Refused { shape: String, message: String },
    #[error(
        "a further sign-in step is asked for ({0}): sign in with `cloudalbum login` in the browser"
    )]
    Challenge(String),
    #[error("the sign-in at {endpoint} gave no usable answer")]
    Unusable {
        endpoint: String,
        #[source]
        source: anyhow::Error,
    },
}

impl CognitoError {
    /// Whether the answer was a clear no, which asking again would not change.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused { shape, .. } if shape == "NotAuthorizedException")
    }

    /// Whether the account still waits for its confirmation code.
    pub(crate) fn is_unconfirmed(&self) -> bool {
        matches!(self, Self::Refused { shape, .. } if shape == "UserNotConfirmedException")
    }
}

impl Cognito {
    pub(crate) async fn sign_up(
        &self,
        email: &str,
        name: &str,
        password: &str,
    ) -> Result<(), CognitoError> {
        let attributes = json!([
            { "Name": "email", "Value": email },
            { "Name": "name", "Value": name },
        ]);
        let call = json!({
            "ClientId": self.client_id,
            "Username": email,
            "Password": password,
            "UserAttributes": attributes,
        });
        self.call("SignUp", &call).await.map(drop)
    }

    pub(crate) async fn confirm(&self, email: &str, code: &str) -> Result<(), CognitoError> {
        let call = json!({
            "ClientId": self.client_id,
            "Username": email,
            "ConfirmationCode": code,
        });
        self.call("ConfirmSignUp", &call).await.map(drop)
    }

    pub(crate) async fn log_in(&self, email: &str, password: &str) -> Result<Tokens, CognitoError> {
        let parameters = json!({ "USERNAME": email, "PASSWORD": password });
        self.initiate("USER_PASSWORD_AUTH", &parameters).await
    }

    pub(crate) async fn refresh(&self, token: &str) -> Result<Tokens, CognitoError> {
        let parameters = json!({ "REFRESH_TOKEN": token });
        self.initiate("REFRESH_TOKEN_AUTH", &parameters).await
    }

    async fn initiate(&self, flow: &str, parameters: &Value) -> Result<Tokens, CognitoError> {
        let call = json!({
            "ClientId": self.client_id,
            "AuthFlow": flow,
            "AuthParameters": parameters,
        });
        let mut answer = self.call("InitiateAuth", &call).await?;
        if let Some(challenge) = answer.get("ChallengeName").and_then(Value::as_str) {
            return Err(CognitoError::Challenge(challenge.to_owned()));
        }
        let result = answer.get_mut("AuthenticationResult").map(Value::take);
        serde_json::from_value(result.unwrap_or_default()).map_err(|source| self.unusable(source))
    }

    async fn call(&self, name: &str, call: &Value) -> Result<Value, CognitoError> {
        let target = format!("AWSCognitoIdentityProviderService.{name}");
        let request = self
            .http
            .post(&self.endpoint)
            .header("x-amz-target", target)
            .header("content-type", "application/x-amz-json-1.1")
            .body(call.to_string());
        let response = request
            .send()
            .await
            .map_err(|source| self.unusable(source.without_url()))?;
        let status = response.status();
        let bytes = api::read(response)
            .await
            .map_err(|source| self.unusable(source))?;
        if status.is_success() {
            return serde_json::from_slice(&bytes).map_err(|source| self.unusable(source));
        }
        let answer: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let text = |name: &str| answer.get(name).and_then(Value::as_str);
        match text("__type") {
            // Cognito spells the shape with or without its namespace.
            Some(shape) if status.is_client_error() => Err(CognitoError::Refused {
                shape: shape.rsplit('#').next().unwrap_or(shape).to_owned(),
                message: text("message").unwrap_or("no reason given").to_owned(),
            }),
            _ => Err(self.unusable(anyhow::anyhow!("it answered {status}"))),
        }
    }

    fn unusable(&self, source: impl Into<anyhow::Error>) -> CognitoError {
        CognitoError::Unusable {
            endpoint: self.endpoint.clone(),
            source: source.into(),
        }
    }
}
