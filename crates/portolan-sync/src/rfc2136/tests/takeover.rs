//! A zone that a stock External-DNS wrote, taken over in place and given back.

use portolan_core::plan::{Desired, Gone, Labels, Options as PlanOptions, SyncPolicy};
use portolan_core::registry::Registry;
use portolan_testbed::name_server::Make;
use portolan_testbed::{ApiServer, ExternalDns, NameServer};

use super::*;
use crate::publisher::Publisher;

const ZONE: &str = "example.net";
const CRD: &str = include_str!("../../../../portolan-kube/compat/dnsendpoints.externaldns.k8s.io.yaml");
/// Types of which External-DNS' provider reads back what it wrote.
const TYPES: [&str; 4] = ["A", "AAAA", "CNAME", "TXT"];

/// Marks as older External-DNS wrote them: before 0.12 at the name itself, up to 0.17 both there and where they are now.
const OLDER: &str = "
old IN 60 A 192.0.2.1
old IN 60 TXT \"heritage=external-dns,external-dns/owner=me,external-dns/resource=crd/default/shop\"
both IN 60 A 192.0.2.1
both IN 60 TXT \"heritage=external-dns,external-dns/owner=me,external-dns/resource=crd/default/shop\"
a-both IN 60 TXT \"heritage=external-dns,external-dns/owner=me,external-dns/resource=crd/default/shop\"
his IN 60 A 192.0.2.66
";

/// What is wanted, as lines for us.
fn wanted() -> Vec<String> {
    let lines = [
        "a A 192.0.2.1 192.0.2.2 ttl=60",
        "a AAAA 2001:db8::1 ttl=60",
        "b CNAME lb.example.org ttl=60",
        "c TXT hello ttl=60",
        "*.d A 192.0.2.4 ttl=60",
        "e A 192.0.2.5",
        "old A 192.0.2.1 ttl=60",
        "both A 192.0.2.1 ttl=60",
    ];
    lines.map(|line| line.replacen(' ', ".example.net ", 1)).to_vec()
}

/// The same as an object for External-DNS.
fn object(lines: &[String]) -> String {
    let endpoint = |line: &String| {
        let set = set(line);
        let target = |target: &Target| match target {
            Target::Host(name) => name.to_dotless(),
            other => other.to_string().trim_matches('"').to_owned(),
        };
        let targets: Vec<String> = set.targets.iter().map(|one| format!("'{}'", target(one))).collect();
        let ttl = set.ttl.map(|ttl| format!(", recordTTL: {}", ttl.seconds())).unwrap_or_default();
        format!(
            "  - {{dnsName: '{}', recordType: {}, targets: [{}]{ttl}}}\n",
            set.name.to_dotless(),
            set.rtype,
            targets.join(", ")
        )
    };
    let endpoints: String = lines.iter().map(endpoint).collect();
    format!(
        "apiVersion: externaldns.k8s.io/v1alpha1\nkind: DNSEndpoint\nmetadata: {{name: shop}}\nspec:\n  endpoints:\n{endpoints}"
    )
}

fn desired(lines: &[String]) -> Desired {
    let wanted =
        |line: &String| Wanted { set: set(line), resource: "crd/default/shop".into(), labels: Labels::new() };
    Desired {
        sets: lines.iter().map(wanted).collect(),
        stays: [].into(),
        gone: Gone::default(),
        is_whole: true,
    }
}

/// One round of External-DNS; none when there is none.
fn external_dns(api: &ApiServer, token: &str, server: &NameServer) -> Option<()> {
    let types = TYPES.map(|rtype| format!("--managed-record-types={rtype}"));
    let mut args = vec!["--source=crd", "--registry=txt", "--txt-owner-id=me", "--domain-filter=example.net"];
    args.extend(types.iter().map(String::as_str));
    ExternalDns::run_once_by_updates(api, token, server, ZONE, &args)?.unwrap();
    Some(())
}

/// The zone's records, its SOA among them: whoever changes anything changes that.
async fn records(provider: &Rfc2136) -> Vec<String> {
    let listing = provider.list().await.unwrap();
    let line = |set: &RecordSet| {
        let targets: Vec<String> = set.targets.iter().map(ToString::to_string).collect();
        format!("{set} {} {:?}", targets.join(" "), set.ttl)
    };
    listing.sets.iter().map(|(set, _)| line(set)).collect()
}

