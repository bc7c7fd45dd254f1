use serde_json::{Value, json};

use super::*;
use crate::manifest::given;
use crate::object::Kind;
use crate::workload::Keep;

mod restart;
mod values;

/// A follower, what it came to, and a way to write what a server says.
struct Bench {
    follower: Follower,
    there: BTreeSet<String>,
    reads: usize,
    in_part: usize,
    went_back: usize,
    /// What was told of objects that are not understood, and of their deletion.
    refused: Vec<String>,
}

impl Bench {
    fn new() -> Self {
        Self::expecting(0)
    }

    fn expecting(objects: usize) -> Self {
        let follower = Follower::new("services of eu-1".into(), "eu-1".into()).expecting(objects);
        let (there, refused) = (BTreeSet::new(), Vec::new());
        Self { follower, there, reads: 0, in_part: 0, went_back: 0, refused }
    }

    fn hear(&mut self, heard: Heard) -> &mut Self {
        for news in self.follower.hear(heard) {
            match news {
                News::Set(object) => drop(self.there.insert(object.key.name().to_string())),
                News::Deleted(key) if !self.there.remove(key.name()) => {
                    self.refused.push(format!("-{}", key.name()));
                }
                News::Deleted(_) => {}
                News::Read => self.reads += 1,
                News::ReadInPart => self.in_part += 1,
                News::Problems => {}
                News::Refused(refused) => self.refused.push(refused.key.name().to_string()),
                News::WentBack => self.went_back += 1,
            }
        }
        self
    }

    fn page(&mut self, names: &[&str], version: &str, token: Option<&str>) -> &mut Self {
        let objects = names.iter().map(|name| service(name)).collect();
        self.hear(Heard::Page { objects, version: version.into(), token: token.map(str::to_owned) })
    }

    fn set(&mut self, name: &str, version: &str) -> &mut Self {
        self.hear(Heard::Set(Box::new(service(name)), version.into()))
    }

    fn deleted(&mut self, name: &str, version: &str) -> &mut Self {
        let key = ObjectKey::new(Kind::Service, Some("shop"), name);
        self.hear(Heard::Deleted(key, version.into()))
    }

    fn bookmark(&mut self, version: &str, complete: bool) -> &mut Self {
        self.hear(Heard::Bookmark { version: version.into(), complete })
    }

    fn failed(&mut self, code: u16, message: &str) -> &mut Self {
        self.hear(Heard::Failed(Failure { code: Some(code), message: message.into(), retry_after: None }))
    }

    fn there(&self) -> String {
        self.there.iter().cloned().collect::<Vec<_>>().join(" ")
    }

    fn ask(&self) -> Ask {
        self.follower.next(0).0
    }

    fn wait(&self) -> Duration {
        self.follower.next(1023).1
    }

    fn troubles(&self) -> Vec<Reason> {
        self.follower.problems().map(|problem| problem.reason).collect()
    }
}

fn service(name: &str) -> Given {
    given(Kind::Service, json!({"metadata": {"namespace": "shop", "name": name}}), "eu-1", &Keep::default())
}

fn watch(version: &str) -> Ask {
    Ask::Watch(version.into())
}

// === Reading ===

#[test]
fn a_stream_is_read_up_to_its_bookmark() {
    let mut bench = Bench::new();
    assert_eq!(bench.ask(), Ask::Stream);
    bench.hear(Heard::Opened).set("a", "5").set("b", "3").bookmark("4", false);
    assert_eq!((bench.there(), bench.reads), (String::new(), 0));
    bench.bookmark("9", true);
    assert_eq!((bench.there(), bench.reads), ("a b".into(), 1));
    bench.set("c", "10").deleted("a", "11").deleted("never", "12");
    assert_eq!((bench.there(), bench.ask()), ("b c".into(), watch("12")));
    bench.hear(Heard::Ended(Duration::from_secs(300)));
    assert_eq!((bench.ask(), bench.wait()), (watch("12"), Duration::ZERO));
}

