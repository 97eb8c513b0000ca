//! TIFF structures, brought into the form that `kamadak-exif` reads.
//!
//! The library wants one whole block with pointers of type LONG and the number
//! 42 in its header. Cameras write other pointer types and other numbers, and a
//! TIFF file keeps its tags anywhere between the pixels. So the tags of
//! interest are copied into a new, small structure, fetching what is missing.

use exif::Context;

use super::endian::Endian;
use super::original::{Original, Stop};
use super::tags;

const HEADER: u64 = 8;
const ENTRY: usize = 12;
/// What one value may hold: an XMP packet is the largest.
const VALUE_LIMIT: u64 = 4 * 1024 * 1024;
const TOTAL_LIMIT: usize = 8 * 1024 * 1024;
const LONG: u16 = 4;
const UNDEFINED: u16 = 7;

/// Whether `head` opens a TIFF structure or a camera's variant of it.
pub(super) fn is_tiff(head: &[u8]) -> bool {
    matches!(head, [b'I', b'I', magic @ ..] if known(magic, Endian::Little))
        || matches!(head, [b'M', b'M', magic @ ..] if known(magic, Endian::Big))
}

/// 42, or what Panasonic (0x55) and Olympus ("OR", "SR") write in its place.
fn known(magic: &[u8], endian: Endian) -> bool {
    let magic = magic.first_chunk().map(|bytes| endian.u16(*bytes));
    matches!(magic, Some(42 | 0x55 | 0x4f52 | 0x5352))
}

/// Copies the tags of interest of the structure that starts at the first byte
/// of `original`. `first` is what its first IFD describes.
pub(super) fn distil(original: &Original<'_>, first: Context) -> Result<Vec<u8>, Stop> {
    let head = original.get(0, 8)?;
    if !is_tiff(head) {
        return Err(Stop::Malformed);
    }
    let endian = if head.starts_with(b"II") {
        Endian::Little
    } else {
        Endian::Big
    };
    let ifd = endian.u32(original.array(4)?);
    let mut copy = Copy {
        original,
        endian,
        out: Vec::with_capacity(1024),
    };
    copy.out.extend_from_slice(original.get(0, 2)?);
    copy.out.extend_from_slice(&endian.bytes16(42));
    copy.out.extend_from_slice(&endian.bytes32(8));
    copy.ifd(ifd.into(), first)?;
    Ok(copy.out)
}

struct Copy<'a, 'b> {
    original: &'a Original<'b>,
    endian: Endian,
    out: Vec<u8>,
}

/// One entry of an IFD, as it stands in the file.
struct Entry {
    tag: u16,
    kind: u16,
    count: u32,
    value: [u8; 4],
}

impl Copy<'_, '_> {
    /// Appends the IFD at `at`: its table with the tags of interest, then their
    /// values and the IFDs it points to.
    fn ifd(&mut self, at: u64, context: Context) -> Result<(), Stop> {
        if at < HEADER {
            return Err(Stop::Malformed);
        }
        let count = self.endian.u16(self.original.array(at)?);
        let mut entries = Vec::with_capacity(usize::from(count.min(64)));
        for index in 0..u64::from(count) {
            match self.entry(at + 2 + index * ENTRY as u64) {
                Ok(entry) if tags::wanted(context, entry.tag) => entries.push(entry),
                Ok(_) => {}
                // A table that the file cuts off is used as far as it goes.
                Err(Stop::Malformed) => break,
                Err(need) => return Err(need),
            }
        }
        let table = self.out.len();
        let table_length = 2 + entries.len() * ENTRY + 4;
        self.out.resize(table + table_length, 0);
        let mut kept = 0;
        for entry in &entries {
            let copied = match tags::child(context, entry.tag) {
                Some(child) => self.pointer(entry, child)?,
                None => self.value(entry)?,
            };
            if let Some(entry) = copied {
                let at = table + 2 + usize::from(kept) * ENTRY;
                self.put(at, &entry);
                kept += 1;
            }
        }
        let kept = self.endian.bytes16(kept);
        if let Some(slot) = self.out.get_mut(table..table + 2) {
            slot.copy_from_slice(&kept);
        }
        Ok(())
    }

    fn entry(&self, at: u64) -> Result<Entry, Stop> {
        let [t1, t2, k1, k2, c1, c2, c3, c4, value @ ..] = self.original.array::<ENTRY>(at)?;
        Ok(Entry {
            tag: self.endian.u16([t1, t2]),
            kind: self.endian.u16([k1, k2]),
            count: self.endian.u32([c1, c2, c3, c4]),
            value,
        })
    }

    /// A pointer to another IFD, of whatever type: LONG, SLONG or IFD.
    fn pointer(&mut self, entry: &Entry, child: Context) -> Result<Option<Entry>, Stop> {
        let target = self.endian.u32(entry.value);
        let at = self.offset();
        match self.ifd(target.into(), child) {
            Ok(()) => Ok(Some(Entry {
                tag: entry.tag,
                kind: LONG,
                count: 1,
                value: self.endian.bytes32(at),
            })),
            Err(Stop::Malformed) => Ok(None),
            Err(need) => Err(need),
        }
    }

    /// The entry with its value, unless that lies outside of the file.
    fn value(&mut self, entry: &Entry) -> Result<Option<Entry>, Stop> {
        let mut copied = Entry { ..*entry };
        let Some(length) = length(entry) else {
            return Ok(None);
        };
        if matches!(entry.tag, tags::XMP | tags::IPTC) {
            // Bytes, even where a writer declares them as numbers.
            copied.kind = UNDEFINED;
            copied.count = u32::try_from(length).unwrap_or(0);
        }
        if length > 4 {
            let start = self.endian.u32(entry.value);
            let bytes = match self.bytes(start.into(), length) {
                Ok(bytes) => bytes,
                Err(Stop::Malformed) => return Ok(None),
                Err(need) => return Err(need),
            };
            copied.value = self.endian.bytes32(self.offset());
            self.out.extend_from_slice(bytes);
        }
        Ok(Some(copied))
    }

    fn put(&mut self, at: usize, entry: &Entry) {
        if let Some(slot) = self.out.get_mut(at..at + ENTRY) {
            let [[t1, t2], [k1, k2]] =
                [entry.tag, entry.kind].map(|number| self.endian.bytes16(number));
            let [c1, c2, c3, c4] = self.endian.bytes32(entry.count);
            let [v1, v2, v3, v4] = entry.value;
            slot.copy_from_slice(&[t1, t2, k1, k2, c1, c2, c3, c4, v1, v2, v3, v4]);
        }
    }

    /// Where the next thing will be appended. The limit keeps it in 32 bits.
    fn offset(&self) -> u32 {
        u32::try_from(self.out.len()).unwrap_or(u32::MAX)
    }
}

impl<'a> Copy<'a, '_> {
    fn bytes(&self, start: u64, length: u64) -> Result<&'a [u8], Stop> {
        let length = usize::try_from(length).map_err(|_| Stop::Malformed)?;
        if self.out.len() + length > TOTAL_LIMIT {
            return Err(Stop::Malformed);
        }
        self.original.get(start, length)
    }
}

/// How many bytes the value takes, if its type is known and it is not absurd.
fn length(entry: &Entry) -> Option<u64> {
    let size = match entry.kind {
        1 | 2 | 6 | 7 => 1,
        3 | 8 => 2,
        4 | 9 | 11 | 13 => 4,
        5 | 10 | 12 => 8,
        _ => return None,
    };
    let length = size * u64::from(entry.count);
    (length <= VALUE_LIMIT).then_some(length)
}
