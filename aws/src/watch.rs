//! CloudWatch's figures of the stages, for the operations board.

use std::collections::HashMap;

use aws_config::SdkConfig;
use cloudalbum_domain::Stage;
use cloudalbum_domain::wire::Watched;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::signed::{self, Call, CallError};

/// How many whole minutes are looked at.
const MINUTES: i64 = 5;

/// CloudWatch, with the namespace that the workers' figures go to. Clones are
/// cheap.
#[derive(Clone, Debug)]
pub struct Watch {
    config: SdkConfig,
    namespace: String,
}

impl Watch {
    pub(crate) fn new(config: SdkConfig, namespace: &str) -> Self {
        Self {
            config,
            namespace: namespace.to_owned(),
        }
    }

    /// What was seen of each stage, given with the name of its queue, in the
    /// last five whole minutes
    /// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html>).
    pub async fn look(&self, stages: [(Stage, &str); 2]) -> Result<[Watched; 2], WatchError> {
        let queries = stages.map(|(stage, queue)| self.queries(stage, queue));
        let end = Timestamp::now().as_second() / 60 * 60;
        let ask = json!({
            "StartTime": end - MINUTES * 60,
            "EndTime": end,
            "ScanBy": "TimestampDescending",
            "MetricDataQueries": queries.concat(),
        });
        let call = Call {
            service: "monitoring",
            method: http::Method::POST,
            path: "/",
            headers: &[
                ("content-type", "application/x-amz-json-1.0"),
                (
                    "x-amz-target",
                    "GraniteServiceVersion20100801.GetMetricData",
                ),
            ],
            body: ask.to_string(),
            patience: signed::AT_ONCE,
        };
        let answer: Answer = signed::send(&self.config, call).await.map_err(WatchError)?;
        let series = answer.results.into_iter();
        let series: HashMap<String, Vec<f64>> = series.map(|one| (one.id, one.values)).collect();
        Ok(stages.map(|(stage, _)| watched(&series, stage)))
    }

    fn queries(&self, stage: Stage, queue: &str) -> Vec<Value> {
        let stage = stage.as_str();
        let of_queue = json!([{ "Name": "QueueName", "Value": queue }]);
        let of_stage = json!([{ "Name": "stage", "Value": stage }]);
        let retried = json!([
            { "Name": "stage", "Value": stage },
            { "Name": "outcome", "Value": "retry" },
        ]);
        let (sqs, own) = ("AWS/SQS", self.namespace.as_str());
        let attempts = "cloudalbum_attempts_total";
        let duration = "cloudalbum_attempt_duration_seconds";
        let wait = "cloudalbum_attempt_wait_seconds";
        let age = "ApproximateAgeOfOldestMessage";
        let queries = [
            ("sent", sqs, "NumberOfMessagesSent", &of_queue, "Sum"),
            ("oldest", sqs, age, &of_queue, "Maximum"),
            ("attempts", own, attempts, &of_stage, "Sum"),
            ("retries", own, attempts, &retried, "Sum"),
            ("p50", own, duration, &of_stage, "p50"),
            ("p95", own, duration, &of_stage, "p95"),
            ("wait", own, wait, &of_stage, "p95"),
        ];
        let query = |(id, namespace, name, dimensions, statistic)| {
            json!({
                "Id": format!("{id}_{stage}"),
                "MetricStat": {
                    "Metric": { "Namespace": namespace, "MetricName": name, "Dimensions": dimensions },
                    "Period": 60,
                    "Stat": statistic,
                },
            })
        };
        queries.map(query).into()
    }
}

/// CloudWatch could not be asked.
#[derive(Debug, thiserror::Error)]
#[error("CloudWatch does not answer")]
pub struct WatchError(#[source] CallError);

#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "MetricDataResults")]
    results: Vec<Series>,
}

/// One figure by the minute, the latest first; minutes without any are left out.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Series {
    id: String,
    values: Vec<f64>,
}

