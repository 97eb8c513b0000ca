//! One page of a bucket's keys, rolled up by a delimiter.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use rusqlite::Connection;
use s3s::{S3Result, s3_error};

use super::index::{self, Object};
use super::internal;

/// S3 answers at most this many entries, whatever was asked.
const MOST: usize = 1000;

/// Which keys are wanted.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) bucket: String,
    pub(super) prefix: String,
    pub(super) delimiter: Option<String>,
    /// The first key that may be answered.
    pub(super) from: String,
    pub(super) limit: usize,
}

/// What was found, in order.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) objects: Vec<Object>,
    pub(super) prefixes: Vec<String>,
    /// The last entry and the key to go on from, if there is more.
    pub(super) next: Option<Next>,
}

/// Where the next page starts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Next {
    pub(super) last: String,
    pub(super) from: String,
}

impl Wanted {
    pub(super) fn new(
        bucket: String,
        prefix: Option<String>,
        delimiter: Option<String>,
        limit: Option<i32>,
    ) -> S3Result<Self> {
        let limit = usize::try_from(limit.unwrap_or(1000))
            .map_err(|_| s3_error!(InvalidArgument, "max-keys must not be negative"))?;
        Ok(Self {
            bucket,
            prefix: prefix.unwrap_or_default(),
            delimiter: delimiter.filter(|delimiter| !delimiter.is_empty()),
            from: String::new(),
            limit: limit.min(MOST),
        })
    }

    /// Goes on after `marker`, which may be a prefix that was rolled up.
    pub(super) fn after(mut self, marker: Option<&str>) -> Self {
        if let Some(marker) = marker.filter(|marker| !marker.is_empty()) {
            let rolled_up = self
                .delimiter
                .as_deref()
                .is_some_and(|delimiter| marker.ends_with(delimiter));
            self.from = if rolled_up {
                beyond(marker)
            } else {
                format!("{marker}\0")
            };
        }
        self
    }

    /// Goes on from an opaque token of [`Next::token`].
    pub(super) fn resume(mut self, token: Option<&str>) -> S3Result<Self> {
        if let Some(token) = token {
            self.from = BASE64_URL_SAFE_NO_PAD
                .decode(token)
                .ok()
                .and_then(|bytes| String::from_utf8(bytes).ok())
                .ok_or_else(|| s3_error!(InvalidArgument, "not a continuation token"))?;
        }
        Ok(self)
    }

    pub(super) fn find(self, index: &Connection) -> S3Result<Page> {
        index::require_bucket(index, &self.bucket)?;
        let mut page = Page::default();
        let mut from = self.from.clone().max(self.prefix.clone());
        let mut last = String::new();
        if self.limit == 0 {
            return Ok(page);
        }
        loop {
            let mut rolled_up = None;
            index::walk(index, &self.bucket, &from, |object| {
                let Some(rest) = object.key.strip_prefix(&self.prefix) else {
                    return false;
                };
                if page.objects.len() + page.prefixes.len() == self.limit {
                    page.next = Some(Next {
                        last: last.clone(),
                        from: object.key,
                    });
                    return false;
                }
                if let Some((head, delimiter)) = self
                    .delimiter
                    .as_deref()
                    .and_then(|delimiter| Some((rest.split_once(delimiter)?.0, delimiter)))
                {
                    rolled_up = Some(format!("{}{head}{delimiter}", self.prefix));
                    return false;
                }
                last.clone_from(&object.key);
                page.objects.push(object);
                true
            })
            .map_err(internal)?;
            let Some(prefix) = rolled_up else { break };
            from = beyond(&prefix);
            last.clone_from(&prefix);
            page.prefixes.push(prefix);
        }
        Ok(page)
    }
}

impl Next {
    pub(super) fn token(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(&self.from)
    }
}

