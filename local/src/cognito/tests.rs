//! Sign-in through its calls and its pages, with a clock that is moved by hand.

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

#[tokio::test]
async fn tokens_verify_against_the_published_keys() {
    let desk = Desk::with_ann().await;
    let tokens = desk.sign_in(PASSWORD).await.unwrap();
    let access = desk
        .verify(tokens["AccessToken"].as_str().unwrap(), None)
        .await;
    assert_eq!(access["token_use"], "access");
    assert_eq!(access["client_id"], "cli");
    assert_eq!(access["exp"], json!(1_800_000_000 + 3600));
    assert_eq!(access.get("cognito:groups"), None);
    let identity = desk
        .verify(tokens["IdToken"].as_str().unwrap(), Some("cli"))
        .await;
    assert_eq!(identity["sub"], access["sub"]);
    assert_eq!(identity["email"], EMAIL);
    assert_eq!(identity["name"], "Ann");
    assert_eq!(identity["token_use"], "id");
    let configuration = desk
        .get("/local_pool/.well-known/openid-configuration")
        .await;
    let configuration: Value = serde_json::from_str(&configuration.2).unwrap();
    assert_eq!(configuration["issuer"], access["iss"]);
}

#[tokio::test]
async fn groups_of_the_item_are_in_the_token() {
    let desk = Desk::with_ann().await;
    let tokens = desk.sign_in(PASSWORD).await.unwrap();
    let user = desk
        .call("GetUser", json!({ "AccessToken": tokens["AccessToken"] }))
        .await
        .unwrap();
    let update = json!({
        "TableName": "User",
        "Key": { "id": { "S": user["Username"] } },
        "UpdateExpression": "set groups = :groups",
        "ExpressionAttributeValues": { ":groups": { "SS": ["operators"] } },
    });
    desk.database
        .update_item(serde_json::from_value(update).unwrap())
        .unwrap();
    let tokens = desk.sign_in(PASSWORD).await.unwrap();
    let token = tokens["AccessToken"].as_str().unwrap();
    let access = desk.verify(token, None).await;
    assert_eq!(access["cognito:groups"], json!(["operators"]));
}

#[tokio::test]
async fn a_code_is_needed_and_a_forged_or_old_one_is_refused() {
    let desk = Desk::new();
    desk.call("SignUp", account()).await.unwrap();
    assert!(
        desk.refused("SignUp", account())
            .await
            .starts_with("UsernameExistsException")
    );
    assert!(
        desk.sign_in(PASSWORD)
            .await
            .unwrap_err()
            .starts_with("UserNotConfirmedException")
    );
    let right = desk.code().await;
    let confirm =
        |code: &str| json!({ "ClientId": "cli", "Username": EMAIL, "ConfirmationCode": code });
    let wrong = if right == "000000" {
        "000001"
    } else {
        "000000"
    };
    for _ in 0..5 {
        assert!(
            desk.refused("ConfirmSignUp", confirm(wrong))
                .await
                .starts_with("CodeMismatchException")
        );
    }
    assert!(
        desk.refused("ConfirmSignUp", confirm(&right))
            .await
            .starts_with("LimitExceededException")
    );

    let resend = json!({ "ClientId": "cli", "Username": EMAIL });
    desk.call("ResendConfirmationCode", resend.clone())
        .await
        .unwrap();
    desk.hand.forward(24 * 60 * 60);
    assert!(
        desk.refused("ConfirmSignUp", confirm(&desk.code().await))
            .await
            .starts_with("ExpiredCodeException")
    );
    desk.call("ResendConfirmationCode", resend).await.unwrap();
    desk.call("ConfirmSignUp", confirm(&desk.code().await))
        .await
        .unwrap();
    desk.sign_in(PASSWORD).await.unwrap();
}

#[tokio::test]
async fn an_unknown_account_and_a_wrong_password_look_the_same() {
    let desk = Desk::with_ann().await;
    let wrong = desk.sign_in("Wrong1horse").await.unwrap_err();
    let call = json!({
        "ClientId": "cli",
        "AuthFlow": "USER_PASSWORD_AUTH",
        "AuthParameters": { "USERNAME": "nobody@example.org", "PASSWORD": PASSWORD },
    });
    assert_eq!(desk.refused("InitiateAuth", call).await, wrong);
    assert_eq!(
        wrong,
        "NotAuthorizedException: Incorrect username or password."
    );
    let forgot = |email: &str| json!({ "ClientId": "cli", "Username": email });
    let known = desk.call("ForgotPassword", forgot(EMAIL)).await.unwrap();
    let unknown = desk
        .call("ForgotPassword", forgot("another@example.org"))
        .await
        .unwrap();
    assert_eq!(known, unknown);
}

