//! The map as its owner and others see it, and the feed from now on.

use cloudalbum_domain::wire::{Changes, MapPlaces, PhotoPage, PhotoView, Position};
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::home::Home;
use crate::household::{Person, jpeg};

async fn pinned(person: &Person, seed: u8, latitude: f64, longitude: f64) -> String {
    let (id, status) = person.upload(&format!("{seed}.jpg"), &jpeg(seed)).await;
    assert_eq!(status, StatusCode::OK);
    person
        .follow(|photo| photo.id == id && photo.status == cloudalbum_domain::Status::Ready)
        .await;
    let edit = json!({ "location": Position { latitude, longitude } });
    let call = person.call(Method::PATCH, &format!("v1/photos/{id}"));
    let answer = call.json(&edit).send().await.unwrap();
    let photo: PhotoView = answer.json().await.unwrap();
    assert!(photo.location.is_some());
    id
}

async fn map(person: &Person, bbox: &str, zoom: u8) -> Vec<(u64, Option<String>, bool)> {
    let answer = person.get(&format!("v1/map?bbox={bbox}&zoom={zoom}")).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let places: MapPlaces = answer.json().await.unwrap();
    let features = places.features.into_iter().map(|place| place.properties);
    features
        .map(|place| (place.count, place.photo_id, place.cover_url.is_some()))
        .collect()
}

/// The photos of an area, all its pages.
async fn listed(person: &Person, bbox: &str) -> Vec<String> {
    let (mut ids, mut more) = (Vec::new(), String::new());
    loop {
        let path = format!("v1/map/photos?bbox={bbox}{more}");
        let page: PhotoPage = person.get(&path).await.json().await.unwrap();
        ids.extend(page.photos.into_iter().map(|photo| photo.id));
        let Some(cursor) = page.cursor else {
            ids.sort();
            return ids;
        };
        more = format!("&cursor={cursor}");
    }
}

#[tokio::test]
async fn clusters_fall_apart_as_one_looks_closer_and_follow_edits() {
    let home = Home::start().await;
    let ann = home.person("ann@example.org").await;
    let bob = home.person("bob@example.org").await;
    let louvre = pinned(&ann, 1, 48.8606, 2.3376).await;
    let orsay = pinned(&ann, 2, 48.8600, 2.3266).await;
    let sydney = pinned(&ann, 3, -33.8568, 151.2153).await;

    let world = "-180,-90,180,90";
    let counts: Vec<u64> = map(&ann, world, 1).await.iter().map(|one| one.0).collect();
    assert_eq!(counts, [2, 1]);
    let paris = map(&ann, "2.2,48.8,2.5,48.9", 14).await;
    let mut ids: Vec<String> = paris.iter().filter_map(|one| one.1.clone()).collect();
    ids.sort();
    let mut expected = vec![louvre.clone(), orsay];
    expected.sort();
    assert_eq!(ids, expected);
    assert!(paris.iter().all(|one| one.0 == 1 && one.2), "{paris:?}");
    assert!(map(&bob, world, 1).await.is_empty());
    assert_eq!(listed(&ann, "2.2,48.8,2.5,48.9").await, expected);
    assert_eq!(
        listed(&ann, "150,-35,-170,-30").await,
        std::slice::from_ref(&sydney),
        "across the antimeridian"
    );
    assert_eq!(listed(&ann, world).await.len(), 3);
    assert!(listed(&bob, world).await.is_empty());

    let gone = ann.call(Method::DELETE, &format!("v1/photos/{sydney}"));
    assert_eq!(gone.send().await.unwrap().status(), StatusCode::NO_CONTENT);
    assert_eq!(map(&ann, world, 1).await.len(), 1);
    assert_eq!(
        listed(&ann, world).await.len(),
        2,
        "not what is in the trash"
    );
    for bad in [
        "v1/map",
        "v1/map?bbox=1,2,3&zoom=1",
        "v1/map/photos?bbox=1,2,3",
        "v1/map/photos?bbox=0,0,1,1&cursor=x",
        "v1/map?bbox=0,0,1,1&zoom=x",
    ] {
        let status = ann.get(bad).await.status();
        assert!(status.is_client_error(), "{bad}: {status}");
    }

    let from_now = ann.get("v1/changes?cursor=now").await;
    assert_eq!(from_now.status(), StatusCode::OK);
    let told: Changes = from_now.json().await.unwrap();
    let edit = json!({ "description": "Later" });
    let call = ann.call(Method::PATCH, &format!("v1/photos/{louvre}"));
    assert_eq!(
        call.json(&edit).send().await.unwrap().status(),
        StatusCode::OK
    );
    let next = ann.get(&format!("v1/changes?cursor={}", told.cursor)).await;
    assert!(next.text().await.unwrap().contains("Later"));
}
