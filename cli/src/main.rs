//! `cloudalbum`: the batch client and the operator's tool.

mod album;
mod api;
mod args;
mod backoff;
mod board;
mod browser;
mod changes;
mod cognito;
mod cost;
mod download;
mod migrate;
mod operators;
mod ops;
mod recipes;
mod session;
mod sign_in;
mod terminal;
mod upload;
mod xmp;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use args::{Args, Command};
use terminal::Terminal;

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    let terminal = Terminal::new();
    match run(args, &terminal).await {
        Ok(code) => code,
        Err(error) => {
            terminal.note(format_args!("cloudalbum: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let settings = args.settings;
    match args.command {
        Command::Signup(given) => sign_in::sign_up(&settings, given, terminal).await?,
        Command::Confirm(given) => sign_in::confirm(&settings, given, terminal).await?,
        Command::Login(given) => sign_in::log_in(&settings, given, terminal).await?,
        Command::Logout => session::forget(&settings, terminal)?,
        Command::Upload(given) => return upload::run(&settings, given, terminal).await,
        Command::Download(given) => return download::run(&settings, given, terminal).await,
        Command::Ls(given) => album::list(&settings, given, None, terminal).await?,
        Command::Search { query, page } => {
            album::list(&settings, page, Some(query), terminal).await?;
        }
        Command::Show { id, json } => album::show(&settings, &id, json, terminal).await?,
        Command::Rm { ids } => return album::remove(&settings, &ids, terminal).await,
        Command::Restore { ids } => return album::restore(&settings, &ids, terminal).await,
        Command::Retry { ids } => return album::retry(&settings, &ids, terminal).await,
        Command::Status { watch } => changes::status(&settings, watch, terminal).await?,
        Command::Cost(given) => cost::run(&given, terminal)?,
        Command::Migrate(given) => return migrate::run(&settings, &given, terminal).await,
        Command::Operators(given) => operators::run(&settings, given, terminal).await?,
        Command::Ops(given) => ops::run(&settings, given, terminal).await?,
        Command::Recipes { command } => recipes::run(&settings, command, terminal).await?,
        Command::Reconcile { dry_run } => ops::reconcile(&settings, dry_run, terminal).await?,
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Args::command(), "cloudalbum", &mut script);
            terminal.bytes(&script);
        }
        Command::Man => {
            let mut page = Vec::new();
            clap_mangen::Man::new(Args::command()).render(&mut page)?;
            terminal.bytes(&page);
        }
    }
    Ok(ExitCode::SUCCESS)
}
