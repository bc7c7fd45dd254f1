//! Which of the registered clusters are one and the same, by the uid of their kube-system.

use futures_util::StreamExt as _;
use portolan_core::ClusterName;
use portolan_kube::registry::Found;
use portolan_kube::registry::access::Access;

use super::super::way::client_by;
use super::join::uid;

/// Most clusters that are asked at once who they are.
const AT_ONCE: usize = 8;

/// What is found among the clusters that are registered under other names.
#[derive(Debug, Default)]
pub(super) struct Others {
    /// Those that are the same cluster.
    pub(super) same: Vec<ClusterName>,
    /// Those of which that is not known, each with why.
    pub(super) unknown: Vec<(ClusterName, String)>,
}

/// Asks every registered cluster but the one of this name whether it has this uid.
pub(super) async fn others(registered: &Found, name: &str, expected: &str) -> Others {
    let others = registered.clusters.iter().filter(|(other, _)| *other.0 != *name);
    let others = others.filter_map(|(other, registered)| Some((other, registered.access.as_ref()?)));
    let asked = others.map(|(other, access)| async move { (other, uid_of(access).await) });
    let mut asked = futures_util::stream::iter(asked).buffered(AT_ONCE);
    let mut found = Others::default();
    while let Some((other, there)) = asked.next().await {
        match there {
            Ok(there) if there == expected => found.same.push(other.clone()),
            Ok(_) => {}
            Err(why) => found.unknown.push((other.clone(), why)),
        }
    }
    found
}

/// The uid of a registered cluster, or why it is not known.
pub(super) async fn uid_of(access: &Access) -> Result<String, String> {
    let client = client_by(access).await.map_err(|why| format!("{}: {why}", access.server))?;
    uid(&client, &access.server).await.map_err(|error| error.to_string())
}
