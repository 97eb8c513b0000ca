//! Walks the segments of a JPEG file (ITU-T T.81, annex B) without decoding it.

/// What the segments say about a file.
#[derive(Debug, Default)]
pub(super) struct Segments<'a> {
    /// The TIFF part of the first EXIF segment.
    pub(super) exif: Option<&'a [u8]>,
    /// The ICC profile, put together from its chunks.
    pub(super) icc: Option<Vec<u8>>,
    /// Whether inks are stored inverted, as Adobe does.
    pub(super) adobe: bool,
    /// Luma and chroma sampling factors, across and down, in the frame's order.
    pub(super) sampling: Vec<(u8, u8)>,
    pub(super) scans: u32,
}

const EXIF: &[u8] = b"Exif\0\0";
const ICC: &[u8] = b"ICC_PROFILE\0";
const ADOBE: &[u8] = b"Adobe";
/// Real profiles are a few kilobytes, those of printers up to a few megabytes.
const LARGEST_PROFILE: usize = 8 << 20;

impl<'a> Segments<'a> {
    /// Reads until the end of the picture, or as far as the file makes sense.
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        let mut found = Self::default();
        let mut profile = Vec::new();
        let mut rest = bytes.get(2..).unwrap_or_default();
        while let Some((marker, after)) = next_marker(rest) {
            rest = after;
            match marker {
                0xD9 => break,
                // Markers without a length: TEM, RSTn and a stray SOI.
                0x01 | 0xD0..=0xD8 => continue,
                _ => {}
            }
            let Some((payload, after)) = segment(rest) else {
                break;
            };
            rest = after;
            match marker {
                0xE1 if found.exif.is_none() => found.exif = payload.strip_prefix(EXIF),
                0xE2 => profile.extend(payload.strip_prefix(ICC)),
                0xEE => found.adobe |= payload.starts_with(ADOBE),
                0xC0..=0xCF if !matches!(marker, 0xC4 | 0xC8 | 0xCC) => {
                    found.sampling = sampling(payload);
                }
                0xDA => found.scans = found.scans.saturating_add(1),
                _ => {}
            }
        }
        found.icc = assemble(profile);
        found
    }

    /// Samples per pixel over all components, times 4, rounded up.
    pub(super) fn samples_per_four_pixels(&self) -> u64 {
        let most = |factor: fn(&(u8, u8)) -> u8| self.sampling.iter().map(factor).max();
        let (Some(across), Some(down)) = (most(|s| s.0), most(|s| s.1)) else {
            return 12;
        };
        let block = u64::from(across) * u64::from(down);
        let samples: u64 = self
            .sampling
            .iter()
            .map(|(h, v)| u64::from(*h) * u64::from(*v))
            .sum();
        (samples * 4).div_ceil(block.max(1))
    }
}

/// Skips entropy-coded data and fill bytes up to the next marker.
fn next_marker(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let mut rest = bytes;
    loop {
        let at = memchr::memchr(0xFF, rest)?;
        match rest.get(at + 1)? {
            0x00 | 0xFF => rest = rest.get(at + 1..)?,
            marker => return Some((*marker, rest.get(at + 2..)?)),
        }
    }
}

/// Splits off the payload that the two length bytes announce.
fn segment(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, _) = bytes.split_first_chunk::<2>()?;
    let (payload, rest) = bytes.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    Some((payload.get(2..)?, rest))
}

/// The sampling factors of a frame header (T.81, B.2.2).
fn sampling(frame: &[u8]) -> Vec<(u8, u8)> {
    let components = frame.get(6..).unwrap_or_default().as_chunks::<3>().0;
    components
        .iter()
        .take(4)
        .map(|[_, factors, _]| ((factors >> 4).clamp(1, 4), (factors & 15).clamp(1, 4)))
        .collect()
}

/// Orders the chunks by their numbers (ICC.1:2022, annex B.4).
fn assemble(mut chunks: Vec<&[u8]>) -> Option<Vec<u8>> {
    chunks.sort_by_key(|chunk| chunk.first().copied());
    let total = chunks.first()?.get(1).copied()?;
    let bytes: usize = chunks.iter().map(|chunk| chunk.len()).sum();
    let complete = chunks.len() == usize::from(total)
        && (1..=total)
            .zip(&chunks)
            .all(|(number, chunk)| chunk.first() == Some(&number));
    if !complete || bytes > LARGEST_PROFILE {
        return None;
    }
    Some(
        chunks
            .iter()
            .flat_map(|chunk| chunk.get(2..).unwrap_or_default())
            .copied()
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(segments: &[(u8, &[u8])]) -> Vec<u8> {
        let mut bytes = vec![0xFF, 0xD8];
        for (marker, payload) in segments {
            bytes.extend([0xFF, *marker]);
            bytes.extend(u16::try_from(payload.len() + 2).unwrap().to_be_bytes());
            bytes.extend(*payload);
        }
        bytes
    }

    #[test]
    fn joins_profile_chunks_in_their_order() {
        let bytes = file(&[
            (0xE2, b"ICC_PROFILE\0\x02\x02bc"),
            (0xE2, b"ICC_PROFILE\0\x01\x02a"),
        ]);
        assert_eq!(Segments::of(&bytes).icc.as_deref(), Some(&b"abc"[..]));
        let incomplete = file(&[(0xE2, b"ICC_PROFILE\0\x02\x02bc")]);
        assert_eq!(Segments::of(&incomplete).icc, None);
    }

    #[test]
    fn counts_scans_and_ignores_markers_inside_segments() {
        let mut bytes = file(&[
            (0xE1, b"Exif\0\0II*\0\xFF\xDA\xFF\xDA"),
            (
                0xC2,
                &[8, 0, 1, 0, 1, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1],
            ),
            (0xDA, b"\0"),
        ]);
        bytes.extend([1, 2, 0xFF, 0, 3, 0xFF, 0xD0, 4]);
        bytes.extend(&file(&[(0xDA, b"\0")])[2..]);
        bytes.extend([0xFF, 0xD9]);
        bytes.extend(&file(&[(0xDA, b"\0")])[2..]);
        let found = Segments::of(&bytes);
        assert_eq!(found.scans, 2);
        assert_eq!(found.exif, Some(&b"II*\0\xFF\xDA\xFF\xDA"[..]));
        assert_eq!(found.samples_per_four_pixels(), 6);
    }
}
