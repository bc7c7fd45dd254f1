//! One mesh and one story: each step stands on what the one before it left.

use portolan_testbed::ApiServer;

use super::super::walk::{SHOP, intents, slice};
use super::{CLUSTERS, Fleet, Site, condition};

const EU: usize = 0;
const US: usize = 1;
const AP: usize = 2;
const TWO: &str = "two.glb.example";
const GLOBAL: &str = "web.shop.fed.svc.fed.example";
const SHOP_PATH: &str = "/apis/portolan.dev/v1alpha1/namespaces/shop/globalnames/shop";
const TWO_PATH: &str = "/apis/portolan.dev/v1alpha1/namespaces/shop/globalnames/two";

fn global_name(name: &str, host: &str) -> String {
    format!(
        "
apiVersion: portolan.dev/v1alpha1
kind: GlobalName
metadata: {{name: {name}, namespace: shop}}
spec: {{hosts: [{host}], backends: [{{kind: Service, name: web}}]}}
"
    )
}

#[test]
fn each_has_its_own_and_none_is_the_hub() {
    let Some(fleet) = Fleet::start(&intents()) else { return };
    let sites = [EU, US, AP].map(|own| fleet.one_of_mesh(own));
    let [eu_ip, us_ip, ap_ip] = CLUSTERS.map(|(_, address)| address);
    let all = [eu_ip, us_ip, ap_ip];
    for site in &sites {
        site.wait_for(SHOP, &all);
        site.wait_for(GLOBAL, &all);
        site.wait_for("web.shop.fed.svc.r-us-1.fed.example", &[us_ip]);
    }
    each_says_how_it_fares(&fleet, &sites);
    two_of_three_hold_it(&fleet, &sites, &all);
    one_disagrees(&fleet, &sites, &all);

    // A cluster's endpoints are gone, and come back: every site knows by itself.
    fleet.apply(&[EU], &slice(false));
    sites.iter().for_each(|site| site.wait_for(SHOP, &[us_ip, ap_ip]));
    fleet.apply(&[EU], &slice(true));
    sites.iter().for_each(|site| site.wait_for(SHOP, &all));

    one_is_silent(&fleet, &sites, &all);
    each_writes_to_its_own(&fleet, &sites);

    // The one API server that a site may write to is gone: nobody else needs it, and it goes on by what it knows.
    fleet.servers[US].kill();
    sites.iter().for_each(|site| site.program.wait_for_status(&["cluster us-1", "is not reached"]));
    sites.iter().for_each(|site| site.wait_for(SHOP, &all));
    fleet.apply(&[EU], &slice(false));
    sites.iter().for_each(|site| site.wait_for(SHOP, &[us_ip, ap_ip]));
}

/// Each has the whole of its own cluster's intents filled, and its own records written.
fn each_says_how_it_fares(fleet: &Fleet, sites: &[Site; 3]) {
    for (server, site) in fleet.servers.iter().zip(sites) {
        site.program.wait("the name to be ready", || {
            (condition(server, SHOP_PATH, "Ready")?[0] == "True").then_some(())
        });
        site.program.wait("KubeFed's record to be filled", || {
            let path = "/apis/multiclusterdns.kubefed.io/v1alpha1/namespaces/shop/servicednsrecords/web";
            let status = server.admin().get(path).ok()?["status"].take();
            (status["dns"].as_array()?.len() == 3).then_some(())
        });
        site.program.wait("the records to be written", || has_record(server, "global-shop").then_some(()));
    }
    let said = sites[US].program.says(&["status"]);
    assert!(said.contains("One of a mesh, in its own cluster us-1: 2 zones, 2 intents."), "{said}");
}

fn has_record(server: &ApiServer, name: &str) -> bool {
    let path = format!("/apis/externaldns.k8s.io/v1alpha1/namespaces/shop/dnsendpoints/{name}");
    server.admin().get(&path).is_ok()
}

