//! The client against providers that are slow, wrong, huge and half (F-58): no plan is made from any of these.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use portolan_core::plan::{Labels, Targets, Wanted};
use portolan_core::record::Target;
use portolan_testbed::TlsDoor;

use super::super::{BODY_OCTETS_MAX, Endpoint, MEDIA_TYPE, Patience, Webhook, WebhookError, print, sets};
use super::endpoint;
use super::server::{Answer, Server, reply};
use crate::{Provider, ProviderError};

/// Patience of a test; what is waited for comes sooner, or never.
const PATIENCE: Patience = Patience {
    connection: Duration::from_secs(5),
    request: Duration::from_secs(20),
    tries: 3,
    pause: Duration::from_millis(1),
};
const IMPATIENCE: Patience = Patience { request: Duration::from_millis(200), ..PATIENCE };

fn webhook(server: &Server, patience: Patience) -> Webhook {
    Webhook::with_patience(&server.url(), None, patience).unwrap()
}

fn wanted(name: &str, address: &str, resource: &str) -> Wanted {
    let set = sets::set(&endpoint(name, "A", &[address])).unwrap();
    Wanted { set, resource: resource.into(), labels: Labels::new() }
}

/// F-58: each of these is an error by name, of the list as of what is adjusted.
#[tokio::test]
async fn f58_what_is_slow_wrong_huge_or_half_makes_no_plan() {
    let whole = print(&[endpoint("a.example.org", "A", &["192.0.2.1"])]);
    let half = whole[..whole.len() / 2].to_vec();
    for (what, answer, says) in [
        ("silence", Answer::Silence, "not reached: "),
        ("the end", Answer::End, "not reached: "),
        ("half a body", Answer::Half(whole.clone()), "not reached: "),
        ("half a list", reply(&half), "says what cannot be understood: "),
        ("no list", reply(b"{\"items\":[]}"), "says what cannot be understood: "),
        ("a page", Answer::Reply(200, "text/html", b"<html>".to_vec()), "says what cannot be understood: "),
        ("nothing", reply(b""), "says what cannot be understood: "),
        (
            "too much",
            Answer::Huge(BODY_OCTETS_MAX + (2 << 20)),
            "says what cannot be understood: a reply of more than",
        ),
        (
            "500",
            Answer::Reply(500, "text/plain", b"down".to_vec()),
            "not reached: answers 500 Internal Server Error: down",
        ),
        ("404", Answer::Reply(404, "text/plain", Vec::new()), "will not: answers 404 Not Found"),
        ("302", Answer::Reply(302, "text/plain", Vec::new()), "will not: answers 302 Found"),
        ("401", Answer::Reply(401, "text/plain", Vec::new()), "refuses us: answers 401 Unauthorized"),
    ] {
        let patience = if what == "silence" { IMPATIENCE } else { PATIENCE };
        let server = Server::start(move |_| answer.clone());
        let webhook = webhook(&server, patience);
        let error = webhook.list().await.unwrap_err().to_string();
        assert!(error.starts_with(says), "{what}: {error}");
        let error =
            webhook.adjust(vec![wanted("a.example.org", "192.0.2.1", "")]).await.unwrap_err().to_string();
        assert!(error.starts_with(says), "{what}: {error}");
        let lines = server.lines();
        assert_eq!(lines, ["GET /records", "POST /adjustendpoints"], "{what}");
    }
}

#[tokio::test]
async fn nobody_there_is_an_error() {
    let server = Server::start(|_| Answer::End);
    let webhook = webhook(&server, PATIENCE);
    drop(server);
    assert!(matches!(webhook.list().await, Err(ProviderError::Unreachable(_))));
    assert!(matches!(webhook.abilities().await, Err(ProviderError::Unreachable(_))));
}

/// Failures that may pass are waited for, as often as External-DNS does; others are told at once.
#[tokio::test]
async fn negotiation_is_tried_again_while_it_may_succeed() {
    let count = AtomicUsize::new(0);
    let server = Server::start(move |asked| {
        assert!(asked.headers.iter().any(|line| line.eq_ignore_ascii_case(&format!("accept: {MEDIA_TYPE}"))));
        match count.fetch_add(1, Ordering::Relaxed) {
            0 => Answer::Reply(503, "text/plain", Vec::new()),
            1 => Answer::End,
            _ => reply(b"{\"include\":[\"example.org\"]}"),
        }
    });
    let abilities = webhook(&server, PATIENCE).abilities().await.unwrap();
    let filter = abilities.filter.unwrap();
    let takes = |name: &str| filter.takes(name.parse::<portolan_core::Name>().unwrap().borrowed());
    assert!(takes("a.example.org") && !takes("a.example.com"));
    assert!(!abilities.numbers_plans);

    for (answer, tries, says) in [
        (Answer::Reply(500, "", Vec::new()), 3, "not reached"),
        (Answer::Reply(400, "text/plain", vec![b'x'; 5_000]), 1, "will not: answers 400 Bad Request: xxx"),
        (Answer::Reply(200, "application/json", b"{}".to_vec()), 1, "a Content-Type \"application/json\""),
        (reply(b"{\"include\":[\"a\"],\"regexInclude\":\"b\"}"), 1, "exclude each other"),
        (reply(b"{"), 1, "its domain filter"),
    ] {
        let server = Server::start(move |_| answer.clone());
        let error = webhook(&server, PATIENCE).abilities().await.unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
        assert!(error.len() < 300, "a whole page is not told: {error}");
        assert_eq!(server.lines().len(), tries, "{says}");
    }
    let server = Server::start(|_| reply(b"null"));
    assert!(webhook(&server, PATIENCE).abilities().await.unwrap().filter.is_none());
}

