//! TLS with other devices, at the same port that programs of this machine reach without.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::extract::{ConnectInfo, Request};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tower::ServiceExt as _;

use crate::settings::Network;

/// The content type of a handshake, which every connection by TLS begins with
/// (RFC 8446, section 5.1); no method of HTTP does.
const HANDSHAKE: u8 = 22;
/// How long a client may take for its handshake; headers may take six times as long.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long the listener rests when no connection can be taken, for want of descriptors.
const REST: Duration = Duration::from_millis(200);

impl Network {
    /// Reads the certificate and its key, if there are any.
    ///
    /// # Errors
    ///
    /// When a file cannot be read, or when the two do not belong together.
    pub(crate) fn tls(&self) -> anyhow::Result<Option<TlsAcceptor>> {
        let (Some(certificate), Some(key)) = (&self.tls_cert, &self.tls_key) else {
            return Ok(None);
        };
        let told = |path: &Path| format!("cannot read {}", path.display());
        let chain = CertificateDer::pem_file_iter(certificate)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .with_context(|| told(certificate))?;
        let key = PrivateKeyDer::from_pem_file(key).with_context(|| told(key))?;
        let mut config =
            ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
                .with_safe_default_protocol_versions()?
                .with_no_client_auth()
                .with_single_cert(chain, key)
                .context("the certificate and its key cannot be used")?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Some(TlsAcceptor::from(Arc::new(config))))
    }
}

/// Serves `router` until `stop` resolves and the requests under way are answered.
///
/// # Errors
///
/// When the listener has no address.
pub(crate) async fn serve(
    listener: TcpListener,
    tls: TlsAcceptor,
    router: Router,
    stop: impl Future<Output = ()> + Send,
) -> std::io::Result<()> {
    listener.local_addr()?;
    let graceful = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let (tls, router, watcher) = (tls.clone(), router.clone(), graceful.watcher());
                tokio::spawn(async move {
                    if let Err(error) = connection(stream, peer, tls, router, watcher).await {
                        tracing::debug!(error = format!("{error:#}"), "a connection ended early");
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "no connection was taken");
                tokio::time::sleep(REST).await;
            }
        }
    }
    drop(listener);
    graceful.shutdown().await;
    Ok(())
}

async fn connection(
    mut stream: TcpStream,
    peer: SocketAddr,
    tls: TlsAcceptor,
    router: Router,
    watcher: Watcher,
) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    let mut first = [0];
    tokio::time::timeout(PATIENCE, stream.peek(&mut first)).await??;
    if first == [HANDSHAKE] {
        let stream = tokio::time::timeout(PATIENCE, tls.accept(stream)).await??;
        return answer(stream, peer, router, watcher).await;
    }
    // Nobody between here and this machine itself could listen.
    if peer.ip() == stream.local_addr()?.ip() {
        return answer(stream, peer, router, watcher).await;
    }
    refuse(&mut stream).await
}

/// Says what to do, in the words of the protocol that the client spoke.
async fn refuse(stream: &mut TcpStream) -> anyhow::Result<()> {
    const TEXT: &str = "this address speaks TLS with other devices: use https\n";
    // Closing on bytes that were not read would take the answer back.
    let mut read = [0; 8192];
    tokio::time::timeout(PATIENCE, stream.read(&mut read)).await??;
    let answer = format!(
        "HTTP/1.1 426 Upgrade Required\r\nUpgrade: TLS/1.2\r\nConnection: Upgrade, close\r\n\
         Content-Type: text/plain\r\nContent-Length: {}\r\n\r\n{TEXT}",
        TEXT.len()
    );
    tokio::time::timeout(PATIENCE, stream.write_all(answer.as_bytes())).await??;
    Ok(stream.shutdown().await?)
}

async fn answer(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: SocketAddr,
    router: Router,
    watcher: Watcher,
) -> anyhow::Result<()> {
    // The pages of Cognito ask who is calling.
    let service = router.map_request(move |mut request: Request<_>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        request
    });
    let mut http = Builder::new(TokioExecutor::new()).http1_only();
    http.http1()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE * 6);
    let connection = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    watcher
        .watch(connection.into_owned())
        .await
        .map_err(|error| anyhow::anyhow!(error))
}
