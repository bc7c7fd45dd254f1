//! Portolan's fleet folder with steering: in each of ten clusters a Service behind a load balancer and
//! its EndpointSlice for every name, a `GlobalName` for each, and policies that differ in their orders.

use std::fmt::Write as _;
use std::fs;
use std::net::IpAddr;

use anyhow::{Context, Result};

use super::orders;
use crate::bench::dataset::networks::{CLUSTERS, NETWORKS, Networks, PLACES, v4, v6, weight};
use crate::bench::dataset::{Names, TTL_SECONDS};
use crate::bench::peers::Site;

/// Writes the folder, with so many policies of different orders.
pub(super) fn write(site: &Site<'_>, policies: usize, split: bool) -> Result<()> {
    site.write("portolan/zone.yaml", "fleet/zone.yaml")?;
    let put = |path: &str, text: String| {
        let path = site.folder.join("fleet").join(path);
        fs::write(&path, text).with_context(|| path.display().to_string())
    };
    put("networks.csv", networks())?;
    put("clusters.yaml", clusters())?;
    let policy = fs::read_to_string(site.write("portolan/policy.yaml", "policy.yaml")?).context("policy")?;
    let all = orders::all(policies, split).into_iter().enumerate();
    put("policies.yaml", all.map(|(number, tiers)| one_policy(&policy, number, &tiers)).collect())?;
    put("names.json", list(&global_names(&site.names, policies)))?;
    for (cluster, (name, _)) in CLUSTERS.iter().enumerate() {
        let folder = site.folder.join("fleet").join(name);
        fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        put(&format!("{name}/objects.json"), list(&objects(&site.names, cluster)))?;
    }
    Ok(())
}

fn networks() -> String {
    let mut text = "cidr,place\n".to_owned();
    for number in 0..NETWORKS {
        let (place, _) = PLACES[Networks.place(number)];
        writeln!(text, "{}/24,{place}", Networks.network(number)).expect("a String takes everything");
    }
    text
}

fn clusters() -> String {
    let cluster = |(name, place): (&str, &str)| {
        format!(
            "---\napiVersion: portolan.dev/v1alpha1\nkind: MemberCluster\nmetadata: {{name: {name}}}\n\
             spec: {{region: r-{name}, location: {{place: {place}}}}}\n"
        )
    };
    CLUSTERS.into_iter().map(cluster).collect()
}

/// The template with this policy's name, tiers and weights.
fn one_policy(template: &str, number: usize, tiers: &[Vec<usize>]) -> String {
    let name = |cluster: &usize| CLUSTERS[*cluster].0;
    let tiers = tiers.iter().map(|tier| {
        let names: Vec<&str> = tier.iter().map(name).collect();
        format!("    - clusters: [{}]\n", names.join(", "))
    });
    let weights = (0..CLUSTERS.len()).map(|cluster| format!("{}: {}", name(&cluster), weight(cluster)));
    template
        .replace("(NAME)", &policy_name(number))
        .replace("    (TIERS)\n", &tiers.collect::<String>())
        .replace("(WEIGHTS)", &weights.collect::<Vec<_>>().join(", "))
}

fn policy_name(number: usize) -> String {
    format!("policy-{number}")
}

fn global_names(names: &Names, policies: usize) -> Vec<String> {
    let one = |index: u32| {
        let (label, host, policy) = (names.label(index), names.name(index), index as usize % policies);
        format!(
            r#"{{"apiVersion":"portolan.dev/v1alpha1","kind":"GlobalName","metadata":{{"name":"{label}","namespace":"bench"}},"spec":{{"hosts":["{host}"],"backends":[{{"kind":"Service","name":"{label}"}}],"policy":"{}","ttl":{TTL_SECONDS}}}}}"#,
            policy_name(policy)
        )
    };
    (0..names.count).map(one).collect()
}

/// The Services of a cluster and their EndpointSlices.
fn objects(names: &Names, cluster: usize) -> Vec<String> {
    let mut objects = Vec::new();
    for index in 0..names.count {
        let label = names.label(index);
        let mut addresses = vec![IpAddr::from(v4(index, cluster))];
        addresses.extend(names.has_v6(index).then(|| IpAddr::from(v6(index, cluster))));
        let ingress: Vec<String> =
            addresses.iter().map(|address| format!(r#"{{"ip":"{address}"}}"#)).collect();
        objects.push(format!(
            r#"{{"apiVersion":"v1","kind":"Service","metadata":{{"name":"{label}","namespace":"bench"}},"spec":{{"type":"LoadBalancer","ports":[{{"port":80}}]}},"status":{{"loadBalancer":{{"ingress":[{}]}}}}}}"#,
            ingress.join(",")
        ));
        objects.push(format!(
            r#"{{"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","metadata":{{"name":"{label}-x","namespace":"bench","labels":{{"kubernetes.io/service-name":"{label}"}}}},"addressType":"IPv4","endpoints":[{{"addresses":["10.1.2.3"],"conditions":{{"ready":true}}}}],"ports":[{{"port":8080}}]}}"#
        ));
    }
    objects
}

fn list(items: &[String]) -> String {
    format!("{{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[\n{}\n]}}\n", items.join(",\n"))
}
