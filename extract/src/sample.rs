//! Writes small files for tests: TIFF structures and the containers around them.

use exif::Context;

use super::endian::Endian;

/// A value and its TIFF type.
#[derive(Clone)]
pub(super) struct Typed {
    kind: u16,
    count: u32,
    bytes: Vec<u8>,
}

/// A TIFF structure in the making.
pub(super) struct Tiff {
    endian: Endian,
    magic: u16,
    pointer: u16,
    entries: Vec<(Context, u16, Typed)>,
}

impl Tiff {
    pub(super) fn new(endian: Endian) -> Self {
        Self {
            endian,
            magic: 42,
            pointer: 4,
            entries: Vec::new(),
        }
    }

    /// Another number than 42 in the header.
    pub(super) fn magic(mut self, magic: u16) -> Self {
        self.magic = magic;
        self
    }

    /// Another type than LONG for pointers.
    pub(super) fn pointers(mut self, kind: u16) -> Self {
        self.pointer = kind;
        self
    }

    pub(super) fn with(mut self, context: Context, tag: u16, value: Typed) -> Self {
        self.entries.push((context, tag, value));
        self
    }

    pub(super) fn ascii(self, context: Context, tag: u16, text: &[u8]) -> Self {
        let bytes = [text, b"\0"].concat();
        self.bytes(context, tag, 2, &bytes)
    }

    pub(super) fn bytes(self, context: Context, tag: u16, kind: u16, bytes: &[u8]) -> Self {
        let count = u32::try_from(bytes.len()).unwrap();
        let bytes = bytes.to_vec();
        self.with(context, tag, Typed { kind, count, bytes })
    }

    /// One 16-bit number.
    pub(super) fn short(self, context: Context, tag: u16, number: u16) -> Self {
        let bytes = self.endian.bytes16(number).to_vec();
        self.with(
            context,
            tag,
            Typed {
                kind: 3,
                count: 1,
                bytes,
            },
        )
    }

    /// One 32-bit number of type `kind`.
    pub(super) fn long(self, context: Context, tag: u16, kind: u16, number: u32) -> Self {
        let bytes = self.endian.bytes32(number).to_vec();
        self.with(
            context,
            tag,
            Typed {
                kind,
                count: 1,
                bytes,
            },
        )
    }

    pub(super) fn rationals(self, context: Context, tag: u16, parts: &[(u32, u32)]) -> Self {
        let numbers = parts.iter().flat_map(|part| [part.0, part.1]);
        let bytes = numbers
            .flat_map(|number| self.endian.bytes32(number))
            .collect();
        let count = u32::try_from(parts.len()).unwrap();
        self.with(
            context,
            tag,
            Typed {
                kind: 5,
                count,
                bytes,
            },
        )
    }

    /// A position in degrees, minutes and seconds.
    pub(super) fn position(self, latitude: [(u32, u32); 3], longitude: [(u32, u32); 3]) -> Self {
        self.ascii(Context::Gps, 1, b"N")
            .rationals(Context::Gps, 2, &latitude)
            .ascii(Context::Gps, 3, b"E")
            .rationals(Context::Gps, 4, &longitude)
    }

    pub(super) fn build(&self) -> Vec<u8> {
        self.build_at(8)
    }

    /// With the IFDs from `start` on, as TIFF files have them behind the pixels.
    pub(super) fn build_at(&self, start: u32) -> Vec<u8> {
        let mark: &[u8] = if self.endian == Endian::Little {
            b"II"
        } else {
            b"MM"
        };
        let (magic, first) = (self.endian.bytes16(self.magic), self.endian.bytes32(start));
        let mut out = [mark, &magic, &first].concat();
        out.resize(start as usize, 0);
        let children = [(Context::Exif, 0x8769), (Context::Gps, 0x8825)];
        let of = |context| self.entries.iter().filter(move |entry| entry.0 == context);
        let present: Vec<_> = children
            .into_iter()
            .filter(|child| of(child.0).next().is_some())
            .collect();
        let count = of(Context::Tiff).count() + present.len();
        let mut slots = self.ifd(&mut out, count, of(Context::Tiff));
        for (context, tag) in present {
            let at = u32::try_from(out.len()).unwrap();
            let pointer = Typed {
                kind: self.pointer,
                count: 1,
                bytes: self.endian.bytes32(at).to_vec(),
            };
            self.entry(&mut out, slots, tag, &pointer);
            slots += 12;
            self.ifd(&mut out, of(context).count(), of(context));
        }
        out
    }

