use portolan_core::Name;
use portolan_core::plan::{Act, Change, Found, Mark, Marked, RecordSet, Targets};
use portolan_core::record::{Rdata, RecordType, Target};
use portolan_core::registry::Text;

use crate::provider::Step;

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn txt(text: &str) -> Rdata {
    Rdata::txt(text.as_bytes()).unwrap()
}

fn set(owner: &str, rtype: RecordType, targets: &[&str]) -> RecordSet {
    let target = |text: &&str| match rtype {
        RecordType::TXT => Target::Record(rtype, txt(text)),
        RecordType::CNAME => Target::Host(name(text)),
        _ => Target::Address(text.parse().unwrap()),
    };
    RecordSet::new(name(owner), rtype, targets.iter().map(target).collect::<Targets>(), None)
}

fn put(owner: &str, text: &str) -> Text {
    Text::Put { name: name(owner), identifier: "".into(), data: txt(text) }
}

fn remove(owner: &str, text: &str) -> Text {
    Text::Remove { name: name(owner), identifier: "".into(), data: txt(text), version: None }
}

fn found(set: RecordSet) -> Found {
    Found { set, mark: Mark::None, outdated: false, version: None }
}

/// What becomes of what: `name TYPE old > new`.
fn lines(step: &Step) -> Vec<String> {
    let targets = |set: Option<&RecordSet>| {
        set.map_or("-".into(), |set| {
            set.targets.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
        })
    };
    let line = |edit: &super::Edit| {
        let old = edit.old.as_ref().map(|(set, _)| set);
        format!("{} {} > {}", edit.set().unwrap(), targets(old), targets(edit.new.as_ref()))
    };
    step.edits().iter().map(line).collect()
}

#[test]
fn marks_come_first_and_go_last() {
    let a = set("foo.x", RecordType::A, &["192.0.2.1"]);
    let step = Step {
        change: Change {
            name: name("foo.x"),
            seen: Vec::new(),
            acts: vec![
                Act::Delete(found(a.clone())),
                Act::Create(Marked { set: set("foo.x", RecordType::CNAME, &["lb.y"]), mark: Mark::None }),
            ],
        },
        texts: vec![put("cname-foo.x", "new"), remove("a-foo.x", "old")],
        seen: vec![(a, Some(1)), (set("a-foo.x", RecordType::TXT, &["old"]), Some(2))],
    };
    assert_eq!(
        lines(&step),
        [
            "cname-foo.x. TXT - > \"new\"",
            "foo.x. A 192.0.2.1 > -",
            "foo.x. CNAME - > lb.y.",
            "a-foo.x. TXT \"old\" > -",
        ]
    );
}

#[test]
fn texts_of_others_in_the_set_of_a_mark_stay() {
    let texts = set("foo.x", RecordType::TXT, &["hello", "mark of him", "old mark"]);
    let step = Step {
        change: Change {
            name: name("foo.x"),
            seen: Vec::new(),
            // As the planner sees it, without marks.
            acts: vec![Act::Update {
                old: found(set("foo.x", RecordType::TXT, &["hello"])),
                new: Marked { set: set("foo.x", RecordType::TXT, &["good bye"]), mark: Mark::None },
            }],
        },
        texts: vec![put("foo.x", "new mark"), remove("foo.x", "old mark")],
        seen: vec![(texts, None)],
    };
    assert_eq!(
        lines(&step),
        ["foo.x. TXT \"hello\",\"old mark\",\"mark of him\" > \"good bye\",\"new mark\",\"mark of him\""]
    );
}

#[test]
fn what_is_as_it_was_is_no_edit() {
    let a = set("foo.x", RecordType::A, &["192.0.2.1"]);
    let step = Step {
        change: Change {
            name: name("foo.x"),
            seen: Vec::new(),
            acts: vec![Act::Update {
                old: found(a.clone()),
                new: Marked { set: a.clone(), mark: Mark::None },
            }],
        },
        texts: vec![put("a-foo.x", "here"), remove("gone.x", "nothing")],
        seen: vec![(a, None), (set("a-foo.x", RecordType::TXT, &["here"]), None)],
    };
    assert_eq!(lines(&step), [""; 0]);
}