#[test]
fn an_empty_stream_is_read_too() {
    let mut bench = Bench::new();
    bench.bookmark("9", true);
    assert_eq!((bench.reads, bench.ask()), (1, watch("9")));
}

#[test]
fn a_server_that_cannot_stream_is_read_by_pages() {
    for code in [400, 422] {
        let mut bench = Bench::new();
        bench.failed(code, "sendInitialEvents is forbidden");
        assert_eq!((bench.ask(), bench.wait()), (Ask::Page(None), Duration::ZERO));
        bench.page(&["a"], "7", Some("more"));
        assert_eq!((bench.there(), bench.ask()), (String::new(), Ask::Page(Some("more".into()))));
        bench.page(&["b"], "7", None);
        assert_eq!((bench.there(), bench.reads, bench.ask()), ("a b".into(), 1, watch("7")));
        // Later lists are not tried as streams again.
        bench.failed(410, "too old");
        assert_eq!(bench.ask(), Ask::Page(None));
    }
}

/// F-28: half of the pages, or half of a stream.
#[test]
fn half_a_list_deletes_nothing() {
    let mut bench = Bench::new();
    bench.set("a", "1").set("b", "2").bookmark("3", true).failed(410, "gone");
    bench.set("a", "4").hear(Heard::Ended(Duration::from_secs(9)));
    // Where a stream does not come to its end, pages may.
    assert_eq!((bench.there(), bench.ask()), ("a b".into(), Ask::Page(None)));
    assert!(bench.wait() > Duration::ZERO);
    bench.page(&["a", "b"], "4", None).failed(410, "gone");
    assert_eq!(bench.ask(), Ask::Stream, "it is tried again");
    bench.failed(400, "no streams").page(&["a"], "5", Some("more")).failed(410, "expired");
    assert_eq!((bench.there(), bench.ask()), ("a b".into(), Ask::Page(None)));
}

/// A streamed list that ends before it says that it does, of however many objects; and one that we end ourselves.
#[test]
fn a_stream_that_does_not_come_to_its_end_is_read_by_pages() {
    for objects in [&[][..], &["a"]] {
        let mut bench = Bench::new();
        let begin = |bench: &mut Bench| {
            bench.hear(Heard::Opened).bookmark("4", false);
            objects.iter().for_each(|name| _ = bench.set(name, "3"));
        };
        begin(&mut bench);
        bench.hear(Heard::GivenUp);
        assert_eq!((bench.ask(), bench.wait()), (Ask::Stream, Duration::ZERO));
        begin(&mut bench);
        bench.hear(Heard::Ended(Duration::from_secs(200)));
        assert_eq!(bench.ask(), Ask::Page(None));
        assert!(bench.wait() > Duration::ZERO);
        bench.page(objects, "5", None).hear(Heard::GivenUp);
        assert_eq!((bench.ask(), bench.reads), (watch("5"), 1));
    }
}

/// F-28: a list that always breaks off is not asked for in a circle.
#[test]
fn a_list_that_is_never_whole_is_waited_for_longer_each_time() {
    let mut bench = Bench::new();
    bench.failed(422, "no streams");
    let mut waits = Vec::new();
    for _ in 0..8 {
        bench.page(&["a"], "5", Some("more"));
        assert_eq!((bench.ask(), bench.wait()), (Ask::Page(Some("more".into())), Duration::ZERO));
        bench.failed(410, "expired");
        waits.push(bench.wait().as_millis());
    }
    assert!(waits.is_sorted() && waits[0] < 500 && waits[7] > 29_000, "{waits:?}");
}

/// A page with nothing new that names a further one would be followed for ever.
#[test]
fn pages_without_end_are_no_list() {
    let mut bench = Bench::new();
    bench.page(&["a", "b"], "3", None).failed(410, "gone").failed(422, "no streams");
    let mut waits = Vec::new();
    for _ in 0..8 {
        bench.page(&["a"], "5", Some("more")).page(&["a"], "5", Some("more"));
        assert_eq!((bench.there(), bench.ask()), ("a b".into(), Ask::Page(None)));
        waits.push(bench.wait().as_millis());
    }
    assert_eq!(bench.troubles(), [Reason::Unreadable]);
    assert!(waits.is_sorted() && waits[0] < 500 && waits[7] > 29_000, "{waits:?}");
}

