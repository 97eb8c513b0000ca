//! The whole album in one process: engines, service, workers, trace store.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::middleware::from_fn_with_state;
use cloudalbum_aws::attempt::Attempts;
use cloudalbum_aws::backoff::Backoff;
use cloudalbum_aws::bucket::Bucket;
use cloudalbum_aws::clients::Clients;
use cloudalbum_aws::queue::Queue;
use cloudalbum_aws::settings::ServiceSettings;
use cloudalbum_aws::table::Table;
use cloudalbum_aws::telemetry::Telemetry;
use cloudalbum_domain::Stage;
use cloudalbum_places::Places;
use cloudalbum_places::zone::Zones;
use cloudalbum_render::Recipe;
use data_encoding::HEXLOWER;
use jiff::Timestamp;
use rand::RngCore as _;
use reconciler::{Limits, Reconciler};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use url::Url;

use crate::clock::Clock;
use crate::cognito::{self, Cognito};
use crate::credentials::Credentials;
use crate::data::DataFolder;
use crate::dynamodb::DynamoDb;
use crate::faults::{self, Faults};
use crate::front::{self, Front};
use crate::lambda::Lambda;
use crate::pump::{self, Mapping};
use crate::s3::Store;
use crate::settings::{Addresses, BUCKET, CLI_CLIENT, POOL, REGION, Settings, WEB_CLIENT, url};
use crate::sqs::{self, Sqs};
use crate::tls;
use crate::topic;
use crate::traces::{self, Traces};

/// How many traces are kept.
const TRACES: u32 = 50_000;
/// How long one batch may take.
const TIMEOUT: Duration = Duration::from_mins(1);
/// Six times the timeout, as the event source mapping's documentation asks.
const VISIBILITY_SECONDS: u64 = 360;
/// After how many receives a message goes to the dead-letter queue.
const MAX_RECEIVE_COUNT: u32 = 5;

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
        let secret = web_secret(&data)?;
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
        serve(
            &mut serving,
            store,
            None,
            traces::router(traces),
            closing.clone(),
        );

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

        let clients = Clients::at(
            &addresses.aws,
            REGION,
            &credentials.access_key,
            &credentials.secret_key,
        )
        .await;
        let table = Table::new(clients.dynamodb(), &service.table_prefix);
        let s3 = clients.s3(None);
        let bucket = Bucket::new(s3, BUCKET);
        bucket
            .create_missing()
            .await
            .context("cannot create the bucket")?;
        table
            .create_missing()
            .await
            .context("cannot create the tables")?;

        lambda.pause(pump::paused(&table).await?);
        let pumps = Pumps {
            queues,
            paused: lambda.paused(),
            clients: clients.clone(),
            addresses: addresses.clone(),
            telemetry: telemetry.clone(),
            stopping: stopping.clone(),
        };
        pumps.start(&mut tasks, &table, &bucket, service.max_upload_bytes);
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

struct Engines {
    s3: Arc<Store>,
    dynamodb: DynamoDb,
    sqs: Sqs,
    lambda: Lambda,
    cognito: Cognito,
}

impl Engines {
    async fn open(
        data: &DataFolder,
        addresses: &Addresses,
        secret: String,
        faults: Option<Faults>,
    ) -> anyhow::Result<Self> {
        let dynamodb = DynamoDb::open(&data.dynamodb())?;
        let queues = sqs::Settings {
            path: data.sqs(),
            base_url: addresses.aws.clone(),
            region: REGION.to_owned(),
        };
        let sqs = Sqs::open(queues, Clock::system()).context("cannot open the queues")?;
        let callback = addresses.app.join("auth/callback")?;
        let sign_in = cognito::Settings {
            folder: data.path("."),
            pool_id: POOL.to_owned(),
            issuer: addresses.issuer(),
            base_url: addresses.aws_abroad.clone(),
            app_url: addresses.app.clone(),
            user_table: "User".to_owned(),
            clients: vec![
                cognito::Client {
                    id: WEB_CLIENT.to_owned(),
                    secret: Some(secret),
                    redirect_uris: vec![callback],
                    logout_uris: vec![addresses.app.clone()],
                },
                cognito::Client {
                    id: CLI_CLIENT.to_owned(),
                    secret: None,
                    redirect_uris: vec!["http://127.0.0.1/callback".parse()?],
                    logout_uris: Vec::new(),
                },
            ],
        };
        let cognito = Cognito::open(sign_in, dynamodb.database(), Clock::system())?;
        create_queues(&sqs, addresses).await?;
        let mut deliver = topic::fan_out(sqs.clone());
        if let Some(faults) = faults {
            deliver = faults::disturb(faults, deliver);
        }
        let s3 = Store::open(&data.s3(), REGION, deliver).await?;
        Ok(Self {
            s3,
            dynamodb,
            sqs,
            lambda: Lambda::default(),
            cognito,
        })
    }

