//! A presigned URL opens one object for one set of bytes, and nothing else.

use std::time::Duration;

use cloudalbum_domain::wire::{
    EntryAnswer, PartSpec, PartsRequest, PhotoView, SignedParts, Upload,
};
use cloudalbum_domain::{Sha256, Status};
use data_encoding::BASE64;
use jiff::Timestamp;
use reqwest::{Method, StatusCode, Url};

use crate::household::{Household, Person, entry, jpeg};

/// A request that can be changed before it is sent.
#[derive(Clone)]
struct Attempt {
    url: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Attempt {
    fn without(mut self, header: &str) -> Self {
        let before = self.headers.len();
        self.headers.retain(|(name, _)| name != header);
        assert_ne!(before, self.headers.len(), "{header} was not bound");
        self
    }

    fn with(self, header: &str, value: &str) -> Self {
        let mut changed = self.without(header);
        changed.headers.push((header.to_owned(), value.to_owned()));
        changed
    }

    fn body(self, body: Vec<u8>) -> Self {
        Self { body, ..self }
    }

    fn url(self, from: &str, to: &str) -> Self {
        let url = self.url.replacen(from, to, 1);
        assert_ne!(url, self.url, "{from} is not in the URL");
        Self { url, ..self }
    }

    /// Waits until the end that the URL itself names has passed.
    async fn ended(&self) {
        let url = Url::parse(&self.url).unwrap();
        let query = |name: &str| url.query_pairs().find(|pair| pair.0 == name).unwrap().1;
        let signed: Timestamp = query("X-Amz-Date").parse().unwrap();
        let life = query("X-Amz-Expires").parse().unwrap();
        while Timestamp::now() <= signed + Duration::from_secs(life) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn send(self, person: &Person) -> StatusCode {
        let mut put = person.http.put(self.url).body(self.body);
        for (name, value) in self.headers {
            put = put.header(name, value);
        }
        put.send().await.unwrap().status()
    }
}

fn checksum(bytes: &[u8]) -> String {
    BASE64.encode(Sha256::of(bytes).as_bytes())
}

fn flipped(bytes: &[u8]) -> Vec<u8> {
    let mut other = bytes.to_vec();
    *other.last_mut().unwrap() ^= 1;
    other
}

/// The keys of all objects, as the bucket's owner sees them.
async fn objects(household: &Household) -> Vec<String> {
    let clients = household.clients().await;
    let listed = clients.s3(None).list_objects_v2();
    let listed = listed.bucket("cloudalbum-photos").send().await.unwrap();
    let keys = listed.contents().iter();
    keys.filter_map(|object| object.key().map(str::to_owned))
        .collect()
}

/// Asserts that nothing was stored, that no event reached a worker, and that
/// nobody changed the record.
async fn assert_untouched(household: &Household, person: &Person, before: &PhotoView, why: &str) {
    assert_eq!(objects(household).await, Vec::<String>::new(), "{why}");
    let photo = person.photo(&before.id).await;
    assert_eq!(
        (photo.status, photo.version, photo.changed_at),
        (Status::Pending, before.version, before.changed_at),
        "{why}"
    );
}

async fn granted(person: &Person, filename: &str, bytes: &[u8]) -> (String, Attempt) {
    let answers = person.post_manifest(vec![entry(filename, bytes)]).await;
    let Some(EntryAnswer::Upload {
        photo_id,
        upload: Upload::Put { url, headers, .. },
    }) = answers.into_iter().next()
    else {
        panic!("not granted");
    };
    let attempt = Attempt {
        url,
        headers: headers.into_iter().collect(),
        body: bytes.to_vec(),
    };
    (photo_id, attempt)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_put_that_was_tampered_with_is_refused_and_an_honest_one_is_not() {
    let household = Household::start().await;
    let ann = household.person("ann@example.com").await;
    let bytes = jpeg(1);
    let (id, honest) = granted(&ann, "IMG_1.jpg", &bytes).await;
    let before = ann.photo(&id).await;
    let other = flipped(&bytes);
    let longer = [bytes.clone(), vec![0]].concat();
    let shorter = bytes.get(..bytes.len() - 1).unwrap().to_vec();
    let sum = "x-amz-checksum-sha256";
    let cases = [
        ("other bytes", honest.clone().body(other.clone())),
        ("more bytes", honest.clone().body(longer)),
        ("fewer bytes", honest.clone().body(shorter)),
        (
            "another type",
            honest.clone().with("content-type", "image/png"),
        ),
        ("no type", honest.clone().without("content-type")),
        (
            "another checksum",
            honest.clone().with(sum, &checksum(&other)),
        ),
        (
            "another checksum and its bytes",
            honest.clone().with(sum, &checksum(&other)).body(other),
        ),
        ("no checksum", honest.clone().without(sum)),
        (
            "another key",
            honest.clone().url(&id, "00000000000000000000000000"),
        ),
        ("may overwrite", honest.clone().without("if-none-match")),
        (
            "a longer life",
            honest
                .clone()
                .url("X-Amz-Expires=900", "X-Amz-Expires=3600"),
        ),
        (
            "no signature",
            honest.clone().url("X-Amz-Signature=", "X-Amz-Signatur="),
        ),
    ];
    for (why, attempt) in cases {
        let status = attempt.send(&ann).await;
        assert!(status.is_client_error(), "{why}: {status}");
        assert_untouched(&household, &ann, &before, why).await;
    }
    assert_eq!(honest.clone().send(&ann).await, StatusCode::OK);
    ann.follow(|photo| photo.id == id && photo.status == Status::Ready)
        .await;
    let version = ann.photo(&id).await.version;
    let twice = honest.send(&ann).await;
    assert_eq!(twice, StatusCode::PRECONDITION_FAILED, "used twice");
    assert_eq!(ann.photo(&id).await.version, version);
    household.album.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_url_that_has_ended_is_refused_and_renewed_without_a_new_record() {
    let household = Household::told(&[("URL_LIFE_SECONDS", "1")]).await;
    let ann = household.person("ann@example.com").await;
    let bytes = jpeg(2);
    let (id, ended) = granted(&ann, "IMG_2.jpg", &bytes).await;
    let before = ann.photo(&id).await;
    ended.ended().await;
    assert_eq!(ended.send(&ann).await, StatusCode::FORBIDDEN);
    assert_untouched(&household, &ann, &before, "after its end").await;
    let household = household.retold(&[("URL_LIFE_SECONDS", "900")]).await;
    let ann = household.sign_in("ann@example.com").await;
    let (again, renewed) = granted(&ann, "IMG_2.jpg", &bytes).await;
    assert_eq!(again, id);
    assert_eq!(renewed.send(&ann).await, StatusCode::OK);
    household.album.stop().await;
}

async fn signed(person: &Person, id: &str, bytes: &[u8], size: usize) -> Vec<Attempt> {
    let parts = (1..).zip(bytes.chunks(size));
    let spec = |(number, part): (u32, &[u8])| PartSpec {
        number,
        sha256: Sha256::of(part).to_string(),
        size: part.len() as u64,
    };
    let request = PartsRequest {
        parts: parts.map(spec).collect(),
    };
    let call = person.call(Method::POST, &format!("v1/uploads/{id}/parts"));
    let answer = call.json(&request).send().await.unwrap();
    let answer: SignedParts = answer.json().await.unwrap();
    let parts = answer.parts.into_iter().zip(bytes.chunks(size));
    let attempt = |(part, body): (cloudalbum_domain::wire::SignedPart, &[u8])| Attempt {
        url: part.url,
        headers: part.headers.into_iter().collect(),
        body: body.to_vec(),
    };
    parts.map(attempt).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_was_tampered_with_is_refused_and_an_honest_one_is_not() {
    let household = Household::told(&[("MULTIPART_BYTES", "5242880")]).await;
    let ann = household.person("ann@example.com").await;
    let mut bytes = jpeg(3);
    bytes.resize(9 << 20, 3);
    let answers = ann.post_manifest(vec![entry("large.jpg", &bytes)]).await;
    let Some(EntryAnswer::Upload { photo_id: id, .. }) = answers.first() else {
        panic!("not granted: {answers:?}");
    };
    let parts = signed(&ann, id, &bytes, 8 << 20).await;
    let before = ann.photo(id).await;
    let honest = parts.get(1).unwrap().clone();
    let other = flipped(&honest.body);
    let longer = [honest.body.clone(), vec![0]].concat();
    let sum = "x-amz-checksum-sha256";
    let cases = [
        ("other bytes", honest.clone().body(other.clone())),
        ("more bytes", honest.clone().body(longer)),
        (
            "another checksum",
            honest.clone().with(sum, &checksum(&other)),
        ),
        (
            "another checksum and its bytes",
            honest.clone().with(sum, &checksum(&other)).body(other),
        ),
        ("no checksum", honest.clone().without(sum)),
        (
            "another key",
            honest.clone().url(id, "00000000000000000000000000"),
        ),
        (
            "another number",
            honest.clone().url("partNumber=2", "partNumber=1"),
        ),
        (
            "another upload",
            honest.clone().url("uploadId=", "uploadId=0"),
        ),
        (
            "a longer life",
            honest
                .clone()
                .url("X-Amz-Expires=900", "X-Amz-Expires=3600"),
        ),
    ];
    let held = format!("v1/uploads/{id}/parts");
    for (why, attempt) in cases {
        let status = attempt.send(&ann).await;
        assert!(status.is_client_error(), "{why}: {status}");
        assert_untouched(&household, &ann, &before, why).await;
        let parts: serde_json::Value = ann.get(&held).await.json().await.unwrap();
        assert_eq!(parts["parts"], serde_json::json!([]), "{why}");
    }
    for part in parts {
        // Used twice it puts the same bytes in the same place.
        assert_eq!(part.clone().send(&ann).await, StatusCode::OK);
        assert_eq!(part.send(&ann).await, StatusCode::OK);
    }
    assert_untouched(&household, &ann, &before, "parts are no object").await;
    let complete = ann.call(Method::POST, &format!("v1/uploads/{id}/complete"));
    let complete = complete.send().await.unwrap();
    assert_eq!(complete.status(), StatusCode::OK);
    let late = honest.send(&ann).await;
    assert_eq!(late, StatusCode::NOT_FOUND, "after completion");
    ann.follow(|photo| photo.id == *id && photo.status == Status::Ready)
        .await;
    household.album.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_url_of_a_part_that_has_ended_is_refused_and_renewed_for_the_same_upload() {
    let told = [("MULTIPART_BYTES", "5242880"), ("URL_LIFE_SECONDS", "1")];
    let household = Household::told(&told).await;
    let ann = household.person("ann@example.com").await;
    let mut bytes = jpeg(4);
    bytes.resize(9 << 20, 4);
    let answers = ann.post_manifest(vec![entry("large.jpg", &bytes)]).await;
    let Some(EntryAnswer::Upload { photo_id: id, .. }) = answers.first() else {
        panic!("not granted: {answers:?}");
    };
    let ended = signed(&ann, id, &bytes, 8 << 20).await;
    let before = ann.photo(id).await;
    for part in ended {
        part.ended().await;
        assert_eq!(part.send(&ann).await, StatusCode::FORBIDDEN);
    }
    assert_untouched(&household, &ann, &before, "after its end").await;
    let household = household.retold(&[("URL_LIFE_SECONDS", "900")]).await;
    let ann = household.sign_in("ann@example.com").await;
    let held = ann.get(&format!("v1/uploads/{id}/parts")).await;
    let held: serde_json::Value = held.json().await.unwrap();
    assert_eq!(held["parts"], serde_json::json!([]));
    for part in signed(&ann, id, &bytes, 8 << 20).await {
        assert_eq!(part.send(&ann).await, StatusCode::OK);
    }
    let complete = ann.call(Method::POST, &format!("v1/uploads/{id}/complete"));
    assert_eq!(complete.send().await.unwrap().status(), StatusCode::OK);
    assert_eq!(ann.photo(id).await.id, before.id);
    household.album.stop().await;
}
