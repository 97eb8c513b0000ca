//! Derives every size of a recipe from one decoded picture.

use cloudalbum_domain::{Format, MediaType, Recipe, Size};
use tracing::info_span;

use super::budget::Deadline;
use super::decoded::Decoded;
use super::error::RenderError;
use super::fit::{Dimensions, fit_within, largest};
use super::pixels::Pixels;
use super::placeholder::thumbhash;
use super::{Rendered, Rendition};

/// Makes the largest size upright first: turning it is cheap then, and the
/// smaller sizes come from it.
pub(super) fn build(
    decoded: Decoded,
    recipe: &Recipe,
    deadline: &Deadline,
) -> Result<Rendered, RenderError> {
    let shown = decoded.stored.oriented(decoded.orientation);
    let base = largest(recipe, shown).oriented(decoded.orientation);
    let base = if decoded.pixels.size() == base {
        decoded.pixels
    } else {
        info_span!("resize", width = base.width).in_scope(|| decoded.pixels.resized(base))?
    };
    let base = base.oriented(decoded.orientation);

    let mut order: Vec<(usize, Size, Dimensions)> = recipe
        .sizes
        .iter()
        .enumerate()
        .map(|(index, size)| (index, *size, fit_within(shown, *size)))
        .collect();
    order.sort_by_key(|(_, _, made)| std::cmp::Reverse(made.area()));

    let mut levels = vec![base];
    let mut renditions: Vec<(usize, Rendition)> = Vec::with_capacity(order.len());
    for (index, size, made) in order {
        deadline.check()?;
        let twin = renditions
            .iter()
            .find(|(_, other)| (other.width, other.height) == (made.width, made.height))
            .map(|(_, other)| other.bytes.clone());
        let bytes = if let Some(bytes) = twin {
            bytes
        } else {
            let level = source_of(&levels, made)
                .ok_or(RenderError::Encode("nothing to derive from".to_owned()))?;
            let level =
                info_span!("resize", width = made.width).in_scope(|| level.resized(made))?;
            let bytes = info_span!("encode", width = made.width)
                .in_scope(|| level.encode(recipe.format, recipe.quality))?;
            levels.push(level);
            bytes
        };
        renditions.push((
            index,
            Rendition {
                name: size.name,
                width: made.width,
                height: made.height,
                bytes,
                media_type: match recipe.format {
                    Format::Jpeg => MediaType::Jpeg,
                    Format::WebP => MediaType::WebP,
                },
            },
        ));
    }
    renditions.sort_by_key(|(index, _)| *index);
    let smallest = levels
        .last()
        .ok_or(RenderError::Encode("nothing to hash".to_owned()))?;
    Ok(Rendered {
        width: shown.width,
        height: shown.height,
        thumbhash: thumbhash(smallest)?,
        renditions: renditions.into_iter().map(|(_, made)| made).collect(),
        warnings: decoded.warnings,
    })
}

/// The smallest level that leaves the filter something to average, because a
/// slight reduction of an already reduced picture only blurs it; else the base.
fn source_of(levels: &[Pixels], target: Dimensions) -> Option<&Pixels> {
    levels
        .iter()
        .rev()
        .find(|level| {
            let size = level.size();
            size == target || u64::from(size.width) * 2 >= u64::from(target.width) * 3
        })
        .or(levels.first())
}
