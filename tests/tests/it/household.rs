//! An album of its own for one test, and somebody signed in to it.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use cloudalbum_domain::Sha256;
use cloudalbum_domain::wire::Change;
use cloudalbum_domain::wire::{
    Changes, EntryAnswer, Manifest, ManifestAnswer, ManifestEntry, PhotoView, Upload,
};
use cloudalbum_local::album::Album;
use cloudalbum_local::settings::{Network, Settings};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

/// An album in a folder that goes with the test.
pub(crate) struct Household {
    pub(crate) album: Album,
    pub(crate) http: Client,
    folder: tempfile::TempDir,
    services: HashMap<String, String>,
}

/// Somebody with an account and a token.
pub(crate) struct Person {
    pub(crate) token: String,
    pub(crate) http: Client,
    pub(crate) base: String,
}

impl Household {
    pub(crate) async fn start() -> Self {
        Self::begin(&[], false).await
    }

    /// Starts with settings of the services.
    pub(crate) async fn told(services: &[(&str, &str)]) -> Self {
        Self::begin(services, false).await
    }

    /// With logs and spans, which a process can have once.
    pub(crate) async fn observed() -> Self {
        Self::begin(&[], true).await
    }

    /// Starts on what another process left in a folder.
    pub(crate) async fn inherit(folder: tempfile::TempDir) -> Self {
        Self::open(folder, &[], false).await
    }

    async fn begin(services: &[(&str, &str)], observed: bool) -> Self {
        Self::open(tempfile::tempdir().unwrap(), services, observed).await
    }

    async fn open(folder: tempfile::TempDir, services: &[(&str, &str)], observed: bool) -> Self {
        let services = services
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let services: HashMap<_, _> = services.collect();
        // Boxed, so that the futures of tests stay small.
        let told = settings(&folder, &services);
        let album = Box::pin(Album::start(&told, observed)).await.unwrap();
        Self {
            album,
            http: Client::new(),
            folder,
            services,
        }
    }

    /// Stops the album and starts it again on the same data.
    pub(crate) async fn restart(self) -> Self {
        self.album.stop().await;
        let settings = settings(&self.folder, &self.services);
        let album = Box::pin(Album::start(&settings, false)).await.unwrap();
        Self { album, ..self }
    }

    /// Starts it again with settings that it was not told before.
    pub(crate) async fn retold(mut self, services: &[(&str, &str)]) -> Self {
        let told = services.iter().copied();
        let told = told.map(|(name, value)| (name.to_owned(), value.to_owned()));
        self.services.extend(told);
        self.restart().await
    }

    /// Starts it again without the faults that it was told.
    pub(crate) async fn calm(mut self) -> Self {
        self.services.remove("LOCAL_FAULTS");
        self.restart().await
    }

    /// Where the album keeps its data.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Signs up with the code from the outbox, and signs in.
    pub(crate) async fn person(&self, email: &str) -> Person {
        let password = "Passw0rd-of-a-test";
        let client = "cloudalbum-cli";
        let attributes =
            json!([{ "Name": "email", "Value": email }, { "Name": "name", "Value": "Somebody" }]);
        let sign_up = json!({ "ClientId": client, "Username": email, "Password": password, "UserAttributes": attributes });
        self.cognito("SignUp", &sign_up).await;
        let outbox = self
            .http
            .get(format!("{}outbox.json", self.album.aws))
            .send()
            .await
            .unwrap();
        let mails: Vec<Value> = outbox.json().await.unwrap();
        let mail = mails.iter().find(|mail| mail["to"] == email).unwrap();
        let confirm =
            json!({ "ClientId": client, "Username": email, "ConfirmationCode": mail["code"] });
        self.cognito("ConfirmSignUp", &confirm).await;
        self.sign_in(email).await
    }

