//! What a batch keeps, what survives a crash, and how a send wakes a receiver.

use super::*;

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
