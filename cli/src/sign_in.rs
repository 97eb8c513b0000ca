//! Accounts: making one, confirming it, signing in.

use anyhow::Context;
use cloudalbum_domain::wire::SignIn;
use serde::Deserialize;
use url::Url;

use crate::api::{self, Api};
use crate::args::{ConfirmArgs, LoginArgs, Settings, SignUpArgs};
use crate::browser;
use crate::cognito::{Cognito, CognitoError};
use crate::session::{self, Session};
use crate::terminal::Terminal;

/// A mail that the local sign-in would have sent.
#[derive(Deserialize)]
struct Mail {
    to: String,
    code: String,
}

pub(crate) async fn sign_up(
    settings: &Settings,
    given: SignUpArgs,
    terminal: &Terminal,
) -> anyhow::Result<()> {
    let password = terminal.password(given.password_stdin)?;
    let (cognito, _) = discover(settings).await?;
    let first_part = given.email.split('@').next().unwrap_or_default();
    let name = given.name.as_deref().unwrap_or(first_part);
    cognito.sign_up(&given.email, name, &password).await?;
    confirm_with(&cognito, &given.email, given.code, terminal).await?;
    let tokens = cognito.log_in(&given.email, &password).await?;
    session::store(settings, &Session::new(&cognito, tokens))?;
    terminal.note(format_args!("signed up and in as {}", given.email));
    Ok(())
}

pub(crate) async fn confirm(
    settings: &Settings,
    given: ConfirmArgs,
    terminal: &Terminal,
) -> anyhow::Result<()> {
    let (cognito, _) = discover(settings).await?;
    confirm_with(&cognito, &given.email, given.code, terminal).await?;
    terminal.note("confirmed: sign in with `cloudalbum login`");
    Ok(())
}

pub(crate) async fn log_in(
    settings: &Settings,
    given: LoginArgs,
    terminal: &Terminal,
) -> anyhow::Result<()> {
    let password = match &given.email {
        Some(_) => Some(terminal.password(given.password_stdin)?),
        None => None,
    };
    let (cognito, sign_in) = discover(settings).await?;
    let tokens = match given.email.as_deref().zip(password) {
        Some((email, password)) => match cognito.log_in(email, &password).await {
            Err(error) if error.is_unconfirmed() => {
                return Err(anyhow::Error::new(error).context(format!(
                    "confirm the account first: `cloudalbum confirm --email {email}`"
                )));
            }
            answer => answer?,
        },
        None => browser::sign_in(&cognito, &sign_in, terminal).await?,
    };
    session::store(settings, &Session::new(&cognito, tokens))?;
    terminal.note(format_args!("signed in at {}", settings.server));
    Ok(())
}

async fn discover(settings: &Settings) -> anyhow::Result<(Cognito, SignIn)> {
    let sign_in = Api::anonymous(settings)?.sign_in().await?;
    let endpoint = Url::parse(&sign_in.cognito_endpoint)
        .context("the server names no usable sign-in address")?;
    let cognito = Cognito {
        http: api::http_client(&endpoint)?,
        endpoint: sign_in.cognito_endpoint.clone(),
        client_id: sign_in.client_id.clone(),
    };
    Ok((cognito, sign_in))
}

async fn confirm_with(
    cognito: &Cognito,
    email: &str,
    code: Option<String>,
    terminal: &Terminal,
) -> anyhow::Result<()> {
    let code = match code {
        Some(code) => code,
        None => match outbox_code(cognito, email).await {
            Some(code) => code,
            None => terminal.ask("Confirmation code from your mail")?,
        },
    };
    match cognito.confirm(email, code.trim()).await {
        Err(error @ CognitoError::Refused { .. }) => {
            Err(anyhow::Error::new(error).context(format!(
                "the account waits for its code: `cloudalbum confirm --email {email} --code CODE`"
            )))
        }
        answer => Ok(answer?),
    }
}

/// The newest code in the outbox of a CloudAlbum on this machine, where no mail leaves.
async fn outbox_code(cognito: &Cognito, email: &str) -> Option<String> {
    let endpoint = Url::parse(&cognito.endpoint).ok()?;
    if !api::is_loopback(&endpoint) {
        return None;
    }
    let outbox = endpoint.join("/outbox.json").ok()?;
    let response = cognito.http.get(outbox).send().await.ok()?;
    if !response.status().is_success() {
        return None;
    }
    let mails: Vec<Mail> = serde_json::from_slice(&api::read(response).await.ok()?).ok()?;
    let newest = mails
        .into_iter()
        .find(|mail| mail.to.eq_ignore_ascii_case(email));
    newest.map(|mail| mail.code)
}
