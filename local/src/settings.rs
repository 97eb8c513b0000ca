//! What the process reads from its environment, and what it tells the services.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::ParseIntError;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, Parser};
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

/// What the environment may say though it is told here: where logs and spans
/// go, and what stands between clients and S3.
const FROM_OUTSIDE: [&str; 6] = [
    "LOG_FORMAT",
    "RUST_LOG",
    "TRACE_EXPORT",
    "OTLP_ENDPOINT",
    "SAMPLE_RATIO",
    "S3_PUBLIC_URL",
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
    #[command(flatten)]
    pub network: Network,
    /// Settings of the services that are told here and not in the environment.
    #[arg(skip)]
    pub services: HashMap<String, String>,
}

/// How other devices reach this machine.
#[derive(Clone, Debug, Default, Args)]
pub struct Network {
    /// The name or address by which other devices reach this machine
    #[arg(long, env = "CLOUDALBUM_HOST", value_name = "NAME", value_parser = host)]
    pub host: Option<String>,
    /// The certificate of that name and those it is signed by, as PEM: speaks TLS with other devices
    #[arg(
        long,
        env = "CLOUDALBUM_TLS_CERT",
        value_name = "FILE",
        requires = "tls_key"
    )]
    pub tls_cert: Option<PathBuf>,
    /// The private key of the certificate, as PEM
    #[arg(
        long,
        env = "CLOUDALBUM_TLS_KEY",
        value_name = "FILE",
        requires = "tls_cert"
    )]
    pub tls_key: Option<PathBuf>,
}

impl Network {
    /// Where other devices reach what listens at `address`.
    pub(crate) fn url(&self, address: SocketAddr) -> anyhow::Result<Url> {
        let scheme = self.tls_cert.as_ref().map_or("http", |_| "https");
        let here = near(address);
        let host = self.host.clone().unwrap_or_else(|| match here.ip() {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        });
        format!("{scheme}://{host}:{}/", here.port())
            .parse()
            .context("the name of this machine makes no URL")
    }
}

fn host(text: &str) -> Result<String, url::ParseError> {
    url::Host::parse(text).map(|host| host.to_string())
}

fn seconds(text: &str) -> Result<Duration, ParseIntError> {
    text.parse().map(Duration::from_secs)
}

/// Where the parts of this process are reached.
#[derive(Clone, Debug)]
pub(crate) struct Addresses {
    /// The app.
    pub app: Url,
    /// The AWS-compatible endpoint, from this machine.
    pub aws: Url,
    /// The same, from other devices.
    pub aws_abroad: Url,
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
            ("COGNITO_DOMAIN", self.aws_abroad.to_string()),
            ("COGNITO_ENDPOINT", self.aws_abroad.to_string()),
            ("TOKEN_URL", self.aws.to_string()),
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
            ("S3_PUBLIC_URL", self.aws_abroad.to_string()),
            ("LOG_FORMAT", "text".to_owned()),
            ("RUST_LOG", LOG_FILTER.to_owned()),
        ]);
        if settings.web.join("index.html").exists() {
            told.insert("WEB_DIR", settings.web.display().to_string());
        }
        let services = settings.services.clone();
        move |name| {
            let asked = FROM_OUTSIDE.contains(&name).then(|| environment(name));
            if let Some(asked) = asked.flatten() {
                return Some(asked);
            }
            let told = services.get(name).or_else(|| told.get(name));
            told.cloned().or_else(|| environment(name))
        }
    }
}

/// Where this machine itself reaches what listens at `address`.
pub(crate) fn url(address: SocketAddr) -> anyhow::Result<Url> {
    format!("http://{}/", near(address))
        .parse()
        .context("an address makes no URL")
}

/// Who listens at every address listens at loopback, too.
fn near(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_devices_are_told_a_name_that_they_can_reach() {
        let everywhere: SocketAddr = "0.0.0.0:8080".parse().unwrap();
        let mut network = Network::default();
        assert_eq!(
            network.url(everywhere).unwrap().as_str(),
            "http://127.0.0.1:8080/"
        );
        network.host = Some(host("Album.lan").unwrap());
        assert_eq!(
            network.url(everywhere).unwrap().as_str(),
            "http://album.lan:8080/"
        );
        network.tls_cert = Some("cert.pem".into());
        assert_eq!(
            network.url(everywhere).unwrap().as_str(),
            "https://album.lan:8080/"
        );
        assert_eq!(url(everywhere).unwrap().as_str(), "http://127.0.0.1:8080/");
        let addresses = Addresses {
            app: network.url(everywhere).unwrap(),
            aws: url(everywhere).unwrap(),
            aws_abroad: network.url(everywhere).unwrap(),
            traces: url(everywhere).unwrap(),
        };
        let settings = Settings::parse_from(["cloudalbum-local"]);
        let told = addresses.lookup("", &settings);
        for name in [
            "BASE_URL",
            "S3_PUBLIC_URL",
            "COGNITO_DOMAIN",
            "COGNITO_ENDPOINT",
        ] {
            let url = told(name).unwrap();
            assert_eq!(url, "https://album.lan:8080/", "{name}");
        }
        assert!(host("album.lan/path").is_err() && host("").is_err());
    }
}
