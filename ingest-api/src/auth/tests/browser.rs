//! Signing a browser in and out, and what is refused on the way.

use super::*;

#[tokio::test]
async fn signs_a_browser_in_and_out() {
    let world = World::start().await;
    let session = world.signed_in(3_600).await;
    let who = world
        .ask(Method::GET, "/who", &[("cookie", &session)])
        .await;
    assert_eq!(who.json()["email"], "ada@example.com");
    let sent = [("cookie", session.as_str()), ("origin", BASE)];
    let out = world.ask(Method::POST, "/auth/logout", &sent).await;
    assert_eq!(out.status, StatusCode::OK);
    assert_eq!(out.cookie("session"), "session=");
    assert!(
        out.json()["redirect"]
            .as_str()
            .unwrap()
            .contains("/logout?client_id=web")
    );
    assert_eq!(*world.issuer.revoked.lock().unwrap(), ["refresh"]);
    let who = world
        .ask(Method::GET, "/who", &[("cookie", &session)])
        .await;
    assert_eq!(who.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn cookies_are_for_the_server_alone() {
    let world = World::with(Path::new("/nonexistent"), "https://album.example").await;
    let host = [("host", "album.example")];
    let answer = world.ask(Method::GET, "/auth/login", &host).await;
    let cookie = answer.headers["set-cookie"].to_str().unwrap();
    assert!(cookie.starts_with("__Host-attempt="), "{cookie}");
    for attribute in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(
            cookie.split("; ").any(|found| found == attribute),
            "{cookie}"
        );
    }
}

#[tokio::test]
async fn refuses_callbacks_that_were_not_asked_for() {
    let world = World::start().await;
    let (cookie, asked) = world.login().await;
    let code = world.issuer.grant(&asked, 3_600);
    let state = &asked["state"];
    for (case, cookie, state) in [
        ("no cookie", "other=1", state.as_str()),
        (
            "another browser's cookie",
            world.login().await.0.as_str(),
            state,
        ),
        ("wrong state", &cookie, "AAAA"),
        ("no state", &cookie, ""),
    ] {
        let answer = world.callback(cookie, &code, state).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{case}");
        assert!(!answer.headers.contains_key("set-cookie"), "{case}");
    }
    let good = world.callback(&cookie, &code, state).await;
    assert_eq!(good.status, StatusCode::SEE_OTHER);
    let replayed = world.callback(&cookie, &code, state).await;
    assert_eq!(
        replayed.status,
        StatusCode::BAD_REQUEST,
        "replayed callback"
    );
    let (cookie, asked) = world.login().await;
    let replayed = world.callback(&cookie, &code, &asked["state"]).await;
    assert_eq!(replayed.status, StatusCode::BAD_REQUEST, "replayed code");
}

#[tokio::test]
async fn refuses_tokens_of_another_sign_in() {
    let world = World::start().await;
    let (cookie, mut asked) = world.login().await;
    asked.insert("nonce".to_owned(), "another".to_owned());
    let code = world.issuer.grant(&asked, 3_600);
    let answer = world.callback(&cookie, &code, &asked["state"]).await;
    assert_eq!(answer.problem().code, "sign_in_refused");
    let (cookie, mut asked) = world.login().await;
    asked.insert("code_challenge".to_owned(), "another".to_owned());
    let code = world.issuer.grant(&asked, 3_600);
    let answer = world.callback(&cookie, &code, &asked["state"]).await;
    assert_eq!(answer.problem().code, "sign_in_refused");
}

#[tokio::test]
async fn refuses_changes_from_other_sites_with_our_cookie() {
    let world = World::start().await;
    let session = world.signed_in(3_600).await;
    let cookie = ("cookie", session.as_str());
    for path in ["/who", "/auth/logout"] {
        for other in [
            ("origin", "https://evil.example"),
            ("sec-fetch-site", "cross-site"),
        ] {
            let answer = world.ask(Method::POST, path, &[cookie, other]).await;
            assert_eq!(answer.problem().code, "cross_origin", "{path} {other:?}");
        }
        assert_eq!(
            world.ask(Method::POST, path, &[cookie]).await.status,
            StatusCode::FORBIDDEN
        );
    }
    let own = world
        .ask(Method::POST, "/who", &[cookie, ("origin", BASE)])
        .await;
    assert_eq!(own.status, StatusCode::OK);
    // A bearer token is no ambient authority.
    let bearer = format!("Bearer {}", world.issuer.sign(&world.issuer.access(60)));
    let sent = [
        ("authorization", bearer.as_str()),
        ("origin", "https://evil.example"),
    ];
    assert_eq!(
        world.ask(Method::POST, "/who", &sent).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn refreshes_in_time_and_ends_when_the_issuer_refuses() {
    let world = World::start().await;
    let session = world.signed_in(30).await;
    let cookie = [("cookie", session.as_str())];
    for _ in 0..2 {
        assert_eq!(
            world.ask(Method::GET, "/who", &cookie).await.status,
            StatusCode::OK
        );
    }
    assert_eq!(world.issuer.refreshed.load(Ordering::Relaxed), 1);
    let session = world.signed_in(30).await;
    let cookie = [("cookie", session.as_str())];
    world.issuer.refuses_refresh.store(true, Ordering::Relaxed);
    for _ in 0..2 {
        assert_eq!(
            world.ask(Method::GET, "/who", &cookie).await.status,
            StatusCode::UNAUTHORIZED
        );
    }
    assert_eq!(world.issuer.refreshed.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn tells_the_cli_where_to_sign_in() {
    let world = World::start().await;
    let answer = world.ask(Method::GET, "/v1/sign-in", &[]).await.json();
    let issuer = world.issuer.url.as_str();
    assert_eq!(answer["client_id"], "cli");
    assert_eq!(answer["token_url"], format!("{issuer}oauth2/token"));
    assert_eq!(
        format!("{}/", answer["cognito_endpoint"].as_str().unwrap()),
        issuer
    );
}
