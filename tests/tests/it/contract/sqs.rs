//! Visibility, redrive, delays and message attributes of SQS.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{
    Message, MessageAttributeValue, MessageSystemAttributeName as System,
    MessageSystemAttributeNameForSends as Sent, MessageSystemAttributeValue,
    QueueAttributeName as Attribute, SendMessageBatchRequestEntry,
};

use crate::endpoint::Endpoint;

const TRACE: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1";

/// A queue whose messages go to a second one after two receives.
struct Desk {
    sqs: Client,
    queue: String,
    dead: String,
    endpoint: Endpoint,
}

impl Desk {
    async fn start() -> Self {
        let endpoint = Endpoint::start().await.unwrap();
        let sqs = Client::new(&endpoint.config);
        let create = |name: String| sqs.create_queue().queue_name(name);
        let dead = create(format!("{}-dlq", endpoint.bucket))
            .send()
            .await
            .unwrap();
        let dead = dead.queue_url.unwrap();
        let arn = attribute(&sqs, &dead, Attribute::QueueArn).await;
        let policy = format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":"2"}}"#);
        let queue = create(endpoint.bucket.clone()).attributes(Attribute::RedrivePolicy, policy);
        let queue = queue.send().await.unwrap().queue_url.unwrap();
        Self {
            sqs,
            queue,
            dead,
            endpoint,
        }
    }

    async fn send(&self, body: &str) {
        let send = self.sqs.send_message().queue_url(&self.queue);
        send.message_body(body).send().await.unwrap();
    }

    async fn receive(&self, queue: &str) -> Vec<Message> {
        let receive = self
            .sqs
            .receive_message()
            .queue_url(queue)
            .max_number_of_messages(10)
            .message_system_attribute_names(System::All)
            .message_attribute_names("All");
        receive.send().await.unwrap().messages.unwrap_or_default()
    }

    /// Receives the only message there is.
    async fn only(&self, queue: &str) -> Message {
        let found = self.receive(queue).await;
        let [message] = found.as_slice() else {
            panic!("one message expected: {found:?}")
        };
        message.clone()
    }

    async fn show_again(&self, message: &Message) {
        let change = self.sqs.change_message_visibility().queue_url(&self.queue);
        let change = change.receipt_handle(message.receipt_handle().unwrap());
        change.visibility_timeout(0).send().await.unwrap();
    }

    /// How many messages wait, are in flight, and are delayed.
    async fn counts(&self, queue: &str) -> [u32; 3] {
        let mut counts = [0; 3];
        let names = [
            Attribute::ApproximateNumberOfMessages,
            Attribute::ApproximateNumberOfMessagesNotVisible,
            Attribute::ApproximateNumberOfMessagesDelayed,
        ];
        for (count, name) in counts.iter_mut().zip(names) {
            *count = attribute(&self.sqs, queue, name).await.parse().unwrap();
        }
        counts
    }
}

async fn attribute(sqs: &Client, queue: &str, name: Attribute) -> String {
    let get = sqs.get_queue_attributes().queue_url(queue);
    let found = get.attribute_names(name.clone()).send().await.unwrap();
    found.attributes().unwrap()[&name].clone()
}

fn received(message: &Message) -> &str {
    &message.attributes().unwrap()[&System::ApproximateReceiveCount]
}

