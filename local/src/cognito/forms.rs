//! The pages to sign up, confirm an address and reset a password, and the outbox.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Extension, Query, RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::{Form, Json};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use super::Cognito;
use super::codes::Mail;
use super::fault::Fault;
use super::page::{Page, alert, escape, hidden, input, link};

/// What any of the forms may carry.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Given {
    /// The query of the sign-in that is under way, if there is one.
    next: String,
    email: String,
    password: String,
    name: String,
    code: String,
    /// Set by the button that asks for another code.
    resend: Option<String>,
}

pub(super) async fn show_sign_up(Query(given): Query<Given>) -> Page {
    sign_up_form(&given, None)
}

pub(super) async fn sign_up(State(cognito): State<Cognito>, Form(given): Form<Given>) -> Page {
    let (email, password) = (given.email.clone(), given.password.clone());
    let name = (!given.name.is_empty()).then(|| given.name.clone());
    let done = cognito
        .run(move |pool| pool.sign_up(&email, &password, name.as_deref()))
        .await;
    match done {
        Ok(_) => confirm_form(&given, None),
        Err(fault) => with_status(sign_up_form(&given, Some(&fault.to_string())), &fault),
    }
}

pub(super) async fn show_confirm(Query(given): Query<Given>) -> Page {
    confirm_form(&given, None)
}

pub(super) async fn confirm(State(cognito): State<Cognito>, Form(given): Form<Given>) -> Page {
    let (email, code) = (given.email.clone(), given.code.clone());
    let resend = given.resend.is_some();
    let done = cognito
        .run(move |pool| {
            if resend {
                pool.resend(&email)
            } else {
                pool.confirm(&email, &code)
            }
        })
        .await;
    match done {
        Ok(()) if resend => confirm_form(&given, None),
        Ok(()) => finished(&cognito, &given, "Your account is ready."),
        Err(fault) => with_status(confirm_form(&given, Some(&fault.to_string())), &fault),
    }
}

pub(super) async fn show_forgot(Query(given): Query<Given>) -> Page {
    forgot_form(&given)
}

/// By the path that Cognito has for it, with the query of a sign-in.
pub(super) async fn show_new_password(RawQuery(query): RawQuery) -> Page {
    forgot_form(&Given {
        next: query.unwrap_or_default(),
        ..Given::default()
    })
}

fn forgot_form(given: &Given) -> Page {
    let body = format!(
        "<p>We send a code to your address.</p><form method=\"post\" action=\"/forgot\">{}{}\
         <button>Send the code</button></form>",
        hidden("next", &given.next),
        input("E-mail", "email", "email", &given.email, "username"),
    );
    Page::new("Forgot your password?", body)
}

pub(super) async fn forgot(State(cognito): State<Cognito>, Form(given): Form<Given>) -> Page {
    let email = given.email.clone();
    match cognito.run(move |pool| pool.forgot(&email)).await {
        Ok(()) => reset_form(&given, None),
        Err(fault) => with_status(reset_form(&given, Some(&fault.to_string())), &fault),
    }
}

pub(super) async fn reset(State(cognito): State<Cognito>, Form(given): Form<Given>) -> Page {
    let (email, code) = (given.email.clone(), given.code.clone());
    let password = given.password.clone();
    let done = cognito
        .run(move |pool| pool.reset(&email, &code, &password))
        .await;
    match done {
        Ok(()) => finished(&cognito, &given, "Your password is changed."),
        Err(fault) => with_status(reset_form(&given, Some(&fault.to_string())), &fault),
    }
}

pub(super) async fn outbox(
    State(cognito): State<Cognito>,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
) -> Response {
    match mails(&cognito, peer, &headers).await {
        Ok(mails) => Page::new("Outbox", table(&mails)).into_response(),
        Err(status) => status.into_response(),
    }
}

