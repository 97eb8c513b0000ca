//! What every handler shares, and the routes.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{delete, get, post};
use cloudalbum_aws::bucket::Bucket;
use cloudalbum_aws::clients::Clients;
use cloudalbum_aws::function::Function;
use cloudalbum_aws::mapping::Mapping;
use cloudalbum_aws::queue::Queue;
use cloudalbum_aws::requeue::Requeue;
use cloudalbum_aws::sessions::Sessions;
use cloudalbum_aws::settings::ServiceSettings;
use cloudalbum_aws::signer::Signer;
use cloudalbum_aws::table::Table;
use cloudalbum_aws::telemetry::{Metrics, Telemetry};
use cloudalbum_domain::Photo;

use crate::auth::{Auth, sign_in};
use crate::board::{self, Board};
use crate::renditions::{self, Renditions};
use crate::{
    Problem, changes, drain, health, hosts, map, me, observe, openapi, ops, pages, photos, uploads,
};

/// A manifest of 1,000 entries with long texts stays below this.
const MAX_BODY_BYTES: usize = 2 * 1024 * 1024;

/// What every handler shares. Clones are cheap.
#[derive(Clone, Debug)]
pub struct App {
    /// What the process was told.
    pub settings: Arc<ServiceSettings>,
    /// Who is asking.
    pub auth: Arc<Auth>,
    /// Browser sessions, and sign-ins under way.
    pub sessions: Sessions,
    /// Records.
    pub table: Table,
    /// Objects.
    pub bucket: Bucket,
    /// URLs of objects.
    pub signer: Signer,
    /// What lets browsers see renditions, if not presigned URLs.
    pub renditions: Option<Arc<Renditions>>,
    /// The queues of the workers.
    pub requeue: Requeue,
    /// Mends what events lost, if it is known.
    pub reconciler: Option<Function>,
    /// The dead-letter queue of the thumbnail-worker, if it is known.
    pub thumbnails_dlq: Option<Queue>,
    /// The dead-letter queue of the metadata-worker, if it is known.
    pub metadata_dlq: Option<Queue>,
    /// What hands messages to the thumbnail-worker, if it is known.
    pub thumbnails_mapping: Option<Mapping>,
    /// What hands messages to the metadata-worker, if it is known.
    pub metadata_mapping: Option<Mapping>,
    /// What operators look at.
    pub board: Arc<Board>,
    /// The figures of this process.
    pub metrics: Metrics,
}

impl App {
    /// Builds what handlers need. Nothing is reached yet.
    pub fn new(
        settings: ServiceSettings,
        clients: &Clients,
        telemetry: &Telemetry,
    ) -> anyhow::Result<Self> {
        let table = format!("{}Session", settings.table_prefix);
        let sessions = Sessions::new(clients.dynamodb(), table);
        let public = settings.s3_public_url.as_ref();
        let queue = |url: &str| Queue::new(clients.sqs(), url);
        let mapping = |uuid: &str| clients.mapping(uuid);
        let function = |name: &str| clients.function(name);
        let requeue = Requeue {
            thumbnails: queue(&settings.thumbnails_queue_url),
            metadata: queue(&settings.metadata_queue_url),
            bucket: settings.bucket.clone(),
        };
        Ok(Self {
            reconciler: settings.reconciler_function.as_deref().map(function),
            table: Table::new(clients.dynamodb(), &settings.table_prefix),
            bucket: Bucket::new(clients.s3(None), &*settings.bucket),
            signer: clients.signer(public, &settings.bucket),
            renditions: Renditions::new(&settings)?.map(Arc::new),
            requeue,
            thumbnails_dlq: settings.thumbnails_dlq_url.as_deref().map(queue),
            metadata_dlq: settings.metadata_dlq_url.as_deref().map(queue),
            thumbnails_mapping: settings.thumbnails_mapping.as_deref().map(mapping),
            metadata_mapping: settings.metadata_mapping.as_deref().map(mapping),
            board: Arc::new(Board::new(&settings, clients)?),
            metrics: telemetry.metrics().clone(),
            auth: Arc::new(Auth::new(&settings, sessions.clone())?),
            settings: Arc::new(settings),
            sessions,
        })
    }

    /// Sends fresh messages for the unfinished stages of a photo. When that
    /// fails the record still waits, and can be retried.
    pub(crate) async fn requeue(&self, photo: &Photo) -> Result<(), Problem> {
        let sent = self.requeue.send(std::slice::from_ref(photo)).await;
        sent.map_err(|error| Problem::unavailable(&error))
    }
}

/// The service as a server that browsers reach by `BASE_URL`.
pub fn router(app: App) -> Router {
    let guard = from_fn_with_state(app.clone(), hosts::guard);
    around(routes(app.clone()).layer(guard), app)
}

