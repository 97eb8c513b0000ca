//! The queues through their protocol, on a file and with a clock that is moved by hand.

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

#[tokio::test]
async fn a_message_is_hidden_until_its_timeout_and_counts_its_receives() {
    let desk = Desk::new();
    desk.queue("jobs", json!({"VisibilityTimeout": "30"})).await;
    desk.send("jobs", "one").await;
    assert_eq!(desk.counts("jobs").await, (1, 0, 0));

    let first = desk.receive("jobs").await;
    assert_eq!(first[0]["Body"], "one");
    assert_eq!(first[0]["MD5OfBody"], "f97c5d29941bfb1b2fdab0874906ab82");
    assert_eq!(first[0]["Attributes"]["ApproximateReceiveCount"], "1");
    assert_eq!(desk.counts("jobs").await, (0, 1, 0));

    desk.hand.forward(29);
    assert!(desk.receive("jobs").await.is_empty());
    desk.hand.forward(1);
    assert_eq!(desk.counts("jobs").await, (1, 0, 0));
    let second = desk.receive("jobs").await;
    assert_eq!(second[0]["Attributes"]["ApproximateReceiveCount"], "2");
    assert_eq!(
        second[0]["Attributes"]["ApproximateFirstReceiveTimestamp"],
        first[0]["Attributes"]["ApproximateFirstReceiveTimestamp"],
    );
    assert_ne!(second[0]["ReceiptHandle"], first[0]["ReceiptHandle"]);
}

#[tokio::test]
async fn a_deleted_message_is_gone_and_a_second_delete_does_nothing() {
    let desk = Desk::new();
    desk.queue("jobs", json!({})).await;
    desk.send("jobs", "one").await;
    let receipt = desk.receive("jobs").await[0]["ReceiptHandle"].clone();
    for _ in 0..2 {
        let entries = json!([
            {"Id": "a", "ReceiptHandle": receipt},
            {"Id": "b", "ReceiptHandle": "made up"},
        ]);
        let answer = desk
            .call(
                "DeleteMessageBatch",
                json!({"QueueUrl": url("jobs"), "Entries": entries}),
            )
            .await;
        assert_eq!(answer["Successful"][0]["Id"], "a");
        assert_eq!(answer["Failed"][0]["Code"], "ReceiptHandleIsInvalid");
    }
    desk.hand.forward(3600);
    assert_eq!(desk.counts("jobs").await, (0, 0, 0));
}

#[tokio::test]
async fn visibility_can_be_given_back_and_extended_only_while_in_flight() {
    let desk = Desk::new();
    desk.queue("jobs", json!({})).await;
    desk.send("jobs", "one").await;
    let receipt = desk.receive("jobs").await[0]["ReceiptHandle"].clone();
    let change = |seconds: i64| json!({"QueueUrl": url("jobs"), "ReceiptHandle": receipt, "VisibilityTimeout": seconds});
    desk.call("ChangeMessageVisibility", change(300)).await;
    desk.hand.forward(299);
    assert!(desk.receive("jobs").await.is_empty());
    desk.call("ChangeMessageVisibility", change(0)).await;
    assert_eq!(desk.counts("jobs").await, (1, 0, 0));
    assert_eq!(
        desk.refused("ChangeMessageVisibility", change(10)).await,
        "com.amazonaws.sqs#MessageNotInflight"
    );
    assert_eq!(desk.receive("jobs").await.len(), 1);
}

#[tokio::test]
async fn a_message_received_too_often_goes_to_the_dead_letter_queue_and_back() {
    let desk = Desk::with_redrive().await;
    desk.send("jobs", "poison").await;
    for _ in 0..2 {
        assert_eq!(desk.receive("jobs").await.len(), 1);
        desk.hand.forward(31);
    }
    assert_eq!(desk.counts("jobs").await, (1, 0, 0));
    assert!(desk.receive("jobs").await.is_empty());
    assert_eq!(desk.counts("dead").await, (1, 0, 0));
    let dead = desk.receive("dead").await;
    assert_eq!(
        dead[0]["Attributes"]["DeadLetterQueueSourceArn"],
        arn("jobs")
    );
    let sources = desk
        .call(
            "ListDeadLetterSourceQueues",
            json!({"QueueUrl": url("dead")}),
        )
        .await;
    assert_eq!(sources["queueUrls"], json!([url("jobs")]));

    desk.hand.forward(31);
    desk.call("StartMessageMoveTask", json!({"SourceArn": arn("dead")}))
        .await;
    let tasks = desk
        .call("ListMessageMoveTasks", json!({"SourceArn": arn("dead")}))
        .await;
    assert_eq!(tasks["Results"][0]["Status"], "COMPLETED");
    assert_eq!(tasks["Results"][0]["ApproximateNumberOfMessagesMoved"], 1);
    assert_eq!(desk.counts("dead").await, (0, 0, 0));
    let back = desk.receive("jobs").await;
    assert_eq!(back[0]["Body"], "poison");
    assert_eq!(back[0]["Attributes"]["ApproximateReceiveCount"], "1");
}

