//! Who may call: the names of this address, and the pages that may use it.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};

/// Hosts without a port, and whole origins.
#[derive(Clone, Debug)]
pub(super) struct Allowed {
    pub(super) hosts: Vec<String>,
    pub(super) origins: Vec<String>,
}

impl Allowed {
    /// Whether the request names this machine.
    ///
    /// A page whose name was pointed at this machine after it loaded still sends
    /// its own name, so this is what keeps such pages out.
    fn host(&self, headers: &HeaderMap) -> bool {
        let mut values = headers.get_all(header::HOST).iter();
        let (Some(host), None) = (values.next(), values.next()) else {
            return false;
        };
        let Ok(authority) = http::uri::Authority::try_from(host.as_bytes()) else {
            return false;
        };
        self.hosts
            .iter()
            .any(|allowed| authority.host().eq_ignore_ascii_case(allowed))
    }

    /// Whether the request comes from no page, or from one of ours.
    pub(super) fn origin(&self, headers: &HeaderMap) -> bool {
        headers.get_all(header::ORIGIN).iter().all(|origin| {
            self.origins
                .iter()
                .any(|allowed| allowed.as_bytes() == origin.as_bytes())
        })
    }
}

/// Refuses requests that name another machine.
pub(super) async fn require_host(
    State(allowed): State<Arc<Allowed>>,
    request: Request,
    next: Next,
) -> Response {
    if allowed.host(request.headers()) {
        next.run(request).await
    } else {
        (StatusCode::FORBIDDEN, "this host name is not served here\n").into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().unwrap())])
    }

    #[test]
    fn only_our_names_and_origins_pass() {
        let allowed = Allowed {
            hosts: vec!["127.0.0.1".to_owned(), "localhost".to_owned()],
            origins: vec!["http://127.0.0.1:8080".to_owned()],
        };
        for host in ["127.0.0.1:4566", "localhost", "LOCALHOST:1"] {
            assert!(allowed.host(&headers(header::HOST, host)), "{host}");
        }
        for host in [
            "evil.example",
            "127.0.0.1.evil.example",
            "",
            "a b",
            "evil@x",
        ] {
            assert!(!allowed.host(&headers(header::HOST, host)), "{host}");
        }
        assert!(!allowed.host(&HeaderMap::new()));
        assert!(allowed.origin(&HeaderMap::new()));
        assert!(allowed.origin(&headers(header::ORIGIN, "http://127.0.0.1:8080")));
        for origin in ["null", "http://127.0.0.1:80801", "https://127.0.0.1:8080"] {
            assert!(
                !allowed.origin(&headers(header::ORIGIN, origin)),
                "{origin}"
            );
        }
    }
}
