//! The whole album as a process of its own, to be killed and started again in the same place.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// Where it listens, life after life.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) app: SocketAddr,
    pub(crate) aws: SocketAddr,
}

impl Place {
    /// Two ports that are free now.
    pub(crate) fn free() -> Self {
        let listen = || TcpListener::bind("127.0.0.1:0").unwrap();
        let (app, aws) = (listen(), listen());
        Self {
            app: app.local_addr().unwrap(),
            aws: aws.local_addr().unwrap(),
        }
    }
}

/// Starts on the data in `folder` and waits until it serves.
pub(crate) async fn start(place: Place, folder: &Path, store: SocketAddr) -> Child {
    let client = Path::new(env!("CARGO_BIN_EXE_cloudalbum"));
    let mut child = Command::new(client.with_file_name("cloudalbum-local"))
        .env("CLOUDALBUM_DATA", folder.join("data"))
        .env("CLOUDALBUM_ADDR", place.app.to_string())
        .env("CLOUDALBUM_AWS_ADDR", place.aws.to_string())
        .env("S3_PUBLIC_URL", format!("http://{store}/"))
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("`cargo build --workspace` has made cloudalbum-local");
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    loop {
        let line = lines.next_line().await.unwrap().expect("it starts");
        if line.contains("mails land at") {
            break;
        }
    }
    // A process whose standard error nobody reads would stop at a full pipe.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    child
}
