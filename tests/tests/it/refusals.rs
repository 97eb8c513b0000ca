//! Callers and manifests that are refused: each with a problem that says what
//! to do, and nothing left behind.

use std::path::Path;

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::home::Home;
use crate::household::{Household, Person, entry, jpeg};

/// Sends it and asserts that the answer is a problem of RFC 9457 that a person can act on.
async fn assert_refused(what: &str, call: RequestBuilder, expected: StatusCode) {
    let answer = call.send().await.unwrap();
    assert_eq!(answer.status(), expected, "{what}");
    assert_eq!(
        answer.headers()["content-type"],
        "application/problem+json",
        "{what}"
    );
    let problem: Value = answer.json().await.unwrap();
    assert_eq!(problem["status"], expected.as_u16(), "{what}");
    let says = problem["detail"].as_str().or(problem["title"].as_str());
    assert!(says.is_some_and(|it| it.len() > 10), "{what}: {problem}");
}

async fn assert_nothing_left(ann: &Person) {
    let page: Value = ann.get("v1/photos").await.json().await.unwrap();
    assert_eq!(page["photos"], json!([]));
    let changes: Value = ann.get("v1/changes").await.json().await.unwrap();
    assert_eq!(changes["changes"], json!([]));
    let me: Value = ann.get("v1/me").await.json().await.unwrap();
    assert_eq!(me["quota"]["photos_used"], 0, "{me}");
    assert_eq!(me["quota"]["bytes_used"], 0, "{me}");
}

/// The token's claims with some of them changed, signed by the pool's own key.
fn resigned(token: &str, folder: &Path, changes: &Value) -> String {
    let mut header = jsonwebtoken::decode_header(token).unwrap();
    header.alg = Algorithm::RS256;
    let claims = jsonwebtoken::dangerous::insecure_decode::<Value>(token).unwrap();
    let mut claims = claims.claims;
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    let key = std::fs::read(folder.join("cognito-key.pem")).unwrap();
    let key = EncodingKey::from_rsa_pem(&key).unwrap();
    jsonwebtoken::encode(&header, &claims, &key).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_an_access_token_of_our_own_clients_is_taken() {
    let household = Household::start().await;
    let ann = household.person("ann@example.com").await;
    let folder = household.folder();
    let same = resigned(&ann.token, folder, &json!({}));
    let call = |token: &str| {
        let call = household.http.post(format!("{}v1/uploads", ann.base));
        let call = if token.is_empty() {
            call
        } else {
            call.bearer_auth(token)
        };
        call.json(&json!({ "photos": [entry("a.jpg", &jpeg(1))] }))
    };
    let (signed, signature) = ann.token.rsplit_once('.').unwrap();
    let stranger = Header {
        kid: Some("stranger".to_owned()),
        ..Header::new(Algorithm::RS256)
    };
    let key = std::fs::read(folder.join("cognito-key.pem")).unwrap();
    let key = EncodingKey::from_rsa_pem(&key).unwrap();
    let tokens = [
        ("no token", String::new()),
        ("no token at all", "photos please".to_owned()),
        (
            "forged signature",
            format!("{signed}.{}", signature.chars().rev().collect::<String>()),
        ),
        ("forged claims", {
            let body = resigned(&ann.token, folder, &json!({ "sub": "somebody-else" }));
            let mut parts = body.split('.');
            let (head, claims) = (parts.next().unwrap(), parts.next().unwrap());
            format!("{head}.{claims}.{signature}")
        }),
        ("unsigned", {
            let claims = signed.rsplit_once('.').unwrap().1;
            format!("eyJhbGciOiJub25lIn0.{claims}.")
        }),
        (
            "unknown key",
            jsonwebtoken::encode(&stranger, &json!({ "sub": "ann" }), &key).unwrap(),
        ),
        (
            "ID token",
            resigned(&ann.token, folder, &json!({ "token_use": "id" })),
        ),
        (
            "another client's",
            resigned(&ann.token, folder, &json!({ "client_id": "another-app" })),
        ),
        (
            "another issuer's",
            resigned(
                &ann.token,
                folder,
                &json!({ "iss": "https://evil.example" }),
            ),
        ),
        (
            "expired",
            resigned(&ann.token, folder, &json!({ "exp": 1_700_000_000 })),
        ),
    ];
    for (what, token) in tokens {
        assert_refused(what, call(&token), StatusCode::UNAUTHORIZED).await;
    }
    assert_nothing_left(&ann).await;
    // The way the tokens above were made is not what was refused.
    assert_eq!(call(&same).send().await.unwrap().status(), StatusCode::OK);
    household.album.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_that_cannot_be_read_is_refused_whole() {
    let home = Home::start().await;
    let ann = home.person("ann@example.com").await;
    let good = json!(entry("a.jpg", &jpeg(1)));
    let text = |body: &str| {
        let call = ann.call(Method::POST, "v1/uploads");
        call.header("content-type", "application/json")
            .body(body.to_owned())
    };
    let json = |body: Value| ann.call(Method::POST, "v1/uploads").json(&body);
    let huge = format!("{{\"photos\":[{}]}}", " ".repeat(3 << 20));
    let unprocessable = StatusCode::UNPROCESSABLE_ENTITY;
    let calls = [
        ("not JSON", text("photos please"), StatusCode::BAD_REQUEST),
        (
            "cut short",
            text("{\"photos\":[{\"filename\":"),
            StatusCode::BAD_REQUEST,
        ),
        (
            "larger than any manifest",
            text(&huge),
            StatusCode::PAYLOAD_TOO_LARGE,
        ),
        ("no photos member", json(json!({})), unprocessable),
        ("no photos", json(json!({ "photos": [] })), unprocessable),
        (
            "1,001 photos",
            json(json!({ "photos": vec![good; 1_001] })),
            unprocessable,
        ),
        (
            "a size that is no number",
            json(
                json!({ "photos": [{ "filename": "a", "content_type": "image/jpeg", "size": "big", "sha256": "" }] }),
            ),
            unprocessable,
        ),
        (
            "no content type",
            ann.call(Method::POST, "v1/uploads").body("{\"photos\":[]}"),
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ),
    ];
    for (what, call, expected) in calls {
        assert_refused(what, call, expected).await;
    }
    assert_nothing_left(&ann).await;
    home.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_a_problem_too() {
    let home = Home::start().await;
    let ann = home.person("ann@example.com").await;
    let missing = "0".repeat(26);
    for path in [
        format!("v1/photos/{missing}"),
        "v1/photos/no-id".to_owned(),
        "v1/nothing".to_owned(),
    ] {
        assert_refused(&path, ann.call(Method::GET, &path), StatusCode::NOT_FOUND).await;
    }
    let put = ann.call(Method::PUT, "v1/uploads");
    assert_refused("another method", put, StatusCode::METHOD_NOT_ALLOWED).await;
    home.stop().await;
}