/// The first string after all that start with `prefix`, in the order of UTF-8 bytes.
fn beyond(prefix: &str) -> String {
    let mut head = prefix.to_owned();
    while let Some(last) = head.pop() {
        let mut next = u32::from(last) + 1;
        if (0xD800..0xE000).contains(&next) {
            next = 0xE000;
        }
        if let Some(next) = char::from_u32(next) {
            head.push(next);
            return head;
        }
    }
    char::MAX.to_string().repeat(300)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::s3::index::{Attributes, Condition};

    fn bucket(keys: &[&str]) -> Connection {
        let mut index = index::open(std::path::Path::new(":memory:")).unwrap();
        index
            .execute("INSERT INTO buckets VALUES ('photos', 0)", [])
            .unwrap();
        let tx = index.transaction().unwrap();
        for key in keys {
            let object = Object {
                key: (*key).to_owned(),
                blob: String::new(),
                size: 0,
                etag: String::new(),
                modified_ms: 0,
                attributes: Attributes::default(),
            };
            index::insert(&tx, "photos", &object, &Condition::None).unwrap();
        }
        tx.commit().unwrap();
        index
    }

    fn wanted(prefix: &str, delimiter: Option<&str>, limit: i32) -> Wanted {
        Wanted::new(
            "photos".to_owned(),
            Some(prefix.to_owned()),
            delimiter.map(str::to_owned),
            Some(limit),
        )
        .unwrap()
    }

    /// Every entry over all pages, and the number of pages.
    fn all(
        index: &Connection,
        prefix: &str,
        delimiter: Option<&str>,
        limit: i32,
    ) -> (Vec<String>, usize) {
        let (mut entries, mut pages, mut token) = (Vec::new(), 0, None::<String>);
        loop {
            let page = wanted(prefix, delimiter, limit)
                .resume(token.as_deref())
                .unwrap()
                .find(index)
                .unwrap();
            pages += 1;
            entries.extend(page.objects.into_iter().map(|object| object.key));
            entries.extend(page.prefixes);
            match page.next {
                Some(next) => token = Some(next.token()),
                None => return (entries, pages),
            }
        }
    }

    #[test]
    fn pages_hold_every_key_once_in_byte_order() {
        let index = bucket(&["b", "a/2", "a/1", "a", "ü", "a b+"]);
        let (keys, pages) = all(&index, "", None, 2);
        assert_eq!(keys, ["a", "a b+", "a/1", "a/2", "b", "ü"]);
        assert_eq!(pages, 3);
    }

    #[test]
    fn a_delimiter_rolls_up_each_prefix_once_over_pages() {
        let index = bucket(&["x/a/1", "x/a/2", "x/b", "x/c/1", "x/c/2", "y/1"]);
        let (keys, pages) = all(&index, "x/", Some("/"), 1);
        assert_eq!(keys, ["x/a/", "x/b", "x/c/"]);
        assert_eq!(pages, 3);
        assert_eq!(all(&index, "", Some("/"), 10).0, ["x/", "y/"]);
    }

    #[test]
    fn a_marker_may_be_a_rolled_up_prefix() {
        let index = bucket(&["a/1", "a/2", "b/1"]);
        let page = wanted("", Some("/"), 10)
            .after(Some("a/"))
            .find(&index)
            .unwrap();
        assert_eq!(page.prefixes, ["b/"]);
        let page = wanted("", None, 10)
            .after(Some("a/1"))
            .find(&index)
            .unwrap();
        assert_eq!(page.objects.len(), 2);
    }

    #[test]
    fn a_bad_token_and_a_negative_limit_are_refused() {
        assert!(wanted("", None, 1).resume(Some("%%%")).is_err());
        assert!(Wanted::new("b".to_owned(), None, None, Some(-1)).is_err());
    }

    #[test]
    fn beyond_is_just_after_the_prefix() {
        assert_eq!(beyond("a/"), "a0");
        assert_eq!(beyond("a\u{D7FF}"), "a\u{E000}");
        assert_eq!(beyond("a\u{10FFFF}"), "b");
    }
}
