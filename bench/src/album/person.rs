//! Somebody with an account who uploads and watches.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use cloudalbum_domain::Sha256;
use cloudalbum_domain::wire::{
    Change, Changes, EntryAnswer, Manifest, ManifestAnswer, ManifestEntry, PhotoView, Upload,
};
use reqwest::{Client, Method, RequestBuilder};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{Process, binary};

/// The password of everybody here.
pub(crate) const PASSWORD: &str = "Passw0rd-of-a-bench";
const CLIENT: &str = "cloudalbum-cli";

/// Signed in to an album.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) http: Client,
    base: String,
    token: String,
}

impl Person {
    /// Signs up with the code from the outbox, and in.
    pub(crate) async fn new(album: &Process, email: &str) -> anyhow::Result<Self> {
        let http = Client::new();
        let attributes =
            json!([{ "Name": "email", "Value": email }, { "Name": "name", "Value": "Bench" }]);
        let sign_up = json!({ "ClientId": CLIENT, "Username": email, "Password": PASSWORD, "UserAttributes": attributes });
        cognito(&http, album, "SignUp", &sign_up).await?;
        let outbox = format!("{}outbox.json", album.aws);
        let mails: Vec<Value> = http.get(outbox).send().await?.json().await?;
        let mail = mails
            .iter()
            .find(|mail| mail.get("to").is_some_and(|to| to == email));
        let code = mail
            .and_then(|mail| mail.get("code"))
            .context("no code was mailed")?;
        let confirm = json!({ "ClientId": CLIENT, "Username": email, "ConfirmationCode": code });
        cognito(&http, album, "ConfirmSignUp", &confirm).await?;
        Self::sign_in(album, email).await
    }

    /// The same, who may look after the album.
    pub(crate) async fn operator(album: &Process, email: &str) -> anyhow::Result<Self> {
        Self::new(album, email).await?;
        let address = album
            .aws
            .trim_start_matches("http://")
            .trim_end_matches('/');
        let add = Command::new(binary("cloudalbum")?)
            .args(["operators", "add", email])
            .env("CLOUDALBUM_DATA", album.folder.path())
            .env("CLOUDALBUM_AWS_ADDR", address)
            .output()?;
        ensure!(
            add.status.success(),
            "{}",
            String::from_utf8_lossy(&add.stderr)
        );
        Self::sign_in(album, email).await
    }

    /// The same person with a new token.
    pub(crate) async fn sign_in(album: &Process, email: &str) -> anyhow::Result<Self> {
        let http = Client::new();
        let parameters = json!({ "USERNAME": email, "PASSWORD": PASSWORD });
        let call = json!({ "ClientId": CLIENT, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": parameters });
        let answer = cognito(&http, album, "InitiateAuth", &call).await?;
        let token = answer
            .pointer("/AuthenticationResult/AccessToken")
            .and_then(Value::as_str);
        Ok(Self {
            http,
            base: album.app.clone(),
            token: token.context("no token")?.to_owned(),
        })
    }

    /// The same person, whose calls of the API go to another address.
    pub(crate) fn calling(self, base: String) -> Self {
        Self { base, ..self }
    }

    /// A call of the API with the token.
    pub(crate) fn call(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.base);
        self.http.request(method, url).bearer_auth(&self.token)
    }

    /// What the API answers to a GET.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        let answer = self.call(Method::GET, path).send().await?;
        Ok(answer.error_for_status()?.json().await?)
    }

    /// What the API answers to a POST.
    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &Value,
    ) -> anyhow::Result<T> {
        let answer = self.call(Method::POST, path).json(body).send().await?;
        Ok(answer.error_for_status()?.json().await?)
    }

    /// Announces photos; the answers, in their order.
    pub(crate) async fn announce(&self, photos: &[Vec<u8>]) -> anyhow::Result<Vec<EntryAnswer>> {
        let photos = (0..)
            .zip(photos)
            .map(|(number, bytes)| entry(number, bytes))
            .collect();
        let call = self
            .call(Method::POST, "v1/uploads")
            .json(&Manifest { photos });
        let answer = call.send().await?.error_for_status()?;
        Ok(answer.json::<ManifestAnswer>().await?.photos)
    }

    /// Sends the bytes that an answer asks for; the photo's id.
    pub(crate) async fn put(&self, answer: EntryAnswer, bytes: Vec<u8>) -> anyhow::Result<String> {
        let EntryAnswer::Upload {
            photo_id,
            upload: Upload::Put { url, headers, .. },
        } = answer
        else {
            bail!("not granted: {answer:?}");
        };
        let mut put = self.http.put(url).body(bytes);
        for (name, value) in headers {
            put = put.header(name, value);
        }
        put.send().await?.error_for_status()?;
        Ok(photo_id)
    }

    /// Where the changes feed stands.
    pub(crate) async fn now(&self) -> anyhow::Result<String> {
        Ok(self.get::<Changes>("v1/changes?cursor=now").await?.cursor)
    }

    /// Follows the changes after `cursor` until `end` says so, within `limit`.
    pub(crate) async fn follow(
        &self,
        mut cursor: String,
        limit: Duration,
        mut end: impl FnMut(PhotoView) -> bool,
    ) -> anyhow::Result<()> {
        let deadline = Instant::now() + limit;
        while Instant::now() < deadline {
            let changes: Changes = self
                .get(&format!("v1/changes?wait=20&cursor={cursor}"))
                .await?;
            cursor = changes.cursor;
            for change in changes.changes {
                if let Change::Photo { photo } = change
                    && end(*photo)
                {
                    return Ok(());
                }
            }
        }
        bail!("the photos are not final after {} s", limit.as_secs())
    }
}

/// What a manifest says of a photo.
pub(crate) fn entry(number: u32, bytes: &[u8]) -> ManifestEntry {
    ManifestEntry {
        filename: format!("IMG_{number}.JPG"),
        content_type: "image/jpeg".to_owned(),
        size: bytes.len() as u64,
        sha256: Sha256::of(bytes).to_string(),
        tags: vec!["bench".to_owned()],
        description: None,
        modified_at: None,
    }
}

async fn cognito(
    http: &Client,
    album: &Process,
    action: &str,
    body: &Value,
) -> anyhow::Result<Value> {
    let target = format!("AWSCognitoIdentityProviderService.{action}");
    let call = http.post(&album.aws).header("x-amz-target", target);
    let call = call.header("content-type", "application/x-amz-json-1.1");
    let answer = call.body(body.to_string()).send().await?;
    let status = answer.status();
    let text = answer.text().await?;
    ensure!(status.is_success(), "{action}: {text}");
    Ok(serde_json::from_str(&text).unwrap_or_default())
}
