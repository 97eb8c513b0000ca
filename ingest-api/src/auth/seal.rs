//! Sealing what the server keeps for a browser with the browser's own secret.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

/// 256 random bits that a cookie holds and the server never stores: it stores
/// [`Ticket::id`], and bytes that only the ticket opens.
#[derive(Clone)]
pub(super) struct Ticket([u8; 32]);

impl Ticket {
    pub(super) fn generate() -> Result<Self, SealError> {
        Ok(Self(random()?))
    }

    /// Reads a cookie's value; anything but 32 bytes in base64url is no ticket.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }

    /// What the cookie holds.
    pub(super) fn reveal(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// The name that the server keeps it by; `purpose` keeps tickets of one
    /// cookie from being taken for another's.
    pub(super) fn id(&self, purpose: &str) -> String {
        let digest = self.derive("id", purpose);
        format!("{purpose}-{}", URL_SAFE_NO_PAD.encode(digest))
    }

    pub(super) fn seal(&self, purpose: &str, plain: Vec<u8>) -> Result<Vec<u8>, SealError> {
        let key = self.key(purpose)?;
        let mut sealed = plain;
        let nonce = key
            .seal_in_place_append_tag(Aad::empty(), &mut sealed)
            .map_err(|_| SealError)?;
        sealed.extend_from_slice(nonce.as_ref());
        Ok(sealed)
    }

    pub(super) fn open(&self, purpose: &str, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let length = sealed.len().checked_sub(NONCE_LEN).ok_or(SealError)?;
        let (cipher, nonce) = sealed.split_at_checked(length).ok_or(SealError)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError)?;
        let mut opened = cipher.to_vec();
        let plain = self
            .key(purpose)?
            .open_in_place(nonce, Aad::empty(), &mut opened)
            .map_err(|_| SealError)?
            .len();
        opened.truncate(plain);
        Ok(opened)
    }

    fn key(&self, purpose: &str) -> Result<RandomizedNonceKey, SealError> {
        RandomizedNonceKey::new(&AES_256_GCM, &self.derive("key", purpose)).map_err(|_| SealError)
    }

    /// The secret is uniformly random, so that one hash is a derivation.
    fn derive(&self, what: &str, purpose: &str) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(format!("cloudalbum {what} {purpose}\0"));
        hash.update(self.0);
        hash.finalize().into()
    }
}

/// Random bytes from the system.
pub(super) fn random<const N: usize>() -> Result<[u8; N], SealError> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| SealError)?;
    Ok(bytes)
}

/// The bytes were not sealed with this ticket, or there is no randomness.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot seal or open a session")]
pub(crate) struct SealError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_only_with_the_same_ticket_and_purpose() {
        let ticket = Ticket::generate().unwrap();
        let sealed = ticket.seal("session", b"refresh".to_vec()).unwrap();
        assert!(!sealed.windows(7).any(|window| window == b"refresh"));
        let again = Ticket::parse(&ticket.reveal()).unwrap();
        assert_eq!(again.open("session", &sealed).unwrap(), b"refresh");
        assert_eq!(again.open("attempt", &sealed), Err(SealError));
        let other = Ticket::generate().unwrap();
        assert_eq!(other.open("session", &sealed), Err(SealError));
        assert_eq!(ticket.open("session", b"short"), Err(SealError));
        assert_ne!(ticket.id("session"), ticket.id("attempt"));
    }

    #[test]
    fn refuses_cookies_that_are_no_tickets() {
        for text in ["", "a", "=", &"A".repeat(42), &"A".repeat(44), "é"] {
            assert!(Ticket::parse(text).is_none(), "{text}");
        }
    }
}
