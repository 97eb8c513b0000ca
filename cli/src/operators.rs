//! Who may open the board: the group `operators` of the local `User` table.
//!
//! In the cloud the group is Cognito's, and its own administrators decide.

use std::path::Path;
use std::time::SystemTime;

use anyhow::{Context, bail};
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use crate::api;
use crate::args::{OperatorsArgs, OperatorsCommand, Settings};
use crate::terminal::Terminal;

const ON_AWS: &str = "on AWS use: aws cognito-idp admin-add-user-to-group --group-name operators \
    --user-pool-id \"$COGNITO_POOL_ID\" --username EMAIL";

/// What signs calls to the album of this machine.
#[derive(Deserialize)]
pub(crate) struct KeyPair {
    pub(crate) access_key: String,
    pub(crate) secret_key: String,
}

pub(crate) async fn run(
    settings: &Settings,
    given: OperatorsArgs,
    terminal: &Terminal,
) -> anyhow::Result<()> {
    let OperatorsCommand::Add { email } = given.command;
    let table = Table::open(settings)?;
    let id = table.id_of(&email).await?;
    table.add_to_operators(&id).await?;
    terminal.line(format_args!(
        "{email} is an operator from the next sign-in on: `cloudalbum login`"
    ));
    Ok(())
}

/// The local table of accounts.
struct Table {
    http: reqwest::Client,
    endpoint: Url,
    credentials: Credentials,
    name: String,
}

impl Table {
    fn open(settings: &Settings) -> anyhow::Result<Self> {
        let endpoint = Url::parse(&format!("http://{}/", settings.aws_addr))
            .context("CLOUDALBUM_AWS_ADDR is not `host:port`")?;
        let keys = read_keys(&settings.data.join("credentials.json"))?;
        Ok(Self {
            http: api::http_client(&endpoint)?,
            endpoint,
            credentials: Credentials::new(
                keys.access_key,
                keys.secret_key,
                None,
                None,
                "data folder",
            ),
            name: format!("{}User", settings.table_prefix),
        })
    }

    async fn id_of(&self, email: &str) -> anyhow::Result<String> {
        let found = self
            .call(
                "Query",
                &json!({
                    "TableName": self.name,
                    "IndexName": "user-email-index",
                    "KeyConditionExpression": "email = :email",
                    "ExpressionAttributeValues": { ":email": { "S": email } },
                }),
            )
            .await?;
        let id = found.pointer("/Items/0/id/S").and_then(Value::as_str);
        id.map(str::to_owned).with_context(|| {
            format!("no account has the address {email}: `cloudalbum signup` makes one")
        })
    }

    /// Adds to the set, and makes no account where there is none any more.
    async fn add_to_operators(&self, id: &str) -> anyhow::Result<()> {
        let update = json!({
            "TableName": self.name,
            "Key": { "id": { "S": id } },
            "UpdateExpression": "ADD #groups :operators",
            "ConditionExpression": "attribute_exists(id)",
            "ExpressionAttributeNames": { "#groups": "groups" },
            "ExpressionAttributeValues": { ":operators": { "SS": ["operators"] } },
        });
        self.call("UpdateItem", &update).await.map(drop)
    }

    async fn call(&self, name: &str, call: &Value) -> anyhow::Result<Value> {
        let body = call.to_string();
        let target = format!("DynamoDB_20120810.{name}");
        let headers = [
            ("content-type", "application/x-amz-json-1.0"),
            ("x-amz-target", target.as_str()),
        ];
        let mut request = http::Request::post(self.endpoint.as_str());
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let mut request = request.body(body.clone())?;
        self.sign(&mut request, &headers)?;
        let response = self.http.execute(request.try_into()?).await;
        let response = response.with_context(|| {
            format!(
                "cannot reach {}: start it with `make run`; {ON_AWS}",
                self.endpoint
            )
        })?;
        let status = response.status();
        let answer: Value = serde_json::from_slice(&api::read(response).await?).unwrap_or_default();
        if !status.is_success() {
            let message = answer.get("message").or_else(|| answer.get("Message"));
            let message = message.and_then(Value::as_str).unwrap_or("no reason given");
            bail!(
                "the table of accounts refused: {message} ({status}); is CLOUDALBUM_DATA the folder of {}?",
                self.endpoint
            );
        }
        Ok(answer)
    }

    fn sign(
        &self,
        request: &mut http::Request<String>,
        headers: &[(&str, &str)],
    ) -> anyhow::Result<()> {
        let identity = self.credentials.clone().into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region("us-east-1")
            .name("dynamodb")
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()?;
        let body = request.body().clone();
        let signable = SignableRequest::new(
            "POST",
            self.endpoint.as_str(),
            headers.iter().copied(),
            SignableBody::Bytes(body.as_bytes()),
        )?;
        let (instructions, _) = sign(signable, &params.into())?.into_parts();
        instructions.apply_to_request_http1x(request);
        Ok(())
    }
}

/// Reads what signs calls.
pub(crate) fn read_keys(path: &Path) -> anyhow::Result<KeyPair> {
    let text = std::fs::read(path).with_context(|| {
        format!(
            "cannot read {}: name the data folder with --data or CLOUDALBUM_DATA; {ON_AWS}",
            path.display()
        )
    })?;
    serde_json::from_slice(&text).with_context(|| format!("{} is damaged", path.display()))
}
