//! The bytes of an original that have been fetched so far.

use std::borrow::Cow;
use std::ops::Range;

/// The first request: enough for nearly every JPEG.
pub const HEAD: u64 = 128 * 1024;
/// Later requests come in whole blocks.
const BLOCK: u64 = 64 * 1024;
/// How many requests follow the first before the whole file is asked for.
const MORE_REQUESTS: u32 = 8;
/// The whole file is asked for up to here; what lies behind stays unknown.
const WHOLE: u64 = 32 * 1024 * 1024;

/// Why a parser cannot go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// These bytes have to be fetched first.
    Need(Range<u64>),
    /// The file ends, lies or makes no sense here.
    Malformed,
}

/// A file of a known length of which some parts are held.
///
/// Parsers read it as if it were whole and stop with the range that they miss,
/// so that they stay plain functions while the caller fetches as it likes.
#[derive(Clone, Debug)]
pub struct Original<'a> {
    length: u64,
    /// Sorted, apart from each other.
    parts: Vec<Part<'a>>,
    requests: u32,
    bytes_read: u64,
}

#[derive(Clone, Debug)]
struct Part<'a> {
    start: u64,
    bytes: Cow<'a, [u8]>,
}

impl Part<'_> {
    fn end(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }
}

impl<'a> Original<'a> {
    /// A file of `length` bytes of which nothing is held yet.
    pub fn new(length: u64) -> Self {
        Self {
            length,
            parts: Vec::new(),
            requests: 0,
            bytes_read: 0,
        }
    }

    /// A file that is held whole.
    pub fn whole(bytes: &'a [u8]) -> Self {
        let mut original = Self::new(bytes.len() as u64);
        original.add(0, bytes);
        original
    }

    /// How many bytes have been added, a measure of what was fetched.
    pub fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// The range to fetch before anything is known.
    pub fn head(&self) -> Range<u64> {
        0..self.length.min(HEAD)
    }

    /// Adds bytes that were fetched from `start` on.
    pub fn add(&mut self, start: u64, bytes: impl Into<Cow<'a, [u8]>>) {
        let bytes = bytes.into();
        self.requests += 1;
        self.bytes_read += bytes.len() as u64;
        if bytes.is_empty() {
            // The file ends before it said it would.
            self.length = self.length.min(start);
            return;
        }
        let end = start.saturating_add(bytes.len() as u64);
        self.parts
            .retain(|part| part.start < start || part.end() > end);
        let at = self.parts.partition_point(|part| part.start < start);
        self.parts.insert(at, Part { start, bytes });
        self.join();
    }

