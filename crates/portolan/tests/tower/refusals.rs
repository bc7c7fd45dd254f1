//! Servers that are down, slow, or refuse: F-26, F-32, F-33, F-34.

use std::time::Duration;

use portolan_core::Reason;
use serde_json::json;
use tokio::time::Instant;

use super::fleet::{BOTH, EU, Fleet, HOUR, MINUTE, SHOP, global_name, service, slice};
use super::server::{Fault, Server};

/// How long a change may take to be in the answers; a batch is gathered for 10 ms.
const LAG_MAX: Duration = Duration::from_millis(50);

/// How long a change of a cluster's endpoints takes to be in the answers: away and back.
async fn lag(fleet: &Fleet, server: &Server, without: &[&str]) -> Duration {
    server.put(slice(false));
    let away = fleet.wait(MINUTE, without).await;
    server.put(slice(true));
    away.max(fleet.wait(MINUTE, &BOTH).await)
}

#[tokio::test(start_paused = true)]
async fn f_26_a_server_that_is_down_changes_nothing() {
    for fault in [Fault::Down, Fault::Hang] {
        let (fleet, eu, us) = Fleet::of_two().await;
        us.script("", fault);
        if fault == Fault::Down {
            us.cut("");
        }
        let began = Instant::now();
        fleet.stays(HOUR).await;
        let asked = us.asked(began, "").len();
        assert!(asked < 3_600, "{fault:?}: {asked} requests in an hour");
        assert!(
            fleet.wrong(Reason::Silent)[0].starts_with("cluster us-1"),
            "{:?}",
            fleet.wrong(Reason::Silent)
        );
        // Nobody else is held up by it; and what it changed meanwhile is seen.
        us.put(slice(false));
        assert!(lag_of_name(&fleet, &eu).await <= LAG_MAX, "{fault:?}");
        us.well();
        fleet.wait(2 * MINUTE, &[EU]).await;
        us.put(slice(true));
        fleet.is_well().await;
    }
}

/// How long a new name takes to be answered.
async fn lag_of_name(fleet: &Fleet, hub: &Server) -> Duration {
    hub.put(global_name("other", "other.glb.example"));
    fleet.until(MINUTE, "another name", || fleet.addresses("other.glb.example") == BOTH).await
}

/// F-26: every server at once, and each comes back by itself.
#[tokio::test(start_paused = true)]
async fn f_26_all_servers_are_down() {
    let (fleet, eu, us) = Fleet::of_two().await;
    for server in [&eu, &us] {
        server.script("", Fault::Down).cut("");
    }
    let began = Instant::now();
    fleet.stays(HOUR).await;
    assert!(eu.asked(began, "").len() < 3_600);
    eu.well();
    us.well();
    fleet.is_well().await;
    assert!(lag(&fleet, &us, &[EU]).await <= LAG_MAX);
}

