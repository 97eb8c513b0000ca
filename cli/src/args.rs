//! The command line: every command, its options and its help.

use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use cloudalbum_domain::{FailureCode, Stage};
use url::Url;

/// Uploads folders of photos, finds them again, and operates CloudAlbum.
///
/// Start with `cloudalbum signup --email YOU`, then `cloudalbum upload FOLDER`.
/// A certificate of your own is trusted when `SSL_CERT_FILE` names it.
#[derive(Parser)]
#[command(name = "cloudalbum", version, arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(flatten)]
    pub settings: Settings,
    #[command(subcommand)]
    pub command: Command,
}

/// Where to go and as whom.
#[derive(clap::Args, Clone)]
#[command(next_help_heading = "Settings")]
pub(crate) struct Settings {
    /// Where CloudAlbum is.
    #[arg(
        long,
        global = true,
        env = "CLOUDALBUM_SERVER",
        value_name = "URL",
        default_value = "http://127.0.0.1:8080"
    )]
    pub server: Url,
    /// An access token to use instead of a stored sign-in.
    #[arg(
        long,
        global = true,
        env = "CLOUDALBUM_TOKEN",
        hide = true,
        hide_env_values = true
    )]
    pub token: Option<String>,
    /// The AWS-compatible address of a CloudAlbum on this machine.
    #[arg(
        long,
        global = true,
        env = "CLOUDALBUM_AWS_ADDR",
        value_name = "ADDR",
        default_value = "127.0.0.1:4566"
    )]
    pub aws_addr: String,
    /// The data folder of a CloudAlbum on this machine.
    #[arg(
        long,
        global = true,
        env = "CLOUDALBUM_DATA",
        value_name = "DIR",
        default_value = "./data"
    )]
    pub data: PathBuf,
    /// What the tables' names start with.
    #[arg(
        long,
        global = true,
        env = "TABLE_PREFIX",
        hide = true,
        default_value = ""
    )]
    pub table_prefix: String,
    /// Where sign-ins are kept.
    #[arg(long, global = true, env = "XDG_CONFIG_HOME", hide = true)]
    pub config_home: Option<PathBuf>,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Makes an account and signs in.
    Signup(SignUpArgs),
    /// Confirms an account with the code that was mailed.
    Confirm(ConfirmArgs),
    /// Signs in: in the browser, or with --email and a password.
    Login(LoginArgs),
    /// Forgets the stored sign-in.
    Logout,
    /// Uploads photos and folders; run it again to go on where it stopped.
    Upload(UploadArgs),
    /// Downloads originals, all or those that a search finds.
    Download(DownloadArgs),
    /// Lists the album, newest first.
    Ls(PageArgs),
    /// Lists the photos that have every word of the query.
    Search {
        /// Words of tags, description, file name, place, camera or month.
        query: String,
        #[command(flatten)]
        page: PageArgs,
    },
    /// Shows one photo.
    Show {
        /// The photo's id.
        id: String,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Moves photos to the trash.
    Rm {
        /// The photos' ids.
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
    /// Takes photos out of the trash.
    Restore {
        /// The photos' ids.
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
    /// Processes failed photos again.
    Retry {
        /// The photos' ids.
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
    /// Counts the photos by status.
    Status {
        /// Goes on and writes a line for every change.
        #[arg(long)]
        watch: bool,
    },
    /// Says what so many photos cost on AWS.
    Cost(crate::cost::CostArgs),
    /// Moves the album of this machine to AWS; run it again to go on where it stopped.
    Migrate(MigrateArgs),
    /// Says who may open the operations board.
    Operators(OperatorsArgs),
    /// Looks after queues and failures; for operators.
    Ops(OpsArgs),
    /// Tells what is made of every photo, and makes what is stale; for operators.
    Recipes {
        #[command(subcommand)]
        command: Option<RecipesCommand>,
    },
    /// Compares records, objects and queues, and mends what differs; for operators.
    Reconcile {
        /// Only says what would be mended.
        #[arg(long)]
        dry_run: bool,
    },
    /// Writes the completions of a shell.
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
    /// Writes the manual page.
    Man,
}

#[derive(clap::Args)]
pub(crate) struct MigrateArgs {
    /// The bucket of photos on AWS.
    #[arg(long, value_name = "NAME")]
    pub bucket: String,
    /// What the names of the tables on AWS start with.
    #[arg(long, value_name = "PREFIX", default_value = "cloudalbum-")]
    pub tables: String,
    /// Where they are. Credentials are found as the AWS command line finds them.
    #[arg(long, env = "AWS_REGION", value_name = "REGION")]
    pub region: String,
    /// Says what would move, and moves nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// At most this many photos on their way at once.
    #[arg(long, default_value = "8", value_name = "N")]
    pub parallel: NonZeroUsize,
}

#[derive(clap::Args)]
pub(crate) struct SignUpArgs {
    /// The e-mail address of the account.
    #[arg(long)]
    pub email: String,
    /// The name to show; the address's first part if absent.
    #[arg(long)]
    pub name: Option<String>,
    /// Reads the password from standard input.
    #[arg(long)]
    pub password_stdin: bool,
    /// The confirmation code, if you already have it.
    #[arg(long)]
    pub code: Option<String>,
}

#[derive(clap::Args)]
pub(crate) struct ConfirmArgs {
    /// The e-mail address of the account.
    #[arg(long)]
    pub email: String,
    /// The code that was mailed.
    #[arg(long)]
    pub code: Option<String>,
}

#[derive(clap::Args)]
pub(crate) struct LoginArgs {
    /// Signs in with this address and a password; without it, in the browser.
    #[arg(long)]
    pub email: Option<String>,
    /// Reads the password from standard input.
    #[arg(long, requires = "email")]
    pub password_stdin: bool,
}

#[derive(clap::Args)]
pub(crate) struct UploadArgs {
    /// Photos and folders of photos.
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Writes the receipt as JSON.
    #[arg(long)]
    pub json: bool,
    /// Says what would be sent and whether it fits, and sends nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// A tag for the new photos; may be given several times.
    #[arg(long = "tag", value_name = "TAG")]
    pub tags: Vec<String>,
    /// A description for the new photos.
    #[arg(long)]
    pub description: Option<String>,
    /// At most this many photos on their way at once.
    #[arg(long, default_value = "16", value_name = "N")]
    pub parallel: NonZeroUsize,
    /// Returns when the bytes are stored, before the photos are processed.
    #[arg(long)]
    pub no_wait: bool,
    /// Gives up waiting for processing after this long without any progress.
    #[arg(long, default_value = "900", value_name = "SECONDS")]
    pub patience: u32,
}

#[derive(clap::Args)]
pub(crate) struct DownloadArgs {
    /// The folder to fill; what it already holds is not fetched again.
    pub dir: PathBuf,
    /// Only what this search finds.
    #[arg(long, value_name = "QUERY")]
    pub search: Option<String>,
    /// Writes what you edited beside each photo, as XMP.
    #[arg(long)]
    pub edits: bool,
}

#[derive(clap::Args)]
pub(crate) struct PageArgs {
    /// At most this many.
    #[arg(long, default_value = "100", value_name = "N")]
    pub limit: usize,
    /// Which date orders them.
    #[arg(long, value_enum, default_value_t = Order::Taken)]
    pub order: Order,
    /// The trash instead of the album.
    #[arg(long)]
    pub trashed: bool,
    /// As JSON.
    #[arg(long)]
    pub json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Order {
    Taken,
    Uploaded,
}

#[derive(clap::Args)]
pub(crate) struct OperatorsArgs {
    #[command(subcommand)]
    pub command: OperatorsCommand,
}

#[derive(Subcommand)]
pub(crate) enum OperatorsCommand {
    /// Lets the owner of an account open the board, from the next sign-in on.
    Add {
        /// The e-mail address of the account.
        email: String,
    },
}

#[derive(clap::Args)]
pub(crate) struct OpsArgs {
    #[command(subcommand)]
    pub command: Option<OpsCommand>,
}

#[derive(Subcommand)]
pub(crate) enum OpsCommand {
    /// Queues, stages and failures at a glance; the default.
    Summary {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Shows the summary again and again, until interrupted.
    Watch {
        /// How long to wait in between.
        #[arg(long, default_value = "2", value_name = "SECONDS")]
        every: NonZeroU64,
    },
    /// Lists traces of photos, the latest first.
    Traces {
        /// Only of this photo.
        #[arg(long)]
        photo: Option<String>,
        /// Only of this owner.
        #[arg(long)]
        owner: Option<String>,
        /// Only those that failed with this code.
        #[arg(long)]
        code: Option<FailureCode>,
        /// Only those that took so long or longer.
        #[arg(long, value_name = "MILLISECONDS")]
        min_duration: Option<u32>,
        /// The slowest first.
        #[arg(long)]
        slowest: bool,
    },
    /// Shows one trace as a waterfall.
    Trace {
        /// The trace's id, as `show` and every error tell it.
        id: String,
    },
    /// Lists failed photos.
    Failures {
        /// Only those with this code.
        #[arg(long)]
        code: Option<FailureCode>,
    },
    /// Processes failed photos again: the ones named, those of a code, or all.
    #[command(group = clap::ArgGroup::new("which").required(true))]
    Redrive {
        /// Photos as `ops failures` names them: `<owner>/<photo>`.
        #[arg(group = "which", value_name = "PHOTO")]
        ids: Vec<String>,
        /// Every photo with this code.
        #[arg(long, group = "which")]
        code: Option<FailureCode>,
        /// Every failed photo.
        #[arg(long, group = "which")]
        all: bool,
    },
    /// Lists messages that were received too often, and why; or moves them back.
    Dlq {
        /// Moves messages of this stage back: the ones named, or all.
        #[arg(long, value_parser = stage, value_name = "STAGE")]
        move_back: Option<Stage>,
        /// Only these messages.
        #[arg(value_name = "MESSAGE", requires = "move_back")]
        messages: Vec<String>,
    },
    /// Lists what operators did, latest first.
    Audit,
    /// Stops a stage; its messages wait.
    Pause {
        /// `thumbnails` or `metadata`.
        #[arg(value_parser = stage)]
        stage: Stage,
    },
    /// Lets a paused stage go on.
    Resume {
        /// `thumbnails` or `metadata`.
        #[arg(value_parser = stage)]
        stage: Stage,
    },
}

#[derive(Subcommand)]
pub(crate) enum RecipesCommand {
    /// Has renditions made anew of every photo that was made by another recipe;
    /// those of before are shown meanwhile.
    Apply {
        /// Only says how many would be made.
        #[arg(long)]
        dry_run: bool,
    },
}

fn stage(text: &str) -> Result<Stage, String> {
    Stage::ALL
        .into_iter()
        .find(|stage| stage.as_str() == text)
        .ok_or_else(|| "a stage is `thumbnails` or `metadata`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn a_redrive_must_say_what() {
        assert!(Args::try_parse_from(["cloudalbum", "ops", "redrive"]).is_err());
        assert!(Args::try_parse_from(["cloudalbum", "ops", "redrive", "--all"]).is_ok());
        let stage = ["cloudalbum", "ops", "pause", "everything"];
        assert!(Args::try_parse_from(stage).is_err());
    }
}
