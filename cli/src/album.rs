//! The album in the terminal: listing, one photo, the trash, retries.

use std::process::ExitCode;

use cloudalbum_domain::wire::{PhotoPage, PhotoView};
use reqwest::Method;
use serde_json::Value;

use crate::api::{Api, ApiError, Call};
use crate::args::{Order, PageArgs, Settings};
use crate::changes;
use crate::terminal::{Terminal, plain};

/// What the service gives a page at most.
const PAGE: usize = 100;

/// The album or a search, page by page.
pub(crate) struct Pages<'a> {
    api: &'a Api,
    query: Vec<(&'static str, String)>,
    cursor: Option<String>,
    done: bool,
}

impl<'a> Pages<'a> {
    pub(crate) fn new(api: &'a Api, query: Vec<(&'static str, String)>) -> Self {
        Self {
            api,
            query,
            cursor: None,
            done: false,
        }
    }

    /// The next page of at most `limit`, or `None` after the last.
    pub(crate) async fn next(&mut self, limit: usize) -> Result<Option<Vec<PhotoView>>, ApiError> {
        if self.done || limit == 0 {
            return Ok(None);
        }
        let limit = limit.min(PAGE).to_string();
        let mut query: Vec<(&str, &str)> =
            self.query.iter().map(|(k, v)| (*k, v.as_str())).collect();
        query.push(("limit", &limit));
        if let Some(cursor) = &self.cursor {
            query.push(("cursor", cursor));
        }
        let page: PhotoPage = self.api.get("/v1/photos", &query).await?;
        self.done = page.cursor.is_none();
        self.cursor = page.cursor;
        Ok(Some(page.photos))
    }
}

pub(crate) async fn list(
    settings: &Settings,
    given: PageArgs,
    search: Option<String>,
    terminal: &Terminal,
) -> anyhow::Result<()> {
    let api = Api::new(settings)?;
    let order = match given.order {
        Order::Taken => "taken",
        Order::Uploaded => "uploaded",
    };
    let mut query = vec![("order", order.to_owned())];
    query.extend(search.map(|text| ("q", text)));
    if given.trashed {
        query.push(("trashed", "true".to_owned()));
    }
    let mut pages = Pages::new(&api, query);
    let mut photos = Vec::new();
    let mut left = given.limit;
    while let Some(page) = pages.next(left).await? {
        left = left.saturating_sub(page.len());
        if given.json {
            photos.extend(page);
        } else {
            for photo in &page {
                terminal.line(row(photo));
            }
        }
    }
    if given.json {
        terminal.json(&photos)?;
    }
    Ok(())
}

fn row(photo: &PhotoView) -> String {
    let date: String = photo
        .taken_at
        .as_deref()
        .map_or_else(|| photo.uploaded_at.to_string(), str::to_owned)
        .chars()
        .take(16)
        .collect();
    let place = photo.place.as_ref().map_or("", |place| &place.address);
    let status = changes::name(photo.status);
    let line = format!(
        "{}  {date:16}  {status:10}  {}  {place}",
        photo.id, photo.filename
    );
    plain(line.trim_end())
}

pub(crate) async fn show(
    settings: &Settings,
    id: &str,
    json: bool,
    terminal: &Terminal,
) -> anyhow::Result<()> {
    let api = Api::new(settings)?;
    let photo: PhotoView = api.get(&path(id, ""), &[]).await?;
    if json {
        return terminal.json(&photo);
    }
    for (name, value) in facts(&photo) {
        terminal.line(format_args!("{name:12} {}", plain(&value)));
    }
    Ok(())
}

fn facts(photo: &PhotoView) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("id", photo.id.clone()),
        ("file", photo.filename.clone()),
        ("status", changes::name(photo.status).to_owned()),
        ("type", photo.content_type.clone()),
        ("bytes", photo.size.to_string()),
        ("sha256", photo.sha256.clone()),
        ("uploaded", photo.uploaded_at.to_string()),
    ];
    let size = photo.width.zip(photo.height);
    let camera = photo.camera.as_ref().map(|camera| {
        let parts = [&camera.make, &camera.model, &camera.lens];
        parts
            .into_iter()
            .flatten()
            .cloned()
            .collect::<Vec<_>>()
            .join(" ")
    });
    let optional = [
        ("taken", photo.taken_at.clone()),
        ("pixels", size.map(|(w, h)| format!("{w} x {h}"))),
        ("camera", camera),
        (
            "position",
            photo
                .location
                .map(|at| format!("{}, {}", at.latitude, at.longitude)),
        ),
        (
            "place",
            photo.place.as_ref().map(|place| place.address.clone()),
        ),
        (
            "tags",
            Some(photo.tags.join(", ")).filter(|tags| !tags.is_empty()),
        ),
        (
            "description",
            Some(photo.description.clone()).filter(|text| !text.is_empty()),
        ),
    ];
    facts.extend(
        optional
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    for failure in &photo.failures {
        let text = format!(
            "{} in {}: {}; {}",
            failure.code,
            failure.stage.as_str(),
            failure.detail,
            failure.advice
        );
        facts.push(("failure", text));
    }
    facts.extend(
        photo
            .warnings
            .iter()
            .map(|warning| ("warning", warning.clone())),
    );
    facts.push(("trace", photo.trace_id.clone()));
    let earlier = photo.earlier_trace_id.iter();
    facts.extend(earlier.map(|trace| ("earlier trace", trace.clone())));
    facts
}

pub(crate) async fn remove(
    settings: &Settings,
    ids: &[String],
    terminal: &Terminal,
) -> anyhow::Result<ExitCode> {
    each(settings, ids, Method::DELETE, "", "in the trash", terminal).await
}

pub(crate) async fn restore(
    settings: &Settings,
    ids: &[String],
    terminal: &Terminal,
) -> anyhow::Result<ExitCode> {
    each(
        settings,
        ids,
        Method::POST,
        "/restore",
        "restored",
        terminal,
    )
    .await
}

pub(crate) async fn retry(
    settings: &Settings,
    ids: &[String],
    terminal: &Terminal,
) -> anyhow::Result<ExitCode> {
    each(
        settings,
        ids,
        Method::POST,
        "/retry",
        "being processed again",
        terminal,
    )
    .await
}

/// Does one thing to each photo; one that cannot be done does not stop the others.
async fn each(
    settings: &Settings,
    ids: &[String],
    method: Method,
    action: &str,
    done: &str,
    terminal: &Terminal,
) -> anyhow::Result<ExitCode> {
    let api = Api::new(settings)?;
    let mut code = ExitCode::SUCCESS;
    for id in ids {
        let call = Call {
            method: method.clone(),
            path: &path(id, action),
            query: &[],
            body: None,
            // A retry done twice would count as two.
            repeatable: action != "/retry",
        };
        match api.call::<Value>(&call).await {
            Ok(_) => terminal.line(format_args!("{id} {done}")),
            Err(error @ ApiError::Problem(_)) => {
                terminal.note(format_args!("{id}: {error}"));
                code = ExitCode::FAILURE;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(code)
}

/// The path of a photo; whatever is typed as an id stays one segment.
pub(crate) fn path(id: &str, action: &str) -> String {
    let id: String = url::form_urlencoded::byte_serialize(id.as_bytes()).collect();
    format!("/v1/photos/{id}{action}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_stays_one_segment() {
        assert_eq!(path("abc", "/retry"), "/v1/photos/abc/retry");
        assert_eq!(path("../me?x", ""), "/v1/photos/..%2Fme%3Fx");
    }
}
