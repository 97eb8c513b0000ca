//! Another recipe: only what is stale is made anew, and what was made before is
//! shown until then.

use cloudalbum_domain::Status;
use cloudalbum_domain::wire::{AppliedRecipe, PhotoView, RecipeView};
use jiff::SignedDuration;
use reconciler::Mend;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::household::{Household, Person, jpeg};

const NONE: [(Mend, u64); 0] = [];
const WEBP: [(&str, &str); 2] = [("RENDITION_FORMAT", "webp"), ("RENDITION_QUALITY", "70")];

#[tokio::test(flavor = "multi_thread")]
async fn another_recipe_makes_what_is_stale_and_serves_the_old_meanwhile() {
    let (household, ann, ids) = told_another_recipe().await;
    let (bad, _) = ann.upload("bad.jpg", b"\xff\xd8\xff\xe0 no picture").await;
    let before = ann.recipe().await;
    assert_eq!((before.current, before.stale), (0, 2));
    assert_eq!(ann.apply(true).await, 2, "a dry run only counts");
    assert_eq!(ann.recipe().await, before);
    assert_eq!(ann.apply(false).await, 2);
    assert_eq!(ann.apply(false).await, 0, "they wait already");
    assert_eq!(ann.recipe().await.waiting, 2);

    let mut old = Vec::new();
    for id in &ids {
        let photo = ann.photo(id).await;
        assert_eq!(photo.status, Status::Processing);
        assert!(photo.thumbhash.is_some());
        assert_eq!(ann.served(&photo).await, ["image/jpeg"; 4]);
        old.push(photo);
    }
    let page: Value = ann.get("v1/photos").await.json().await.unwrap();
    let shown = page["photos"].as_array().unwrap().iter();
    assert_eq!(
        shown
            .filter(|photo| photo["renditions"][0]["url"].is_string())
            .count(),
        2,
        "{page}"
    );

    household.resume_stages().await;
    for id in ids.iter().chain([&bad]) {
        ann.follow(|photo| photo.id == **id && photo.status != Status::Processing)
            .await;
    }
    for (id, old) in ids.iter().zip(&old) {
        let photo = ann.photo(id).await;
        assert_eq!(photo.status, Status::Ready);
        assert_eq!(ann.served(&photo).await, ["image/webp"; 4]);
        assert_eq!(ann.served(old).await, ["image/jpeg"; 4], "on an open page");
    }
    let after = ann.recipe().await;
    assert_eq!((after.current, after.stale, after.waiting), (2, 0, 0));
    assert_eq!(ann.apply(false).await, 0, "a second run does nothing");

    let soon = SignedDuration::from_hours(2);
    assert_eq!(household.reconcile(soon).await, NONE, "URLs may still work");
    let late = SignedDuration::from_hours(4);
    assert_eq!(household.reconcile(late).await, [(Mend::Superseded, 2)]);
    assert_eq!(household.reconcile(late).await, NONE);
    let left = household.objects().await;
    let made: Vec<&String> = left
        .iter()
        .filter(|key| key.starts_with("renditions/"))
        .collect();
    let version = format!("/{}/", after.version);
    assert!(made.iter().all(|key| key.contains(&version)), "{made:?}");
    assert_eq!(made.len(), 8);
    for id in &ids {
        assert_eq!(ann.served(&ann.photo(id).await).await, ["image/webp"; 4]);
    }
    household.album.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_by_another_recipe_is_shown_as_before() {
    let (household, ann, ids) = told_another_recipe().await;
    assert_eq!(ann.apply(false).await, 2);
    let s3 = household.clients().await.s3(Some(&household.album.aws));
    let gone = household.original(&ann, &ids[0]).await;
    let remove = s3.delete_object().bucket("cloudalbum-photos").key(gone);
    remove.send().await.unwrap();
    household.resume_stages().await;
    for (id, status) in ids.iter().zip([Status::Failed, Status::Ready]) {
        ann.follow(|photo| photo.id == *id && photo.status == status)
            .await;
    }
    let late = SignedDuration::from_hours(4);
    assert_eq!(household.reconcile(late).await, [(Mend::Superseded, 1)]);
    let failed = ann.photo(&ids[0]).await;
    assert_eq!(ann.served(&failed).await, ["image/jpeg"; 4]);
    assert_eq!(ann.recipe().await.failed, 1);
    assert_eq!(ann.apply(false).await, 0, "a redrive tries it again");
    household.album.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn photos_that_go_while_they_are_made_anew_leave_nothing() {
    let (household, ann, ids) = told_another_recipe().await;
    assert_eq!(ann.apply(false).await, 2);
    for (id, query) in ids.iter().zip(["", "?purge=true"]) {
        let path = format!("v1/photos/{id}{query}");
        let gone = ann.call(Method::DELETE, &path).send().await.unwrap();
        assert_eq!(gone.status(), StatusCode::NO_CONTENT);
    }
    household.resume_stages().await;
    let late = SignedDuration::from_hours(4);
    assert_eq!(household.reconcile(late).await, [(Mend::Removed, 1)]);
    let restore = format!("v1/photos/{}/restore", ids[0]);
    let restored = ann.call(Method::POST, &restore).send().await.unwrap();
    assert_eq!(restored.status(), StatusCode::OK);
    household.settle(&ann).await;
    household.kept(&ann).await;
    let photo = ann.photo(&ids[0]).await;
    assert_eq!(ann.served(&photo).await, ["image/webp"; 4]);
    household.album.stop().await;
}

/// Two photos that are ready by the usual recipe, in an album that was told
/// another one since and whose stages are paused.
async fn told_another_recipe() -> (Household, Person, [String; 2]) {
    let household = Household::start().await;
    let ann = household.operator("ann@example.com").await;
    let mut ids = [String::new(), String::new()];
    for (seed, id) in (1..).zip(&mut ids) {
        *id = ann.upload("IMG.jpg", &jpeg(seed)).await.0;
        ann.follow(|photo| photo.id == *id && photo.status == Status::Ready)
            .await;
    }
    household.pause_stages().await;
    let household = household.retold(&WEBP).await;
    let ann = household.sign_in("ann@example.com").await;
    (household, ann, ids)
}

impl Person {
    async fn recipe(&self) -> RecipeView {
        self.get("v1/ops/recipes").await.json().await.unwrap()
    }

    /// Applies the recipe to the whole album, and tells to how many photos.
    async fn apply(&self, dry_run: bool) -> u64 {
        let (mut enqueued, mut cursor) = (0, Value::Null);
        loop {
            let order = json!({ "dry_run": dry_run, "cursor": cursor });
            let answer: AppliedRecipe = self.order("v1/ops/recipes", &order).await;
            enqueued += answer.enqueued;
            match answer.cursor {
                Some(next) => cursor = Value::String(next),
                None => return enqueued,
            }
        }
    }

    /// The types of a photo's renditions, each fetched as a page would.
    async fn served(&self, photo: &PhotoView) -> Vec<&'static str> {
        let mut types = Vec::new();
        for rendition in &photo.renditions {
            let answer = self.http.get(&rendition.url).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::OK, "{}", rendition.name);
            let bytes = answer.bytes().await.unwrap();
            types.push(match image::guess_format(&bytes).unwrap() {
                image::ImageFormat::Jpeg => "image/jpeg",
                image::ImageFormat::WebP => "image/webp",
                other => panic!("{other:?}"),
            });
        }
        types
    }
}
