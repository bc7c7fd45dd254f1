//! Clusters that are told of each other by `portolan cluster join --mesh`, run by an administrator of all of them.

use std::process::Command;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use portolan_testbed::program::ended;
use portolan_testbed::{ApiServer, Client};

use super::super::walk::{SHOP, intents};
use super::{CLUSTERS, Fleet};

impl Fleet {
    /// `portolan cluster … --mesh` for the first one's server, which goes well; its output.
    #[track_caller]
    fn fine(&self, args: &[&str]) -> String {
        let files = self.servers.iter().map(ApiServer::admin_kubeconfig);
        let mut command = Command::new(env!("CARGO_BIN_EXE_portolan"));
        command.arg("cluster").args(args).args(["--mesh", "--hub-context", CLUSTERS[0].0]);
        let ended = ended(command.env("KUBECONFIG", std::env::join_paths(files).unwrap()));
        assert_eq!(ended.code, 0, "{args:?}: {}", ended.all());
        ended.all()
    }

    /// Another cluster, by the token that join took for the first one's server.
    fn by_its_token(&self, nth: usize) -> Client {
        let path = format!("/api/v1/namespaces/portolan/secrets/cluster-{}", CLUSTERS[nth].0);
        let secret = self.servers[0].admin().get(&path).unwrap();
        let token = BASE64_STANDARD.decode(secret["data"]["token"].as_str().unwrap()).unwrap();
        self.servers[nth].client(&String::from_utf8(token).unwrap())
    }
}

#[test]
fn who_joins_may_be_looked_at_and_no_more() {
    let Some(fleet) = Fleet::apart(&intents()) else { return };
    let [eu, us, ap] = CLUSTERS.map(|(_, address)| address);
    let site = fleet.alone(0);
    site.wait_for(SHOP, &[eu]);
    for (name, _) in &CLUSTERS[1..] {
        let said = fleet.fine(&["join", name, "--context", name, "--token-life", "10m"]);
        assert!(said.contains("ServiceAccount portolan/portolan-mesh is there"), "{said}");
        assert!(said.contains(&format!("cluster {name} has joined")), "{said}");
    }
    site.wait_for(SHOP, &[eu, us, ap]);
    let said = fleet.fine(&["check"]);
    for line in [
        "cluster ap-1: is reached, and has every right",
        "cluster us-1: is reached, and has every right",
        "hub: has every",
    ] {
        assert!(said.contains(line), "{said}");
    }

    // Who asks for names there is heard.
    fleet.apply(
        &[1],
        "{apiVersion: portolan.dev/v1alpha1, kind: GlobalName, metadata: {name: two, namespace: shop}, spec: {hosts: \
         [two.glb.example], backends: [{kind: Service, name: web}]}}",
    );
    site.wait_for("two.glb.example", &[eu, us, ap]);
    // And that is what the token is good for.
    let there = fleet.by_its_token(1);
    assert!(there.get("/apis/portolan.dev/v1alpha1/globalnames").is_ok());
    for path in
        ["/api/v1/secrets", "/apis/portolan.dev/v1alpha1/zones", "/apis/portolan.dev/v1alpha1/memberclusters"]
    {
        assert!(there.get(path).is_err(), "{path}");
    }
    assert!(there.delete("/apis/portolan.dev/v1alpha1/namespaces/shop/globalnames/two").is_err());
    assert!(there.token("portolan", "portolan", 600).is_err(), "nor for a token of who may write there");

    let said = fleet.fine(&["leave", "us-1", "--context", "us-1"]);
    assert!(said.contains("ServiceAccount portolan/portolan-mesh is deleted"), "{said}");
    assert!(!said.contains("ServiceAccount portolan/portolan is deleted"), "{said}");
    site.wait_for(SHOP, &[eu, ap]);
}
