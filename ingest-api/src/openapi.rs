//! The `OpenAPI` document, from the annotations of the handlers.

use axum::Json;
use utoipa::openapi::RefOr;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};

use crate::auth::sign_in;
use crate::{board, changes, health, map, me, ops, photos, uploads};

/// The document: a handler is in it when it is named here.
#[derive(OpenApi)]
#[openapi(
    info(title = "CloudAlbum", description = "Photo ingestion and the album"),
    paths(
        sign_in::login,
        sign_in::callback,
        sign_in::logout,
        sign_in::endpoints,
        uploads::create,
        uploads::parts::held,
        uploads::parts::sign,
        uploads::parts::complete,
        uploads::parts::give_up,
        photos::list,
        photos::read,
        photos::edit,
        photos::trash,
        photos::restore,
        photos::retry,
        changes::changes,
        map::map,
        map::photos,
        me::read,
        me::edit,
        ops::failures::list,
        ops::redrive::redrive,
        ops::recipes::read,
        ops::recipes::apply,
        ops::dlq::list,
        ops::dlq::move_back,
        ops::stages::list,
        ops::stages::pause,
        ops::stages::resume,
        ops::reconcile::reconcile,
        ops::audit::list,
        board::metrics::read,
        board::summary::read,
        board::photos::list,
        board::traces::list,
        board::traces::read,
        health::live,
        health::ready,
    ),
    modifiers(&Schemes, &Problems, &Names),
    security(("bearer" = []), ("session" = [])),
)]
struct Document;

/// Serves the document.
pub(crate) async fn document() -> Json<utoipa::openapi::OpenApi> {
    Json(Document::openapi())
}

struct Schemes;

impl Modify for Schemes {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        let cookie = ApiKey::Cookie(ApiKeyValue::new("__Host-session"));
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("bearer", bearer);
        components.add_security_scheme("session", SecurityScheme::ApiKey(cookie));
    }
}

/// Errors are problem documents, whichever handler gives them.
struct Problems;

impl Modify for Problems {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        for item in document.paths.paths.values_mut() {
            let operations = [
                &mut item.get,
                &mut item.post,
                &mut item.patch,
                &mut item.delete,
            ];
            for operation in operations.into_iter().flatten() {
                for (status, response) in &mut operation.responses.responses {
                    if let RefOr::T(response) = response
                        && status.starts_with(['4', '5'])
                    {
                        let content = std::mem::take(&mut response.content).into_values();
                        response.content = content
                            .map(|content| ("application/problem+json".to_owned(), content))
                            .collect();
                    }
                }
            }
        }
    }
}

/// Handlers of several modules share their names; those of operations must be
/// unique (`OpenAPI` 3.1, section 4.8.10), so that clients can be generated.
struct Names;

impl Modify for Names {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        for (path, item) in &mut document.paths.paths {
            let segments = path.trim_start_matches("/v1").replace(['/', '-'], "_");
            let name = segments.replace(['{', '}', '.'], "");
            let operations = [
                ("get", &mut item.get),
                ("post", &mut item.post),
                ("patch", &mut item.patch),
                ("delete", &mut item.delete),
            ];
            for (method, operation) in operations {
                if let Some(operation) = operation {
                    operation.operation_id = Some(format!("{method}{name}"));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHECKED_IN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/openapi.json");

    #[test]
    fn every_operation_has_a_name_of_its_own() {
        let document = serde_json::to_value(Document::openapi()).unwrap();
        let items = document["paths"].as_object().unwrap().values();
        let operations = items.flat_map(|item| item.as_object().unwrap().values());
        let names = operations.map(|operation| operation["operationId"].as_str().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort_unstable();
        assert!(
            names.len() > 30 && names.contains(&"get_photos_id"),
            "{names:?}"
        );
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count, "{names:?}");
    }

    #[test]
    #[expect(
        clippy::disallowed_methods,
        reason = "asked for by whoever runs the test"
    )]
    fn the_checked_in_document_is_current() {
        let current = format!("{}\n", Document::openapi().to_pretty_json().unwrap());
        if std::env::var("UPDATE_OPENAPI").is_ok() {
            std::fs::write(CHECKED_IN, &current).unwrap();
        }
        let checked_in = std::fs::read_to_string(CHECKED_IN).unwrap();
        assert!(checked_in == current, "run the test with UPDATE_OPENAPI=1");
    }
}