#[tokio::test]
async fn five_wrong_passwords_lock_an_account_for_a_growing_while() {
    let desk = Desk::with_ann().await;
    let locked = "NotAuthorizedException: Password attempts exceeded";
    for _ in 0..5 {
        assert_ne!(desk.sign_in("Wrong1horse").await.unwrap_err(), locked);
    }
    assert_eq!(desk.sign_in(PASSWORD).await.unwrap_err(), locked);
    desk.hand.forward(1);
    assert_ne!(desk.sign_in("Wrong1horse").await.unwrap_err(), locked);
    desk.hand.forward(1);
    assert_eq!(desk.sign_in(PASSWORD).await.unwrap_err(), locked);
    desk.hand.forward(1);
    desk.sign_in(PASSWORD).await.unwrap();
    assert_ne!(desk.sign_in("Wrong1horse").await.unwrap_err(), locked);
}

#[tokio::test]
async fn sessions_refresh_and_end() {
    let desk = Desk::with_ann().await;
    let tokens = desk.sign_in(PASSWORD).await.unwrap();
    let refresh = json!({
        "ClientId": "cli",
        "AuthFlow": "REFRESH_TOKEN_AUTH",
        "AuthParameters": { "REFRESH_TOKEN": tokens["RefreshToken"] },
    });
    desk.hand.forward(3600);
    let stale = json!({ "AccessToken": tokens["AccessToken"] });
    assert!(
        desk.refused("GetUser", stale)
            .await
            .starts_with("NotAuthorizedException")
    );
    let fresh = desk.call("InitiateAuth", refresh.clone()).await.unwrap();
    let access = json!({ "AccessToken": fresh["AuthenticationResult"]["AccessToken"] });
    desk.call("GetUser", access.clone()).await.unwrap();
    let id_token = json!({ "AccessToken": fresh["AuthenticationResult"]["IdToken"] });
    desk.refused("GetUser", id_token).await;

    // Both the file and the key outlive the process.
    let reopened = Desk {
        cognito: open(&desk.folder, &desk.database, &desk.hand),
        ..desk
    };
    reopened.call("GetUser", access.clone()).await.unwrap();
    reopened
        .call("GlobalSignOut", access.clone())
        .await
        .unwrap();
    reopened.refused("GetUser", access).await;
    reopened.refused("InitiateAuth", refresh).await;

    let tokens = reopened.sign_in(PASSWORD).await.unwrap();
    let revoke = json!({ "ClientId": "cli", "Token": tokens["RefreshToken"] });
    reopened.call("RevokeToken", revoke).await.unwrap();
    let access = json!({ "AccessToken": tokens["AccessToken"] });
    reopened.refused("GetUser", access).await;
}

#[tokio::test]
async fn passwords_and_names_change() {
    let desk = Desk::with_ann().await;
    let tokens = desk.sign_in(PASSWORD).await.unwrap();
    let change = |previous: &str, proposed: &str| {
        json!({
            "AccessToken": tokens["AccessToken"],
            "PreviousPassword": previous,
            "ProposedPassword": proposed,
        })
    };
    desk.refused("ChangePassword", change("Wrong1horse", "Better2horse"))
        .await;
    assert!(
        desk.refused("ChangePassword", change(PASSWORD, "weak"))
            .await
            .starts_with("InvalidPasswordException")
    );
    desk.call("ChangePassword", change(PASSWORD, "Better2horse"))
        .await
        .unwrap();
    desk.sign_in("Better2horse").await.unwrap();

    let rename = json!({
        "AccessToken": tokens["AccessToken"],
        "UserAttributes": [{ "Name": "name", "Value": "Ann B." }],
    });
    desk.call("UpdateUserAttributes", rename).await.unwrap();
    let user = desk
        .call("GetUser", json!({ "AccessToken": tokens["AccessToken"] }))
        .await
        .unwrap();
    assert!(user.to_string().contains("Ann B."));

    desk.call(
        "ForgotPassword",
        json!({ "ClientId": "cli", "Username": EMAIL }),
    )
    .await
    .unwrap();
    let mut reset = account();
    reset["Password"] = json!("Third3horse");
    reset["ConfirmationCode"] = json!(desk.code().await);
    desk.call("ConfirmForgotPassword", reset.clone())
        .await
        .unwrap();
    desk.refused("ConfirmForgotPassword", reset).await;
    desk.sign_in("Third3horse").await.unwrap();
    desk.refused("GetUser", json!({ "AccessToken": tokens["AccessToken"] }))
        .await;
}

