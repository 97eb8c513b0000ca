//! The stored sign-in: one file in the user's configuration folder, mode 0600.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::args::Settings;
use crate::cognito::{Cognito, Tokens};
use crate::terminal::Terminal;

/// A token that is this close to its end is renewed first.
const MARGIN: SignedDuration = SignedDuration::from_secs(60);

/// Who is signed in at one server.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Session {
    pub cognito_endpoint: String,
    pub client_id: String,
    pub access_token: String,
    pub refresh_token: Option<String>,
    pub expires_at: Timestamp,
}

impl Session {
    pub(crate) fn new(cognito: &Cognito, tokens: Tokens) -> Self {
        Self {
            cognito_endpoint: cognito.endpoint.clone(),
            client_id: cognito.client_id.clone(),
            access_token: tokens.access_token,
            refresh_token: tokens.refresh_token,
            expires_at: Timestamp::now() + SignedDuration::from_secs(tokens.expires_in.into()),
        }
    }

    /// Whether the access token is about to end.
    pub(crate) fn is_stale(&self) -> bool {
        Timestamp::now() + MARGIN >= self.expires_at
    }

    /// The session with a fresh access token, or `None` when signing in again is needed.
    pub(crate) async fn renewed(&self, http: &reqwest::Client) -> anyhow::Result<Option<Self>> {
        let Some(refresh) = &self.refresh_token else {
            return Ok(None);
        };
        let cognito = Cognito {
            http: http.clone(),
            endpoint: self.cognito_endpoint.clone(),
            client_id: self.client_id.clone(),
        };
        let tokens = match cognito.refresh(refresh).await {
            Ok(tokens) => tokens,
            Err(error) if error.is_refusal() => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let mut renewed = Self::new(&cognito, tokens);
        if renewed.refresh_token.is_none() {
            renewed.refresh_token = Some(refresh.clone());
        }
        Ok(Some(renewed))
    }
}

/// Reads the session of the server, if there is one.
pub(crate) fn load(settings: &Settings) -> anyhow::Result<Option<Session>> {
    Ok(all(settings)?.remove(settings.server.as_str()))
}

/// Keeps a session for the server, in place of an earlier one.
pub(crate) fn store(settings: &Settings, session: &Session) -> anyhow::Result<()> {
    let mut sessions = all(settings)?;
    sessions.insert(settings.server.to_string(), session.clone());
    write(settings, &sessions)
}

/// Removes the session of the server.
pub(crate) fn forget(settings: &Settings, terminal: &Terminal) -> anyhow::Result<()> {
    let mut sessions = all(settings)?;
    if sessions.remove(settings.server.as_str()).is_none() {
        terminal.note(format_args!("not signed in at {}", settings.server));
        return Ok(());
    }
    write(settings, &sessions)?;
    terminal.note(format_args!("signed out of {}", settings.server));
    Ok(())
}

fn all(settings: &Settings) -> anyhow::Result<BTreeMap<String, Session>> {
    let path = path(settings)?;
    match std::fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .with_context(|| format!("{} is damaged: delete it and sign in again", path.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// Writes beside and renames: a crash leaves the old file, and a temporary file
/// is made with mode 0600.
fn write(settings: &Settings, sessions: &BTreeMap<String, Session>) -> anyhow::Result<()> {
    let path = path(settings)?;
    let folder = path.parent().context("no configuration folder")?;
    let save = || -> anyhow::Result<()> {
        std::fs::create_dir_all(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(&serde_json::to_vec_pretty(sessions)?)?;
        file.as_file().sync_all()?;
        file.persist(&path)?;
        Ok(())
    };
    save().with_context(|| format!("cannot write {}", path.display()))
}

fn path(settings: &Settings) -> anyhow::Result<PathBuf> {
    let folder = settings
        .config_home
        .clone()
        .or_else(|| std::env::home_dir().map(|home| home.join(".config")))
        .context("no home folder to keep the sign-in in: set XDG_CONFIG_HOME")?;
    Ok(folder.join("cloudalbum").join("session.json"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Args;
    use clap::Parser;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn sessions_are_kept_by_server_and_from_others() {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().to_str().unwrap();
        let at = |server: &str| {
            let line = [
                "cloudalbum",
                "--server",
                server,
                "--config-home",
                config,
                "man",
            ];
            Args::try_parse_from(line).unwrap().settings
        };
        let session = Session {
            cognito_endpoint: "http://127.0.0.1:4566".to_owned(),
            client_id: "cli".to_owned(),
            access_token: "secret".to_owned(),
            refresh_token: None,
            expires_at: Timestamp::now(),
        };
        store(&at("http://one"), &session).unwrap();
        store(&at("http://two"), &session).unwrap();
        forget(&at("http://one"), &Terminal::new()).unwrap();
        assert!(load(&at("http://one")).unwrap().is_none());
        assert!(load(&at("http://two")).unwrap().unwrap().is_stale());
        let file = folder.path().join("cloudalbum/session.json");
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}
