//! The secret of the web's app client.

use anyhow::Context as _;
use data_encoding::HEXLOWER;
use rand::RngCore as _;

use crate::data::DataFolder;

/// The web client's secret, made at the first start.
pub(super) fn web_secret(data: &DataFolder) -> anyhow::Result<String> {
    let path = data.path("web-client.json");
    Ok(if let Ok(secret) = std::fs::read_to_string(&path) {
        secret
    } else {
        let mut random = [0; 32];
        rand::rng().fill_bytes(&mut random);
        let secret = HEXLOWER.encode(&random);
        write_secret(&path, &secret).with_context(|| format!("cannot write {}", path.display()))?;
        secret
    })
}

fn write_secret(path: &std::path::Path, secret: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(secret.as_bytes())?;
    file.sync_all()
}
