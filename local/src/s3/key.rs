//! Which object keys the store takes.

use s3s::{S3Result, s3_error};

/// S3's own limit on the UTF-8 form of a key.
const LONGEST: usize = 1024;

/// Refuses keys that some client, proxy or file system would read as another key.
///
/// The store itself never turns a key into a path, so these are refused for the
/// sake of whoever copies the bucket out, and so that one object has one URL.
pub(super) fn check(key: &str) -> S3Result<()> {
    if key.len() > LONGEST {
        return Err(s3_error!(KeyTooLongError));
    }
    if key.chars().any(char::is_control) {
        return Err(s3_error!(
            InvalidArgument,
            "a key may hold no control character"
        ));
    }
    if key
        .split('/')
        .any(|segment| matches!(segment, "" | "." | ".."))
    {
        return Err(s3_error!(
            InvalidArgument,
            "a key may hold no segment that is empty, `.` or `..`"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn takes_what_clients_use() {
        for key in ["a", "a/b", "originals/o w/ü+.jpg", "a..b", "...", ".hidden"] {
            assert!(check(key).is_ok(), "{key}");
        }
        assert!(check(&"é".repeat(512)).is_ok());
    }

    #[test]
    fn refuses_escapes_and_overlong_keys() {
        for key in [
            "", "/", "/a", "a/", "a//b", ".", "..", "../b/x", "a/../b", "a/./b", "a\0b", "a\nb",
        ] {
            assert!(check(key).is_err(), "{key:?}");
        }
        assert!(check(&"a".repeat(1025)).is_err());
    }
}
