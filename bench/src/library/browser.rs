//! The page in a browser, with an album of a lifetime and by Lighthouse: scripts of the web app's
//! look at it and print their figures.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use cloudalbum_domain::wire::Me;
use tokio::runtime::Builder;

use super::OWN;
use super::photos::Life;
use crate::album::{PASSWORD, Person, Process};
use crate::figure;

const EMAIL: &str = "ann@example.com";

/// Looks at an album of [`OWN`] photos.
pub(crate) fn run() -> anyhow::Result<()> {
    look("library.mjs", OWN)
}

/// Lets Lighthouse look at an album to which the script uploads its own photos.
pub(crate) fn lighthouse() -> anyhow::Result<()> {
    look("lighthouse.mjs", 0)
}

fn look(script: &str, photos: u32) -> anyhow::Result<()> {
    let web = Path::new(env!("CARGO_MANIFEST_DIR")).join("../web");
    let page = web.join("dist");
    ensure!(page.exists(), "there is no page: `make web` builds it");
    let page = page.to_str().context("the path is no text")?;
    let album = Process::start(&[("WEB_DIR", page)])?;
    Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(fill(&album, photos))?;
    let mut script = Command::new("node")
        .arg(web.join("e2e").join(script))
        .args([&*album.app, EMAIL, PASSWORD])
        .stdout(Stdio::piped())
        .spawn()?;
    let told = script.stdout.take().context("no standard output")?;
    for line in BufReader::new(told).lines() {
        let line = line?;
        let words: Vec<&str> = line.split(' ').collect();
        if let ["figure", name, value, unit] = *words {
            figure::print(name, value.parse()?, unit);
        }
    }
    let status = script.wait()?;
    ensure!(status.success(), "the browser failed: {status}");
    Ok(())
}

async fn fill(album: &Process, photos: u32) -> anyhow::Result<()> {
    let ann = Person::new(album, EMAIL).await?;
    let me: Me = ann.get("v1/me").await?;
    let life = Life::of(&me.id.parse()?, photos)?;
    Ok(album.table().await?.load(&life.photos).await?)
}
