//! Extended XMP: what does not fit into one segment of a JPEG (ISO 16684-3, 6.2).

/// Longer ones hold depth maps and other pictures, not words.
const LONGEST: usize = 64 * 1024;
/// Writers fill a segment before they begin the next.
const MOST: usize = 64;

/// The portions found so far, in the order of the file.
#[derive(Debug, Default)]
pub(super) struct Extended(Vec<Portion>);

#[derive(Debug)]
struct Portion {
    /// Names the packet that it belongs to.
    guid: [u8; 32],
    total: usize,
    offset: usize,
    bytes: Vec<u8>,
}

impl Extended {
    /// Keeps a segment's payload behind its signature, unless it is too long.
    pub(super) fn add(&mut self, payload: &[u8]) {
        let held: usize = self.0.iter().map(|portion| portion.bytes.len()).sum();
        if let Some(portion) = portion(payload)
            && self.0.len() < MOST
            && !portion.bytes.is_empty()
            && portion.total <= LONGEST
            && held + portion.bytes.len() <= LONGEST
        {
            self.0.push(portion);
        }
    }

    /// The packet that `main` names, if every byte of it is there once.
    pub(super) fn of(&self, main: &[u8]) -> Option<Vec<u8>> {
        let named = |portion: &&Portion| main.windows(32).any(|part| part == portion.guid);
        let first = self.0.iter().find(named)?;
        let mut own: Vec<&Portion> = self
            .0
            .iter()
            .filter(|portion| portion.guid == first.guid)
            .collect();
        own.sort_by_key(|portion| portion.offset);
        let mut packet = Vec::with_capacity(first.total);
        for portion in own {
            if portion.offset != packet.len() {
                return None;
            }
            packet.extend_from_slice(&portion.bytes);
        }
        (packet.len() == first.total).then_some(packet)
    }
}

fn portion(payload: &[u8]) -> Option<Portion> {
    let (guid, rest) = payload.split_first_chunk()?;
    let (total, rest) = rest.split_first_chunk()?;
    let (offset, bytes) = rest.split_first_chunk()?;
    let size = |bytes: &[u8; 4]| usize::try_from(u32::from_be_bytes(*bytes)).ok();
    Some(Portion {
        guid: *guid,
        total: size(total)?,
        offset: size(offset)?,
        bytes: bytes.to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUID: &[u8; 32] = b"0123456789ABCDEF0123456789ABCDEF";

    fn payload(total: u32, offset: u32, bytes: &[u8]) -> Vec<u8> {
        [
            &GUID[..],
            &total.to_be_bytes(),
            &offset.to_be_bytes(),
            bytes,
        ]
        .concat()
    }

    fn packet(portions: &[Vec<u8>], main: &[u8]) -> Option<Vec<u8>> {
        let mut extended = Extended::default();
        for portion in portions {
            extended.add(portion);
        }
        extended.of(main)
    }

    #[test]
    fn portions_are_put_together_by_their_offsets() {
        let portions = [payload(6, 3, b"def"), payload(6, 0, b"abc")];
        assert_eq!(packet(&portions, GUID).as_deref(), Some(&b"abcdef"[..]));
        assert_eq!(packet(&portions, b"names another"), None);
    }

    #[test]
    fn a_flood_of_portions_is_not_kept() {
        let mut extended = Extended::default();
        for _ in 0..1_000 {
            extended.add(&payload(6, 0, b""));
        }
        assert!(extended.0.is_empty());
        for offset in 0..1_000 {
            extended.add(&payload(1_000, offset, b"a"));
        }
        assert_eq!(extended.0.len(), MOST);
    }

    #[test]
    fn a_gap_an_overlap_and_a_picture_are_no_packet() {
        assert_eq!(packet(&[payload(6, 3, b"def")], GUID), None);
        let twice = [payload(6, 0, b"abcd"), payload(6, 3, b"def")];
        assert_eq!(packet(&twice, GUID), None);
        assert_eq!(packet(&[payload(70_000, 0, b"abc")], GUID), None);
        assert_eq!(packet(&[b"short".to_vec()], GUID), None);
    }
}
