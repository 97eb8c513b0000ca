//! PNG: its `IHDR`, `eXIf` and text chunks, the legacy raw profiles included
//! (<https://www.w3.org/TR/png-3>, <https://exiftool.org/TagNames/PNG.html>).

use std::borrow::Cow;
use std::io::Read;

use flate2::read::ZlibDecoder;

use super::found::Found;
use super::iptc;
use super::original::{Original, Stop};

/// What a text chunk may hold, packed or unpacked.
const TEXT_LIMIT: u32 = 4 * 1024 * 1024;

pub(super) fn scan<'a>(original: &'a Original<'_>, found: &mut Found<'a>) -> Result<(), Stop> {
    let mut at = 8;
    while at < original.length() {
        let [l1, l2, l3, l4, kind @ ..] = original.array::<8>(at)?;
        let length = u32::from_be_bytes([l1, l2, l3, l4]);
        let body = at + 8;
        match &kind {
            b"IHDR" => {
                let [w1, w2, w3, w4, height @ ..] = original.array::<8>(body)?;
                let width = u32::from_be_bytes([w1, w2, w3, w4]);
                found.size = Some((width, u32::from_be_bytes(height)));
            }
            b"eXIf" => found.exif(chunk(original, body, length)?),
            b"tEXt" | b"zTXt" | b"iTXt" => {
                let bytes = chunk(original, body, length)?;
                if let Some((keyword, text)) = text(kind, bytes) {
                    profile(keyword, text, found);
                }
            }
            b"IEND" => return Ok(()),
            _ => {}
        }
        // Four bytes of CRC follow, which nobody needs to be right.
        at = body + u64::from(length) + 4;
    }
    Ok(())
}

fn chunk<'a>(original: &'a Original<'_>, body: u64, length: u32) -> Result<&'a [u8], Stop> {
    if length > TEXT_LIMIT {
        return Ok(&[]);
    }
    original.get(body, length as usize)
}

/// The keyword and the unpacked text of a text chunk.
fn text(kind: [u8; 4], chunk: &[u8]) -> Option<(&[u8], Cow<'_, [u8]>)> {
    let (keyword, rest) = split_at_nul(chunk)?;
    let known = keyword == b"XML:com.adobe.xmp" || keyword.starts_with(b"Raw profile type ");
    if !known {
        return None;
    }
    let text = match &kind {
        b"tEXt" => Cow::Borrowed(rest),
        b"zTXt" => Cow::Owned(inflate(rest.get(1..)?)),
        _ => {
            let (&packed, rest) = rest.split_first()?;
            let (_language, rest) = split_at_nul(rest.get(1..)?)?;
            let (_translated, text) = split_at_nul(rest)?;
            if packed == 1 {
                Cow::Owned(inflate(text))
            } else {
                Cow::Borrowed(text)
            }
        }
    };
    Some((keyword, text))
}

fn profile<'a>(keyword: &[u8], text: Cow<'a, [u8]>, found: &mut Found<'a>) {
    if keyword == b"XML:com.adobe.xmp" {
        found.xmp.get_or_insert(text);
        return;
    }
    let Some(bytes) = raw_profile(&text) else {
        return;
    };
    match keyword.strip_prefix(b"Raw profile type ") {
        // "APP1" holds either, as JPEG does.
        Some(b"exif" | b"APP1") if !bytes.starts_with(b"http") => found.exif(bytes),
        Some(b"iptc") => {
            let records = iptc::in_photoshop(&bytes).unwrap_or(&bytes);
            found.iptc.get_or_insert_with(|| records.to_vec().into());
        }
        Some(b"xmp") => {
            found.xmp.get_or_insert(bytes.into());
        }
        Some(b"APP1") => {
            let packet = bytes.iter().position(|&byte| byte == 0);
            let packet = packet.and_then(|nul| bytes.get(nul + 1..));
            found.xmp = found
                .xmp
                .take()
                .or(packet.map(|packet| packet.to_vec().into()));
        }
        _ => {}
    }
}

/// `ImageMagick`'s way: a name, a length and then hexadecimal digits.
fn raw_profile(text: &[u8]) -> Option<Vec<u8>> {
    let mut lines = text.trim_ascii_start().splitn(3, |&byte| byte == b'\n');
    let digits = lines.nth(2)?;
    let digits: Vec<u8> = digits
        .iter()
        .filter_map(|&byte| char::from(byte).to_digit(16))
        .filter_map(|digit| u8::try_from(digit).ok())
        .collect();
    let pairs = digits.chunks_exact(2);
    Some(
        pairs
            .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit))
            .collect(),
    )
}

fn split_at_nul(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let nul = bytes.iter().position(|&byte| byte == 0)?;
    Some((bytes.get(..nul)?, bytes.get(nul + 1..)?))
}

/// What unpacks before an error or the limit; a cut stream is still useful.
fn inflate(packed: &[u8]) -> Vec<u8> {
    let mut unpacked = Vec::new();
    let mut stream = ZlibDecoder::new(packed).take(TEXT_LIMIT.into());
    match stream.read_to_end(&mut unpacked) {
        Ok(_) | Err(_) => unpacked,
    }
}
