use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::manifest;
use crate::object::Body;

fn domain(name: &str, suffix: &str) -> String {
    format!(
        "apiVersion: multiclusterdns.kubefed.io/v1alpha1\nkind: Domain\nmetadata: {{name: {name}, namespace: x}}\ndomain: {suffix}\n---\n"
    )
}

/// A folder, and somebody who follows its changes.
#[derive(Default)]
struct Follower {
    folder: Folder,
    seen: BTreeMap<ObjectKey, (String, String)>,
}

impl Follower {
    fn set(&mut self, path: &str, text: &str) -> &mut Self {
        self.folder.set(path, manifest::read(path, text.as_bytes()));
        self
    }

    fn remove(&mut self, path: &str) -> &mut Self {
        self.folder.remove(path);
        self
    }

    /// Follows the changes, and says them: `+a=1.example` and `-a`.
    fn changes(&mut self) -> String {
        let changes = self.folder.take_changes();
        let told: Vec<String> = changes.into_iter().map(|change| self.follow(change)).collect();
        told.join(" ")
    }

    fn follow(&mut self, change: Change) -> String {
        match change {
            Change::Set(object, place) => {
                let Body::Domain(domain) = &object.body else { panic!("only domains here") };
                let told = format!("+{}={}", object.key.name(), domain.domain);
                self.seen.insert(object.key.clone(), (domain.domain.clone(), place.to_string()));
                told
            }
            Change::Deleted(key) => {
                assert!(self.seen.remove(&key).is_some(), "{key} was never told");
                format!("-{}", key.name())
            }
        }
    }

    fn problems(&self) -> Vec<String> {
        self.folder.problems().map(ToString::to_string).collect()
    }
}

#[test]
fn a_file_gives_changes_and_takes_them_back() {
    let mut f = Follower::default();
    let both = domain("a", "1.example") + &domain("b", "1.example");
    assert_eq!(f.set("x.yaml", &both).changes(), "+a=1.example +b=1.example");
    assert_eq!(f.set("x.yaml", &both).changes(), "", "written again unchanged");
    assert_eq!(f.set("x.yaml", &domain("b", "2.example")).changes(), "-a +b=2.example");
    assert_eq!(f.remove("x.yaml").remove("x.yaml").changes(), "-b");
    assert_eq!(f.set("x.yaml", &both).remove("x.yaml").changes(), "", "gone before anybody looked");
}

#[test]
fn a_file_that_does_not_parse_keeps_its_objects() {
    let mut f = Follower::default();
    f.set("x.yaml", &(domain("a", "1.example") + &domain("b", "1.example"))).changes();
    for broken in ["", "a: [", "\0", "kind: Domain\nkind: Domain\n", "x: &a [*a, *a"] {
        assert_eq!(f.set("x.yaml", broken).changes(), "", "{broken:?}");
        assert_eq!(f.problems().len(), 1, "{broken:?}");
    }
    assert_eq!(f.set("x.yaml", &domain("a", "1.example")).changes(), "-b");
    assert_eq!(f.problems(), [""; 0]);
}

#[test]
fn a_wrong_type_keeps_that_object_alone() {
    let mut f = Follower::default();
    f.set("x.yaml", &(domain("a", "1.example") + &domain("b", "1.example"))).changes();
    assert_eq!(f.set("x.yaml", &(domain("a", "[]") + &domain("b", "2.example"))).changes(), "+b=2.example");
    assert_eq!(f.seen.len(), 2);
    assert_eq!(
        f.set("x.yaml", &(domain("b", "2.example") + &domain("c", "[]"))).changes(),
        "-a +b=2.example"
    );
}

