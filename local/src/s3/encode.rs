//! The form encoding that S3 uses for keys in notifications and listings.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What Java's `URLEncoder` leaves alone, and the slash, which S3 leaves alone too.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'.')
    .remove(b'-')
    .remove(b'*')
    .remove(b'_')
    .remove(b'/')
    .remove(b' ');

/// Encodes `key` as S3 does: `a b+ü` becomes `a+b%2B%C3%BC`.
pub(super) fn form(key: &str) -> String {
    utf8_percent_encode(key, KEPT).to_string().replace(' ', "+")
}

#[cfg(test)]
mod tests {
    use super::form;

    #[test]
    fn encodes_as_s3_does() {
        assert_eq!(form("originals/a b+ü.jpg"), "originals/a+b%2B%C3%BC.jpg");
        assert_eq!(form("a%20b"), "a%2520b");
    }
}
