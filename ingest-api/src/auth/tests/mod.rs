//! Tokens, sessions and sign-in against a real DynamoDB engine and an issuer
//! whose keys are made here.

mod browser;
mod tokens;

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use axum::body::Body;
use axum::extract::{Form, State};
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use cloudalbum_aws::clients::Clients;
use cloudalbum_aws::settings::ServiceSettings;
use cloudalbum_aws::telemetry::Telemetry;
use cloudalbum_domain::wire;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::net::TcpListener;
use tower::ServiceExt as _;
use url::Url;

use crate::app::{self, App};
use crate::auth::Caller;
use crate::renditions;

const BASE: &str = "http://127.0.0.1:8080";
const SUB: &str = "3f2c8a5e-0000-4000-8000-123456789abc";

/// The service, a DynamoDB engine and an issuer.
pub(crate) struct World {
    router: Router,
    issuer: Arc<Issuer>,
}

struct Issuer {
    url: Url,
    key: EncodingKey,
    public: Value,
    /// Codes not yet used, with what their sign-in asked for.
    codes: Mutex<HashMap<String, Grant>>,
    revoked: Mutex<Vec<String>>,
    fetched: AtomicUsize,
    refreshed: AtomicUsize,
    refuses_refresh: std::sync::atomic::AtomicBool,
}

#[derive(Clone)]
struct Grant {
    challenge: String,
    nonce: String,
    /// How long the access token lives, in seconds.
    life: i64,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    pub(crate) fn problem(&self) -> wire::Problem {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// `name=value` of the cookie that was set.
    fn cookie(&self, name: &str) -> String {
        let set = self.headers.get_all("set-cookie").iter();
        let mut set = set.map(|value| value.to_str().unwrap());
        let set = set
            .find(|value| value.starts_with(&format!("{name}=")))
            .unwrap();
        set.split(';').next().unwrap().to_owned()
    }

    fn location(&self) -> Url {
        self.headers["location"].to_str().unwrap().parse().unwrap()
    }
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::serving(Path::new("/nonexistent")).await
    }

    pub(crate) async fn serving(web: &Path) -> Self {
        Self::with(web, BASE).await
    }

