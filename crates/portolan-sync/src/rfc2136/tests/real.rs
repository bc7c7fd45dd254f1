//! BIND, Knot and PowerDNS: the battery on each, and what is theirs alone.
//!
//! What they do differently is in the table of [`servers_differ_in_what_the_table_says`].

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::thread;

use domain::base::iana::Rcode;
use domain::base::{MessageBuilder, Rtype};
use portolan_core::plan::{Desired, Gone, Labels, Options as PlanOptions, SyncPolicy};
use portolan_core::registry::Registry;
use portolan_testbed::NameServer;
use portolan_testbed::name_server::Make;

use super::super::message::{Deed, Demand, Letter, Verdict};
use super::*;
use crate::ask::ask;
use crate::battery::{self, Bench};
use crate::publisher::{Publisher, Round};

const ZONE: &str = "example.net";

/// Starts a server of a make with the zone; none, after a loud line, when there is none.
fn start(make: Make, test: &str, lines: &str) -> Option<Arc<NameServer>> {
    NameServer::start(make, test, &[(ZONE, lines)]).map(Arc::new)
}

fn publishing(server: &NameServer, owner: &str) -> Arc<Rfc2136> {
    let options = options(server.address(), &[ZONE]);
    Arc::new(rfc2136(Options { numbered_for: Some(Owner::new(owner).unwrap()), ..options }))
}

fn publisher(provider: Arc<Rfc2136>, owner: &str) -> Publisher {
    let mut options = PlanOptions::new(Owner::new(owner).unwrap(), SyncPolicy::Sync);
    options.managed.extend([RecordType::TXT, RecordType::MX]);
    Publisher::new(provider, Registry::default(), options)
}

/// What is wanted; whatever is not was deleted.
fn desired(lines: &[String]) -> Desired {
    let wanted =
        |line: &String| Wanted { set: set(line), resource: "crd/shop/web".into(), labels: Labels::new() };
    let gone = Gone { resources: ["crd/shop/web".into()].into(), ..Gone::default() };
    Desired { sets: lines.iter().map(wanted).collect(), stays: [].into(), gone, is_whole: true }
}

async fn publish(publisher: &mut Publisher, lines: &[String]) -> Round {
    publisher.claim().await.unwrap();
    let round = publisher.round(desired(lines), false).await.unwrap();
    assert!(round.is_converged(), "{:#?} {:#?}", round.outcomes, round.problems);
    round
}

async fn battery_on(make: Make, test: &str, change: impl FnOnce(&mut Bench)) {
    let Some(server) = start(make, test, "") else { return };
    let mut bench = Bench::new(ZONE, move |owner| publishing(&server, owner));
    bench.updates = 200;
    bench.others = &[
        "txt TXT hello ttl=60",
        "mail MX 10 mail.example.org",
        "_sip._tcp SRV 0 5 5060 sip.example.org",
        "ptr PTR host.example.org",
        "below NS ns1.example.org",
    ];
    change(&mut bench);
    battery::run(&bench).await;
}

#[tokio::test]
async fn the_battery_on_bind() {
    battery_on(Make::Bind, "battery", |bench| bench.refused = Some("denied A 192.0.2.1")).await;
}

#[tokio::test]
async fn the_battery_on_knot() {
    battery_on(Make::Knot, "battery", |_| ()).await;
}

#[tokio::test]
async fn the_battery_on_powerdns() {
    battery_on(Make::PowerDns, "battery", |bench| bench.updates = 40).await;
}

// === What is asked while it changes ===

