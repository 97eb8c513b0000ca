//! `/v1/me`: who is asking, and what they may store.

use axum::Json;
use axum::extract::State;
use cloudalbum_domain::wire::{Me, MeEdit, Quota};
use http::StatusCode;

use crate::{App, Caller, Problem};

/// How long a name may be, in characters.
const LONGEST_NAME: usize = 100;

/// The caller's profile and quota.
#[utoipa::path(
    get, path = "/v1/me",
    responses((status = 200, body = Me), (status = "4XX", body = cloudalbum_domain::wire::Problem)),
)]
pub(crate) async fn read(State(app): State<App>, caller: Caller) -> Result<Json<Me>, Problem> {
    let account = app
        .table
        .account(&caller.owner)
        .await
        .map_err(|error| Problem::unavailable(&error))?;
    Ok(Json(Me {
        id: caller.owner.to_string(),
        email: account.email.or(caller.email).unwrap_or_default(),
        username: account.username.unwrap_or(caller.username),
        operator: caller.operator,
        quota: Quota {
            bytes_used: account.usage.bytes,
            bytes_limit: app.settings.quota_bytes,
            photos_used: account.usage.photos,
            photos_limit: app.settings.quota_photos,
        },
        map_style_url: app.settings.map_style_url.as_ref().map(ToString::to_string),
    }))
}

/// Changes the name shown.
#[utoipa::path(
    patch, path = "/v1/me", request_body = MeEdit,
    responses((status = 200, body = Me), (status = "4XX", body = cloudalbum_domain::wire::Problem)),
)]
pub(crate) async fn edit(
    State(app): State<App>,
    caller: Caller,
    Json(edit): Json<MeEdit>,
) -> Result<Json<Me>, Problem> {
    let name = edit.username.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME {
        let title = "a name has 1 to 100 characters";
        return Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid_name",
            title,
        ));
    }
    app.table
        .rename(&caller.owner, name)
        .await
        .map_err(|error| Problem::unavailable(&error))?;
    read(State(app), caller).await
}
