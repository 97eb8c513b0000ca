//! The `Authorization` and `X-Amz-Date` headers of Signature Version 4.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Authorization<'a> {
    pub(super) access_key: &'a str,
    /// `YYYYMMDD`
    pub(super) date: &'a str,
    pub(super) region: &'a str,
    pub(super) service: &'a str,
    /// Lower-case names with `;` between them.
    pub(super) signed_headers: &'a str,
    pub(super) signature: &'a str,
}

impl<'a> Authorization<'a> {
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let (mut credential, mut signed_headers, mut signature) = (None, None, None);
        for field in text.strip_prefix("AWS4-HMAC-SHA256")?.split(',') {
            let (name, value) = field.trim().split_once('=')?;
            let slot = match name {
                "Credential" => &mut credential,
                "SignedHeaders" => &mut signed_headers,
                "Signature" => &mut signature,
                _ => return None,
            };
            if slot.replace(value).is_some() {
                return None;
            }
        }
        let mut scope = credential?.split('/');
        let parsed = Self {
            access_key: scope.next()?,
            date: scope.next().filter(|date| date.len() == 8)?,
            region: scope.next()?,
            service: scope.next()?,
            signed_headers: signed_headers?,
            signature: signature?,
        };
        (scope.next() == Some("aws4_request") && scope.next().is_none()).then_some(parsed)
    }
}

/// Reads `20260102T030405Z`.
pub(super) fn date(text: &str) -> Option<Timestamp> {
    let bare = text.strip_suffix('Z').filter(|bare| bare.len() == 15)?;
    let date = DateTime::strptime("%Y%m%dT%H%M%S", bare).ok()?;
    Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_sdks_write_with_and_without_spaces() {
        for gap in [", ", ","] {
            let text = format!(
                "AWS4-HMAC-SHA256 Credential=AK/20260102/eu-west-1/sqs/aws4_request{gap}SignedHeaders=host;x-amz-date{gap}Signature=ab"
            );
            let parsed = Authorization::parse(&text).unwrap();
            assert_eq!(parsed.access_key, "AK");
            assert_eq!(parsed.service, "sqs");
            assert_eq!(parsed.signed_headers, "host;x-amz-date");
        }
        assert_eq!(
            date("20260102T030405Z").unwrap().to_string(),
            "2026-01-02T03:04:05Z"
        );
    }

    #[test]
    fn refuses_everything_else() {
        for text in [
            "",
            "Bearer x",
            "AWS4-HMAC-SHA256",
            "AWS4-HMAC-SHA256 Credential=AK/20260102/r/s/aws4_request, Signature=a",
            "AWS4-HMAC-SHA256 Credential=AK/2026/r/s/aws4_request, SignedHeaders=h, Signature=a",
            "AWS4-HMAC-SHA256 Credential=AK/20260102/r/s/aws4_request/x, SignedHeaders=h, Signature=a",
            "AWS4-HMAC-SHA256 Credential=AK/20260102/r/s/aws4_request, SignedHeaders=h, Signature=a, Signature=b",
        ] {
            assert_eq!(Authorization::parse(text), None, "{text}");
        }
        for text in [
            "",
            "20260102",
            "20261302T030405Z",
            "20260102T030405",
            "2026-01-02T03:04Z",
        ] {
            assert_eq!(date(text), None, "{text}");
        }
    }
}