#[tokio::test]
async fn a_move_keeps_to_the_rate_that_was_asked_for() {
    let desk = Desk::with_redrive().await;
    for body in ["a", "b", "c", "d"] {
        desk.send("dead", body).await;
    }
    let task = json!({
        "SourceArn": arn("dead"),
        "DestinationArn": arn("jobs"),
        "MaxNumberOfMessagesPerSecond": 1,
    });
    desk.call("StartMessageMoveTask", task).await;
    assert_eq!(desk.counts("jobs").await, (1, 0, 3));
    desk.hand.forward(2);
    assert_eq!(desk.counts("jobs").await, (3, 0, 1));
    assert_eq!(
        desk.refused("StartMessageMoveTask", json!({"SourceArn": arn("jobs")}))
            .await,
        "com.amazon.coral.service#InvalidParameterValueException"
    );
    assert_eq!(
        desk.refused("StartMessageMoveTask", json!({"SourceArn": arn("none")}))
            .await,
        "com.amazonaws.sqs#ResourceNotFoundException"
    );
}

#[tokio::test]
async fn a_batch_keeps_the_trace_header_the_attributes_and_the_delay() {
    let desk = Desk::new();
    desk.queue("jobs", json!({})).await;
    let header = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1";
    let entries = json!([{
        "Id": "a",
        "MessageBody": "one",
        "DelaySeconds": 5,
        "MessageAttributes": {"kind": {"DataType": "String", "StringValue": "photo"}},
        "MessageSystemAttributes": {
            "AWSTraceHeader": {"DataType": "String", "StringValue": header},
        },
    }]);
    let sent = desk
        .call(
            "SendMessageBatch",
            json!({"QueueUrl": url("jobs"), "Entries": entries}),
        )
        .await;
    let sent = &sent["Successful"][0];
    assert_eq!(desk.counts("jobs").await, (0, 0, 1));
    assert!(desk.receive("jobs").await.is_empty());
    desk.hand.forward(5);
    let received = desk.receive("jobs").await;
    assert_eq!(received[0]["Attributes"]["AWSTraceHeader"], header);
    assert_eq!(
        received[0]["MessageAttributes"]["kind"]["StringValue"],
        "photo"
    );
    assert_eq!(
        received[0]["MD5OfMessageAttributes"],
        sent["MD5OfMessageAttributes"]
    );
    assert_eq!(received[0]["MessageId"], sent["MessageId"]);
}

#[tokio::test]
async fn what_was_answered_survives_a_crash() {
    let desk = Desk::with_redrive().await;
    desk.send("jobs", "kept").await;
    desk.send("jobs", "in flight").await;
    desk.call(
        "ReceiveMessage",
        json!({"QueueUrl": url("jobs"), "MaxNumberOfMessages": 1}),
    )
    .await;
    desk.sqs
        .record_intent("attempt", "photos", "{}")
        .await
        .unwrap();

    // The first process never closes its file; its copy of the disk is what a crash leaves.
    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(desk.folder.path()).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    let reopened = Desk {
        sqs: open(&copy, &desk.hand),
        folder: copy,
        hand: desk.hand.clone(),
    };
    assert_eq!(reopened.counts("jobs").await, (1, 1, 0));
    assert_eq!(reopened.sqs.intents().await.unwrap().len(), 1);
    reopened.hand.forward(31);
    assert_eq!(reopened.receive("jobs").await.len(), 2);
}

#[tokio::test]
async fn an_intent_becomes_messages_in_every_queue_exactly_once() {
    let desk = Desk::with_redrive().await;
    let messages = |last: &str| {
        ["jobs", last].map(|queue| Outgoing {
            queue: queue.to_owned(),
            body: "event".to_owned(),
            trace_header: Some("Root=1-5759e988-bd862e3fe1be46a994272793".to_owned()),
        })
    };
    desk.sqs
        .record_intent("attempt", "photos", "{}")
        .await
        .unwrap();
    let missing = messages("nowhere").to_vec();
    assert!(desk.sqs.commit_intent("attempt", missing).await.is_err());
    assert_eq!(desk.counts("jobs").await, (0, 0, 0));
    assert_eq!(desk.sqs.intents().await.unwrap()[0].bucket, "photos");

    for _ in 0..2 {
        let messages = messages("dead").to_vec();
        desk.sqs.commit_intent("attempt", messages).await.unwrap();
    }
    assert_eq!(desk.counts("jobs").await, (1, 0, 0));
    assert_eq!(desk.counts("dead").await, (1, 0, 0));
    assert!(desk.sqs.intents().await.unwrap().is_empty());
    assert_eq!(
        desk.receive("jobs").await[0]["Attributes"]["AWSTraceHeader"],
        "Root=1-5759e988-bd862e3fe1be46a994272793"
    );
}

