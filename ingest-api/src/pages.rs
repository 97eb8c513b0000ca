//! The built web app, and the headers that keep browsers from harm.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use cloudalbum_aws::settings::ServiceSettings;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY};
use http::header::{STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, Method, StatusCode, Uri};
use tower::ServiceExt as _;
use tower_http::services::ServeDir;

use crate::app::App;
use crate::problem::Problem;

/// The build names these files by their content.
const HASHED: &str = "/assets/";
/// Paths of the service: what is not there is no page of the app.
const SERVICE: [&str; 2] = ["/v1/", "/auth/"];

/// Serves a file of the web app; a path without an extension is one of the
/// app's own routes and gets its page.
pub(crate) async fn page(State(app): State<App>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let asked = matches!(*request.method(), Method::GET | Method::HEAD);
    let of_service = SERVICE.iter().any(|prefix| path.starts_with(prefix));
    let Some(dir) = app
        .settings
        .web_dir
        .as_ref()
        .filter(|_| asked && !of_service)
    else {
        return Problem::not_found().into_response();
    };
    let (mut parts, body) = request.into_parts();
    let is_file = path
        .rsplit('/')
        .next()
        .is_some_and(|name| name.contains('.'));
    if !is_file {
        parts.uri = Uri::from_static("/index.html");
    }
    let files = ServeDir::new(dir).precompressed_br().precompressed_gzip();
    let Ok(served) = files.oneshot(Request::from_parts(parts, body)).await;
    let mut response = served.map(axum::body::Body::new);
    let keep = path.starts_with(HASHED) && response.status() == StatusCode::OK;
    let cache = if keep {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static(cache));
    response
}

/// Adds the security headers to every answer.
pub(crate) async fn secure(State(app): State<App>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::try_from(policy(&app.settings)) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    // The API's answers hold presigned URLs and belong to one person.
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    if app.settings.base_url.scheme() == "https" {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.insert(STRICT_TRANSPORT_SECURITY, year);
    }
    response
}

/// Nothing may be loaded, run or sent but from here, S3, the sign-in pages and,
/// if set, the server of map tiles.
fn policy(settings: &ServiceSettings) -> String {
    let origin = |url: &url::Url| url.origin().ascii_serialization();
    let s3 = settings.s3_public_url.as_ref().map_or_else(
        || {
            format!(
                "https://{}.s3.{}.amazonaws.com",
                settings.bucket, settings.region
            )
        },
        origin,
    );
    let tiles = settings.map_style_url.as_ref();
    let tiles = tiles.map_or_else(String::new, |style| format!(" {}", style.origin()));
    let sign_in = origin(&settings.cognito_domain);
    [
        "default-src 'none'".to_owned(),
        "script-src 'self'".to_owned(),
        "style-src 'self'".to_owned(),
        format!("img-src 'self' blob: data: {s3}{tiles}"),
        format!("connect-src 'self' {s3}{tiles}"),
        "worker-src 'self' blob:".to_owned(),
        "font-src 'self'".to_owned(),
        "manifest-src 'self'".to_owned(),
        format!("form-action 'self' {sign_in}"),
        "base-uri 'none'".to_owned(),
        "frame-ancestors 'none'".to_owned(),
    ]
    .join("; ")
}

#[cfg(test)]
mod tests {
    use http::{Method, StatusCode};

    use crate::auth::tests::World;

    #[tokio::test]
    async fn serves_the_app_and_keeps_hashed_files() {
        let web = tempfile::tempdir().unwrap();
        std::fs::create_dir(web.path().join("assets")).unwrap();
        std::fs::write(web.path().join("index.html"), "<!doctype html>").unwrap();
        std::fs::write(web.path().join("assets/app-1a2b.js"), "1").unwrap();
        let world = World::serving(web.path()).await;
        for (path, status, cache) in [
            ("/", StatusCode::OK, "no-cache"),
            ("/map", StatusCode::OK, "no-cache"),
            (
                "/assets/app-1a2b.js",
                StatusCode::OK,
                "public, max-age=31536000, immutable",
            ),
            ("/assets/gone.js", StatusCode::NOT_FOUND, "no-cache"),
            ("/../Cargo.toml", StatusCode::NOT_FOUND, "no-cache"),
            ("/%2e%2e/Cargo.toml", StatusCode::NOT_FOUND, "no-cache"),
            ("/v1/nothing", StatusCode::NOT_FOUND, "no-store"),
        ] {
            let answer = world.ask(Method::GET, path, &[]).await;
            assert_eq!(answer.status, status, "{path}");
            assert_eq!(answer.headers["cache-control"], cache, "{path}");
        }
    }

    #[tokio::test]
    async fn every_answer_has_the_policy() {
        let world = World::start().await;
        for path in ["/", "/healthz", "/v1/nothing"] {
            let answer = world.ask(Method::GET, path, &[]).await;
            let policy = answer.headers["content-security-policy"].to_str().unwrap();
            assert!(
                policy.starts_with("default-src 'none'; script-src 'self';"),
                "{policy}"
            );
            assert!(
                policy.contains("connect-src 'self' http://127.0.0.1:4566;"),
                "{policy}"
            );
            assert!(!policy.contains("unsafe"), "{policy}");
            assert_eq!(answer.headers["x-content-type-options"], "nosniff");
            assert_eq!(answer.headers["referrer-policy"], "no-referrer");
        }
    }

    #[tokio::test]
    async fn a_server_of_map_tiles_is_the_one_origin_more() {
        let template = "https://tiles.example:8443/{z}/{x}/{y}.png?key=1";
        let mut policies = Vec::new();
        for further in [vec![], vec![("MAP_STYLE_URL", template)]] {
            let world = World::set(&further).await;
            let answer = world.ask(Method::GET, "/", &[]).await;
            let policy = answer.headers["content-security-policy"].to_str().unwrap();
            // The sign-in of a test is at a port of its own.
            let parts: Vec<String> = policy.split("; ").map(str::to_owned).collect();
            let kept = parts
                .into_iter()
                .filter(|part| !part.starts_with("form-action"));
            policies.push(kept.collect::<Vec<_>>());
        }
        let [without, with] = policies.try_into().unwrap();
        let more = without.into_iter().map(|part| {
            if part.starts_with("img-src") || part.starts_with("connect-src") {
                part + " https://tiles.example:8443"
            } else {
                part
            }
        });
        assert_eq!(with, more.collect::<Vec<_>>());
    }
}
