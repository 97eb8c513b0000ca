//! App clients: who may ask for tokens, and where answers may go.

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use data_encoding::BASE64;
use url::Url;

use super::fault::Fault;

/// A client of the user pool.
#[derive(Clone)]
pub struct Client {
    pub id: String,
    /// A public client has none, and must use PKCE.
    pub secret: Option<String>,
    /// Where a sign-in may return to.
    ///
    /// `http://127.0.0.1/path` without a port stands for every port (RFC 8252).
    pub redirect_uris: Vec<Url>,
    /// Where a sign-out may return to.
    pub logout_uris: Vec<Url>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl Client {
    pub(super) fn may_return_to(&self, uri: &str) -> Option<Url> {
        let uri: Url = uri.parse().ok()?;
        let known = |allowed: &Url| *allowed == uri || is_loopback_of(allowed, &uri);
        self.redirect_uris.iter().any(known).then_some(uri)
    }

    pub(super) fn may_sign_out_to(&self, uri: &str) -> Option<Url> {
        let uri: Url = uri.parse().ok()?;
        self.logout_uris.contains(&uri).then_some(uri)
    }

    pub(super) fn has_secret(&self, given: Option<&str>) -> bool {
        match (&self.secret, given) {
            (None, None) => true,
            (Some(secret), Some(given)) => {
                verify_slices_are_equal(secret.as_bytes(), given.as_bytes()).is_ok()
            }
            _ => false,
        }
    }

    /// Checks `SECRET_HASH`: the HMAC of user name and client id under the secret.
    pub(super) fn check_secret_hash(
        &self,
        username: &str,
        given: Option<&str>,
    ) -> Result<(), Fault> {
        let Some(secret) = &self.secret else {
            return Ok(());
        };
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let message = format!("{username}{}", self.id);
        let given = given.and_then(|given| BASE64.decode(given.as_bytes()).ok());
        match given {
            Some(given) if hmac::verify(&key, message.as_bytes(), &given).is_ok() => Ok(()),
            _ => Err(Fault::NotAuthorized(
                "Unable to verify secret hash for client",
            )),
        }
    }
}

fn is_loopback_of(allowed: &Url, uri: &Url) -> bool {
    let loopback = matches!(
        allowed.host_str(),
        Some("127.0.0.1" | "[::1]" | "localhost")
    );
    let mut bare = uri.clone();
    loopback && allowed.port().is_none() && bare.set_port(None).is_ok() && bare == *allowed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn returns_only_to_registered_addresses() {
        let client = Client {
            id: "cli".to_owned(),
            secret: None,
            redirect_uris: vec![
                "http://127.0.0.1/callback".parse().unwrap(),
                "https://album.example/auth/callback".parse().unwrap(),
            ],
            logout_uris: vec![],
        };
        for good in [
            "http://127.0.0.1:49152/callback",
            "https://album.example/auth/callback",
        ] {
            assert!(client.may_return_to(good).is_some(), "{good}");
        }
        for bad in [
            "http://127.0.0.1:49152/other",
            "http://127.0.0.1.evil.example/callback",
            "http://127.0.0.1@evil.example/callback",
            "http://user@127.0.0.1:1/callback",
            "https://127.0.0.1:1/callback",
            "https://album.example:444/auth/callback",
            "https://album.example/auth/callback?x=1",
            "javascript:alert(1)",
            "",
        ] {
            assert!(client.may_return_to(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn secret_hash_is_the_one_sdks_send() {
        let client = Client {
            id: "web".to_owned(),
            secret: Some("hush".to_owned()),
            redirect_uris: vec![],
            logout_uris: vec![],
        };
        // printf 'a@b.exampleweb' | openssl dgst -sha256 -hmac hush -binary | base64
        let hash = "6uFez2XiACvFWesutnejk0yqyD1isX7ys4G8XIrGNqg=";
        assert!(client.check_secret_hash("a@b.example", Some(hash)).is_ok());
        assert!(client.check_secret_hash("c@b.example", Some(hash)).is_err());
        assert!(client.check_secret_hash("a@b.example", None).is_err());
    }
}
