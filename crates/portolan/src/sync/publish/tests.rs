//! A publisher at work on a DNS in memory, in a time that stands still while nobody waits.

use portolan_core::plan::{Options, Owner, SyncPolicy};
use portolan_core::registry::Registry;
use portolan_core::{RecordType, Target};
use portolan_sync::memory::Memory;
use tokio::task::JoinHandle;

use super::*;
use crate::engine::Event;
use crate::sync::desk::tests::{deleted, endpoint, heard, lacks};

const INTERVAL: Duration = Duration::from_secs(3_600);

struct Stage {
    desk: Arc<Desk>,
    dns: Memory,
    holds: Arc<Holds>,
    task: JoinHandle<()>,
}

impl Stage {
    fn new(dns: &Memory) -> Self {
        let (desk, holds) = (Arc::new(Desk::new(1)), Arc::new(Holds::default()));
        let task = tokio::spawn(guarded(publishing(dns, &desk, &holds)));
        Self { desk, dns: dns.clone(), holds, task }
    }

    fn take(&self, events: impl IntoIterator<Item = Vec<Event>>) {
        self.desk.take(events.into_iter().flatten().collect());
    }

    /// Waits until a name has this address, or none.
    async fn wait_for(&self, name: &str, address: Option<&str>) {
        until(&format!("{name} to be {address:?}"), || self.address(name).as_deref() == address).await;
    }

    fn address(&self, name: &str) -> Option<String> {
        let sets = self.dns.with(|dns| dns.sets());
        let is_it = |name_of: &Name, rtype| name_of.to_dotless() == name && rtype == RecordType::A;
        let (set, _) = sets.into_iter().find(|(set, _)| is_it(&set.name, set.rtype))?;
        set.targets.iter().next().map(Target::to_string)
    }

