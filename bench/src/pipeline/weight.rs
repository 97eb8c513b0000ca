//! What the pixels alone cost, and what the workshop's way costs.

use std::io::Write as _;
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};
use cloudalbum_domain::Recipe;
use cloudalbum_render::{Budget, render};

use crate::figure::{self, percentile};
use crate::metadata::python;
use crate::thumbnails::cpu_ms;

const ROUNDS: u32 = 20;

/// Processor time of decoding, resizing and encoding one photo, in milliseconds:
/// the median over two threads at once, as two workers run.
pub(crate) fn pixels(photo: &[u8]) -> anyhow::Result<f64> {
    let recipe = Recipe::default();
    let thread = || -> anyhow::Result<Vec<f64>> {
        let mut times = Vec::new();
        for _ in 0..ROUNDS {
            let before = cpu_ms()?;
            std::hint::black_box(render(photo, &recipe, &Budget::default())?);
            times.push(cpu_ms()? - before);
        }
        Ok(times)
    };
    let mut times = std::thread::scope(|scope| -> anyhow::Result<Vec<f64>> {
        let other = scope.spawn(thread);
        let mut times = thread()?;
        times.extend(other.join().ok().context("a thread panicked")??);
        Ok(times)
    })?;
    percentile(&mut times, 50).context("nothing was measured")
}

/// Prints what the workshop's way costs a photo, and how many photos we take
/// for each of its own; nothing where its libraries are missing.
pub(crate) fn workshop(photo: &[u8], ours: f64) -> anyhow::Result<()> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/workshop.py");
    let mut file = tempfile::NamedTempFile::new()?;
    file.write_all(photo)?;
    let started = Command::new(python())
        .arg(script)
        .arg(file.path())
        .stderr(Stdio::piped())
        .output();
    let Ok(output) = started else { return Ok(()) };
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr));
    }
    let figures: Vec<(String, f64, String)> = serde_json::from_slice(&output.stdout)?;
    for (name, value, unit) in figures {
        if name == "cpu_per_photo" {
            figure::print(
                "pipeline.camera.photos_per_workshop_photo",
                value / ours,
                "",
            );
        }
        figure::print(&format!("pipeline.workshop.{name}"), value, &unit);
    }
    Ok(())
}
