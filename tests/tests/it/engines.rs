//! The engines of a household through the service's own clients, and an
//! operator in it.

use aws_sdk_dynamodb::types::AttributeValue;
use cloudalbum_aws::clients::Clients;
use cloudalbum_aws::queue::Queue;
use reqwest::{Method, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::household::{Household, Person};

impl Household {
    pub(crate) async fn clients(&self) -> Clients {
        let keys = &self.album.credentials;
        let region = "us-east-1";
        Clients::at(&self.album.aws, region, &keys.access_key, &keys.secret_key).await
    }

    pub(crate) async fn queue(&self, name: &str) -> Queue {
        let url = format!("{}000000000000/{name}", self.album.aws);
        Queue::new(self.clients().await.sqs(), url)
    }

    /// Somebody with an account whom the group `operators` lists.
    pub(crate) async fn operator(&self, email: &str) -> Person {
        self.person(email).await;
        let users = self.clients().await.dynamodb();
        let found = users
            .query()
            .table_name("User")
            .index_name("user-email-index")
            .key_condition_expression("email = :email")
            .expression_attribute_values(":email", AttributeValue::S(email.to_owned()))
            .send()
            .await
            .unwrap();
        let call = users
            .update_item()
            .table_name("User")
            .key("id", found.items()[0]["id"].clone())
            .update_expression("ADD #groups :operators")
            .expression_attribute_names("#groups", "groups")
            .expression_attribute_values(
                ":operators",
                AttributeValue::Ss(vec!["operators".to_owned()]),
            );
        call.send().await.unwrap();
        self.sign_in(email).await
    }
}

impl Person {
    /// Posts an order that must be obeyed.
    pub(crate) async fn order<T: DeserializeOwned>(&self, path: &str, body: &Value) -> T {
        let call = self.call(Method::POST, path).json(body);
        let answer = call.send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert_eq!(status, StatusCode::OK, "{path}: {text}");
        serde_json::from_str(&text).unwrap()
    }
}
