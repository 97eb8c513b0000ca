//! The token endpoint, revocation, and what verifiers need to know.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Form, Json};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use http::{HeaderMap, StatusCode};
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::Cognito;
use super::client::Client;
use super::fault::Fault;
use super::pool::{Pool, Tokens};
use super::session::Grant;
use super::token::LIFE_SECONDS;

#[derive(Deserialize)]
pub(super) struct TokenRequest {
    #[serde(default)]
    grant_type: String,
    client_id: Option<String>,
    client_secret: Option<String>,
    #[serde(default)]
    code: String,
    #[serde(default)]
    redirect_uri: String,
    code_verifier: Option<String>,
    #[serde(default)]
    refresh_token: String,
}

#[derive(Deserialize)]
pub(super) struct RevokeRequest {
    #[serde(default)]
    token: String,
    client_id: Option<String>,
    client_secret: Option<String>,
}

/// The error codes of RFC 6749 section 5.2.
enum Refusal {
    InvalidClient,
    InvalidGrant,
    UnsupportedGrantType,
    ServerError,
}

pub(super) async fn token(
    State(cognito): State<Cognito>,
    headers: HeaderMap,
    Form(request): Form<TokenRequest>,
) -> Response {
    let credentials = Credentials::new(
        &headers,
        request.client_id.as_deref(),
        request.client_secret.as_deref(),
    );
    let work = move |pool: &Pool| Ok(exchange(pool, &credentials, &request));
    match cognito.run(work).await {
        Ok(Ok(answer)) => no_store(Json(answer)),
        Ok(Err(refusal)) => refusal.into_response(),
        Err(_) => Refusal::ServerError.into_response(),
    }
}

pub(super) async fn revoke(
    State(cognito): State<Cognito>,
    headers: HeaderMap,
    Form(request): Form<RevokeRequest>,
) -> Response {
    let credentials = Credentials::new(
        &headers,
        request.client_id.as_deref(),
        request.client_secret.as_deref(),
    );
    let work = move |pool: &Pool| {
        let Some(client) = credentials.client(pool) else {
            return Ok(Err(Refusal::InvalidClient));
        };
        match pool.revoke(client, &request.token) {
            Ok(()) => Ok(Ok(())),
            Err(Fault::Internal(source)) => Err(Fault::Internal(source)),
            Err(_) => Ok(Err(Refusal::InvalidGrant)),
        }
    };
    match cognito.run(work).await {
        Ok(Ok(())) => no_store(StatusCode::OK),
        Ok(Err(refusal)) => refusal.into_response(),
        Err(_) => Refusal::ServerError.into_response(),
    }
}

pub(super) async fn jwks(State(cognito): State<Cognito>) -> Response {
    Json(cognito.pool.key.public()).into_response()
}

pub(super) async fn configuration(State(cognito): State<Cognito>) -> Json<Value> {
    let settings = &cognito.pool.settings;
    let base = settings.base_url.as_str().trim_end_matches('/');
    let issuer = &settings.issuer;
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{base}/oauth2/authorize"),
        "token_endpoint": format!("{base}/oauth2/token"),
        "revocation_endpoint": format!("{base}/oauth2/revoke"),
        "end_session_endpoint": format!("{base}/logout"),
        "jwks_uri": format!("{base}/{}/.well-known/jwks.json", settings.pool_id),
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "email", "profile"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "code_challenge_methods_supported": ["S256"],
    }))
}

