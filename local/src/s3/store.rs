//! The store: blobs in files, their names in an index, and notifications that outlive a crash.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context;
use futures::future::BoxFuture;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use s3s::S3Result;

use super::event::{self, Created};
use super::index::{self, Condition, Object};
use super::staged::Staged;
use super::{internal, outbox};

/// Hands one notification body to every queue that is to have it, in one step.
///
/// It is called again with the same body after a failure or a crash.
pub type Deliver = Box<dyn Fn(String) -> BoxFuture<'static, anyhow::Result<()>> + Send + Sync>;

/// Buckets and objects in one folder.
///
/// - An object exists from the moment its row is committed; before that its
///   bytes lie, whole and flushed, under a name nobody knows.
/// - Its notification is committed in the same transaction, so there is never
///   one without the other.
/// - Notifications are delivered before the client is answered, and the rest
///   when the store is opened.
pub struct Store {
    folder: PathBuf,
    pub(super) region: String,
    index: Mutex<Connection>,
    deliver: tokio::sync::Mutex<Deliver>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the store, finishes what a crash left half done, and delivers what is due.
    ///
    /// # Errors
    ///
    /// When the folder cannot be written or the index cannot be read.
    pub async fn open(folder: &Path, region: &str, deliver: Deliver) -> anyhow::Result<Arc<Self>> {
        for part in ["staging", "blobs"] {
            std::fs::create_dir_all(folder.join(part))
                .with_context(|| format!("cannot make {}", folder.join(part).display()))?;
        }
        let index = index::open(&folder.join("index.sqlite")).context("cannot open the index")?;
        let store = Arc::new(Self {
            folder: folder.to_owned(),
            region: region.to_owned(),
            index: Mutex::new(index),
            deliver: tokio::sync::Mutex::new(deliver),
        });
        store.clear_staging()?;
        store.sweep().context("cannot sweep the blobs")?;
        store.try_deliver().await;
        Ok(store)
    }

    /// Delivers every notification that is still due, oldest first.
    ///
    /// # Errors
    ///
    /// When a queue refuses; what was not delivered stays due.
    pub async fn deliver_due(self: &Arc<Self>) -> anyhow::Result<()> {
        let deliver = self.deliver.lock().await;
        let due = self
            .blocking(|store| outbox::due(&store.index()).map_err(internal))
            .await?;
        for (id, body) in due {
            deliver(body).await?;
            self.blocking(move |store| outbox::done(&store.index(), id).map_err(internal))
                .await?;
        }
        Ok(())
    }

    async fn try_deliver(self: &Arc<Self>) {
        if let Err(error) = self.deliver_due().await {
            tracing::error!(
                error = format!("{error:#}"),
                "notifications wait for delivery"
            );
        }
    }

    /// Makes `bucket` unless it is there.
    ///
    /// # Errors
    ///
    /// When the index cannot be written.
    pub fn ensure_bucket(&self, bucket: &str) -> anyhow::Result<()> {
        self.index().execute(
            "INSERT OR IGNORE INTO buckets (name, created_ms) VALUES (?1, ?2)",
            rusqlite::params![bucket, now_ms()],
        )?;
        Ok(())
    }

    /// Runs `work` where blocking is fine.
    pub(super) async fn blocking<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> S3Result<T> + Send + 'static,
    ) -> S3Result<T> {
        let store = Arc::clone(self);
        tokio::task::spawn_blocking(move || work(&store))
            .await
            .map_err(internal)?
    }

    /// Runs `work`, which publishes an object, and delivers the notification it left.
    ///
    /// It runs to its end even when the client has gone, so no notification is
    /// left to the next request.
    pub(super) async fn announcing<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> S3Result<T> + Send + 'static,
    ) -> S3Result<T> {
        let store = Arc::clone(self);
        tokio::spawn(async move {
            let answer = store.blocking(work).await?;
            store.try_deliver().await;
            Ok(answer)
        })
        .await
        .map_err(internal)?
    }

    pub(super) fn index(&self) -> MutexGuard<'_, Connection> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn staging(&self) -> PathBuf {
        self.folder.join("staging")
    }

    pub(super) fn blob(&self, blob: &str) -> PathBuf {
        self.folder.join("blobs").join(blob)
    }

    /// Runs `work` in one transaction and then removes the files it discarded.
    pub(super) fn change<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> S3Result<T>,
    ) -> S3Result<T> {
        let answer = {
            let mut index = self.index();
            let tx = index
                .transaction_with_behavior(TransactionBehavior::Immediate)
                .map_err(internal)?;
            let answer = work(&tx)?;
            tx.commit().map_err(internal)?;
            answer
        };
        if let Err(error) = self.sweep() {
            tracing::warn!(%error, "cannot remove blobs; the next change will");
        }
        Ok(answer)
    }

    /// Keeps a staged file for as long as `work`'s transaction gives it a name.
    pub(super) fn keep<T>(
        &self,
        staged: &Staged,
        work: impl FnOnce(&Transaction<'_>) -> S3Result<T>,
    ) -> S3Result<T> {
        let path = staged.link(&self.folder.join("blobs")).map_err(internal)?;
        self.change(work).inspect_err(|_| {
            if let Err(error) = std::fs::remove_file(&path) {
                tracing::warn!(%error, "a refused blob stays on the disk");
            }
        })
    }

    /// Puts a staged file under its name, together with its notification.
    pub(super) fn publish(
        &self,
        staged: &Staged,
        bucket: &str,
        object: &Object,
        condition: &Condition,
        event_name: &str,
        also: impl FnOnce(&Transaction<'_>) -> S3Result<()>,
    ) -> S3Result<()> {
        self.keep(staged, |tx| {
            also(tx)?;
            index::insert(tx, bucket, object, condition)?;
            if !event::notifies(&object.key) {
                return Ok(());
            }
            let at = jiff::Timestamp::from_millisecond(object.modified_ms).map_err(internal)?;
            outbox::add(tx, |sequence| {
                Created {
                    event_name,
                    region: &self.region,
                    bucket,
                    key: &object.key,
                    size: object.size,
                    etag: &object.etag,
                    at,
                    sequence,
                }
                .body()
            })
            .map_err(internal)
        })
    }

    /// Removes what uploads that never ended left behind.
    ///
    /// A staging name next to a row means the crash came after the commit: the
    /// blob stays and only the staging name goes.
    fn clear_staging(&self) -> anyhow::Result<()> {
        for entry in std::fs::read_dir(self.staging())? {
            let entry = entry?;
            let Ok(blob) = entry.file_name().into_string() else {
                continue;
            };
            if !index::is_named(&self.index(), &blob)? {
                remove(&self.blob(&blob))?;
            }
            remove(&entry.path())?;
        }
        Ok(())
    }

    /// Removes the files of discarded blobs.
    fn sweep(&self) -> anyhow::Result<()> {
        let index = self.index();
        let garbage: Vec<String> = {
            let mut statement = index.prepare_cached("SELECT blob FROM garbage")?;
            let rows = statement.query_map([], |row| row.get(0))?;
            rows.collect::<rusqlite::Result<_>>()?
        };
        for blob in garbage {
            remove(&self.blob(&blob))?;
            index.execute("DELETE FROM garbage WHERE blob = ?1", [blob])?;
        }
        Ok(())
    }
}

/// Removes a file that may be gone already.
fn remove(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        answer => answer,
    }
}

/// Milliseconds since 1970, as the index stores time.
pub(super) fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}
