//! The boxes of the ISO base media file format (ISO/IEC 14496-12).

use super::original::{Original, Stop};

/// One box: its type and the range of its body.
#[derive(Clone, Copy, Debug)]
pub(super) struct Box {
    pub(super) kind: [u8; 4],
    pub(super) body: u64,
    pub(super) end: u64,
}

impl Box {
    /// How long the body is.
    pub(super) fn length(&self) -> u64 {
        self.end - self.body
    }

    /// The body, if it is no longer than `limit`.
    pub(super) fn bytes<'a>(
        &self,
        original: &'a Original<'_>,
        limit: usize,
    ) -> Result<&'a [u8], Stop> {
        let length = usize::try_from(self.length()).map_err(|_| Stop::Malformed)?;
        if length > limit {
            return Err(Stop::Malformed);
        }
        original.get(self.body, length)
    }
}

/// The box at `at`, which ends at `end` at the latest; none at the end.
pub(super) fn read(original: &Original<'_>, at: u64, end: u64) -> Result<Option<Box>, Stop> {
    if at >= end {
        return Ok(None);
    }
    let [s1, s2, s3, s4, kind @ ..] = original.array::<8>(at)?;
    let (header, length) = match u32::from_be_bytes([s1, s2, s3, s4]) {
        0 => (8, end - at),
        1 => (16, u64::from_be_bytes(original.array(at + 8)?)),
        length => (8, length.into()),
    };
    if length < header {
        return Err(Stop::Malformed);
    }
    let box_end = at.checked_add(length).ok_or(Stop::Malformed)?.min(end);
    let body = at + header;
    if body > box_end {
        return Err(Stop::Malformed);
    }
    Ok(Some(Box {
        kind,
        body,
        end: box_end,
    }))
}

/// The boxes inside `start..end`, up to the first that makes no sense.
pub(super) fn within(
    original: &Original<'_>,
    start: u64,
    end: u64,
) -> impl Iterator<Item = Result<Box, Stop>> {
    let mut at = start;
    std::iter::from_fn(move || match read(original, at, end) {
        Ok(found) => {
            let found = found?;
            at = found.end;
            Some(Ok(found))
        }
        Err(stop) => {
            at = end;
            Some(Err(stop))
        }
    })
}
