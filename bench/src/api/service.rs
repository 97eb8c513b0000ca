//! The service as a process of its own beside a running album, with wires that
//! are looked at before it, behind it, and before the store.

use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;

use super::tap::Tap;
use crate::album::{Process, Usage, binary, usage};

/// What every call of DynamoDB has in its headers.
const DYNAMODB_CALL: &[u8] = b"x-amz-target: DynamoDB_";
const PATIENCE: Duration = Duration::from_secs(20);

/// `ingest-api`, which uses the engines of an album.
pub(crate) struct Service {
    process: Child,
    /// Between clients and the service.
    pub(crate) front: Tap,
    /// Between the service and its engines.
    pub(crate) engines: Tap,
    /// Between clients and the store.
    pub(crate) store: Tap,
}

impl Service {
    /// Starts it and waits until it is ready. `mark` is what the taps before it
    /// and before the store look for.
    pub(crate) async fn start(album: &Process, mark: &[u8]) -> anyhow::Result<Self> {
        let aws = album.aws.trim_start_matches("http://");
        let aws: SocketAddr = aws.trim_end_matches('/').parse()?;
        let own = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let engines = Tap::to(aws, DYNAMODB_CALL).await?;
        let store = Tap::to(aws, mark).await?;
        let front = Tap::to(own, mark).await?;
        let process = Command::new(binary("ingest-api")?)
            .env_clear()
            .envs(settings(album, &engines, &store, &front)?)
            .env("CLOUDALBUM_ADDR", own.to_string())
            .stdout(Stdio::null())
            .spawn()?;
        let service = Self {
            process,
            front,
            engines,
            store,
        };
        let ready = format!("{}readyz", service.base());
        let answers = async {
            while !matches!(reqwest::get(&ready).await, Ok(answer) if answer.status().is_success())
            {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let waited = tokio::time::timeout(PATIENCE, answers).await;
        waited.context("the service did not start")?;
        Ok(service)
    }

    /// Where clients reach it, with a slash at the end.
    pub(crate) fn base(&self) -> String {
        format!("http://{}/", self.front.address)
    }

    /// What it has used until now.
    pub(crate) fn usage(&self) -> anyhow::Result<Usage> {
        usage(self.process.id())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended by itself, and then there is nothing to do.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn settings(
    album: &Process,
    engines: &Tap,
    store: &Tap,
    front: &Tap,
) -> anyhow::Result<Vec<(&'static str, String)>> {
    let keys = album.keys()?;
    let queue = |name: &str| format!("{}000000000000/{name}", album.aws);
    Ok(vec![
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", keys.access_key),
        ("AWS_SECRET_ACCESS_KEY", keys.secret_key),
        ("AWS_ENDPOINT_URL", format!("http://{}", engines.address)),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ("S3_PHOTO_BUCKET", "cloudalbum-photos".to_owned()),
        ("S3_PUBLIC_URL", format!("http://{}/", store.address)),
        ("COGNITO_POOL_ID", "us-east-1_CloudAlbum".to_owned()),
        ("COGNITO_CLIENT_ID", "cloudalbum-web".to_owned()),
        ("COGNITO_CLI_CLIENT_ID", "cloudalbum-cli".to_owned()),
        ("COGNITO_DOMAIN", album.aws.clone()),
        ("TOKEN_ISSUER", format!("{}us-east-1_CloudAlbum", album.aws)),
        ("BASE_URL", format!("http://{}/", front.address)),
        ("THUMBNAILS_QUEUE_URL", queue("thumbnails")),
        ("METADATA_QUEUE_URL", queue("metadata")),
        ("LONG_POLL_SECONDS", "20".to_owned()),
        ("QUOTA_PHOTOS", "1000000".to_owned()),
        ("URLS_PER_MINUTE", "1000000".to_owned()),
    ])
}
