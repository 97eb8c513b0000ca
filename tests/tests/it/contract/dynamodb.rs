//! Conditional writes, indexes and transactions of DynamoDB.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement,
    KeyType, LocalSecondaryIndex, Projection, ProjectionType, Put,
    ReturnValuesOnConditionCheckFailure, ScalarAttributeType, TransactWriteItem,
};
use futures::future::join_all;

use crate::endpoint::Endpoint;

type Item = HashMap<String, AttributeValue>;

const LOCAL: &str = "by-date";
const GLOBAL: &str = "by-failure";

/// A table shaped as ours are: two keys, a local and a global sparse index.
struct Shelf {
    client: Client,
    table: String,
    /// Keeps our own endpoint's folder for as long as the table is used.
    _endpoint: Endpoint,
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn item(owner: &str, id: &str, more: &[(&str, &str)]) -> Item {
    [("user_id", owner), ("id", id)]
        .iter()
        .chain(more)
        .map(|(name, value)| ((*name).to_owned(), text(value)))
        .collect()
}

fn key(name: &str, kind: KeyType) -> KeySchemaElement {
    let element = KeySchemaElement::builder().attribute_name(name);
    element.key_type(kind).build().unwrap()
}

fn all() -> Projection {
    Projection::builder()
        .projection_type(ProjectionType::All)
        .build()
}

impl Shelf {
    async fn start() -> Self {
        let endpoint = Endpoint::start().await.unwrap();
        let client = Client::new(&endpoint.config);
        let table = endpoint.bucket.clone();
        let local = LocalSecondaryIndex::builder()
            .index_name(LOCAL)
            .key_schema(key("user_id", KeyType::Hash))
            .key_schema(key("date", KeyType::Range))
            .projection(all());
        let global = GlobalSecondaryIndex::builder()
            .index_name(GLOBAL)
            .key_schema(key("failure", KeyType::Hash))
            .key_schema(key("date", KeyType::Range))
            .projection(all());
        let mut create = client
            .create_table()
            .table_name(&table)
            .billing_mode(BillingMode::PayPerRequest)
            .key_schema(key("user_id", KeyType::Hash))
            .key_schema(key("id", KeyType::Range))
            .local_secondary_indexes(local.build().unwrap())
            .global_secondary_indexes(global.build().unwrap());
        for name in ["user_id", "id", "date", "failure"] {
            let attribute = AttributeDefinition::builder()
                .attribute_name(name)
                .attribute_type(ScalarAttributeType::S);
            create = create.attribute_definitions(attribute.build().unwrap());
        }
        create.send().await.unwrap();
        Self {
            client,
            table,
            _endpoint: endpoint,
        }
    }

    async fn put(&self, item: Item) {
        let put = self.client.put_item().table_name(&self.table);
        put.set_item(Some(item)).send().await.unwrap();
    }

    async fn get(&self, owner: &str, id: &str) -> Option<Item> {
        let get = self.client.get_item().table_name(&self.table);
        let get = get
            .set_key(Some(item(owner, id, &[])))
            .consistent_read(true);
        get.send().await.unwrap().item
    }

    async fn ids(&self, index: &str, key: &str, value: &str) -> Vec<String> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(index)
            .consistent_read(index == LOCAL)
            .key_condition_expression("#key = :value")
            .expression_attribute_names("#key", key)
            .expression_attribute_values(":value", text(value));
        let found = query.send().await.unwrap();
        let id = |item: &Item| item["id"].as_s().unwrap().clone();
        found.items().iter().map(id).collect()
    }

    fn fresh(&self, item: Item) -> TransactWriteItem {
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(id)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        TransactWriteItem::builder()
            .put(put.build().unwrap())
            .build()
    }
}

#[tokio::test]
async fn a_refused_condition_writes_nothing_and_tells_what_is_there() {
    let shelf = Shelf::start().await;
    shelf.put(item("ann", "1", &[("state", "live")])).await;
    let update = shelf
        .client
        .update_item()
        .table_name(&shelf.table)
        .set_key(Some(item("ann", "1", &[])))
        .update_expression("SET #state = :new")
        .condition_expression("#state = :expected")
        .expression_attribute_names("#state", "state")
        .expression_attribute_values(":new", text("gone"))
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
    let wrong = update
        .clone()
        .expression_attribute_values(":expected", text("trashed"));
    let error = wrong.send().await.unwrap_err().into_service_error();
    let aws_sdk_dynamodb::operation::update_item::UpdateItemError::ConditionalCheckFailedException(
        refused,
    ) = error
    else {
        panic!("{error:?}")
    };
    assert_eq!(refused.item().unwrap()["state"], text("live"));
    assert_eq!(shelf.get("ann", "1").await.unwrap()["state"], text("live"));
    let right = update.expression_attribute_values(":expected", text("live"));
    right.send().await.unwrap();
    assert_eq!(shelf.get("ann", "1").await.unwrap()["state"], text("gone"));
}

