//! One signed call to a service that is called too seldom for its SDK's client.

use std::error::Error as StdError;
use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_credential_types::provider::ProvideCredentials as _;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use serde::de::DeserializeOwned;

/// Whatever went wrong, for whoever called to say what for.
pub(crate) type CallError = Box<dyn StdError + Send + Sync>;

/// Long enough for a call that answers at once.
pub(crate) const AT_ONCE: Duration = Duration::from_secs(5);

/// What is asked of a service.
pub(crate) struct Call<'a> {
    /// As host names and signatures spell it, such as `ssm`.
    pub(crate) service: &'a str,
    pub(crate) method: http::Method,
    /// Begins with `/`, and needs no escapes.
    pub(crate) path: &'a str,
    pub(crate) headers: &'a [(&'static str, &'static str)],
    pub(crate) body: String,
    /// How long the answer may take.
    pub(crate) patience: Duration,
}

/// Signs a call and reads its JSON.
pub(crate) async fn send<T: DeserializeOwned>(
    config: &SdkConfig,
    call: Call<'_>,
) -> Result<T, CallError> {
    let region = config.region().ok_or("no region")?.as_ref();
    let host = match config.endpoint_url() {
        Some(endpoint) => endpoint.trim_end_matches('/').to_owned(),
        None => format!("https://{}.{region}.amazonaws.com", call.service),
    };
    let url = format!("{host}{}", call.path);
    let provider = config.credentials_provider().ok_or("no credentials")?;
    let identity = provider.provide_credentials().await?.into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(call.service)
        .time(SystemTime::now())
        .settings(SigningSettings::default())
        .build()?;
    let signable = SignableRequest::new(
        call.method.as_str(),
        &url,
        call.headers.iter().copied(),
        SignableBody::Bytes(call.body.as_bytes()),
    )?;
    let (instructions, _) = sign(signable, &params.into())?.into_parts();
    let mut request = http::Request::builder().method(call.method).uri(&url);
    for (name, value) in call.headers {
        request = request.header(*name, *value);
    }
    let mut request = request.body(call.body)?;
    instructions.apply_to_request_http1x(&mut request);
    let http = reqwest::Client::builder().timeout(call.patience).build()?;
    let response = http.execute(request.try_into()?).await?;
    let status = response.status();
    if !status.is_success() {
        return Err(format!("it answered {status}").into());
    }
    // A function that failed is an answer of 200 with this header.
    if let Some(error) = response.headers().get("x-amz-function-error") {
        return Err(format!("the function failed: {}", error.to_str()?).into());
    }
    Ok(response.json().await?)
}
