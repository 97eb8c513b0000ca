//! Texts as people wrote them, whatever bytes a camera padded them with.

/// A longer text is cut: it is no name, title or keyword.
const LIMIT: usize = 4096;

/// The text before the first NUL, without control characters and blanks around
/// it; none if nothing is left. Bytes that are not UTF-8 are read as Latin-1.
pub(super) fn clean(bytes: &[u8]) -> Option<String> {
    let text = bytes.split(|&byte| byte == 0).next()?;
    match std::str::from_utf8(text) {
        Ok(text) => visible(text),
        Err(_) => visible(&text.iter().copied().map(char::from).collect::<String>()),
    }
}

/// The text without control characters but line breaks, and without blanks
/// around it; none if nothing is left.
pub(super) fn visible(text: &str) -> Option<String> {
    // Nearly every text of a camera: nothing is to be left out.
    if text.len() <= LIMIT && text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return kept(text);
    }
    let visible: String = text
        .chars()
        .take(LIMIT)
        .filter(|&char| char == '\n' || !char.is_control())
        .collect();
    kept(&visible)
}

fn kept(visible: &str) -> Option<String> {
    let trimmed = visible.trim();
    (!trimmed.is_empty()).then(|| trimmed.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_is_no_text() {
        assert_eq!(clean(b"Canon\0\0\0junk"), Some("Canon".to_owned()));
        assert_eq!(
            clean(b"NIKON CORPORATION   "),
            Some("NIKON CORPORATION".to_owned())
        );
        assert_eq!(clean(b"   \0"), None);
        assert_eq!(clean(b""), None);
    }

    #[test]
    fn bytes_that_are_not_utf8_are_latin1() {
        assert_eq!(clean(b"Caf\xe9 noir"), Some("Café noir".to_owned()));
        assert_eq!(clean("Café".as_bytes()), Some("Café".to_owned()));
    }
}