#[tokio::test]
async fn the_public_client_signs_in_by_code_and_pkce() {
    let desk = Desk::with_ann().await;
    let query = cli_query(&format!(
        "&code_challenge={}&code_challenge_method=S256&nonce=n1",
        challenge()
    ));
    let (status, _, page) = desk.get(&format!("/oauth2/authorize?{query}")).await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("type=\"password\""));
    let exchange = |code: String, verifier: &'static str| {
        form(
            "/oauth2/token",
            &[
                ("grant_type", "authorization_code"),
                ("client_id", "cli"),
                ("code", &code),
                ("redirect_uri", "http://127.0.0.1:5000/callback"),
                ("code_verifier", verifier),
            ],
        )
    };
    let wrong = "another-verifier-that-is-long-enough-for-the-rules";
    let code = desk.authorize(&query).await;
    let refused = desk.send(exchange(code.clone(), wrong)).await;
    assert_eq!(refused.0, StatusCode::BAD_REQUEST);
    // A code is good for one try.
    let refused = desk.send(exchange(code, VERIFIER)).await;
    assert_eq!(refused.0, StatusCode::BAD_REQUEST);

    let code = desk.authorize(&query).await;
    let (status, _, tokens) = desk.send(exchange(code.clone(), VERIFIER)).await;
    assert_eq!(status, StatusCode::OK);
    let tokens: Value = serde_json::from_str(&tokens).unwrap();
    let identity = desk
        .verify(tokens["id_token"].as_str().unwrap(), Some("cli"))
        .await;
    assert_eq!(identity["nonce"], "n1");
    let again = desk.send(exchange(code, VERIFIER)).await;
    assert_eq!(again.0, StatusCode::BAD_REQUEST);

    let late = desk.authorize(&query).await;
    desk.hand.forward(300);
    let refused = desk.send(exchange(late, VERIFIER)).await;
    assert_eq!(refused.0, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_web_client_proves_its_secret() {
    let desk = Desk::with_ann().await;
    let query = "response_type=code&client_id=web&state=a+state+%26+more\
                 &redirect_uri=http%3A%2F%2F127.0.0.1%3A8080%2Fauth%2Fcallback";
    let exchange = |code: &str, secret: &str| {
        let mut request = form(
            "/oauth2/token",
            &[
                ("grant_type", "authorization_code"),
                ("code", code),
                ("redirect_uri", "http://127.0.0.1:8080/auth/callback"),
            ],
        );
        let basic = format!(
            "Basic {}",
            BASE64.encode(format!("web:{secret}").as_bytes())
        );
        request
            .headers_mut()
            .insert("authorization", basic.parse().unwrap());
        request
    };
    let code = desk.authorize(query).await;
    let (status, _, body) = desk.send(exchange(&code, "guess")).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert!(body.contains("invalid_client"));
    let (status, _, tokens) = desk.send(exchange(&code, "hush")).await;
    assert_eq!(status, StatusCode::OK);
    let tokens: Value = serde_json::from_str(&tokens).unwrap();
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let fields = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh),
        ("client_id", "web"),
        ("client_secret", "hush"),
    ];
    assert_eq!(desk.post("/oauth2/token", &fields).await.0, StatusCode::OK);
    let stolen = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh),
        ("client_id", "cli"),
    ];
    assert_eq!(
        desk.post("/oauth2/token", &stolen).await.0,
        StatusCode::BAD_REQUEST
    );
    let revoke = [
        ("token", refresh),
        ("client_id", "web"),
        ("client_secret", "hush"),
    ];
    assert_eq!(desk.post("/oauth2/revoke", &revoke).await.0, StatusCode::OK);
    assert_eq!(
        desk.post("/oauth2/token", &fields).await.0,
        StatusCode::BAD_REQUEST
    );
}

