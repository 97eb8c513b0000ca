//! Signing in by the pages, and what they refuse.

use super::*;

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
