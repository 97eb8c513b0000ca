//! The settings of ingest-api.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use cloudalbum_domain::Recipe;
use url::Url;

use super::map_style::MapStyle;
use super::{Invalid, Reader, Secret, TelemetrySettings, recipe};

/// What ingest-api reads.
#[derive(Clone, Debug)]
pub struct ServiceSettings {
    /// `AWS_REGION`.
    pub region: String,
    /// `S3_PHOTO_BUCKET`: where originals and renditions live.
    pub bucket: String,
    /// `S3_PUBLIC_URL`: the S3 endpoint as browsers reach it; default the
    /// SDK's own.
    pub s3_public_url: Option<Url>,
    /// `RENDITION_KEY_ID`: CloudFront's name for the key that signs the cookies
    /// by which browsers get renditions below `BASE_URL`; default presigned
    /// URLs.
    pub rendition_key_id: Option<String>,
    /// `RENDITION_KEY`: that key, RSA in PKCS #8 as PEM. Where
    /// `RENDITION_KEY_PARAMETER` is set instead, it is read from the SSM
    /// parameter of that name.
    pub rendition_key: Option<Secret>,
    /// `TABLE_PREFIX`: what the tables' names start with; default nothing.
    pub table_prefix: String,
    /// `COGNITO_POOL_ID`: the user pool.
    pub cognito_pool_id: String,
    /// `COGNITO_CLIENT_ID`: the app client of the web.
    pub cognito_client_id: String,
    /// `COGNITO_CLIENT_SECRET`: the secret of that app client, if it has one.
    /// Where `COGNITO_CLIENT_SECRET_PARAMETER` is set instead, it is read from
    /// the SSM parameter of that name.
    pub cognito_client_secret: Option<Secret>,
    /// `COGNITO_CLI_CLIENT_ID`: the public app client of the CLI and of phones.
    pub cognito_cli_client_id: Option<String>,
    /// `COGNITO_DOMAIN`: the pool's sign-in pages; `https` unless it says
    /// otherwise.
    pub cognito_domain: Url,
    /// `TOKEN_URL`: the sign-in as this service reaches it; default as
    /// browsers do.
    pub token_url: Url,
    /// `COGNITO_ENDPOINT`: where clients that are not browsers call Cognito;
    /// default the issuer's origin.
    pub cognito_endpoint: Url,
    /// `TOKEN_ISSUER`: what tokens must name as their issuer; default the
    /// pool's.
    pub token_issuer: String,
    /// `JWKS_URL`: where the issuer's keys are; default below the issuer.
    pub jwks_url: Url,
    /// `BASE_URL`: the app as browsers reach it.
    pub base_url: Url,
    /// `WEB_DIR`: the built web app to serve, if this process serves it.
    pub web_dir: Option<PathBuf>,
    /// `MAP_STYLE_URL`: the `MapLibre` style, or the template of raster tiles with
    /// `{z}`, `{x}` and `{y}`, that maps are drawn by; default the built-in world.
    pub map_style_url: Option<MapStyle>,
    /// `MAX_UPLOAD_BYTES`: no photo is larger; default 256 MiB.
    pub max_upload_bytes: u64,
    /// `MULTIPART_BYTES`: photos from this size on are sent in parts; default
    /// 32 MiB.
    pub multipart_bytes: u64,
    /// `URL_LIFE_SECONDS`: how long an upload URL works; default 900, at most
    /// 3600.
    pub url_life: Duration,
    /// `QUOTA_BYTES`: what one owner may keep; default 100 GiB.
    pub quota_bytes: u64,
    /// `QUOTA_PHOTOS`: how many photos one owner may keep; default 100,000.
    pub quota_photos: u64,
    /// `URLS_PER_MINUTE`: how many upload URLs one owner may have a minute;
    /// default 6,000, which admits 5,000 photos in one run.
    pub urls_per_minute: u64,
    /// `LONG_POLL_SECONDS`: how long `/v1/changes` may wait; default 0, at
    /// most 20.
    pub long_poll: Duration,
    /// `TRASH_DAYS`: how long a trashed photo can be restored; default 30.
    pub trash_days: u64,
    /// `RENDITION_FORMAT`, `RENDITION_QUALITY`: what the thumbnail-worker is told
    /// to make of every photo.
    pub recipe: Recipe,
    /// `THUMBNAILS_QUEUE_URL`: the queue of the thumbnail-worker.
    pub thumbnails_queue_url: String,
    /// `THUMBNAILS_DLQ_URL`: its dead-letter queue.
    pub thumbnails_dlq_url: Option<String>,
    /// `THUMBNAILS_MAPPING`: the UUID of the mapping that hands messages to the worker;
    /// without it the stage cannot be paused.
    pub thumbnails_mapping: Option<String>,
    /// `METADATA_QUEUE_URL`: the queue of the metadata-worker.
    pub metadata_queue_url: String,
    /// `METADATA_DLQ_URL`: its dead-letter queue.
    pub metadata_dlq_url: Option<String>,
    /// `METADATA_MAPPING`: the UUID of the mapping that hands messages to the worker;
    /// without it the stage cannot be paused.
    pub metadata_mapping: Option<String>,
    /// `RECONCILER_FUNCTION`: the function that operators run by hand; without
    /// it they cannot.
    pub reconciler_function: Option<String>,
    /// `TRACES_URL`: the trace store that operators look into, if there is one.
    pub traces_url: Option<Url>,
    /// `METRICS_ADDR`: where `/metrics` is served to whoever can connect; a
    /// loopback address; default nowhere.
    pub metrics_address: Option<SocketAddr>,
    /// Logs and spans.
    pub telemetry: TelemetrySettings,
}

