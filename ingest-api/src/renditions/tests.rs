//! What the cookies of renditions say, checked as CloudFront does: with the public key alone.

use std::collections::HashMap;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cloudalbum_aws::settings::{Secret, ServiceSettings};
use http::{Method, StatusCode};
use jiff::Timestamp;
use serde_json::json;

use super::{KeyError, Renditions};
use crate::auth::tests::World;

fn pem(pair: &KeyPair) -> String {
    let text = STANDARD.encode(pair.as_der().unwrap().as_ref());
    format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n")
}

fn settings(key: Option<String>) -> ServiceSettings {
    let lookup = |name: &str| {
        let text = match name {
            "COGNITO_DOMAIN" => "album.auth.eu-west-1.amazoncognito.com",
            "BASE_URL" => "https://album.example",
            "RENDITION_KEY_ID" => "K2JCJMDEHXQW5F",
            "AWS_REGION" | "S3_PHOTO_BUCKET" | "COGNITO_POOL_ID" | "COGNITO_CLIENT_ID" => "album",
            "THUMBNAILS_QUEUE_URL" | "METADATA_QUEUE_URL" => "https://sqs/1/queue",
            _ => return None,
        };
        Some(text.to_owned())
    };
    let mut settings = ServiceSettings::from_lookup(&lookup).unwrap();
    settings.rendition_key = key.map(Secret::new);
    settings
}

fn decode(text: &str) -> Vec<u8> {
    let text = text.replace('-', "+").replace('_', "=").replace('~', "/");
    STANDARD.decode(text).unwrap()
}

#[test]
fn cookies_open_one_owners_renditions_for_a_while() {
    let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let renditions = Renditions::new(&settings(Some(pem(&pair))))
        .unwrap()
        .unwrap();
    let now = Timestamp::from_second(1_700_000_000).unwrap();
    let cookies = renditions.cookies(&"ann".parse().unwrap(), now).unwrap();
    let again = |owner: &str, seconds| {
        let later = Timestamp::from_second(now.as_second() + seconds).unwrap();
        renditions.cookies(&owner.parse().unwrap(), later).unwrap()
    };
    assert_eq!(again("ann", 60), cookies);
    assert_ne!(again("bob", 60), cookies);
    assert_ne!(again("ann", 900), cookies);
    let held: HashMap<&str, &str> = cookies
        .iter()
        .map(|cookie| {
            let (pair, attributes) = cookie.to_str().unwrap().split_once("; ").unwrap();
            assert_eq!(
                attributes,
                "Path=/renditions/; Secure; HttpOnly; SameSite=Strict; Max-Age=7200"
            );
            pair.split_once('=').unwrap()
        })
        .collect();
    assert_eq!(held["CloudFront-Key-Pair-Id"], "K2JCJMDEHXQW5F");
    assert_eq!(held["CloudFront-Hash-Algorithm"], "SHA256");
    let policy = decode(held["CloudFront-Policy"]);
    assert_eq!(
        String::from_utf8(policy.clone()).unwrap(),
        r#"{"Statement":[{"Resource":"https://album.example/renditions/ann/*","Condition":{"DateLessThan":{"AWS:EpochTime":1700006400}}}]}"#
    );
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref());
    let signature = decode(held["CloudFront-Signature"]);
    public.verify(&policy, &signature).unwrap();
    let widened = String::from_utf8(policy).unwrap().replace("ann/*", "*");
    public.verify(widened.as_bytes(), &signature).unwrap_err();
}

#[test]
fn a_key_that_cannot_sign_is_refused_at_the_start() {
    let refused = |key| Renditions::new(&settings(key)).unwrap_err();
    assert!(matches!(refused(None), KeyError::Half));
    for text in ["", "not base64", "AAAA"] {
        assert!(matches!(refused(Some(text.to_owned())), KeyError::Pem));
    }
    let mut presigned = settings(None);
    presigned.rendition_key_id = None;
    assert!(Renditions::new(&presigned).unwrap().is_none());
}

#[tokio::test]
async fn a_browser_is_given_cookies_and_a_bearer_is_not() {
    let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let key = pem(&pair);
    let signing = [("RENDITION_KEY_ID", "K1"), ("RENDITION_KEY", key.as_str())];
    let world = World::set(&signing).await;
    let set = |answer: &crate::auth::tests::Answer| {
        let headers = answer.headers.get_all("set-cookie").iter();
        let headers = headers.map(|value| value.to_str().unwrap().to_owned());
        headers
            .filter(|cookie| cookie.starts_with("CloudFront-"))
            .collect::<Vec<_>>()
    };
    let session = world.signed_in(3_600).await;
    let cookie = [("cookie", session.as_str())];
    let seen = world.ask(Method::GET, "/who", &cookie).await;
    assert_eq!(seen.status, StatusCode::OK);
    let given = set(&seen);
    assert_eq!(given.len(), 4);
    let policy = given[0].split(['=', ';']).nth(1).unwrap();
    let policy = serde_json::from_slice::<serde_json::Value>(&decode(policy)).unwrap();
    let owner = seen.json()["owner"].clone();
    let resource = format!(
        "http://127.0.0.1:8080/renditions/{}/*",
        owner.as_str().unwrap()
    );
    assert_eq!(policy["Statement"][0]["Resource"], json!(resource));

    let bearer = world.who(&world.token(3_600)).await;
    assert_eq!(bearer.status, StatusCode::OK);
    assert_eq!(set(&bearer), [""; 0]);
    let nobody = world.ask(Method::GET, "/who", &[]).await;
    assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
    assert_eq!(set(&nobody), [""; 0]);

    let origin = [cookie[0], ("origin", "http://127.0.0.1:8080")];
    let out = world.ask(Method::POST, "/auth/logout", &origin).await;
    assert_eq!(out.status, StatusCode::OK);
    let forgotten = set(&out);
    assert_eq!(forgotten.len(), 4);
    assert!(forgotten.iter().all(|cookie| cookie.contains("Max-Age=0")));
}
