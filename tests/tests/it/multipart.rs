//! Large photos in parts: resumed, refused, joined once and checked as a whole.

use cloudalbum_domain::wire::{
    Completed, EntryAnswer, HeldParts, PartSpec, PartsRequest, SignedPart, SignedParts, Upload,
};
use cloudalbum_domain::{FailureCode, Sha256, Status};
use reqwest::{Method, StatusCode};

use crate::home::Home;
use crate::household::{Person, entry, jpeg};

/// From this size on photos are sent in parts, in bytes.
const THRESHOLD: &str = "5242880";

/// A picture that is followed by bytes which no decoder looks at.
fn large(seed: u8, length: usize) -> Vec<u8> {
    let mut bytes = jpeg(seed);
    bytes.resize(length, seed);
    bytes
}

async fn granted(person: &Person, bytes: &[u8]) -> (String, usize) {
    let answers = person.post_manifest(vec![entry("large.jpg", bytes)]).await;
    let Some(EntryAnswer::Upload {
        photo_id,
        upload: Upload::Multipart { multipart },
    }) = answers.first()
    else {
        panic!("not granted in parts: {answers:?}");
    };
    let size = usize::try_from(multipart.part_size).unwrap();
    (photo_id.clone(), size)
}

fn specs(bytes: &[u8], size: usize) -> Vec<PartSpec> {
    let parts = (1..).zip(bytes.chunks(size));
    let spec = |(number, part): (u32, &[u8])| PartSpec {
        number,
        sha256: Sha256::of(part).to_string(),
        size: part.len() as u64,
    };
    parts.map(spec).collect()
}

async fn sign(person: &Person, id: &str, parts: &[PartSpec]) -> Vec<SignedPart> {
    let call = person.call(Method::POST, &format!("v1/uploads/{id}/parts"));
    let request = PartsRequest {
        parts: parts.to_vec(),
    };
    let answer = call.json(&request).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    answer.json::<SignedParts>().await.unwrap().parts
}

async fn send(person: &Person, part: &SignedPart, bytes: Vec<u8>) -> StatusCode {
    let mut put = person.http.put(&part.url).body(bytes);
    for (name, value) in &part.headers {
        put = put.header(name, value);
    }
    put.send().await.unwrap().status()
}

async fn held(person: &Person, id: &str) -> Vec<PartSpec> {
    let answer = person.get(&format!("v1/uploads/{id}/parts")).await;
    assert_eq!(answer.status(), StatusCode::OK);
    answer.json::<HeldParts>().await.unwrap().parts
}

