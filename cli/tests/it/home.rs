//! An album, an account, and the client as its own process.

use std::collections::HashMap;
use std::path::Path;
use std::process::{Output, Stdio};

use cloudalbum_local::album::Album;
use cloudalbum_local::settings::{Network, Settings};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};

use crate::crowd::Manner;
use crate::tap::Tap;

/// The account of a home that names none.
pub(crate) const ANN: &str = "ann@example.com";

pub(crate) struct Home {
    pub(crate) album: Album,
    pub(crate) tap: Tap,
    folder: TempDir,
}

impl Home {
    /// Starts an album whose upload URLs lead through the tap, and signs up.
    pub(crate) async fn start(services: &[(&str, &str)]) -> Self {
        Self::with(ANN, Manner::Open, services).await
    }

    /// The same, with an account of that address.
    pub(crate) async fn start_as(email: &str, services: &[(&str, &str)]) -> Self {
        Self::with(email, Manner::Open, services).await
    }

    /// The same with a way to the store that has its manner.
    pub(crate) async fn behind(manner: Manner, services: &[(&str, &str)]) -> Self {
        Self::with(ANN, manner, services).await
    }

    async fn with(email: &str, manner: Manner, services: &[(&str, &str)]) -> Self {
        let tap = Tap::listen(manner).await;
        let folder = tempfile::tempdir().unwrap();
        let mut told: HashMap<String, String> = services
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        told.insert(
            "S3_PUBLIC_URL".to_owned(),
            format!("http://{}/", tap.address),
        );
        let settings = Settings {
            data: folder.path().join("data"),
            address: "127.0.0.1:0".to_owned(),
            aws_address: "127.0.0.1:0".to_owned(),
            web: folder.path().join("web"),
            reconcile_every: std::time::Duration::from_hours(1),
            network: Network::default(),
            services: told,
        };
        let album = Album::start(&settings, false).await.unwrap();
        let store = album.aws.socket_addrs(|| None).unwrap();
        tap.lead_to(*store.first().unwrap());
        let home = Self { album, tap, folder };
        home.desk().sign_up(email).await;
        home
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where the client is started.
    fn desk(&self) -> Desk<'_> {
        Desk {
            app: self.album.app.as_str(),
            aws: address(&self.album.aws),
            folder: self.folder(),
        }
    }

    /// The client with this album in its environment.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.desk().command(arguments)
    }

    /// Starts the client.
    pub(crate) fn client(&self, arguments: &[&str]) -> Child {
        self.desk().client(arguments)
    }

    /// Runs the client to its end.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Output {
        let child = self.client(arguments);
        child.wait_with_output().await.unwrap()
    }
}

/// What the client is told about the album and its own settings.
pub(crate) struct Desk<'a> {
    /// The app's URL.
    pub(crate) app: &'a str,
    /// The address of the engines.
    pub(crate) aws: String,
    /// Keeps the album's data and the client's settings.
    pub(crate) folder: &'a Path,
}

impl Desk<'_> {
    /// Starts the client.
    pub(crate) fn client(&self, arguments: &[&str]) -> Child {
        self.spawn(arguments, Stdio::null())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cloudalbum"));
        command
            .args(arguments)
            .env("CLOUDALBUM_SERVER", self.app)
            .env("CLOUDALBUM_AWS_ADDR", &self.aws)
            .env("CLOUDALBUM_DATA", self.folder.join("data"))
            .env("XDG_CONFIG_HOME", self.folder.join("config"))
            .env_remove("CLOUDALBUM_TOKEN")
            .kill_on_drop(true);
        command
    }

    fn spawn(&self, arguments: &[&str], input: Stdio) -> Child {
        self.command(arguments)
            .stdin(input)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Makes an account, and signs in.
    pub(crate) async fn sign_up(&self, email: &str) {
        let account = ["signup", "--email", email, "--password-stdin"];
        let mut child = self.spawn(&account, Stdio::piped());
        let mut password = child.stdin.take().unwrap();
        password.write_all(b"Passw0rd-of-a-test\n").await.unwrap();
        drop(password);
        let output = child.wait_with_output().await.unwrap();
        assert!(output.status.success(), "{output:?}");
    }
}

fn address(url: &url::Url) -> String {
    let (host, port) = (url.host_str().unwrap(), url.port().unwrap());
    format!("{host}:{port}")
}

/// A small picture, followed by bytes of its own that no decoder looks at.
pub(crate) fn photo(seed: u32, length: usize) -> Vec<u8> {
    let level = |value: u32| u8::try_from(value % 256).unwrap();
    let picture = image::RgbImage::from_pixel(16, 12, image::Rgb([level(seed), 2, 3]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture
        .write_to(&mut bytes, image::ImageFormat::Jpeg)
        .unwrap();
    let mut bytes = bytes.into_inner();
    let mut state = u64::from(seed) + 1;
    while bytes.len() < length {
        // Xorshift: different bytes for every seed.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}
