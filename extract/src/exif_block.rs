//! The values of the EXIF blocks of a file, whatever type they were given.

use exif::{Context, Error, Exif, In, Reader, Tag, Value};

use super::found::{Found, without_prefix};
use super::original::{Original, Stop};
use super::text::clean;
use super::tiff;

/// Every EXIF block of one file, parsed.
#[derive(Default)]
pub(super) struct ExifBlocks(Vec<(Context, Exif)>);

impl ExifBlocks {
    /// Parses the blocks that a container held. Says whether all made sense.
    pub(super) fn parse(found: &Found<'_>) -> (Self, bool) {
        let mut blocks = Self::default();
        let mut intact = true;
        for (context, block) in &found.tiffs {
            let block = Original::whole(without_prefix(block));
            match tiff::distil(&block, *context) {
                Ok(distilled) => intact &= blocks.push(*context, distilled),
                Err(_) => intact = false,
            }
        }
        (blocks, intact)
    }

    /// Parses a file that is a TIFF structure itself.
    pub(super) fn of_file(original: &Original<'_>) -> Result<Self, Stop> {
        let mut blocks = Self::default();
        if blocks.push(Context::Tiff, tiff::distil(original, Context::Tiff)?) {
            Ok(blocks)
        } else {
            Err(Stop::Malformed)
        }
    }

    fn push(&mut self, context: Context, block: Vec<u8>) -> bool {
        let mut reader = Reader::new();
        match reader.continue_on_error(true).read_raw(block) {
            Ok(exif) => self.0.push((context, exif)),
            Err(Error::PartialResult(partial)) => self.0.push((context, partial.into_inner().0)),
            Err(_) => return false,
        }
        true
    }

    /// A tag of the first IFD.
    pub(super) fn tiff(&self, tag: u16) -> Tagged<'_> {
        self.tagged(Context::Tiff, tag)
    }

    /// A tag of the Exif IFD, or the same in the first IFD.
    pub(super) fn exif(&self, tag: u16) -> Tagged<'_> {
        match self.tagged(Context::Exif, tag) {
            Tagged(None) => self.tiff(tag),
            tagged => tagged,
        }
    }

    /// A tag of the GPS IFD.
    pub(super) fn gps(&self, tag: u16) -> Tagged<'_> {
        self.tagged(Context::Gps, tag)
    }

    fn tagged(&self, context: Context, tag: u16) -> Tagged<'_> {
        Tagged(self.0.iter().find_map(|(first, exif)| {
            // A block of one IFD is what the container says it is.
            let inside = if *first == context {
                Context::Tiff
            } else {
                context
            };
            let field = exif.get_field(Tag(inside, tag), In::PRIMARY)?;
            Some(&field.value)
        }))
    }
}

/// The value of a tag, if the file has it.
#[derive(Clone, Copy)]
pub(super) struct Tagged<'a>(Option<&'a Value>);

impl<'a> Tagged<'a> {
    pub(super) fn exists(self) -> bool {
        self.0.is_some()
    }

    /// The bytes of a text or of what should have been one.
    pub(super) fn bytes(self) -> Option<&'a [u8]> {
        match self.0? {
            Value::Ascii(texts) => texts.first().map(Vec::as_slice),
            Value::Byte(bytes) | Value::Undefined(bytes, _) => Some(bytes),
            _ => None,
        }
    }

    /// A text without padding; none if nothing is left.
    pub(super) fn text(self) -> Option<String> {
        clean(self.bytes()?)
    }

    /// A whole number of any integer type that is not negative.
    pub(super) fn uint(self) -> Option<u32> {
        match self.0? {
            Value::SByte(values) => u32::try_from(*values.first()?).ok(),
            Value::SShort(values) => u32::try_from(*values.first()?).ok(),
            Value::SLong(values) => u32::try_from(*values.first()?).ok(),
            value => value.get_uint(0),
        }
    }

    /// The numbers of a value of any numeric type; none for each `x/0`.
    pub(super) fn numbers(self) -> Vec<Option<f64>> {
        let finite = |value: f64| value.is_finite().then_some(value);
        match self.0 {
            Some(Value::Rational(values)) => {
                values.iter().map(|value| finite(value.to_f64())).collect()
            }
            Some(Value::SRational(values)) => {
                values.iter().map(|value| finite(value.to_f64())).collect()
            }
            Some(Value::Double(values)) => values.iter().map(|value| finite(*value)).collect(),
            Some(Value::Float(values)) => {
                values.iter().map(|value| finite((*value).into())).collect()
            }
            Some(_) => self
                .uint()
                .map(|value| Some(value.into()))
                .into_iter()
                .collect(),
            None => Vec::new(),
        }
    }

    /// The first number.
    pub(super) fn number(self) -> Option<f64> {
        self.numbers().first().copied().flatten()
    }
}
