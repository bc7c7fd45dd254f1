//! The `DNSEndpoint`s of one cluster, for whoever publishes them: followed in every namespace and group, and told how
//! they fared.
//!
//! They are followed by the same machine as a fleet's clusters are, with the same doubts; what it tells goes to the
//! caller instead of an engine.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use portolan_core::ClusterName;
use portolan_kube::api::Resource;
use portolan_kube::follow::Failure;
use portolan_kube::object::ObjectKey;
use portolan_kube::status::event::{self, Said};
use serde::Deserialize;
use serde_json::json;

use super::cluster::{Cluster, Reach, Reached};
use super::connect::{self, Maker};
use super::feed;
use super::follow::PAGE_OBJECTS;
use super::holds::Holds;
use super::identity::Known;
use super::kubeconfig::Context;
use super::member::Member;
use super::past::Past;
use super::way::{Own, Way};
use crate::engine::Event;
use crate::nsid::host_name;
use crate::{clock, when};

/// How long a request may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// What leads to the cluster.
#[derive(Clone, Debug)]
pub enum Lead {
    /// A context of the operator's file.
    Context(Context),
    /// The cluster that this process runs in.
    Own(Own),
}

/// The `DNSEndpoint`s of a cluster that are followed.
#[derive(Clone)]
pub struct Records {
    cluster: Arc<Cluster>,
    reach: Reach,
    instance: String,
}

impl Lead {
    /// What the cluster is called.
    #[must_use]
    pub fn name(&self) -> &ClusterName {
        match self {
            Self::Context(context) => &context.name,
            Self::Own(own) => &own.name,
        }
    }

    /// Which cluster it is: the uid of its kube-system.
    ///
    /// # Errors
    /// When it is not reached, or refuses us.
    pub async fn identity(&self) -> Result<String, Failure> {
        let client = self.clone().way().client().await.map_err(|message| connect::said(&message))?;
        Ok(connect::who(&client).await?.uid)
    }

    pub(super) fn way(self) -> Way {
        match self {
            Self::Context(context) => Way::Context(context, Maker::default()),
            Self::Own(own) => Way::Own(own),
        }
    }
}

/// Follows the `DNSEndpoint`s of a cluster, on the runtime that this is called on and for as long as that runs. What
/// becomes of them is taken in batches; the source of each is the root.
pub fn follow_records(
    lead: Lead,
    holds: &Arc<Holds>,
    take: impl FnMut(Vec<Event>) + Send + 'static,
) -> Records {
    let name = lead.name().clone();
    let (sender, told) = feed::channel();
    tokio::spawn(feed::give(told, take));
    let cluster = Cluster::of_records(name.clone(), sender, holds.clone(), Past::open(None, false));
    let cluster = Arc::new(cluster);
    let known = Arc::new(Known::in_order(vec![name]));
    let member = Member::new(lead.way(), cluster.clone(), false, None, known);
    let reach = member.reach();
    tokio::spawn(member.run(std::future::pending()));
    let instance = Some(host_name()).filter(|name| !name.is_empty()).unwrap_or("portolan".into());
    Records { cluster, reach, instance }
}

impl Records {
    /// Has everything read again: what is known may be older than what somebody else acts on.
    pub fn read_again(&self) {
        self.cluster.read_again();
    }

    /// The groups that the server has, External-DNS' own in front.
    #[must_use]
    pub fn groups(&self) -> Vec<Resource> {
        self.cluster.dns_endpoints()
    }

    /// Which of its author's versions each object of a group is said to be published as.
    ///
    /// # Errors
    /// When that cannot be read.
    pub async fn observed(&self, group: Resource) -> Result<BTreeMap<ObjectKey, i64>, Failure> {
        #[derive(Deserialize)]
        struct Page {
            metadata: PageMetadata,
            items: Option<Vec<Item>>,
        }
        #[derive(Deserialize)]
        struct PageMetadata {
            #[serde(default, rename = "continue")]
            token: Option<String>,
        }
        #[derive(Deserialize)]
        struct Item {
            metadata: Metadata,
            status: Option<Status>,
        }
        #[derive(Deserialize)]
        struct Metadata {
            name: String,
            namespace: Option<String>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Status {
            #[serde(default)]
            observed_generation: i64,
        }
        let (client, mut all, mut token) = (self.client()?, BTreeMap::new(), String::new());
        loop {
            let path = format!("{}?limit={PAGE_OBJECTS}&continue={token}", group.path());
            let page: Page = connect::get(&client, &path, PATIENCE).await?;
            for Item { metadata, status } in page.items.into_iter().flatten() {
                let key = ObjectKey::new(group.kind, metadata.namespace.as_deref(), &metadata.name);
                all.extend(status.map(|status| (key, status.observed_generation)));
            }
            match page.metadata.token.filter(|token| !token.is_empty()) {
                Some(next) => token = next,
                None => return Ok(all),
            }
        }
    }

    /// Says in the status of an object which of its author's versions is published. False when its kind has no room for
    /// that there, or it is no more.
    ///
    /// # Errors
    /// When it was not written.
    pub async fn observe(&self, group: Resource, key: &ObjectKey, generation: i64) -> Result<bool, Failure> {
        let path = format!("{}/status", group.path_of(key));
        let part = json!({ "status": { "observedGeneration": generation } });
        match connect::merge(&self.client()?, &path, &part, PATIENCE).await {
            Err(Failure { code: Some(404), .. }) => Ok(false),
            merged => merged.map(|()| true),
        }
    }

    /// Says what is wrong with an object, for `kubectl describe`.
    ///
    /// # Errors
    /// When it was not said.
    pub async fn say(&self, group: Resource, key: &ObjectKey, uid: &str, said: &Said) -> Result<(), Failure> {
        let object = json!({
            "apiVersion": group.api_version(), "kind": group.spelt,
            "metadata": { "name": key.name(), "namespace": key.namespace(), "uid": uid },
        });
        let event = event::event(&object, said, &when::when(clock::now()), &self.instance);
        let path = format!("/apis/events.k8s.io/v1/namespaces/{}/events", key.namespace());
        match connect::send(&self.client()?, http::Method::POST, &path, &event, PATIENCE).await {
            // It was said before.
            Err(Failure { code: Some(409), .. }) => Ok(()),
            sent => sent,
        }
    }

    fn client(&self) -> Result<kube_client::Client, Failure> {
        match &*self.reach.borrow() {
            Reached::Yes { client, .. } => Ok(client.clone()),
            Reached::No => Err(connect::said("it is not reached")),
        }
    }
}
