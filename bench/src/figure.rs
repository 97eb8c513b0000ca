//! The figures that a benchmark prints.

use std::time::Duration;

/// Prints one figure.
#[expect(clippy::print_stdout, reason = "figures are what a benchmark prints")]
pub(crate) fn print(name: &str, value: f64, unit: &str) {
    println!("figure {name} {value:.3} {unit}");
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
