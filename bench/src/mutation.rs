//! Works on damaged photos: none may panic or take long. Run by hand or on a
//! schedule, since it takes minutes: `cloudalbum-bench mutation` reads the
//! metadata of ten million, `cloudalbum-bench spoil MINUTES` renders as many as
//! the time allows.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{bail, ensure};
use cloudalbum_extract::{Original, extract};

use crate::figure::{self, micros};
use crate::metadata::{PHOTOS, fetch, photos};
use cloudalbum_domain::Recipe;
use cloudalbum_render::{Budget, render};

const INPUTS: u64 = 10_000_000;
/// Damage goes where metadata is.
const HEAD: usize = 64 * 1024;
/// Larger photos take too long to render millions of times.
const SMALL: usize = 100_000;
const LONGEST: Duration = Duration::from_millis(50);
/// How often an input that took longer is tried again.
const REPEATS: u32 = 8;

pub(crate) fn run() -> anyhow::Result<()> {
    let mut photos: Vec<Vec<u8>> = photos(Path::new(PHOTOS))?
        .into_iter()
        .map(|(_, mut bytes)| {
            bytes.truncate(4 * HEAD);
            bytes
        })
        .collect();
    ensure!(!photos.is_empty(), "there are no photos to damage");
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut longest = Duration::ZERO;
    let mut slow = 0_u32;
    for input in 0..INPUTS {
        let at = random.below(photos.len());
        let Some(photo) = photos.get_mut(at) else {
            continue;
        };
        let undo = random.damage(photo);
        let once = || {
            let start = Instant::now();
            if input % 16 == 0 {
                std::hint::black_box(fetch(photo));
            } else {
                std::hint::black_box(extract(&Original::whole(photo)));
            }
            start.elapsed()
        };
        let mut took = once();
        // A busy machine takes the core away; what the input costs shows in a better try.
        for _ in 0..REPEATS {
            if took > LONGEST {
                took = took.min(once());
            }
        }
        longest = longest.max(took);
        slow += u32::from(took > LONGEST);
        mend(photo, &undo);
    }
    figure::print("metadata.mutation_longest_us", micros(longest), "us");
    figure::print("metadata.mutation_slow_inputs", slow.into(), "inputs");
    let peak = crate::thumbnails::peak_mb()?;
    figure::print("metadata.mutation_inputs_million", 10.0, "million");
    figure::print("metadata.mutation_peak_mb", peak, "MB");
    Ok(())
}

/// Renders damaged photos for some minutes. The longest run of one and the peak
/// of the process say whether the budget holds.
pub(crate) fn spoil(arguments: &[String]) -> anyhow::Result<()> {
    let [minutes] = arguments else {
        bail!("spoil MINUTES");
    };
    let end = Instant::now() + Duration::from_secs(60 * minutes.parse::<u64>()?);
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz/corpus/render");
    let mut photos: Vec<Vec<u8>> = photos(Path::new(PHOTOS))?
        .into_iter()
        .map(|(_, bytes)| bytes)
        .filter(|bytes| bytes.len() < SMALL)
        .collect();
    // The smallest are quickly done and reach the decoders' corners.
    for _ in 0..8 {
        photos.extend(
            self::photos(Path::new(corpus))?
                .into_iter()
                .map(|(_, bytes)| bytes),
        );
    }
    ensure!(!photos.is_empty(), "there are no photos to damage");
    let recipe = Recipe::default();
    let budget = Budget {
        pixels: 4_000_000,
        memory: 64 << 20,
        ..Budget::default()
    };
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let (mut inputs, mut shown, mut longest) = (0_u32, 0_u32, Duration::ZERO);
    while Instant::now() < end {
        let at = random.below(photos.len());
        let Some(photo) = photos.get_mut(at) else {
            continue;
        };
        let undo = random.damage(photo);
        let start = Instant::now();
        let made = render(photo, &recipe, &budget);
        longest = longest.max(start.elapsed());
        inputs += 1;
        if let Ok(made) = made {
            shown += 1;
            ensure!(
                made.renditions.len() == recipe.sizes.len(),
                "a size is missing"
            );
        }
        mend(photo, &undo);
    }
    figure::print("thumbnails.mutation_inputs", inputs.into(), "inputs");
    figure::print("thumbnails.mutation_shown", shown.into(), "inputs");
    figure::print("thumbnails.mutation_longest_us", micros(longest), "us");
    figure::print(
        "thumbnails.mutation_peak_mb",
        crate::thumbnails::peak_mb()?,
        "MB",
    );
    Ok(())
}

/// Puts back what [`Random::damage`] overwrote.
fn mend(photo: &mut [u8], undo: &[(usize, u8)]) {
    for &(at, byte) in undo.iter().rev() {
        if let Some(slot) = photo.get_mut(at) {
            *slot = byte;
        }
    }
}

/// Xorshift: the same damage in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        let limit = limit.max(1) as u64;
        usize::try_from(self.next() % limit).unwrap_or(0)
    }

    /// Overwrites a few bytes of the head; what they were, in order.
    fn damage(&mut self, photo: &mut [u8]) -> Vec<(usize, u8)> {
        let edits: Vec<(usize, u8)> = (0..=self.below(8))
            .map(|_| (self.below(photo.len().clamp(1, HEAD)), self.byte()))
            .collect();
        edits
            .iter()
            .filter_map(|&(at, byte)| {
                let slot = photo.get_mut(at)?;
                Some((at, std::mem::replace(slot, byte)))
            })
            .collect()
    }

    fn byte(&mut self) -> u8 {
        let [byte, kind, ..] = self.next().to_le_bytes();
        match kind % 4 {
            0 => 0,
            1 => 0xff,
            _ => byte,
        }
    }
}
