//! A record as the API shows it, with URLs for its renditions.

use cloudalbum_domain::wire::{Camera, FailureView, PhotoView, PlaceView, Position, RenditionView};
use cloudalbum_domain::{Facet, Photo, RenditionKey, Stage};
use jiff::Timestamp;

use crate::{App, Caller, Problem};

/// Shows a photo; `whole` adds the URL of the original.
pub(crate) async fn photo(
    app: &App,
    caller: &Caller,
    photo: &Photo,
    whole: bool,
) -> Result<PhotoView, Problem> {
    let now = Timestamp::now();
    let renditions = renditions(app, caller, photo, now).await?;
    let original_url = if whole && photo.has_arrived() && !photo.is_unchecked() {
        let name = Some(photo.filename_orig.as_str());
        let url = app
            .signer
            .get(&photo.original().to_string(), now, name)
            .await;
        Some(url.map_err(|error| Problem::unavailable(&error))?)
    } else {
        None
    };
    let failures = failure(Stage::Thumbnails, &photo.thumbnails).into_iter();
    let thumbnails = photo.thumbnails.shown();
    let warnings = thumbnails
        .map(|thumbnails| thumbnails.warnings.clone())
        .unwrap_or_default();
    let metadata = photo.metadata.shown();
    Ok(PhotoView {
        id: photo.id.to_string(),
        status: photo.status(),
        version: photo.version,
        changed_at: photo.changed_at,
        filename: photo.filename_orig.to_string(),
        content_type: photo.content_type.to_string(),
        size: photo.filesize,
        sha256: photo.sha256.to_string(),
        tags: photo.tags.as_slice().to_vec(),
        description: photo.description.as_str().to_owned(),
        uploaded_at: photo.upload_date,
        sort_date: photo.sort_date().map(|date| date.as_str().to_owned()),
        taken_at: photo.taken_date.map(|taken| taken.local.to_string()),
        taken_offset_seconds: photo.taken_date.and_then(|taken| taken.offset_seconds),
        width: photo.width,
        height: photo.height,
        camera: camera(photo),
        location: photo.location.map(|point| Position {
            latitude: point.latitude(),
            longitude: point.longitude(),
        }),
        place: photo.place.as_ref().map(|place| PlaceView {
            city: place.city.clone(),
            region: place.region.clone(),
            nation: place.nation.clone(),
            country_code: place.country_code.clone(),
            address: place.address(),
        }),
        thumbhash: thumbnails.map(|thumbnails| thumbnails.thumbhash.clone()),
        renditions,
        original_url,
        failures: failures
            .chain(failure(Stage::Metadata, &photo.metadata))
            .collect(),
        warnings: warnings
            .into_iter()
            .chain(
                metadata
                    .map(|found| found.warnings.clone())
                    .unwrap_or_default(),
            )
            .collect(),
        edited: photo.edited.iter().copied().collect(),
        trace_id: photo.trace_context.xray_id(),
        earlier_trace_id: photo
            .retraced
            .as_ref()
            .map(|retraced| retraced.earlier.xray_id()),
        trashed_at: photo.trashed_at,
    })
}

/// The URL of a photo's smallest rendition that keeps its shape.
pub(crate) async fn cover(
    app: &App,
    caller: &Caller,
    photo: &Photo,
) -> Result<Option<String>, Problem> {
    let shown = renditions(app, caller, photo, Timestamp::now()).await?;
    let small = shown.into_iter().filter(|one| one.name != "classic");
    Ok(small.min_by_key(|one| one.width).map(|one| one.url))
}

/// A browser has the cookies of its owner's renditions; everybody else is given presigned URLs.
async fn renditions(
    app: &App,
    caller: &Caller,
    photo: &Photo,
    now: Timestamp,
) -> Result<Vec<RenditionView>, Problem> {
    let Some(thumbnails) = photo.thumbnails.shown() else {
        return Ok(Vec::new());
    };
    let admitted = caller.browser && caller.owner == photo.owner;
    let served = app.renditions.as_ref().filter(|_| admitted);
    let mut views = Vec::with_capacity(thumbnails.renditions.len());
    for rendition in &thumbnails.renditions {
        let key = RenditionKey {
            owner: photo.owner.clone(),
            photo: photo.id,
            recipe: thumbnails.recipe,
            name: rendition.name.clone(),
            media_type: rendition.media_type,
        };
        let url = if let Some(served) = served {
            served.url(&key)
        } else {
            let signed = app.signer.get(&key.to_string(), now, None).await;
            signed.map_err(|error| Problem::unavailable(&error))?
        };
        let (name, width, height) = (rendition.name.clone(), rendition.width, rendition.height);
        views.push(RenditionView {
            name,
            width,
            height,
            url,
        });
    }
    Ok(views)
}

fn failure<T>(stage: Stage, facet: &Facet<T>) -> Option<FailureView> {
    let (failure, attempts, _) = facet.failure()?;
    Some(FailureView {
        stage,
        code: failure.code,
        detail: failure.detail.clone(),
        advice: failure.code.advice().to_owned(),
        attempts,
    })
}

fn camera(photo: &Photo) -> Option<Camera> {
    let found = photo.metadata.shown();
    let camera = Camera {
        make: photo.make.clone(),
        model: photo.model.clone(),
        lens: found.and_then(|found| found.lens.clone()),
        exposure_time: found.and_then(|found| found.exposure_time),
        f_number: found.and_then(|found| found.f_number),
        iso: found.and_then(|found| found.iso),
        focal_length: found.and_then(|found| found.focal_length),
    };
    (camera != Camera::default()).then_some(camera)
}
