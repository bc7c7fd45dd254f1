//! A fleet folder of many names, as `kubectl get ... -o yaml` prints them: a Service behind a load
//! balancer, its EndpointSlice and its GlobalName in one file for each name and cluster.

use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The clusters, with the region and zone that their node is in.
pub(super) const CLUSTERS: [(&str, &str, &str); 3] = [
    ("eu-1", "eu-central", "eu-central-a"),
    ("us-1", "us-east", "us-east-b"),
    ("ap-1", "ap-south", "ap-south-c"),
];

/// The zone that all names are in.
const ZONE: &str = "fleet.example";

/// The folder, and how often each name's files were changed.
pub(super) struct BenchFleet {
    root: PathBuf,
    offers: u32,
    versions: Vec<u32>,
    bytes: usize,
}

impl BenchFleet {
    /// Writes the whole folder.
    pub(super) fn write(root: &Path, names: u32, offers: u32) -> Result<Self> {
        let versions = vec![0; usize::try_from(names).context("names")?];
        let mut fleet = Self { root: root.to_owned(), offers, versions, bytes: 0 };
        std::fs::create_dir_all(root).context("the fleet folder")?;
        fleet.write_file("zone.yaml", &zone())?;
        for (cluster, region, zone) in CLUSTERS {
            std::fs::create_dir(root.join(cluster)).context(cluster)?;
            fleet.write_file(&format!("{cluster}/node.yaml"), &node(cluster, region, zone))?;
        }
        for index in 0..names {
            fleet.write_name(index)?;
        }
        Ok(fleet)
    }

    /// Gives a name another address in each of its clusters, and leaves all else as it is.
    pub(super) fn change(&mut self, index: u32) -> Result<()> {
        self.versions[index as usize] += 1;
        self.write_name(index)
    }

    /// The name of a Service.
    pub(super) fn name(&self, index: u32) -> String {
        format!("{}.{ZONE}", service(index))
    }

    /// Its addresses now, sorted.
    pub(super) fn answers(&self, index: u32) -> Vec<Ipv4Addr> {
        let mut all: Vec<Ipv4Addr> = (0..self.offers).map(|offer| self.address(index, offer)).collect();
        all.sort();
        all
    }

    pub(super) fn names(&self) -> u32 {
        u32::try_from(self.versions.len()).expect("it was made from a u32")
    }

    /// What was written at first, in millions of bytes.
    pub(super) fn megabytes(&self) -> f64 {
        self.bytes as f64 / 1e6
    }

    /// An address that is nobody's (240.0.0.0/4), with the name's own 16 bits in it, the offer's two
    /// and the version's three, so that no right answer can be taken for another.
    fn address(&self, index: u32, offer: u32) -> Ipv4Addr {
        let version = self.versions[index as usize] % 8;
        Ipv4Addr::from(0xf000_0000 | (version << 24) | (offer << 16) | index)
    }

    fn write_name(&mut self, index: u32) -> Result<()> {
        for offer in 0..self.offers {
            let (cluster, ..) = CLUSTERS[((index + offer) % 3) as usize];
            let path = format!("{cluster}/{}.yaml", service(index));
            self.write_file(&path, &manifests(&service(index), self.address(index, offer)))?;
        }
        Ok(())
    }

    fn write_file(&mut self, path: &str, text: &str) -> Result<()> {
        self.bytes += text.len();
        std::fs::write(self.root.join(path), text).with_context(|| path.to_owned())
    }
}

fn service(index: u32) -> String {
    format!("web-{index:05}")
}

fn zone() -> String {
    format!(
        "\
apiVersion: portolan.dev/v1alpha1
kind: Zone
metadata:
  name: bench
spec:
  apex: {ZONE}
  nameServers:
  - name: ns1.{ZONE}
    addresses: [192.0.2.53]
  admit:
  - namespaces: [bench]
"
    )
}

fn node(cluster: &str, region: &str, zone: &str) -> String {
    format!(
        "\
apiVersion: v1
kind: Node
metadata:
  name: {cluster}-node-1
  labels:
    topology.kubernetes.io/region: {region}
    topology.kubernetes.io/zone: {zone}
"
    )
}

/// The three objects of one name in one cluster.
fn manifests(name: &str, address: Ipv4Addr) -> String {
    let mut text = String::new();
    write!(
        text,
        "\
apiVersion: v1
kind: Service
metadata:
  name: {name}
  namespace: bench
  labels:
    app: {name}
spec:
  type: LoadBalancer
  selector:
    app: {name}
  ports:
  - name: http
    port: 80
    protocol: TCP
    targetPort: 8080
status:
  loadBalancer:
    ingress:
    - ip: {address}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: {name}-7xkq2
  namespace: bench
  labels:
    kubernetes.io/service-name: {name}
addressType: IPv4
endpoints:
- addresses:
  - 10.1.2.3
  conditions:
    ready: true
    serving: true
    terminating: false
ports:
- name: http
  port: 8080
  protocol: TCP
---
apiVersion: portolan.dev/v1alpha1
kind: GlobalName
metadata:
  name: {name}
  namespace: bench
spec:
  hosts:
  - {name}.{ZONE}
  backends:
  - kind: Service
    name: {name}
"
    )
    .expect("a String takes everything");
    text
}

#[cfg(test)]
mod tests;
