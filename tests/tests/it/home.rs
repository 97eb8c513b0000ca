//! An album that a test knows by its HTTP alone: a household of its own, or one that runs elsewhere.
//!
//! With `ALBUM_SERVER` set it is the album at that URL, whose operator set what
//! [`Home::told`] is told, and `ALBUM_TOKENS` are access tokens of accounts that
//! nobody else uses, separated by commas.

use std::sync::atomic::{AtomicUsize, Ordering};

use reqwest::Client;

use crate::household::{Household, Person};

static NEXT: AtomicUsize = AtomicUsize::new(0);

pub(crate) struct Home {
    pub(crate) http: Client,
    place: Place,
}

enum Place {
    Own(Box<Household>),
    Elsewhere { server: String },
}

impl Home {
    pub(crate) async fn start() -> Self {
        Self::told(&[]).await
    }

    /// Starts with settings of the services.
    pub(crate) async fn told(services: &[(&str, &str)]) -> Self {
        let place = match variable("ALBUM_SERVER") {
            Some(server) => Place::Elsewhere { server },
            None => Place::Own(Box::new(Household::told(services).await)),
        };
        Self {
            http: Client::new(),
            place,
        }
    }

    /// Somebody with an account; elsewhere one that another test has not had.
    pub(crate) async fn person(&self, email: &str) -> Person {
        let server = match &self.place {
            Place::Own(household) => return household.person(email).await,
            Place::Elsewhere { server } => server,
        };
        let tokens = variable("ALBUM_TOKENS").unwrap_or_default();
        let token = tokens.split(',').nth(NEXT.fetch_add(1, Ordering::Relaxed));
        Person {
            token: token
                .expect("ALBUM_TOKENS has one for each person")
                .to_owned(),
            http: self.http.clone(),
            base: format!("{}/", server.trim_end_matches('/')),
        }
    }

    pub(crate) async fn stop(self) {
        if let Place::Own(household) = self.place {
            household.album.stop().await;
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the tests have no settings of their own"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
