//! Real API servers with something to serve, followed with the rights that we ship.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, anyhow};
use portolan_testbed::{ApiServer, kubeconfig};

const MEMBER_RIGHTS: &str = include_str!("../../../../deploy/rbac/member.yaml");
const HUB_RIGHTS: &str = include_str!("../../../../deploy/rbac/hub.yaml");
/// How long the program's tokens live, in seconds.
const TOKEN_SECONDS: u32 = 3_600;

/// Makes an API server a cluster with Service `shop/web` at an address, and slice `web-1` behind it.
pub(crate) fn member(server: &ApiServer, address: &str) -> Result<()> {
    apply(server, MEMBER_RIGHTS)?;
    apply(server, &WORKLOAD.replace("ADDRESS", address))
}

/// Makes one the hub, with the kinds of a program and Zone `glb.example`.
pub(crate) fn hub(server: &ApiServer, program: &Path) -> Result<()> {
    let printed = Command::new(program).arg("crds").output().context("cannot run the program")?;
    let definitions = String::from_utf8(printed.stdout)?;
    [HUB_RIGHTS, &definitions, ZONE].iter().try_for_each(|text| apply(server, text))
}

/// The kubeconfig of some API servers, with tokens of the ServiceAccount that we ship.
pub(crate) fn contexts(servers: &[&ApiServer]) -> Result<String> {
    let context = |server: &&ApiServer| {
        let token = server.admin().token("portolan", "portolan", TOKEN_SECONDS);
        Ok(server.context(&token.map_err(|error| anyhow!("{error}"))?))
    };
    let contexts: Vec<_> = servers.iter().map(context).collect::<Result<_>>()?;
    Ok(kubeconfig::text(&contexts))
}

/// Applies manifests.
pub(crate) fn apply(server: &ApiServer, manifests: &str) -> Result<()> {
    server.admin().apply(manifests).map_err(|error| anyhow!("{error}"))?;
    Ok(())
}

const WORKLOAD: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {type: LoadBalancer, ports: [{port: 80}]}
status: {loadBalancer: {ingress: [{ip: ADDRESS}]}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: shop, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
endpoints: [{addresses: [10.1.2.3], conditions: {ready: true}}]
ports: [{port: 8080}]
";

const ZONE: &str = "
apiVersion: portolan.dev/v1alpha1
kind: Zone
metadata: {name: glb}
spec:
  apex: glb.example
  nameServers: [{name: ns1.elsewhere.example}]
  admit: [{namespaces: [shop], hosts: ['*.glb.example']}]
";
