//! Secrets that SSM's Parameter Store keeps, read once when a process starts.

use aws_config::SdkConfig;
use serde::Deserialize;
use serde_json::json;

use crate::settings::Secret;
use crate::signed::{self, Call, CallError};

/// Reads the `SecureString` by that name
/// (<https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html>).
///
/// One call at the start of a process: the SDK's client of SSM, the largest of
/// all, would add more to a cold start than the call itself.
pub(crate) async fn read(config: &SdkConfig, name: &str) -> Result<Secret, ParameterError> {
    let call = Call {
        service: "ssm",
        method: http::Method::POST,
        path: "/",
        headers: &[
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-target", "AmazonSSM.GetParameter"),
        ],
        body: json!({ "Name": name, "WithDecryption": true }).to_string(),
        patience: signed::AT_ONCE,
    };
    let answer: Answer = signed::send(config, call)
        .await
        .map_err(|source| ParameterError {
            name: name.to_owned(),
            source,
        })?;
    Ok(Secret::new(answer.parameter.value))
}

#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "Parameter")]
    parameter: Parameter,
}

#[derive(Deserialize)]
struct Parameter {
    #[serde(rename = "Value")]
    value: String,
}

/// A parameter could not be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the parameter `{name}`")]
pub struct ParameterError {
    name: String,
    #[source]
    source: CallError,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::Clients;
    use std::error::Error as _;
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    /// Answers one call and returns what was asked.
    fn answer_once(listener: TcpListener, answer: &'static str) -> std::thread::JoinHandle<String> {
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let (mut asked, mut buffer) = (Vec::new(), [0; 4096]);
            while !asked.ends_with(b"}") {
                let count = stream.read(&mut buffer).unwrap();
                asked.extend_from_slice(&buffer[..count]);
            }
            stream.write_all(answer.as_bytes()).unwrap();
            String::from_utf8(asked).unwrap()
        })
    }

    async fn read_from(answer: &'static str) -> (Result<Secret, ParameterError>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let asked = answer_once(listener, answer);
        let endpoint = endpoint.parse().unwrap();
        let clients = Clients::at(&endpoint, "eu-west-1", "key", "secret").await;
        let read = clients.parameter("/album/secret").await;
        (read, asked.join().unwrap())
    }

    #[tokio::test]
    async fn asks_for_the_decrypted_value_and_signs() {
        let (read, asked) = read_from(
            "HTTP/1.1 200 OK\r\ncontent-length: 34\r\n\r\n{\"Parameter\":{\"Value\":\"hush now\"}}",
        )
        .await;
        assert_eq!(read.unwrap().expose(), "hush now");
        let asked = asked.to_ascii_lowercase();
        assert!(asked.contains("x-amz-target: amazonssm.getparameter"));
        assert!(asked.contains("/eu-west-1/ssm/aws4_request"));
        assert!(asked.ends_with(r#"{"name":"/album/secret","withdecryption":true}"#));
    }

    #[tokio::test]
    async fn a_refusal_names_the_parameter_and_not_its_value() {
        let (read, _) = read_from("HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\n{}").await;
        let error = read.unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot read the parameter `/album/secret`"
        );
        assert!(error.source().unwrap().to_string().contains("400"));
    }
}
