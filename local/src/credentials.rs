//! The one pair of AWS credentials of this machine.

use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use anyhow::{Context, ensure};
use rand::TryRngCore;
use serde::{Deserialize, Serialize};

/// An access key and its secret, made at the first start.
#[derive(Clone, Serialize, Deserialize)]
pub struct Credentials {
    pub access_key: String,
    pub secret_key: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials")
            .field("access_key", &self.access_key)
            .finish_non_exhaustive()
    }
}

impl Credentials {
    /// Makes a new pair from the operating system's randomness.
    ///
    /// # Errors
    ///
    /// When the system has no randomness to give.
    pub fn generate() -> anyhow::Result<Self> {
        let mut bytes = [0_u8; 40];
        rand::rngs::OsRng
            .try_fill_bytes(&mut bytes)
            .context("the system gives no random bytes")?;
        let (id, secret) = bytes.split_at(10);
        Ok(Self {
            access_key: format!("AKIA{}", data_encoding::BASE32_NOPAD.encode(id)),
            secret_key: data_encoding::BASE64URL_NOPAD.encode(secret),
        })
    }

    /// Reads the pair kept at `path`, or makes one there that only this user can read.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or written, is damaged, or can be read by others.
    pub fn load(path: &Path) -> anyhow::Result<Self> {
        match OpenOptions::new().read(true).open(path) {
            Ok(file) => {
                let mode = file.metadata()?.permissions().mode() & 0o077;
                ensure!(
                    mode == 0,
                    "{} can be read by other users: `chmod 600` it",
                    path.display()
                );
                let mut text = String::new();
                file.take(4096).read_to_string(&mut text)?;
                serde_json::from_str(&text)
                    .with_context(|| format!("{} is damaged", path.display()))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let made = Self::generate()?;
                made.save(path)
                    .with_context(|| format!("cannot write {}", path.display()))?;
                Ok(made)
            }
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }

    /// Writes beside and renames, so that a crash leaves no half file.
    fn save(&self, path: &Path) -> anyhow::Result<()> {
        let beside = path.with_extension("new");
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&beside)?;
        file.write_all(&serde_json::to_vec_pretty(self)?)?;
        file.sync_all()?;
        std::fs::rename(&beside, path)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn are_made_once_and_kept_from_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("credentials.json");
        let made = Credentials::load(&path).unwrap();
        assert_eq!(made.access_key.len(), 20);
        assert_eq!(made.secret_key.len(), 40);
        let again = Credentials::load(&path).unwrap();
        assert_eq!(made.secret_key, again.secret_key);
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert!(!format!("{made:?}").contains(&made.secret_key));
    }

    #[test]
    fn are_refused_when_others_can_read_them_or_when_damaged() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("credentials.json");
        Credentials::load(&path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(Credentials::load(&path).is_err());
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        std::fs::write(&path, "{").unwrap();
        assert!(Credentials::load(&path).is_err());
    }
}