#[tokio::test]
async fn of_parallel_conditional_writes_one_wins() {
    let shelf = Shelf::start().await;
    let puts = (0..16).map(|writer| {
        shelf
            .client
            .put_item()
            .table_name(&shelf.table)
            .set_item(Some(item("ann", "1", &[("by", &writer.to_string())])))
            .condition_expression("attribute_not_exists(id)")
            .send()
    });
    let answers = join_all(puts).await;
    let winners: Vec<_> = (0..16)
        .zip(&answers)
        .filter(|(_, answer)| answer.is_ok())
        .collect();
    let [(winner, _)] = winners.as_slice() else {
        panic!("{winners:?}")
    };
    assert_eq!(
        shelf.get("ann", "1").await.unwrap()["by"],
        text(&winner.to_string())
    );
    for error in answers.iter().filter_map(|answer| answer.as_ref().err()) {
        assert_eq!(error.code(), Some("ConditionalCheckFailedException"));
    }
}

#[tokio::test]
async fn a_local_index_is_read_as_it_was_just_written_and_leaves_out_what_lacks_its_key() {
    let shelf = Shelf::start().await;
    for (id, date) in [("1", "2024"), ("2", "2022"), ("3", "2023")] {
        shelf.put(item("ann", id, &[("date", date)])).await;
        assert!(
            shelf
                .ids(LOCAL, "user_id", "ann")
                .await
                .contains(&id.to_owned())
        );
    }
    shelf.put(item("ann", "4", &[])).await;
    shelf.put(item("bob", "5", &[("date", "2021")])).await;
    assert_eq!(shelf.ids(LOCAL, "user_id", "ann").await, ["2", "3", "1"]);
    shelf.put(item("ann", "3", &[])).await;
    assert_eq!(shelf.ids(LOCAL, "user_id", "ann").await, ["2", "1"]);
}

#[tokio::test]
async fn a_global_index_gathers_what_failed_alike_from_every_owner() {
    let shelf = Shelf::start().await;
    for (owner, id, failure) in [
        ("ann", "1", "corrupt"),
        ("bob", "2", "corrupt"),
        ("bob", "3", "late"),
    ] {
        shelf
            .put(item(owner, id, &[("date", id), ("failure", failure)]))
            .await;
    }
    shelf.put(item("ann", "4", &[("date", "4")])).await;
    assert_eq!(shelf.ids(GLOBAL, "failure", "corrupt").await, ["1", "2"]);
    shelf.put(item("ann", "1", &[("date", "1")])).await;
    assert_eq!(shelf.ids(GLOBAL, "failure", "corrupt").await, ["2"]);
}

#[tokio::test]
async fn a_transaction_happens_whole_or_not_at_all_and_says_which_part_refused() {
    let shelf = Shelf::start().await;
    shelf.put(item("ann", "2", &[("state", "live")])).await;
    let both = |first: &str| {
        shelf
            .client
            .transact_write_items()
            .transact_items(shelf.fresh(item("ann", first, &[])))
            .transact_items(shelf.fresh(item("ann", "2", &[])))
    };
    let error = both("1").send().await.unwrap_err().into_service_error();
    let TransactWriteItemsError::TransactionCanceledException(cancelled) = error else {
        panic!("{error:?}")
    };
    let [first, second] = cancelled.cancellation_reasons() else {
        panic!("{cancelled:?}")
    };
    assert_eq!(first.code(), Some("None"));
    assert_eq!(second.code(), Some("ConditionalCheckFailed"));
    assert_eq!(second.item().unwrap()["state"], text("live"));
    assert!(shelf.get("ann", "1").await.is_none());
}

#[tokio::test]
async fn a_transaction_sent_again_with_its_token_is_the_same_transaction() {
    let shelf = Shelf::start().await;
    let send = |token: &'static str| {
        shelf
            .client
            .transact_write_items()
            .client_request_token(token)
            .transact_items(shelf.fresh(item("ann", "1", &[])))
            .send()
    };
    send("one").await.unwrap();
    send("one")
        .await
        .expect("the same token is the same request");
    assert!(send("two").await.is_err());
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_repeat() {
    let shelf = Shelf::start().await;
    let ids: Vec<_> = (0..25).map(|number| format!("{number:02}")).collect();
    for id in &ids {
        shelf.put(item("ann", id, &[("date", "same")])).await;
    }
    let mut found = Vec::new();
    let mut from = None;
    loop {
        let query = shelf
            .client
            .query()
            .table_name(&shelf.table)
            .index_name(LOCAL)
            .limit(7)
            .key_condition_expression("user_id = :owner")
            .expression_attribute_values(":owner", text("ann"))
            .set_exclusive_start_key(from);
        let page = query.send().await.unwrap();
        assert!(page.items().len() <= 7);
        found.extend(
            page.items()
                .iter()
                .map(|item| item["id"].as_s().unwrap().clone()),
        );
        from = page.last_evaluated_key;
        if from.is_none() {
            break;
        }
    }
    found.sort();
    assert_eq!(found, ids);
}
