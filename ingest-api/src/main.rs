//! Runs the service as a plain server, or on Lambda where its runtime calls.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use cloudalbum_aws::clients::Clients;
use cloudalbum_aws::settings::{ServiceSettings, environment};
use cloudalbum_aws::telemetry::Telemetry;
use ingest_api::App;
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut settings = ServiceSettings::from_lookup(&environment)?;
    let telemetry = Telemetry::start("ingest-api", &settings.telemetry)?;
    let address = environment("CLOUDALBUM_ADDR").unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    let clients = Clients::load(&settings.region).await;
    if let Some(name) = environment("COGNITO_CLIENT_SECRET_PARAMETER") {
        settings.cognito_client_secret = Some(clients.parameter(&name).await?);
    }
    if let Some(name) = environment("RENDITION_KEY_PARAMETER") {
        settings.rendition_key = Some(clients.parameter(&name).await?);
    }
    let app = App::new(settings, &clients, &telemetry)?;
    if environment("AWS_LAMBDA_RUNTIME_API").is_some() {
        let routes = ingest_api::router_behind_gateway(app);
        lambda_http::run(routes)
            .await
            .map_err(anyhow::Error::from_boxed)?;
    } else {
        let address: SocketAddr = address.parse().context("CLOUDALBUM_ADDR is no address")?;
        let listener = tokio::net::TcpListener::bind(address).await;
        let listener = listener.with_context(|| format!("cannot listen on {address}"))?;
        if let Some(metrics) = app.settings.metrics_address {
            let listener = tokio::net::TcpListener::bind(metrics).await;
            let listener = listener.with_context(|| format!("cannot listen on {metrics}"))?;
            let routes = ingest_api::metrics_router(app.clone());
            tokio::spawn(axum::serve(listener, routes).into_future());
        }
        axum::serve(listener, ingest_api::router(app))
            .with_graceful_shutdown(interrupted())
            .await?;
    }
    telemetry.shutdown(Duration::from_secs(2));
    Ok(())
}

/// Waits for Ctrl-C or for whoever supervises the process.
async fn interrupted() {
    let mut terminate = match signal(SignalKind::terminate()) {
        Ok(terminate) => terminate,
        Err(error) => return failed(&error),
    };
    tokio::select! {
        interrupt = tokio::signal::ctrl_c() => {
            if let Err(error) = interrupt {
                failed(&error);
            }
        }
        _ = terminate.recv() => {}
    }
}

fn failed(error: &std::io::Error) {
    let error = error as &dyn std::error::Error;
    tracing::error!(error, "cannot wait for signals");
}
