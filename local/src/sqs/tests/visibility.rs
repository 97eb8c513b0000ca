//! How long a message is hidden, deleted, dead-lettered and moved back.

use super::*;

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
