//! The whole album in one process: engines, service, workers, trace store.

mod engines;
mod listener;
mod pumps;
mod secret;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::middleware::from_fn_with_state;
use cloudalbum_aws::bucket::Bucket;
use cloudalbum_aws::clients::Clients;
use cloudalbum_aws::settings::ServiceSettings;
use cloudalbum_aws::table::Table;
use cloudalbum_aws::telemetry::Telemetry;
use jiff::Timestamp;
use reconciler::{Limits, Reconciler};
use tokio::sync::watch;
use tokio::task::JoinSet;
use url::Url;

use self::engines::Engines;
use self::listener::{bind, serve, stoppable};
use self::pumps::Pumps;
use crate::credentials::Credentials;
use crate::data::DataFolder;
use crate::faults::{self, Faults};
use crate::front;
use crate::pump;
use crate::settings::{Addresses, BUCKET, REGION, Settings, url};
use crate::traces::{self, Traces};

/// How often the storage is made ready before the start fails, and how long apart.
const STARTS: u32 = 4;
const BETWEEN_STARTS: Duration = Duration::from_millis(500);
/// How many traces are kept.
const TRACES: u32 = 50_000;
/// A running album.
#[derive(Debug)]
pub struct Album {
    /// The app.
    pub app: Url,
    /// The AWS-compatible endpoint.
    pub aws: Url,
    /// What signs calls to it.
    pub credentials: Credentials,
    /// Stops what works: the pumps, the reconciler and the API.
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
    /// Stops the engines, which the work under way still needs.
    close: watch::Sender<bool>,
    engines: JoinSet<()>,
    telemetry: Telemetry,
    /// Kept locked for as long as the album runs.
    _data: DataFolder,
}

impl Album {
    /// Starts everything. `observed` installs the process's logs and spans,
    /// which can be done once a process.
    pub async fn start(settings: &Settings, observed: bool) -> anyhow::Result<Self> {
        let data = DataFolder::open(&settings.data)?;
        let credentials = Credentials::load(&data.credentials())?;
        let app = bind(&settings.address, "CLOUDALBUM_ADDR").await?;
        let aws = bind(&settings.aws_address, "CLOUDALBUM_AWS_ADDR").await?;
        let store = bind("127.0.0.1:0", "the trace store").await?;
        let addresses = Addresses {
            app: settings.network.url(app.local_addr()?)?,
            aws: url(aws.local_addr()?)?,
            aws_abroad: settings.network.url(aws.local_addr()?)?,
            traces: url(store.local_addr()?)?,
        };
        let tls = settings.network.tls()?;
        let secret = secret::web_secret(&data)?;
        let lookup = addresses.lookup(&secret, settings);
        let service = ServiceSettings::from_lookup(&lookup)?;
        let telemetry = if observed {
            Telemetry::start("local", &service.telemetry)?
        } else {
            Telemetry::silent()
        };

        let (stop, stopping) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let (close, closing) = watch::channel(false);
        let mut serving = JoinSet::new();
        let traces = Traces::open(&data.path("traces.sqlite"), TRACES)
            .context("cannot open the trace store")?;
        let traces = traces::router(traces);
        serve(&mut serving, store, None, traces, closing.clone());

        let faults = lookup("LOCAL_FAULTS").map(|plan| Faults::read(&plan));
        let faults = faults.transpose()?;
        let engines = Engines::open(&data, &addresses, secret, faults.clone()).await?;
        let (dynamodb, objects, queues, lambda) = (
            engines.dynamodb.clone(),
            Arc::clone(&engines.s3),
            engines.sqs.clone(),
            engines.lambda.clone(),
        );
        let mut calls = engines.router(&addresses, &credentials)?;
        if let Some(faults) = faults {
            calls = calls.layer(from_fn_with_state(faults, faults::around));
        }
        serve(&mut serving, aws, tls.clone(), calls, closing.clone());
        serving.spawn(stoppable(front::tend(dynamodb, objects), closing));

        let (key_id, secret) = (&credentials.access_key, &credentials.secret_key);
        // A proxy between the services and their engines is named as for any user of the SDK.
        let clients = match lookup("LOCAL_ENDPOINTS").as_deref() {
            Some("environment") => Clients::of_environment(REGION, key_id, secret).await,
            _ => Clients::at(&addresses.aws, REGION, key_id, secret).await,
        };
        let (table, bucket) = storage(&clients, &service.table_prefix).await?;
        lambda.pause(pump::paused(&table).await?);
        let pumps = Pumps {
            queues,
            paused: lambda.paused(),
            clients: clients.clone(),
            addresses: addresses.clone(),
            telemetry: telemetry.clone(),
            stopping: stopping.clone(),
        };
        let recipe = service.recipe.clone();
        pumps.start(
            &mut tasks,
            &table,
            &bucket,
            service.max_upload_bytes,
            recipe,
        );
        let limits = Limits::with_trash_days(service.trash_days);
        let service = ingest_api::App::new(service, &clients, &telemetry)?;
        let reconciler = lambda.deploy(Reconciler {
            requeue: service.requeue.clone(),
            table,
            bucket,
            limits,
            telemetry: telemetry.clone(),
        });
        tasks.spawn(stoppable(
            reconcile(reconciler.clone(), settings.reconcile_every),
            stopping.clone(),
        ));
        if let Some(address) = service.settings.metrics_address {
            let listener = bind(&address.to_string(), "METRICS_ADDR").await?;
            let router = ingest_api::metrics_router(service.clone());
            serve(&mut tasks, listener, None, router, stopping.clone());
        }
        serve(&mut tasks, app, tls, ingest_api::router(service), stopping);
        Ok(Self {
            app: addresses.app,
            aws: addresses.aws,
            credentials,
            stop,
            tasks,
            close,
            engines: serving,
            telemetry,
            _data: data,
        })
    }

    /// Finishes what is under way and stops.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        let finished = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(Duration::from_secs(10), finished)
            .await
            .is_err()
        {
            tracing::warn!("not everything finished in time; it will be done after the next start");
        }
        self.telemetry.shutdown(Duration::from_secs(2));
        self.close.send_replace(true);
        let closed = async { while self.engines.join_next().await.is_some() {} };
        if tokio::time::timeout(Duration::from_secs(2), closed)
            .await
            .is_err()
        {
            tracing::debug!("a client kept its connection to the end");
        }
    }
}

/// Runs the reconciler every so often, for as long as it is polled.
async fn reconcile(reconciler: Reconciler, every: Duration) {
    loop {
        tokio::time::sleep(every).await;
        reconciler.run(Timestamp::now(), false).await;
    }
}

/// The tables and the bucket, made if they are missing.
///
/// What fails at the start is tried again for a while, as everywhere else.
async fn storage(clients: &Clients, prefix: &str) -> anyhow::Result<(Table, Bucket)> {
    let table = Table::new(clients.dynamodb(), prefix);
    let bucket = Bucket::new(clients.s3(None), BUCKET);
    for left in (0..STARTS).rev() {
        let made = async {
            let made = bucket.create_missing().await;
            made.context("cannot create the bucket")?;
            let made = table.create_missing().await;
            made.context("cannot create the tables")
        };
        match made.await {
            Ok(()) => break,
            Err(error) if left == 0 => return Err(error),
            Err(error) => tracing::warn!(error = format!("{error:#}"), left, "not started yet"),
        }
        tokio::time::sleep(BETWEEN_STARTS).await;
    }
    Ok((table, bucket))
}
