//! The figures beside the peers' as bars: `docs/images/performance.svg`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context as _;
use serde_json::Value;

/// A title with its unit, and the bars: a label and a figure.
type Chart = (&'static str, &'static [(&'static str, &'static str)]);

/// Our bar comes first. A figure that was never measured has no bar.
const CHARTS: [Chart; 5] = [
    (
        "CPU of three sizes from 12 MP, warm, ms",
        &[
            ("CloudAlbum", "thumbnails.warm_ms_12mp_3"),
            (
                "sharp, raw pyramid",
                "thumbnails.sharp_pyramid_warm_ms_12mp_3",
            ),
            ("sharp", "thumbnails.sharp_warm_ms_12mp_3"),
            ("Pillow", "thumbnails.pillow_warm_ms_12mp_3"),
        ],
    ),
    (
        "Peak of memory of that, MB",
        &[
            ("CloudAlbum", "thumbnails.peak_mb_12mp_3"),
            ("vipsthumbnail", "thumbnails.vips_peak_mb_12mp_3"),
            ("sharp", "thumbnails.sharp_peak_mb_12mp_3"),
        ],
    ),
    (
        "EXIF of one JPEG, µs",
        &[
            ("CloudAlbum", "metadata.exif_p50_us"),
            ("exifread", "metadata.exifread_us"),
            ("Pillow", "metadata.pillow_us"),
        ],
    ),
    (
        "Opening the places of the world, ms",
        &[
            ("CloudAlbum", "places.open_ms"),
            ("reverse_geocoder", "places.built_in_load_ms"),
        ],
    ),
    (
        "CPU of a 12 MP photo from upload to ready, ms",
        &[
            ("CloudAlbum, all of it", "pipeline.camera.cpu_per_photo"),
            ("its pixels alone", "pipeline.camera.pixels_ms"),
            ("one size by Flask", "pipeline.workshop.cpu_per_photo"),
        ],
    ),
];

const WIDTH: f64 = 720.0;
const LABELS: f64 = 170.0;
const LONGEST: f64 = 440.0;
const ROW: f64 = 24.0;
const TITLE: f64 = 44.0;

/// Draws what `results` holds into `picture`.
pub(crate) fn draw(results: &Path, picture: &Path) -> anyhow::Result<()> {
    let bytes = std::fs::read(results).context("no figures yet: measure first")?;
    let figures: BTreeMap<String, Value> = serde_json::from_slice(&bytes)?;
    let value = |name: &str| figures.get(name)?.get("value")?.as_f64();
    let charts = CHARTS.map(|(title, bars)| {
        let bars = bars
            .iter()
            .filter_map(|(label, name)| Some((*label, value(name)?)));
        (title, bars.collect::<Vec<_>>())
    });
    std::fs::write(picture, svg(&charts)?)?;
    Ok(())
}

fn svg(charts: &[(&str, Vec<(&str, f64)>)]) -> anyhow::Result<String> {
    let mut body = String::new();
    let mut y = 0.0;
    for (title, bars) in charts.iter().filter(|(_, bars)| bars.len() > 1) {
        y += TITLE;
        writeln!(
            body,
            r#"<text class="title" x="0" y="{}">{title}</text>"#,
            y - 12.0
        )?;
        let longest = bars
            .iter()
            .fold(f64::MIN_POSITIVE, |most, bar| most.max(bar.1));
        for (index, (label, value)) in bars.iter().enumerate() {
            let class = if index == 0 { "ours" } else { "theirs" };
            let width = (value / longest * LONGEST).max(1.0);
            let middle = y + 13.0;
            let end = LABELS + width + 8.0;
            let digits = usize::from(*value < 10.0);
            writeln!(
                body,
                r#"<text class="label" x="{}" y="{middle}">{label}</text>"#,
                LABELS - 8.0
            )?;
            writeln!(
                body,
                r#"<rect class="{class}" x="{LABELS}" y="{y}" width="{width:.1}" height="17" rx="3"/>"#
            )?;
            writeln!(
                body,
                r#"<text x="{end:.1}" y="{middle}">{value:.digits$}</text>"#
            )?;
            y += ROW;
        }
    }
    let height = y + 8.0;
    Ok(format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="CloudAlbum beside its peers">
<style>
text {{ font: 13px system-ui, sans-serif; fill: #444; }}
.title {{ font-weight: 600; fill: #111; }}
.label {{ text-anchor: end; }}
.ours {{ fill: #0f766e; }}
.theirs {{ fill: #b9b6ad; }}
@media (prefers-color-scheme: dark) {{ text {{ fill: #bbb; }} .title {{ fill: #eee; }} .theirs {{ fill: #6b6963; }} }}
</style>
{body}</svg>
"#
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_bar_is_the_largest_value_and_lone_bars_are_left_out() {
        let charts = [
            ("two", vec![("us", 10.0), ("them", 40.0)]),
            ("one", vec![("us", 1.0)]),
        ];
        let drawn = svg(&charts).unwrap();
        assert!(
            drawn.contains(r#"class="theirs" x="170" y="68" width="440.0""#),
            "{drawn}"
        );
        assert!(drawn.contains(r#"width="110.0""#), "{drawn}");
        assert!(!drawn.contains(">one<"), "{drawn}");
    }
}
