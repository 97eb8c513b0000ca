//! The data folder: its layout, its format version, and the lock that keeps it to one process.

use std::fs::{DirBuilder, File, TryLockError};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

/// The format this program writes.
const FORMAT: u32 = 1;

/// A data folder that this process alone uses, for as long as this value lives.
///
/// ```text
/// format            the number of the format
/// lock              held while a process runs
/// credentials.json  access key and secret, mode 0600
/// s3/               index.sqlite, blobs/, staging/
/// dynamodb.sqlite   tables
/// sqs.sqlite        queues
/// ```
#[derive(Debug)]
pub struct DataFolder {
    root: PathBuf,
    _lock: File,
}

impl DataFolder {
    /// Opens the folder, making it when it is not there.
    ///
    /// # Errors
    ///
    /// One line each: not writable, in use by another process, of a newer format, or not ours.
    pub fn open(root: &Path) -> anyhow::Result<Self> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(root)
            .with_context(|| format!("cannot make the data folder {}", root.display()))?;
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(root.join("lock"))
            .with_context(|| format!("cannot write to the data folder {}", root.display()))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                bail!(
                    "the data folder {} is in use by another process",
                    root.display()
                )
            }
            Err(TryLockError::Error(error)) => {
                return Err(error).context("cannot lock the data folder");
            }
        }
        check_format(root)?;
        Ok(Self {
            root: root.to_owned(),
            _lock: lock,
        })
    }

    /// The file of the credentials.
    pub fn credentials(&self) -> PathBuf {
        self.root.join("credentials.json")
    }

    /// The folder of the objects.
    pub fn s3(&self) -> PathBuf {
        self.root.join("s3")
    }

    /// The database of the tables.
    pub fn dynamodb(&self) -> PathBuf {
        self.root.join("dynamodb.sqlite")
    }

    /// The database of the queues.
    pub fn sqs(&self) -> PathBuf {
        self.root.join("sqs.sqlite")
    }

    /// A file or folder of another engine.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }
}

fn check_format(root: &Path) -> anyhow::Result<()> {
    let path = root.join("format");
    match std::fs::read_to_string(&path) {
        Ok(text) => match text.trim().parse::<u32>() {
            Ok(found) if found <= FORMAT => Ok(()),
            Ok(found) => bail!(
                "the data folder {} has format {found}; this program knows formats up to {FORMAT}",
                root.display()
            ),
            Err(_) => bail!("{} does not hold a format number", path.display()),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let beside = root.join("format.new");
            std::fs::write(&beside, format!("{FORMAT}\n"))?;
            std::fs::rename(&beside, &path)
                .with_context(|| format!("cannot write {}", path.display()))
        }
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_processes_never_share_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let first = DataFolder::open(folder.path()).unwrap();
        let error = DataFolder::open(folder.path()).unwrap_err().to_string();
        assert!(error.ends_with("is in use by another process"), "{error}");
        drop(first);
        DataFolder::open(folder.path()).unwrap();
    }

    #[test]
    fn a_newer_format_and_a_foreign_file_are_refused_in_one_line() {
        let folder = tempfile::tempdir().unwrap();
        drop(DataFolder::open(folder.path()).unwrap());
        for (text, says) in [("2\n", "has format 2"), ("x", "format number")] {
            std::fs::write(folder.path().join("format"), text).unwrap();
            let error = DataFolder::open(folder.path()).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
            assert_eq!(error.lines().count(), 1);
        }
    }
}
