use std::net::IpAddr;

use super::*;

fn name(n: usize) -> Name {
    format!("lb-{n}.example.net").parse().unwrap()
}

fn are(is_wanted: bool, numbers: impl IntoIterator<Item = usize>) -> Changes {
    numbers.into_iter().map(|number| (name(number), is_wanted)).collect()
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn good() -> [Heard; 2] {
    let addresses = vec![IpAddr::from([192, 0, 2, 1])];
    [Heard::Addresses { addresses, ttl: 100, way: Vec::new() }, Heard::Nothing(Why::NoAddress)]
}

#[test]
fn a_name_comes_due_when_it_is_wanted_and_before_its_ttl_ends() {
    let mut hosts = Hosts::default();
    assert_eq!((hosts.want(are(true, [1]), seconds(7)), hosts.due()), (vec![], Some(seconds(7))));
    assert_eq!(hosts.next(seconds(6)), None);
    assert_eq!(hosts.next(seconds(7)), Some(name(1)));
    assert_eq!((hosts.next(seconds(7)), hosts.due()), (None, None), "it is asked for once");
    assert!(matches!(hosts.hear(&name(1), good(), seconds(10), 0), Some(News::Now(_))));
    assert_eq!(hosts.due(), Some(seconds(90)));
    assert_eq!(hosts.want(are(true, [1]), seconds(11)), [], "what is wanted still is not asked for anew");
    assert_eq!(hosts.due(), Some(seconds(90)));
}

#[test]
fn what_is_not_wanted_any_more_is_forgotten_and_begins_anew() {
    let mut hosts = Hosts::default();
    hosts.want(are(true, [1, 2]), seconds(0));
    assert_eq!((hosts.next(seconds(0)), hosts.next(seconds(0))), (Some(name(1)), Some(name(2))));
    assert_eq!(hosts.want(are(false, [1]), seconds(1)), [News::Gone(name(1))]);
    assert_eq!(hosts.want(are(false, [1]), seconds(1)), [], "it is gone already");
    assert_eq!(hosts.hear(&name(1), good(), seconds(2), 0), None, "an answer that nobody wants");
    hosts.want(are(true, [1]), seconds(3));
    assert_eq!(hosts.next(seconds(3)), Some(name(1)));
    assert!(hosts.hear(&name(1), good(), seconds(4), 0).is_some(), "it is reported again");
    // Wanted again while the question is under way: what comes of it counts, and it is asked for once.
    hosts.want(are(false, [2]), seconds(5));
    hosts.want(are(true, [2]), seconds(5));
    assert_eq!(hosts.next(seconds(5)), None);
    assert!(hosts.hear(&name(2), good(), seconds(6), 0).is_some());
}

#[test]
fn limits_hold_and_are_told() {
    let mut hosts = Hosts::default();
    let news = hosts.want(are(true, 0..HOSTS_MAX + 2), seconds(0));
    let left_out: Vec<&Name> = news
        .iter()
        .map(|news| match news {
            News::Now(report) if report.failure == Some(Why::TooMany) => &report.host,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(left_out.len(), 2);
    assert_eq!(hosts.want(are(true, 0..HOSTS_MAX + 2), seconds(0)), [], "it is told once");
    let asked = std::iter::from_fn(|| hosts.next(seconds(0))).count();
    assert_eq!((asked, hosts.due()), (ASKED_AT_ONCE_MAX, None));
    // One goes, and one that was left out has its place; the other is left out as before.
    assert_eq!(hosts.want(are(false, [1]), seconds(1)), [News::Gone(name(1))]);
    assert_eq!((hosts.hosts.len(), hosts.left_out.len()), (HOSTS_MAX, 1));
    // One that comes now comes after it.
    let both = are(false, [2]).into_iter().chain(are(true, [HOSTS_MAX + 5])).collect();
    let told = hosts.want(both, seconds(2));
    assert!(
        matches!(&told[..], [News::Gone(_), News::Now(report)] if report.host == name(HOSTS_MAX + 5)),
        "{told:?}"
    );
    assert_eq!(hosts.left_out, [name(HOSTS_MAX + 5)].into());
    // Nothing of what is gone comes due.
    assert!(hosts.due.iter().all(|(_, name)| hosts.hosts.contains_key(name)));
}
