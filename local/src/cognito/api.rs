//! The JSON calls of Cognito.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::fault::Fault;
use super::pool::{ADMIN_SCOPE, Pool, Tokens};
use super::token;

/// Calls about an account that is not signed in.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Account {
    client_id: String,
    secret_hash: Option<String>,
    username: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    confirmation_code: String,
    #[serde(default)]
    user_attributes: Vec<Attribute>,
}

/// Calls by someone who is signed in.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SignedIn {
    access_token: String,
    #[serde(default)]
    previous_password: String,
    #[serde(default)]
    proposed_password: String,
    #[serde(default)]
    user_attributes: Vec<Attribute>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attribute {
    name: String,
    #[serde(default)]
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct InitiateAuth {
    client_id: String,
    auth_flow: String,
    #[serde(default)]
    auth_parameters: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RevokeToken {
    client_id: String,
    client_secret: Option<String>,
    token: String,
}

/// Runs one call by its name.
pub(super) fn call(pool: &Pool, name: &str, body: &[u8]) -> Result<Value, Fault> {
    match name {
        "SignUp"
        | "ConfirmSignUp"
        | "ResendConfirmationCode"
        | "ForgotPassword"
        | "ConfirmForgotPassword" => account(pool, name, &parse(body)?),
        "InitiateAuth" => initiate_auth(pool, &parse(body)?),
        "GetUser" => get_user(pool, &parse(body)?),
        "UpdateUserAttributes" => update_attributes(pool, &parse(body)?),
        "ChangePassword" => {
            let call: SignedIn = parse(body)?;
            pool.change_password(
                &call.access_token,
                &call.previous_password,
                &call.proposed_password,
            )?;
            Ok(json!({}))
        }
        "GlobalSignOut" => {
            let call: SignedIn = parse(body)?;
            pool.sign_out_everywhere(&call.access_token)?;
            Ok(json!({}))
        }
        "RevokeToken" => revoke_token(pool, &parse(body)?),
        _ => Err(Fault::UnknownOperation(name.to_owned())),
    }
}

fn account(pool: &Pool, name: &str, call: &Account) -> Result<Value, Fault> {
    let client = pool.client(&call.client_id)?;
    client.check_secret_hash(&call.username, call.secret_hash.as_deref())?;
    match name {
        "SignUp" => {
            let given = attributes(&call.user_attributes)?;
            if given.email.is_some_and(|email| email != call.username) {
                return Err(Fault::InvalidParameter(
                    "The email attribute differs from the user name.",
                ));
            }
            let sub = pool.sign_up(&call.username, &call.password, given.name)?;
            Ok(json!({
                "UserConfirmed": false,
                "UserSub": sub,
                "CodeDeliveryDetails": delivery(&call.username),
            }))
        }
        "ConfirmSignUp" => pool
            .confirm(&call.username, &call.confirmation_code)
            .map(|()| json!({})),
        "ConfirmForgotPassword" => {
            pool.reset(&call.username, &call.confirmation_code, &call.password)?;
            Ok(json!({}))
        }
        other => {
            if other == "ResendConfirmationCode" {
                pool.resend(&call.username)?;
            } else {
                pool.forgot(&call.username)?;
            }
            Ok(json!({ "CodeDeliveryDetails": delivery(&call.username) }))
        }
    }
}

fn initiate_auth(pool: &Pool, call: &InitiateAuth) -> Result<Value, Fault> {
    let client = pool.client(&call.client_id)?;
    let parameter = |name: &str| call.auth_parameters.get(name).map(String::as_str);
    let missing = |text| move || Fault::InvalidParameter(text);
    let hash = parameter("SECRET_HASH");
    let tokens = match call.auth_flow.as_str() {
        "USER_PASSWORD_AUTH" => {
            let username =
                parameter("USERNAME").ok_or_else(missing("Missing required parameter USERNAME"))?;
            let password =
                parameter("PASSWORD").ok_or_else(missing("Missing required parameter PASSWORD"))?;
            client.check_secret_hash(username, hash)?;
            let user = pool.authenticate(username, password)?;
            pool.sign_in(client, &user, ADMIN_SCOPE, None)?
        }
        "REFRESH_TOKEN_AUTH" | "REFRESH_TOKEN" => {
            let refresh = parameter("REFRESH_TOKEN")
                .ok_or_else(missing("Missing required parameter REFRESH_TOKEN"))?;
            pool.refresh(client, refresh, |user| {
                // Clients hash the sub or the address, whichever they hold.
                client
                    .check_secret_hash(&user.id, hash)
                    .or_else(|_| client.check_secret_hash(&user.email, hash))
            })?
        }
        _ => {
            return Err(Fault::InvalidParameter(
                "Auth flow not enabled for this client",
            ));
        }
    };
    Ok(json!({ "ChallengeParameters": {}, "AuthenticationResult": result(tokens) }))
}

fn get_user(pool: &Pool, call: &SignedIn) -> Result<Value, Fault> {
    let (_, user) = pool.caller(&call.access_token)?;
    Ok(json!({
        "Username": user.id,
        "UserAttributes": [
            { "Name": "sub", "Value": user.id },
            { "Name": "email", "Value": user.email },
            { "Name": "email_verified", "Value": user.confirmed.to_string() },
            { "Name": "name", "Value": user.username },
        ],
    }))
}

fn update_attributes(pool: &Pool, call: &SignedIn) -> Result<Value, Fault> {
    let given = attributes(&call.user_attributes)?;
    if given.email.is_some() {
        return Err(Fault::InvalidParameter(
            "The email of an account cannot be changed.",
        ));
    }
    match given.name {
        Some(name) => pool.rename(&call.access_token, name)?,
        None => return Err(Fault::InvalidParameter("No attribute to update.")),
    }
    Ok(json!({ "CodeDeliveryDetailsList": [] }))
}

fn revoke_token(pool: &Pool, call: &RevokeToken) -> Result<Value, Fault> {
    let client = pool.client(&call.client_id)?;
    if !client.has_secret(call.client_secret.as_deref()) {
        return Err(Fault::NotAuthorized("Client secret is not valid."));
    }
    pool.revoke(client, &call.token)?;
    Ok(json!({}))
}

struct Given<'a> {
    email: Option<&'a str>,
    name: Option<&'a str>,
}

fn attributes(given: &[Attribute]) -> Result<Given<'_>, Fault> {
    let (mut email, mut name) = (None, None);
    for attribute in given {
        match attribute.name.as_str() {
            "email" => email = Some(attribute.value.as_str()),
            "name" | "preferred_username" => name = Some(attribute.value.as_str()),
            _ => {
                return Err(Fault::InvalidParameter(
                    "Attributes did not conform to the schema: only email and name are known.",
                ));
            }
        }
    }
    Ok(Given { email, name })
}

fn result(tokens: Tokens) -> Value {
    let mut fields = Map::new();
    fields.insert("AccessToken".to_owned(), json!(tokens.access));
    fields.insert("IdToken".to_owned(), json!(tokens.identity));
    fields.insert("ExpiresIn".to_owned(), json!(token::LIFE_SECONDS));
    fields.insert("TokenType".to_owned(), json!("Bearer"));
    if let Some(refresh) = tokens.refresh {
        fields.insert("RefreshToken".to_owned(), json!(refresh));
    }
    Value::Object(fields)
}

/// Where the code went, as much as a stranger may know of it.
fn delivery(email: &str) -> Value {
    let first = |text: &str| text.chars().next().map(String::from).unwrap_or_default();
    let (name, host) = email.split_once('@').unwrap_or((email, ""));
    json!({
        "Destination": format!("{}***@{}***", first(name), first(host)),
        "DeliveryMedium": "EMAIL",
        "AttributeName": "email",
    })
}

fn parse<C: DeserializeOwned>(body: &[u8]) -> Result<C, Fault> {
    serde_json::from_slice(body).map_err(|error| Fault::Serialization(error.to_string()))
}
