//! Which `Host` names a request may carry.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::header::HOST;
use http::uri::Authority;
use http::{HeaderMap, StatusCode};
use url::Url;

use crate::app::App;
use crate::problem::Problem;

/// Refuses requests for another host's name, so that a page elsewhere cannot
/// have its own name resolve to this machine and read what is served here.
pub(crate) async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    if is_ours(request.headers(), &app.settings.base_url) {
        return next.run(request).await;
    }
    let status = StatusCode::MISDIRECTED_REQUEST;
    let title = "this host name is not served here";
    let detail = format!("use {}", app.settings.base_url);
    Problem::new(status, "foreign_host", title)
        .with_detail(detail)
        .into_response()
}

fn is_ours(headers: &HeaderMap, base_url: &Url) -> bool {
    let Some(host) = headers.get(HOST).and_then(|host| host.to_str().ok()) else {
        return false;
    };
    is_base(host, base_url) || is_loopback(host)
}

/// Whether `host` (with its port) is the one of `base_url`.
pub(crate) fn is_base(host: &str, base_url: &Url) -> bool {
    let Ok(authority) = host.parse::<Authority>() else {
        return false;
    };
    let port = authority.port_u16().or_else(|| match base_url.scheme() {
        "https" => Some(443),
        _ => Some(80),
    });
    let same_name = base_url
        .host_str()
        .is_some_and(|name| name.eq_ignore_ascii_case(authority.host()));
    same_name && base_url.port_or_known_default() == port
}

/// Whether `authority` names this machine to itself, at any port.
pub(crate) fn is_loopback(authority: &str) -> bool {
    let Ok(authority) = authority.parse::<Authority>() else {
        return false;
    };
    matches!(authority.host(), "localhost" | "127.0.0.1" | "[::1]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_its_names() {
        let base_url: Url = "http://album.lan:8080".parse().unwrap();
        for (host, ours) in [
            ("album.lan:8080", true),
            ("ALBUM.lan:8080", true),
            ("127.0.0.1:8080", true),
            ("localhost:9", true),
            ("[::1]:8080", true),
            ("album.lan", false),
            ("evil.example:8080", false),
            ("127.0.0.1.evil.example", false),
            ("localhost@evil.example", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(HOST, host.parse().unwrap())]);
            assert_eq!(is_ours(&headers, &base_url), ours, "{host}");
        }
        assert!(!is_ours(&HeaderMap::new(), &base_url));
        assert!(is_base(
            "album.example",
            &"https://album.example".parse().unwrap()
        ));
    }
}