fn watched(series: &HashMap<String, Vec<f64>>, stage: Stage) -> Watched {
    let values = |id: &str| {
        let values = series.get(&format!("{id}_{}", stage.as_str()));
        values.map(Vec::as_slice).unwrap_or_default()
    };
    let sum = |id| count(values(id).iter().sum());
    let latest = |id| values(id).first().copied();
    let milliseconds = |id| latest(id).map(|seconds| seconds * 1_000.0);
    Watched {
        sent: sum("sent"),
        attempts: sum("attempts"),
        retries: sum("retries"),
        p50_ms: milliseconds("p50"),
        p95_ms: milliseconds("p95"),
        wait_p95_ms: milliseconds("wait"),
        oldest_message_seconds: latest("oldest"),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a sum of counts is whole and not below zero"
)]
fn count(sum: f64) -> u64 {
    sum.round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::Clients;
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    /// Answers one call and returns the JSON that was asked, with its head.
    fn answer_once(listener: TcpListener, body: Value) -> std::thread::JoinHandle<(String, Value)> {
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let (mut asked, mut buffer) = (Vec::new(), [0; 4096]);
            loop {
                let count = stream.read(&mut buffer).unwrap();
                asked.extend_from_slice(&buffer[..count]);
                let text = String::from_utf8_lossy(&asked);
                let parts = text.split_once("\r\n\r\n");
                let Some((head, Ok(json))) =
                    parts.map(|(head, json)| (head.to_owned(), serde_json::from_str(json)))
                else {
                    continue;
                };
                let body = body.to_string();
                let length = body.len();
                let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}");
                stream.write_all(answer.as_bytes()).unwrap();
                return (head, json);
            }
        })
    }

    #[tokio::test]
    async fn a_documented_answer_becomes_figures_of_each_stage() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let series = |id: &str, values: &[f64]| json!({ "Id": id, "Label": id, "Timestamps": vec![1.8e9; values.len()], "Values": values, "StatusCode": "Complete" });
        let answer = json!({ "Messages": [], "MetricDataResults": [
            series("sent_thumbnails", &[4.0, 2.0]),
            series("attempts_thumbnails", &[3.0, 4.0]),
            series("retries_thumbnails", &[1.0]),
            series("p50_thumbnails", &[0.25, 9.0]),
            series("p95_thumbnails", &[1.5, 9.0]),
            series("wait_thumbnails", &[]),
            series("oldest_metadata", &[12.0]),
        ] });
        let asked = answer_once(listener, answer);
        let endpoint = endpoint.parse().unwrap();
        let clients = Clients::at(&endpoint, "eu-west-1", "key", "secret").await;
        let stages = [
            (Stage::Thumbnails, "a-thumbnails"),
            (Stage::Metadata, "a-metadata"),
        ];
        let [thumbnails, metadata] = clients.watch("album").look(stages).await.unwrap();
        let seen = Watched {
            sent: 6,
            attempts: 7,
            retries: 1,
            p50_ms: Some(250.0),
            p95_ms: Some(1_500.0),
            wait_p95_ms: None,
            oldest_message_seconds: None,
        };
        assert_eq!(thumbnails, seen);
        let seen = Watched {
            oldest_message_seconds: Some(12.0),
            ..Watched::default()
        };
        assert_eq!(metadata, seen);

        let (head, asked) = asked.join().unwrap();
        assert!(
            head.contains("/eu-west-1/monitoring/aws4_request"),
            "{head}"
        );
        let span = asked["EndTime"].as_i64().unwrap() - asked["StartTime"].as_i64().unwrap();
        assert_eq!(span, 300);
        let queries = asked["MetricDataQueries"].as_array().unwrap();
        assert_eq!(queries.len(), 14);
        let retried = queries
            .iter()
            .find(|query| query["Id"] == "retries_metadata");
        let metric = json!({
            "Namespace": "album",
            "MetricName": "cloudalbum_attempts_total",
            "Dimensions": [{ "Name": "stage", "Value": "metadata" }, { "Name": "outcome", "Value": "retry" }],
        });
        assert_eq!(retried.unwrap()["MetricStat"]["Metric"], metric);
    }
}
