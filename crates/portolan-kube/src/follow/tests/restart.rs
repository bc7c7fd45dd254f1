//! What is held over our own restart and over further lists, and what was never understood.

use super::*;

const TEN: [&str; 10] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];

/// F-27, across our own restart.
#[test]
fn a_first_list_that_lacks_what_was_there_is_held() {
    // Before, in the list, held?
    let rows = [
        (0, 0, false),
        (1, 1, false),
        (1, 0, true),
        (9, 4, false),
        (9, 0, true),
        (10, 6, false),
        (10, 5, true),
        (3, 10, false),
    ];
    for (before, there, is_held) in rows {
        let mut bench = Bench::expecting(before);
        bench.page(&TEN[..there], "7", None);
        let row = format!("{before} before, {there} there");
        assert_eq!((bench.in_part > 0, bench.reads == 0), (is_held, is_held), "{row}");
        assert_eq!(bench.there.len(), there, "{row}: what is there counts");
        assert_eq!(bench.follower.held().is_some(), is_held, "{row}");
        assert_eq!(bench.troubles().contains(&Reason::Held), is_held, "{row}");
        assert_eq!(bench.follower.count(), (!is_held).then_some(there), "{row}");
        assert_eq!(bench.ask(), watch("7"), "{row}: it is followed all the same");
    }
}

#[test]
fn what_a_first_list_lacked_is_believed_on_evidence() {
    let held = || {
        let mut bench = Bench::expecting(10);
        bench.page(&TEN[..5], "7", None);
        assert_eq!(
            bench.follower.held().unwrap().why,
            "the first list since our own start lacks 5 of 10 objects"
        );
        bench
    };
    // They come back, or as many others: which they were is not known.
    let mut bench = held();
    bench.set("f", "8").set("g", "9").set("h", "10").set("i", "11").set("a", "12");
    assert_eq!((bench.reads, bench.troubles()), (0, vec![Reason::Held]));
    assert_eq!(
        bench.follower.held().unwrap().why,
        "the first list since our own start lacks 1 of 10 objects"
    );
    bench.set("j", "13");
    assert_eq!((bench.reads, bench.follower.held()), (1, None));
    assert!(bench.troubles().is_empty());
    // Deletions are told of them; one of what is there says nothing of what is not.
    let mut bench = held();
    bench.deleted("a", "8").deleted("f", "9").deleted("g", "10").deleted("h", "11").deleted("i", "12");
    assert_eq!((bench.reads, bench.there()), (0, "b c d e".into()));
    bench.deleted("j", "13");
    assert_eq!((bench.reads, bench.follower.held()), (1, None));
    // Somebody says so.
    let mut bench = held();
    let news = bench.follower.release();
    assert_eq!(news, [News::Problems, News::Read]);
    assert_eq!((bench.follower.held(), bench.follower.count()), (None, Some(5)));
    // The cluster as a whole is believed again.
    let mut bench = held();
    bench.follower.begin_anew();
    bench.page(&TEN[..2], "3", None);
    assert_eq!((bench.reads, bench.follower.held()), (1, None));
    // A later list that is whole.
    let mut bench = held();
    bench.failed(410, "too old").page(&TEN, "8", None);
    assert_eq!((bench.reads, bench.follower.held()), (1, None));
    // One that lacks less lacks something all the same.
    let mut bench = held();
    bench.failed(410, "too old").page(&TEN[..9], "8", None);
    assert_eq!((bench.reads, bench.troubles()), (0, vec![Reason::Held]));
    // And one that lacks more still.
    let mut bench = held();
    bench.failed(410, "too old").page(&[], "8", None);
    assert_eq!((bench.reads, bench.there().as_str()), (0, "a b c d e"));
    assert_eq!(bench.follower.held().unwrap().missing.len(), 5);
}