impl ServiceSettings {
    /// Reads them all, and reports all that is wrong.
    pub fn from_lookup(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, Invalid> {
        let mut reader = Reader::new(lookup);
        let r = &mut reader;
        let telemetry = TelemetrySettings::read(r);
        let region: Option<String> = r.required("AWS_REGION");
        let bucket = r.required("S3_PHOTO_BUCKET");
        let pool: Option<String> = r.required("COGNITO_POOL_ID");
        let client_id = r.required("COGNITO_CLIENT_ID");
        let domain = r.required::<Domain>("COGNITO_DOMAIN");
        let domain = domain.map(|domain| domain.0);
        let token_url = r.optional("TOKEN_URL").or_else(|| domain.clone());
        let base_url = r.required("BASE_URL");
        let thumbnails_queue_url = r.required("THUMBNAILS_QUEUE_URL");
        let metadata_queue_url = r.required("METADATA_QUEUE_URL");
        let issuer = r.optional("TOKEN_ISSUER").or_else(|| {
            let (region, pool) = (region.as_ref()?, pool.as_ref()?);
            Some(format!("https://cognito-idp.{region}.amazonaws.com/{pool}"))
        });
        let jwks_url = r.optional("JWKS_URL").or_else(|| {
            let url = format!(
                "{}/.well-known/jwks.json",
                issuer.as_ref()?.trim_end_matches('/')
            );
            url.parse()
                .map_err(|error| r.refuse("TOKEN_ISSUER", error))
                .ok()
        });
        let cognito_endpoint = r.optional("COGNITO_ENDPOINT").or_else(|| {
            // The pool's issuer is a path below the service's endpoint.
            let origin = Url::parse(issuer.as_ref()?).and_then(|issuer| issuer.join("/"));
            origin.map_err(|error| r.refuse("TOKEN_ISSUER", error)).ok()
        });
        let max_upload_bytes = r.within("MAX_UPLOAD_BYTES", 256 << 20, 1..=5 << 40);
        // A part of a multipart upload is at least 5 MiB, a single PUT at most 5 GiB.
        let multipart_bytes = r.within("MULTIPART_BYTES", 32 << 20, 5 << 20..=5 << 30);
        let url_life = Duration::from_secs(r.within("URL_LIFE_SECONDS", 900, 1..=3600));
        let long_poll = Duration::from_secs(r.within("LONG_POLL_SECONDS", 0, 0..=20));
        let s3_public_url = r.optional("S3_PUBLIC_URL");
        let rendition_key_id = r.optional("RENDITION_KEY_ID");
        let rendition_key = r.optional("RENDITION_KEY");
        let table_prefix = r.or_default("TABLE_PREFIX", String::new());
        let cognito_client_secret = r.optional("COGNITO_CLIENT_SECRET");
        let cognito_cli_client_id = r.optional("COGNITO_CLI_CLIENT_ID");
        let web_dir = r.optional("WEB_DIR");
        let map_style_url = r.optional("MAP_STYLE_URL");
        let quota_bytes = r.or_default("QUOTA_BYTES", 100 << 30);
        let quota_photos = r.or_default("QUOTA_PHOTOS", 100_000);
        let urls_per_minute = r.within("URLS_PER_MINUTE", 6_000, 1..=1_000_000);
        let trash_days = r.within("TRASH_DAYS", 30, 0..=3650);
        let recipe = recipe::read(r);
        let thumbnails_dlq_url = r.optional("THUMBNAILS_DLQ_URL");
        let thumbnails_mapping = r.optional("THUMBNAILS_MAPPING");
        let metadata_dlq_url = r.optional("METADATA_DLQ_URL");
        let metadata_mapping = r.optional("METADATA_MAPPING");
        let reconciler_function = r.optional("RECONCILER_FUNCTION");
        let traces_url = r.optional("TRACES_URL");
        let metrics_address = r.optional::<SocketAddr>("METRICS_ADDR");
        if metrics_address.is_some_and(|address| !address.ip().is_loopback()) {
            r.refuse("METRICS_ADDR", "must be a loopback address");
        }
        let settings = (|| {
            Some(Self {
                region: region?,
                bucket: bucket?,
                s3_public_url,
                rendition_key_id,
                rendition_key,
                table_prefix,
                cognito_pool_id: pool?,
                cognito_client_id: client_id?,
                cognito_client_secret,
                cognito_cli_client_id,
                cognito_domain: domain?,
                token_url: token_url?,
                cognito_endpoint: cognito_endpoint?,
                token_issuer: issuer?,
                jwks_url: jwks_url?,
                base_url: base_url?,
                web_dir,
                map_style_url,
                max_upload_bytes,
                multipart_bytes,
                url_life,
                quota_bytes,
                quota_photos,
                urls_per_minute,
                long_poll,
                trash_days,
                recipe,
                thumbnails_queue_url: thumbnails_queue_url?,
                thumbnails_dlq_url,
                thumbnails_mapping,
                metadata_queue_url: metadata_queue_url?,
                metadata_dlq_url,
                metadata_mapping,
                reconciler_function,
                traces_url,
                metrics_address,
                telemetry,
            })
        })();
        reader.finish(settings)
    }
}

/// Cognito tells its domain without a scheme.
struct Domain(Url);

impl FromStr for Domain {
    type Err = url::ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = if text.contains("://") {
            text.parse()
        } else {
            format!("https://{text}").parse()
        };
        Ok(Self(url?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    fn complete() -> HashMap<&'static str, &'static str> {
        HashMap::from([
            ("AWS_REGION", "eu-west-1"),
            ("S3_PHOTO_BUCKET", "album"),
            ("COGNITO_POOL_ID", "eu-west-1_abc"),
            ("COGNITO_CLIENT_ID", "client"),
            ("COGNITO_CLIENT_SECRET", "hush"),
            ("COGNITO_DOMAIN", "album.auth.eu-west-1.amazoncognito.com"),
            ("BASE_URL", "https://album.example"),
            ("THUMBNAILS_QUEUE_URL", "https://sqs/1/thumbnails"),
            ("METADATA_QUEUE_URL", "https://sqs/1/metadata"),
        ])
    }

    fn read(variables: &HashMap<&str, &str>) -> Result<ServiceSettings, Invalid> {
        ServiceSettings::from_lookup(&|name| variables.get(name).map(ToString::to_string))
    }

    #[test]
    fn derives_the_issuer_and_its_keys_from_the_pool() {
        let settings = read(&complete()).unwrap();
        assert_eq!(
            settings.token_issuer,
            "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abc"
        );
        assert_eq!(
            settings.jwks_url.as_str(),
            format!("{}/.well-known/jwks.json", settings.token_issuer)
        );
        assert_eq!(
            settings.cognito_endpoint.as_str(),
            "https://cognito-idp.eu-west-1.amazonaws.com/"
        );
        assert_eq!(settings.cognito_domain.scheme(), "https");
        assert_eq!(settings.url_life, Duration::from_mins(15));
    }

    #[test]
    fn reports_everything_missing_or_bad_at_once() {
        let mut variables = complete();
        variables.remove("S3_PHOTO_BUCKET");
        variables.insert("S3_PUBLIC_URL", "photos");
        variables.insert("BASE_URL", "album");
        variables.insert("URL_LIFE_SECONDS", "3601");
        variables.insert("RENDITION_FORMAT", "gif");
        variables.insert("RENDITION_QUALITY", "0");
        variables.insert("TRACE_EXPORT", "carrier pigeon");
        variables.insert("SAMPLE_RATIO", "NaN");
        let Invalid(mut wrong) = read(&variables).unwrap_err();
        wrong.sort();
        let names: Vec<_> = wrong
            .iter()
            .map(|line| line.split([':', ' ']).next().unwrap())
            .collect();
        assert_eq!(
            names,
            [
                "BASE_URL",
                "RENDITION_FORMAT",
                "RENDITION_QUALITY",
                "S3_PHOTO_BUCKET",
                "S3_PUBLIC_URL",
                "SAMPLE_RATIO",
                "TRACE_EXPORT",
                "URL_LIFE_SECONDS"
            ]
        );
    }

    #[test]
    fn debug_shows_no_secret() {
        assert!(!format!("{:?}", read(&complete()).unwrap()).contains("hush"));
    }
}
