//! What a crash leaves, and what the next start makes of it.

use std::sync::{Arc, Mutex};

use futures::FutureExt;
use s3s::{S3Request, dto};
use tempfile::TempDir;

use super::*;

/// Notifications that a queue took, and whether it takes any.
#[derive(Clone, Default)]
struct Queue(Arc<Mutex<(Vec<String>, bool)>>);

impl Queue {
    fn deliver(&self) -> Deliver {
        let queue = self.clone();
        Box::new(move |body| {
            let mut state = queue.0.lock().unwrap();
            if state.1 {
                return async { anyhow::bail!("the queue is shut") }.boxed();
            }
            state.0.push(body);
            async { Ok(()) }.boxed()
        })
    }

    fn shut(&self, shut: bool) {
        self.0.lock().unwrap().1 = shut;
    }

    fn taken(&self) -> usize {
        self.0.lock().unwrap().0.len()
    }
}

async fn open(folder: &TempDir, queue: &Queue) -> Arc<Store> {
    let store = Store::open(folder.path(), "eu-west-1", queue.deliver())
        .await
        .unwrap();
    store.ensure_bucket("photos").unwrap();
    store
}

fn request<T>(input: T) -> S3Request<T> {
    S3Request {
        input,
        method: http::Method::PUT,
        uri: http::Uri::from_static("/"),
        headers: http::HeaderMap::new(),
        extensions: http::Extensions::new(),
        credentials: None,
        region: None,
        service: None,
        trailing_headers: None,
    }
}

fn photo(key: &str, body: Body) -> S3Request<PutObjectInput> {
    request(PutObjectInput {
        bucket: "photos".to_owned(),
        key: key.to_owned(),
        body: Some(body),
        if_none_match: Some(dto::ETagCondition::Any),
        ..PutObjectInput::default()
    })
}

type Body = dto::StreamingBlob;

fn bytes(text: &'static str) -> Body {
    Body::from(s3s::Body::from(text.to_owned()))
}

fn files(folder: &TempDir, part: &str) -> Vec<String> {
    std::fs::read_dir(folder.path().join(part))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

async fn exists(store: &Arc<Store>, key: &str) -> bool {
    let input = HeadObjectInput {
        bucket: "photos".to_owned(),
        key: key.to_owned(),
        ..HeadObjectInput::default()
    };
    objects::head(store, input).await.is_ok()
}

#[tokio::test]
async fn a_crash_before_the_name_leaves_nothing() {
    let (folder, queue) = (TempDir::new().unwrap(), Queue::default());
    drop(open(&folder, &queue).await);
    // A body that was being received, and one that had its blob but no row.
    for name in ["received", "linked"] {
        std::fs::write(folder.path().join("staging").join(name), "half").unwrap();
    }
    std::fs::write(folder.path().join("blobs/linked"), "whole").unwrap();

    let store = open(&folder, &queue).await;
    assert!(files(&folder, "staging").is_empty());
    assert!(files(&folder, "blobs").is_empty());
    assert_eq!(queue.taken(), 0);
    assert!(!exists(&store, "originals/o/p").await);
}

#[tokio::test]
async fn a_crash_after_the_name_keeps_the_object_and_its_notification() {
    let (folder, queue) = (TempDir::new().unwrap(), Queue::default());
    let store = open(&folder, &queue).await;
    queue.shut(true);
    objects::put(&store, photo("originals/o/p", bytes("body")))
        .await
        .unwrap();
    assert_eq!(queue.taken(), 0);
    // The staging name of the committed blob was not removed yet.
    let blobs = files(&folder, "blobs");
    let [blob] = blobs.as_slice() else {
        panic!("one blob expected")
    };
    std::fs::write(folder.path().join("staging").join(blob), "body").unwrap();
    drop(store);

    queue.shut(false);
    let store = open(&folder, &queue).await;
    assert!(exists(&store, "originals/o/p").await);
    assert!(files(&folder, "staging").is_empty());
    assert_eq!(queue.taken(), 1);
    drop(store);
    open(&folder, &queue).await;
    assert_eq!(queue.taken(), 1, "delivered once");
}

#[tokio::test]
async fn a_body_that_breaks_off_leaves_nothing() {
    let (folder, queue) = (TempDir::new().unwrap(), Queue::default());
    let store = open(&folder, &queue).await;
    let broken = futures::stream::iter([
        Ok(bytes::Bytes::from_static(b"half")),
        Err(std::io::Error::other("gone")),
    ]);
    let error = objects::put(&store, photo("originals/o/p", Body::wrap(broken)))
        .await
        .unwrap_err();
    assert_eq!(*error.code(), S3ErrorCode::IncompleteBody);
    assert!(files(&folder, "staging").is_empty());
    assert!(files(&folder, "blobs").is_empty());
    assert_eq!(queue.taken(), 0);
    objects::put(&store, photo("originals/o/p", bytes("body")))
        .await
        .unwrap();
    assert_eq!(queue.taken(), 1);
}

#[tokio::test]
async fn files_of_replaced_and_removed_objects_go() {
    let (folder, queue) = (TempDir::new().unwrap(), Queue::default());
    let store = open(&folder, &queue).await;
    for body in ["one", "two"] {
        let mut put = photo("renditions/a", bytes(body));
        put.input.if_none_match = None;
        objects::put(&store, put).await.unwrap();
        assert_eq!(files(&folder, "blobs").len(), 1);
    }
    let keys = vec!["renditions/a".to_owned(), "never/there".to_owned()];
    objects::delete(&store, "photos".to_owned(), keys)
        .await
        .unwrap();
    assert!(files(&folder, "blobs").is_empty());
    assert_eq!(queue.taken(), 0, "renditions do not notify");
}
