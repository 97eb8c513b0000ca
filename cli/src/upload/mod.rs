//! `cloudalbum upload`: thousands of photos over a bad network, none sent twice.

mod files;
mod pace;
mod preview;
mod receipt;
mod run;
mod storage;
mod transfer;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::api::{Api, ApiError};
use crate::args::{Settings, UploadArgs};
use crate::changes::{self, Ending};
use crate::terminal::Terminal;
use receipt::{Line, Outcome};
use run::{Notes, Run};
use storage::Storage;
use transfer::Way;

/// What shells report for an end by Ctrl-C.
const INTERRUPTED: u8 = 130;

pub(crate) async fn run(
    settings: &Settings,
    given: UploadArgs,
    terminal: &Terminal,
) -> anyhow::Result<ExitCode> {
    let api = Arc::new(Api::new(settings)?);
    let mut selection = files::select(&given.paths);
    if given.dry_run {
        preview::show(&api, selection, given.json, terminal).await?;
        return Ok(ExitCode::SUCCESS);
    }
    let photos = std::mem::take(&mut selection.photos);
    let bar = bar(photos.iter().map(|photo| photo.size).sum());
    let way = Way {
        api: Arc::clone(&api),
        storage: Storage::new()?,
        bar: bar.clone(),
    };
    let notes = Notes {
        tags: given.tags,
        description: given.description,
    };
    let mut run = Run::new(photos, way, notes, given.parallel.get());
    let patience = (!given.no_wait).then(|| Duration::from_secs(given.patience.into()));
    let ended = tokio::select! {
        ended = work(&api, &mut run, patience, &bar) => Some(ended),
        _ = tokio::signal::ctrl_c() => None,
    };
    run.close().await;
    bar.finish_and_clear();
    let sums = receipt::print(&lines(run, selection, given.no_wait), given.json, terminal)?;
    match ended {
        None => Ok(ExitCode::from(INTERRUPTED)),
        Some(Err(error)) => Err(error.into()),
        Some(Ok(())) if sums.is_clean() => Ok(ExitCode::SUCCESS),
        Some(Ok(())) => Ok(ExitCode::FAILURE),
    }
}

/// Sends everything, then follows the changes until the photos are final.
async fn work(
    api: &Api,
    run: &mut Run,
    patience: Option<Duration>,
    bar: &ProgressBar,
) -> Result<(), ApiError> {
    run.finish().await?;
    let Some(patience) = patience else {
        return Ok(());
    };
    bar.set_style(style("{spinner} {pos}/{len} processed  {elapsed}"));
    bar.reset();
    bar.set_length(run.waiting.len() as u64);
    let items = &mut run.items;
    let ended = |index: usize, ending| {
        bar.inc(1);
        if let (Some(item), Ending::Failed { code, detail }) = (items.get_mut(index), ending) {
            item.outcome = Some(Outcome::Failed { code, detail });
        }
    };
    changes::until_final(api, &mut run.waiting, patience, ended).await
}

/// Every file that was found, in one list.
fn lines(run: Run, selection: files::Selection, no_wait: bool) -> Vec<Line> {
    let waiting = run.waiting;
    let photos = run.items.into_iter().map(|item| {
        let unsettled = !no_wait
            && item
                .photo_id
                .as_ref()
                .is_some_and(|id| waiting.contains_key(id));
        let outcome = match item.outcome {
            Some(Outcome::Stored | Outcome::AlreadyThere) if unsettled => Outcome::Processing,
            Some(outcome) => outcome,
            None => Outcome::NotSent,
        };
        Line {
            path: item.photo.path,
            photo_id: item.photo_id,
            outcome,
        }
    });
    let line = |path, outcome| Line {
        path,
        photo_id: None,
        outcome,
    };
    let unreadable = selection.unreadable.into_iter().map(|(path, detail)| {
        let code = "unreadable".to_owned();
        line(path, Outcome::Failed { code, detail })
    });
    let skipped = selection
        .skipped
        .into_iter()
        .map(|path| line(path, Outcome::Skipped));
    photos.chain(unreadable).chain(skipped).collect()
}

/// Rate and time left, on a terminal only.
fn bar(bytes: u64) -> ProgressBar {
    let bar = ProgressBar::new(bytes);
    bar.set_style(style(
        "{bar:30} {bytes}/{total_bytes}  {bytes_per_sec}  {eta} left",
    ));
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