#[tokio::test]
async fn a_list_is_read_whatever_its_spelling() {
    let text = r#"[null,{"DNSNAME":"A.example.org","recordType":"a","targets":["192.0.2.1"]},
        {"dnsName":"a.example.org","recordType":"A","targets":["192.0.2.2","192.0.2.1"]},
        {"dnsName":"bad..name","recordType":"A","targets":["192.0.2.1"]},
        {"dnsName":"b.example.org","recordType":"A","targets":["2001:db8::1"]}]"#;
    let server = Server::start(move |_| reply(text.as_bytes()));
    let listing = webhook(&server, PATIENCE).list().await.unwrap();
    assert_eq!(listing.sets.len(), 1, "two endpoints of one key are one set: {:?}", listing.sets);
    let targets: Targets =
        ["192.0.2.1", "192.0.2.2"].iter().map(|text| Target::Address(text.parse().unwrap())).collect();
    assert_eq!(listing.sets[0].0.targets, targets);
    assert_eq!(listing.problems.told.len(), 2, "{:?}", listing.problems);
}

/// What a provider says of a name counts; what it does not say takes nothing away.
#[tokio::test]
async fn what_is_wanted_is_adjusted_and_never_lost() {
    let server = Server::start(|asked| {
        let mut endpoints: Vec<Endpoint> = super::super::list(&asked.body).unwrap();
        assert!(endpoints.iter().all(|one| one.labels.contains_key("resource")));
        endpoints.retain(|one| one.dns_name != "forgotten.example.org");
        for one in &mut endpoints {
            one.record_ttl = one.record_ttl.max(300);
            one.labels.clear();
        }
        // Another type beside one, and instead of another.
        endpoints.push(endpoint("both.example.org", "AAAA", &["2001:db8::1"]));
        for one in endpoints.iter_mut().filter(|one| one.dns_name == "other.example.org") {
            (one.record_type, one.targets) = ("CNAME".into(), vec!["lb.example.net".into()]);
        }
        for one in endpoints.iter_mut().filter(|one| one.dns_name == "garbled.example.org") {
            one.targets = vec!["not an address".into()];
        }
        endpoints.push(endpoint("novel.example.org", "A", &["192.0.2.66"]));
        reply(&print(&endpoints))
    });
    let names = ["both", "other", "garbled", "forgotten"];
    let all =
        names.map(|name| wanted(&format!("{name}.example.org"), "192.0.2.1", &format!("service/a/{name}")));
    let adjusted = webhook(&server, PATIENCE).adjust(all.to_vec()).await.unwrap();
    let mut shown: Vec<String> = adjusted
        .iter()
        .map(|one| {
            format!("{} {:?} {}", one.set, one.set.named_ttl().map(portolan_core::Ttl::seconds), one.resource)
        })
        .collect();
    shown.sort();
    assert_eq!(
        shown,
        [
            "both.example.org. A Some(300) service/a/both",
            "both.example.org. AAAA None service/a/both",
            "forgotten.example.org. A None service/a/forgotten",
            "garbled.example.org. A None service/a/garbled",
            "other.example.org. CNAME Some(300) service/a/other",
        ]
    );
    assert_eq!(webhook(&server, PATIENCE).adjust(Vec::new()).await, Ok(Vec::new()));
    assert_eq!(server.lines().len(), 1, "nothing is asked of nothing");
}

/// Over TLS a provider is who its certificate says, or nobody.
#[tokio::test]
async fn a_certificate_is_held_against_the_file_of_authorities() {
    let server = Server::of_book("none.example.org");
    let [door, other] = ["book", "other"].map(|name| TlsDoor::before(name, server.address));
    let webhook = |url: &str, ca: Option<&Path>| Webhook::with_patience(url, ca, PATIENCE).unwrap();
    let trusted = webhook(&door.url(), Some(door.authority()));
    assert!(trusted.abilities().await.unwrap().filter.is_some());
    assert_eq!(trusted.list().await.unwrap().sets.len(), 0);
    assert_eq!(server.lines(), ["GET /", "GET /records"]);

    let stranger = webhook(&door.url(), Some(other.authority())).list().await.unwrap_err().to_string();
    assert!(
        stranger.starts_with("not reached: its certificate is signed by no authority that is trusted"),
        "{stranger}"
    );
    let elsewhere = webhook(&door.url().replace("127.0.0.1", "127.0.0.2"), Some(door.authority()));
    assert!(elsewhere.list().await.is_err());
    let unsecured = webhook(&door.url().replace("https", "http"), None).list().await.unwrap_err();
    assert!(matches!(unsecured, ProviderError::Unreachable(_)), "{unsecured}");
    assert_eq!(server.lines().len(), 2, "who is not trusted is asked nothing");
}

#[test]
fn urls() {
    for url in
        ["http://127.0.0.1:8888", "http://127.0.0.1:8888/", "https://dns.example/path/", "http://[::1]:8888"]
    {
        assert!(Webhook::new(url, None).is_ok() || url.starts_with("https"), "{url}");
    }
    for url in ["", "127.0.0.1:8888", "ftp://a", "http://", "http://u:p@a", "http://a/?b=c", "http://a b"] {
        let refused = Webhook::new(url, None);
        assert!(matches!(refused, Err(WebhookError::Url(..))), "{url}: {refused:?}");
    }
    let told = Webhook::new("http://user:secret@dns.example:1", None).unwrap_err().to_string();
    assert!(!told.contains("secret") && told.contains("dns.example:1"), "{told}");
    let missing = Webhook::new("https://a", Some("/nonexistent/ca.pem".as_ref()));
    assert!(matches!(missing, Err(WebhookError::Ca(..))), "{missing:?}");
}
