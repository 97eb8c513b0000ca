//! The RSA key that signs tokens, and its public half.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, anyhow};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use data_encoding::BASE64;
use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Signs tokens, and verifies its own.
pub(super) struct Key {
    id: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
    public: JwkSet,
}

impl Key {
    /// Reads the key, or makes one that only its owner may read.
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        match std::fs::read(path) {
            Ok(pem) => Self::from_pem(&pem),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let pem = generate()?;
                write_private(path, pem.as_bytes())?;
                Self::from_pem(pem.as_bytes())
            }
            Err(error) => Err(error).context("cannot read the key that signs tokens"),
        }
    }

    /// The key set that verifiers fetch.
    pub(super) fn public(&self) -> &JwkSet {
        &self.public
    }

    pub(super) fn sign(&self, claims: &impl Serialize) -> jsonwebtoken::errors::Result<String> {
        let mut header = Header::new(Algorithm::RS256);
        header.kid = Some(self.id.clone());
        jsonwebtoken::encode(&header, claims, &self.encoding)
    }

    /// The claims of a token that this key signed; times and audience are the caller's to check.
    pub(super) fn open_token<C: DeserializeOwned>(&self, token: &str) -> Option<C> {
        let mut validation = Validation::new(Algorithm::RS256);
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        let token = jsonwebtoken::decode(token, &self.decoding, &validation).ok()?;
        Some(token.claims)
    }

    fn from_pem(pem: &[u8]) -> anyhow::Result<Self> {
        let encoding =
            EncodingKey::from_rsa_pem(pem).context("the key that signs tokens is damaged")?;
        let mut jwk = Jwk::from_encoding_key(&encoding, Algorithm::RS256)?;
        let id = jwk.thumbprint(ThumbprintHash::SHA256)?;
        jwk.common.key_id = Some(id.clone());
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        Ok(Self {
            id,
            encoding,
            decoding: DecodingKey::from_jwk(&jwk)?,
            public: JwkSet { keys: vec![jwk] },
        })
    }
}

fn generate() -> anyhow::Result<String> {
    let pair =
        KeyPair::generate(KeySize::Rsa2048).map_err(|_| anyhow!("cannot make an RSA key"))?;
    let der: Pkcs8V1Der<'_> = pair
        .as_der()
        .map_err(|_| anyhow!("cannot encode an RSA key"))?;
    let text = BASE64.encode(der.as_ref());
    let mut pem = "-----BEGIN PRIVATE KEY-----\n".to_owned();
    for (at, letter) in text.chars().enumerate() {
        if at > 0 && at % 64 == 0 {
            pem.push('\n');
        }
        pem.push(letter);
    }
    pem.push_str("\n-----END PRIVATE KEY-----\n");
    Ok(pem)
}

/// Writes beside and renames, so a crash leaves a whole key or none.
fn write_private(path: &Path, pem: &[u8]) -> anyhow::Result<()> {
    let beside = path.with_extension("new");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&beside)
        .context("cannot write the key that signs tokens")?;
    file.write_all(pem)?;
    file.sync_all()?;
    std::fs::rename(&beside, path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_key_is_private_and_stays_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.pem");
        let first = Key::open(&path).unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let token = first.sign(&json!({ "sub": "someone" })).unwrap();
        let second = Key::open(&path).unwrap();
        assert_eq!(first.public(), second.public());
        let claims: Value = second.open_token(&token).unwrap();
        assert_eq!(claims["sub"], "someone");
        let stranger = Key::open(&folder.path().join("other.pem")).unwrap();
        assert!(stranger.open_token::<Value>(&token).is_none());
    }
}
