//! SIGKILL right after each kind of write, while every message comes five
//! times and out of order: the album ends as if nothing had happened.

use std::collections::BTreeMap;
use std::time::Duration;

use cloudalbum_aws::clients::Clients;
use cloudalbum_aws::notification::{self, Created};
use cloudalbum_aws::queue::{Outgoing, Queue};
use cloudalbum_aws::table::Table;
use futures::{StreamExt as _, stream};
use rand::seq::SliceRandom as _;
use serde::Deserialize;

use crate::household::{Household, jpeg};
use crate::process::Process;
use crate::sender::Sender;
use crate::state::Kept;

/// Each is done and not answered: granting, claiming, finishing, making
/// renditions, and the bytes of the owner.
const POINTS: [&str; 12] = [
    "dynamodb.TransactWriteItems=1",
    "dynamodb.TransactWriteItems=2",
    "dynamodb.TransactWriteItems=4",
    "dynamodb.UpdateItem=1",
    "dynamodb.UpdateItem=2",
    "dynamodb.UpdateItem=4",
    "dynamodb.UpdateItem=7",
    "s3.PutObject=1",
    "s3.PutObject=3",
    "s3.PutObject=4",
    "s3.PutObject=6",
    "s3.PutObject=9",
];
/// Every event comes twice by `duplicate`, and its messages three times more.
const MORE: usize = 3;
const FAULTS: &str = "duplicate=100 reorder=50";
const EMAIL: &str = "ann@example.com";
const LIMIT: Duration = Duration::from_mins(2);

#[derive(Deserialize)]
struct KeyPair {
    access_key: String,
    secret_key: String,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_after_any_write_and_five_deliveries_change_nothing() {
    let calm = Box::pin(live(None)).await;
    let seed: u64 = rand::random();
    println!("seed {seed}");
    let lives = POINTS.map(|point| async move {
        let plan = format!("seed={seed} {FAULTS} end@{point}");
        (point, Box::pin(live(Some(&plan))).await)
    });
    let mut lives = stream::iter(lives).buffer_unordered(2);
    while let Some((point, kept)) = lives.next().await {
        assert_eq!(kept, calm, "after {point}");
    }
}

/// Uploads three photos, through a death and a restart when a plan says so,
/// and tells what is kept.
async fn live(plan: Option<&str>) -> Kept {
    let folder = tempfile::tempdir().unwrap();
    let files: BTreeMap<String, Vec<u8>> = (1..=3)
        .map(|seed| (format!("IMG_{seed}.jpg"), jpeg(seed)))
        .collect();
    if let Some(plan) = plan {
        let process = Process::told(folder.path(), &[("LOCAL_FAULTS", plan)]).await;
        let sender = Sender::sign_in(&process, true).await;
        // It may die while it is sent to, or later while it works.
        sender.pass(&files, |_| {}).await.ok();
        let gone = tokio::time::timeout(LIMIT, process.gone());
        gone.await.expect("the process ends at the point");
    }
    let mut process = Process::told(folder.path(), &[("LOCAL_FAULTS", FAULTS)]).await;
    let sender = Sender::sign_in(&process, plan.is_none()).await;
    while !sender.pass(&files, |_| {}).await.unwrap() {}
    for _ in 0..MORE {
        deliver(&process, folder.path(), &sender.photos().await).await;
    }
    process.kill();
    process.gone().await;

    let household = Household::inherit(folder).await;
    let ann = household.sign_in(EMAIL).await;
    for queue in ["thumbnails", "metadata"] {
        drained(&household, queue).await;
    }
    household.settle(&ann).await;
    let kept = household.kept(&ann).await;
    household.album.stop().await;
    kept
}

/// Sends the messages of all photos once more.
async fn deliver(process: &Process, folder: &std::path::Path, ids: &[String]) {
    let keys = std::fs::read(folder.join("credentials.json")).unwrap();
    let KeyPair {
        access_key,
        secret_key,
    } = serde_json::from_slice(&keys).unwrap();
    let endpoint = process.aws.parse().unwrap();
    let clients = Clients::at(&endpoint, "us-east-1", &access_key, &secret_key).await;
    let table = Table::new(clients.dynamodb(), "");
    let queue = async |name: &str| {
        let call = clients.sqs().get_queue_url().queue_name(name);
        let url = call.send().await.unwrap().queue_url.unwrap();
        Queue::new(clients.sqs(), url)
    };
    let (owners, _) = table.owners(None, 1).await.unwrap();
    let mut messages = Vec::new();
    for id in ids {
        let photo = table.get(&owners[0], id.parse().unwrap()).await.unwrap();
        let photo = photo.unwrap();
        let created = Created {
            key: photo.original(),
            event_time: photo.upload_date,
            size: Some(photo.filesize),
            etag: None,
            sequencer: None,
        };
        messages.push(Outgoing {
            body: notification::to_json(&created, "cloudalbum-photos"),
            trace: Some(photo.trace_context),
        });
    }
    for name in ["thumbnails", "metadata"] {
        messages.shuffle(&mut rand::rng());
        queue(name).await.send_batch(&messages).await.unwrap();
    }
}

/// Waits until no message is left.
async fn drained(household: &Household, queue: &str) {
    let queue = household.queue(queue).await;
    let empty = async {
        loop {
            let counts = queue.counts().await.unwrap();
            if counts.visible + counts.in_flight + counts.delayed == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let empty = tokio::time::timeout(LIMIT, empty);
    empty.await.expect("the queue is empty in two minutes");
}