pub(super) async fn outbox_json(
    State(cognito): State<Cognito>,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
) -> Response {
    match mails(&cognito, peer, &headers).await {
        Ok(mails) => ([("cache-control", "no-store")], Json(mails)).into_response(),
        Err(status) => status.into_response(),
    }
}

/// Codes open accounts, so only who sits at this machine may read them.
async fn mails(
    cognito: &Cognito,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    headers: &HeaderMap,
) -> Result<Vec<Mail>, StatusCode> {
    let proxied = headers.contains_key("forwarded") || headers.contains_key("x-forwarded-for");
    let near = peer
        .is_some_and(|Extension(ConnectInfo(address))| address.ip().to_canonical().is_loopback());
    if proxied || !near {
        return Err(StatusCode::NOT_FOUND);
    }
    let mails = cognito.run(super::pool::Pool::outbox).await;
    mails.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
}

fn sign_up_form(given: &Given, error: Option<&str>) -> Page {
    let body = format!(
        "{}<form method=\"post\" action=\"/signup\">{}{}{}{}\
         <p class=\"hint\">At least 8 characters, with upper case, lower case and a digit.</p>\
         <button>Create the account</button></form><nav>{}</nav>",
        error.map(alert).unwrap_or_default(),
        hidden("next", &given.next),
        input("Your name", "text", "name", &given.name, "name"),
        input("E-mail", "email", "email", &given.email, "username"),
        input("Password", "password", "password", "", "new-password"),
        link("/confirm", &given.next, "I have a code"),
    );
    Page::new("Create an account", body)
}

fn confirm_form(given: &Given, error: Option<&str>) -> Page {
    let body = format!(
        "<p>We sent a code to your address.</p>{}<form method=\"post\" action=\"/confirm\">{}{}{}\
         <button>Confirm</button></form>\
         <form method=\"post\" action=\"/confirm\">{}{}{}<nav><button>Send another code</button></nav></form>",
        error.map(alert).unwrap_or_default(),
        hidden("next", &given.next),
        input("E-mail", "email", "email", &given.email, "username"),
        input("Code", "text", "code", "", "one-time-code"),
        hidden("next", &given.next),
        hidden("email", &given.email),
        hidden("resend", "yes"),
    );
    Page::new("Confirm your address", body)
}

fn reset_form(given: &Given, error: Option<&str>) -> Page {
    let body = format!(
        "<p>If there is an account for this address, a code is on its way.</p>{}\
         <form method=\"post\" action=\"/reset\">{}{}{}{}<button>Change the password</button></form>",
        error.map(alert).unwrap_or_default(),
        hidden("next", &given.next),
        input("E-mail", "email", "email", &given.email, "username"),
        input("Code", "text", "code", "", "one-time-code"),
        input("New password", "password", "password", "", "new-password"),
    );
    Page::new("Choose a new password", body)
}

fn finished(cognito: &Cognito, given: &Given, text: &str) -> Page {
    // The query is only ever put behind our own path, where it is checked again.
    let target = if given.next.is_empty() {
        cognito.pool.settings.app_url.to_string()
    } else {
        format!("/oauth2/authorize?{}", given.next)
    };
    let body = format!(
        "<p>{text}</p><nav><a href=\"{}\">Sign in</a></nav>",
        escape(&target)
    );
    Page::new("Done", body)
}

fn table(mails: &[Mail]) -> String {
    let row = |mail: &Mail| {
        let [to, subject, code] = [&mail.to, &mail.subject, &mail.code].map(|cell| escape(cell));
        format!("<tr><td>{to}</td><td>{subject}</td><td>{code}</td></tr>")
    };
    let rows: String = mails.iter().map(row).collect();
    format!(
        "<table><thead><tr><th>To</th><th>Subject</th><th>Code</th></tr></thead><tbody>{rows}</tbody></table>"
    )
}

fn with_status(page: Page, fault: &Fault) -> Page {
    page.status(match fault {
        Fault::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_REQUEST,
    })
}
