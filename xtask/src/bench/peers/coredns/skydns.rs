//! A data set in etcd, in the layout of SkyDNS that CoreDNS reads: the key is the name with its labels
//! turned round, and one more label for each address; the value is JSON with the address in `host`.

use std::net::SocketAddr;

use anyhow::{Context, Result};

use super::gateway::{Gateway, Put};
use crate::bench::dataset::{Names, TTL_SECONDS};

/// Keys of one transaction: etcd takes no more (`--max-txn-ops`).
const BATCH: usize = 128;

/// Writes all names.
///
/// # Errors
/// When etcd does not come up or does not take them.
pub(super) fn fill(etcd: SocketAddr, names: &Names) -> Result<()> {
    let gateway = Gateway::wait(etcd)?;
    let mut batch = Vec::with_capacity(BATCH);
    for index in 0..names.count {
        for put in puts(names, index) {
            batch.push(put);
            if batch.len() == BATCH {
                gateway.put_all(&batch).with_context(|| names.name(index))?;
                batch.clear();
            }
        }
    }
    gateway.put_all(&batch)
}

/// The keys of a name, with their values.
fn puts(names: &Names, index: u32) -> impl Iterator<Item = Put> {
    let name = names.name(index);
    let path: Vec<&str> = name.rsplit('.').collect();
    let folder = format!("/skydns/{}", path.join("/"));
    let v4 = names.v4(index).into_iter().map(|address| address.to_string());
    let v6 = names.v6(index).into_iter().map(|address| address.to_string());
    let hosts: Vec<String> = v4.chain(v6).collect();
    (0..).zip(hosts).map(move |(number, host): (u32, String)| Put {
        key: format!("{folder}/x{number}"),
        value: format!(r#"{{"host":"{host}","ttl":{TTL_SECONDS}}}"#),
    })
}

#[cfg(test)]
mod tests;
