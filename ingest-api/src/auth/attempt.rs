//! A sign-in under way: what must come back unchanged from the issuer.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::seal::{SealError, random};

/// How long somebody may take to sign in, in seconds.
pub(super) const LIFE_SECONDS: i64 = 15 * 60;

/// Kept on the server under the attempt cookie, and good for one callback.
#[derive(Serialize, Deserialize)]
pub(super) struct Attempt {
    /// Ties the callback to the browser that asked.
    pub(super) state: String,
    /// Ties the ID token to this attempt.
    pub(super) nonce: String,
    /// The secret half of PKCE.
    pub(super) verifier: String,
    /// Where in the app to go on.
    pub(super) return_to: String,
}

impl Attempt {
    /// Starts an attempt that goes on at `return_to` if that is a path of
    /// ours, else at the start.
    pub(super) fn start(return_to: Option<&str>) -> Result<Self, SealError> {
        let token = || Ok(URL_SAFE_NO_PAD.encode(random::<32>()?));
        Ok(Self {
            state: token()?,
            nonce: token()?,
            verifier: token()?,
            return_to: return_to
                .filter(|path| is_local(path))
                .unwrap_or("/")
                .to_owned(),
        })
    }

    /// The public half of PKCE, S256.
    pub(super) fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(&self.verifier))
    }
}

/// A path on this site. `//host` and `/\host` lead elsewhere in browsers.
fn is_local(path: &str) -> bool {
    let visible = path
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    path.starts_with('/') && !path.starts_with("//") && visible && path.len() <= 1_024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn returns_to_our_own_paths_alone() {
        let goes = |path| Attempt::start(Some(path)).unwrap().return_to;
        assert_eq!(goes("/map?zoom=3"), "/map?zoom=3");
        for path in [
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "/a\r\nb",
            "",
        ] {
            assert_eq!(goes(path), "/", "{path}");
        }
    }

    #[test]
    fn challenges_as_rfc_7636_does() {
        let mut attempt = Attempt::start(None).unwrap();
        assert!(attempt.verifier.len() >= 43);
        "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".clone_into(&mut attempt.verifier);
        assert_eq!(
            attempt.challenge(),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }
}
