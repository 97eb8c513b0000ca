//! What the process reads from its environment, and what it tells the services.

use std::collections::HashMap;
use std::num::ParseIntError;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser;
use cloudalbum_aws::settings::environment;
use url::Url;

use crate::lambda;

/// The region that signatures name.
pub(crate) const REGION: &str = "us-east-1";
/// The bucket.
pub(crate) const BUCKET: &str = "cloudalbum-photos";
/// The user pool.
pub(crate) const POOL: &str = "us-east-1_CloudAlbum";
/// The app client of the web.
pub(crate) const WEB_CLIENT: &str = "cloudalbum-web";
/// The app client of the command line and of phones.
pub(crate) const CLI_CLIENT: &str = "cloudalbum-cli";

/// What the environment may say though it is told here: where logs and spans go.
const ABOUT_ITSELF: [&str; 5] = [
    "LOG_FORMAT",
    "RUST_LOG",
    "TRACE_EXPORT",
    "OTLP_ENDPOINT",
    "SAMPLE_RATIO",
];
/// Attempts that went well would hide what a person at a console looks for.
const LOG_FILTER: &str = "info,cloudalbum_aws::attempt=warn";

/// The whole of CloudAlbum in one process: app, S3, DynamoDB, SQS, Cognito and workers.
#[derive(Clone, Debug, Parser)]
#[command(name = "cloudalbum-local", version)]
pub struct Settings {
    /// The folder that keeps everything
    #[arg(long, env = "CLOUDALBUM_DATA", default_value = "./data")]
    pub data: PathBuf,
    /// Where the app listens
    #[arg(
        long = "addr",
        env = "CLOUDALBUM_ADDR",
        default_value = "127.0.0.1:8080"
    )]
    pub address: String,
    /// Where the AWS endpoint listens
    #[arg(
        long = "aws-addr",
        env = "CLOUDALBUM_AWS_ADDR",
        default_value = "127.0.0.1:4566"
    )]
    pub aws_address: String,
    /// The built web app
    #[arg(long = "web-dir", env = "WEB_DIR", default_value = "./web/dist")]
    pub web: PathBuf,
    /// How long after one run of the reconciler the next begins
    #[arg(long = "reconcile-seconds", env = "RECONCILE_SECONDS", value_name = "SECONDS",
          default_value = "300", value_parser = seconds)]
    pub reconcile_every: Duration,
    /// Settings of the services that are told here and not in the environment.
    #[arg(skip)]
    pub services: HashMap<String, String>,
}

fn seconds(text: &str) -> Result<Duration, ParseIntError> {
    text.parse().map(Duration::from_secs)
}

/// Where the parts of this process are reached.
#[derive(Clone, Debug)]
pub(crate) struct Addresses {
    /// The app.
    pub app: Url,
    /// The AWS-compatible endpoint.
    pub aws: Url,
    /// The trace store.
    pub traces: Url,
}

impl Addresses {
    /// The issuer of tokens.
    pub(crate) fn issuer(&self) -> String {
        format!("{}{POOL}", self.aws)
    }

    /// The URL of a queue, as the engine mints it.
    pub(crate) fn queue(&self, name: &str) -> String {
        format!("{}000000000000/{name}", self.aws)
    }

    /// The settings of the services, as their own environment would give
    /// them; what is not said here is taken from the environment.
    pub(crate) fn lookup(
        &self,
        secret: &str,
        settings: &Settings,
    ) -> impl Fn(&str) -> Option<String> + use<> {
        let mut told: HashMap<&str, String> = HashMap::from([
            ("AWS_REGION", REGION.to_owned()),
            ("S3_PHOTO_BUCKET", BUCKET.to_owned()),
            ("COGNITO_POOL_ID", POOL.to_owned()),
            ("COGNITO_CLIENT_ID", WEB_CLIENT.to_owned()),
            ("COGNITO_CLIENT_SECRET", secret.to_owned()),
            ("COGNITO_CLI_CLIENT_ID", CLI_CLIENT.to_owned()),
            ("COGNITO_DOMAIN", self.aws.to_string()),
            ("TOKEN_ISSUER", self.issuer()),
            ("BASE_URL", self.app.to_string()),
            ("THUMBNAILS_QUEUE_URL", self.queue("thumbnails")),
            ("THUMBNAILS_DLQ_URL", self.queue("thumbnails-dlq")),
            ("THUMBNAILS_MAPPING", "thumbnails".to_owned()),
            ("METADATA_QUEUE_URL", self.queue("metadata")),
            ("METADATA_DLQ_URL", self.queue("metadata-dlq")),
            ("METADATA_MAPPING", "metadata".to_owned()),
            ("RECONCILER_FUNCTION", lambda::RECONCILER.to_owned()),
            ("LONG_POLL_SECONDS", "20".to_owned()),
            ("TRACES_URL", self.traces.to_string()),
            ("TRACE_EXPORT", "otlp".to_owned()),
            ("OTLP_ENDPOINT", format!("{}v1/traces", self.traces)),
            ("S3_PUBLIC_URL", self.aws.to_string()),
            ("LOG_FORMAT", "text".to_owned()),
            ("RUST_LOG", LOG_FILTER.to_owned()),
        ]);
        if settings.web.join("index.html").exists() {
            told.insert("WEB_DIR", settings.web.display().to_string());
        }
        let services = settings.services.clone();
        move |name| {
            let asked = ABOUT_ITSELF.contains(&name).then(|| environment(name));
            if let Some(asked) = asked.flatten() {
                return Some(asked);
            }
            let told = services.get(name).or_else(|| told.get(name));
            told.cloned().or_else(|| environment(name))
        }
    }
}

/// `http://` before an address that was bound.
pub(crate) fn url(address: std::net::SocketAddr) -> anyhow::Result<Url> {
    format!("http://{address}/")
        .parse()
        .context("an address makes no URL")
}
