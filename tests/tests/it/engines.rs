//! The engines of a household through the service's own clients, and an
//! operator in it.

use aws_sdk_dynamodb::types::AttributeValue;
use cloudalbum_aws::bucket::Bucket;
use cloudalbum_aws::clients::Clients;
use cloudalbum_aws::mapping::Mapping;
use cloudalbum_aws::queue::Queue;
use cloudalbum_aws::requeue::Requeue;
use cloudalbum_aws::table::{Pause, Table};
use cloudalbum_aws::telemetry::Telemetry;
use cloudalbum_domain::wire::Me;
use cloudalbum_domain::{OwnerId, Photo, Stage};
use jiff::{SignedDuration, Timestamp};
use reconciler::{Limits, Mend, Reconciler, Report};
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

    pub(crate) async fn table(&self) -> Table {
        Table::new(self.clients().await.dynamodb(), "")
    }

    /// One run of the reconciler, as of so much later than now.
    pub(crate) async fn reconcile(&self, later: SignedDuration) -> Vec<(Mend, u64)> {
        let report = self.reconcile_within(Limits::default(), later).await;
        assert_eq!(report.errors, 0);
        report.mends.into_iter().collect()
    }

    /// Like [`Household::reconcile`], with other limits, where walks may break off.
    pub(crate) async fn reconcile_within(&self, limits: Limits, later: SignedDuration) -> Report {
        let clients = self.clients().await;
        let name = "cloudalbum-photos";
        let reconciler = Reconciler {
            table: self.table().await,
            bucket: Bucket::new(clients.s3(None), name),
            requeue: Requeue {
                thumbnails: self.queue("thumbnails").await,
                metadata: self.queue("metadata").await,
                bucket: name.to_owned(),
            },
            limits,
            telemetry: Telemetry::silent(),
        };
        let now = Timestamp::from_millisecond(Timestamp::now().as_millisecond()).unwrap();
        let report = reconciler.run(now + later, false).await;
        let figures = reconciler.telemetry.metrics().text().unwrap();
        for (mend, count) in &report.mends {
            let figure = format!("{{kind=\"{}\"}} {count}\n", mend.as_str());
            assert!(figures.contains(&figure), "{figure} is not in {figures}");
        }
        report
    }

    pub(crate) async fn pause_stages(&self) {
        for stage in Stage::ALL {
            let pause = Pause {
                stage,
                by: "a test".to_owned(),
                at: Timestamp::now(),
            };
            self.mapping(stage).await.switch(false).await.unwrap();
            self.table().await.pause(&pause).await.unwrap();
        }
    }

    pub(crate) async fn resume_stages(&self) {
        for stage in Stage::ALL {
            self.mapping(stage).await.switch(true).await.unwrap();
            self.table().await.resume(stage).await.unwrap();
        }
    }

    async fn mapping(&self, stage: Stage) -> Mapping {
        self.clients().await.mapping(stage.as_str())
    }

    /// Loses what waits in the queues.
    pub(crate) async fn lose_messages(&self) {
        let sqs = self.clients().await.sqs();
        for stage in Stage::ALL {
            let queue = self.queue(stage.as_str()).await;
            sqs.purge_queue()
                .queue_url(queue.url())
                .send()
                .await
                .unwrap();
        }
    }

    pub(crate) async fn owner(&self, person: &Person) -> OwnerId {
        loop {
            let answer = person.get("v1/me").await;
            if answer.status() == StatusCode::OK {
                let me: Me = answer.json().await.unwrap();
                return me.id.parse().unwrap();
            }
        }
    }

    pub(crate) async fn record(&self, person: &Person, id: &str) -> Option<Photo> {
        let owner = self.owner(person).await;
        let table = self.table().await;
        table.get(&owner, id.parse().unwrap()).await.unwrap()
    }

    /// The key of somebody's original.
    pub(crate) async fn original(&self, person: &Person, id: &str) -> String {
        format!("originals/{}/{id}", self.owner(person).await)
    }

    /// The keys of all objects.
    pub(crate) async fn objects(&self) -> Vec<String> {
        let s3 = self.clients().await.s3(Some(&self.album.aws));
        let listed = s3.list_objects_v2().bucket("cloudalbum-photos").send();
        let listed = listed.await.unwrap();
        let keys = listed
            .contents()
            .iter()
            .filter_map(|object| object.key.clone());
        keys.collect()
    }

    /// One of the owner's map tiles.
    pub(crate) async fn tile(&self, owner: &OwnerId) -> String {
        let tiles = self.table().await.tile_counts(owner).await.unwrap();
        tiles.into_keys().next().unwrap()
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
