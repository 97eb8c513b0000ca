//! The real `cloudalbum-local` as a process of its own, to be ended at will.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// A running album; it ends when this is dropped.
pub(crate) struct Process {
    child: Child,
    pub(crate) app: String,
    pub(crate) aws: String,
}

impl Process {
    /// Starts on `data` and waits until it serves.
    pub(crate) async fn start(data: &Path) -> Self {
        Self::told(data, &[]).await
    }

    /// The same with more settings.
    pub(crate) async fn told(data: &Path, settings: &[(&str, &str)]) -> Self {
        let mut child = Command::new(binary("cloudalbum-local"))
            .env("CLOUDALBUM_DATA", data)
            .env("CLOUDALBUM_ADDR", "127.0.0.1:0")
            .env("CLOUDALBUM_AWS_ADDR", "127.0.0.1:0")
            .env("NO_COLOR", "1")
            .envs(settings.iter().copied())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("`cargo build --workspace` has made cloudalbum-local");
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (mut app, mut aws) = (None, None);
        let mut said = String::new();
        while app.is_none() || aws.is_none() {
            let Some(line) = lines.next_line().await.unwrap() else {
                panic!("it does not start: {said}");
            };
            said = said + &line + "\n";
            let after = |words: &str| Some(line.split_once(words)?.1.trim().to_owned());
            app = app.or_else(|| after("the album is at "));
            aws = aws.or_else(|| after("the AWS endpoint is at "));
        }
        // A process whose standard error nobody reads would stop at a full pipe.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self {
            child,
            app: app.unwrap(),
            aws: aws.unwrap(),
        }
    }

    /// Sends it SIGKILL, whatever it is at.
    pub(crate) fn kill(&mut self) {
        self.child.start_kill().unwrap();
    }

    /// Waits until it is gone.
    pub(crate) async fn gone(mut self) {
        self.child.wait().await.unwrap();
    }
}

/// A program of this workspace, beside the test's own.
pub(crate) fn binary(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.ancestors().nth(2).unwrap().join(name)
}