#[tokio::test(start_paused = true)]
async fn f_32_who_is_refused_knows_nothing() {
    for code in [401, 403] {
        // Everything, as after a rotation of tokens; one kind, as after a right was taken away.
        for (what, subject) in [("", "cluster us-1"), ("endpointslices", "cluster us-1: endpointslices")] {
            let (fleet, _, us) = Fleet::of_two().await;
            us.script(what, Fault::Refuse(code, None)).relist(what);
            let began = Instant::now();
            fleet.stays(10 * MINUTE).await;
            let wrong = fleet.wrong(Reason::Unauthorized);
            assert!(wrong.iter().any(|told| told.starts_with(subject)), "{code} {what}: {wrong:?}");
            let asked = us.asked(began, "").len();
            assert!(asked < 600, "{code} {what}: {asked} requests in ten minutes");
            us.well();
            fleet.is_well().await;
            assert!(lag(&fleet, &us, &[EU]).await <= LAG_MAX, "{code} {what}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn f_33_a_server_that_asks_to_be_left_alone_is() {
    // Longer than anybody would wait by himself.
    const ASKED: Duration = Duration::from_secs(120);
    for what in ["services", "namespaces", ""] {
        let (fleet, eu, us) = Fleet::of_two().await;
        us.script(what, Fault::Refuse(429, Some(ASKED.as_secs()))).relist("services");
        // The question who it is comes every ten seconds.
        fleet.stays(Duration::from_secs(11)).await;
        let began = Instant::now();
        fleet.stays(10 * MINUTE).await;
        for path in ["/services?", "/namespaces?"].iter().filter(|path| path.contains(what)) {
            let asked = us.asked(began, path).len();
            let most = 10 * 60 / ASKED.as_secs() + 1;
            assert!(asked as u64 <= most, "{path}: {asked} requests in ten minutes");
        }
        assert!(lag(&fleet, &eu, &["198.51.100.10"]).await <= LAG_MAX, "{what}: others are not held up");
        us.well();
        fleet.is_well().await;
    }
}

#[tokio::test(start_paused = true)]
async fn f_33_a_slow_server_slows_nobody_else() {
    let (fleet, eu, us) = Fleet::of_two().await;
    let before = lag(&fleet, &eu, &["198.51.100.10"]).await;
    us.script("", Fault::Slow(Duration::from_secs(30))).cut("");
    fleet.stays(5 * MINUTE).await;
    // The slow one is asked again and again meanwhile; the other has to be asked anew, too.
    for _ in 0..40 {
        eu.cut("endpointslices");
        let now = lag(&fleet, &eu, &["198.51.100.10"]).await;
        assert!(before <= LAG_MAX && now <= LAG_MAX, "{before:?} before, {now:?} now");
        tokio::time::sleep(Duration::from_millis(1_500)).await;
    }
    us.well();
    fleet.is_well().await;
}

#[tokio::test(start_paused = true)]
async fn f_34_a_kind_that_goes_takes_nothing_with_it() {
    let (fleet, eu, us) = Fleet::of_two().await;
    eu.lose("globalnames");
    fleet.stays(10 * MINUTE).await;
    assert_eq!(fleet.held().into_iter().collect::<Vec<_>>(), ["eu-1/globalnames.portolan.dev"]);
    assert_eq!(fleet.wrong(Reason::Held).len(), 1);
    assert!(lag(&fleet, &us, &[EU]).await <= LAG_MAX, "other kinds go on");
    // It is there again, with what it had.
    eu.put(global_name("shop", SHOP));
    fleet.is_well().await;
    fleet.stays(MINUTE).await;
}

/// F-34: a server that never had a kind, and one whose objects have another form than we know.
#[tokio::test(start_paused = true)]
async fn f_34_a_server_of_another_age_gives_what_it_has() {
    let (eu, us) = (super::fleet::member("eu-1", EU), super::fleet::member("us-1", BOTH[1]));
    super::fleet::intents(&eu);
    for kind in ["ingresses", "kubefed", "dnsendpoints"] {
        [&eu, &us].iter().for_each(|server| server.lose(kind));
    }
    let fleet = Fleet::follow(&[&eu, &us]);
    fleet.wait(MINUTE, &BOTH).await;
    fleet.is_well().await;
    let mut strange = service("web", BOTH[1]);
    strange["spec"]["ports"] = json!("80");
    us.put(strange);
    let mut strange = global_name("shop", SHOP);
    strange["spec"]["hosts"] = json!({"primary": SHOP});
    eu.put(strange);
    fleet.stays(10 * MINUTE).await;
    assert_eq!(fleet.wrong(Reason::Invalid).len(), 2, "{:?}", fleet.wrong(Reason::Invalid));
    assert!(lag(&fleet, &us, &[EU]).await <= LAG_MAX, "other objects go on");
}

/// The address of one cluster leads to another, which is followed under its own name: that one's facts stay too.
#[tokio::test(start_paused = true)]
async fn an_address_that_leads_astray_takes_nothing_from_whose_it_leads_to() {
    let (fleet, eu, _us) = Fleet::of_two().await;
    eu.becomes("us-1");
    fleet.stays(10 * MINUTE).await;
    assert_eq!(fleet.held().into_iter().collect::<Vec<_>>(), ["eu-1"]);
    assert_eq!(fleet.wrong(Reason::Duplicate), [""; 0]);
    eu.becomes("eu-1");
    fleet.is_well().await;
}

/// Two names of one cluster: the first goes on giving what it gave until the one that goes before it was read.
#[tokio::test(start_paused = true)]
async fn one_cluster_of_two_names_is_in_the_answers_all_the_while() {
    let (eu, us) = (super::fleet::member("eu-1", EU), super::fleet::member("us-1", BOTH[1]));
    super::fleet::intents(&eu);
    let twin = super::fleet::member("twin", BOTH[1]);
    twin.becomes("us-1").script("", Fault::Refuse(401, None));
    // The twin goes first, and cannot be reached for now.
    let servers = [&eu, &twin, &us];
    let fleet = Fleet::follow_as(&servers, &["eu-1", "twin", "us-1"]);
    fleet.wait(MINUTE, &BOTH).await;
    twin.well().script("endpointslices", Fault::Refuse(403, None));
    fleet.stays(10 * MINUTE).await;
    assert_eq!(fleet.wrong(Reason::Duplicate), [""; 0], "the twin was not read whole");
    twin.well();
    fleet.until(5 * MINUTE, "one to be told", || !fleet.wrong(Reason::Duplicate).is_empty()).await;
    assert!(
        fleet.wrong(Reason::Duplicate)[0].starts_with("cluster us-1"),
        "{:?}",
        fleet.wrong(Reason::Duplicate)
    );
    fleet.stays(10 * MINUTE).await;
}

/// At a start with nothing: whoever answers first is followed until the name that goes first is known to be the same,
/// and not a question longer.
#[tokio::test(start_paused = true)]
async fn one_cluster_of_two_names_is_followed_once_as_soon_as_both_have_answered() {
    const LATE: Duration = Duration::from_secs(3);
    let (eu, us) = (super::fleet::member("eu-1", EU), super::fleet::member("us-1", BOTH[1]));
    super::fleet::intents(&eu);
    let twin = super::fleet::member("twin", BOTH[1]);
    twin.becomes("us-1").script("namespaces", Fault::Slow(LATE));
    us.script("endpointslices", Fault::Slow(10 * LATE));
    let fleet = Fleet::follow_as(&[&eu, &twin, &us], &["eu-1", "twin", "us-1"]);
    let told = || fleet.wrong(Reason::Duplicate);
    fleet.until(LATE + Duration::from_secs(1), "one to be told", || !told().is_empty()).await;
    assert!(told()[0].starts_with("cluster us-1: is the same cluster as twin"), "{:?}", told());
    assert_eq!(us.asked(Instant::now(), ""), [""; 0]);
    twin.well();
    fleet.wait(MINUTE, &BOTH).await;
    fleet.stays(MINUTE).await;
}

/// The name that goes first leads to it no more, and another does: what changes is seen by that one, and by the first
/// again once it is back.
#[tokio::test(start_paused = true)]
async fn one_cluster_of_two_names_is_followed_by_the_one_that_leads_to_it() {
    const MOVED: &str = "198.51.100.11";
    let (eu, us) = (super::fleet::member("eu-1", EU), super::fleet::member("us-1", BOTH[1]));
    super::fleet::intents(&eu);
    let twin = super::fleet::member("twin", BOTH[1]);
    twin.becomes("us-1");
    let fleet = Fleet::follow_as(&[&eu, &twin, &us], &["eu-1", "twin", "us-1"]);
    let double = || fleet.wrong(Reason::Duplicate).concat();
    fleet.wait(MINUTE, &BOTH).await;
    fleet.until(MINUTE, "one to be told", || double().starts_with("cluster us-1")).await;
    twin.script("", Fault::Refuse(500, None));
    fleet.stays(MINUTE).await;
    fleet.until(5 * MINUTE, "the other to be told", || double().starts_with("cluster twin")).await;
    assert!(double().contains("it is the same cluster as us-1, by which it is followed"), "{}", double());
    us.put(super::fleet::service("web", MOVED));
    fleet.wait(MINUTE, &[EU, MOVED]).await;
    twin.put(super::fleet::service("web", MOVED));
    twin.well();
    fleet.until(5 * MINUTE, "the first to be back", || double().starts_with("cluster us-1")).await;
    twin.put(super::fleet::service("web", BOTH[1]));
    fleet.wait(MINUTE, &BOTH).await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_sends_us_elsewhere_is_silent_and_says_why() {
    let (fleet, _, us) = Fleet::of_two().await;
    us.script("", Fault::Refuse(307, None)).relist("");
    fleet.stays(2 * MINUTE).await;
    let told = fleet.wrong(Reason::Silent).concat();
    assert!(told.contains("sends us elsewhere, where our credentials are not sent"), "{told}");
    us.well();
    fleet.is_well().await;
}
