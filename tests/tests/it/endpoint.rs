//! The AWS endpoint that the contract tests run against.
//!
//! By default each test starts this workspace's own on a fresh folder.
//! With `CONTRACT_ENDPOINT` set (and `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`)
//! it is that endpoint instead, and what only ours promises is left out.
//! `CONTRACT_LACKS` names, separated by commas, what that endpoint is known to
//! do otherwise than AWS; those assertions alone are left out.

use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Context;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};
use axum::Router;
use cloudalbum_local::clock::Clock;
use cloudalbum_local::dynamodb::DynamoDb;
use cloudalbum_local::front::{self, Front};
use cloudalbum_local::lambda::Lambda;
use cloudalbum_local::s3::Store;
use cloudalbum_local::sqs::{self, Sqs};
use cloudalbum_local::topic::{self, QUEUES};
use tempfile::TempDir;
use tokio::net::TcpListener;

/// The page that may upload to our own endpoint.
pub(crate) const ORIGIN: &str = "http://127.0.0.1:8080";

static NEXT: AtomicU32 = AtomicU32::new(0);

/// An endpoint with one empty bucket.
pub(crate) struct Endpoint {
    pub(crate) url: String,
    pub(crate) config: SdkConfig,
    pub(crate) s3: aws_sdk_s3::Client,
    pub(crate) bucket: String,
    /// The folder of our own endpoint; `None` for another one.
    pub(crate) own: Option<TempDir>,
}

impl Endpoint {
    #[expect(
        clippy::disallowed_methods,
        reason = "the tests have no settings of their own"
    )]
    pub(crate) async fn start() -> anyhow::Result<Self> {
        match std::env::var("CONTRACT_ENDPOINT") {
            Ok(url) => {
                let key = std::env::var("AWS_ACCESS_KEY_ID").context("AWS_ACCESS_KEY_ID")?;
                let secret = std::env::var("AWS_SECRET_ACCESS_KEY")?;
                Self::at(url, &key, &secret, None).await
            }
            Err(_) => Self::start_own().await,
        }
    }

    /// Whether the endpoint is known not to do this as AWS does.
    #[expect(
        clippy::disallowed_methods,
        reason = "the tests have no settings of their own"
    )]
    pub(crate) fn lacks(&self, what: &str) -> bool {
        let lacks = std::env::var("CONTRACT_LACKS").unwrap_or_default();
        self.own.is_none() && lacks.split(',').any(|known| known == what)
    }

    async fn start_own() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let credentials = cloudalbum_local::credentials::Credentials::generate()?;
        let (key, secret) = (
            credentials.access_key.clone(),
            credentials.secret_key.clone(),
        );
        let sqs = Sqs::open(
            sqs::Settings {
                path: folder.path().join("sqs.sqlite"),
                base_url: url.parse()?,
                region: "eu-west-1".to_owned(),
            },
            Clock::system(),
        )?;
        let s3 = Store::open(
            &folder.path().join("s3"),
            "eu-west-1",
            topic::fan_out(sqs.clone()),
        )
        .await?;
        let router = front::router(Front {
            credentials,
            s3,
            dynamodb: DynamoDb::open(&folder.path().join("dynamodb.sqlite"))?,
            sqs,
            lambda: Lambda::default(),
            cognito: Router::new(),
            pages: Router::new(),
            hosts: vec!["127.0.0.1".to_owned()],
            origins: vec![ORIGIN.to_owned()],
        })?;
        tokio::spawn(front::serve(listener, router, std::future::pending()));
        let endpoint = Self::at(url, &key, &secret, Some(folder)).await?;
        let sqs = aws_sdk_sqs::Client::new(&endpoint.config);
        for queue in QUEUES {
            sqs.create_queue().queue_name(queue).send().await?;
        }
        Ok(endpoint)
    }

    async fn at(
        url: String,
        key: &str,
        secret: &str,
        own: Option<TempDir>,
    ) -> anyhow::Result<Self> {
        let config = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .credentials_provider(Credentials::new(key, secret, None, None, "test"))
            .endpoint_url(&url)
            .load()
            .await;
        let s3 = aws_sdk_s3::Client::from_conf(
            aws_sdk_s3::config::Builder::from(&config)
                .force_path_style(true)
                .build(),
        );
        let bucket = format!(
            "contract-{}-{}-{}",
            std::process::id(),
            jiff::Timestamp::now().as_millisecond(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let place = CreateBucketConfiguration::builder()
            .location_constraint(BucketLocationConstraint::EuWest1)
            .build();
        s3.create_bucket()
            .bucket(&bucket)
            .create_bucket_configuration(place)
            .send()
            .await?;
        Ok(Self {
            url,
            config,
            s3,
            bucket,
            own,
        })
    }

    /// Takes every notification that waits in our own queue of that name.
    pub(crate) async fn notifications(
        &self,
        queue: &str,
    ) -> anyhow::Result<Vec<serde_json::Value>> {
        let sqs = aws_sdk_sqs::Client::new(&self.config);
        let url = sqs.get_queue_url().queue_name(queue).send().await?;
        let mut taken = Vec::new();
        loop {
            let answer = sqs
                .receive_message()
                .set_queue_url(url.queue_url.clone())
                .max_number_of_messages(10)
                .send()
                .await?;
            if answer.messages().is_empty() {
                return Ok(taken);
            }
            for message in answer.messages() {
                taken.push(serde_json::from_str(message.body().context("no body")?)?);
            }
        }
    }
}