/// a name that becomes an alias and addresses by turns has an address whenever somebody asks.
async fn a_name_is_never_empty_on(make: Make) {
    let Some(server) = start(make, "availability", "lb IN A 192.0.2.99") else { return };
    let mut publisher = publisher(publishing(&server, "me"), "me");
    publish(&mut publisher, &["shop.example.net A 192.0.2.1".into()]).await;
    let is_over = Arc::new(AtomicBool::new(false));
    let asked = Arc::new(AtomicUsize::new(0));
    let asker = {
        let (is_over, asked, address) = (is_over.clone(), asked.clone(), server.address());
        thread::spawn(move || {
            let mut empty = Vec::new();
            while !is_over.load(Ordering::Relaxed) {
                // A datagram that was lost is asked for again.
                let Some(answer) = ask(address, "shop.example.net.", Rtype::A) else { continue };
                if answer.iter().all(|text| text.starts_with("CNAME")) {
                    empty.push(answer);
                }
                asked.fetch_add(1, Ordering::Relaxed);
            }
            empty
        })
    };
    let touched = [name("shop.example.net")].into();
    for n in 0..100 {
        let line = match n % 2 {
            0 => "shop.example.net CNAME lb.example.net".to_owned(),
            _ => format!("shop.example.net A 192.0.2.{n}"),
        };
        let round = publisher.round_of(&touched, desired(&[line])).await.unwrap().unwrap();
        assert!(round.is_converged(), "{:?}", round.outcomes);
        // The asker is to see each of them.
        let before = asked.load(Ordering::Relaxed);
        portolan_testbed::wait::wait("a question between two changes", || {
            (asked.load(Ordering::Relaxed) > before).then_some(())
        });
    }
    is_over.store(true, Ordering::Relaxed);
    let empty = asker.join().unwrap();
    assert!(
        empty.is_empty(),
        "{make:?}: empty {} times of {}: {:?}",
        empty.len(),
        asked.load(Ordering::Relaxed),
        empty.first()
    );
    println!("{make:?}: asked {} times, never empty", asked.load(Ordering::Relaxed));
}

#[tokio::test]
async fn r_17_a_name_is_never_empty_on_bind() {
    a_name_is_never_empty_on(Make::Bind).await;
}

#[tokio::test]
async fn r_17_a_name_is_never_empty_on_knot() {
    a_name_is_never_empty_on(Make::Knot).await;
}

#[tokio::test]
async fn r_17_a_name_is_never_empty_on_powerdns() {
    a_name_is_never_empty_on(Make::PowerDns).await;
}

// === F-56 ===

#[tokio::test]
async fn f_56_a_server_that_was_down_has_everything_after_the_next_round() {
    for make in Make::ALL {
        let Some(server) = start(make, "down", "") else { continue };
        let mut publisher = publisher(publishing(&server, "me"), "me");
        let lines: Vec<String> = (0..120).map(|n| format!("n{n}.example.net A 192.0.2.1")).collect();
        publish(&mut publisher, &lines[..60]).await;
        server.kill();
        let said = publisher.round(desired(&lines), false).await.unwrap_err();
        assert!(
            matches!(&said, ProviderError::Unreachable(text) if text.contains(&server.address().to_string())),
            "{said}"
        );
        server.restart();
        publish(&mut publisher, &lines).await;
        let again = publisher.round(desired(&lines), true).await.unwrap();
        assert!(!again.has_work(), "{make:?}: {:#?}", again.plan.changes);
    }
}

/// It goes down while it is written to: nobody knows what it did, and the next round makes all of it so.
#[tokio::test]
async fn f_56_a_server_that_goes_down_between_messages_keeps_whole_names() {
    let Some(server) = start(Make::Bind, "between", "") else { return };
    let provider = publishing(&server, "me");
    let mut publisher = publisher(provider.clone(), "me");
    let lines: Vec<String> = (0..2_000).map(|n| format!("n{n}.example.net A 192.0.2.1 192.0.2.2")).collect();
    let killer = {
        let (server, provider) = (server.clone(), provider.clone());
        thread::spawn(move || {
            portolan_testbed::wait::wait("some names", || {
                let reply = server.ask(&question("n9.example.net."))?;
                (reply[7] > 0).then_some(())
            });
            drop(provider);
            server.kill();
        })
    };
    publisher.claim().await.unwrap();
    let round = publisher.round(desired(&lines), false).await;
    killer.join().unwrap();
    // It may be killed before it was heard, in the middle, or after the last message.
    if let Ok(round) = &round {
        println!(
            "done before it went: {}",
            round.outcomes.values().filter(|outcome| **outcome == StepOutcome::Done).count()
        );
    }
    server.restart();
    let listing = provider.list().await.unwrap();
    let mut names: BTreeMap<Name, usize> = BTreeMap::new();
    for (set, _) in listing
        .sets
        .iter()
        .filter(|(set, _)| set.rtype == RecordType::A && set.name != name("ns1.example.net"))
    {
        assert_eq!(set.targets.len(), 2, "{set} is there in part");
        names.insert(set.name.clone(), 0);
    }
    let marks = listing.sets.iter().filter(|(set, _)| set.rtype == RecordType::TXT).count();
    assert_eq!(marks, names.len(), "each with its mark");
    publish(&mut publisher, &lines).await;
}