    /// Joins parts that touch or overlap.
    fn join(&mut self) {
        let mut joined: Vec<Part<'a>> = Vec::with_capacity(self.parts.len());
        for part in self.parts.drain(..) {
            match joined.last_mut() {
                Some(last) if last.end() >= part.start => {
                    let known = usize::try_from(last.end() - part.start).unwrap_or(usize::MAX);
                    if let Some(rest) = part.bytes.get(known..) {
                        last.bytes.to_mut().extend_from_slice(rest);
                    }
                }
                _ => joined.push(part),
            }
        }
        self.parts = joined;
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// The bytes from `start` on, `count` of them.
    pub(super) fn get(&self, start: u64, count: usize) -> Result<&[u8], Stop> {
        let end = start.checked_add(count as u64).ok_or(Stop::Malformed)?;
        if end > self.length {
            return Err(Stop::Malformed);
        }
        if count == 0 {
            return Ok(&[]);
        }
        let after = self.parts.partition_point(|part| part.start <= start);
        let part = after.checked_sub(1).and_then(|at| self.parts.get(at));
        let held = part.and_then(|part| {
            let from = usize::try_from(start - part.start).ok()?;
            part.bytes.get(from..from.checked_add(count)?)
        });
        held.ok_or_else(|| self.missing(start, end))
    }

    /// Like [`get`](Self::get), cut off where the file ends.
    pub(super) fn up_to(&self, start: u64, count: usize) -> Result<&[u8], Stop> {
        let left = self.length.saturating_sub(start);
        self.get(start, usize::try_from(left).unwrap_or(count).min(count))
    }

    pub(super) fn array<const N: usize>(&self, start: u64) -> Result<[u8; N], Stop> {
        let bytes = self.get(start, N)?;
        bytes.try_into().map_err(|_| Stop::Malformed)
    }

    /// What to fetch next so that `start..end` can be read in the end.
    fn missing(&self, start: u64, end: u64) -> Stop {
        if self.requests > MORE_REQUESTS + 1 {
            return Stop::Malformed;
        }
        if self.requests == MORE_REQUESTS + 1 {
            let rest = self.first_gap()..self.length.min(WHOLE);
            return if rest.is_empty() {
                Stop::Malformed
            } else {
                Stop::Need(rest)
            };
        }
        let held = |at: u64| {
            self.parts
                .iter()
                .find(|part| part.start <= at && at < part.end())
        };
        let from = held(start).map_or(start / BLOCK * BLOCK, Part::end);
        let to = end.div_ceil(BLOCK).saturating_mul(BLOCK).min(self.length);
        Stop::Need(from..to.min(from.saturating_add(WHOLE)))
    }

    fn first_gap(&self) -> u64 {
        match self.parts.first() {
            Some(part) if part.start == 0 => part.end(),
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn asks_for_whole_blocks_of_what_it_misses() {
        let mut original = Original::new(1_000_000);
        assert_eq!(original.head(), 0..HEAD);
        original.add(0, vec![7; 131_072]);
        assert_eq!(original.get(131_000, 72).unwrap(), [7; 72]);
        assert_eq!(
            original.get(131_000, 100),
            Err(Stop::Need(131_072..196_608))
        );
        assert_eq!(original.get(500_000, 4), Err(Stop::Need(458_752..524_288)));
        assert_eq!(original.get(999_999, 2), Err(Stop::Malformed));
        assert_eq!(original.get(u64::MAX, 2), Err(Stop::Malformed));
    }

    #[test]
    fn after_eight_more_requests_the_rest_is_asked_for_once() {
        let mut original = Original::new(10_000_000);
        for request in 0..9 {
            assert!(matches!(original.get(9_000_000, 1), Err(Stop::Need(_))));
            original.add(request * BLOCK, vec![0; 65_536]);
        }
        let rest = 9 * BLOCK..10_000_000;
        assert_eq!(original.get(9_000_000, 1), Err(Stop::Need(rest)));
        original.add(9 * BLOCK, vec![0; 10]);
        assert_eq!(original.get(9_000_000, 1), Err(Stop::Malformed));
    }

    #[test]
    fn a_file_shorter_than_it_said_ends() {
        let mut original = Original::new(1_000);
        original.add(0, vec![1; 100]);
        original.add(100, Vec::new());
        assert_eq!(original.get(99, 2), Err(Stop::Malformed));
        assert_eq!(original.up_to(90, 50).unwrap().len(), 10);
    }

    proptest! {
        #[test]
        fn parts_in_any_order_read_as_the_file(
            file in proptest::collection::vec(any::<u8>(), 1..300),
            cuts in proptest::collection::vec((0_usize..300, 0_usize..100), 0..8),
            (start, count) in (0_usize..300, 0_usize..100),
        ) {
            let mut original = Original::new(file.len() as u64);
            for (start, count) in cuts {
                let start = start.min(file.len() - 1);
                let end = (start + count + 1).min(file.len());
                original.add(start as u64, file[start..end].to_vec());
            }
            match original.get(start as u64, count) {
                Ok(bytes) => prop_assert_eq!(bytes, &file[start..start + count]),
                Err(Stop::Malformed) => prop_assert!(start + count > file.len()),
                Err(Stop::Need(range)) => {
                    prop_assert!(range.start < range.end && range.end <= file.len() as u64);
                }
            }
        }
    }
}
