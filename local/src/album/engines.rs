//! The engines that stand in for AWS, opened on a data folder.

use std::sync::Arc;

use anyhow::Context as _;
use serde_json::json;

use crate::clock::Clock;
use crate::cognito::{self, Cognito};
use crate::credentials::Credentials;
use crate::data::DataFolder;
use crate::dynamodb::DynamoDb;
use crate::faults::{self, Faults};
use crate::front::{self, Front};
use crate::lambda::Lambda;
use crate::pump;
use crate::s3::Store;
use crate::settings::{Addresses, CLI_CLIENT, POOL, REGION, WEB_CLIENT};
use crate::sqs::{self, Sqs};
use crate::topic;

/// After how many receives a message goes to the dead-letter queue.
const MAX_RECEIVE_COUNT: u32 = 5;
/// Six times a batch's timeout, as the event source mapping's documentation asks.
const VISIBILITY_SECONDS: u64 = 6 * super::pumps::TIMEOUT.as_secs();

/// What stands in for AWS.
pub(super) struct Engines {
    pub(super) s3: Arc<Store>,
    pub(super) dynamodb: DynamoDb,
    pub(super) sqs: Sqs,
    pub(super) lambda: Lambda,
    cognito: Cognito,
}

impl Engines {
    /// Opens what is kept in the folder, and makes what is missing.
    pub(super) async fn open(
        data: &DataFolder,
        addresses: &Addresses,
        secret: String,
        faults: Option<Faults>,
    ) -> anyhow::Result<Self> {
        let dynamodb = DynamoDb::open(&data.dynamodb())?;
        let queues = sqs::Settings {
            path: data.sqs(),
            base_url: addresses.aws.clone(),
            region: REGION.to_owned(),
        };
        let sqs = Sqs::open(queues, Clock::system()).context("cannot open the queues")?;
        let callback = addresses.app.join("auth/callback")?;
        let sign_in = cognito::Settings {
            folder: data.path("."),
            pool_id: POOL.to_owned(),
            issuer: addresses.issuer(),
            base_url: addresses.aws_abroad.clone(),
            app_url: addresses.app.clone(),
            user_table: "User".to_owned(),
            clients: vec![
                cognito::Client {
                    id: WEB_CLIENT.to_owned(),
                    secret: Some(secret),
                    redirect_uris: vec![callback],
                    logout_uris: vec![addresses.app.clone()],
                },
                cognito::Client {
                    id: CLI_CLIENT.to_owned(),
                    secret: None,
                    redirect_uris: vec!["http://127.0.0.1/callback".parse()?],
                    logout_uris: Vec::new(),
                },
            ],
        };
        let cognito = Cognito::open(sign_in, dynamodb.database(), Clock::system())?;
        create_queues(&sqs, addresses).await?;
        let mut deliver = topic::fan_out(sqs.clone());
        if let Some(faults) = faults {
            deliver = faults::disturb(faults, deliver);
        }
        let s3 = Store::open(&data.s3(), REGION, deliver).await?;
        Ok(Self {
            s3,
            dynamodb,
            sqs,
            lambda: Lambda::default(),
            cognito,
        })
    }

    /// All of them at one address.
    pub(super) fn router(
        self,
        addresses: &Addresses,
        credentials: &Credentials,
    ) -> anyhow::Result<axum::Router> {
        let origin = addresses.app.origin().ascii_serialization();
        let mut hosts = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
        hosts.extend(addresses.aws_abroad.host_str().map(str::to_owned));
        front::router(Front {
            credentials: credentials.clone(),
            s3: self.s3,
            dynamodb: self.dynamodb,
            sqs: self.sqs,
            lambda: self.lambda,
            cognito: self.cognito.calls(),
            pages: self.cognito.pages(),
            hosts,
            origins: vec![origin.replace("127.0.0.1", "localhost"), origin],
        })
    }
}

async fn create_queues(sqs: &Sqs, addresses: &Addresses) -> anyhow::Result<()> {
    for name in topic::QUEUES {
        let dlq = format!("{name}-dlq");
        let retention = "1209600";
        let ask =
            json!({ "QueueName": dlq, "Attributes": { "MessageRetentionPeriod": retention } });
        pump::call(sqs, "CreateQueue", &ask).await?;
        let redrive = json!({
            "deadLetterTargetArn": format!("arn:aws:sqs:{REGION}:000000000000:{dlq}"),
            "maxReceiveCount": MAX_RECEIVE_COUNT,
        });
        let attributes = json!({
            "MessageRetentionPeriod": retention,
            "VisibilityTimeout": VISIBILITY_SECONDS.to_string(),
            "RedrivePolicy": redrive.to_string(),
        });
        let created = pump::call(sqs, "CreateQueue", &json!({ "QueueName": name })).await;
        created.with_context(|| format!("cannot create the queue {name}"))?;
        let ask = json!({ "QueueUrl": addresses.queue(name), "Attributes": attributes });
        pump::call(sqs, "SetQueueAttributes", &ask).await?;
        sqs.give_back(name).await?;
    }
    Ok(())
}
