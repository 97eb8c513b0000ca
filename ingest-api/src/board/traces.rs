//! `/v1/ops/traces`: what the trace store of the settings has to show.

use axum::Json;
use axum::extract::{Path, Query, State};
use cloudalbum_domain::wire::{Trace, TraceList};
use cloudalbum_domain::{FailureCode, OwnerId, PhotoId};
use http::StatusCode;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use url::Url;

use super::Board;
use crate::{App, Caller, Problem};

/// A waterfall of 2,000 spans with long attributes stays below this.
const MAX_ANSWER: usize = 8 << 20;

/// Which traces: all that is given must hold.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// Of this photo, as `<photo>` or `<owner>/<photo>`.
    photo: Option<String>,
    /// Of this owner.
    owner: Option<String>,
    /// Failed with this code.
    code: Option<FailureCode>,
    /// Lasted at least so long, in milliseconds.
    #[param(value_type = Option<i64>, minimum = 0, maximum = 4_294_967_295_i64)]
    min_duration: Option<u32>,
    /// `newest` (the default) or `slowest`.
    #[serde(default)]
    #[param(inline)]
    order: Order,
    /// `photos` (the default), `requests` or `all`.
    #[serde(default)]
    #[param(inline)]
    about: About,
    /// At most so many, never more than 200; default 50.
    #[param(value_type = Option<i64>, minimum = 0, maximum = 4_294_967_295_i64)]
    limit: Option<u32>,
}

/// What comes first.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Order {
    /// The latest to begin.
    #[default]
    Newest,
    /// The longest.
    Slowest,
}

/// What traces tell of.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum About {
    /// Photos.
    #[default]
    Photos,
    /// Requests to this service and runs of others.
    Requests,
    /// Both.
    All,
}

/// The question as the trace store takes it.
#[derive(Debug, Serialize)]
struct Question {
    photo: Option<PhotoId>,
    owner: Option<OwnerId>,
    code: Option<FailureCode>,
    min_ms: Option<u32>,
    order: Order,
    about: About,
    limit: u32,
}

/// Finds traces.
#[utoipa::path(
    get, path = "/v1/ops/traces", params(Wanted),
    responses((status = 200, body = TraceList), (status = "4XX", body = cloudalbum_domain::wire::Problem)),
)]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(wanted): Query<Wanted>,
) -> Result<Json<TraceList>, Problem> {
    caller.require_operator()?;
    let mut url = app.board.store("query")?;
    url.set_path("/traces");
    let ask = app.board.http.get(url).query(&question(&wanted)?);
    Ok(Json(answer(ask).await?))
}

/// Shows one trace, by its id in X-Ray's form.
#[utoipa::path(
    get, path = "/v1/ops/traces/{id}", params(("id" = String, Path)),
    responses((status = 200, body = Trace), (status = "4XX", body = cloudalbum_domain::wire::Problem)),
)]
pub(crate) async fn read(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Trace>, Problem> {
    caller.require_operator()?;
    let plain = id
        .bytes()
        .all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    if !plain || id.len() > 40 {
        return Err(Problem::not_found());
    }
    let mut url = app.board.store(&id)?;
    url.set_path(&format!("/traces/{id}"));
    Ok(Json(answer(app.board.http.get(url)).await?))
}

impl Board {
    /// The trace store, or the page of X-Ray that shows what was asked for.
    fn store(&self, page: &str) -> Result<Url, Problem> {
        self.traces.clone().ok_or_else(|| {
            let title = "traces are shown in X-Ray";
            Problem::new(StatusCode::NOT_FOUND, "no_trace_store", title)
                .with_detail(self.console().unwrap_or_default() + page)
        })
    }

    /// X-Ray's console, where this service has no trace store.
    pub(super) fn console(&self) -> Option<String> {
        let region = &self.region;
        let console = || {
            format!(
                "https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}#xray:traces/"
            )
        };
        self.traces.is_none().then(console)
    }
}

fn question(wanted: &Wanted) -> Result<Question, Problem> {
    let wrong =
        |what: &'static str| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_query", what);
    let photo = wanted.photo.as_deref().map(|photo| {
        let id = photo.rsplit('/').next().unwrap_or(photo);
        id.trim()
            .parse()
            .map_err(|_| wrong("this is no photo's id"))
    });
    let owner = wanted.owner.as_deref().map(|owner| {
        owner
            .trim()
            .parse()
            .map_err(|_| wrong("this is no owner's id"))
    });
    Ok(Question {
        photo: photo.transpose()?,
        owner: owner.transpose()?,
        code: wanted.code,
        min_ms: wanted.min_duration,
        order: wanted.order,
        about: wanted.about,
        limit: wanted.limit.unwrap_or(50).min(200),
    })
}

async fn answer<T: DeserializeOwned>(ask: reqwest::RequestBuilder) -> Result<T, Problem> {
    let mut response = ask
        .send()
        .await
        .map_err(|error| Problem::unavailable(&error.without_url()))?;
    if response.status() == StatusCode::NOT_FOUND {
        return Err(Problem::not_found());
    }
    if let Err(error) = response.error_for_status_ref() {
        return Err(Problem::unavailable(&error.without_url()));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| Problem::unavailable(&error.without_url()))?
    {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_ANSWER {
            let title = "the trace is too long to be shown";
            return Err(Problem::new(
                StatusCode::BAD_GATEWAY,
                "trace_too_long",
                title,
            ));
        }
    }
    serde_json::from_slice(&body).map_err(|error| Problem::unavailable(&error))
}
