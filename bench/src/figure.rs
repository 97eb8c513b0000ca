//! The figures that a benchmark prints, and the file that keeps the latest.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use serde_json::json;

/// What this run has printed: value and unit by name.
static PRINTED: Mutex<BTreeMap<String, (f64, String)>> = Mutex::new(BTreeMap::new());

/// Prints one figure.
#[expect(clippy::print_stdout, reason = "figures are what a benchmark prints")]
pub(crate) fn print(name: &str, value: f64, unit: &str) {
    println!("figure {name} {value:.3} {unit}");
    let mut printed = PRINTED.lock().unwrap_or_else(PoisonError::into_inner);
    printed.insert(name.to_owned(), (value, unit.to_owned()));
}

/// Writes what was printed into the JSON file, where figures that were not
/// measured this time keep their value.
pub(crate) fn save(path: &Path) -> anyhow::Result<()> {
    let mut figures: BTreeMap<String, serde_json::Value> = match std::fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .with_context(|| format!("{} holds no figures", path.display()))?,
        Err(_) => BTreeMap::new(),
    };
    let printed = PRINTED.lock().unwrap_or_else(PoisonError::into_inner);
    for (name, (value, unit)) in printed.iter() {
        let rounded = (value * 1e3).round() / 1e3;
        figures.insert(name.clone(), json!({ "value": rounded, "unit": unit }));
    }
    std::fs::write(path, serde_json::to_string_pretty(&figures)? + "\n")?;
    Ok(())
}

/// The value below which `percent` of `values` lie.
pub(crate) fn percentile(values: &mut [f64], percent: usize) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let at = values.len() * percent / 100;
    values.get(at.min(values.len().saturating_sub(1))).copied()
}

/// A duration in microseconds.
pub(crate) fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}
