//! The look of the sign-in pages: plain HTML, escaped, without scripts.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use url::Url;

const STYLE: &str = include_str!("style.css");

/// A page and where its forms may lead.
pub(super) struct Page {
    pub(super) title: &'static str,
    /// HTML; every value in it has gone through [`escape`].
    pub(super) body: String,
    pub(super) status: StatusCode,
    /// Browsers apply `form-action` to redirects too, so the app has to be named.
    pub(super) leads_to: Option<Url>,
}

impl Page {
    pub(super) fn new(title: &'static str, body: String) -> Self {
        Self {
            title,
            body,
            status: StatusCode::OK,
            leads_to: None,
        }
    }

    pub(super) fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let html = format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <title>{title} · CloudAlbum</title>\
             <link rel=\"stylesheet\" href=\"/oauth2/style.css\"></head>\
             <body><main><p class=\"brand\">CloudAlbum</p><h1>{title}</h1>{body}</main></body></html>",
            title = self.title,
            body = self.body,
        );
        let app = self
            .leads_to
            .map(|url| url.origin().ascii_serialization())
            .unwrap_or_default();
        let policy = format!(
            "default-src 'none'; style-src 'self'; form-action 'self' {app}; \
             frame-ancestors 'none'; base-uri 'none'"
        );
        let headers = [
            ("content-type", "text/html; charset=utf-8".to_owned()),
            ("content-security-policy", policy),
            ("cache-control", "no-store".to_owned()),
            // A stricter policy would blank the Origin of our own forms.
            ("referrer-policy", "same-origin".to_owned()),
            ("x-content-type-options", "nosniff".to_owned()),
        ];
        (self.status, headers, html).into_response()
    }
}

pub(super) async fn style() -> Response {
    let headers = [
        ("content-type", "text/css; charset=utf-8"),
        ("cache-control", "max-age=3600"),
    ];
    (headers, STYLE).into_response()
}

/// A line that says what went wrong.
pub(super) fn alert(text: &str) -> String {
    format!("<p class=\"alert\" role=\"alert\">{}</p>", escape(text))
}

/// A labelled input.
pub(super) fn input(
    label: &str,
    kind: &str,
    name: &str,
    value: &str,
    autocomplete: &str,
) -> String {
    let numeric = if name == "code" {
        " inputmode=\"numeric\""
    } else {
        ""
    };
    format!(
        "<label>{label}<input type=\"{kind}\" name=\"{name}\" value=\"{}\" \
         autocomplete=\"{autocomplete}\"{numeric} required></label>",
        escape(value)
    )
}

/// An input that is carried along.
pub(super) fn hidden(name: &str, value: &str) -> String {
    format!(
        "<input type=\"hidden\" name=\"{name}\" value=\"{}\">",
        escape(value)
    )
}

/// A link whose query carries the sign-in that is under way.
pub(super) fn link(path: &str, next: &str, text: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("next", next);
    format!("<a href=\"{path}?{}\">{text}</a>", escape(&query.finish()))
}

/// Makes a text safe inside HTML, quoted attributes included.
pub(super) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}