#[tokio::test]
async fn a_request_that_is_not_sound_is_sent_back_or_stopped() {
    let desk = Desk::new();
    let challenge = challenge();
    for (extra, error) in [
        (String::new(), "invalid_request"),
        (format!("&code_challenge={challenge}"), "invalid_request"),
        (
            format!("&code_challenge={challenge}&code_challenge_method=plain"),
            "invalid_request",
        ),
        (
            format!("&code_challenge={challenge}&code_challenge_method=S256&scope=openid+root"),
            "invalid_scope",
        ),
    ] {
        let (status, location, _) = desk
            .get(&format!("/oauth2/authorize?{}", cli_query(&extra)))
            .await;
        assert_eq!(status, StatusCode::SEE_OTHER);
        let start = format!("http://127.0.0.1:5000/callback?error={error}&state=");
        assert!(location.starts_with(&start), "{location}");
    }
    for query in [
        "response_type=code&client_id=none",
        "response_type=code&client_id=web&redirect_uri=https%3A%2F%2Fevil.example%2F",
        "",
    ] {
        let (status, location, _) = desk.get(&format!("/oauth2/authorize?{query}")).await;
        assert_eq!((status, location.as_str()), (StatusCode::BAD_REQUEST, ""));
    }
    let good = "/logout?client_id=web&logout_uri=http%3A%2F%2F127.0.0.1%3A8080%2F";
    assert_eq!(desk.get(good).await.1, "http://127.0.0.1:8080/");
    let bad = "/logout?client_id=web&logout_uri=https%3A%2F%2Fevil.example%2F";
    assert_eq!(desk.get(bad).await.0, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_pages_take_someone_from_sign_up_to_a_new_password() {
    let desk = Desk::new();
    let next = "a=1&b=\"><script>alert(1)</script>";
    let fields = [
        ("next", next),
        ("email", EMAIL),
        ("password", PASSWORD),
        ("name", "<b>Ann</b>"),
    ];
    let (status, _, page) = desk.post("/signup", &fields).await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("Confirm your address") && !page.contains("<script>"));
    let (status, _, page) = desk.post("/signup", &fields).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(page.contains("already exists") && !page.contains("<b>Ann</b>"));
    let wrong = [("email", EMAIL), ("code", "x")];
    assert_eq!(
        desk.post("/confirm", &wrong).await.0,
        StatusCode::BAD_REQUEST
    );
    let code = desk.code().await;
    let (status, _, page) = desk
        .post(
            "/confirm",
            &[("next", next), ("email", EMAIL), ("code", &code)],
        )
        .await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("href=\"/oauth2/authorize?a=1&amp;b=&quot;"));

    let mut foreign = form("/forgot", &[("email", EMAIL)]);
    let headers = foreign.headers_mut();
    headers.insert("host", "127.0.0.1:4566".parse().unwrap());
    headers.insert("origin", "http://evil.example".parse().unwrap());
    assert_eq!(desk.send(foreign).await.0, StatusCode::FORBIDDEN);
    assert_eq!(desk.code().await, code);
    desk.post("/forgot", &[("email", EMAIL)]).await;
    let code = desk.code().await;
    let fields = [
        ("email", EMAIL),
        ("code", code.as_str()),
        ("password", "Better2horse"),
    ];
    assert_eq!(desk.post("/reset", &fields).await.0, StatusCode::OK);
    desk.sign_in("Better2horse").await.unwrap();
}

#[tokio::test]
async fn the_outbox_is_read_on_this_machine_only() {
    let desk = Desk::with_ann().await;
    let from = |peer: Option<&str>, forwarded: bool| {
        let mut request = Request::get("/outbox.json");
        if forwarded {
            request = request.header("x-forwarded-for", "192.0.2.1");
        }
        let mut request = request.body(Body::empty()).unwrap();
        if let Some(peer) = peer {
            let peer: std::net::SocketAddr = peer.parse().unwrap();
            request.extensions_mut().insert(ConnectInfo(peer));
        }
        request
    };
    let (status, _, mails) = desk.send(from(Some("127.0.0.1:5"), false)).await;
    assert_eq!(status, StatusCode::OK);
    let mails: Value = serde_json::from_str(&mails).unwrap();
    assert_eq!(mails[0]["to"], EMAIL);
    for request in [
        from(None, false),
        from(Some("192.0.2.1:5"), false),
        from(Some("127.0.0.1:5"), true),
    ] {
        assert_eq!(desk.send(request).await.0, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn the_web_client_signs_in_by_call_with_its_secret_hash_only() {
    let desk = Desk::with_ann().await;
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, b"hush");
    let hash = aws_lc_rs::hmac::sign(&key, format!("{EMAIL}web").as_bytes());
    let mut call = json!({
        "ClientId": "web",
        "AuthFlow": "USER_PASSWORD_AUTH",
        "AuthParameters": { "USERNAME": EMAIL, "PASSWORD": PASSWORD },
    });
    assert!(
        desk.refused("InitiateAuth", call.clone())
            .await
            .starts_with("NotAuthorizedException")
    );
    call["AuthParameters"]["SECRET_HASH"] = json!(BASE64.encode(hash.as_ref()));
    desk.call("InitiateAuth", call).await.unwrap();
}