fn question(name: &str) -> Vec<u8> {
    let mut question = MessageBuilder::new_vec().question();
    let name: domain::base::Name<Vec<u8>> = name.parse().unwrap();
    question.push((&name, Rtype::A)).unwrap();
    question.finish()
}

#[tokio::test]
async fn f_56_real_servers_say_what_is_wrong_with_us() {
    for make in Make::ALL {
        let Some(server) = start(make, "wrong", "") else { continue };
        let good = options(server.address(), &[ZONE]);
        let other = TsigKey::new(name("other"), KEY_ALGORITHM, KEY_SECRET).unwrap();
        let secret =
            TsigKey::new(name(KEY_NAME), KEY_ALGORITHM, "b3RoZXJvdGhlcm90aGVyb3RoZXJvdGhlcm90aGVyMDA=")
                .unwrap();
        let early: Arc<dyn Fn() -> SystemTime + Send + Sync> =
            Arc::new(|| SystemTime::now().checked_sub(Duration::from_secs(7_200)).unwrap());
        // PowerDNS says NOTAUTH to all of it, and signs nothing.
        let told = |other: &'static str| if make == Make::PowerDns { "NOTAUTH" } else { other };
        for (wrong, options, words) in [
            (
                "key",
                Options { key: Some(other), ..good.clone() },
                told("BADKEY: it does not know the key other."),
            ),
            ("secret", Options { key: Some(secret), ..good.clone() }, told("BADSIG: it has another secret")),
            ("clock", Options { clock: early, ..good.clone() }, told("BADTIME: its clock is 7")),
            (
                "no key",
                Options { key: None, ..good.clone() },
                if make == Make::Bind { "REFUSED" } else { "NOTAUTH" },
            ),
            ("zone", Options { zones: vec![name("example.org")], ..good.clone() }, "NOTAUTH"),
        ] {
            let said = rfc2136(options).list().await.unwrap_err();
            println!("{make:?}: wrong {wrong}: {said}");
            assert!(!matches!(said, ProviderError::Unreachable(_)), "{make:?}, wrong {wrong}: {said:?}");
            assert!(said.to_string().contains(words), "{make:?}, wrong {wrong}: {said}");
        }
    }
}

// === What is theirs ===

/// What a server says to an update, and the sets of a name then.
async fn tried(server: &NameServer, demands: &[Demand], deeds: &[Deed], at: &str) -> (Verdict, Vec<String>) {
    let (zone, key, now) = (name(ZONE), key(), SystemTime::now());
    let letter = Letter::update(7, &zone, demands, deeds, Some(&key), now).unwrap();
    let reply = server.ask(&letter.octets).expect("it answers");
    let verdict = letter.read(reply, &zone, Some(&key), now).unwrap();
    let listing = rfc2136(options(server.address(), &[ZONE])).list().await.unwrap();
    let at = name(at);
    let line = |set: &RecordSet| {
        let targets: Vec<String> = set.targets.iter().map(ToString::to_string).collect();
        format!("{} {} {}", set.ttl.map_or(0, Ttl::seconds), set.rtype, targets.join(" "))
    };
    (verdict, listing.sets.iter().map(|(set, _)| set).filter(|set| set.name == at).map(line).collect())
}

fn adds(line: &str) -> Vec<Deed> {
    let set = set(line);
    let ttl = set.ttl.unwrap_or(Ttl::DEFAULT);
    set.targets.iter().map(|target| Deed::Add(set.name.clone(), set.rtype, ttl, target.rdata())).collect()
}

