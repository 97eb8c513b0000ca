//! A wire that is looked at: the bytes that go over it towards a server, and how
//! often some of them do.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A wire to one server.
#[derive(Clone)]
pub(crate) struct Tap {
    /// The server's address as its clients know it.
    pub(crate) address: SocketAddr,
    pattern: Arc<[u8]>,
    found: Arc<AtomicU64>,
    bytes: Arc<AtomicU64>,
}

/// What went over a wire since somebody last asked.
#[derive(Clone, Copy)]
pub(crate) struct Traffic {
    /// How often the pattern did.
    pub(crate) found: u32,
    /// All bytes, in kB.
    pub(crate) kilobytes: u32,
}

impl Tap {
    /// Leads to `server` and counts `pattern`, letters in either case.
    pub(crate) async fn to(server: SocketAddr, pattern: &[u8]) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let tap = Self {
            address: listener.local_addr()?,
            pattern: pattern.into(),
            found: Arc::default(),
            bytes: Arc::default(),
        };
        let carrier = tap.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                // A connection that breaks is its ends' to see.
                tokio::spawn(carrier.clone().carry(client, server));
            }
        });
        Ok(tap)
    }

    /// What went by since the last time.
    pub(crate) fn take(&self) -> anyhow::Result<Traffic> {
        Ok(Traffic {
            found: self.found.swap(0, Ordering::Relaxed).try_into()?,
            kilobytes: (self.bytes.swap(0, Ordering::Relaxed) / 1_000).try_into()?,
        })
    }

    async fn carry(self, client: TcpStream, server: SocketAddr) -> std::io::Result<()> {
        let server = TcpStream::connect(server).await?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_server, mut to_server) = server.into_split();
        tokio::spawn(async move {
            tokio::io::copy(&mut from_server, &mut to_client).await?;
            to_client.shutdown().await
        });
        let mut buffer = vec![0; 1 << 16];
        // What a pattern may have begun with at the end of the last read.
        let mut seen = Vec::new();
        loop {
            let read = from_client.read(&mut buffer).await?;
            let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else {
                break;
            };
            to_server.write_all(bytes).await?;
            seen.extend_from_slice(bytes);
            let windows = seen.windows(self.pattern.len());
            let found = windows.filter(|window| window.eq_ignore_ascii_case(&self.pattern));
            self.found
                .fetch_add(found.count() as u64, Ordering::Relaxed);
            self.bytes.fetch_add(read as u64, Ordering::Relaxed);
            seen.drain(..seen.len().saturating_sub(self.pattern.len() - 1));
        }
        to_server.shutdown().await
    }
}
