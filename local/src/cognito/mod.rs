//! Cognito's sign-in on one machine, over the `User` table.
//!
//! Access tokens stay verifiable without asking here; what asks here, such as
//! `GetUser`, is refused as soon as the session of its token has ended.

mod account;
mod api;
mod authorize;
mod client;
mod codes;
mod fault;
mod forms;
mod key;
mod ledger;
mod page;
mod password;
mod pool;
mod session;
#[cfg(test)]
mod tests;
mod token;
mod token_endpoint;
mod users;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use anyhow::Context;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use dynoxide::Database;
use http::{HeaderMap, StatusCode, header};
use tokio::sync::Semaphore;
use tracing::error;
use url::Url;

pub use client::Client;
pub use codes::Mail;

use crate::clock::Clock;
use fault::Fault;
use key::Key;
use pool::Pool;
use users::Users;

/// How many calls may hash passwords at once; each takes about 20 MB.
const AT_ONCE: usize = 4;

/// The longest call or form, in bytes.
const LONGEST_CALL: usize = 64 << 10;

/// How the user pool is named, kept and reached.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where `cognito.db` and `cognito-key.pem` are kept.
    pub folder: PathBuf,
    pub pool_id: String,
    /// The `iss` of every token, such as `http://127.0.0.1:4566/<pool id>`.
    pub issuer: String,
    /// Where browsers find the pages below.
    pub base_url: Url,
    /// Where someone goes who signed up without having come from an app.
    pub app_url: Url,
    /// The name of the table of accounts, with its prefix.
    pub user_table: String,
    pub clients: Vec<Client>,
}

/// The sign-in of this machine; clones share it.
#[derive(Clone)]
pub struct Cognito {
    pool: Arc<Pool>,
    permits: Arc<Semaphore>,
}

impl Cognito {
    /// Opens the sign-in, and makes its key and its file if there are none.
    pub fn open(settings: Settings, database: Database, clock: Clock) -> anyhow::Result<Self> {
        let ledger = ledger::open(&settings.folder.join("cognito.db"))
            .context("cannot open the file of the sign-in")?;
        let pool = Pool {
            key: Key::open(&settings.folder.join("cognito-key.pem"))?,
            users: Users {
                database,
                table: settings.user_table.clone(),
            },
            ledger: Mutex::new(ledger),
            clock,
            settings,
        };
        Ok(Self {
            pool: Arc::new(pool),
            permits: Arc::new(Semaphore::new(AT_ONCE)),
        })
    }

    /// Answers the calls of the JSON protocol: POST `/` with `X-Amz-Target`.
    pub fn calls(&self) -> Router {
        Router::new()
            .route("/", post(call))
            .layer(DefaultBodyLimit::max(LONGEST_CALL))
            .with_state(self.clone())
    }

    /// The pages and endpoints that browsers and OAuth clients use.
    ///
    /// The outbox is shown to peers on loopback only, so requests must carry
    /// axum's `ConnectInfo<SocketAddr>`; without it there is no outbox.
    pub fn pages(&self) -> Router {
        let pool = &self.pool.settings.pool_id;
        Router::new()
            .route(
                "/oauth2/authorize",
                get(authorize::show).post(authorize::sign_in),
            )
            .route("/oauth2/token", post(token_endpoint::token))
            .route("/oauth2/revoke", post(token_endpoint::revoke))
            .route("/oauth2/style.css", get(page::style))
            .route("/logout", get(authorize::logout))
            .route("/signup", get(forms::show_sign_up).post(forms::sign_up))
            .route("/confirm", get(forms::show_confirm).post(forms::confirm))
            .route("/forgot", get(forms::show_forgot).post(forms::forgot))
            .route("/forgotPassword", get(forms::show_new_password))
            .route("/reset", post(forms::reset))
            .route("/outbox", get(forms::outbox))
            .route("/outbox.json", get(forms::outbox_json))
            .route(
                &format!("/{pool}/.well-known/jwks.json"),
                get(token_endpoint::jwks),
            )
            .route(
                &format!("/{pool}/.well-known/openid-configuration"),
                get(token_endpoint::configuration),
            )
            .layer(from_fn(same_origin))
            .layer(DefaultBodyLimit::max(LONGEST_CALL))
            .with_state(self.clone())
    }

    /// Mails that a cloud would have sent, newest first.
    pub async fn outbox(&self) -> anyhow::Result<Vec<Mail>> {
        Ok(self.run(Pool::outbox).await?)
    }

    /// Runs on a thread that may block; logs what is this process's own fault.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Pool) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .map_err(Fault::internal)?;
        let pool = Arc::clone(&self.pool);
        let done = tokio::task::spawn_blocking(move || {
            let answer = work(&pool);
            drop(permit);
            answer
        });
        let answer = done.await.map_err(Fault::internal).flatten();
        if let Err(Fault::Internal(source)) = &answer {
            error!(error = format!("{source:#}"), "sign-in failed");
        }
        answer
    }
}

/// Answers one call, named by a target such as `AWSCognitoIdentityProviderService.SignUp`.
async fn call(State(cognito): State<Cognito>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok())
        .unwrap_or_default();
    let name = target
        .strip_prefix("AWSCognitoIdentityProviderService.")
        .unwrap_or_default()
        .to_owned();
    match cognito.run(move |pool| api::call(pool, &name, &body)).await {
        Ok(answer) => (
            [("content-type", "application/x-amz-json-1.1")],
            answer.to_string(),
        )
            .into_response(),
        Err(fault) => fault.into_response(),
    }
}

/// Refuses forms that a page of another origin sends in someone's name.
async fn same_origin(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text(header::HOST);
    let own = |origin: &str| origin.split_once("://").map(|(_, host)| host) == host;
    if request.method().is_safe() || text(header::ORIGIN).is_none_or(own) {
        next.run(request).await
    } else {
        (StatusCode::FORBIDDEN, "this origin may not send forms\n").into_response()
    }
}
