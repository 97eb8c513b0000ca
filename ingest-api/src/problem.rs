//! Problem documents (RFC 9457): the one form of every error answer.

use std::borrow::Cow;
use std::error::Error;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use cloudalbum_domain::wire;
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use http_body_util::{BodyExt as _, Limited};

use crate::uploads::RateLimit;

const MEDIA_TYPE: &str = "application/problem+json";
/// No text of a rejection is longer than this.
const MAX_DETAIL_BYTES: usize = 2_048;

/// An error answer. [`complete`] gives it the trace id of its request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    code: Cow<'static, str>,
    title: Cow<'static, str>,
    detail: Option<String>,
    retry_after: Option<u32>,
    rate_limit: Option<RateLimit>,
}

impl Problem {
    /// `code` is for programs and never changes; `title` says what is wrong.
    pub fn new(
        status: StatusCode,
        code: impl Into<Cow<'static, str>>,
        title: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            status,
            code: code.into(),
            title: title.into(),
            detail: None,
            retry_after: None,
            rate_limit: None,
        }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Adds `Retry-After`, in seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// The owner had all the URLs of this minute.
    pub(crate) fn too_many(rate_limit: RateLimit) -> Self {
        let title = "too many upload URLs were asked for";
        let mut problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", title)
            .with_detail("wait as long as Retry-After says, then ask for the same again")
            .retry_after(rate_limit.resets_in);
        problem.rate_limit = Some(rate_limit);
        problem
    }

    /// There is no such thing, or it belongs to somebody else.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "there is nothing here")
    }

    /// Nobody is signed in.
    pub fn unauthorized(detail: impl Into<String>) -> Self {
        let title = "you are not signed in";
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", title).with_detail(detail)
    }

    /// Something we depend on does not answer: logs `cause`, here and only
    /// here, and tells the client to come back.
    pub fn unavailable(cause: &(dyn Error + 'static)) -> Self {
        tracing::error!(error = cause, "cannot answer: a dependency is unavailable");
        let title = "the service is busy or partly down";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", title)
            .with_detail("try again in a moment")
            .retry_after(2)
    }

    /// We are wrong: logs `cause`, here and only here.
    pub fn internal(cause: &(dyn Error + 'static)) -> Self {
        tracing::error!(error = cause, "cannot answer: a fault of ours");
        Self::of_status(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// What a bare status means here.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        let (code, title) = match status {
            StatusCode::NOT_FOUND => return Self::not_found(),
            StatusCode::METHOD_NOT_ALLOWED => ("method_not_allowed", "this method is not for here"),
            StatusCode::PAYLOAD_TOO_LARGE => ("body_too_large", "the request's body is too large"),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                ("unsupported_content_type", "the body must be JSON")
            }
            status if status.is_client_error() => ("invalid_request", "the request makes no sense"),
            _ => ("internal", "something went wrong on our side"),
        };
        Self::new(status, code, title)
    }

    fn render(&self, trace_id: Option<String>) -> Response {
        let document = wire::Problem {
            status: self.status.as_u16(),
            code: self.code.clone().into_owned(),
            title: self.title.clone().into_owned(),
            detail: self.detail.clone(),
            trace_id,
        };
        let mut response = axum::Json(document).into_response();
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(rate_limit) = self.rate_limit {
            rate_limit.insert(headers);
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.render(None);
        response.extensions_mut().insert(self);
        response
    }
}

/// Gives an error answer its trace id, and turns the plain texts by which axum
/// refuses a body, a query, a route or a method into problem documents.
pub(crate) async fn complete(response: Response, trace_id: &str) -> Response {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let (parts, body) = response.into_parts();
    let problem = match parts.extensions.get::<Problem>() {
        Some(problem) => problem.clone(),
        None => Problem {
            detail: rejection(status, body).await,
            ..Problem::of_status(status)
        },
    };
    let mut completed = problem.render(Some(trace_id.to_owned()));
    let kept = parts.headers.into_iter().filter_map(|(name, value)| {
        let name = name?;
        let ours = name == CONTENT_TYPE || name == http::header::CONTENT_LENGTH;
        (!ours).then_some((name, value))
    });
    for (name, value) in kept {
        if !completed.headers().contains_key(&name) || name == http::header::SET_COOKIE {
            completed.headers_mut().append(name, value);
        }
    }
    completed
}

/// Axum's own words about what the client sent; nothing of a fault of ours.
async fn rejection(status: StatusCode, body: Body) -> Option<String> {
    if !status.is_client_error() {
        return None;
    }
    let bytes = Limited::new(body, MAX_DETAIL_BYTES).collect().await.ok()?;
    let text = String::from_utf8(bytes.to_bytes().to_vec()).ok()?;
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn document(response: Response) -> wire::Problem {
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        serde_json::from_slice(&bytes).unwrap()
    }

    #[tokio::test]
    async fn gives_the_trace_id_and_keeps_headers() {
        let mut refused = Problem::unauthorized("sign in").into_response();
        let cookie = HeaderValue::from_static("session=; Max-Age=0");
        refused.headers_mut().append("set-cookie", cookie);
        let refused = complete(refused, "1-a-b").await;
        assert_eq!(refused.headers()[CONTENT_TYPE], MEDIA_TYPE);
        assert_eq!(refused.headers()["set-cookie"], "session=; Max-Age=0");
        assert_eq!(refused.headers()[WWW_AUTHENTICATE], "Bearer");
        let document = document(refused).await;
        assert_eq!(document.trace_id.as_deref(), Some("1-a-b"));
        assert_eq!(
            (document.status, document.code.as_str()),
            (401, "unauthorized")
        );
    }

    #[tokio::test]
    async fn tells_no_cause_of_a_fault() {
        let cause = std::io::Error::other("secret host 10.0.0.7");
        let fault = complete(Problem::unavailable(&cause).into_response(), "t").await;
        assert_eq!(fault.headers()[RETRY_AFTER], "2");
        let text = serde_json::to_string(&document(fault).await).unwrap();
        assert!(!text.contains("10.0.0.7"));
        let bare = (StatusCode::INTERNAL_SERVER_ERROR, "secret host 10.0.0.7").into_response();
        let text = serde_json::to_string(&document(complete(bare, "t").await).await).unwrap();
        assert!(!text.contains("10.0.0.7"));
    }
}
