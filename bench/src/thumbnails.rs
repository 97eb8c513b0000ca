//! Making renditions beside sharp, vipsthumbnail and Pillow.
//!
//! The peers' script starts this program again for each measurement, so that
//! every stack has a process, and a peak of memory, of its own.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail};
use cloudalbum_domain::{Recipe, Size};
use cloudalbum_render::{Budget, render};
use turbojpeg::{Decompressor, ScalingFactor, YuvImage};

use crate::figure::{self, percentile};
use crate::metadata::{PHOTOS, python};

/// Runs the script that measures CPU and memory beside the peers.
pub(crate) fn run() -> anyhow::Result<()> {
    script(concat!(env!("CARGO_MANIFEST_DIR"), "/peers/thumbnails.py"))
}

/// Runs the script that compares what is made with the photos themselves.
pub(crate) fn quality() -> anyhow::Result<()> {
    script(concat!(env!("CARGO_MANIFEST_DIR"), "/peers/quality.py"))
}

/// Prints the figures of a script; nothing without Python, and an error where
/// it lacks a package.
fn script(script: &str) -> anyhow::Result<()> {
    let started = Command::new(python())
        .arg(script)
        .arg(std::env::current_exe()?)
        .arg(PHOTOS)
        .output();
    let Ok(output) = started else { return Ok(()) };
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr));
    }
    let figures: Vec<(String, f64, String)> = serde_json::from_slice(&output.stdout)?;
    for (name, value, unit) in figures {
        figure::print(&format!("thumbnails.{name}"), value, &unit);
    }
    Ok(())
}

/// `make PHOTO SIZE FILE`: writes one rendition.
pub(crate) fn make(arguments: &[String]) -> anyhow::Result<()> {
    let [photo, size, file] = arguments else {
        bail!("make PHOTO SIZE FILE");
    };
    let recipe = Recipe {
        sizes: vec![Size::long_side("one", size.parse()?)],
        ..Recipe::default()
    };
    let made = render(&std::fs::read(photo)?, &recipe, &Budget::default())?;
    let rendition = made.renditions.first().context("no size was made")?;
    Ok(std::fs::write(file, &rendition.bytes)?)
}

/// `once PHOTO SIZE[,SIZE…] RUNS`: median CPU and peak memory of this process.
pub(crate) fn once(arguments: &[String]) -> anyhow::Result<()> {
    let [photo, sizes, runs] = arguments else {
        bail!("once PHOTO SIZE[,SIZE…] RUNS");
    };
    let bytes = std::fs::read(Path::new(photo))?;
    let recipe = Recipe {
        sizes: sizes
            .split(',')
            .map(|side| Ok(Size::long_side("long", side.parse()?)))
            .collect::<anyhow::Result<_>>()?,
        ..Recipe::default()
    };
    measure(runs.parse()?, || {
        std::hint::black_box(render(&bytes, &recipe, &Budget::default())?);
        Ok(())
    })
}

/// `floor PHOTO RUNS`: the same of decoding to an eighth, which leaves little
/// but the entropy decoding that no JPEG decoder can skip.
pub(crate) fn floor(arguments: &[String]) -> anyhow::Result<()> {
    let [photo, runs] = arguments else {
        bail!("floor PHOTO RUNS");
    };
    let bytes = std::fs::read(Path::new(photo))?;
    measure(runs.parse()?, || {
        let mut decompressor = Decompressor::new()?;
        let scale = ScalingFactor::ONE_EIGHTH;
        let header = decompressor.read_header(&bytes)?.scaled(scale);
        decompressor.set_scaling_factor(scale)?;
        let length = turbojpeg::yuv_pixels_len(header.width, 1, header.height, header.subsamp)?;
        let mut pixels = vec![0; length];
        decompressor.decompress_to_yuv(
            &bytes,
            YuvImage {
                pixels: pixels.as_mut_slice(),
                width: header.width,
                align: 1,
                height: header.height,
                subsamp: header.subsamp,
            },
        )?;
        std::hint::black_box(pixels);
        Ok(())
    })
}

/// Prints the medians as JSON for the script; a single run is a cold one.
#[expect(clippy::print_stdout, reason = "the script reads it")]
fn measure(runs: u32, work: impl Fn() -> anyhow::Result<()>) -> anyhow::Result<()> {
    if runs > 1 {
        work()?;
    }
    let mut times = Vec::new();
    for _ in 0..runs {
        let before = cpu_ms()?;
        work()?;
        times.push(cpu_ms()? - before);
    }
    let result = serde_json::json!({
        "cpu_ms": percentile(&mut times, 50).unwrap_or_default(),
        "peak_mb": peak_mb()?,
    });
    println!("{result}");
    Ok(())
}

/// What this thread has used so far; all the work is done on it.
pub(crate) fn cpu_ms() -> anyhow::Result<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds = text.split(' ').next().context("no time in schedstat")?;
    Ok(nanoseconds.parse::<f64>()? / 1e6)
}

/// The peak of this process's resident memory.
pub(crate) fn peak_mb() -> anyhow::Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"))
        .context("no peak in status")?;
    Ok(peak.parse::<f64>()? / 1024.0)
}
