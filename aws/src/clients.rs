//! The SDK's clients, all from one configuration.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use url::Url;

use crate::function::Function;
use crate::mapping::Mapping;
use crate::parameter::{self, ParameterError};
use crate::settings::Secret;
use crate::signer::Signer;
use crate::telemetry::Capacity;
use crate::watch::Watch;

/// Makes clients of the services.
#[derive(Clone, Debug)]
pub struct Clients(SdkConfig);

impl Clients {
    /// Credentials and endpoints as the SDK finds them in the environment.
    pub async fn load(region: &str) -> Self {
        let loader = aws_config::defaults(BehaviorVersion::latest());
        Self(loader.region(Region::new(region.to_owned())).load().await)
    }

    /// All services at one `endpoint`.
    pub async fn at(endpoint: &Url, region: &str, key_id: &str, secret: &str) -> Self {
        let loader = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new(region.to_owned()))
            .endpoint_url(endpoint.as_str().trim_end_matches('/'))
            .credentials_provider(Credentials::from_keys(key_id, secret, None));
        Self(loader.load().await)
    }

    /// Endpoints as the SDK finds them in the environment, with a pair of keys.
    pub async fn of_environment(region: &str, key_id: &str, secret: &str) -> Self {
        let loader = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new(region.to_owned()))
            .credentials_provider(Credentials::from_keys(key_id, secret, None));
        Self(loader.load().await)
    }

    /// The secret that SSM's Parameter Store keeps by that name.
    pub async fn parameter(&self, name: &str) -> Result<Secret, ParameterError> {
        parameter::read(&self.0, name).await
    }

    /// The function of that name.
    pub fn function(&self, name: &str) -> Function {
        Function::new(self.0.clone(), name)
    }

    /// The event source mapping with that UUID.
    pub fn mapping(&self, uuid: &str) -> Mapping {
        Mapping::new(self.0.clone(), uuid)
    }

    /// CloudWatch, for the figures that the workers send to `namespace`.
    pub fn watch(&self, namespace: &str) -> Watch {
        Watch::new(self.0.clone(), namespace)
    }

    /// A client of DynamoDB, whose calls tell what they took.
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        let config = aws_sdk_dynamodb::config::Builder::from(&self.0).interceptor(Capacity);
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }

    /// A client of SQS.
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        aws_sdk_sqs::Client::new(&self.0)
    }

    /// A client of S3. With an endpoint of its own, buckets are in the path:
    /// names below an IP address or `localhost` do not resolve.
    pub fn s3(&self, endpoint: Option<&Url>) -> aws_sdk_s3::Client {
        let mut config = aws_sdk_s3::config::Builder::from(&self.0);
        if let Some(endpoint) = endpoint {
            config = config.endpoint_url(endpoint.as_str().trim_end_matches('/'));
        }
        let own = endpoint.is_some() || self.0.endpoint_url().is_some();
        aws_sdk_s3::Client::from_conf(config.force_path_style(own).build())
    }

    /// Signs URLs of a bucket, at an endpoint that browsers and phones reach.
    pub fn signer(&self, endpoint: Option<&Url>, bucket: &str) -> Signer {
        Signer::new(
            self.s3(endpoint),
            self.0.credentials_provider(),
            self.0.region().map(ToString::to_string).unwrap_or_default(),
            bucket,
        )
    }
}