/// Which object it was is not known: so all that its file gave stay, until each is named again.
#[test]
fn an_object_of_ours_that_may_be_any_takes_none_away() {
    let good = zone("a.example");
    let other = good.replace("name: z", "name: other").replace("a.example", "b.example");
    let both = |one: &str| format!("{one}---\n{other}");
    let bad = [
        good.replace("Zone", "Zoen"),
        good.replace("{name: z}", "{}"),
        good.replace("v1alpha1", "v1"),
        good.replace("{name: z}", "{}").replace("a.example", "[]"),
    ];
    for bad in bad {
        let mut folder = Folder::default();
        let set = |folder: &mut Folder, text: &str| {
            folder.set("a.yaml", manifest::read("a.yaml", text.as_bytes()));
            zone_changes(folder)
        };
        assert_eq!(set(&mut folder, &both(&good)).len(), 2);
        assert_eq!(set(&mut folder, &both(&bad)), [""; 0], "{bad}");
        assert_eq!((folder.problems().count() > 0, folder.lacks().is_empty()), (true, true), "{bad}");
        assert!(set(&mut folder, &other).contains(&"-z".to_owned()), "{bad}");

        // Of a start nobody knows what else it was.
        let mut folder = Folder::default();
        assert_eq!(set(&mut folder, &both(&bad)).len(), 1);
        assert!(!folder.lacks().is_empty(), "{bad}");
        set(&mut folder, &other);
        assert!(folder.lacks().is_empty(), "{bad}");
    }
}

/// A `Zone`, and what is said of it: `+z=APEX`, with `~` where only in part.
fn zones(folder: &mut Folder, path: &str, apex: &str) -> Vec<String> {
    folder.set(path, manifest::read(path, zone(apex).as_bytes()));
    zone_changes(folder)
}

fn zone(apex: &str) -> String {
    format!("apiVersion: portolan.dev/v1alpha1\nkind: Zone\nmetadata: {{name: z}}\nspec: {{apex: {apex}}}\n")
}

fn zone_changes(folder: &mut Folder) -> Vec<String> {
    let told = |change| match change {
        Change::Set(object, place) => {
            let Body::Zone(zone) = &object.body else { panic!("only zones here") };
            format!("{}{} {place}", if object.in_part { "~" } else { "" }, zone.spec.apex)
        }
        Change::Deleted(key) => format!("-{}", key.name()),
    };
    folder.take_changes().into_iter().map(told).collect()
}

#[test]
fn a_value_that_is_not_allowed_keeps_what_was_whole() {
    let mut folder = Folder::default();
    let bad = "'exam ple', ttl: 5";
    assert_eq!(zones(&mut folder, "a.yaml", "a.example"), ["a.example a.yaml:1:1"]);
    assert_eq!((zones(&mut folder, "a.yaml", bad), folder.problems().count()), (vec![], 1));
    assert!(folder.lacks().is_empty(), "it was whole once");
    assert_eq!(zones(&mut folder, "a.yaml", "b.example"), ["b.example a.yaml:1:1"]);
    folder.remove("a.yaml");
    assert_eq!(zone_changes(&mut folder), ["-z"]);

    // A new one counts in part, and lacks until it is whole.
    assert_eq!(zones(&mut folder, "b.yaml", bad), ["~exam ple b.yaml:1:1"]);
    assert_eq!(zones(&mut folder, "b.yaml", "'an other'"), [""; 0]);
    assert_eq!(folder.lacks().objects.len(), 1);
    // The whole one of two files counts, and the other takes over only when that is gone.
    assert_eq!(zones(&mut folder, "c.yaml", "c.example"), ["c.example c.yaml:1:1"]);
    folder.remove("c.yaml");
    assert_eq!(zone_changes(&mut folder), ["~exam ple b.yaml:1:1"]);
    assert_eq!(zones(&mut folder, "b.yaml", "b.example"), ["b.example b.yaml:1:1"]);
    assert!(folder.lacks().is_empty());
    assert_eq!(zones(&mut folder, "b.yaml", bad), [""; 0]);

    // The same within a file.
    let mut folder = Folder::default();
    let text = format!("{}---\n{}", zone("'exam ple', ttl: 5"), zone("a.example"));
    folder.set("a.yaml", manifest::read("a.yaml", text.as_bytes()));
    assert_eq!(zone_changes(&mut folder), ["a.example a.yaml:6:1"]);
}