#[test]
fn what_has_no_version_is_no_list() {
    let mut bench = Bench::new();
    bench.page(&[], "", None);
    assert_eq!((bench.reads, bench.ask(), bench.troubles()), (0, Ask::Stream, vec![Reason::Unreadable]));
    bench.bookmark("", true);
    assert_eq!(bench.reads, 0);
}

/// A server that says of each list which it has just given that it is too old is not asked for it in a circle.
#[test]
fn what_is_always_too_old_is_waited_for_longer_each_time() {
    for (code, message) in [(410, "too old resource version"), (400, "invalid resource version")] {
        let mut bench = Bench::new();
        let mut waits = Vec::new();
        for _ in 0..10 {
            bench.page(&["a"], "5", None);
            assert_eq!((bench.ask(), bench.wait()), (watch("5"), Duration::ZERO));
            bench.hear(Heard::Opened).failed(code, message);
            assert_eq!((bench.there(), bench.ask()), ("a".into(), Ask::Stream));
            waits.push(bench.wait().as_millis());
        }
        assert!(waits.is_sorted() && waits[0] < 500 && waits[9] > 29_000, "{waits:?}");
        bench.page(&["a"], "5", None).hear(Heard::Opened).bookmark("6", false).failed(code, message);
        assert!(bench.wait() < Duration::from_millis(500), "{:?}", bench.wait());
    }
}

#[test]
fn a_list_takes_away_what_it_lacks() {
    let mut bench = Bench::new();
    bench.page(&["a", "b", "c"], "3", None).failed(410, "too old resource version");
    assert_eq!((bench.ask(), bench.wait()), (Ask::Stream, Duration::ZERO));
    bench.set("a", "8").set("d", "8").bookmark("9", true);
    assert_eq!(bench.there(), "a d");
    assert_eq!(bench.troubles(), []);
}

/// F-29: an older replica answers.
#[test]
fn a_list_that_is_older_is_not_taken() {
    let mut bench = Bench::new();
    bench.page(&["a", "b"], "30", None).failed(410, "gone");
    bench.page(&["a"], "29", None);
    assert_eq!((bench.there(), bench.troubles()), ("a b".into(), vec![Reason::Unreadable]));
    assert!(bench.wait() > Duration::ZERO);
    bench.page(&["a"], "30", None);
    assert_eq!((bench.there(), bench.troubles()), ("a".into(), vec![]));
}

/// F-31: duplicates and late deletes end in what is.
#[test]
fn events_twice_are_events_once() {
    let mut bench = Bench::new();
    bench.bookmark("1", true).set("a", "2").set("a", "2").deleted("a", "3").deleted("a", "3").set("a", "4");
    assert_eq!((bench.there(), bench.ask()), ("a".into(), watch("4")));
}

/// F-31: what is older than what was told is not taken, and the watch that told it is not read on.
#[test]
fn a_watch_out_of_order_is_read_anew() {
    let late: [fn(&mut Bench); 3] = [
        |bench| _ = bench.set("a", "4").set("b", "3"),
        |bench| _ = bench.set("a", "4").deleted("a", "3"),
        |bench| _ = bench.deleted("a", "4").set("a", "3"),
    ];
    for (row, late) in late.into_iter().enumerate() {
        let mut bench = Bench::new();
        bench.page(&["a"], "2", None);
        late(&mut bench);
        let there = bench.there();
        assert_eq!((bench.ask(), bench.follower.abandons()), (Ask::Stream, true), "{row}");
        assert_eq!(bench.troubles(), [Reason::Unreadable], "{row}");
        // What else the stream says is passed over, its end too.
        bench.set("z", "9").deleted("a", "10").hear(Heard::Ended(Duration::from_secs(9)));
        assert_eq!((bench.there(), bench.ask()), (there, Ask::Stream), "{row}");
        bench.hear(Heard::Opened).set("c", "11").bookmark("12", true);
        assert_eq!(
            (bench.there(), bench.ask(), bench.troubles()),
            ("c".into(), watch("12"), vec![]),
            "{row}"
        );
    }
}

