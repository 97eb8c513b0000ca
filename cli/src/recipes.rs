//! What is made of every photo, and making what is stale, for operators.

use cloudalbum_domain::wire::{AppliedRecipe, ApplyRecipe};
use serde_json::Value;

use crate::api::Api;
use crate::args::{RecipesCommand, Settings};
use crate::ops::{order, show};
use crate::terminal::Terminal;

pub(crate) async fn run(
    settings: &Settings,
    command: Option<RecipesCommand>,
    terminal: &Terminal,
) -> anyhow::Result<()> {
    let api = Api::new(settings)?;
    match command {
        None => {
            let answer: Value = api.get("/v1/ops/recipes", &[]).await?;
            show(&answer, terminal);
            Ok(())
        }
        Some(RecipesCommand::Apply { dry_run }) => apply(&api, dry_run, terminal).await,
    }
}

/// Asks again while the answer says that there is more to do.
async fn apply(api: &Api, dry_run: bool, terminal: &Terminal) -> anyhow::Result<()> {
    let (mut looked_at, mut enqueued) = (0, 0);
    let mut wanted = ApplyRecipe {
        dry_run,
        cursor: None,
    };
    loop {
        let answer = order(api, "/v1/ops/recipes", serde_json::to_value(&wanted)?).await?;
        let answer: AppliedRecipe = serde_json::from_value(answer)?;
        looked_at += answer.looked_at;
        enqueued += answer.enqueued;
        wanted.cursor = answer.cursor;
        if wanted.cursor.is_none() {
            break;
        }
        terminal.note(format_args!("{looked_at} looked at, {enqueued} stale"));
    }
    let outcome = if dry_run { "would be made" } else { "are made" };
    terminal.line(format_args!(
        "{enqueued} of {looked_at} photos {outcome} anew"
    ));
    Ok(())
}
