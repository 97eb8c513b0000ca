//! Somebody who sends files to a process that may die at any time.

use std::collections::{BTreeMap, BTreeSet};

use cloudalbum_domain::Status;
use cloudalbum_domain::wire::{
    Change, Changes, EntryAnswer, Manifest, ManifestAnswer, ManifestEntry, PhotoPage, Upload,
};
use futures::StreamExt as _;
use reqwest::Client;
use serde_json::{Value, json};

use crate::household::entry;
use crate::process::Process;

/// A client that sends what the manifest asks for, and stops at the first sign of a dead server.
pub(crate) struct Sender {
    http: Client,
    app: String,
    token: String,
}

impl Sender {
    pub(crate) async fn sign_in(process: &Process, fresh: bool) -> Self {
        let http = Client::new();
        let (email, password) = ("ann@example.com", "Passw0rd-of-a-test");
        let cognito = async |action: &str, body: Value| -> Value {
            let call = http
                .post(&process.aws)
                .header(
                    "x-amz-target",
                    format!("AWSCognitoIdentityProviderService.{action}"),
                )
                .header("content-type", "application/x-amz-json-1.1")
                .body(body.to_string());
            let answer = call.send().await.unwrap().error_for_status().unwrap();
            serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default()
        };
        if fresh {
            let attributes =
                json!([{ "Name": "email", "Value": email }, { "Name": "name", "Value": "Ann" }]);
            cognito("SignUp", json!({ "ClientId": "cloudalbum-cli", "Username": email, "Password": password, "UserAttributes": attributes })).await;
            let outbox = http
                .get(format!("{}outbox.json", process.aws))
                .send()
                .await
                .unwrap();
            let mails: Vec<Value> = outbox.json().await.unwrap();
            cognito("ConfirmSignUp", json!({ "ClientId": "cloudalbum-cli", "Username": email, "ConfirmationCode": mails[0]["code"] })).await;
        }
        let parameters = json!({ "USERNAME": email, "PASSWORD": password });
        let answer = cognito("InitiateAuth", json!({ "ClientId": "cloudalbum-cli", "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": parameters })).await;
        let token = answer["AuthenticationResult"]["AccessToken"]
            .as_str()
            .unwrap()
            .to_owned();
        Self {
            http,
            app: process.app.clone(),
            token,
        }
    }

    /// One pass over the manifest; names each photo that storage acknowledged,
    /// and tells whether nothing was left to send.
    pub(crate) async fn pass(
        &self,
        files: &BTreeMap<String, Vec<u8>>,
        mut acknowledged: impl FnMut(String),
    ) -> reqwest::Result<bool> {
        let photos: Vec<ManifestEntry> = files
            .iter()
            .map(|(name, bytes)| entry(name, bytes))
            .collect();
        let call = self.http.post(format!("{}v1/uploads", self.app));
        let call = call.bearer_auth(&self.token).json(&Manifest { photos });
        let answers: ManifestAnswer = call.send().await?.error_for_status()?.json().await?;
        let asked = files.values().zip(answers.photos);
        let left: Vec<_> = asked
            .filter_map(|(bytes, answer)| match answer {
                EntryAnswer::Upload {
                    photo_id,
                    upload: Upload::Put { url, headers, .. },
                } => Some((photo_id, url, headers, bytes)),
                EntryAnswer::Stored { .. } => None,
                other => panic!("{other:?}"),
            })
            .collect();
        let complete = left.is_empty();
        let send = async |(id, url, headers, bytes): (
            String,
            String,
            BTreeMap<String, String>,
            &Vec<u8>,
        )| {
            let mut put = self.http.put(url).body(bytes.clone());
            for (name, value) in headers {
                put = put.header(name, value);
            }
            put.send().await?.error_for_status()?;
            Ok::<_, reqwest::Error>(id)
        };
        let mut sending = futures::stream::iter(left.into_iter().map(send)).buffer_unordered(4);
        while let Some(sent) = sending.next().await {
            acknowledged(sent?);
        }
        Ok(complete)
    }

    /// Follows the changes until that many photos are ready.
    pub(crate) async fn ready(&self, count: usize) {
        let mut ready = BTreeSet::new();
        let mut cursor = String::new();
        while ready.len() < count {
            let call = self
                .http
                .get(format!("{}v1/changes?wait=20{cursor}", self.app));
            let answer = call.bearer_auth(&self.token).send().await.unwrap();
            let changes: Changes = answer.json().await.unwrap();
            for change in changes.changes {
                if let Change::Photo { photo } = change
                    && photo.status == Status::Ready
                {
                    ready.insert(photo.id);
                }
            }
            cursor = format!("&cursor={}", changes.cursor);
        }
    }

    pub(crate) async fn photos(&self) -> Vec<String> {
        let call = self.http.get(format!("{}v1/photos?limit=200", self.app));
        let answer = call.bearer_auth(&self.token).send().await.unwrap();
        let page: PhotoPage = answer.json().await.unwrap();
        page.photos.into_iter().map(|photo| photo.id).collect()
    }
}
