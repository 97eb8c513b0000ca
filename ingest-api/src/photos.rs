//! `/v1/photos`: the album, a search, the trash, and single photos.

use axum::Json;
use axum::extract::{Path, Query, State};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use cloudalbum_aws::table::{Order, PageCursor, SearchCursor, TransitionError};
use cloudalbum_domain::wire::{PhotoEdit, PhotoPage, PhotoView};
use cloudalbum_domain::{Edit, GeoPoint, Photo, PhotoId, Refused, State as Life, TakenDate, fold};
use http::StatusCode;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::date::DatePrefix;
use crate::uploads::now;
use crate::{App, Caller, Problem, view};

/// What a page of photos is asked for by.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// Where the page starts, from the page before.
    cursor: Option<String>,
    /// How many photos, 1 to 200; 100 by default, and the nearest of these for others.
    #[param(maximum = 65535)]
    limit: Option<u16>,
    /// `taken` (by default) or `uploaded`.
    #[param(value_type = Option<String>, pattern = "^(taken|uploaded|trashed)$")]
    order: Option<Order>,
    /// Words that a photo must have, the last of them as a prefix.
    q: Option<String>,
    /// The earliest date, `YYYY[-MM[-DD]]`.
    #[param(value_type = Option<String>, pattern = "^[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?$")]
    from: Option<DatePrefix>,
    /// The latest date, `YYYY[-MM[-DD]]`, included.
    #[param(value_type = Option<String>, pattern = "^[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?$")]
    to: Option<DatePrefix>,
    /// The trash instead of the album.
    trashed: Option<bool>,
}

/// A page of the album, a search or the trash, newest first.
#[utoipa::path(
    get, path = "/v1/photos", params(PageQuery),
    responses((status = 200, body = PhotoPage), (status = "4XX", body = cloudalbum_domain::wire::Problem)),
)]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Result<Json<PhotoPage>, Problem> {
    let limit = query.limit.unwrap_or(100).clamp(1, 200);
    let words: Vec<String> = query
        .q
        .as_deref()
        .map(|q| fold(q).take(10).collect())
        .unwrap_or_default();
    let (from, to) = (query.from.as_ref(), query.to.as_ref());
    let nothing = matches!((from, to), (Some(from), Some(to)) if from.is_after(to));
    let (photos, cursor) = if nothing {
        // A range that ends before it begins is an error in DynamoDB.
        (Vec::new(), None)
    } else if words.is_empty() {
        let order = match query.trashed {
            Some(true) => Order::Trashed,
            _ => query.order.unwrap_or(Order::Taken),
        };
        let after: Option<PageCursor> = query.cursor.as_deref().map(unseal).transpose()?;
        let (from, to) = (from.map(DatePrefix::as_str), to.map(DatePrefix::as_str));
        let page = app
            .table
            .page(&caller.owner, order, from, to, after.as_ref(), limit)
            .await;
        let page = page.map_err(|error| Problem::unavailable(&error))?;
        (page.photos, page.next.as_ref().map(seal))
    } else {
        let after: Option<SearchCursor> = query.cursor.as_deref().map(unseal).transpose()?;
        search(&app, &caller, &words, after.as_ref(), limit).await?
    };
    let mut views = Vec::with_capacity(photos.len());
    for photo in &photos {
        views.push(view::photo(&app, &caller, photo, false).await?);
    }
    Ok(Json(PhotoPage {
        photos: views,
        cursor,
    }))
}

async fn search(
    app: &App,
    caller: &Caller,
    words: &[String],
    after: Option<&SearchCursor>,
    limit: u16,
) -> Result<(Vec<Photo>, Option<String>), Problem> {
    let page = app
        .table
        .search(&caller.owner, words, after, usize::from(limit))
        .await;
    let page = page.map_err(|error| Problem::unavailable(&error))?;
    let found = app
        .table
        .get_many(&caller.owner, page.ids.iter().copied())
        .await;
    let mut found = found.map_err(|error| Problem::unavailable(&error))?;
    let photos = page.ids.iter().filter_map(|id| found.remove(id)).collect();
    Ok((photos, page.next.as_ref().map(seal)))
}

/// One photo, with URLs.
#[utoipa::path(
    get, path = "/v1/photos/{id}", params(("id" = String, Path)),
    responses((status = 200, body = PhotoView), (status = "4XX", body = cloudalbum_domain::wire::Problem)),
)]
pub(crate) async fn read(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<PhotoView>, Problem> {
    let id = parse(&id)?;
    let photo = app
        .table
        .get(&caller.owner, id)
        .await
        .map_err(|error| Problem::unavailable(&error))?;
    let shown = photo.filter(|photo| matches!(photo.state, Life::Live | Life::Trashed));
    let shown = shown.ok_or_else(Problem::not_found)?;
    Ok(Json(view::photo(&app, &caller, &shown, true).await?))
}

/// Changes tags, description, location or date.
#[utoipa::path(
    patch, path = "/v1/photos/{id}", params(("id" = String, Path)), request_body = PhotoEdit,
    responses((status = 200, body = PhotoView), (status = "4XX", body = cloudalbum_domain::wire::Problem)),
)]
pub(crate) async fn edit(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Json(wanted): Json<PhotoEdit>,
) -> Result<Json<PhotoView>, Problem> {
    let edit = parse_edit(wanted)?;
    let next = |photo: &Photo| photo.edit(&edit, now());
    let photo = app
        .table
        .transition(&caller.owner, parse(&id)?, next)
        .await
        .map_err(problem)?;
    if edit.location.is_some() && photo.metadata.pending_since().is_some() {
        app.requeue(&photo).await?;
    }
    Ok(Json(view::photo(&app, &caller, &photo, true).await?))
}

