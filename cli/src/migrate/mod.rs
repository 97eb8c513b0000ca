//! `cloudalbum migrate`: the album of this machine moves to AWS, as often as it takes.

mod accounts;
mod photo;

use std::process::ExitCode;

use anyhow::Context as _;
use cloudalbum_aws::bucket::Bucket;
use cloudalbum_aws::clients::Clients;
use cloudalbum_aws::table::Table;
use cloudalbum_domain::{Photo, PhotoId};
use futures::StreamExt as _;
use jiff::Timestamp;
use url::Url;

use crate::args::{MigrateArgs, Settings};
use crate::operators::read_keys;
use crate::terminal::Terminal;
use accounts::Account;
use photo::Outcome;

/// The bucket of an album on one machine.
const BUCKET: &str = "cloudalbum-photos";
/// The region that its signatures name.
const REGION: &str = "us-east-1";
/// After how many photos of an account a line tells how far it got.
const LINE_EVERY: u64 = 100;

/// Objects and records of one album.
pub(crate) struct Side {
    pub(crate) table: Table,
    pub(crate) bucket: Bucket,
}

/// What was done with the photos of an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
struct Sums {
    moved: u64,
    already_there: u64,
    /// Gone, or never arrived.
    nothing_to_move: u64,
    failed: u64,
    /// Of the photos that moved, in bytes.
    bytes: u64,
}

pub(crate) async fn run(
    settings: &Settings,
    given: &MigrateArgs,
    terminal: &Terminal,
) -> anyhow::Result<ExitCode> {
    let from = here(settings).await?;
    let clients = Clients::load(&given.region).await;
    let to = Side {
        table: Table::new(clients.dynamodb(), &given.tables),
        bucket: Bucket::new(clients.s3(None), &*given.bucket),
    };
    let ready = to.bucket.ready().await;
    ready.with_context(|| format!("cannot reach the bucket {}", given.bucket))?;
    let mut complete = true;
    for account in accounts::pair(&from.table, &to.table).await? {
        let name = &account.name;
        if account.to.is_none() {
            terminal.note(format_args!("{name}: {}", account.advice()));
            complete = false;
            continue;
        }
        let sums = move_account(&from, &to, &account, given, terminal).await?;
        complete &= sums.failed == 0;
        let done = if given.dry_run { "would move" } else { "moved" };
        terminal.line(format_args!(
            "{name}: {} {done} ({} bytes), {} already there, {} with nothing to move, {} failed",
            sums.moved, sums.bytes, sums.already_there, sums.nothing_to_move, sums.failed
        ));
    }
    Ok(if complete {
        ExitCode::SUCCESS
    } else {
        terminal.note("not everything moved: run it again, what moved is not sent twice");
        ExitCode::FAILURE
    })
}

async fn here(settings: &Settings) -> anyhow::Result<Side> {
    let endpoint = Url::parse(&format!("http://{}/", settings.aws_addr))
        .context("CLOUDALBUM_AWS_ADDR is not `host:port`")?;
    let keys = read_keys(&settings.data.join("credentials.json"))?;
    let clients = Clients::at(&endpoint, REGION, &keys.access_key, &keys.secret_key).await;
    let side = Side {
        table: Table::new(clients.dynamodb(), &settings.table_prefix),
        bucket: Bucket::new(clients.s3(None), BUCKET),
    };
    let ready = side.bucket.ready().await;
    ready.with_context(|| {
        format!("cannot reach the album at {endpoint}: start it with `make run`")
    })?;
    Ok(side)
}

async fn move_account(
    from: &Side,
    to: &Side,
    account: &Account,
    given: &MigrateArgs,
    terminal: &Terminal,
) -> anyhow::Result<Sums> {
    let mut sums = Sums::default();
    let scratch = tempfile::tempdir().context("cannot make a folder for photos on their way")?;
    let mut after: Option<PhotoId> = None;
    loop {
        let (photos, next) = from.table.records(&account.from, after).await?;
        let moves = photos.iter().map(|photo| {
            let file = scratch.path().join(photo.id.to_string());
            async move {
                (
                    photo,
                    one(from, to, account, photo, &file, given.dry_run).await,
                )
            }
        });
        let mut moves = futures::stream::iter(moves).buffer_unordered(given.parallel.get());
        while let Some((photo, outcome)) = moves.next().await {
            sums.count(photo, outcome, terminal);
            if sums.seen().is_multiple_of(LINE_EVERY) {
                let (name, seen) = (&account.name, sums.seen());
                terminal.note(format_args!("{name}: {seen} photos, {} bytes", sums.bytes));
            }
        }
        after = next;
        if after.is_none() {
            return Ok(sums);
        }
    }
}

async fn one(
    from: &Side,
    to: &Side,
    account: &Account,
    photo: &Photo,
    file: &std::path::Path,
    dry_run: bool,
) -> anyhow::Result<Outcome> {
    let owner = account.to.as_ref().context("no such account")?;
    match photo.moved_to(owner, Timestamp::now()) {
        Some(moved) => photo::carry(from, to, photo, &moved, file, dry_run).await,
        None => Ok(Outcome::Nothing),
    }
}

impl Sums {
    fn seen(&self) -> u64 {
        self.moved + self.already_there + self.nothing_to_move + self.failed
    }

    fn count(&mut self, photo: &Photo, outcome: anyhow::Result<Outcome>, terminal: &Terminal) {
        match outcome {
            Ok(Outcome::Moved) => {
                self.moved += 1;
                self.bytes += photo.filesize;
            }
            Ok(Outcome::There) => self.already_there += 1,
            Ok(Outcome::Nothing) => self.nothing_to_move += 1,
            Err(error) => {
                self.failed += 1;
                terminal.note(format_args!("{}: {error:#}", photo.id));
            }
        }
    }
}