#[tokio::test]
async fn a_waiting_receive_is_woken_by_a_send() {
    let desk = Desk::new();
    desk.queue("jobs", json!({})).await;
    let ask = json!({"QueueUrl": url("jobs"), "WaitTimeSeconds": 20});
    let started = Instant::now();
    let (answer, ()) = tokio::join!(desk.call("ReceiveMessage", ask), async {
        tokio::task::yield_now().await;
        desk.send("jobs", "late").await;
    });
    assert_eq!(answer["Messages"][0]["Body"], "late");
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn refuses_messages_that_sqs_refuses() {
    let desk = Desk::new();
    desk.queue("jobs", json!({})).await;
    let jobs = url("jobs");
    let entries: Vec<Value> = (0..11)
        .map(|id| json!({"Id": id.to_string(), "MessageBody": "x"}))
        .collect();
    let big = "x".repeat(1_048_577);
    let half = "x".repeat(600_000);
    let cases = [
        (
            "GetQueueUrl",
            json!({"QueueName": "none"}),
            "QueueDoesNotExist",
        ),
        (
            "SendMessage",
            json!({"QueueUrl": url("none"), "MessageBody": "x"}),
            "QueueDoesNotExist",
        ),
        (
            "SendMessage",
            json!({"QueueUrl": jobs, "MessageBody": big}),
            "InvalidParameterValueException",
        ),
        (
            "SendMessage",
            json!({"QueueUrl": jobs, "MessageBody": "\u{0}"}),
            "InvalidMessageContents",
        ),
        (
            "SendMessage",
            json!({"QueueUrl": jobs}),
            "MissingRequiredParameterException",
        ),
        (
            "SendMessage",
            json!({"QueueUrl": jobs, "MessageBody": "x", "DelaySeconds": 901}),
            "InvalidParameterValueException",
        ),
        (
            "SendMessageBatch",
            json!({"QueueUrl": jobs, "Entries": entries}),
            "TooManyEntriesInBatchRequest",
        ),
        (
            "SendMessageBatch",
            json!({"QueueUrl": jobs, "Entries": []}),
            "EmptyBatchRequest",
        ),
        (
            "SendMessageBatch",
            json!({"QueueUrl": jobs, "Entries": [{"Id": "a", "MessageBody": half}, {"Id": "b", "MessageBody": half}]}),
            "BatchRequestTooLong",
        ),
        (
            "SendMessageBatch",
            json!({"QueueUrl": jobs, "Entries": [{"Id": "a", "MessageBody": "x"}, {"Id": "a", "MessageBody": "x"}]}),
            "BatchEntryIdsNotDistinct",
        ),
    ];
    desk.refuses(&cases).await;
    assert_eq!(desk.counts("jobs").await, (0, 0, 0));
    let missing = desk
        .try_call("GetQueueUrl", json!({"QueueName": "none"}))
        .await;
    assert_eq!(
        missing.unwrap_err().1,
        "AWS.SimpleQueueService.NonExistentQueue;Sender"
    );
}

#[tokio::test]
async fn refuses_calls_that_sqs_refuses() {
    let desk = Desk::new();
    desk.queue("jobs", json!({})).await;
    let jobs = url("jobs");
    let cases = [
        (
            "ReceiveMessage",
            json!({"QueueUrl": jobs, "MaxNumberOfMessages": 11}),
            "InvalidParameterValueException",
        ),
        (
            "DeleteMessage",
            json!({"QueueUrl": jobs, "ReceiptHandle": "no"}),
            "ReceiptHandleIsInvalid",
        ),
        (
            "SetQueueAttributes",
            json!({"QueueUrl": jobs, "Attributes": {"Colour": "red"}}),
            "InvalidAttributeName",
        ),
        (
            "SetQueueAttributes",
            json!({"QueueUrl": jobs, "Attributes": {"VisibilityTimeout": "-1"}}),
            "InvalidAttributeValue",
        ),
        (
            "CreateQueue",
            json!({"QueueName": "jobs", "Attributes": {"VisibilityTimeout": "31"}}),
            "QueueNameExists",
        ),
        (
            "CreateQueue",
            json!({"QueueName": "a/b"}),
            "InvalidParameterValueException",
        ),
        ("Dance", json!({}), "UnknownOperationException"),
        ("SendMessage", json!([1]), "SerializationException"),
    ];
    desk.refuses(&cases).await;
}

#[tokio::test]
async fn attributes_purge_and_retention() {
    let desk = Desk::with_redrive().await;
    desk.send("jobs", "one").await;
    let ask = json!({"QueueUrl": url("jobs"), "AttributeNames": ["All"]});
    let attributes = desk.call("GetQueueAttributes", ask).await["Attributes"].clone();
    assert_eq!(attributes["QueueArn"], arn("jobs"));
    assert_eq!(attributes["ApproximateNumberOfMessages"], "1");
    assert_eq!(attributes["CreatedTimestamp"], "1800000000");
    let policy: Value =
        serde_json::from_str(attributes["RedrivePolicy"].as_str().unwrap()).unwrap();
    assert_eq!(policy["maxReceiveCount"], 2);

    desk.call("PurgeQueue", json!({"QueueUrl": url("jobs")}))
        .await;
    assert_eq!(desk.counts("jobs").await, (0, 0, 0));
    desk.send("jobs", "old").await;
    desk.hand.forward(345_601);
    assert_eq!(desk.counts("jobs").await, (0, 0, 0));

    let listed = desk
        .call("ListQueues", json!({"QueueNamePrefix": "j"}))
        .await;
    assert_eq!(listed["QueueUrls"], json!([url("jobs")]));
    let page = desk.call("ListQueues", json!({"MaxResults": 1})).await;
    assert_eq!(page["QueueUrls"], json!([url("dead")]));
    let rest = json!({"MaxResults": 1, "NextToken": page["NextToken"]});
    assert_eq!(
        desk.call("ListQueues", rest).await["QueueUrls"],
        json!([url("jobs")])
    );
}

/// What a client may do next.
#[derive(Clone, Debug)]
enum Step {
    Send(u8),
    Receive,
    Delete(usize),
    GiveBack(usize),
    Wait(i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        any::<u8>().prop_map(Step::Send),
        Just(Step::Receive),
        any::<usize>().prop_map(Step::Delete),
        any::<usize>().prop_map(Step::GiveBack),
        (1..40_i64).prop_map(Step::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_message_is_either_deleted_or_counted(steps in prop::collection::vec(step(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let desk = Desk::with_redrive().await;
            let mut sent: usize = 0;
            let mut held: Vec<Value> = Vec::new();
            let mut deleted = std::collections::HashSet::new();
            for step in steps {
                match step {
                    Step::Send(body) => {
                        desk.send("jobs", &body.to_string()).await;
                        sent += 1;
                    }
                    Step::Receive => {
                        let fresh = desk.receive("jobs").await;
                        for message in &fresh {
                            assert!(!deleted.contains(&message["MessageId"].to_string()));
                        }
                        // An earlier receipt of the same message is void.
                        held.retain(|old| {
                            fresh.iter().all(|new| new["MessageId"] != old["MessageId"])
                        });
                        held.extend(fresh);
                    }
                    Step::Delete(at) if !held.is_empty() => {
                        let message = held.swap_remove(at % held.len());
                        let call = json!({"QueueUrl": url("jobs"), "ReceiptHandle": message["ReceiptHandle"]});
                        let before = total(&desk).await;
                        desk.call("DeleteMessage", call).await;
                        if total(&desk).await < before {
                            deleted.insert(message["MessageId"].to_string());
                        }
                    }
                    Step::GiveBack(at) if !held.is_empty() => {
                        let message = &held[at % held.len()];
                        let call = json!({
                            "QueueUrl": url("jobs"),
                            "ReceiptHandle": message["ReceiptHandle"],
                            "VisibilityTimeout": 0,
                        });
                        if let Err((shape, _)) = desk.try_call("ChangeMessageVisibility", call).await {
                            assert!(shape.contains("MessageNotInflight") || shape.contains("InvalidParameterValue"));
                        }
                    }
                    Step::Wait(seconds) => desk.hand.forward(seconds),
                    Step::Delete(_) | Step::GiveBack(_) => {}
                }
                assert_eq!(total(&desk).await + deleted.len(), sent);
            }
        });
    }
}

async fn total(desk: &Desk) -> usize {
    let mut sum = 0;
    for queue in ["jobs", "dead"] {
        let (visible, in_flight, delayed) = desk.counts(queue).await;
        sum += usize::try_from(visible + in_flight + delayed).unwrap();
    }
    sum
}
