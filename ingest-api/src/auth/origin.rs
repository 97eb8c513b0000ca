//! Whether a request that changes something comes from our own pages.

use http::header::{HOST, ORIGIN};
use http::{HeaderMap, Method, StatusCode};
use url::Url;

use crate::hosts;
use crate::problem::Problem;

/// Refuses a change that another site had a browser send with our cookie.
///
/// `Origin` decides; browsers that leave it out send `Sec-Fetch-Site`; a
/// request with neither is no browser's and has no business with a cookie.
pub(super) fn check(method: &Method, headers: &HeaderMap, base_url: &Url) -> Result<(), Problem> {
    if method.is_safe() {
        return Ok(());
    }
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or(""));
    let same = match (text(ORIGIN.as_str()), text("sec-fetch-site")) {
        (Some(origin), _) => is_ours(origin, text(HOST.as_str()), base_url),
        (None, Some(site)) => site == "same-origin",
        (None, None) => false,
    };
    if same {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::FORBIDDEN,
        "cross_origin",
        "another site may not change anything here",
    ))
}

fn is_ours(origin: &str, host: Option<&str>, base_url: &Url) -> bool {
    if origin == base_url.origin().ascii_serialization() {
        return true;
    }
    // The same machine by another of its loopback names.
    let Some(authority) = origin.strip_prefix("http://") else {
        return false;
    };
    hosts::is_loopback(authority) && host == Some(authority)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn posted(pairs: &[(&'static str, &str)]) -> bool {
        let base_url = "https://album.example".parse().unwrap();
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, value.parse().unwrap());
        }
        check(&Method::POST, &headers, &base_url).is_ok()
    }

    #[test]
    fn takes_changes_from_our_pages_alone() {
        assert!(posted(&[("origin", "https://album.example")]));
        assert!(posted(&[("sec-fetch-site", "same-origin")]));
        assert!(posted(&[
            ("origin", "http://127.0.0.1:8080"),
            ("host", "127.0.0.1:8080")
        ]));
        for refused in [
            &[][..],
            &[("origin", "https://evil.example")],
            &[("origin", "https://album.example.evil.example")],
            &[("origin", "http://album.example")],
            &[("origin", "null")],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "none")],
            &[
                ("origin", "https://evil.example"),
                ("sec-fetch-site", "same-origin"),
            ],
            &[("origin", "http://127.0.0.1:9"), ("host", "127.0.0.1:8080")],
            &[("origin", "http://evil.example"), ("host", "evil.example")],
        ] {
            assert!(!posted(refused), "{refused:?}");
        }
    }
}
