//! Manifests of 1,000 entries, new and stored, by a service of its own process,
//! and what goes over its wires while 1,000 photos are sent.

use std::time::Instant;

use anyhow::{Context as _, ensure};
use cloudalbum_domain::wire::{EntryAnswer, Manifest, ManifestAnswer};
use reqwest::Method;

use super::service::Service;
use super::units;
use crate::album::{Person, Process, distinct, entry, small};
use crate::figure::{self, percentile};
use crate::pipeline::Load;

const ENTRIES: u32 = 1_000;
const ROUNDS: u32 = 30;
/// How much of a photo's pixels the taps look for.
const MARK: usize = 32;

/// Prints all of it.
pub(crate) async fn measure() -> anyhow::Result<()> {
    let photo = small()?;
    let middle = photo.len() / 2;
    let mark = photo.get(middle..middle + MARK).context("a small photo")?;
    let album = Process::start(&[("TRACE_EXPORT", "none")])?;
    let ann = Person::new(&album, "ann@example.com").await?;
    let service = Service::start(&album, mark).await?;
    let ann = ann.calling(service.base());

    ann.announce(&[mark.to_vec()]).await?;
    let to_find_none = units::to_read(&album).await?;
    let to_grant = units::to_grant(&album).await?;

    let photos: Vec<_> = (0..ENTRIES)
        .map(|number| distinct(&photo, number))
        .collect::<anyhow::Result<_>>()?;
    service.front.take()?;
    service.store.take()?;
    Load::run(&album, &ann, photos.clone()).await?;
    let (front, store) = (service.front.take()?, service.store.take()?);
    let sum: usize = photos.iter().map(Vec::len).sum();
    let kilobytes = u32::try_from(sum / 1_000)?;
    for (name, kilobytes) in [
        ("api.wire.photos", kilobytes),
        ("api.wire.to_the_store", store.kilobytes),
        ("api.wire.to_the_service", front.kilobytes),
    ] {
        figure::print(name, f64::from(kilobytes) / 1e3, "MB");
    }
    for (name, found) in [
        ("api.wire.photos_at_the_store", store.found),
        ("api.wire.photos_at_the_service", front.found),
    ] {
        figure::print(name, f64::from(found), "photos");
    }

    let entries = (0..)
        .zip(&photos)
        .map(|(number, bytes)| entry(number, bytes));
    let stored = Manifest {
        photos: entries.collect(),
    };
    let manifests = (0..ROUNDS).map(|_| stored.clone()).collect();
    let is_stored = |answer: &EntryAnswer| matches!(answer, EntryAnswer::Stored { .. });
    Rounds::run(&album, &service, &ann, manifests, is_stored)
        .await?
        .print("stored")?;
    let to_find = units::to_read(&album).await?;

    let manifests = (1..=ROUNDS).map(|round| {
        let numbers = round * ENTRIES..(round + 1) * ENTRIES;
        let photos = numbers.map(|number| entry(number, &number.to_be_bytes()));
        Manifest {
            photos: photos.collect(),
        }
    });
    let is_new = |answer: &EntryAnswer| matches!(answer, EntryAnswer::Upload { .. });
    Rounds::run(&album, &service, &ann, manifests.collect(), is_new)
        .await?
        .print("new")?;
    for (name, units) in [
        ("api.manifest_1000.stored.read", to_find),
        ("api.manifest_1000.new.read", to_find_none),
        ("api.manifest_1000.new.write", to_grant),
    ] {
        figure::print(name, units * f64::from(ENTRIES), "units");
    }
    figure::print("api.service.peak", service.usage()?.peak, "MB");
    Ok(())
}

/// What came of posting manifests one after the other.
struct Rounds {
    /// How long each took, in milliseconds.
    times: Vec<f64>,
    /// Calls of DynamoDB.
    calls: u32,
    /// Processor time of the service, in seconds.
    service: f64,
    /// Processor time of the engines, in seconds.
    engines: f64,
}

impl Rounds {
    async fn run(
        album: &Process,
        service: &Service,
        ann: &Person,
        manifests: Vec<Manifest>,
        right: impl Fn(&EntryAnswer) -> bool,
    ) -> anyhow::Result<Self> {
        let mut times = Vec::new();
        let before = (service.usage()?.cpu, album.usage()?.cpu);
        service.engines.take()?;
        for manifest in manifests {
            let begin = Instant::now();
            let call = ann.call(Method::POST, "v1/uploads").json(&manifest);
            let answer = call.send().await?.error_for_status()?;
            let answer: ManifestAnswer = answer.json().await?;
            times.push(begin.elapsed().as_secs_f64() * 1e3);
            ensure!(answer.photos.iter().all(&right), "an unexpected answer");
        }
        Ok(Self {
            times,
            calls: service.engines.take()?.found,
            service: service.usage()?.cpu - before.0,
            engines: album.usage()?.cpu - before.1,
        })
    }

    fn print(mut self, kind: &str) -> anyhow::Result<()> {
        let rounds = f64::from(ROUNDS);
        let figure = |what: &str, value: f64, unit: &str| {
            figure::print(&format!("api.manifest_1000.{kind}.{what}"), value, unit);
        };
        for percent in [50, 99] {
            let took = percentile(&mut self.times, percent).context("no round")?;
            figure(&format!("p{percent}"), took, "ms");
        }
        figure("dynamodb_calls", f64::from(self.calls) / rounds, "calls");
        figure("cpu_of_the_service", self.service * 1e3 / rounds, "ms");
        figure("cpu_of_the_engines", self.engines * 1e3 / rounds, "ms");
        Ok(())
    }
}
