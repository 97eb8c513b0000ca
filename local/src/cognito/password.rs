//! Password rules and hashes.

use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};

use super::fault::Fault;

/// Cognito's longest password, in bytes; it bounds the work of hashing.
const LONGEST: usize = 256;

/// Refuses a password that Cognito's default policy, without symbols, refuses.
pub(super) fn check(password: &str) -> Result<(), Fault> {
    let has = |test: fn(char) -> bool| password.chars().any(test);
    let fault = if password.chars().count() < 8 {
        "Password not long enough"
    } else if password.len() > LONGEST {
        "Password too long"
    } else if !has(|c| c.is_ascii_uppercase()) {
        "Password must have uppercase characters"
    } else if !has(|c| c.is_ascii_lowercase()) {
        "Password must have lowercase characters"
    } else if !has(|c| c.is_ascii_digit()) {
        "Password must have numeric characters"
    } else {
        return Ok(());
    };
    Err(Fault::InvalidPassword(fault))
}

/// Hashes with argon2id and a fresh salt.
pub(super) fn hash(password: &str) -> Result<String, Fault> {
    let failed = |error| Fault::internal(anyhow::anyhow!("argon2: {error}"));
    let salt = SaltString::encode_b64(&rand::random::<[u8; 16]>()).map_err(failed)?;
    let hash = Argon2::default()
        .hash_password(password.as_bytes(), &salt)
        .map_err(failed)?;
    Ok(hash.to_string())
}

/// Verifies a password; without an account it takes as long and says no.
pub(super) fn verify(password: &str, hash: Option<&str>) -> Result<bool, Fault> {
    if password.len() > LONGEST {
        return Ok(false);
    }
    let Some(hash) = hash else {
        self::hash(password)?;
        return Ok(false);
    };
    let parsed = PasswordHash::new(hash)
        .map_err(|error| Fault::internal(anyhow::anyhow!("stored hash: {error}")))?;
    Ok(Argon2::default()
        .verify_password(password.as_bytes(), &parsed)
        .is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_policy() {
        for weak in ["", "Short1a", "alllower1", "ALLUPPER1", "NoDigitsHere"] {
            assert!(check(weak).is_err(), "{weak}");
        }
        assert!(check(&format!("Aa1{}", "x".repeat(300))).is_err());
        assert!(check("Correct1horse").is_ok());
    }

    #[test]
    fn verifies_only_the_password_that_was_hashed() {
        let hash = hash("Correct1horse").unwrap();
        assert!(hash.starts_with("$argon2id$"));
        assert!(verify("Correct1horse", Some(&hash)).unwrap());
        assert!(!verify("correct1horse", Some(&hash)).unwrap());
        assert!(!verify("Correct1horse", None).unwrap());
    }
}