async fn taken_over_and_given_back(make: Make) -> Option<()> {
    let server = NameServer::start(make, "takeover", &[(ZONE, OLDER)])?;
    let api = ApiServer::start("takeover")?;
    api.admin().apply(CRD).unwrap();
    let mut lines = wanted();
    portolan_testbed::wait::wait("the kind", || api.admin().apply(&object(&lines)).ok());
    api.admin().apply(ExternalDns::ACCOUNT).unwrap();
    let token = api.admin().token("default", "external-dns", 3_600).unwrap();
    external_dns(&api, &token, &server)?;

    let options = options(server.address(), &[ZONE]);
    let provider = Arc::new(rfc2136(Options { numbered_for: Some(Owner::new("me").unwrap()), ..options }));
    let mut ours = PlanOptions::new(Owner::new("me").unwrap(), SyncPolicy::Sync);
    ours.managed = TYPES.iter().map(|rtype| rtype.parse().unwrap()).collect();
    let mut publisher = Publisher::new(provider.clone(), Registry::default(), ours);
    let before = records(&provider).await;
    assert!(before.iter().any(|line| line.starts_with("a-a.example.net. TXT")), "it wrote: {before:#?}");
    let dry = publisher.round(desired(&lines), true).await.unwrap();
    assert!(!dry.has_work(), "{make:?}: {:#?}\n{before:#?}", dry.plan.changes);
    assert!(dry.problems.is_empty(), "{:?}", dry.problems);

    // Ours works on it, and it comes back: External-DNS has nothing to do.
    lines.retain(|line| !line.starts_with("c."));
    lines[0] = "a.example.net A 192.0.2.1 192.0.2.3 ttl=60".into();
    lines[2] = "b.example.net A 192.0.2.9 ttl=60".into();
    lines.push("f.example.net CNAME lb.example.org ttl=60".into());
    let mut wanted = desired(&lines);
    wanted.gone.names.insert(name("c.example.net"));
    publisher.claim().await.unwrap();
    let round = publisher.round(wanted, false).await.unwrap();
    assert!(round.is_converged(), "{:#?}", round.outcomes);
    api.admin().apply(&object(&lines)).unwrap();
    let ours = records(&provider).await;
    external_dns(&api, &token, &server)?;
    assert_eq!(records(&provider).await, ours, "{make:?}: External-DNS changed something");
    assert!(ours.iter().any(|line| line.starts_with("his.example.net. A 192.0.2.66")), "others' stays");
    Some(())
}

#[tokio::test]
async fn a_zone_is_taken_over_from_external_dns_and_given_back_on_bind() {
    taken_over_and_given_back(Make::Bind).await;
}

#[tokio::test]
async fn a_zone_is_taken_over_from_external_dns_and_given_back_on_knot() {
    taken_over_and_given_back(Make::Knot).await;
}

/// What an External-DNS before 0.12 left is ours too, and is marked anew in one step; the newer one then sees its own.
#[tokio::test]
async fn marks_of_older_external_dns_are_read_and_written_anew() {
    let Some(server) = NameServer::start(Make::Bind, "older", &[(ZONE, OLDER)]) else { return };
    let provider = Arc::new(rfc2136(options(server.address(), &[ZONE])));
    let ours = PlanOptions::new(Owner::new("me").unwrap(), SyncPolicy::Sync);
    let mut publisher = Publisher::new(provider.clone(), Registry::default(), ours);
    let lines =
        ["old.example.net A 192.0.2.1 ttl=60".to_owned(), "both.example.net A 192.0.2.1 ttl=60".to_owned()];
    let dry = publisher.round(desired(&lines), true).await.unwrap();
    let changed: Vec<String> = dry.plan.changes.iter().map(|change| change.name.to_string()).collect();
    assert_eq!(changed, ["old.example.net."], "only the mark that stands where none is any more");
    let round = publisher.round(desired(&lines), false).await.unwrap();
    assert!(round.is_converged(), "{round:#?}");
    let texts: Vec<String> =
        records(&provider).await.into_iter().filter(|line| line.contains(" TXT ")).collect();
    assert!(texts.iter().any(|line| line.starts_with("a-old.example.net. TXT")), "{texts:#?}");
    assert!(!texts.iter().any(|line| line.starts_with("old.example.net. TXT")), "{texts:#?}");
    assert!(!publisher.round(desired(&lines), true).await.unwrap().has_work());
}