#[test]
fn a_kind_that_is_gone_after_our_restart_is_held() {
    let mut bench = Bench::expecting(3);
    bench.failed(404, "not found").failed(404, "not found");
    assert_eq!((bench.reads, bench.in_part), (0, 1));
    assert_eq!(bench.follower.held().unwrap().why, "the server has it no more, and lacks 3 of 3 objects");
    bench.page(&["a", "b", "c"], "9", None);
    assert_eq!((bench.reads, bench.follower.held()), (1, None));
}

// === What is held stays held ===

/// A list that lacks what was held has no more to say of it than the one before.
#[test]
fn what_is_held_stays_held_over_further_lists() {
    // Twelve, of which six are held; then a new one.
    let all: Vec<String> = (0..12).map(|i| format!("n{i:02}")).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let mut bench = Bench::new();
    bench.page(&all, "5", None).failed(410, "too old").page(&all[..6], "6", None);
    assert_eq!(bench.follower.held().unwrap().missing.len(), 6);
    bench.set("new", "7").failed(410, "too old");
    bench.page(&[&all[..6], &["new"]].concat(), "8", None);
    assert_eq!((bench.there.len(), bench.follower.held().unwrap().missing.len()), (13, 6));
    // Nine, all held; one shows itself.
    let mut bench = Bench::new();
    bench.page(&all[..9], "5", None).failed(410, "too old").page(&[], "6", None);
    bench.set("n00", "7").failed(410, "too old").page(&["n00"], "8", None);
    assert_eq!((bench.there.len(), bench.follower.held().unwrap().missing.len()), (9, 8));
    // What goes by itself meanwhile goes.
    bench.set("other", "9").failed(410, "too old").page(&["n00"], "10", None);
    assert_eq!((bench.there.len(), bench.follower.held().unwrap().missing.len()), (9, 8));
}

/// F-31, in the first part of a stream.
#[test]
fn what_is_deleted_while_a_list_is_read_is_not_there() {
    let mut bench = Bench::new();
    bench.hear(Heard::Opened).set("a", "5").set("b", "3").deleted("a", "6").bookmark("7", true);
    assert_eq!((bench.there(), bench.reads), ("b".into(), 1));
}

#[test]
fn what_was_never_understood_is_known() {
    let refused = |name: &str| {
        given(
            Kind::Service,
            json!({"metadata": {"namespace": "shop", "name": name}, "spec": {"ports": 1}}),
            "eu-1",
            &Keep::default(),
        )
    };
    let names = |bench: &Bench| {
        bench.follower.refused().iter().map(|key| key.name().to_owned()).collect::<Vec<_>>().join(" ")
    };
    let mut bench = Bench::new();
    let objects = vec![service("a"), refused("b"), refused("c")];
    bench.hear(Heard::Page { objects, version: "5".into(), token: None });
    assert_eq!(names(&bench), "b c");
    bench.hear(Heard::Set(Box::new(service("b")), "6".into())).deleted("c", "7");
    assert_eq!(names(&bench), "");
    // What was understood once is not among them: it stays what it was.
    bench.hear(Heard::Set(Box::new(refused("a")), "8".into()));
    assert_eq!((names(&bench), bench.there()), (String::new(), "a b".into()));
    assert_eq!(bench.refused, ["b", "c", "-c", "a"], "each is told of, and its end");
}

/// Somebody has to hear that it is gone, or it is told of for ever; a list that is held says nothing of it.
#[test]
fn what_was_never_understood_goes_with_a_list_that_is_believed() {
    let refused = |name: &str| {
        let object = json!({"metadata": {"namespace": "shop", "name": name}, "spec": {"ports": 1}});
        given(Kind::Service, object, "eu-1", &Keep::default())
    };
    let page = |objects| Heard::Page { objects, version: "5".into(), token: None };
    let mut bench = Bench::new();
    bench.hear(page(vec![service("a"), refused("b")]));
    bench.failed(410, "gone").hear(page(vec![]));
    assert_eq!((bench.there(), bench.follower.refused().len()), ("a".into(), 1), "all is held");
    bench.failed(410, "gone").hear(page(vec![service("a")]));
    assert_eq!((bench.follower.refused().len(), &*bench.refused), (0, &["b".into(), "-b".into()][..]));
}