    /// Appends a table of `count` entries; says where the next entry goes.
    fn ifd<'a>(
        &self,
        out: &mut Vec<u8>,
        count: usize,
        entries: impl Iterator<Item = &'a (Context, u16, Typed)>,
    ) -> usize {
        out.extend(self.endian.bytes16(u16::try_from(count).unwrap()));
        let mut slot = out.len();
        out.resize(slot + count * 12 + 4, 0);
        for (_, tag, value) in entries {
            self.entry(out, slot, *tag, value);
            slot += 12;
        }
        slot
    }

    fn entry(&self, out: &mut Vec<u8>, slot: usize, tag: u16, value: &Typed) {
        let inline = if value.bytes.len() <= 4 {
            let mut inline = value.bytes.clone();
            inline.resize(4, 0);
            inline
        } else {
            let at = u32::try_from(out.len()).unwrap();
            out.extend(&value.bytes);
            self.endian.bytes32(at).to_vec()
        };
        let [tag, kind] = [tag, value.kind].map(|number| self.endian.bytes16(number));
        let count = self.endian.bytes32(value.count);
        let entry = [&tag[..], &kind, &count, &inline].concat();
        out[slot..slot + 12].copy_from_slice(&entry);
    }
}

/// A JPEG with these segments and a frame of 40 by 30 pixels.
pub(super) fn jpeg(segments: &[(u8, &[u8])]) -> Vec<u8> {
    let mut out = vec![0xff, 0xd8];
    let frame = [8, 0, 30, 0, 40, 1, 1, 0x11, 0];
    for (marker, body) in segments.iter().copied().chain([(0xc0, &frame[..])]) {
        out.extend([0xff, marker]);
        out.extend(u16::try_from(body.len() + 2).unwrap().to_be_bytes());
        out.extend(body);
    }
    out.extend([0xff, 0xda, 0, 2, 0xff, 0xd9]);
    out
}

/// A JPEG with an EXIF block.
pub(super) fn jpeg_exif(tiff: &[u8]) -> Vec<u8> {
    jpeg(&[(0xe1, &[b"Exif\0\0", tiff].concat())])
}

/// A PNG of 40 by 30 pixels with these chunks behind its pixels.
pub(super) fn png(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    let header = [0, 0, 0, 40, 0, 0, 0, 30, 8, 2, 0, 0, 0];
    let pixels = [0; 64];
    let known: [(&[u8; 4], &[u8]); 2] = [(b"IHDR", &header), (b"IDAT", &pixels)];
    for (kind, body) in known.iter().chain(chunks).chain([&(b"IEND", &[][..])]) {
        out.extend(u32::try_from(body.len()).unwrap().to_be_bytes());
        out.extend(*kind);
        out.extend(*body);
        out.extend([0; 4]);
    }
    out
}

/// A WebP of 40 by 30 pixels with these chunks behind its pixels.
pub(super) fn webp(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let header = [0b1100, 0, 0, 0, 39, 0, 0, 29, 0, 0];
    let pixels = [0; 65];
    let known: [(&[u8; 4], &[u8]); 2] = [(b"VP8X", &header), (b"VP8 ", &pixels)];
    let mut body = b"WEBP".to_vec();
    for (kind, chunk) in known.iter().chain(chunks) {
        body.extend(*kind);
        body.extend(u32::try_from(chunk.len()).unwrap().to_le_bytes());
        body.extend(*chunk);
        body.resize(body.len().next_multiple_of(2), 0);
    }
    let length = u32::try_from(body.len()).unwrap().to_le_bytes();
    [b"RIFF", &length[..], &body].concat()
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "byte strings are references"
)]
fn boxed(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 8).unwrap().to_be_bytes();
    [&length[..], kind, body].concat()
}

/// A HEIF of 40 by 30 coded pixels whose EXIF item lies at `at` in the file,
/// turned by `irot` quarters.
pub(super) fn heif(tiff: &[u8], turns: u8, at: u32) -> Vec<u8> {
    let item = [&[0, 0, 0, 6][..], b"Exif\0\0", tiff].concat();
    let length = u32::try_from(item.len()).unwrap();
    let entry = boxed(b"infe", b"\x02\0\0\0\0\x02\0\0Exif\0");
    let picture = boxed(b"infe", b"\x02\0\0\0\0\x01\0\0hvc1\0");
    let entries = [&[0, 0, 0, 0, 0, 2][..], &picture, &entry].concat();
    let location = [
        &[0, 0, 0, 0, 0x44, 0, 0, 1, 0, 2, 0, 0, 0, 1][..],
        &at.to_be_bytes(),
        &length.to_be_bytes(),
    ]
    .concat();
    let size = boxed(b"ispe", &[0, 0, 0, 0, 0, 0, 0, 40, 0, 0, 0, 30]);
    let turn = boxed(b"irot", &[turns]);
    let associations = boxed(b"ipma", &[0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 2, 1, 0x82]);
    let properties = [boxed(b"ipco", &[size, turn].concat()), associations].concat();
    let meta = [
        &[0; 4][..],
        &boxed(b"pitm", &[0, 0, 0, 0, 0, 1]),
        &boxed(b"iinf", &entries),
        &boxed(b"iprp", &properties),
        &boxed(b"iloc", &location),
    ]
    .concat();
    let mut out = boxed(b"ftyp", b"heic\0\0\0\0mif1heic");
    out.extend(boxed(b"meta", &meta));
    assert!(
        out.len() <= at as usize,
        "the item would overwrite the boxes"
    );
    out.resize(at as usize, 0);
    out.extend(item);
    out
}
