//! A wire between the client and the store that counts the bytes of photos on it.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::OwnedWriteHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex as Turn, watch};

use crate::crowd::{Crowd, Manner, Upload};
use crate::request::Request;

/// The store's address as the client knows it.
pub(crate) struct Tap {
    pub(crate) address: SocketAddr,
    pub(crate) crowd: Arc<Crowd>,
    sent: Arc<AtomicU64>,
    target: watch::Sender<Option<SocketAddr>>,
}

impl Tap {
    /// Listens before the store is there.
    pub(crate) async fn listen(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (target, to) = watch::channel(None);
        let (crowd, sent) = (Arc::new(Crowd::new(manner)), Arc::new(AtomicU64::new(0)));
        let wire = Wire {
            crowd: Arc::clone(&crowd),
            sent: Arc::clone(&sent),
        };
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(wire.clone().carry(client, to.clone()));
            }
        });
        Self {
            address,
            crowd,
            sent,
            target,
        }
    }

    /// Goes on to the store, now that it is there.
    pub(crate) fn lead_to(&self, store: SocketAddr) {
        self.target.send_replace(Some(store));
    }

    /// The bytes that clients have sent as bodies.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Waits until clients have sent so much.
    pub(crate) async fn reaches(&self, bytes: u64) {
        while self.sent() < bytes {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

#[derive(Clone)]
struct Wire {
    crowd: Arc<Crowd>,
    sent: Arc<AtomicU64>,
}

impl Wire {
    async fn carry(self, client: TcpStream, mut to: watch::Receiver<Option<SocketAddr>>) {
        let Ok(Some(store)) = to.wait_for(Option::is_some).await.map(|store| *store) else {
            return;
        };
        let Ok(store) = TcpStream::connect(store).await else {
            return;
        };
        let (mut from_client, to_client) = client.into_split();
        let (mut from_store, mut to_store) = store.into_split();
        let to_client = Arc::new(Turn::new(to_client));
        let upload = Arc::new(Mutex::new(None));
        let answers = tokio::spawn({
            let (to_client, upload) = (Arc::clone(&to_client), Arc::clone(&upload));
            async move {
                let mut buffer = vec![0; 1 << 16];
                while let Ok(read @ 1..) = from_store.read(&mut buffer).await {
                    let answer = buffer.get(..read).unwrap_or_default();
                    if !answer.starts_with(b"HTTP/1.1 1") {
                        *upload.lock().unwrap() = None::<Upload>;
                    }
                    if to_client.lock().await.write_all(answer).await.is_err() {
                        break;
                    }
                }
                to_client.lock().await.shutdown().await.ok();
            }
        });
        let mut request = Request::default();
        let mut buffer = vec![0; 1 << 16];
        while let Ok(read @ 1..) = from_client.read(&mut buffer).await {
            let bytes = buffer.get(..read).unwrap_or_default();
            let (body, begun) = request.follow(bytes);
            self.sent.fetch_add(body, Ordering::Relaxed);
            if begun {
                let Some(admitted) = self.crowd.enter().await else {
                    refuse(&to_client).await;
                    break;
                };
                *upload.lock().unwrap() = Some(admitted);
            }
            if to_store.write_all(bytes).await.is_err() {
                break;
            }
        }
        // The client is gone, and with it whatever it had on its way.
        *upload.lock().unwrap() = None;
        to_store.shutdown().await.ok();
        answers.await.ok();
    }
}

async fn refuse(client: &Turn<OwnedWriteHalf>) {
    let answer = "HTTP/1.1 503 Slow Down\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    let mut client = client.lock().await;
    client.write_all(answer.as_bytes()).await.ok();
    client.shutdown().await.ok();
}
