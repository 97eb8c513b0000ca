//! IPTC-IIM records, as Photoshop keeps them in JPEG and TIFF files
//! (<https://www.iptc.org/std/IIM/4.2/specification/IIMV4.2.pdf>).

use super::text;

/// The image resource of Photoshop that holds IPTC records.
const RESOURCE: u16 = 0x0404;
const TAG: u8 = 0x1c;

/// The texts of interest.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Iptc {
    pub(super) title: Option<String>,
    pub(super) description: Option<String>,
    pub(super) keywords: Vec<String>,
}

/// The IPTC records among Photoshop's image resources.
pub(super) fn in_photoshop(mut resources: &[u8]) -> Option<&[u8]> {
    loop {
        let rest = resources.strip_prefix(b"8BIM")?;
        let (id, rest) = rest.split_first_chunk()?;
        let (&name, _) = rest.split_first()?;
        // The name with its length byte, and the data, are padded to even.
        let name = (usize::from(name) + 2) & !1;
        let (length, rest) = rest.get(name..)?.split_first_chunk()?;
        let length = u32::from_be_bytes(*length) as usize;
        if u16::from_be_bytes(*id) == RESOURCE {
            return Some(rest.get(..length).unwrap_or(rest));
        }
        resources = rest.get(length.checked_add(length & 1)?..)?;
    }
}

/// Reads the records as far as they go.
pub(super) fn read(mut records: &[u8]) -> Iptc {
    let mut iptc = Iptc::default();
    let mut utf8 = false;
    while let [TAG, record, set, l1, l2, rest @ ..] = records {
        let length = usize::from(u16::from_be_bytes([*l1, *l2]));
        // The top bit announces a length of a length: data of over 32 KiB.
        let Some(value) = rest.get(..length) else {
            break;
        };
        match (record, set) {
            (1, 90) => utf8 = value.starts_with(b"\x1b%G"),
            (2, 5) => iptc.title = iptc.title.or_else(|| decode(value, utf8)),
            (2, 120) => iptc.description = iptc.description.or_else(|| decode(value, utf8)),
            (2, 25) => iptc.keywords.extend(decode(value, utf8)),
            _ => {}
        }
        records = rest.get(length..).unwrap_or_default();
    }
    iptc
}

/// Without a declared character set it is Latin-1, unless it only makes sense
/// as UTF-8.
fn decode(value: &[u8], utf8: bool) -> Option<String> {
    if utf8 {
        return text::visible(&String::from_utf8_lossy(value));
    }
    text::clean(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(record: u8, set: u8, value: &[u8]) -> Vec<u8> {
        let length = u16::try_from(value.len()).unwrap().to_be_bytes();
        [&[TAG, record, set], &length[..], value].concat()
    }

    #[test]
    fn records_are_found_behind_other_resources() {
        let records = record(2, 25, b"sea");
        let mut block = b"8BIM\x04\x25\0\0\0\0\0\x03abc\0".to_vec();
        block.extend(b"8BIM\x04\x04\x03xyz\0\0\0");
        block.push(u8::try_from(records.len()).unwrap());
        block.extend(&records);
        assert_eq!(in_photoshop(&block), Some(&records[..]));
        assert_eq!(in_photoshop(b"8BIM\x04"), None);
        assert_eq!(in_photoshop(b"8BIM\x04\x25\0\0\xff\xff\xff\xff"), None);
    }

    #[test]
    fn texts_without_a_character_set_are_latin1() {
        let latin1 = [record(2, 5, b"Caf\xe9"), record(2, 120, b"noir")].concat();
        let iptc = read(&latin1);
        assert_eq!(iptc.title.as_deref(), Some("Café"));
        assert_eq!(iptc.description.as_deref(), Some("noir"));
        let utf8 = [record(1, 90, b"\x1b%G"), record(2, 25, "Wärme".as_bytes())].concat();
        assert_eq!(read(&utf8).keywords, ["Wärme"]);
    }

    #[test]
    fn a_cut_record_ends_the_list() {
        let mut records = record(2, 25, b"sea");
        records.extend([TAG, 2, 25, 0, 9, b'x']);
        assert_eq!(read(&records).keywords, ["sea"]);
    }
}