/// The service behind a gateway that has a host name of its own.
pub fn router_behind_gateway(app: App) -> Router {
    around(routes(app.clone()), app)
}

/// `/metrics` alone, for whoever can connect to a loopback address.
pub fn metrics_router(app: App) -> Router {
    Router::new()
        .route("/metrics", get(board::metrics::scrape))
        .with_state(app)
}

fn routes(app: App) -> Router {
    let admit = from_fn_with_state(app.clone(), renditions::admit);
    Router::new()
        .route("/auth/login", get(sign_in::login))
        .route("/auth/callback", get(sign_in::callback))
        .route("/auth/logout", post(sign_in::logout))
        .route("/v1/sign-in", get(sign_in::endpoints))
        .route("/v1/uploads", post(uploads::create))
        .route("/v1/uploads/{id}", delete(uploads::give_up))
        .route(
            "/v1/uploads/{id}/parts",
            get(uploads::held).post(uploads::sign),
        )
        .route("/v1/uploads/{id}/complete", post(uploads::complete))
        .route("/v1/photos", get(photos::list))
        .route(
            "/v1/photos/{id}",
            get(photos::read).patch(photos::edit).delete(photos::trash),
        )
        .route("/v1/photos/{id}/restore", post(photos::restore))
        .route("/v1/photos/{id}/retry", post(photos::retry))
        .route("/v1/changes", get(changes::changes))
        .route("/v1/map", get(map::map))
        .route("/v1/map/photos", get(map::photos))
        .route("/v1/me", get(me::read).patch(me::edit))
        .route("/v1/ops/failures", get(ops::failures::list))
        .route("/v1/ops/redrive", post(ops::redrive::redrive))
        .route(
            "/v1/ops/recipes",
            get(ops::recipes::read).post(ops::recipes::apply),
        )
        .route("/v1/ops/dlq", get(ops::dlq::list))
        .route("/v1/ops/dlq/{stage}/redrive", post(ops::dlq::move_back))
        .route("/v1/ops/stages", get(ops::stages::list))
        .route("/v1/ops/stages/{stage}/pause", post(ops::stages::pause))
        .route("/v1/ops/stages/{stage}/resume", post(ops::stages::resume))
        .route("/v1/ops/reconcile", post(ops::reconcile::reconcile))
        .route("/v1/ops/audit", get(ops::audit::list))
        .route("/metrics", get(board::metrics::read))
        .route("/v1/ops/summary", get(board::summary::read))
        .route("/v1/ops/photos", get(board::photos::list))
        .route("/v1/ops/traces", get(board::traces::list))
        .route("/v1/ops/traces/{id}", get(board::traces::read))
        .route("/healthz", get(health::live))
        .route("/readyz", get(health::ready))
        .route("/openapi.json", get(openapi::document))
        .fallback(pages::page)
        .layer(admit)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(app)
}

fn around(routes: Router, app: App) -> Router {
    routes
        .layer(from_fn_with_state(app, pages::secure))
        .layer(from_fn(observe::request))
        .layer(from_fn(drain::request))
}

#[cfg(test)]
mod tests {
    use http::{Method, StatusCode};

    use crate::auth::tests::World;

    #[tokio::test]
    async fn every_error_is_a_problem_document() {
        let world = World::start().await;
        for (method, path, status) in [
            (Method::GET, "/v1/nothing", StatusCode::NOT_FOUND),
            (Method::DELETE, "/healthz", StatusCode::METHOD_NOT_ALLOWED),
            (Method::GET, "/assets/nothing.js", StatusCode::NOT_FOUND),
        ] {
            let answer = world.ask(method, path, &[]).await;
            assert_eq!(answer.status, status, "{path}");
            assert_eq!(answer.headers["content-type"], "application/problem+json");
            let trace = answer.headers["x-amzn-trace-id"].to_str().unwrap();
            let id = answer.problem().trace_id.unwrap();
            assert!(trace.starts_with(&format!("Root={id}")), "{trace}");
        }
    }

    #[tokio::test]
    async fn a_foreign_host_is_refused() {
        let world = World::start().await;
        let answer = world
            .ask(Method::GET, "/healthz", &[("host", "evil.example")])
            .await;
        assert_eq!(answer.status, StatusCode::MISDIRECTED_REQUEST);
        assert_eq!(
            world.ask(Method::GET, "/healthz", &[]).await.status,
            StatusCode::OK
        );
    }

    #[tokio::test]
    async fn without_a_bucket_the_service_is_up_and_not_ready() {
        let world = World::start().await;
        for (path, status) in [
            ("/healthz", StatusCode::OK),
            ("/readyz", StatusCode::SERVICE_UNAVAILABLE),
        ] {
            let answer = world.ask(Method::GET, path, &[]).await;
            assert_eq!(answer.status, status, "{path}");
        }
    }
}
