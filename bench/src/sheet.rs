//! A contact sheet of photos and a table of what became of each:
//! `cloudalbum-bench sheet FOLDER SHEET.jpg`, to be looked at.

use std::path::Path;

use anyhow::bail;
use cloudalbum_domain::Recipe;
use cloudalbum_render::{Budget, RenderError, Rendered, render};
use image::imageops::overlay;
use image::{DynamicImage, Rgb, RgbImage};

use crate::metadata::photos;

const COLUMNS: u32 = 14;
const TILE: (u32, u32) = (150, 110);

/// Prints one row of a Markdown table for each file, and draws those that are shown.
#[expect(clippy::print_stdout, reason = "the table is the result")]
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<()> {
    let [folder, sheet] = arguments else {
        bail!("sheet FOLDER SHEET.jpg");
    };
    println!("| file | bytes | becomes |\n|---|---|---|");
    let mut tiles = Vec::new();
    for (path, bytes) in photos(Path::new(folder))? {
        let result = render(&bytes, &Recipe::default(), &Budget::default());
        let name = path.strip_prefix(folder)?.display().to_string();
        println!("| {name} | {} | {} |", bytes.len(), outcome(&result));
        if let Some(grid) = result.iter().flat_map(|made| &made.renditions).next() {
            tiles.push(image::load_from_memory(&grid.bytes)?);
        }
    }
    Ok(drawn(&tiles)?.save(sheet)?)
}

fn outcome(result: &Result<Rendered, RenderError>) -> String {
    match result {
        Ok(made) => {
            let warnings = made.warnings.iter().map(|warning| format!("; {warning}"));
            let sizes = format!("{} × {}", made.width, made.height);
            std::iter::once(sizes).chain(warnings).collect()
        }
        Err(error) => format!("`{}`: {error}", error.code()),
    }
}

fn drawn(tiles: &[DynamicImage]) -> anyhow::Result<RgbImage> {
    let rows = u32::try_from(tiles.len())?.div_ceil(COLUMNS).max(1);
    let grey = Rgb([90; 3]);
    let mut sheet = RgbImage::from_pixel(COLUMNS * TILE.0, rows * TILE.1, grey);
    for (index, tile) in (0..).zip(tiles) {
        let (x, y) = (index % COLUMNS * TILE.0, index / COLUMNS * TILE.1);
        let small = tile.thumbnail(TILE.0 - 4, TILE.1 - 4).into_rgb8();
        overlay(&mut sheet, &small, x.into(), y.into());
    }
    Ok(sheet)
}