#[tokio::test]
async fn a_received_message_is_hidden_counted_and_comes_back_when_it_is_given_back() {
    let desk = Desk::start().await;
    desk.send("photo").await;
    assert_eq!(desk.counts(&desk.queue).await, [1, 0, 0]);
    let first = desk.only(&desk.queue).await;
    assert_eq!(received(&first), "1");
    assert_eq!(desk.counts(&desk.queue).await, [0, 1, 0]);
    assert!(desk.receive(&desk.queue).await.is_empty());
    desk.show_again(&first).await;
    let second = desk.only(&desk.queue).await;
    assert_eq!((received(&second), second.body()), ("2", Some("photo")));
    let delete = desk.sqs.delete_message().queue_url(&desk.queue);
    delete
        .receipt_handle(second.receipt_handle().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(desk.counts(&desk.queue).await, [0, 0, 0]);
}

#[tokio::test]
async fn a_message_received_too_often_goes_to_the_dead_letter_queue_and_can_be_moved_back() {
    let desk = Desk::start().await;
    desk.send("poison").await;
    for _ in 0..2 {
        let message = desk.only(&desk.queue).await;
        desk.show_again(&message).await;
    }
    assert!(desk.receive(&desk.queue).await.is_empty());
    assert_eq!(desk.counts(&desk.dead).await, [1, 0, 0]);
    if desk.endpoint.lacks("move-task") {
        return;
    }
    let arn = attribute(&desk.sqs, &desk.dead, Attribute::QueueArn).await;
    let task = desk.sqs.start_message_move_task().source_arn(&arn);
    task.send().await.unwrap();
    let receive = desk.sqs.receive_message().queue_url(&desk.queue);
    let back = receive.wait_time_seconds(10).send().await.unwrap();
    assert_eq!(back.messages().first().unwrap().body(), Some("poison"));
    let tasks = desk
        .sqs
        .list_message_move_tasks()
        .source_arn(&arn)
        .send()
        .await
        .unwrap();
    assert_eq!(
        tasks
            .results()
            .first()
            .unwrap()
            .approximate_number_of_messages_moved(),
        1
    );
}

#[tokio::test]
async fn a_batch_keeps_each_messages_trace_and_attributes() {
    let desk = Desk::start().await;
    let kind = MessageAttributeValue::builder()
        .data_type("String")
        .string_value("retry");
    let trace = MessageSystemAttributeValue::builder()
        .data_type("String")
        .string_value(TRACE);
    let entry = SendMessageBatchRequestEntry::builder()
        .id("a")
        .message_body("photo")
        .message_attributes("kind", kind.build().unwrap())
        .message_system_attributes(Sent::AwsTraceHeader, trace.build().unwrap());
    let batch = desk.sqs.send_message_batch().queue_url(&desk.queue);
    batch.entries(entry.build().unwrap()).send().await.unwrap();
    let message = desk.only(&desk.queue).await;
    let attributes = message.message_attributes().unwrap();
    assert_eq!(attributes["kind"].string_value(), Some("retry"));
    if !desk.endpoint.lacks("batch-trace-header") {
        let system = message.attributes().unwrap();
        assert_eq!(system[&System::AwsTraceHeader], TRACE);
    }
}

#[tokio::test]
async fn a_delayed_message_waits_unseen() {
    let desk = Desk::start().await;
    let send = desk.sqs.send_message().queue_url(&desk.queue);
    send.message_body("later")
        .delay_seconds(600)
        .send()
        .await
        .unwrap();
    assert!(desk.receive(&desk.queue).await.is_empty());
    assert_eq!(desk.counts(&desk.queue).await, [0, 0, 1]);
}

#[tokio::test]
async fn a_waiting_receive_is_answered_when_something_comes() {
    let desk = Desk::start().await;
    let wait = desk
        .sqs
        .receive_message()
        .queue_url(&desk.queue)
        .wait_time_seconds(20);
    let (answer, ()) = tokio::join!(wait.send(), desk.send("photo"));
    assert_eq!(answer.unwrap().messages().len(), 1);
}

#[tokio::test]
async fn more_than_ten_entries_are_refused_whole() {
    let desk = Desk::start().await;
    let mut batch = desk.sqs.send_message_batch().queue_url(&desk.queue);
    for number in 0..11 {
        let entry = SendMessageBatchRequestEntry::builder().id(number.to_string());
        batch = batch.entries(entry.message_body("photo").build().unwrap());
    }
    let error = batch.send().await.unwrap_err().into_service_error();
    assert!(error.is_too_many_entries_in_batch_request(), "{error:?}");
    assert_eq!(desk.counts(&desk.queue).await, [0, 0, 0]);
}

#[tokio::test]
async fn a_purge_empties_a_queue() {
    let desk = Desk::start().await;
    desk.send("one").await;
    desk.send("two").await;
    desk.sqs
        .purge_queue()
        .queue_url(&desk.queue)
        .send()
        .await
        .unwrap();
    assert_eq!(desk.counts(&desk.queue).await, [0, 0, 0]);
}
