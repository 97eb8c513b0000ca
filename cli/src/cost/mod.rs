//! What an album costs on AWS, before there is one.

mod bill;
mod prices;

use std::str::FromStr;

use anyhow::ensure;
use serde_json::json;

use crate::terminal::Terminal;
use bill::Workload;

/// How much is to be kept.
#[derive(clap::Args)]
pub(crate) struct CostArgs {
    /// How many photos, as `1e6` or `250000`.
    #[arg(long, default_value = "1e6")]
    photos: f64,
    /// How large one is, as `4MB` or `350kB`.
    #[arg(long, default_value = "4MB")]
    size: Size,
    /// The share of photos that is traced.
    #[arg(long, default_value_t = 0.05)]
    trace_ratio: f64,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(given: &CostArgs, terminal: &Terminal) -> anyhow::Result<()> {
    ensure!(
        given.photos.is_finite() && given.photos >= 0.0,
        "--photos is a number of photos"
    );
    ensure!(
        (0.0..=1.0).contains(&given.trace_ratio),
        "--trace-ratio is from 0 to 1"
    );
    let lines = bill::bill(Workload {
        photos: given.photos,
        bytes: given.size.0,
        trace_ratio: given.trace_ratio,
    });
    let sum = |monthly| -> f64 {
        let of = lines.iter().filter(|line| line.monthly == monthly);
        of.map(|line| line.usd).sum()
    };
    let (once, monthly) = (sum(false), sum(true));
    if given.json {
        let bill = json!({ "lines": lines, "once_usd": once, "monthly_usd": monthly });
        terminal.line(format_args!("{bill}"));
        return Ok(());
    }
    for line in &lines {
        let per = if line.monthly { "a month" } else { "once" };
        terminal.line(format_args!(
            "{:<38}{:>12.2} {:<14}{:>10.2} USD {per}",
            line.what, line.quantity, line.unit, line.usd
        ));
    }
    terminal.line(format_args!(
        "{:<65}{once:>10.2} USD once\n{:<65}{monthly:>10.2} USD a month",
        "together", ""
    ));
    Ok(())
}

/// Bytes, written with a unit.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Size(f64);

impl FromStr for Size {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = "is a size such as 4MB, 350kB or 1.5MiB";
        let end = text.find(|c: char| c.is_ascii_alphabetic());
        let (number, unit) = text.split_at(end.unwrap_or(text.len()));
        let factor = match unit {
            "" | "B" => 1.0,
            "kB" | "KB" => 1e3,
            "MB" => 1e6,
            "GB" => 1e9,
            "KiB" => 1024.0,
            "MiB" => 1024.0 * 1024.0,
            _ => return Err(bad),
        };
        let number: f64 = number.trim().parse().map_err(|_| bad)?;
        if number.is_finite() && number >= 0.0 {
            Ok(Self(number * factor))
        } else {
            Err(bad)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        for (text, bytes) in [
            ("4MB", 4e6),
            ("350kB", 350e3),
            ("1.5MiB", 1_572_864.0),
            ("7", 7.0),
        ] {
            assert_eq!(text.parse(), Ok(Size(bytes)), "{text}");
        }
        for text in ["", "MB", "-1MB", "4 photos", "nanMB", "1e999"] {
            assert!(text.parse::<Size>().is_err(), "{text}");
        }
    }
}
