//! Reads millions of damaged photos: none may panic or take long. Run by hand
//! or on a schedule, since it takes minutes: `cloudalbum-bench mutation`.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::ensure;
use metadata_worker::extract::{Original, extract};

use crate::figure::{self, micros};
use crate::metadata::{PHOTOS, fetch, photos};

const INPUTS: u64 = 10_000_000;
/// Damage goes where metadata is.
const HEAD: usize = 64 * 1024;
const LONGEST: Duration = Duration::from_millis(50);

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
        let edits: Vec<(usize, u8)> = (0..=random.below(8))
            .map(|_| (random.below(photo.len().clamp(1, HEAD)), random.byte()))
            .collect();
        let undo: Vec<(usize, u8)> = edits
            .iter()
            .filter_map(|&(at, byte)| {
                let slot = photo.get_mut(at)?;
                Some((at, std::mem::replace(slot, byte)))
            })
            .collect();
        let start = Instant::now();
        if input % 16 == 0 {
            std::hint::black_box(fetch(photo));
        } else {
            std::hint::black_box(extract(&Original::whole(photo)));
        }
        let took = start.elapsed();
        longest = longest.max(took);
        slow += u32::from(took > LONGEST);
        for &(at, byte) in undo.iter().rev() {
            if let Some(slot) = photo.get_mut(at) {
                *slot = byte;
            }
        }
    }
    figure::print("metadata.mutation_longest_us", micros(longest), "us");
    figure::print("metadata.mutation_slow_inputs", slow.into(), "inputs");
    Ok(())
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

    fn byte(&mut self) -> u8 {
        let [byte, kind, ..] = self.next().to_le_bytes();
        match kind % 4 {
            0 => 0,
            1 => 0xff,
            _ => byte,
        }
    }
}
