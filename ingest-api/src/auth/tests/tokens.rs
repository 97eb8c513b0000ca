//! Which tokens are taken.

use super::*;

#[tokio::test]
async fn takes_access_tokens_of_our_clients() {
    let world = World::start().await;
    let mut claims = world.issuer.access(3_600);
    let answer = world.who(&world.issuer.sign(&claims)).await;
    assert_eq!(
        answer.json(),
        json!({ "owner": SUB, "email": null, "operator": false })
    );
    claims["client_id"] = "cli".into();
    claims["cognito:groups"] = json!(["operators"]);
    assert_eq!(
        world.who(&world.issuer.sign(&claims)).await.json()["operator"],
        true
    );
    // A clock that is 30 seconds off is no reason.
    let leeway = world.issuer.sign(&world.issuer.access(-30));
    assert_eq!(world.who(&leeway).await.status, StatusCode::OK);
    assert_eq!(world.issuer.fetched.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn refuses_every_other_token() {
    let world = World::start().await;
    let issuer = &world.issuer;
    let good = issuer.access(3_600);
    let now = jiff::Timestamp::now().as_second();
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        issuer.sign(&claims)
    };
    let without = |name: &str| {
        let mut claims = good.clone();
        claims.as_object_mut().unwrap().remove(name);
        issuer.sign(&claims)
    };
    let stranger = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let stranger = encoding(&stranger);
    let token = issuer.sign(&good);
    let (signed, _) = token.rsplit_once('.').unwrap();
    let body = signed.split('.').nth(1).unwrap();
    let head = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let modulus = URL_SAFE_NO_PAD
        .decode(issuer.public["n"].as_str().unwrap())
        .unwrap();
    let mut hmac = Header::new(Algorithm::HS256);
    hmac.kid = Some("one".to_owned());
    for (case, token) in [
        ("empty", String::new()),
        ("garbage", "a.b.c".to_owned()),
        ("too long", "a".repeat(20_000)),
        ("forged signature", format!("{signed}.{}", "A".repeat(342))),
        ("another's key", sign_as(&good, "one", &stranger)),
        ("unknown kid", sign_as(&good, "two", &issuer.key)),
        (
            "alg none",
            format!("{}.{body}.", head(r#"{"alg":"none","kid":"one"}"#)),
        ),
        (
            "HS256 with the public key",
            encode(&hmac, &good, &EncodingKey::from_secret(&modulus)).unwrap(),
        ),
        ("ID token", issuer.sign(&issuer.id("nonce"))),
        ("no token_use", without("token_use")),
        ("another client", with("client_id", "other".into())),
        (
            "another issuer",
            with("iss", "https://evil.example/pool".into()),
        ),
        ("no issuer", without("iss")),
        ("expired", issuer.sign(&issuer.access(-61))),
        ("no expiry", without("exp")),
        ("not yet valid", with("nbf", (now + 120).into())),
        ("sub that is no owner", with("sub", "../other".into())),
    ] {
        let answer = world.who(&token).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{case}");
        assert_eq!(answer.headers["www-authenticate"], "Bearer", "{case}");
    }
    let answer = world.ask(Method::GET, "/who", &[]).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "no token");
    // Made-up key ids cost the issuer no more than the first look.
    assert_eq!(issuer.fetched.load(Ordering::Relaxed), 1);
}