    fn router(
        self,
        addresses: &Addresses,
        credentials: &Credentials,
    ) -> anyhow::Result<axum::Router> {
        let origin = addresses.app.origin().ascii_serialization();
        let mut hosts = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
        hosts.extend(addresses.aws_abroad.host_str().map(str::to_owned));
        front::router(Front {
            credentials: credentials.clone(),
            s3: self.s3,
            dynamodb: self.dynamodb,
            sqs: self.sqs,
            lambda: self.lambda,
            cognito: self.cognito.calls(),
            pages: self.cognito.pages(),
            hosts,
            origins: vec![origin.replace("127.0.0.1", "localhost"), origin],
        })
    }
}

struct Pumps {
    queues: Sqs,
    paused: watch::Receiver<Vec<Stage>>,
    clients: Clients,
    addresses: Addresses,
    telemetry: Telemetry,
    stopping: watch::Receiver<bool>,
}

impl Pumps {
    /// One slot of thumbnails a core, since decoding keeps a core busy, and
    /// one of metadata, which mostly waits.
    fn start(
        &self,
        tasks: &mut JoinSet<()>,
        table: &Table,
        bucket: &Bucket,
        max_original_bytes: u64,
    ) {
        let attempts = |stage| Attempts {
            stage,
            table: table.clone(),
            telemetry: self.telemetry.clone(),
        };
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let thumbnails = thumbnail_worker::Job {
            attempts: attempts(Stage::Thumbnails),
            bucket: bucket.clone(),
            recipe: Arc::new(Recipe::default()),
            max_original_bytes,
        };
        for _ in 0..cores {
            let job = thumbnails.clone();
            self.spawn(tasks, table, Stage::Thumbnails, 1, move |delivery| {
                let job = job.clone();
                async move { job.run(delivery).await }
            });
        }
        let metadata = metadata_worker::Job {
            attempts: attempts(Stage::Metadata),
            bucket: bucket.clone(),
            places: Arc::new(Places::new()),
            zones: Arc::new(Zones::default()),
        };
        self.spawn(tasks, table, Stage::Metadata, 10, move |delivery| {
            let job = metadata.clone();
            async move { job.run(delivery).await }
        });
    }

    fn spawn<J, F>(
        &self,
        tasks: &mut JoinSet<()>,
        table: &Table,
        stage: Stage,
        batch_size: u8,
        job: J,
    ) where
        J: Fn(cloudalbum_aws::batch::Delivery) -> F + Send + Sync + 'static,
        F: Future<Output = Result<(), cloudalbum_aws::batch::JobError>> + Send + 'static,
    {
        let queue_url = self.addresses.queue(stage.as_str());
        let backoff =
            Backoff::new(Queue::new(self.clients.sqs(), &*queue_url)).noting(table.clone(), stage);
        let mapping = Mapping {
            queue_url,
            batch_size,
            timeout: TIMEOUT,
            stage,
        };
        tasks.spawn(pump::run(
            self.queues.clone(),
            mapping,
            backoff,
            job,
            self.paused.clone(),
            self.stopping.clone(),
        ));
    }
}

/// Runs the reconciler every so often, for as long as it is polled.
async fn reconcile(reconciler: Reconciler, every: Duration) {
    loop {
        tokio::time::sleep(every).await;
        reconciler.run(Timestamp::now(), false).await;
    }
}

async fn create_queues(sqs: &Sqs, addresses: &Addresses) -> anyhow::Result<()> {
    for name in topic::QUEUES {
        let dlq = format!("{name}-dlq");
        let retention = "1209600";
        let ask =
            json!({ "QueueName": dlq, "Attributes": { "MessageRetentionPeriod": retention } });
        pump::call(sqs, "CreateQueue", &ask).await?;
        let redrive = json!({
            "deadLetterTargetArn": format!("arn:aws:sqs:{REGION}:000000000000:{dlq}"),
            "maxReceiveCount": MAX_RECEIVE_COUNT,
        });
        let attributes = json!({
            "MessageRetentionPeriod": retention,
            "VisibilityTimeout": VISIBILITY_SECONDS.to_string(),
            "RedrivePolicy": redrive.to_string(),
        });
        let created = pump::call(sqs, "CreateQueue", &json!({ "QueueName": name })).await;
        created.with_context(|| format!("cannot create the queue {name}"))?;
        let ask = json!({ "QueueUrl": addresses.queue(name), "Attributes": attributes });
        pump::call(sqs, "SetQueueAttributes", &ask).await?;
        sqs.give_back(name).await?;
    }
    Ok(())
}

/// The web client's secret, made at the first start.
fn web_secret(data: &DataFolder) -> anyhow::Result<String> {
    let path = data.path("web-client.json");
    Ok(if let Ok(secret) = std::fs::read_to_string(&path) {
        secret
    } else {
        let mut random = [0; 32];
        rand::rng().fill_bytes(&mut random);
        let secret = HEXLOWER.encode(&random);
        write_secret(&path, &secret).with_context(|| format!("cannot write {}", path.display()))?;
        secret
    })
}

fn write_secret(path: &std::path::Path, secret: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(secret.as_bytes())?;
    file.sync_all()
}

async fn bind(address: &str, setting: &str) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(address).await;
    listener.with_context(|| {
        format!("cannot listen on {address}: is it in use? {setting} names another")
    })
}

fn serve(
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

async fn stoppable(work: impl Future<Output = ()>, stopping: watch::Receiver<bool>) {
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
