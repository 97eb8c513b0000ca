//! The authorization endpoint: a sign-in form that ends in a code.
//!
//! Source: RFC 6749 section 4.1, RFC 7636 (PKCE), and Cognito's `/oauth2/authorize`.

use axum::Form;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use serde::Deserialize;
use url::Url;
use url::form_urlencoded;

use super::Cognito;
use super::fault::Fault;
use super::page::{Page, alert, hidden, input, link};
use super::pool::{ADMIN_SCOPE, Pool};
use super::session::Grant;

const SCOPES: [&str; 4] = ["openid", "email", "profile", ADMIN_SCOPE];

/// What an app asks for, before any of it is believed.
#[derive(Default)]
struct Asked {
    response_type: String,
    client_id: String,
    redirect_uri: String,
    state: Option<String>,
    challenge: Option<String>,
    challenge_method: Option<String>,
    nonce: Option<String>,
    scope: Option<String>,
}

/// What an app may have.
struct Request {
    client: String,
    redirect_uri: String,
    target: Url,
    state: Option<String>,
    challenge: Option<String>,
    nonce: Option<String>,
    scope: String,
}

enum Refusal {
    /// The app cannot be told, since its address is not known to be its own.
    Here(&'static str),
    /// The app is told in the query of its address.
    Back(Url),
}

#[derive(Deserialize)]
pub(super) struct SignIn {
    /// The query that the form was asked for with.
    next: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
}

pub(super) async fn show(State(cognito): State<Cognito>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    match check(&cognito.pool, &query) {
        Ok(request) => form(&request, &query, "", None).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

pub(super) async fn sign_in(State(cognito): State<Cognito>, Form(given): Form<SignIn>) -> Response {
    let request = match check(&cognito.pool, &given.next) {
        Ok(request) => request,
        Err(refusal) => return refusal.into_response(),
    };
    let SignIn {
        next,
        email,
        password,
    } = given;
    let grant = |user: String| Grant {
        user,
        client: request.client.clone(),
        redirect_uri: request.redirect_uri.clone(),
        challenge: request.challenge.clone(),
        nonce: request.nonce.clone(),
        scope: request.scope.clone(),
    };
    let account = email.clone();
    let user = cognito
        .run(move |pool| pool.authenticate(&account, &password))
        .await;
    let code = match user {
        Ok(user) => {
            let grant = grant(user.id);
            cognito.run(move |pool| pool.grant(&grant)).await
        }
        Err(fault) => Err(fault),
    };
    match code {
        Ok(code) => {
            let answer = [
                ("code", Some(code.as_str())),
                ("state", request.state.as_deref()),
            ];
            see_other(&with_query(request.target, &answer))
        }
        Err(Fault::UserNotConfirmed) => {
            let mut query = form_urlencoded::Serializer::new(String::new());
            query
                .append_pair("email", &email)
                .append_pair("next", &next);
            Redirect::to(&format!("/confirm?{}", query.finish())).into_response()
        }
        Err(fault) => {
            let status = match fault {
                Fault::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
                _ => StatusCode::BAD_REQUEST,
            };
            let text = fault.to_string();
            form(&request, &next, &email, Some(&text))
                .status(status)
                .into_response()
        }
    }
}

/// Leads back to the app; there is no browser session here that could end.
pub(super) async fn logout(State(cognito): State<Cognito>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let value = |name: &str| {
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        let pair = pairs.find(|(key, _)| key == name);
        pair.map(|(_, value)| value.into_owned())
            .unwrap_or_default()
    };
    let client = cognito.pool.client(&value("client_id")).ok();
    match client.and_then(|client| client.may_sign_out_to(&value("logout_uri"))) {
        Some(target) => see_other(&target),
        None => Refusal::Here("The address to return to is not registered.").into_response(),
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Here(text) => Page::new("That did not work", alert(text))
                .status(StatusCode::BAD_REQUEST)
                .into_response(),
            Self::Back(url) => see_other(&url),
        }
    }
}

fn check(pool: &Pool, query: &str) -> Result<Request, Refusal> {
    let asked = Asked::parse(query);
    let Ok(client) = pool.client(&asked.client_id) else {
        return Err(Refusal::Here("This app is not known here."));
    };
    let Some(target) = client.may_return_to(&asked.redirect_uri) else {
        return Err(Refusal::Here(
            "The address to return to is not registered for this app.",
        ));
    };
    let back = |error: &str| {
        let answer = [("error", Some(error)), ("state", asked.state.as_deref())];
        Refusal::Back(with_query(target.clone(), &answer))
    };
    if asked.response_type != "code" {
        return Err(back("unsupported_response_type"));
    }
    let challenged = match (&asked.challenge, asked.challenge_method.as_deref()) {
        (Some(challenge), Some("S256")) => challenge.len() == 43,
        (None, None) => client.secret.is_some(),
        _ => false,
    };
    if !challenged {
        return Err(back("invalid_request"));
    }
    let scope = asked.scope.clone().unwrap_or_else(|| SCOPES.join(" "));
    if !scope.split(' ').all(|scope| SCOPES.contains(&scope)) {
        return Err(back("invalid_scope"));
    }
    Ok(Request {
        client: client.id.clone(),
        target,
        redirect_uri: asked.redirect_uri,
        state: asked.state,
        challenge: asked.challenge,
        nonce: asked.nonce,
        scope,
    })
}

impl Asked {
    fn parse(query: &str) -> Self {
        let mut asked = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let value = value.into_owned();
            match name.as_ref() {
                "response_type" => asked.response_type = value,
                "client_id" => asked.client_id = value,
                "redirect_uri" => asked.redirect_uri = value,
                "state" => asked.state = Some(value),
                "code_challenge" => asked.challenge = Some(value),
                "code_challenge_method" => asked.challenge_method = Some(value),
                "nonce" => asked.nonce = Some(value),
                "scope" => asked.scope = Some(value),
                _ => {}
            }
        }
        asked
    }
}

fn form(request: &Request, next: &str, email: &str, error: Option<&str>) -> Page {
    let body = format!(
        "{}<form method=\"post\" action=\"/oauth2/authorize\">{}{}{}<button>Sign in</button></form>\
         <nav>{}{}</nav>",
        error.map(alert).unwrap_or_default(),
        hidden("next", next),
        input("E-mail", "email", "email", email, "username"),
        input("Password", "password", "password", "", "current-password"),
        link("/signup", next, "Create an account"),
        link("/forgot", next, "Forgot your password?"),
    );
    let mut page = Page::new("Sign in", body);
    page.leads_to = Some(request.target.clone());
    page
}

fn with_query(mut url: Url, pairs: &[(&str, Option<&str>)]) -> Url {
    for (name, value) in pairs {
        if let Some(value) = value {
            url.query_pairs_mut().append_pair(name, value);
        }
    }
    url
}

fn see_other(url: &Url) -> Response {
    let mut response = Redirect::to(url.as_str()).into_response();
    response.headers_mut().insert(
        http::header::CACHE_CONTROL,
        http::HeaderValue::from_static("no-store"),
    );
    response
}