#[test]
fn a_watch_that_is_never_in_order_is_waited_for_longer_each_time() {
    let mut bench = Bench::new();
    bench.page(&["a"], "1", None);
    let mut waits = Vec::new();
    for version in 2..10 {
        bench.hear(Heard::Opened).set("a", &(version * 10).to_string()).set("a", "1");
        waits.push(bench.wait().as_millis());
        bench.page(&["a"], &(version * 10).to_string(), None);
    }
    assert!(waits.is_sorted() && waits[0] < 500 && waits[7] > 29_000, "{waits:?}");
    bench.hear(Heard::Opened).bookmark("100", false).set("a", "1");
    assert!(bench.wait() < Duration::from_millis(500), "{:?}", bench.wait());
}

/// F-30: a watch that says nothing is asked for once more; then everything is read again, by pages where a
/// stream says nothing either.
#[test]
fn a_silent_watch_is_not_believed_for_ever() {
    let silent = || Heard::Silent(Duration::from_secs(100));
    let mut bench = Bench::new();
    bench.page(&["a"], "2", None).hear(silent());
    assert_eq!((bench.ask(), bench.troubles()), (watch("2"), vec![Reason::Unreadable]));
    bench.hear(Heard::Opened).bookmark("3", false).hear(silent());
    assert_eq!(bench.ask(), watch("3"), "it spoke in between");
    bench.hear(Heard::Opened).hear(silent());
    assert_eq!((bench.ask(), bench.there()), (Ask::Stream, "a".into()));
    bench.hear(Heard::Opened).hear(silent());
    assert_eq!(bench.ask(), Ask::Page(None));
    bench.page(&["a", "b"], "9", None);
    assert_eq!((bench.ask(), bench.there(), bench.troubles()), (watch("9"), "a b".into(), vec![]));
    bench.failed(410, "gone");
    assert_eq!(bench.ask(), Ask::Stream, "it is tried again");
}

// === Held ===

