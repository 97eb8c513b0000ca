//! The items of a HEIF file: which there are and where they lie.

use super::boxes::{self, Box};
use super::original::{Original, Stop};

/// Extents of one item that are looked at.
const EXTENTS: u64 = 64;

/// The items of interest of one `meta` box.
#[derive(Debug, Default)]
pub(super) struct Items {
    primary: u32,
    /// The first item of type `Exif`.
    pub(super) exif: Option<u32>,
    /// The first item of XMP.
    pub(super) xmp: Option<u32>,
    /// `ipco`, the list of properties.
    pub(super) properties: Option<Box>,
    associations: Option<Box>,
    locations: Option<Box>,
    data: Option<Box>,
}

/// Reads the tables of a `meta` box.
pub(super) fn read(original: &Original<'_>, meta: Box) -> Result<Items, Stop> {
    let mut items = Items::default();
    for child in boxes::within(original, meta.body + 4, meta.end) {
        let child = child?;
        match &child.kind {
            b"pitm" => {
                let mut fields = Fields::of(original, child)?;
                items.primary = fields.id(fields.version > 0)?;
            }
            b"iinf" => {
                let mut fields = Fields::of(original, child)?;
                fields.id(fields.version > 0)?;
                for entry in boxes::within(original, fields.at, child.end) {
                    let entry = entry?;
                    if &entry.kind == b"infe" {
                        items.enter(original, entry)?;
                    }
                }
            }
            b"iprp" => {
                for property in boxes::within(original, child.body, child.end) {
                    let property = property?;
                    match &property.kind {
                        b"ipco" => items.properties = Some(property),
                        b"ipma" => items.associations = Some(property),
                        _ => {}
                    }
                }
            }
            b"iloc" => items.locations = Some(child),
            b"idat" => items.data = Some(child),
            _ => {}
        }
    }
    Ok(items)
}

impl Items {
    fn enter(&mut self, original: &Original<'_>, entry: Box) -> Result<(), Stop> {
        let mut fields = Fields::of(original, entry)?;
        if fields.version < 2 {
            return Ok(());
        }
        let id = fields.id(fields.version > 2)?;
        fields.number(2)?;
        let kind = original.array::<4>(fields.at)?;
        match &kind {
            b"Exif" => self.exif = self.exif.or(Some(id)),
            b"mime" => {
                let rest = usize::try_from(entry.end - fields.at).map_err(|_| Stop::Malformed)?;
                // A name, NUL, the media type, NUL.
                let texts = original.get(fields.at, rest)?.get(4..).unwrap_or_default();
                let media_type = texts.split(|&byte| byte == 0).nth(1);
                if media_type == Some(b"application/rdf+xml") {
                    self.xmp = self.xmp.or(Some(id));
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The properties of the primary item, as numbers from 1.
    pub(super) fn associated(&self, original: &Original<'_>) -> Result<Vec<usize>, Stop> {
        let Some(associations) = self.associations else {
            return Ok(Vec::new());
        };
        let mut fields = Fields::of(original, associations)?;
        let (wide_ids, wide_indexes) = (fields.version > 0, fields.flags & 1 == 1);
        for _ in 0..fields.number(4)? {
            let id = fields.id(wide_ids)?;
            let count = fields.number(1)?;
            let mut indexes = Vec::new();
            for _ in 0..count {
                let index = fields.number(if wide_indexes { 2 } else { 1 })?;
                let essential = if wide_indexes { 0x8000 } else { 0x80 };
                indexes.push(usize::try_from(index & !essential).unwrap_or(0));
            }
            if id == self.primary {
                return Ok(indexes);
            }
        }
        Ok(Vec::new())
    }

    /// The bytes of item `wanted`, put together from its extents.
    pub(super) fn data(
        &self,
        original: &Original<'_>,
        wanted: u32,
        limit: usize,
    ) -> Result<Vec<u8>, Stop> {
        let mut fields = Fields::of(original, self.locations.ok_or(Stop::Malformed)?)?;
        let version = fields.version;
        let sizes = fields.number(2)?;
        let size = |shift: u64| usize::try_from(sizes >> shift & 0xf).unwrap_or(0);
        let (offset_size, length_size, base_size) = (size(12), size(8), size(4));
        let index_size = if version == 0 { 0 } else { size(0) };
        let count = fields.id(version == 2)?;
        for _ in 0..count {
            let id = fields.id(version == 2)?;
            let method = if version == 0 {
                0
            } else {
                fields.number(2)? & 0xf
            };
            fields.number(2)?;
            let base = fields.number(base_size)?;
            let extents = fields.number(2)?;
            if id != wanted {
                fields.skip(extents * (index_size + offset_size + length_size) as u64);
                continue;
            }
            if extents > EXTENTS {
                return Err(Stop::Malformed);
            }
            let mut bytes = Vec::new();
            for _ in 0..extents {
                fields.number(index_size)?;
                let offset = fields.number(offset_size)?;
                let length = fields.number(length_size)?;
                let start = base.checked_add(offset).ok_or(Stop::Malformed)?;
                let (start, end) = self.place(original, method, start)?;
                let rest = end.checked_sub(start).ok_or(Stop::Malformed)?;
                let length = if length == 0 { rest } else { length };
                let length = usize::try_from(length).map_err(|_| Stop::Malformed)?;
                if length.saturating_add(bytes.len()) > limit {
                    return Err(Stop::Malformed);
                }
                bytes.extend_from_slice(original.get(start, length)?);
            }
            return Ok(bytes);
        }
        Err(Stop::Malformed)
    }

    /// Where in the file an offset lies, and where its container ends.
    fn place(&self, original: &Original<'_>, method: u64, offset: u64) -> Result<(u64, u64), Stop> {
        match (method, self.data) {
            (0, _) => Ok((offset, original.length())),
            (1, Some(data)) => {
                let start = data.body.checked_add(offset).ok_or(Stop::Malformed)?;
                Ok((start, data.end))
            }
            _ => Err(Stop::Malformed),
        }
    }
}

/// The fields of a full box, one after the other.
struct Fields<'a, 'b> {
    original: &'a Original<'b>,
    at: u64,
    end: u64,
    version: u8,
    flags: u8,
}

impl<'a, 'b> Fields<'a, 'b> {
    fn of(original: &'a Original<'b>, from: Box) -> Result<Self, Stop> {
        let [version, _, _, flags] = original.array(from.body)?;
        Ok(Self {
            original,
            at: from.body + 4,
            end: from.end,
            version,
            flags,
        })
    }

    /// A number of `size` bytes, 0 to 8.
    fn number(&mut self, size: usize) -> Result<u64, Stop> {
        let next = self.at.saturating_add(size as u64);
        if size > 8 || next > self.end {
            return Err(Stop::Malformed);
        }
        let bytes = self.original.get(self.at, size)?;
        self.at = next;
        Ok(bytes
            .iter()
            .fold(0, |number, &byte| number << 8 | u64::from(byte)))
    }

    fn skip(&mut self, bytes: u64) {
        self.at = self.at.saturating_add(bytes);
    }

    /// An item id or count: four bytes where `wide`, else two.
    fn id(&mut self, wide: bool) -> Result<u32, Stop> {
        let number = self.number(if wide { 4 } else { 2 })?;
        u32::try_from(number).map_err(|_| Stop::Malformed)
    }
}