fn exchange(
    pool: &Pool,
    credentials: &Credentials,
    request: &TokenRequest,
) -> Result<Value, Refusal> {
    let client = credentials.client(pool).ok_or(Refusal::InvalidClient)?;
    let tokens = match request.grant_type.as_str() {
        "authorization_code" => {
            let grant = pool.redeem(&request.code)?.ok_or(Refusal::InvalidGrant)?;
            let proved = grant.client == client.id
                && grant.redirect_uri == request.redirect_uri
                && proves(&grant, request.code_verifier.as_deref());
            if !proved {
                return Err(Refusal::InvalidGrant);
            }
            let user = pool
                .users
                .by_id(&grant.user)?
                .ok_or(Refusal::InvalidGrant)?;
            pool.sign_in(client, &user, &grant.scope, grant.nonce.as_deref())?
        }
        "refresh_token" => pool.refresh(client, &request.refresh_token, |_| Ok(()))?,
        _ => return Err(Refusal::UnsupportedGrantType),
    };
    Ok(answer(tokens))
}

/// Whether the verifier fits the challenge, or neither was used (RFC 7636 section 4.6).
fn proves(grant: &Grant, verifier: Option<&str>) -> bool {
    match (&grant.challenge, verifier) {
        (None, None) => true,
        (Some(challenge), Some(verifier)) => {
            (43..=128).contains(&verifier.len())
                && BASE64URL_NOPAD.encode(&Sha256::digest(verifier.as_bytes())) == *challenge
        }
        _ => false,
    }
}

fn answer(tokens: Tokens) -> Value {
    let mut fields = Map::new();
    let open_id = tokens.scope.split(' ').any(|scope| scope == "openid");
    fields.insert("access_token".to_owned(), json!(tokens.access));
    if open_id {
        fields.insert("id_token".to_owned(), json!(tokens.identity));
    }
    if let Some(refresh) = tokens.refresh {
        fields.insert("refresh_token".to_owned(), json!(refresh));
    }
    fields.insert("token_type".to_owned(), json!("Bearer"));
    fields.insert("expires_in".to_owned(), json!(LIFE_SECONDS));
    Value::Object(fields)
}

/// How a client says who it is: HTTP Basic, or fields of the form.
struct Credentials {
    id: String,
    secret: Option<String>,
}

impl Credentials {
    fn new(headers: &HeaderMap, id: Option<&str>, secret: Option<&str>) -> Self {
        Self::basic(headers).unwrap_or_else(|| Self {
            id: id.unwrap_or_default().to_owned(),
            secret: secret.map(str::to_owned),
        })
    }

    fn basic(headers: &HeaderMap) -> Option<Self> {
        let value = headers.get(http::header::AUTHORIZATION)?.to_str().ok()?;
        let (scheme, encoded) = value.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let text = String::from_utf8(BASE64.decode(encoded.as_bytes()).ok()?).ok()?;
        let (id, secret) = text.split_once(':')?;
        let plain = |text: &str| Some(percent_decode_str(text).decode_utf8().ok()?.into_owned());
        Some(Self {
            id: plain(id)?,
            secret: Some(plain(secret)?),
        })
    }

    fn client<'a>(&self, pool: &'a Pool) -> Option<&'a Client> {
        let client = pool.client(&self.id).ok()?;
        client.has_secret(self.secret.as_deref()).then_some(client)
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Internal(source) => {
                tracing::error!(error = format!("{source:#}"), "token endpoint failed");
                Self::ServerError
            }
            _ => Self::InvalidGrant,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, error) = match self {
            Self::InvalidClient => (StatusCode::UNAUTHORIZED, "invalid_client"),
            Self::InvalidGrant => (StatusCode::BAD_REQUEST, "invalid_grant"),
            Self::UnsupportedGrantType => (StatusCode::BAD_REQUEST, "unsupported_grant_type"),
            Self::ServerError => (StatusCode::INTERNAL_SERVER_ERROR, "server_error"),
        };
        let challenge = [("www-authenticate", "Basic realm=\"cloudalbum\"")];
        let body = Json(json!({ "error": error }));
        if status == StatusCode::UNAUTHORIZED {
            return no_store((status, challenge, body));
        }
        no_store((status, body))
    }
}

fn no_store(response: impl IntoResponse) -> Response {
    ([("cache-control", "no-store")], response).into_response()
}
