//! The checksums a client sends with a body, and whether the body keeps them.

use base64::{Engine, prelude::BASE64_STANDARD};
use http::HeaderMap;
use s3s::checksum::ChecksumHasher;
use s3s::crypto::{Checksum as _, Md5};
use s3s::{S3Result, s3_error};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Base64 checksums by algorithm, as S3's headers carry them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Checksums {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) crc32: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) crc32c: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) crc64nvme: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sha1: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sha256: Option<String>,
}

/// Reads the checksum fields that most S3 inputs have in common.
macro_rules! checksums_of {
    ($input:expr) => {
        $crate::s3::checksum::Checksums {
            crc32: $input.checksum_crc32.clone(),
            crc32c: $input.checksum_crc32c.clone(),
            crc64nvme: $input.checksum_crc64nvme.clone(),
            sha1: $input.checksum_sha1.clone(),
            sha256: $input.checksum_sha256.clone(),
        }
    };
}

/// Writes the checksum fields that most S3 outputs have in common.
macro_rules! set_checksums {
    ($output:expr, $checksums:expr) => {{
        let checksums = $checksums;
        $output.checksum_crc32 = checksums.crc32;
        $output.checksum_crc32c = checksums.crc32c;
        $output.checksum_crc64nvme = checksums.crc64nvme;
        $output.checksum_sha1 = checksums.sha1;
        $output.checksum_sha256 = checksums.sha256;
    }};
}

pub(super) use {checksums_of, set_checksums};

/// What a client promised about a body before sending it.
#[derive(Debug, Default)]
pub(super) struct Promised {
    pub(super) checksums: Checksums,
    /// `Content-MD5`, base64.
    pub(super) md5: Option<String>,
    /// `x-amz-trailer`: the checksum header that follows the body.
    pub(super) trailer: Option<String>,
}

impl Promised {
    pub(super) fn new(checksums: Checksums, md5: Option<String>, headers: &HeaderMap) -> Self {
        let trailer = headers
            .get("x-amz-trailer")
            .and_then(|value| value.to_str().ok())
            .map(|value| value.trim().to_ascii_lowercase());
        Self {
            checksums,
            md5,
            trailer,
        }
    }

    /// A hasher for exactly the algorithms that were promised.
    pub(super) fn hasher(&self) -> ChecksumHasher {
        let sent = &self.checksums;
        let wants = |value: &Option<String>, header| {
            value.is_some() || self.trailer.as_deref() == Some(header)
        };
        ChecksumHasher {
            crc32: wants(&sent.crc32, "x-amz-checksum-crc32").then(Default::default),
            crc32c: wants(&sent.crc32c, "x-amz-checksum-crc32c").then(Default::default),
            sha1: wants(&sent.sha1, "x-amz-checksum-sha1").then(Default::default),
            sha256: wants(&sent.sha256, "x-amz-checksum-sha256").then(Default::default),
            crc64nvme: wants(&sent.crc64nvme, "x-amz-checksum-crc64nvme").then(Default::default),
        }
    }

    /// Compares the promise, and the trailers that came after the body, with the body.
    pub(super) fn check(
        mut self,
        md5: Option<&[u8; 16]>,
        found: &Checksums,
        trailers: Option<&HeaderMap>,
    ) -> S3Result<()> {
        if let Some(name) = self
            .trailer
            .take()
            .filter(|name| name.starts_with("x-amz-checksum-"))
        {
            let value = trailers
                .and_then(|trailers| trailers.get(&name))
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned)
                .ok_or_else(|| s3_error!(InvalidRequest, "the promised trailer is missing"))?;
            let field = match name.as_str() {
                "x-amz-checksum-crc32" => &mut self.checksums.crc32,
                "x-amz-checksum-crc32c" => &mut self.checksums.crc32c,
                "x-amz-checksum-crc64nvme" => &mut self.checksums.crc64nvme,
                "x-amz-checksum-sha1" => &mut self.checksums.sha1,
                "x-amz-checksum-sha256" => &mut self.checksums.sha256,
                _ => return Err(s3_error!(InvalidRequest, "unknown checksum algorithm")),
            };
            *field = Some(value);
        }
        let md5 = md5.map(|md5| BASE64_STANDARD.encode(md5));
        if self.md5.is_some() && self.md5 != md5 {
            return Err(s3_error!(BadDigest, "Content-MD5 does not match the body"));
        }
        if self.checksums != *found {
            return Err(s3_error!(BadDigest, "a checksum does not match the body"));
        }
        Ok(())
    }
}

