//! Accounts, codes, tokens and sessions by call.

use super::*;

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
