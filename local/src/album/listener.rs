//! What listens: taking an address, serving it, stopping.

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::front;
use crate::tls;

/// Takes an address, or says which setting names another.
pub(super) async fn bind(address: &str, setting: &str) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(address).await;
    listener.with_context(|| {
        format!("cannot listen on {address}: is it in use? {setting} names another")
    })
}

/// Serves until `stopping` says so, by TLS where there is a certificate.
pub(super) fn serve(
    tasks: &mut JoinSet<()>,
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    router: axum::Router,
    stopping: watch::Receiver<bool>,
) {
    tasks.spawn(async move {
        let stopped = stopped(stopping);
        let served = match tls {
            Some(tls) => tls::serve(listener, tls, router, stopped).await,
            None => front::serve(listener, router, stopped).await,
        };
        if let Err(error) = served {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "a listener failed"
            );
        }
    });
}

/// Works until the work is done or `stopping` says so.
pub(super) async fn stoppable(work: impl Future<Output = ()>, stopping: watch::Receiver<bool>) {
    tokio::select! {
        () = work => {}
        () = stopped(stopping) => {}
    }
}

async fn stopped(mut stopping: watch::Receiver<bool>) {
    if stopping.wait_for(|stop| *stop).await.is_err() {
        tracing::debug!("the album was dropped");
    }
}
