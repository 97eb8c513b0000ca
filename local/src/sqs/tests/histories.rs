//! Random histories of one queue: no message is lost or made up.

use super::*;

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