/// What servers make of one message, and where they differ. What is nothing to us is in the doc of [`update`](super::super::update).
#[tokio::test]
async fn servers_differ_in_what_the_table_says() {
    let zone = "mix IN MX 10 Mail.Example.ORG.\ntwo 300 IN A 192.0.2.1\nalias IN CNAME lb.example.org.\n\
                below.deep IN A 192.0.2.1\n*.wild IN A 192.0.2.1\n";
    let (mix, mail) = (name("mix.example.net"), Rdata::mx(10, &name("mail.example.org")));
    let mail_demand = || Demand::Holds(mix.clone(), RecordType::MX, mail.clone());
    let mail_drop = || Deed::Drop(mix.clone(), RecordType::MX, mail.clone());
    let free = |text: &str| vec![Demand::NotInUse(name(text))];
    for make in Make::ALL {
        let Some(server) = start(make, "differ", zone) else { continue };
        let is_strict = make == Make::PowerDns;
        let alias_verdict = if is_strict { Verdict::Unwilling(Rcode::REFUSED) } else { Verdict::Taken };
        // What is tried, at which name, what the server says, and what is there then.
        let rows: [Tried<'_>; 9] = [
            // What demands and does nothing is taken: so a zone is asked whether it is us whom it refuses.
            (vec![], vec![], "mix", Verdict::Taken, "300 MX 10 mail.example.org."),
            // Names in demanded records are compared whatever their case.
            (vec![mail_demand()], vec![], "mix", Verdict::Taken, "300 MX 10 mail.example.org."),
            // PowerDNS does not find a record to remove when a name in it has another case, and says that it has.
            (
                vec![],
                vec![mail_drop()],
                "mix",
                Verdict::Taken,
                if is_strict { "300 MX 10 mail.example.org." } else { "" },
            ),
            (
                vec![mail_demand()],
                vec![Deed::DropSet(mix.clone(), RecordType::MX)],
                "mix",
                if is_strict { Verdict::Taken } else { Verdict::Changed },
                "",
            ),
            // A record that comes gives the set its TTL.
            (
                vec![],
                adds("two.example.net A 192.0.2.2 ttl=60"),
                "two",
                Verdict::Taken,
                "60 A 192.0.2.1 192.0.2.2",
            ),
            // What an alias leaves no room for is passed over, and taken; PowerDNS refuses it.
            (
                vec![],
                adds("alias.example.net A 192.0.2.2"),
                "alias",
                alias_verdict,
                "300 CNAME lb.example.org.",
            ),
            (
                vec![],
                adds("two.example.net CNAME lb.example.org"),
                "two",
                alias_verdict,
                "60 A 192.0.2.1 192.0.2.2",
            ),
            // A name that is there by others below it, or by a wildcard, is not in use.
            (free("deep.example.net"), vec![], "deep", Verdict::Taken, ""),
            (free("a.wild.example.net"), vec![], "a.wild", Verdict::Taken, ""),
        ];
        for (demands, deeds, label, verdict, there) in rows {
            let (said, found) = tried(&server, &demands, &deeds, &format!("{label}.example.net")).await;
            assert_eq!(
                (said, found.join(", ").as_str()),
                (verdict, there),
                "{make:?}: {demands:?} {deeds:?}"
            );
        }
    }
}

#[tokio::test]
async fn over_tls_it_is_the_same() {
    let Some(server) = start(Make::Bind, "tls", "") else { return };
    let tls = |pem: Option<&[u8]>| Tls::new(pem, None);
    assert!(matches!(tls(Some(b"nothing")), Err(TlsError::Authorities(_))));
    let good = Options {
        tls: Some(tls(Some(server.authority().as_bytes())).unwrap()),
        ..options(server.tls_address(), &[ZONE])
    };
    let mut to_it = publisher(Arc::new(rfc2136(good.clone())), "me");
    publish(&mut to_it, &["shop.example.net A 192.0.2.1".into()]).await;
    // A server that we do not know is none.
    let Some(other) = start(Make::Bind, "tls-other", "") else { return };
    let stranger = Options { tls: Some(tls(Some(other.authority().as_bytes())).unwrap()), ..good };
    let said = rfc2136(stranger).list().await.unwrap_err();
    assert!(matches!(&said, ProviderError::Unreachable(text) if text.contains("certificate")), "{said}");
}

