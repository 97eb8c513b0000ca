//! One entry of a manifest, parsed or refused.

use cloudalbum_domain::wire::{ManifestEntry, Refusal};
use cloudalbum_domain::{MediaType, NewPhoto, OwnerId, Sha256, TraceContext};
use jiff::Timestamp;

use crate::App;

/// Parses one entry, or says what is wrong with it.
pub(super) fn check(app: &App, owner: &OwnerId, entry: ManifestEntry) -> Result<NewPhoto, Refusal> {
    let refuse = |code: &str, detail: String| Refusal {
        code: code.to_owned(),
        detail,
    };
    let text = |error: cloudalbum_domain::InvalidText| refuse("invalid_text", error.to_string());
    let content_type: MediaType =
        entry
            .content_type
            .parse()
            .map_err(|error: cloudalbum_domain::UnsupportedMediaType| {
                refuse("unsupported_media_type", error.to_string())
            })?;
    let sha256: Sha256 =
        entry
            .sha256
            .parse()
            .map_err(|error: cloudalbum_domain::ParseDigestError| {
                refuse("invalid_sha256", error.to_string())
            })?;
    let limit = app.settings.max_upload_bytes;
    if entry.size > limit {
        return Err(refuse(
            "too_large",
            format!(
                "the largest photo is {limit} bytes, this one has {}",
                entry.size
            ),
        ));
    }
    if entry.size == 0 {
        return Err(refuse("empty", "the file is empty".to_owned()));
    }
    Ok(NewPhoto {
        owner: owner.clone(),
        sha256,
        content_type,
        filesize: entry.size,
        filename: entry.filename.try_into().map_err(text)?,
        tags: entry.tags.try_into().map_err(text)?,
        description: entry
            .description
            .unwrap_or_default()
            .try_into()
            .map_err(text)?,
        modified_at: entry.modified_at,
        trace_context: mint()?.sampled_at(app.settings.telemetry.sample_ratio),
    })
}

/// A new trace for one photo. Its root span is emitted when the photo is done.
fn mint() -> Result<TraceContext, Refusal> {
    let mut random = [0; 20];
    aws_lc_rs::rand::fill(&mut random).map_err(|_| Refusal {
        code: "busy".to_owned(),
        detail: "no randomness to be had: try again".to_owned(),
    })?;
    let (id, span) = random.split_at(12);
    let seconds = u32::try_from(Timestamp::now().as_second()).unwrap_or(u32::MAX);
    let id = id.try_into().unwrap_or_default();
    Ok(TraceContext::mint(
        seconds,
        id,
        span.try_into().unwrap_or([1; 8]),
        true,
    ))
}
