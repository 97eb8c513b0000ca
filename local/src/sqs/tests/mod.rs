//! The queues through their protocol, on a file and with a clock that is moved by hand.

mod histories;
mod refusals;
mod sending;
mod visibility;

use http_body_util::BodyExt;
use proptest::prelude::*;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::clock::Hand;

struct Desk {
    folder: TempDir,
    hand: Hand,
    sqs: Sqs,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let hand = Hand::new();
        let sqs = open(&folder, &hand);
        Self { folder, hand, sqs }
    }

    /// A queue that moves a message to `dead` on the third receive.
    async fn with_redrive() -> Self {
        let desk = Self::new();
        desk.queue("dead", json!({})).await;
        let policy = json!({"deadLetterTargetArn": arn("dead"), "maxReceiveCount": "2"});
        desk.queue("jobs", json!({"RedrivePolicy": policy.to_string()}))
            .await;
        desk
    }

    async fn try_call(&self, call: &str, body: Value) -> Result<Value, (String, String)> {
        let response = self
            .sqs
            .handle(&format!("AmazonSQS.{call}"), Bytes::from(body.to_string()))
            .await;
        let status = response.status();
        let query_error = response
            .headers()
            .get("x-amzn-query-error")
            .map(|value| value.to_str().unwrap().to_owned());
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let answer: Value = serde_json::from_slice(&bytes).unwrap();
        if status.is_success() {
            return Ok(answer);
        }
        let shape = answer["__type"].as_str().unwrap().to_owned();
        Err((shape, query_error.unwrap()))
    }

    async fn call(&self, call: &str, body: Value) -> Value {
        self.try_call(call, body).await.unwrap()
    }

    async fn refused(&self, call: &str, body: Value) -> String {
        self.try_call(call, body).await.unwrap_err().0
    }

    async fn refuses(&self, cases: &[(&str, Value, &str)]) {
        for (call, body, expected) in cases {
            let shape = self.refused(call, body.clone()).await;
            assert!(shape.ends_with(&format!("#{expected}")), "{call}: {shape}");
        }
    }

    async fn queue(&self, name: &str, attributes: Value) {
        self.call(
            "CreateQueue",
            json!({"QueueName": name, "Attributes": attributes}),
        )
        .await;
    }

    async fn send(&self, queue: &str, body: &str) {
        self.call(
            "SendMessage",
            json!({"QueueUrl": url(queue), "MessageBody": body}),
        )
        .await;
    }

    async fn receive(&self, queue: &str) -> Vec<Value> {
        let answer = self
            .call(
                "ReceiveMessage",
                json!({
                    "QueueUrl": url(queue),
                    "MaxNumberOfMessages": 10,
                    "MessageSystemAttributeNames": ["All"],
                    "MessageAttributeNames": ["All"],
                }),
            )
            .await;
        answer["Messages"].as_array().cloned().unwrap_or_default()
    }

    /// Visible, in flight, delayed.
    async fn counts(&self, queue: &str) -> (i64, i64, i64) {
        let depth = self.sqs.depth(queue).await.unwrap();
        (depth.visible, depth.in_flight, depth.delayed)
    }
}

fn open(folder: &TempDir, hand: &Hand) -> Sqs {
    let settings = Settings {
        path: folder.path().join("queues.db"),
        base_url: "http://127.0.0.1:4566".parse().unwrap(),
        region: "eu-west-1".to_owned(),
    };
    Sqs::open(settings, hand.clock()).unwrap()
}

fn url(queue: &str) -> String {
    format!("http://127.0.0.1:4566/000000000000/{queue}")
}

fn arn(queue: &str) -> String {
    format!("arn:aws:sqs:eu-west-1:000000000000:{queue}")
}