#[test]
fn an_object_that_moves_is_the_same_object() {
    let mut folder = Folder::default();
    folder.set("x.yaml", manifest::read("x.yaml", domain("a", "1.example").as_bytes()));
    let [Change::Set(before, _)] = &folder.take_changes()[..] else { panic!("one change") };
    folder
        .set("x.yaml", manifest::read("x.yaml", format!("# more\n{}", domain("a", "1.example")).as_bytes()));
    let [Change::Set(after, place)] = &folder.take_changes()[..] else { panic!("one change") };
    assert!(Arc::ptr_eq(before, after));
    assert_eq!(place.to_string(), "x.yaml:2:1");
}

#[test]
fn the_first_by_path_has_the_word() {
    let mut f = Follower::default();
    assert_eq!(f.set("b.yaml", &domain("a", "b.example")).changes(), "+a=b.example");
    assert_eq!(f.set("a.yaml", &domain("a", "a.example")).changes(), "+a=a.example");
    let told = "b.yaml:1:1: Domain x/a: Duplicate: stands at a.yaml:1:1 already; the first by path that is whole counts";
    assert_eq!(f.problems(), [told]);
    assert_eq!(f.remove("a.yaml").changes(), "+a=b.example", "the second takes over, without a delete");
    assert_eq!(f.problems(), [""; 0]);
    assert_eq!(f.remove("b.yaml").changes(), "-a");
}

#[test]
fn twice_in_one_file_the_first_counts() {
    let mut f = Follower::default();
    assert_eq!(
        f.set("a.yaml", &(domain("a", "1.example") + &domain("a", "2.example"))).changes(),
        "+a=1.example"
    );
    let told = "a.yaml:6:1: Domain x/a: Duplicate: stands at a.yaml:1:1 already; the first by path that is whole counts";
    assert_eq!(f.problems(), [told]);
}

/// What may happen to a file: it is written (with objects of these values), broken, or removed.
#[derive(Clone, Debug)]
enum Event {
    Written(Vec<(u8, u8)>),
    Broken,
    Removed,
}

impl Event {
    fn apply(&self, file: usize, f: &mut Follower) {
        let path = format!("{file}.yaml");
        match self {
            Self::Written(objects) => {
                let text: String = objects
                    .iter()
                    .map(|(name, value)| domain(&format!("n{name}"), &format!("v{value}.example")))
                    .collect();
                f.set(&path, &format!("# objects\n{text}"));
            }
            Self::Broken => drop(f.set(&path, "a: [")),
            Self::Removed => drop(f.remove(&path)),
        }
    }
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => prop::collection::vec((0u8..4, 0u8..3), 0..4).prop_map(Event::Written),
        1 => Just(Event::Broken),
        1 => Just(Event::Removed),
    ]
}

proptest! {
    /// The events of each file keep their order; those of different files may come in any, and changes
    /// may be taken at any time: the end is the same.
    #[test]
    fn any_order_ends_the_same(
        files in prop::collection::vec(prop::collection::vec(event(), 0..4), 1..4),
        turns in prop::collection::vec((0usize..4, any::<bool>()), 0..16),
    ) {
        let mut in_turn = Follower::default();
        for (file, events) in files.iter().enumerate() {
            events.iter().for_each(|event| event.apply(file, &mut in_turn));
        }
        in_turn.changes();

        let mut mixed = Follower::default();
        let mut left: Vec<_> = files.iter().map(|events| events.iter()).collect();
        let all = turns.into_iter().chain((0..files.len() * 4).map(|turn| (turn, true)));
        for (turn, look) in all {
            let file = turn % files.len();
            if let Some(event) = left[file].next() {
                event.apply(file, &mut mixed);
            }
            if look {
                mixed.changes();
            }
        }
        mixed.changes();
        prop_assert_eq!(&mixed.seen, &in_turn.seen);
        prop_assert_eq!(mixed.problems(), in_turn.problems());
    }
}
