//! `cloudalbum-local` as a process of its own, and what it uses.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use anyhow::Context as _;
use cloudalbum_aws::clients::Clients;
use cloudalbum_aws::table::Table;
use serde::Deserialize;

/// The clock ticks of proc(5) in a second; Linux fixes them for user space.
const TICKS: f64 = 100.0;

/// A running album on a folder that goes with it.
pub(crate) struct Process {
    child: Child,
    pub(crate) folder: tempfile::TempDir,
    /// Where the API is, with a slash at the end.
    pub(crate) app: String,
    /// Where the AWS endpoint is, with a slash at the end.
    pub(crate) aws: String,
}

/// The credentials that an album made for its AWS endpoint.
#[derive(Deserialize)]
pub(crate) struct KeyPair {
    pub(crate) access_key: String,
    pub(crate) secret_key: String,
}

/// What a process has used since it began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    /// Processor time of all threads, in seconds.
    pub(crate) cpu: f64,
    /// Resident memory now, in MB.
    pub(crate) resident: f64,
    /// The most that it ever was, in MB.
    pub(crate) peak: f64,
}

impl Process {
    /// Starts one with more settings and waits until it serves.
    pub(crate) fn start(settings: &[(&str, &str)]) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut child = Command::new(binary("cloudalbum-local")?)
            .env("CLOUDALBUM_DATA", folder.path())
            .env("CLOUDALBUM_ADDR", "127.0.0.1:0")
            .env("CLOUDALBUM_AWS_ADDR", "127.0.0.1:0")
            .env("NO_COLOR", "1")
            .envs(settings.iter().copied())
            .stderr(Stdio::piped())
            .spawn()?;
        let errors = child.stderr.take().context("no standard error")?;
        let mut lines = BufReader::new(errors).lines();
        let (mut app, mut aws) = (None, None);
        while app.is_none() || aws.is_none() {
            let line = lines.next().context("the album did not start")??;
            let after = |words: &str| Some(line.split_once(words)?.1.trim().to_owned());
            app = app.or_else(|| after("the album is at "));
            aws = aws.or_else(|| after("the AWS endpoint is at "));
        }
        // A process whose standard error nobody reads would stop at a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Self {
            child,
            folder,
            app: app.context("no address")?,
            aws: aws.context("no address")?,
        })
    }

    /// Clients of its AWS endpoint, with the credentials that it made.
    pub(crate) async fn clients(&self) -> anyhow::Result<Clients> {
        let keys = self.keys()?;
        let endpoint = self.aws.parse()?;
        Ok(Clients::at(&endpoint, "us-east-1", &keys.access_key, &keys.secret_key).await)
    }

    /// What signs calls of its AWS endpoint.
    pub(crate) fn keys(&self) -> anyhow::Result<KeyPair> {
        let keys = std::fs::read(self.folder.path().join("credentials.json"))?;
        Ok(serde_json::from_slice(&keys)?)
    }

    /// Its tables.
    pub(crate) async fn table(&self) -> anyhow::Result<Table> {
        Ok(Table::new(self.clients().await?.dynamodb(), ""))
    }

    /// What it has used until now, by proc(5).
    pub(crate) fn usage(&self) -> anyhow::Result<Usage> {
        usage(self.child.id())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself, and then there is nothing to do.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What a process has used until now, by proc(5).
pub(crate) fn usage(process: u32) -> anyhow::Result<Usage> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name before the last bracket may hold anything, spaces too.
    let (_, fields) = stat.rsplit_once(')').context("no name in stat")?;
    let mut ticks = fields.split_whitespace().skip(11).map(str::parse::<f64>);
    let mut next = || ticks.next().context("no ticks in stat");
    let cpu = (next()?? + next()??) / TICKS;
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let of = |name: &str| -> anyhow::Result<f64> {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
        Ok(kilobytes.context("no memory in status")?.parse::<f64>()? / 1024.0)
    };
    Ok(Usage {
        cpu,
        resident: of("VmRSS:")?,
        peak: of("VmHWM:")?,
    })
}

/// A program of this workspace, beside this one.
pub(crate) fn binary(name: &str) -> anyhow::Result<PathBuf> {
    let here = std::env::current_exe()?;
    let path = here.with_file_name(name);
    anyhow::ensure!(
        path.exists(),
        "{name} is missing: `cargo build --release --workspace` makes it"
    );
    Ok(path)
}
