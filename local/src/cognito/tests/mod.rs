//! Sign-in through its calls and its pages, with a clock that is moved by hand.

mod calls;
mod pages;

use axum::body::Body;
use axum::extract::ConnectInfo;
use data_encoding::{BASE64, BASE64URL_NOPAD};
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tower::ServiceExt;

use super::*;
use crate::clock::Hand;

const EMAIL: &str = "ann@example.org";
const PASSWORD: &str = "Correct1horse";
const VERIFIER: &str = "a-verifier-that-is-long-enough-for-the-rules-of-pkce";

struct Desk {
    folder: TempDir,
    hand: Hand,
    database: Database,
    cognito: Cognito,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let hand = Hand::new();
        let database = Database::memory().unwrap();
        let table = json!({
            "TableName": "User",
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [
                { "AttributeName": "id", "AttributeType": "S" },
                { "AttributeName": "email", "AttributeType": "S" },
            ],
            "KeySchema": [{ "AttributeName": "id", "KeyType": "HASH" }],
            "GlobalSecondaryIndexes": [{
                "IndexName": "user-email-index",
                "KeySchema": [{ "AttributeName": "email", "KeyType": "HASH" }],
                "Projection": { "ProjectionType": "KEYS_ONLY" },
            }],
        });
        database
            .create_table(serde_json::from_value(table).unwrap())
            .unwrap();
        let cognito = open(&folder, &database, &hand);
        Self {
            folder,
            hand,
            database,
            cognito,
        }
    }

    async fn with_ann() -> Self {
        let desk = Self::new();
        desk.call("SignUp", account()).await.unwrap();
        let mut confirm = account();
        confirm["ConfirmationCode"] = json!(desk.code().await);
        desk.call("ConfirmSignUp", confirm).await.unwrap();
        desk
    }

    async fn call(&self, name: &str, body: Value) -> Result<Value, String> {
        let target = format!("AWSCognitoIdentityProviderService.{name}");
        let request = Request::post("/")
            .header("x-amz-target", target)
            .body(Body::from(body.to_string()))
            .unwrap();
        let response = self.cognito.calls().oneshot(request).await.unwrap();
        let good = response.status().is_success();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let answer: Value = serde_json::from_slice(&bytes).unwrap();
        if good {
            return Ok(answer);
        }
        let (shape, text) = (&answer["__type"], &answer["message"]);
        Err(format!(
            "{}: {}",
            shape.as_str().unwrap(),
            text.as_str().unwrap()
        ))
    }

    async fn refused(&self, name: &str, body: Value) -> String {
        self.call(name, body).await.unwrap_err()
    }

    async fn sign_in(&self, password: &str) -> Result<Value, String> {
        let call = json!({
            "ClientId": "cli",
            "AuthFlow": "USER_PASSWORD_AUTH",
            "AuthParameters": { "USERNAME": EMAIL, "PASSWORD": password },
        });
        let answer = self.call("InitiateAuth", call).await?;
        Ok(answer["AuthenticationResult"].clone())
    }

    async fn code(&self) -> String {
        self.cognito.outbox().await.unwrap()[0].code.clone()
    }

    async fn send(&self, request: Request<Body>) -> (StatusCode, String, String) {
        let response = self.cognito.pages().oneshot(request).await.unwrap();
        let status = response.status();
        let location = response
            .headers()
            .get("location")
            .map(|value| value.to_str().unwrap().to_owned())
            .unwrap_or_default();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, location, String::from_utf8(bytes.to_vec()).unwrap())
    }

    async fn get(&self, uri: &str) -> (StatusCode, String, String) {
        self.send(Request::get(uri).body(Body::empty()).unwrap())
            .await
    }

    async fn post(&self, uri: &str, fields: &[(&str, &str)]) -> (StatusCode, String, String) {
        self.send(form(uri, fields)).await
    }

    /// Signs in on the page and returns the code that the app gets.
    async fn authorize(&self, query: &str) -> String {
        let fields = [("next", query), ("email", EMAIL), ("password", PASSWORD)];
        let (status, location, _) = self.post("/oauth2/authorize", &fields).await;
        assert_eq!(status, StatusCode::SEE_OTHER);
        let url: Url = location.parse().unwrap();
        let pairs: std::collections::HashMap<_, _> = url.query_pairs().into_owned().collect();
        assert_eq!(pairs["state"], "a state & more");
        pairs["code"].clone()
    }

    async fn verify(&self, token: &str, audience: Option<&str>) -> Value {
        let (_, _, keys) = self.get("/local_pool/.well-known/jwks.json").await;
        let keys: JwkSet = serde_json::from_str(&keys).unwrap();
        let kid = jsonwebtoken::decode_header(token).unwrap().kid.unwrap();
        let key = DecodingKey::from_jwk(keys.find(&kid).unwrap()).unwrap();
        let mut validation = Validation::new(Algorithm::RS256);
        validation.set_issuer(&["http://127.0.0.1:4566/local_pool"]);
        validation.validate_exp = false;
        validation.validate_aud = audience.is_some();
        validation.set_audience(&[audience.unwrap_or_default()]);
        jsonwebtoken::decode(token, &key, &validation)
            .unwrap()
            .claims
    }
}

fn open(folder: &TempDir, database: &Database, hand: &Hand) -> Cognito {
    let settings = Settings {
        folder: folder.path().to_owned(),
        pool_id: "local_pool".to_owned(),
        issuer: "http://127.0.0.1:4566/local_pool".to_owned(),
        base_url: "http://127.0.0.1:4566".parse().unwrap(),
        app_url: "http://127.0.0.1:8080".parse().unwrap(),
        user_table: "User".to_owned(),
        clients: vec![
            Client {
                id: "web".to_owned(),
                secret: Some("hush".to_owned()),
                redirect_uris: vec!["http://127.0.0.1:8080/auth/callback".parse().unwrap()],
                logout_uris: vec!["http://127.0.0.1:8080/".parse().unwrap()],
            },
            Client {
                id: "cli".to_owned(),
                secret: None,
                redirect_uris: vec!["http://127.0.0.1/callback".parse().unwrap()],
                logout_uris: vec![],
            },
        ],
    };
    Cognito::open(settings, database.clone(), hand.clock()).unwrap()
}

fn account() -> Value {
    json!({
        "ClientId": "cli",
        "Username": EMAIL,
        "Password": PASSWORD,
        "UserAttributes": [{ "Name": "name", "Value": "Ann" }],
    })
}

fn form(uri: &str, fields: &[(&str, &str)]) -> Request<Body> {
    let mut body = url::form_urlencoded::Serializer::new(String::new());
    body.extend_pairs(fields);
    Request::post(uri)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(body.finish()))
        .unwrap()
}

fn challenge() -> String {
    BASE64URL_NOPAD.encode(&Sha256::digest(VERIFIER.as_bytes()))
}

fn cli_query(extra: &str) -> String {
    format!(
        "response_type=code&client_id=cli&redirect_uri=http%3A%2F%2F127.0.0.1%3A5000%2Fcallback\
         &state=a+state+%26+more{extra}"
    )
}