    /// Signs in somebody who has an account.
    pub(crate) async fn sign_in(&self, email: &str) -> Person {
        let (password, client) = ("Passw0rd-of-a-test", "cloudalbum-cli");
        let parameters = json!({ "USERNAME": email, "PASSWORD": password });
        let sign_in = json!({ "ClientId": client, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": parameters });
        let answer = self.cognito("InitiateAuth", &sign_in).await;
        let token = answer["AuthenticationResult"]["AccessToken"]
            .as_str()
            .unwrap()
            .to_owned();
        let base = self.album.app.to_string();
        Person {
            token,
            http: self.http.clone(),
            base,
        }
    }

    pub(crate) async fn cognito(&self, action: &str, body: &Value) -> Value {
        let call = self
            .http
            .post(self.album.aws.clone())
            .header(
                "x-amz-target",
                format!("AWSCognitoIdentityProviderService.{action}"),
            )
            .header("content-type", "application/x-amz-json-1.1")
            .body(body.to_string());
        let answer = call.send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{action}: {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }
}

impl Person {
    pub(crate) fn call(&self, method: Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("{}{path}", self.base))
            .bearer_auth(&self.token)
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.call(Method::GET, path).send().await.unwrap()
    }

    pub(crate) async fn photo(&self, id: &str) -> PhotoView {
        let answer = self.get(&format!("v1/photos/{id}")).await;
        assert_eq!(answer.status(), StatusCode::OK);
        answer.json().await.unwrap()
    }

    pub(crate) async fn post_manifest(&self, photos: Vec<ManifestEntry>) -> Vec<EntryAnswer> {
        let answer = self
            .call(Method::POST, "v1/uploads")
            .json(&Manifest { photos })
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        answer.json::<ManifestAnswer>().await.unwrap().photos
    }

    /// Sends one file and answers its id and the status of the PUT.
    pub(crate) async fn upload(&self, filename: &str, bytes: &[u8]) -> (String, StatusCode) {
        let answers = self.post_manifest(vec![entry(filename, bytes)]).await;
        let Some(EntryAnswer::Upload {
            photo_id,
            upload: Upload::Put { url, headers, .. },
        }) = answers.first()
        else {
            panic!("not granted: {answers:?}");
        };
        let mut put = self.http.put(url).body(bytes.to_vec());
        for (name, value) in headers {
            put = put.header(name, value);
        }
        (photo_id.clone(), put.send().await.unwrap().status())
    }

    /// Follows the changes until `enough` photos satisfy it.
    pub(crate) async fn follow(&self, mut enough: impl FnMut(&PhotoView) -> bool) {
        let follow = async {
            let mut cursor = String::new();
            loop {
                let changes: Changes = self
                    .get(&format!("v1/changes?wait=20{cursor}"))
                    .await
                    .json()
                    .await
                    .unwrap();
                for change in &changes.changes {
                    if let Change::Photo { photo } = change
                        && enough(photo)
                    {
                        return;
                    }
                }
                cursor = format!("&cursor={}", changes.cursor);
            }
        };
        tokio::time::timeout(Duration::from_mins(2), follow)
            .await
            .expect("the photo is final in two minutes");
    }
}

pub(crate) fn entry(filename: &str, bytes: &[u8]) -> ManifestEntry {
    ManifestEntry {
        filename: filename.to_owned(),
        content_type: "image/jpeg".to_owned(),
        size: bytes.len() as u64,
        sha256: Sha256::of(bytes).to_string(),
        tags: vec!["Holiday".to_owned()],
        description: None,
        modified_at: None,
    }
}

/// A picture that differs by `seed`, 640 by 480 pixels.
pub(crate) fn jpeg(seed: u8) -> Vec<u8> {
    let picture = image::RgbImage::from_fn(640, 480, |x, y| {
        let level = |value: u32| u8::try_from(value % 256).unwrap();
        image::Rgb([level(x / 3), level(y / 2), seed])
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture
        .write_to(&mut bytes, image::ImageFormat::Jpeg)
        .unwrap();
    bytes.into_inner()
}

fn settings(folder: &tempfile::TempDir, services: &HashMap<String, String>) -> Settings {
    Settings {
        data: folder.path().to_owned(),
        address: "127.0.0.1:0".to_owned(),
        aws_address: "127.0.0.1:0".to_owned(),
        web: folder.path().join("web"),
        services: services.clone(),
        reconcile_every: Duration::from_hours(1),
        network: Network::default(),
    }
}