impl From<s3s::dto::Checksum> for Checksums {
    fn from(found: s3s::dto::Checksum) -> Self {
        checksums_of!(found)
    }
}

/// The `ETag` of a body: its MD5, or its SHA-256 where that was asked for
/// alone, in lower-case hexadecimal.
///
/// One hash of a body is enough, and to clients an `ETag` is opaque (Amazon S3
/// API Reference, "Object": it may or may not be an MD5).
pub(super) fn etag(md5: Option<&[u8; 16]>, found: &Checksums) -> String {
    let sha256 = || BASE64_STANDARD.decode(found.sha256.as_ref()?).ok();
    let digest = md5.map(|md5| md5.to_vec()).or_else(sha256);
    data_encoding::HEXLOWER.encode(&digest.unwrap_or_default())
}

/// The `ETag` of an object made of parts: the MD5 of the parts' digests, and their number.
pub(super) fn multipart_etag<'a>(parts: impl Iterator<Item = &'a str>) -> String {
    let mut md5 = Md5::new();
    let mut count = 0_usize;
    for etag in parts {
        let raw = data_encoding::HEXLOWER_PERMISSIVE
            .decode(etag.as_bytes())
            .unwrap_or_default();
        md5.update(&raw);
        count += 1;
    }
    format!(
        "{}-{count}",
        data_encoding::HEXLOWER.encode(md5.finalize().as_ref())
    )
}

/// The composite SHA-256 of an object made of parts, if every part has one.
pub(super) fn multipart_sha256<'a>(parts: impl Iterator<Item = Option<&'a str>>) -> Option<String> {
    let mut sha256 = Sha256::new();
    let mut count = 0_usize;
    for part in parts {
        sha256.update(BASE64_STANDARD.decode(part?).ok()?);
        count += 1;
    }
    Some(format!(
        "{}-{count}",
        BASE64_STANDARD.encode(sha256.finalize())
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(body: &[u8], promised: &Promised) -> Checksums {
        let mut hasher = promised.hasher();
        hasher.update(body);
        hasher.finalize().into()
    }

    #[test]
    fn a_kept_promise_passes_and_a_broken_one_does_not() {
        let md5 = Md5::checksum(b"body");
        let promise = |of: &[u8]| Promised {
            checksums: Checksums {
                sha256: Some(BASE64_STANDARD.encode(Sha256::digest(of))),
                ..Checksums::default()
            },
            ..Promised::default()
        };
        let kept = promise(b"body");
        let sums = found(b"body", &kept);
        assert!(kept.check(Some(&md5), &sums, None).is_ok());
        let broken = promise(b"other");
        let sums = found(b"body", &broken);
        assert!(broken.check(Some(&md5), &sums, None).is_err());
    }

    #[test]
    fn a_promised_trailer_must_come_and_match() {
        let md5 = Md5::checksum(b"body");
        let promise = || Promised {
            trailer: Some("x-amz-checksum-crc32".to_owned()),
            ..Promised::default()
        };
        let sums = found(b"body", &promise());
        let mut trailers = HeaderMap::new();
        assert!(promise().check(Some(&md5), &sums, Some(&trailers)).is_err());
        trailers.insert("x-amz-checksum-crc32", "AAAAAA==".parse().unwrap());
        assert!(promise().check(Some(&md5), &sums, Some(&trailers)).is_err());
        let right = sums.crc32.clone().unwrap();
        trailers.insert("x-amz-checksum-crc32", right.parse().unwrap());
        assert!(promise().check(Some(&md5), &sums, Some(&trailers)).is_ok());
    }

    #[test]
    fn a_multipart_etag_is_the_md5_of_the_md5s() {
        let one = data_encoding::HEXLOWER.encode(Md5::checksum(b"one").as_ref());
        let two = data_encoding::HEXLOWER.encode(Md5::checksum(b"two").as_ref());
        let mut raw = Md5::checksum(b"one").as_ref().to_vec();
        raw.extend_from_slice(Md5::checksum(b"two").as_ref());
        let expected = data_encoding::HEXLOWER.encode(Md5::checksum(&raw).as_ref());
        assert_eq!(
            multipart_etag([one.as_str(), two.as_str()].into_iter()),
            format!("{expected}-2")
        );
    }
}