    /// The service with further settings.
    pub(crate) async fn set(further: &[(&'static str, &str)]) -> Self {
        Self::build(Path::new("/nonexistent"), BASE, further).await
    }

    async fn with(web: &Path, base: &str) -> Self {
        Self::build(web, base, &[]).await
    }

    async fn build(web: &Path, base: &str, further: &[(&'static str, &str)]) -> Self {
        let issuer = Issuer::start().await;
        let engine = dynamodb().await;
        let pool = format!("{}pool", issuer.url);
        let jwks = format!("{}jwks", issuer.url);
        let web = web.to_str().unwrap();
        let mut variables = HashMap::from([
            ("AWS_REGION", "eu-west-1"),
            ("S3_PHOTO_BUCKET", "album"),
            ("S3_PUBLIC_URL", "http://127.0.0.1:4566"),
            ("COGNITO_POOL_ID", "pool"),
            ("COGNITO_CLIENT_ID", "web"),
            ("COGNITO_CLIENT_SECRET", "hush"),
            ("COGNITO_CLI_CLIENT_ID", "cli"),
            ("COGNITO_DOMAIN", issuer.url.as_str()),
            ("TOKEN_ISSUER", &pool),
            ("JWKS_URL", &jwks),
            ("BASE_URL", base),
            ("WEB_DIR", web),
            ("THUMBNAILS_QUEUE_URL", "http://127.0.0.1:4566/1/thumbnails"),
            ("METADATA_QUEUE_URL", "http://127.0.0.1:4566/1/metadata"),
        ]);
        variables.extend(further.iter().copied());
        let lookup = |name: &str| variables.get(name).map(ToString::to_string);
        let settings = ServiceSettings::from_lookup(&lookup).unwrap();
        let clients = Clients::at(&engine, "eu-west-1", "key", "secret").await;
        let app = App::new(settings, &clients, &Telemetry::silent()).unwrap();
        let who = Router::new()
            .route("/who", get(who).post(who))
            .layer(from_fn_with_state(app.clone(), renditions::admit))
            .with_state(app.clone());
        Self {
            router: app::router(app).merge(who),
            issuer,
        }
    }

    pub(crate) async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if !headers.iter().any(|(name, _)| *name == "host") {
            request = request.header("host", "127.0.0.1:8080");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::empty()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    pub(crate) async fn who(&self, token: &str) -> Answer {
        let bearer = format!("Bearer {token}");
        self.ask(Method::GET, "/who", &[("authorization", &bearer)])
            .await
    }

    /// A bearer's access token.
    pub(crate) fn token(&self, life: i64) -> String {
        self.issuer.sign(&self.issuer.access(life))
    }

    /// Begins a sign-in; gives the attempt's cookie and the page it leads to.
    async fn login(&self) -> (String, HashMap<String, String>) {
        let answer = self.ask(Method::GET, "/auth/login?return=/map", &[]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
        let query = answer.location().query_pairs().into_owned().collect();
        (answer.cookie("attempt"), query)
    }

    async fn callback(&self, cookie: &str, code: &str, state: &str) -> Answer {
        let path = format!("/auth/callback?code={code}&state={state}");
        self.ask(Method::GET, &path, &[("cookie", cookie)]).await
    }

    /// Signs in and gives the session's cookie.
    pub(crate) async fn signed_in(&self, life: i64) -> String {
        let (cookie, asked) = self.login().await;
        let code = self.issuer.grant(&asked, life);
        let answer = self.callback(&cookie, &code, &asked["state"]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
        assert_eq!(answer.headers["location"], "/map");
        answer.cookie("session")
    }
}

async fn who(caller: Caller) -> Json<Value> {
    Json(json!({ "owner": caller.owner, "email": caller.email, "operator": caller.operator }))
}

impl Issuer {
    async fn start() -> Arc<Self> {
        let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let key = encoding(&pair);
        let mut jwk = Jwk::from_encoding_key(&key, Algorithm::RS256).unwrap();
        jwk.common.key_id = Some("one".to_owned());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let issuer = Arc::new(Self {
            url: url.parse().unwrap(),
            key,
            public: serde_json::to_value(jwk).unwrap(),
            codes: Mutex::default(),
            revoked: Mutex::default(),
            fetched: AtomicUsize::new(0),
            refreshed: AtomicUsize::new(0),
            refuses_refresh: false.into(),
        });
        let routes = Router::new()
            .route("/jwks", get(jwks))
            .route("/oauth2/token", post(issue))
            .route("/oauth2/revoke", post(revoke))
            .with_state(Arc::clone(&issuer));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        issuer
    }

    fn grant(&self, asked: &HashMap<String, String>, life: i64) -> String {
        let (challenge, nonce) = (asked["code_challenge"].clone(), asked["nonce"].clone());
        let code = format!("code-{nonce}");
        self.codes.lock().unwrap().insert(
            code.clone(),
            Grant {
                challenge,
                nonce,
                life,
            },
        );
        code
    }

    fn access(&self, life: i64) -> Value {
        let now = jiff::Timestamp::now().as_second();
        json!({
            "sub": SUB, "token_use": "access", "client_id": "web", "username": "ada",
            "iss": format!("{}pool", self.url), "iat": now, "exp": now + life,
        })
    }

    fn id(&self, nonce: &str) -> Value {
        let now = jiff::Timestamp::now().as_second();
        json!({
            "sub": SUB, "token_use": "id", "aud": "web", "nonce": nonce,
            "email": "ada@example.com", "iss": format!("{}pool", self.url), "exp": now + 3_600,
        })
    }

    fn sign(&self, claims: &Value) -> String {
        sign_as(claims, "one", &self.key)
    }
}

fn encoding(pair: &KeyPair) -> EncodingKey {
    let text = base64::prelude::BASE64_STANDARD.encode(pair.as_der().unwrap().as_ref());
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n");
    EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap()
}

fn sign_as(claims: &Value, kid: &str, key: &EncodingKey) -> String {
    let mut header = Header::new(Algorithm::RS256);
    header.kid = Some(kid.to_owned());
    encode(&header, claims, key).unwrap()
}

async fn jwks(State(issuer): State<Arc<Issuer>>) -> Json<Value> {
    issuer.fetched.fetch_add(1, Ordering::Relaxed);
    Json(json!({ "keys": [{ "kty": "unheard-of", "kid": "x" }, issuer.public] }))
}

async fn issue(
    State(issuer): State<Arc<Issuer>>,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Result<Json<Value>, StatusCode> {
    let basic = format!("Basic {}", STANDARD.encode("web:hush"));
    if headers["authorization"] != basic {
        return Err(StatusCode::UNAUTHORIZED);
    }
    if form["grant_type"] == "refresh_token" {
        issuer.refreshed.fetch_add(1, Ordering::Relaxed);
        if issuer.refuses_refresh.load(Ordering::Relaxed) || form["refresh_token"] != "refresh" {
            return Err(StatusCode::BAD_REQUEST);
        }
        return Ok(Json(
            json!({ "access_token": issuer.sign(&issuer.access(3_600)) }),
        ));
    }
    let grant = issuer.codes.lock().unwrap().remove(&form["code"]);
    let grant = grant.ok_or(StatusCode::BAD_REQUEST)?;
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&form["code_verifier"]));
    let callback = format!("{BASE}/auth/callback");
    if grant.challenge != challenge || form["redirect_uri"] != callback {
        return Err(StatusCode::BAD_REQUEST);
    }
    Ok(Json(json!({
        "access_token": issuer.sign(&issuer.access(grant.life)),
        "id_token": issuer.sign(&issuer.id(&grant.nonce)),
        "refresh_token": "refresh",
    })))
}

async fn revoke(State(issuer): State<Arc<Issuer>>, Form(form): Form<HashMap<String, String>>) {
    issuer.revoked.lock().unwrap().push(form["token"].clone());
}

async fn dynamodb() -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url: Url = format!("http://{}/", listener.local_addr().unwrap())
        .parse()
        .unwrap();
    let database = dynoxide::Database::memory().unwrap();
    tokio::spawn(dynoxide::server::serve_on(listener, database));
    let table = json!({
        "TableName": "Session", "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{ "AttributeName": "id", "AttributeType": "S" }],
        "KeySchema": [{ "AttributeName": "id", "KeyType": "HASH" }],
    });
    let answer = reqwest::Client::new()
        .post(url.clone())
        .header("x-amz-target", "DynamoDB_20120810.CreateTable")
        .header("content-type", "application/x-amz-json-1.0")
        .header("x-amz-date", "20260101T000000Z")
        .header(
            "authorization",
            "AWS4-HMAC-SHA256 Credential=key/20260101/eu-west-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
        )
        .body(table.to_string())
        .send()
        .await
        .unwrap();
    assert!(
        answer.status().is_success(),
        "{}",
        answer.text().await.unwrap()
    );
    url
}
