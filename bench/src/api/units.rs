//! DynamoDB's units for an entry of a manifest, as its engine counts them.

use std::collections::HashMap;

use anyhow::Context as _;

use crate::album::Process;

const TABLE: &str = "Photo";
/// A transaction takes twice what a write by itself does
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html>).
const IN_A_TRANSACTION: f64 = 2.0;
/// How many records are read for a mean.
const RECORDS: i32 = 50;

/// To read one of the album's records consistently, in the mean.
pub(crate) async fn to_read(album: &Process) -> anyhow::Result<f64> {
    let client = album.clients().await?.dynamodb();
    let page = client.scan().table_name(TABLE).limit(RECORDS).send();
    let (mut units, mut records) = (0.0, 0.0);
    for item in page.await?.items.into_iter().flatten() {
        let get = client.get_item().table_name(TABLE).consistent_read(true);
        let get = get.set_key(Some(key(&item)));
        let answer = get.return_consumed_capacity("TOTAL".into()).send().await?;
        let capacity = answer.consumed_capacity.context("no capacity")?;
        units += capacity.capacity_units.context("no units")?;
        records += 1.0;
    }
    Ok(units / records)
}

/// To write one of the album's records in a transaction, where there was none,
/// with what its indexes take.
pub(crate) async fn to_grant(album: &Process) -> anyhow::Result<f64> {
    let client = album.clients().await?.dynamodb();
    let page = client.scan().table_name(TABLE).limit(1).send().await?;
    let item = page.items.into_iter().flatten().next();
    let item = item.context("no record")?;
    let delete = client.delete_item().table_name(TABLE);
    delete.set_key(Some(key(&item))).send().await?;
    let put = client.put_item().table_name(TABLE).set_item(Some(item));
    let answer = put.return_consumed_capacity("TOTAL".into()).send().await?;
    let capacity = answer.consumed_capacity.context("no capacity")?;
    let units = capacity.capacity_units.context("no units")?;
    Ok(units * IN_A_TRANSACTION)
}

fn key<V: Clone>(item: &HashMap<String, V>) -> HashMap<String, V> {
    let keys = ["user_id", "id"].into_iter();
    keys.filter_map(|name| item.get_key_value(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}
