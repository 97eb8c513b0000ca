//! Whole histories under faults: whatever an owner does, and whatever comes
//! twice, late, never or half, the album ends as it would have without faults.
//!
//! `HISTORIES_SEED` replays one seed, `HISTORIES_SECONDS` goes on with new ones
//! for that long.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use cloudalbum_domain::wire::{EntryAnswer, Upload};
use cloudalbum_domain::{Photo, State};
use jiff::SignedDuration;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use reconciler::Limits;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::household::{Household, Person, entry, jpeg};
use crate::state::Kept;

/// The seeds that every run of the tests goes through.
const SEEDS: [u64; 3] = [1, 5, 6];
/// How many photos a history is about; the last of them is damaged.
const PHOTOS: u8 = 4;

/// What somebody does.
#[derive(Clone, Debug)]
enum Step {
    Upload(u8),
    Describe(u8, u8),
    Locate(u8, u8),
    Trash(u8),
    Restore(u8),
    Purge(u8),
    Retry(u8),
    Pause(&'static str),
    Resume(&'static str),
    Restart,
    Reconcile,
    Recipe(u8),
}

fn step() -> impl Strategy<Value = Step> {
    let photo = || 0..PHOTOS;
    let stage = || prop_oneof![Just("thumbnails"), Just("metadata")];
    prop_oneof![
        6 => photo().prop_map(Step::Upload),
        3 => (photo(), 0..9_u8).prop_map(|(photo, text)| Step::Describe(photo, text)),
        2 => (photo(), 0..9_u8).prop_map(|(photo, pin)| Step::Locate(photo, pin)),
        2 => photo().prop_map(Step::Trash),
        2 => photo().prop_map(Step::Restore),
        2 => photo().prop_map(Step::Purge),
        1 => photo().prop_map(Step::Retry),
        1 => stage().prop_map(Step::Pause),
        1 => stage().prop_map(Step::Resume),
        1 => Just(Step::Restart),
        1 => Just(Step::Reconcile),
        1 => (70..72_u8).prop_map(Step::Recipe),
    ]
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "asked for by whoever runs the test"
)]
fn histories_end_alike_with_faults_and_without() {
    let asked = |name: &str| std::env::var(name).ok().map(|text| text.parse().unwrap());
    if let Some(seed) = asked("HISTORIES_SEED") {
        return run(seed, 1);
    }
    for seed in SEEDS {
        run(seed, 1);
    }
    let until = asked("HISTORIES_SECONDS").map(Duration::from_secs);
    let begun = Instant::now();
    let mut histories = SEEDS.len();
    loop {
        run(rand::random(), 1);
        histories += 1;
        println!("{histories} histories in {} s", begun.elapsed().as_secs());
        if until.is_none_or(|until| begun.elapsed() >= until) {
            return;
        }
    }
}

fn run(seed: u64, cases: u32) {
    println!("HISTORIES_SEED={seed}");
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let config = Config {
        cases,
        max_shrink_iters: 12,
        failure_persistence: None,
        ..Config::default()
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let histories = prop::collection::vec(step(), 8..20);
    let outcome = TestRunner::new_with_rng(config, random).run(&histories, |history| {
        let (calm, faulty) = runtime.block_on(async {
            let plan =
                format!("seed={seed} duplicate=40 reorder=20 delay=10 drop=15 fail=3 cut=3 slow=1");
            let calm = Box::pin(live(&history, None)).await;
            (calm, Box::pin(live(&history, Some(&plan))).await)
        });
        prop_assert_eq!(calm, faulty);
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("HISTORIES_SEED={seed}: {error}");
    }
}

/// Lives a history to its end and tells what is kept.
async fn live(history: &[Step], faults: Option<&str>) -> (BTreeMap<String, State>, Kept) {
    let told: Vec<(&str, &str)> = faults
        .map(|plan| ("LOCAL_FAULTS", plan))
        .into_iter()
        .collect();
    let mut household = Household::told(&told).await;
    let mut ann = household.operator("ann@example.com").await;
    for step in history {
        match step {
            Step::Restart => {
                household = household.restart().await;
                ann = household.sign_in("ann@example.com").await;
            }
            Step::Reconcile => {
                household
                    .reconcile_within(limits(), SignedDuration::ZERO)
                    .await;
            }
            Step::Recipe(quality) => {
                let quality = quality.to_string();
                household = household.retold(&[("RENDITION_QUALITY", &quality)]).await;
                ann = household.sign_in("ann@example.com").await;
                ann.apply_recipe().await;
            }
            step => act(&household, &ann, step).await,
        }
    }
    let household = household.calm().await;
    let ann = household.sign_in("ann@example.com").await;
    household.resume_stages().await;
    household.settle(&ann).await;
    let states = household.kept(&ann).await.states();
    // Whether a photo was worked on before it went to the trash is chance.
    for photo in household.records(&ann).await {
        if photo.state == State::Trashed {
            let path = format!("v1/photos/{}/restore", photo.id);
            ann.insist(Method::POST, &path, &json!({})).await;
        }
    }
    // What was in the trash when the recipe changed.
    ann.apply_recipe().await;
    household.settle(&ann).await;
    let kept = household.kept(&ann).await;
    household.album.stop().await;
    (states, kept)
}

/// Nobody else reconciles here, no trash is emptied, and no photo times out.
fn limits() -> Limits {
    Limits {
        lease: SignedDuration::ZERO,
        trash: SignedDuration::from_hours(24 * 365 * 5_000),
        requeues: u32::MAX,
        most_requeues: u32::MAX,
        ..Limits::default()
    }
}

impl Household {
    /// Reconciles until every record is final and nothing is left to mend.
    pub(crate) async fn settle(&self, person: &Person) {
        let settled = async {
            let mut later = SignedDuration::from_hours(2);
            while self.records(person).await.iter().any(is_waiting) {
                self.reconcile_within(limits(), later).await;
                // Messages were sent; each round waits twice as long for more.
                later = later + later;
                let round = async {
                    while self.records(person).await.iter().any(is_waiting) {
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                };
                tokio::time::timeout(Duration::from_secs(8), round)
                    .await
                    .ok();
            }
            later = later + later;
            self.reconcile_within(limits(), later).await;
            let again = self.reconcile_within(limits(), later).await;
            assert_eq!(
                (again.mends.len(), again.errors),
                (0, 0),
                "a second run does nothing"
            );
        };
        let settled = tokio::time::timeout(Duration::from_mins(2), settled);
        settled.await.expect("everything is final in two minutes");
    }
}

fn is_waiting(photo: &Photo) -> bool {
    photo.pending_since().is_some() || photo.state == State::Deleting
}

async fn act(household: &Household, ann: &Person, step: &Step) {
    match step {
        Step::Upload(photo) => upload(household, ann, *photo).await,
        Step::Describe(photo, text) => {
            let edit =
                json!({ "description": format!("text {text}"), "tags": [format!("tag{text}")] });
            ann.insist(
                Method::PATCH,
                &path(household, ann, *photo, "").await,
                &edit,
            )
            .await;
        }
        Step::Locate(photo, pin) => {
            let edit = json!({ "location": { "latitude": f64::from(*pin), "longitude": 10.5 } });
            ann.insist(
                Method::PATCH,
                &path(household, ann, *photo, "").await,
                &edit,
            )
            .await;
        }
        Step::Trash(photo) => {
            let path = path(household, ann, *photo, "").await;
            ann.insist(Method::DELETE, &path, &json!({})).await;
        }
        Step::Restore(photo) => {
            let path = path(household, ann, *photo, "/restore").await;
            ann.insist(Method::POST, &path, &json!({})).await;
        }
        Step::Purge(photo) => {
            let path = path(household, ann, *photo, "?purge=true").await;
            ann.insist(Method::DELETE, &path, &json!({})).await;
        }
        Step::Retry(photo) => {
            let path = path(household, ann, *photo, "/retry").await;
            ann.insist(Method::POST, &path, &json!({})).await;
        }
        Step::Pause(stage) | Step::Resume(stage) => {
            let order = if matches!(step, Step::Pause(_)) {
                "pause"
            } else {
                "resume"
            };
            let path = format!("v1/ops/stages/{stage}/{order}");
            ann.insist(Method::POST, &path, &json!({})).await;
        }
        Step::Restart | Step::Reconcile | Step::Recipe(_) => {}
    }
}

/// Sends a photo as a client does: the manifest again and again, until it is
/// stored.
async fn upload(household: &Household, ann: &Person, photo: u8) {
    let bytes = bytes(photo);
    let mut wanted = entry(&format!("IMG_{photo}.jpg"), &bytes);
    wanted.modified_at = Some("2024-05-06T07:08:09Z".parse().unwrap());
    loop {
        let manifest = json!({ "photos": [wanted] });
        let (_, answer) = ann.insist(Method::POST, "v1/uploads", &manifest).await;
        let answer: EntryAnswer = serde_json::from_value(answer["photos"][0].clone()).unwrap();
        match answer {
            EntryAnswer::Stored { .. } => return,
            EntryAnswer::Later { .. } => {
                household
                    .reconcile_within(limits(), SignedDuration::ZERO)
                    .await;
            }
            EntryAnswer::Upload {
                upload: Upload::Put { url, headers, .. },
                ..
            } => {
                let mut put = ann.http.put(url).body(bytes.clone());
                for (name, value) in headers {
                    put = put.header(name, value);
                }
                let stored =
                    |status| status == StatusCode::OK || status == StatusCode::PRECONDITION_FAILED;
                if put.send().await.is_ok_and(|answer| stored(answer.status())) {
                    return;
                }
            }
            other => panic!("{other:?}"),
        }
    }
}

fn bytes(photo: u8) -> Vec<u8> {
    if photo + 1 == PHOTOS {
        return b"\xff\xd8\xff\xe0 no picture at all".to_vec();
    }
    jpeg(photo)
}

async fn path(household: &Household, ann: &Person, photo: u8, rest: &str) -> String {
    let owner = household.owner(ann).await;
    let sha256 = cloudalbum_domain::Sha256::of(&bytes(photo));
    let id = cloudalbum_domain::PhotoId::derive(&owner, &sha256);
    let mut path = String::new();
    write!(path, "v1/photos/{id}{rest}").unwrap();
    path
}

impl Person {
    /// No history has more photos than one call looks at.
    async fn apply_recipe(&self) {
        self.insist(Method::POST, "v1/ops/recipes", &json!({}))
            .await;
    }

    /// Asks until there is an answer that is no excuse. What was done by a call
    /// whose answer was lost is refused the second time, which is as good.
    async fn insist(&self, method: Method, path: &str, body: &Value) -> (StatusCode, Value) {
        loop {
            let call = self.call(method.clone(), path).json(body);
            if let Ok(answer) = call.send().await
                && !answer.status().is_server_error()
                && answer.status() != StatusCode::TOO_MANY_REQUESTS
                && let status = answer.status()
                && let Ok(body) = answer.bytes().await
            {
                return (status, serde_json::from_slice(&body).unwrap_or_default());
            }
        }
    }
}
