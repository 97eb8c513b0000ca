//! The process's two output streams: results on one, remarks on the other.

use std::fmt::Display;
use std::io::{IsTerminal, Read, Write};

use anyhow::Context;

/// A password or code is never longer than this.
const LONGEST_SECRET: u64 = 4096;

/// Owns standard output and standard error.
///
/// A reader that has gone away, as in `cloudalbum ls | head`, is no error: what
/// it does not want is dropped.
pub(crate) struct Terminal(());

impl Terminal {
    pub(crate) fn new() -> Self {
        Self(())
    }

    /// Writes a line of the result.
    pub(crate) fn line(&self, text: impl Display) {
        self.bytes(format!("{text}\n").as_bytes());
    }

    /// Writes a part of the result as it is.
    #[expect(clippy::unused_self, reason = "who holds the terminal may write")]
    pub(crate) fn bytes(&self, bytes: &[u8]) {
        let mut out = std::io::stdout().lock();
        let _gone = out.write_all(bytes).and_then(|()| out.flush());
    }

    /// Writes a remark for people, beside the result.
    #[expect(clippy::unused_self, reason = "who holds the terminal may write")]
    pub(crate) fn note(&self, text: impl Display) {
        let _gone = writeln!(std::io::stderr().lock(), "{text}");
    }

    /// Writes a value as JSON.
    pub(crate) fn json(&self, value: &impl serde::Serialize) -> anyhow::Result<()> {
        self.line(serde_json::to_string_pretty(value)?);
        Ok(())
    }

    /// Asks for a line, which is echoed.
    pub(crate) fn ask(&self, question: &str) -> anyhow::Result<String> {
        anyhow::ensure!(
            std::io::stdin().is_terminal(),
            "cannot ask for `{question}`: standard input is no terminal"
        );
        self.note(format_args!("{question}:"));
        let mut line = String::new();
        std::io::stdin().read_line(&mut line)?;
        Ok(line.trim().to_owned())
    }

    /// Reads a password: from standard input as a whole, or typed unseen.
    pub(crate) fn password(&self, from_stdin: bool) -> anyhow::Result<String> {
        if !from_stdin {
            anyhow::ensure!(
                std::io::stdin().is_terminal(),
                "no terminal to type a password at: pipe it in with --password-stdin"
            );
            self.note("Password:");
            return Ok(console::Term::stderr().read_secure_line()?);
        }
        let mut text = String::new();
        std::io::stdin()
            .take(LONGEST_SECRET)
            .read_to_string(&mut text)
            .context("cannot read the password from standard input")?;
        let password = text.trim_end_matches(['\r', '\n']).to_owned();
        anyhow::ensure!(!password.is_empty(), "standard input held no password");
        Ok(password)
    }
}

/// A text of the album without the control characters that would steer a terminal.
pub(crate) fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}
