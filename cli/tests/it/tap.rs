//! A wire between the client and the store that counts what goes over it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// The store's address as the client knows it.
pub(crate) struct Tap {
    pub(crate) address: SocketAddr,
    sent: Arc<AtomicU64>,
    target: watch::Sender<Option<SocketAddr>>,
}

impl Tap {
    /// Listens before the store is there.
    pub(crate) async fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let sent = Arc::new(AtomicU64::new(0));
        let (target, to) = watch::channel(None);
        let counter = Arc::clone(&sent);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, to.clone(), Arc::clone(&counter)));
            }
        });
        Self {
            address,
            sent,
            target,
        }
    }

    /// Goes on to the store, now that it is there.
    pub(crate) fn lead_to(&self, store: SocketAddr) {
        self.target.send_replace(Some(store));
    }

    /// The bytes that clients have sent, headers included.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Waits until clients have sent so much.
    pub(crate) async fn reaches(&self, bytes: u64) {
        while self.sent() < bytes {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    }
}

async fn carry(
    client: TcpStream,
    mut to: watch::Receiver<Option<SocketAddr>>,
    sent: Arc<AtomicU64>,
) {
    let Ok(Some(store)) = to.wait_for(Option::is_some).await.map(|store| *store) else {
        return;
    };
    let Ok(store) = TcpStream::connect(store).await else {
        return;
    };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_store, mut to_store) = store.into_split();
    tokio::spawn(async move {
        tokio::io::copy(&mut from_store, &mut to_client).await.ok();
        to_client.shutdown().await.ok();
    });
    let mut buffer = vec![0; 1 << 16];
    while let Ok(read) = from_client.read(&mut buffer).await {
        let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else {
            break;
        };
        sent.fetch_add(read as u64, Ordering::Relaxed);
        if to_store.write_all(bytes).await.is_err() {
            return;
        }
    }
    to_store.shutdown().await.ok();
}