#[tokio::test]
async fn many_zones_on_one_server_are_each_their_own() {
    for make in Make::ALL {
        let delegation = "sub IN NS ns1.sub\nns1.sub IN A 192.0.2.53\nold.sub IN A 192.0.2.66\n";
        let zones = [(ZONE, delegation), ("sub.example.net", ""), ("example.org", "")];
        let Some(server) = NameServer::start(make, "zones", &zones) else { continue };
        let options = options(server.address(), &["example.net", "sub.example.net", "example.org"]);
        let provider =
            Arc::new(rfc2136(Options { numbered_for: Some(Owner::new("me").unwrap()), ..options }));
        let mut publisher = publisher(provider.clone(), "me");
        let lines = ["a.example.net", "a.sub.example.net", "a.b.example.org"]
            .map(|name| format!("{name} A 192.0.2.1"));
        publish(&mut publisher, &lines).await;
        let again = publisher.round(desired(&lines), true).await.unwrap();
        assert!(!again.has_work(), "{make:?}: {:#?}", again.plan.changes);
        let listing = provider.list().await.unwrap();
        assert!(
            !listing.sets.iter().any(|(set, _)| set.name == name("old.sub.example.net")),
            "it is hidden by the zone below"
        );
        // What is in none of them is no matter of ours; a step that is made for it is refused by name.
        let outside = step(&[], &["a.example.com A 192.0.2.1"], &[]);
        let applied = listing.applied.unwrap();
        let number = PlanNumber { revision: applied.revision + 1, ..applied };
        let outcomes =
            provider.apply(Batch { number, follows: listing.applied, steps: vec![outside] }).await.outcomes;
        assert!(
            matches!(&outcomes[0], StepOutcome::Refused(rule) if rule.contains("a.example.com.")),
            "{outcomes:?}"
        );
        publish(&mut publisher, &[]).await;
    }
}

/// B-37: the second installation that was given one owner id does not publish, until it is told to take over.
#[tokio::test]
async fn b_37_two_installations_with_one_owner_id_are_told_apart() {
    let Some(server) = start(Make::Bind, "instances", "") else { return };
    let instance = |instance: &str, takes_over: bool| {
        let options = options(server.address(), &[ZONE]);
        let numbered_for = Some(Owner::new("me").unwrap());
        Arc::new(rfc2136(Options { numbered_for, instance: instance.into(), takes_over, ..options }))
    };
    let line = ["shop.example.net A 192.0.2.1".to_owned()];
    publish(&mut publisher(instance("first", false), "me"), &line).await;
    let said = publisher(instance("second", false), "me").claim().await.unwrap_err();
    assert!(matches!(&said, ProviderError::Refused(text) if text.contains("(first)")), "{said}");
    publish(&mut publisher(instance("first", false), "me"), &line).await;
    publish(&mut publisher(instance("second", true), "me"), &line).await;
    assert!(publisher(instance("first", false), "me").claim().await.is_err());
}

/// A zone that the server does not have costs itself.
#[tokio::test]
async fn f_56_a_zone_that_is_not_there_costs_itself() {
    for make in Make::ALL {
        let Some(server) = start(make, "one-zone", "") else { continue };
        let options = options(server.address(), &[ZONE, "example.org"]);
        let provider =
            Arc::new(rfc2136(Options { numbered_for: Some(Owner::new("me").unwrap()), ..options }));
        let mut publisher = publisher(provider, "me");
        publisher.claim().await.unwrap();
        let lines = ["a.example.net A 192.0.2.1".to_owned(), "a.example.org A 192.0.2.1".to_owned()];
        let round = publisher.round(desired(&lines), false).await.unwrap();
        assert_eq!(round.outcomes[&name("a.example.net")], StepOutcome::Done);
        assert!(
            matches!(round.outcomes[&name("a.example.org")], StepOutcome::Failed(_)),
            "{make:?}: {:?}",
            round.outcomes
        );
        assert!(
            round.problems.told.iter().any(|problem| problem.subject == "zone example.org."),
            "{:?}",
            round.problems
        );
    }
}
/// What must be so, what is done, at which name, what the server says, and what is there then.
type Tried<'t> = (Vec<Demand>, Vec<Deed>, &'t str, Verdict, &'t str);