    fn lists(&self) -> usize {
        self.dns.with(|dns| dns.lists)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn publishing(dns: &Memory, desk: &Arc<Desk>, holds: &Arc<Holds>) -> Publishing {
    let dns = dns.clone();
    let make = move || {
        let options = Options::new(Owner::new("me").unwrap(), SyncPolicy::Sync);
        Ok(Publisher::new(Arc::new(dns.clone()), Registry::default(), options))
    };
    let publisher = (make().unwrap(), Box::new(make) as Remake);
    let tally = Arc::new(Tally::new("memory", &[], desk.clone()));
    Publishing::new("memory".into(), (desk.clone(), 0), publisher, INTERVAL, holds.clone(), tally)
}

async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..10_000 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("no {what}");
}

fn objects(range: std::ops::Range<usize>) -> Vec<Vec<Event>> {
    range.map(|n| endpoint(&format!("n{n}"), &format!("n{n}.example"), "192.0.2.1")).collect()
}

/// Published at once, and without that everything is read again.
#[tokio::test(start_paused = true)]
async fn what_is_touched_is_published_without_a_list() {
    let stage = Stage::new(&Memory::default());
    stage.take([endpoint("a", "a.example", "192.0.2.1"), endpoint("b", "b.example", "192.0.2.2"), heard()]);
    stage.wait_for("a.example", Some("192.0.2.1")).await;
    let lists = stage.lists();
    stage.take([endpoint("a", "a.example", "192.0.2.9")]);
    stage.wait_for("a.example", Some("192.0.2.9")).await;
    stage.take([deleted("b")]);
    stage.wait_for("b.example", None).await;
    stage.take([deleted("a")]);
    stage.wait_for("a.example", None).await;
    assert_eq!(stage.lists(), lists);
    assert_eq!(stage.dns.with(|dns| dns.sets()), [], "no mark is left either");
    assert_eq!(stage.holds.all(), []);
}

#[tokio::test(start_paused = true)]
async fn everything_is_compared_again_at_the_interval() {
    let stage = Stage::new(&Memory::new(portolan_sync::Abilities {
        keeps: portolan_core::plan::Keeps::None,
        filter: None,
        numbers_plans: false,
    }));
    stage.take([endpoint("a", "a.example", "192.0.2.1"), heard()]);
    stage.wait_for("a.example", Some("192.0.2.1")).await;
    // What others take away comes back; the DNS tells of it.
    let lists = stage.lists();
    stage.dns.with(|dns| dns.remove(&"a.example".parse().unwrap(), RecordType::A, ""));
    stage.wait_for("a.example", Some("192.0.2.1")).await;
    assert!(stage.lists() > lists);
    let lists = stage.lists();
    tokio::time::sleep(INTERVAL * 2).await;
    assert!(stage.lists() > lists);
}

/// Whatever fails inside fails once: another publisher takes over, and looks at everything.
#[tokio::test(start_paused = true)]
async fn a_publisher_that_fails_inside_begins_anew() {
    let (dns, desk, holds) = (Memory::default(), Arc::new(Desk::new(1)), Arc::new(Holds::default()));
    let mut publishing = publishing(&dns, &desk, &holds);
    let well = (publishing.remake)().unwrap();
    let fails =
        std::mem::replace(&mut publishing.publisher, well).with_progress(Box::new(|_, _| panic!("a test's")));
    publishing.publisher = fails;
    let task = tokio::spawn(guarded(publishing));
    let stage = Stage { desk, dns, holds, task };
    stage.take([endpoint("a", "a.example", "192.0.2.1"), endpoint("b", "b.example", "192.0.2.2"), heard()]);
    stage.wait_for("a.example", Some("192.0.2.1")).await;
    stage.wait_for("b.example", Some("192.0.2.2")).await;
    stage.take([endpoint("b", "b.example", "192.0.2.9")]);
    stage.wait_for("b.example", Some("192.0.2.9")).await;
}

/// A DNS that is down loses nothing, and is not asked all the time.
#[tokio::test(start_paused = true)]
async fn a_dns_that_is_down_is_tried_again() {
    let stage = Stage::new(&Memory::default());
    stage.dns.with(|dns| dns.is_down = true);
    stage.take([endpoint("a", "a.example", "192.0.2.1"), heard()]);
    tokio::time::sleep(Duration::from_secs(600)).await;
    let lists = stage.lists();
    assert!((10..=40).contains(&lists), "{lists} lists in ten minutes");
    stage.take([endpoint("a", "a.example", "192.0.2.7")]);
    stage.dns.with(|dns| dns.is_down = false);
    stage.wait_for("a.example", Some("192.0.2.7")).await;
}

/// One name that is refused holds up no other.
#[tokio::test(start_paused = true)]
async fn one_that_is_refused_costs_itself() {
    let stage = Stage::new(&Memory::default());
    stage.dns.with(|dns| dns.refuses = ["bad.example".parse().unwrap()].into());
    stage.take([
        endpoint("bad", "bad.example", "192.0.2.1"),
        endpoint("a", "a.example", "192.0.2.1"),
        heard(),
    ]);
    stage.wait_for("a.example", Some("192.0.2.1")).await;
    stage.take([endpoint("a", "a.example", "192.0.2.2")]);
    stage.wait_for("a.example", Some("192.0.2.2")).await;
    assert_eq!(stage.address("bad.example"), None);
}

/// F-27, R-03: what vanishes without a delete, as after a restart on an empty source, stays until somebody says so.
#[tokio::test(start_paused = true)]
async fn what_vanishes_without_a_word_is_held() {
    let dns = Memory::default();
    let before = Stage::new(&dns);
    before.take(objects(0..20));
    before.take([heard()]);
    before.wait_for("n19.example", Some("192.0.2.1")).await;
    drop(before);

    let stage = Stage::new(&dns);
    stage.take([heard()]);
    until("hold", || !stage.holds.all().is_empty()).await;
    let hold = stage.holds.all().remove(0);
    assert!(hold.id.starts_with("memory/") && hold.why.contains("20 names"), "{hold:?}");
    assert!(stage.address("n0.example").is_some());
    // What comes meanwhile is published; what is back is held no more.
    stage.take([endpoint("new", "new.example", "192.0.2.5")]);
    stage.wait_for("new.example", Some("192.0.2.5")).await;
    stage.take(objects(0..19));
    tokio::time::sleep(INTERVAL).await;
    until("no hold", || stage.holds.all().is_empty() && stage.address("n19.example").is_none()).await;
    assert!(stage.address("n18.example").is_some(), "one of twenty may go");
}

#[tokio::test(start_paused = true)]
async fn a_release_is_of_the_names_that_were_shown() {
    let dns = Memory::default();
    let before = Stage::new(&dns);
    before.take(objects(0..20));
    before.take([heard()]);
    before.wait_for("n19.example", Some("192.0.2.1")).await;
    drop(before);

    let stage = Stage::new(&dns);
    stage.take(objects(0..5));
    stage.take([heard()]);
    until("hold", || !stage.holds.all().is_empty()).await;
    let id = stage.holds.all().remove(0).id;
    assert!(!stage.holds.release("memory/0"));
    assert!(stage.holds.release(&id));
    stage.wait_for("n19.example", None).await;
    until("no hold", || stage.holds.all().is_empty()).await;
    assert!(stage.address("n4.example").is_some());
}

#[tokio::test(start_paused = true)]
async fn one_round_and_what_it_would_do() {
    let dns = Memory::default();
    let (desk, holds) = (Arc::new(Desk::new(1)), Arc::new(Holds::default()));
    let mut publishing = publishing(&dns, &desk, &holds);
    publishing.claimed().await;
    assert!(publishing.once(&[], true).await.unwrap().is_none(), "nothing was read");
    desk.take([endpoint("a", "a.example", "192.0.2.1"), heard()].concat());
    let dry = publishing.once(&[], true).await.unwrap().unwrap();
    assert!(dry.has_work() && dns.with(|dns| dns.sets()).is_empty());
    let round = publishing.once(&[], false).await.unwrap().unwrap();
    assert!(round.is_converged() && round.counts.creates == 1, "{round:?}");
    assert!(!publishing.once(&[], true).await.unwrap().unwrap().has_work());

    // Another process of the same owner, that hears of nothing: held, and released by its id.
    let desk = Arc::new(Desk::new(1));
    desk.take(heard());
    let mut publishing = self::publishing(&dns, &desk, &holds);
    publishing.claimed().await;
    let round = publishing.once(&[], false).await.unwrap().unwrap();
    let hold = round.plan.hold.as_ref().unwrap();
    assert!(!round.is_converged());
    let round = publishing.once(&[hold.id.to_string()], false).await.unwrap().unwrap();
    assert!(round.is_converged() && round.counts.deletes == 1, "{round:?}");
}

/// What was deleted while not all could be read goes once all can be: that it was deleted is not forgotten meanwhile.
#[tokio::test(start_paused = true)]
async fn a_delete_is_remembered_while_not_all_is_known() {
    let stage = Stage::new(&Memory::default());
    stage.take(objects(0..20));
    stage.take([heard()]);
    stage.wait_for("n19.example", Some("192.0.2.1")).await;
    stage.take([lacks(&["broken"])]);
    stage.take((0..20).map(|n| deleted(&format!("n{n}"))));
    tokio::time::sleep(INTERVAL * 2).await;
    assert!(stage.address("n0.example").is_some(), "what the broken one asks for is not known");
    assert_eq!(stage.holds.all(), []);
    stage.take([lacks(&[])]);
    stage.wait_for("n0.example", None).await;
    stage.wait_for("n19.example", None).await;
    assert_eq!(stage.holds.all(), [], "nobody is asked about deletes that were seen");
}

/// A DNS that went back is held; once it is what it was, nobody has to say so.
#[tokio::test(start_paused = true)]
async fn a_dns_that_comes_back_is_held_no_more() {
    let stage = Stage::new(&Memory::default());
    stage.take([endpoint("a", "a.example", "192.0.2.1"), heard()]);
    stage.wait_for("a.example", Some("192.0.2.1")).await;
    stage.dns.with(|dns| dns.went_back = true);
    stage.take([endpoint("a", "a.example", "192.0.2.2")]);
    until("hold", || stage.holds.all().iter().any(|hold| hold.id == "memory")).await;
    stage.dns.with(|dns| dns.went_back = false);
    stage.wait_for("a.example", Some("192.0.2.2")).await;
    until("no hold", || stage.holds.all().is_empty()).await;
}
