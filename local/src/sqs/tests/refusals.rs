//! What SQS refuses, and what its attributes say.

use super::*;

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
