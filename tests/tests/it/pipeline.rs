//! The main job: a photo goes up and comes back as thumbnails, and whatever
//! may go wrong on the way.

use cloudalbum_domain::wire::{EntryAnswer, PhotoPage, PhotoView};
use cloudalbum_domain::{FailureCode, Status};
use reqwest::{Method, StatusCode};

use crate::home::Home;
use crate::household::{Household, Person, entry, jpeg};

#[tokio::test(flavor = "multi_thread")]
async fn a_photo_goes_up_and_comes_back_as_thumbnails() {
    let home = Home::start().await;
    let ann = home.person("ann@example.com").await;
    let bytes = jpeg(1);
    let (id, status) = ann.upload("IMG_1.JPG", &bytes).await;
    assert_eq!(status, StatusCode::OK);
    ann.follow(|photo| photo.id == id && photo.status == Status::Ready)
        .await;

    let photo = ann.photo(&id).await;
    assert_eq!((photo.width, photo.height), (Some(640), Some(480)));
    let grid = photo
        .renditions
        .iter()
        .find(|rendition| rendition.name == "grid")
        .unwrap();
    assert_eq!((grid.width, grid.height), (320, 240));
    let picture = home
        .http
        .get(&grid.url)
        .send()
        .await
        .unwrap()
        .bytes()
        .await
        .unwrap();
    let picture = image::load_from_memory(&picture).unwrap();
    assert_eq!((picture.width(), picture.height()), (320, 240));
    let original = home
        .http
        .get(photo.original_url.unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(original.bytes().await.unwrap(), bytes);

    let found: PhotoPage = ann.get("v1/photos?q=holi").await.json().await.unwrap();
    assert_eq!(
        found
            .photos
            .iter()
            .map(|photo| &*photo.id)
            .collect::<Vec<_>>(),
        [&*id]
    );

    let again = ann.post_manifest(vec![entry("copy.jpg", &bytes)]).await;
    assert!(
        matches!(
            again.first(),
            Some(EntryAnswer::Stored {
                state: Status::Ready,
                ..
            })
        ),
        "{again:?}"
    );
    home.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_photo_fails_with_a_code_and_its_neighbours_do_not() {
    let home = Home::start().await;
    let ann = home.person("ann@example.com").await;
    let (bad, _) = ann
        .upload("bad.jpg", b"\xff\xd8\xff\xe0 no picture at all")
        .await;
    let (lie, _) = ann
        .upload("lie.jpg", b"GIF89a\x01\x00\x01\x00\x00\x00\x00;")
        .await;
    let (good, _) = ann.upload("good.jpg", &jpeg(2)).await;
    for (id, status) in [
        (&bad, Status::Failed),
        (&lie, Status::Failed),
        (&good, Status::Ready),
    ] {
        ann.follow(|photo| photo.id == **id && photo.status == status)
            .await;
    }
    assert_eq!(
        code(&ann.photo(&bad).await),
        Some(FailureCode::CorruptImage)
    );
    assert_eq!(
        code(&ann.photo(&lie).await),
        Some(FailureCode::TypeMismatch)
    );
    assert!(ann.photo(&bad).await.renditions.is_empty());
    home.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_photo_is_hidden_and_comes_back_by_restore_or_upload() {
    let home = Home::start().await;
    let ann = home.person("ann@example.com").await;
    let bytes = jpeg(3);
    let (id, _) = ann.upload("IMG_3.jpg", &bytes).await;
    ann.follow(|photo| photo.id == id && photo.status == Status::Ready)
        .await;
    for restore in [true, false] {
        let answer = ann
            .call(Method::DELETE, &format!("v1/photos/{id}"))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
        for (query, count) in [("", 0), ("?q=holiday", 0), ("?trashed=true", 1)] {
            assert_eq!(list(&ann, query).await.len(), count, "{query}");
        }
        if restore {
            ann.call(Method::POST, &format!("v1/photos/{id}/restore"))
                .send()
                .await
                .unwrap();
        } else {
            ann.post_manifest(vec![entry("IMG_3.jpg", &bytes)]).await;
        }
        for (query, count) in [("", 1), ("?q=holiday", 1), ("?trashed=true", 0)] {
            assert_eq!(list(&ann, query).await.len(), count, "{query}");
        }
    }
    home.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_owners_photo_is_not_there() {
    let home = Home::start().await;
    let ann = home.person("ann@example.com").await;
    let bob = home.person("bob@example.com").await;
    let (id, _) = ann.upload("IMG_4.jpg", &jpeg(4)).await;
    for (method, path) in [
        (Method::GET, format!("v1/photos/{id}")),
        (Method::DELETE, format!("v1/photos/{id}")),
        (Method::POST, format!("v1/photos/{id}/restore")),
        (Method::POST, format!("v1/photos/{id}/retry")),
    ] {
        let answer = bob.call(method.clone(), &path).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{method} {path}");
    }
    let forged = Person {
        token: ann.token.replace('.', ".x"),
        ..bob
    };
    assert_eq!(
        forged.get("v1/photos").await.status(),
        StatusCode::UNAUTHORIZED
    );
    home.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_refuses_what_cannot_become_a_photo_entry_by_entry() {
    let home = Home::start().await;
    let ann = home.person("ann@example.com").await;
    let good = entry("a.jpg", &jpeg(5));
    let mut video = entry("a.mp4", b"1");
    video.content_type = "video/mp4".to_owned();
    let mut raw = entry("a.cr2", b"1");
    raw.content_type = "image/x-canon-cr2".to_owned();
    let mut large = entry("b.jpg", b"2");
    large.size = (256 << 20) + 1;
    let mut forged = entry("c.jpg", b"3");
    forged.sha256 = "no hash".to_owned();
    let answers = ann
        .post_manifest(vec![video, raw, large, good.clone(), forged])
        .await;
    let codes: Vec<&str> = answers
        .iter()
        .map(|answer| match answer {
            EntryAnswer::Refused { error } => &*error.code,
            EntryAnswer::Upload { .. } => "upload",
            _ => "other",
        })
        .collect();
    assert_eq!(
        codes,
        [
            "unsupported_media_type",
            "unsupported_media_type",
            "too_large",
            "upload",
            "invalid_sha256"
        ]
    );
    for answer in &answers[..2] {
        let EntryAnswer::Refused { error } = answer else {
            panic!("{answer:?}");
        };
        assert!(error.detail.contains("export RAW files as JPEG first"));
        assert!(error.detail.contains("keep videos elsewhere"));
    }
    let many = serde_json::json!({ "photos": vec![good; 1_001] });
    let answer = ann
        .call(Method::POST, "v1/uploads")
        .json(&many)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    home.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn photos_and_accounts_outlive_a_restart() {
    let household = Household::start().await;
    let ann = household.person("ann@example.com").await;
    let (id, _) = ann.upload("IMG_6.jpg", &jpeg(6)).await;
    ann.follow(|photo| photo.id == id && photo.status == Status::Ready)
        .await;
    let household = household.restart().await;
    let parameters =
        serde_json::json!({ "USERNAME": "ann@example.com", "PASSWORD": "Passw0rd-of-a-test" });
    let sign_in = serde_json::json!({
        "ClientId": "cloudalbum-cli", "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": parameters,
    });
    let answer = household.cognito("InitiateAuth", &sign_in).await;
    let token = answer["AuthenticationResult"]["AccessToken"]
        .as_str()
        .unwrap();
    let page = household
        .http
        .get(format!("{}v1/photos", household.album.app))
        .bearer_auth(token);
    let page: PhotoPage = page.send().await.unwrap().json().await.unwrap();
    assert_eq!(
        page.photos
            .iter()
            .map(|photo| &*photo.id)
            .collect::<Vec<_>>(),
        [&*id]
    );
    household.album.stop().await;
}

async fn list(person: &Person, query: &str) -> Vec<PhotoView> {
    let page: PhotoPage = person
        .get(&format!("v1/photos{query}"))
        .await
        .json()
        .await
        .unwrap();
    page.photos
}

fn code(photo: &PhotoView) -> Option<FailureCode> {
    photo.failures.first().map(|failure| failure.code)
}