/// F-27: empty, with 200.
#[test]
fn a_list_that_shrinks_too_much_is_held() {
    let names: Vec<String> = (0..12).map(|number| format!("s{number:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    // Objects before, objects in the new list, whether that is held.
    let rows = [(1, 0, true), (9, 0, true), (9, 1, false), (10, 6, false), (10, 5, true), (12, 7, false)];
    for (before, after, is_held) in rows {
        let mut bench = Bench::new();
        bench.page(&names[..before], "3", None).failed(410, "gone").page(&names[..after], "5", None);
        let there = if is_held { before } else { after };
        assert_eq!(bench.there.len(), there, "{before} -> {after}");
        assert_eq!(bench.follower.held().is_some(), is_held, "{before} -> {after}");
        assert_eq!(bench.troubles().contains(&Reason::Held), is_held, "{before} -> {after}");
        assert_eq!((bench.reads, bench.ask()), (2, watch("5")), "it is followed all the same");
    }
}

#[test]
fn what_is_held_is_back_or_deleted_or_released() {
    let held = || {
        let mut bench = Bench::new();
        bench.page(&["a", "b", "c"], "3", None).failed(410, "gone").bookmark("5", true);
        assert_eq!(bench.there(), "a b c");
        bench
    };
    let mut bench = held();
    bench.set("a", "6").set("b", "7").set("c", "8");
    assert_eq!((bench.follower.held(), bench.there(), bench.troubles()), (None, "a b c".into(), vec![]));

    let mut bench = held();
    bench.deleted("a", "6");
    assert_eq!((bench.there(), bench.troubles()), ("b c".into(), vec![Reason::Held]));
    bench.deleted("b", "7").deleted("c", "8");
    assert_eq!((bench.there(), bench.troubles()), (String::new(), vec![]));

    let mut bench = held();
    bench.set("a", "6");
    let gone: Vec<News> = bench.follower.release();
    let deleted = |name| News::Deleted(ObjectKey::new(Kind::Service, Some("shop"), name));
    assert_eq!(gone, [deleted("b"), deleted("c"), News::Problems]);
    assert_eq!((bench.follower.release(), bench.troubles()), (vec![], vec![]));
}

// === Limits ===

fn at_most(objects: usize) -> Bench {
    let follower = Follower::new("services of eu-1".into(), "eu-1".into()).at_most(objects);
    Bench { follower, ..Bench::new() }
}

/// The limit that is documented is the one that holds where nobody says another.
#[test]
fn half_a_million_objects_of_a_kind_are_taken() {
    let bench = Bench::new();
    assert_eq!((bench.follower.objects_max, OBJECTS_MAX), (500_000, 500_000));
}

/// What there is no room for is left out and told; it is not taken for gone, nor is what was there before.
#[test]
fn of_too_many_objects_some_are_left_out() {
    let mut bench = at_most(3);
    bench.page(&["a", "b"], "3", Some("more")).page(&["c", "d"], "3", Some("more"));
    bench.page(&["e"], "3", Some("more")).page(&["f"], "3", None);
    assert_eq!((bench.there(), bench.ask()), ("a b c".into(), watch("3")));
    assert_eq!((bench.reads, bench.in_part, bench.troubles()), (0, 1, vec![Reason::LimitReached]));
    // What was known has its room whatever stands before it; what a list lacks is gone. Then there is room again.
    bench.failed(410, "gone").page(&["A", "b", "c", "d", "e"], "5", None);
    assert_eq!((bench.there(), bench.ask()), ("b c".into(), Ask::Stream));
    assert!(bench.wait() > Duration::ZERO);
    bench.page(&["b", "c", "d", "e"], "6", None);
    assert_eq!((bench.there(), bench.ask()), ("b c d".into(), watch("6")));
    assert_eq!(bench.troubles(), [Reason::LimitReached]);
    // Changes of what is there are taken, and a deletion has everything read again.
    bench.hear(Heard::Opened).set("f", "7").set("b", "8").deleted("e", "9");
    assert_eq!((bench.there(), bench.ask(), bench.reads), ("b c d".into(), watch("9"), 0));
    bench.deleted("b", "10");
    assert_eq!((bench.there(), bench.ask(), bench.follower.abandons()), ("c d".into(), Ask::Stream, true));
    bench.hear(Heard::Opened).set("c", "4").set("d", "6").set("e", "7").bookmark("11", true);
    assert_eq!((bench.there(), bench.troubles(), bench.reads), ("c d e".into(), vec![], 1));
    // One too many of which a watch tells.
    bench.set("f", "12");
    assert_eq!((bench.there(), bench.troubles()), ("c d e".into(), vec![Reason::LimitReached]));
    assert_eq!(bench.in_part, 4, "it is told that not all of it was read");
}

#[test]
fn of_too_many_that_are_not_understood_some_are_left_out() {
    let mut bench = at_most(2);
    let bad = |name: &str| {
        let bad = json!({"metadata": {"namespace": "shop", "name": name, "labels": {"a": 1}}});
        given(Kind::Service, bad, "eu-1", &Keep::default())
    };
    let objects = vec![bad("a"), service("b"), bad("c")];
    bench.hear(Heard::Page { objects, version: "3".into(), token: None });
    for (name, version) in [("a", "4"), ("d", "5"), ("e", "6")] {
        bench.hear(Heard::Set(Box::new(bad(name)), version.into()));
    }
    assert_eq!((bench.there(), bench.follower.refused().len()), ("b".into(), 1));
    assert_eq!(bench.troubles(), [Reason::LimitReached, Reason::Invalid]);
}

#[test]
fn pages_that_go_on_beyond_all_limits_are_no_list() {
    let mut bench = at_most(2);
    for number in 0..9 {
        assert_eq!(bench.troubles(), [], "{number}");
        bench.page(&[&format!("n{number}")], "5", Some("more"));
    }
    assert_eq!((bench.ask(), bench.troubles()), (Ask::Stream, vec![Reason::Unreadable]));
    assert!(bench.wait() > Duration::ZERO);
}

// === Failures ===

/// F-26 and F-33: waits grow, are spread, and do as the server asks.
#[test]
fn failures_are_waited_out() {
    let mut bench = Bench::new();
    let mut waits = Vec::new();
    for _ in 0..10 {
        bench.hear(Heard::Failed(Failure { message: "refused".into(), ..Failure::default() }));
        waits.push(bench.wait().as_millis());
        assert!(bench.follower.next(0).1 * 2 <= bench.wait() + Duration::from_millis(30), "half is drawn");
    }
    assert!(waits.is_sorted() && waits[0] < 500 && waits[9] > 29_000, "{waits:?}");
    assert_eq!(bench.troubles(), [Reason::Unreadable]);
    bench.hear(Heard::Opened);
    assert_eq!(bench.troubles(), [Reason::Unreadable], "what it gives is not known yet");
    bench.bookmark("3", true);
    assert_eq!((bench.troubles(), bench.wait()), (vec![], Duration::ZERO));
    bench.hear(Heard::Failed(Failure { message: "refused".into(), ..Failure::default() }));
    bench.hear(Heard::Opened);
    assert_eq!(bench.troubles(), [], "it goes on from where it was");
    let retry_after = Some(Duration::from_secs(20));
    bench.hear(Heard::Failed(Failure { code: Some(429), message: "slow down".into(), retry_after }));
    assert!(bench.follower.next(0).1 >= Duration::from_secs(20), "whatever is drawn");
    bench.hear(Heard::Failed(Failure { message: "refused".into(), ..Failure::default() }));
    assert!(bench.wait() < Duration::from_secs(2), "it was asked for once");
}

/// Whoever stands between cuts a watch now and then: it goes on from where it was, and nobody need know.
#[test]
fn a_watch_that_is_cut_once_is_no_trouble() {
    let cut = || Heard::Failed(Failure { message: "connection reset".into(), ..Failure::default() });
    let mut bench = Bench::new();
    bench.page(&["a"], "2", None).hear(cut());
    assert_eq!((bench.ask(), bench.troubles()), (watch("2"), vec![]));
    assert!(bench.wait() > Duration::ZERO);
    bench.hear(cut());
    assert_eq!(
        (bench.ask(), bench.troubles()),
        (watch("2"), vec![Reason::Unreadable]),
        "twice is no accident"
    );
    bench.hear(Heard::Opened).bookmark("3", false).hear(cut());
    assert_eq!(bench.troubles(), [], "it spoke in between");
}

#[test]
fn a_stream_that_ends_at_once_is_a_failure() {
    let mut bench = Bench::new();
    bench.bookmark("3", true);
    bench.hear(Heard::Opened).hear(Heard::Ended(Duration::from_millis(1)));
    assert_eq!(bench.ask(), watch("3"));
    assert!(bench.wait() > Duration::ZERO);
}

/// F-32: what is forbidden is unknown, not empty.
#[test]
fn what_is_forbidden_stays() {
    for code in [401, 403] {
        let mut bench = Bench::new();
        bench.page(&["a"], "3", None).failed(code, "forbidden");
        assert_eq!((bench.there(), bench.troubles()), ("a".into(), vec![Reason::Unauthorized]));
        assert_eq!(bench.ask(), watch("3"));
    }
}

/// A proxy says 404 of everything; what every server has is not gone therefore, nor read.
#[test]
fn what_every_server_has_is_not_absent() {
    let mut bench = Bench::new();
    bench.follower = Follower::new("services of eu-1".into(), "eu-1".into()).everywhere(true);
    bench.failed(404, "page not found");
    assert_eq!((bench.reads, bench.troubles()), (0, vec![Reason::Unreadable]));
    bench.page(&["a"], "3", None).failed(404, "page not found");
    assert_eq!((bench.there(), bench.follower.held(), bench.ask()), ("a".into(), None, watch("3")));
}

/// F-34: a kind that is not there is off; one that was there and goes is held.
#[test]
fn an_absent_resource_is_read_unless_it_had_objects() {
    let mut bench = Bench::new();
    bench.failed(404, "not found").failed(404, "not found");
    assert_eq!((bench.reads, bench.troubles()), (1, vec![]));
    assert!(bench.wait() > WAIT_ABSENT - Duration::from_secs(1));
    bench.page(&["a"], "3", None).failed(404, "not found");
    assert_eq!((bench.there(), bench.troubles()), ("a".into(), vec![Reason::Held]));
    assert_eq!(bench.ask(), Ask::Stream);
    // It is there again, and empty: that is no more believed than before. Then somebody says so.
    bench.bookmark("9", true);
    assert_eq!((bench.there(), bench.troubles()), ("a".into(), vec![Reason::Held]));
    assert_eq!(bench.follower.release().len(), 2);
    bench.failed(404, "not found");
    assert_eq!(bench.troubles(), []);
}

/// The worst trap: a server whose store went back takes a watch at the old version and says nothing.
#[test]
fn a_store_that_went_back_is_told() {
    let mut bench = Bench::new();
    bench.page(&["a"], "300", None).failed(504, "Too large resource version: 300, current: 12");
    assert_eq!((bench.went_back, bench.there()), (1, "a".into()));
    bench.failed(504, "etcd timed out");
    assert_eq!(bench.went_back, 1);
    bench.follower.begin_anew();
    // Whoever said so believes what is there now, be it nothing.
    bench.page(&[], "12", None);
    assert_eq!((bench.there(), bench.ask()), (String::new(), watch("12")));
    bench.set("b", "13").failed(410, "gone").page(&[], "14", None);
    assert_eq!(bench.there(), "b");
}

/// One that went back and has caught up since may be another past: it is read again, and doubted as ever.
#[test]
fn what_may_be_another_past_is_read_again() {
    let mut bench = Bench::new();
    bench.page(&["a", "b"], "300", None).follower.read_again();
    assert_eq!((bench.ask(), bench.there()), (Ask::Stream, "a b".into()));
    bench.page(&["b", "c"], "301", None);
    assert_eq!((bench.there(), bench.ask()), ("b c".into(), watch("301")));
    bench.follower.read_again();
    bench.page(&[], "302", None);
    assert_eq!((bench.there(), bench.troubles()), ("b c".into(), vec![Reason::Held]));
}

// === Objects at fault ===

fn node(name: &str, labels: &Value) -> Given {
    given(Kind::Node, json!({"metadata": {"name": name, "labels": labels}}), "eu-1", &Keep::default())
}

/// One bad object costs one object, and keeps what it was before.
#[test]
fn a_refused_object_stays_what_it_was() {
    let mut bench = Bench::new();
    let good = || node("n", &json!({"a": "1"}));
    let bad = || node("n", &json!({"a": 1}));
    bench.hear(Heard::Page { objects: vec![good()], version: "3".into(), token: None });
    bench.hear(Heard::Set(Box::new(bad()), "4".into()));
    assert_eq!((bench.there(), bench.troubles()), ("n".into(), vec![Reason::Invalid]));
    bench.failed(410, "gone");
    bench.hear(Heard::Page { objects: vec![bad()], version: "5".into(), token: None });
    assert_eq!((bench.there(), bench.troubles()), ("n".into(), vec![Reason::Invalid]));
    bench.hear(Heard::Set(Box::new(good()), "6".into()));
    assert_eq!((bench.there(), bench.troubles()), ("n".into(), vec![]));
}