async fn complete(person: &Person, id: &str) -> (StatusCode, String) {
    let call = person.call(Method::POST, &format!("v1/uploads/{id}/complete"));
    let answer = call.send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_photo_goes_up_in_parts_and_is_resumed() {
    let home = Home::told(&[("MULTIPART_BYTES", THRESHOLD)]).await;
    let ann = home.person("ann@example.com").await;
    let bytes = large(1, 17 << 20);
    let (id, size) = granted(&ann, &bytes).await;
    let specs = specs(&bytes, size);
    assert_eq!(specs.len(), 3);
    assert!(held(&ann, &id).await.is_empty());

    let signed = sign(&ann, &id, &specs).await;
    for part in signed.iter().filter(|part| part.number != 2) {
        let from = (part.number as usize - 1) * size;
        let to = bytes.len().min(from + size);
        let status = send(&ann, part, bytes[from..to].to_vec()).await;
        assert_eq!(status, StatusCode::OK);
    }
    assert_eq!(held(&ann, &id).await, [specs[0].clone(), specs[2].clone()]);
    let (status, problem) = complete(&ann, &id).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(problem.contains("parts_missing"), "{problem}");

    let (again, _) = granted(&ann, &bytes).await;
    assert_eq!(again, id, "the manifest goes on with the same upload");
    let left = sign(&ann, &id, &specs).await;
    let numbers: Vec<u32> = left.iter().map(|part| part.number).collect();
    assert_eq!(numbers, [2], "what is held is not signed again");
    let middle = bytes[size..2 * size].to_vec();
    assert_eq!(send(&ann, &left[0], middle).await, StatusCode::OK);
    for _ in 0..2 {
        let (status, text) = complete(&ann, &id).await;
        assert_eq!(status, StatusCode::OK, "{text}");
        let completed: Completed = serde_json::from_str(&text).unwrap();
        assert_eq!(completed.photo_id, id);
    }
    ann.follow(|photo| photo.id == id && photo.status == Status::Ready)
        .await;
    let original = ann.photo(&id).await.original_url.unwrap();
    let original = home.http.get(original).send().await.unwrap();
    assert!(original.bytes().await.unwrap() == bytes);
    home.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_that_are_not_the_promised_whole_fail_and_are_sent_anew() {
    let home = Home::told(&[("MULTIPART_BYTES", THRESHOLD)]).await;
    let ann = home.person("ann@example.com").await;
    let (right, wrong) = (large(1, 9 << 20), large(2, 9 << 20));
    let (id, size) = granted(&ann, &right).await;
    upload(&ann, &id, &wrong, size).await;
    ann.follow(|photo| photo.id == id && photo.status == Status::Failed)
        .await;
    let photo = ann.photo(&id).await;
    let codes: Vec<_> = photo.failures.iter().map(|failure| failure.code).collect();
    assert_eq!(codes, [FailureCode::ChecksumMismatch]);
    assert_eq!((photo.original_url, photo.renditions.len()), (None, 0));

    let (again, _) = granted(&ann, &right).await;
    assert_eq!(again, id);
    upload(&ann, &id, &right, size).await;
    ann.follow(|photo| photo.id == id && photo.status == Status::Ready)
        .await;
    assert!(ann.photo(&id).await.original_url.is_some());
    home.stop().await;
}

async fn upload(person: &Person, id: &str, bytes: &[u8], size: usize) {
    let signed = sign(person, id, &specs(bytes, size)).await;
    for (part, chunk) in signed.iter().zip(bytes.chunks(size)) {
        assert_eq!(send(person, part, chunk.to_vec()).await, StatusCode::OK);
    }
    let (status, text) = complete(person, id).await;
    assert_eq!(status, StatusCode::OK, "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_that_are_none_of_the_file_are_not_signed() {
    let home = Home::told(&[("MULTIPART_BYTES", THRESHOLD)]).await;
    let ann = home.person("ann@example.com").await;
    let bob = home.person("bob@example.com").await;
    let bytes = large(3, 9 << 20);
    let (id, size) = granted(&ann, &bytes).await;
    let right = specs(&bytes, size);
    let change = |of: &dyn Fn(&mut PartSpec)| {
        let mut part = right[0].clone();
        of(&mut part);
        vec![part]
    };
    let cases = [
        change(&|part| part.number = 3),
        change(&|part| part.number = 0),
        change(&|part| part.size -= 1),
        change(&|part| part.sha256 = "no hash".to_owned()),
        vec![right[0].clone(), right[0].clone()],
        Vec::new(),
        vec![right[0].clone(); 101],
    ];
    let path = format!("v1/uploads/{id}/parts");
    for parts in cases {
        let call = ann.call(Method::POST, &path).json(&PartsRequest {
            parts: parts.clone(),
        });
        let answer = call.send().await.unwrap();
        assert_eq!(
            answer.status(),
            StatusCode::UNPROCESSABLE_ENTITY,
            "{parts:?}"
        );
    }
    let others = [
        (Method::GET, path.clone()),
        (Method::POST, format!("v1/uploads/{id}/complete")),
        (Method::DELETE, format!("v1/uploads/{id}")),
    ];
    for (method, path) in others {
        let answer = bob.call(method, &path).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
    }
    home.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_is_given_up_and_its_quota_returns() {
    let home = Home::told(&[("MULTIPART_BYTES", THRESHOLD)]).await;
    let ann = home.person("ann@example.com").await;
    let bytes = large(4, 9 << 20);
    let (id, size) = granted(&ann, &bytes).await;
    let signed = sign(&ann, &id, &specs(&bytes, size)).await;
    let first = bytes[..size].to_vec();
    assert_eq!(send(&ann, &signed[0], first.clone()).await, StatusCode::OK);
    assert_eq!(used(&ann).await, (9 << 20, 1));
    let path = format!("v1/uploads/{id}");
    let answer = ann.call(Method::DELETE, &path).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    assert_eq!(used(&ann).await, (0, 0));
    let status = send(&ann, &signed[0], first).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "the parts are gone, too");
    let answer = ann.call(Method::DELETE, &path).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);

    let (again, _) = granted(&ann, &bytes).await;
    assert_eq!(again, id);
    upload(&ann, &id, &bytes, size).await;
    ann.follow(|photo| photo.id == id && photo.status == Status::Ready)
        .await;
    let answer = ann.call(Method::DELETE, &path).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::CONFLICT, "it is a photo now");
    home.stop().await;
}

async fn used(person: &Person) -> (u64, u64) {
    let me: cloudalbum_domain::wire::Me = person.get("v1/me").await.json().await.unwrap();
    (me.quota.bytes_used, me.quota.photos_used)
}
