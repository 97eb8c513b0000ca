//! XMP: title, description, keywords and rating (ISO 16684-1).

use std::borrow::Cow;

use roxmltree::{Document, Node, ParsingOptions};

use super::text::visible;

const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
const DC: &str = "http://purl.org/dc/elements/1.1/";
const XMP: &str = "http://ns.adobe.com/xap/1.0/";
const XML: &str = "http://www.w3.org/XML/1998/namespace";
/// Nodes of one packet; a real one has some hundred.
const NODES: u32 = 100_000;

/// The texts of interest and the rating.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Xmp {
    pub(super) title: Option<String>,
    pub(super) description: Option<String>,
    pub(super) keywords: Vec<String>,
    pub(super) rating: Option<u8>,
}

/// Reads a packet in any encoding of Unicode; none if it is not XML.
pub(super) fn read(packet: &[u8]) -> Option<Xmp> {
    let text = decode(packet);
    let text =
        text.trim_matches(|char: char| char == '\u{feff}' || char == '\0' || char.is_whitespace());
    let options = ParsingOptions {
        allow_dtd: false,
        nodes_limit: NODES,
        ..ParsingOptions::default()
    };
    let document = Document::parse_with_options(text, options).ok()?;
    let mut xmp = Xmp::default();
    for node in document.descendants().filter(Node::is_element) {
        let name = node.tag_name();
        match (name.namespace(), name.name()) {
            (Some(DC), "title") => xmp.title = xmp.title.or_else(|| alternative(node)),
            (Some(DC), "description") => {
                xmp.description = xmp.description.or_else(|| alternative(node));
            }
            (Some(DC), "subject") => xmp.keywords.extend(items(node).filter_map(text_of)),
            (Some(XMP), "Rating") => xmp.rating = xmp.rating.or_else(|| stars(node.text()?)),
            (Some(RDF), "Description") => {
                let rating = || stars(node.attribute((XMP, "Rating"))?);
                xmp.rating = xmp.rating.or_else(rating);
            }
            _ => {}
        }
    }
    Some(xmp)
}

/// UTF-8, or UTF-16 by its byte order mark or the zeros beside the first `<`.
fn decode(packet: &[u8]) -> Cow<'_, str> {
    let number: fn([u8; 2]) -> u16 = match packet {
        [0xfe, 0xff, ..] | [0, b'<', ..] => u16::from_be_bytes,
        [0xff, 0xfe, ..] | [b'<', 0, ..] => u16::from_le_bytes,
        _ => return String::from_utf8_lossy(packet),
    };
    let (pairs, _) = packet.as_chunks();
    let units = pairs.iter().map(|pair| number(*pair));
    char::decode_utf16(units)
        .map(|char| char.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect::<String>()
        .into()
}

fn items<'a, 'b>(node: Node<'a, 'b>) -> impl Iterator<Item = Node<'a, 'b>> {
    node.descendants()
        .filter(|node| node.has_tag_name((RDF, "li")))
}

fn text_of(node: Node<'_, '_>) -> Option<String> {
    visible(node.text()?)
}

/// The default of a text in several languages, else the first, else the text
/// of the element itself.
fn alternative(node: Node<'_, '_>) -> Option<String> {
    let default = |item: &Node<'_, '_>| item.attribute((XML, "lang")) == Some("x-default");
    items(node)
        .find(default)
        .or_else(|| items(node).next())
        .map_or_else(|| text_of(node), text_of)
}

/// One to five stars; 0 and -1 mean "not rated" and "rejected".
fn stars(text: &str) -> Option<u8> {
    // Some editors write "4.0".
    let whole = text.trim().split('.').next()?;
    whole.parse().ok().filter(|stars| (1..=5).contains(stars))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKET: &str = r#"<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="4">
<dc:title><rdf:Alt><rdf:li xml:lang="de">Meer</rdf:li><rdf:li xml:lang="x-default">Sea</rdf:li></rdf:Alt></dc:title>
<dc:description>plain</dc:description>
<dc:subject><rdf:Bag><rdf:li>blue</rdf:li><rdf:li> wide </rdf:li></rdf:Bag></dc:subject>
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>"#;

    fn expected() -> Xmp {
        Xmp {
            title: Some("Sea".to_owned()),
            description: Some("plain".to_owned()),
            keywords: vec!["blue".to_owned(), "wide".to_owned()],
            rating: Some(4),
        }
    }

    #[test]
    fn reads_texts_keywords_and_rating() {
        assert_eq!(read(PACKET.as_bytes()), Some(expected()));
    }

    #[test]
    fn reads_utf16_of_either_order() {
        let big: Vec<u8> = PACKET.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let little: Vec<u8> = PACKET.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(read(&big), Some(expected()));
        assert_eq!(read(&[b"\xff\xfe", &little[..]].concat()), Some(expected()));
    }

    #[test]
    fn padding_behind_the_packet_is_no_error() {
        let padded = format!("{PACKET}\n   \0\0");
        assert_eq!(read(padded.as_bytes()), Some(expected()));
    }

    #[test]
    fn what_is_not_xml_is_none() {
        assert_eq!(read(b"<rdf:RDF>"), None);
        assert_eq!(read(b""), None);
        assert_eq!(read(b"<!DOCTYPE a [<!ENTITY b \"bb\">]><a>&b;</a>"), None);
    }

    #[test]
    fn not_rated_and_rejected_are_no_stars() {
        for text in ["0", "-1", "six", "NaN", ""] {
            assert_eq!(stars(text), None, "{text}");
        }
        assert_eq!(stars("5.0"), Some(5));
    }
}
