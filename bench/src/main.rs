//! Benchmarks beside peers: `cloudalbum-bench [SUBJECT…]`, all without one.
//!
//! One line per figure on standard output: `figure <name> <value> <unit>`, and
//! the latest of each in `bench/results.json`.

mod agreement;
mod album;
mod api;
mod figure;
mod library;
mod metadata;
mod mutation;
mod pipeline;
mod places;
mod plot;
mod scale;
mod sheet;
mod sight;
mod thumbnails;
mod truth;

use std::path::Path;

use anyhow::bail;

fn main() -> anyhow::Result<()> {
    let mut subjects: Vec<String> = std::env::args().skip(1).collect();
    match subjects.split_first() {
        Some((mode, rest)) if mode == "once" => return thumbnails::once(rest),
        Some((mode, rest)) if mode == "make" => return thumbnails::make(rest),
        Some((mode, rest)) if mode == "sheet" => return sheet::run(rest),
        Some((mode, rest)) if mode == "spoil" => return mutation::spoil(rest),
        Some((mode, rest)) if mode == "flushes" => return sight::flushes(rest),
        Some((mode, rest)) if mode == "floor" => return thumbnails::floor(rest),
        _ => {}
    }
    if subjects.is_empty() {
        subjects = [
            "metadata",
            "places",
            "thumbnails",
            "api",
            "pipeline",
            "sight",
            "scale",
            "quality",
            "library",
            "browser",
            "lighthouse",
            "recovery",
            "mutation",
            "crowd",
            "hour",
        ]
        .map(str::to_owned)
        .to_vec();
    }
    for subject in subjects {
        match subject.as_str() {
            "api" => api::run()?,
            "crowd" => truth::crowd()?,
            "hour" => truth::hour()?,
            "library" => library::run()?,
            "browser" => library::browser::run()?,
            "lighthouse" => library::browser::lighthouse()?,
            "metadata" => metadata::run()?,
            "pipeline" => pipeline::run()?,
            "places" => places::run()?,
            "scale" => scale::run(),
            "sight" => sight::run()?,
            "thumbnails" => thumbnails::run()?,
            "recovery" => truth::recovery()?,
            "quality" => thumbnails::quality()?,
            "mutation" => mutation::run()?,
            other => bail!("no benchmark is called {other}"),
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let results = root.join("results.json");
    figure::save(&results)?;
    plot::draw(&results, &root.join("../docs/images/performance.svg"))
}