/// An intent that one cluster has no copy of is answered by its site too, and nothing is written there for it.
fn two_of_three_hold_it(fleet: &Fleet, sites: &[Site; 3], all: &[&str]) {
    fleet.apply(&[US, AP], &global_name("two", TWO));
    sites.iter().for_each(|site| site.wait_for(TWO, all));
    for nth in [US, AP] {
        let server = &fleet.servers[nth];
        sites[nth].program.wait("its status", || condition(server, TWO_PATH, "Ready"));
        sites[nth].program.wait("its record", || has_record(server, "global-two").then_some(()));
    }
    // It is written for as soon as it is there, and no more when it is gone.
    let eu = &fleet.servers[EU];
    assert!(!has_record(eu, "global-two"), "eu-1 has no copy");
    fleet.apply(&[EU], &global_name("two", TWO));
    sites[EU].program.wait("its record", || has_record(eu, "global-two").then_some(()));
    eu.admin().delete(TWO_PATH).unwrap();
    sites[EU].program.wait("no record", || (!has_record(eu, "global-two")).then_some(()));
    sites.iter().for_each(|site| site.wait_for(TWO, all));
}

/// What two say counts in all three, and the third is named in each status.
fn one_disagrees(fleet: &Fleet, sites: &[Site; 3], all: &[&str]) {
    fleet.apply(&[AP], &global_name("shop", "else.glb.example"));
    let expected = "spec: ap-1 holds another than eu-1, whose counts: 2 of 3 clusters hold it";
    for (nth, site) in sites.iter().enumerate() {
        let is_taken = if nth == AP { "False" } else { "True" };
        site.program.wait("the status to name ap-1", || {
            let [status, _, message] = condition(&fleet.servers[nth], SHOP_PATH, "Accepted")?;
            (message == expected && status == is_taken).then_some(())
        });
        site.program.wait_for_status(&["Disagreement", "GlobalName shop/shop (ap-1): spec"]);
        site.wait_for(SHOP, all);
        site.wait_for("else.glb.example", &[]);
    }
    let [_, reason, _] = condition(&fleet.servers[AP], SHOP_PATH, "Ready").unwrap();
    assert_eq!(reason, "Disagreement", "who waits there for it to be in force waits on");
    // A second one says so too: now that counts, everywhere.
    fleet.apply(&[EU], &global_name("shop", "else.glb.example"));
    sites.iter().for_each(|site| site.wait_for("else.glb.example", all));
    sites.iter().for_each(|site| site.wait_for(SHOP, &[]));
    fleet.apply(&[EU, AP], &global_name("shop", SHOP));
    for (server, site) in fleet.servers.iter().zip(sites) {
        site.wait_for(SHOP, all);
        site.program.wait("all to agree", || {
            let [status, _, message] = condition(server, SHOP_PATH, "Accepted")?;
            (status == "True" && message.is_empty()).then_some(())
        });
    }
}

/// A silent cluster's copy stays, though all others lose theirs; when it is heard and has none, it is gone.
fn one_is_silent(fleet: &Fleet, sites: &[Site; 3], all: &[&str]) {
    fleet.servers[AP].pause();
    sites.iter().for_each(|site| site.program.wait_for_status(&["cluster ap-1", "is not reached"]));
    fleet.servers[US].admin().delete(TWO_PATH).unwrap();
    sites[US]
        .program
        .wait("no record in us-1", || (!has_record(&fleet.servers[US], "global-two")).then_some(()));
    sites.iter().for_each(|site| site.wait_for(SHOP, all));
    sites.iter().for_each(|site| site.wait_for(TWO, all));
    fleet.servers[AP].resume();
    for site in sites {
        site.program.wait("ap-1 to be heard again", || {
            (!site.program.says(&["status", "-o", "json"]).contains("is not reached")).then_some(())
        });
        site.wait_for(TWO, all);
    }
    fleet.servers[AP].admin().delete(TWO_PATH).unwrap();
    sites.iter().for_each(|site| site.wait_for(TWO, &[]));
}

/// The API servers tell who wrote: each site to its own cluster, and to no other.
fn each_writes_to_its_own(fleet: &Fleet, sites: &[Site; 3]) {
    for (own, site) in sites.iter().enumerate() {
        for (nth, server) in fleet.servers.iter().enumerate() {
            let writes = server.writes_of(&site.tokens[nth]);
            assert_eq!(
                writes.is_empty(),
                nth != own,
                "{} in {}: {writes:?}",
                CLUSTERS[own].0,
                CLUSTERS[nth].0
            );
        }
    }
}