/// How a photo is deleted.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeleteQuery {
    /// For good, instead of into the trash. Its objects are gone soon after.
    #[serde(default)]
    purge: bool,
}

/// Puts a photo into the trash, or deletes it for good.
#[utoipa::path(
    delete, path = "/v1/photos/{id}", params(("id" = String, Path), DeleteQuery),
    responses((status = 204), (status = "4XX", body = cloudalbum_domain::wire::Problem)),
)]
pub(crate) async fn trash(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Query(how): Query<DeleteQuery>,
) -> Result<StatusCode, Problem> {
    let next = |photo: &Photo| {
        if how.purge {
            photo.delete(now())
        } else {
            photo.trash(now())
        }
    };
    match app.table.transition(&caller.owner, parse(&id)?, next).await {
        Ok(_) => Ok(StatusCode::NO_CONTENT),
        Err(TransitionError::Refused(Refused::Unchanged)) if how.purge => Err(Problem::not_found()),
        Err(error) => Err(problem(error)),
    }
}

/// Takes a photo out of the trash.
#[utoipa::path(
    post, path = "/v1/photos/{id}/restore", params(("id" = String, Path)),
    responses((status = 200, body = PhotoView), (status = "4XX", body = cloudalbum_domain::wire::Problem)),
)]
pub(crate) async fn restore(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<PhotoView>, Problem> {
    let photo = app
        .table
        .transition(&caller.owner, parse(&id)?, |photo| photo.restore(now()))
        .await;
    let photo = photo.map_err(problem)?;
    if photo.pending_since().is_some() {
        app.requeue(&photo).await?;
    }
    Ok(Json(view::photo(&app, &caller, &photo, true).await?))
}

/// Tries the failed stages of a photo again.
#[utoipa::path(
    post, path = "/v1/photos/{id}/retry", params(("id" = String, Path)),
    responses((status = 200, body = PhotoView), (status = "4XX", body = cloudalbum_domain::wire::Problem)),
)]
pub(crate) async fn retry(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<PhotoView>, Problem> {
    let next = |photo: &Photo| photo.reprocess(&photo.failed_stages(), now());
    let photo = app
        .table
        .transition(&caller.owner, parse(&id)?, next)
        .await
        .map_err(problem)?;
    app.requeue(&photo).await?;
    Ok(Json(view::photo(&app, &caller, &photo, true).await?))
}

pub(crate) fn parse(id: &str) -> Result<PhotoId, Problem> {
    id.parse().map_err(|_| Problem::not_found())
}

fn parse_edit(wanted: PhotoEdit) -> Result<Edit, Problem> {
    let invalid = |detail: String| {
        let title = "the edit makes no sense";
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_edit", title).with_detail(detail)
    };
    let location = wanted.location.map(|pin| {
        pin.map(|pin| GeoPoint::new(pin.latitude, pin.longitude))
            .transpose()
    });
    let taken = wanted.taken_at.map(|date| {
        date.map(|date| date.parse().map(TakenDate::local))
            .transpose()
    });
    Ok(Edit {
        tags: wanted
            .tags
            .map(TryInto::try_into)
            .transpose()
            .map_err(|error| invalid(format!("{error}")))?,
        description: wanted
            .description
            .map(TryInto::try_into)
            .transpose()
            .map_err(|error| invalid(format!("{error}")))?,
        location: location
            .transpose()
            .map_err(|error| invalid(error.to_string()))?,
        taken: taken
            .transpose()
            .map_err(|_| invalid("taken_at must be YYYY-MM-DDTHH:MM:SS".to_owned()))?,
    })
}

pub(crate) fn problem(error: TransitionError) -> Problem {
    match error {
        TransitionError::Unknown | TransitionError::Refused(Refused::NotLive) => {
            Problem::not_found()
        }
        TransitionError::Refused(refused) => Problem::new(
            StatusCode::CONFLICT,
            "conflict",
            "the photo is in no state for that",
        )
        .with_detail(refused.to_string()),
        TransitionError::Table(error) => Problem::unavailable(&error),
    }
}

/// A cursor as opaque text.
pub(crate) fn seal<T: Serialize>(cursor: &T) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(cursor).unwrap_or_default())
}

/// Reads a cursor that [`seal`] wrote; a forged one can only ask for pages of
/// the caller's own photos.
pub(crate) fn unseal<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok();
    bytes
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .ok_or_else(|| {
            Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid_cursor",
                "the cursor is none of ours",
            )
            .with_detail("start again without a cursor")
        })
}
