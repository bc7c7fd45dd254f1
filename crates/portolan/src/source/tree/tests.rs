use std::os::unix::fs::symlink;

use super::*;

/// A fleet folder, and what a tree says of it.
struct World {
    folder: tempfile::TempDir,
    tree: Tree,
}

impl World {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let world = Self { tree: Tree::new(&folder.path().join("fleet")), folder };
        files.iter().for_each(|(path, text)| world.write(path, text));
        world
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join("fleet").join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Looks at these paths, or at everything, and tells what changed.
    fn scan(&mut self, paths: &[&str]) -> Vec<String> {
        let touches = self.touches(paths);
        self.tree.scan(&touches).iter().map(tell).collect()
    }

    fn touches(&self, paths: &[&str]) -> Touches {
        let mut touches = if paths.is_empty() { Touches::everything() } else { Touches::default() };
        for path in paths {
            touches.path(&self.path(""), &self.path(path));
        }
        touches
    }

    /// Looks at what is doubtful.
    #[track_caller]
    fn check_doubt(&mut self, expected: &[&str]) {
        let doubt = self.tree.doubtful();
        let told: Vec<String> = self.tree.scan(&doubt).iter().map(tell).collect();
        assert_eq!(told, expected);
    }

    fn check(&mut self, paths: &[&str], expected: &[&str]) {
        assert_eq!(self.scan(paths), expected, "after touching {paths:?}");
    }
}

fn tell(event: &Event) -> String {
    let of = |source: &ClusterName| if *source == root() { "root".to_owned() } else { source.to_string() };
    match event {
        Event::Set { source, object, place } => format!("{}: set {} {place}", of(source), object.key),
        Event::Deleted { source, key } => format!("{}: deleted {key}", of(source)),
        Event::Networks { source, path, text } => {
            format!("{}: networks {path} {}", of(source), text.as_deref().unwrap_or("gone"))
        }
        Event::Lacks(source, lacks) => {
            let objects: Vec<String> = lacks.objects.iter().map(ToString::to_string).collect();
            let files: Vec<&str> = lacks.files.iter().map(AsRef::as_ref).collect();
            format!("{}: lacks [{}]", of(source), [files.join(", "), objects.join(", ")].concat())
        }
        Event::Followed(source) => format!("{}: followed", of(source)),
        Event::Reached(source) => format!("{}: reached", of(source)),
        Event::Heard(source) => format!("{}: heard", of(source)),
        Event::Silent(source) => format!("{}: silent", of(source)),
        Event::Reading(source, problems) => {
            let problems: Vec<String> =
                problems.iter().map(|p| format!("{} {}", p.reason, p.place)).collect();
            format!("{}: problems [{}]", of(source), problems.join(", "))
        }
        Event::Gone(source) => format!("{}: gone", of(source)),
        Event::Resolved(host, _) => panic!("{host} is of no folder"),
        Event::Refused(_) | Event::Copy { .. } => panic!("nobody writes to a folder"),
    }
}

fn service(name: &str) -> String {
    format!("apiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\n")
}

#[test]
fn what_is_read_and_what_is_passed_over() {
    let web = service("web");
    let mut world = World::new(&[
        ("domain.yml", "apiVersion: v1\nkind: Node\nmetadata: {name: worker}\n"),
        ("README.md", "no manifest"),
        ("eu-1/web.yaml", &web),
        ("eu-1/web.yaml.bak", &web),
        ("eu-1/.hidden.yaml", &web),
        ("eu-1/deep/other.yaml", &service("deep")),
        ("eu-1/nets.csv", "cidr,place"),
        ("eu-1/j.json", r#"{"apiVersion":"v1","kind":"Node","metadata":{"name":"j"}}"#),
        (".git/web.yaml", &web),
    ]);
    world.check(
        &[],
        &[
            "eu-1: set Service default/web eu-1/web.yaml:1:1",
            "eu-1: set Node j eu-1/j.json:1:1",
            "eu-1: networks nets.csv cidr,place",
            "eu-1: heard",
            "root: set Node worker domain.yml:1:1",
            "root: heard",
        ],
    );
    world.check(&[], &[]);
}

#[test]
fn a_changed_a_new_and_a_removed_file() {
    let mut world = World::new(&[("eu-1/web.yaml", &service("web"))]);
    world.scan(&[]);
    world.write("eu-1/web.yaml", &service("shop"));
    world.check(
        &["eu-1/web.yaml"],
        &["eu-1: set Service default/shop eu-1/web.yaml:1:1", "eu-1: deleted Service default/web"],
    );
    world.write("eu-1/new.yaml", &service("new"));
    world.check(&["eu-1/new.yaml"], &["eu-1: set Service default/new eu-1/new.yaml:1:1"]);
    fs::remove_file(world.path("eu-1/new.yaml")).unwrap();
    world.check(&["eu-1/new.yaml"], &["eu-1: deleted Service default/new"]);
    fs::remove_file(world.path("eu-1/web.yaml")).unwrap();
    world.check(&[], &["eu-1: deleted Service default/shop"]);
}

#[test]
fn a_folder_that_is_gone_is_silent_and_heard_again_when_it_is_back() {
    let mut world =
        World::new(&[("eu-1/a.yaml", &service("a")), ("eu-1/b.yaml", &service("b")), ("us-1/c.yaml", "")]);
    world.scan(&[]);
    fs::rename(world.path("eu-1"), world.path("../kept")).unwrap();
    // The notices name files too, which are gone with their folder and must not be deletes.
    world.check(&["eu-1/a.yaml", "eu-1"], &["eu-1: silent"]);
    world.check(&[], &[]);
    fs::rename(world.path("../kept"), world.path("eu-1")).unwrap();
    fs::remove_file(world.path("eu-1/b.yaml")).unwrap();
    world.check(
        &["eu-1"],
        &["eu-1: deleted Service default/b", "eu-1: set Service default/a eu-1/a.yaml:1:1", "eu-1: heard"],
    );
}

#[test]
fn an_empty_folder_of_a_cluster_is_a_cluster_with_nothing_in_it() {
    let mut world = World::new(&[("eu-1/a.yaml", &service("a"))]);
    world.scan(&[]);
    fs::remove_file(world.path("eu-1/a.yaml")).unwrap();
    world.check(&["eu-1/a.yaml"], &["eu-1: deleted Service default/a"]);
}

#[test]
fn a_root_that_is_gone_or_empty_changes_nothing() {
    let mut world = World::new(&[("eu-1/a.yaml", &service("a"))]);
    world.scan(&[]);
    let fleet = world.folder.path().join("fleet");
    fs::rename(&fleet, world.folder.path().join("kept")).unwrap();
    let lost = ["root: silent".to_owned(), format!("root: problems [Unreadable {}]", fleet.display())];
    assert_eq!(world.scan(&[]), lost);
    world.check(&[], &[]);
    fs::create_dir(&fleet).unwrap();
    assert_eq!(world.scan(&[]), lost, "empty is another problem, and no change either");
    fs::remove_dir(&fleet).unwrap();
    fs::rename(world.folder.path().join("kept"), &fleet).unwrap();
    let back = world.scan(&["eu-1"]);
    assert_eq!(back, ["eu-1: problems []", "root: heard", "root: problems []"]);
}

#[test]
fn a_file_that_does_not_parse_keeps_what_it_gave() {
    let mut world = World::new(&[("eu-1/a.yaml", &service("a")), ("eu-1/b.yaml", &service("b"))]);
    world.scan(&[]);
    world.write("eu-1/a.yaml", "apiVersion: v1\nkind: [Serv");
    let events = world.scan(&["eu-1/a.yaml"]);
    assert!(
        events.len() == 1 && events[0].starts_with("eu-1: problems [Unreadable eu-1/a.yaml:2:"),
        "{events:?}"
    );
    world.write("eu-1/a.yaml", &service("a"));
    world.check(&["eu-1/a.yaml"], &["eu-1: problems []"]);
}

#[test]
fn a_mounted_config_map_changes_by_a_hidden_link() {
    let mut world =
        World::new(&[("eu-1/..v1/web.yaml", &service("one")), ("eu-1/..v2/web.yaml", &service("two"))]);
    symlink("..v1", world.path("eu-1/..data")).unwrap();
    symlink("..data/web.yaml", world.path("eu-1/web.yaml")).unwrap();
    world.check(&[], &["eu-1: set Service default/one eu-1/web.yaml:1:1", "eu-1: heard", "root: heard"]);
    symlink("..v2", world.path("eu-1/..tmp")).unwrap();
    fs::rename(world.path("eu-1/..tmp"), world.path("eu-1/..data")).unwrap();
    world.check(
        &["eu-1/..data"],
        &["eu-1: deleted Service default/one", "eu-1: set Service default/two eu-1/web.yaml:1:1"],
    );
}

#[test]
fn a_link_that_leads_nowhere_and_a_link_to_a_folder() {
    let mut world = World::new(&[("eu-1/a.yaml", &service("a"))]);
    symlink("nowhere.yaml", world.path("eu-1/dangling.yaml")).unwrap();
    symlink("eu-1", world.path("eu-2")).unwrap();
    world.check(
        &[],
        &[
            "eu-1: set Service default/a eu-1/a.yaml:1:1",
            "eu-1: lacks [dangling.yaml]",
            "eu-1: heard",
            "eu-1: problems [Unreadable eu-1/dangling.yaml]",
            "eu-2: set Service default/a eu-2/a.yaml:1:1",
            "eu-2: lacks [dangling.yaml]",
            "eu-2: heard",
            "eu-2: problems [Unreadable eu-2/dangling.yaml]",
            "root: heard",
        ],
    );
}

#[test]
fn what_was_never_read_is_lacking_until_it_is() {
    let refused = "apiVersion: v1\nkind: Service\nmetadata: {name: b}\nspec: 5\n";
    let mut world = World::new(&[("eu-1/a.yaml", "a: ["), ("eu-1/b.yaml", refused)]);
    let problems = "eu-1: problems [Unreadable eu-1/a.yaml:1:4, Invalid eu-1/b.yaml:4:7]";
    world.check(&[], &["eu-1: lacks [a.yamlService default/b]", "eu-1: heard", problems, "root: heard"]);
    fs::write(world.path("eu-1/b.yaml"), service("b")).unwrap();
    let set = "eu-1: set Service default/b eu-1/b.yaml:1:1";
    let problems = "eu-1: problems [Unreadable eu-1/a.yaml:1:4]";
    world.check(&["eu-1/b.yaml"], &[set, "eu-1: lacks [a.yaml]", problems]);
    fs::write(world.path("eu-1/b.yaml"), refused).unwrap();
    let problems = "eu-1: problems [Unreadable eu-1/a.yaml:1:4, Invalid eu-1/b.yaml:4:7]";
    world.check(&["eu-1/b.yaml"], &[problems]);
    fs::remove_file(world.path("eu-1/a.yaml")).unwrap();
    world.check(&["eu-1/a.yaml"], &["eu-1: lacks []", "eu-1: problems [Invalid eu-1/b.yaml:4:7]"]);
}

#[test]
fn a_link_that_leads_nowhere_any_more_keeps_what_it_gave() {
    for paths in [&["eu-1/a.yaml"][..], &["eu-1"], &[]] {
        let mut world = World::new(&[("eu-1/.a", &service("a")), ("eu-1/.n", "cidr,place")]);
        symlink(".a", world.path("eu-1/a.yaml")).unwrap();
        world.scan(&[]);
        fs::remove_file(world.path("eu-1/.a")).unwrap();
        world.check(paths, &["eu-1: problems [Unreadable eu-1/a.yaml]"]);
        world.check_doubt(&[]);
        fs::remove_file(world.path("eu-1/a.yaml")).unwrap();
        world.check(paths, &["eu-1: deleted Service default/a", "eu-1: problems []"]);
    }
}

/// A stat or a read that fails for any other reason than that nothing is there says nothing of what is.
#[test]
fn what_cannot_be_looked_at_or_read_stays_and_is_tried_again() {
    // Not even root can look through a file, follow a link to itself, or read this file of the kernel's.
    for bad in ["../beside/x", "a.yaml", "/proc/self/mem"] {
        for paths in [&["eu-1/a.yaml"][..], &["eu-1"], &[]] {
            let mut world = World::new(&[("eu-1/a.yaml", &service("a")), ("beside", "")]);
            world.scan(&[]);
            fs::remove_file(world.path("eu-1/a.yaml")).unwrap();
            symlink(bad, world.path("eu-1/a.yaml")).unwrap();
            world.check(paths, &["eu-1: problems [Unreadable eu-1/a.yaml]"]);
            world.check_doubt(&[]);
            let mut doubt = Touches::default();
            doubt.path(&world.path(""), &world.path("eu-1/a.yaml"));
            assert_eq!(world.tree.doubtful(), doubt, "{bad} is tried again");
            fs::remove_file(world.path("eu-1/a.yaml")).unwrap();
            world.write("eu-1/a.yaml", &service("b"));
            world.check_doubt(&[
                "eu-1: deleted Service default/a",
                "eu-1: set Service default/b eu-1/a.yaml:1:1",
                "eu-1: problems []",
            ]);
            assert!(world.tree.doubtful().is_empty());
        }
    }
}

#[test]
fn a_change_behind_a_link_is_looked_for() {
    let mut world = World::new(&[("eu-1/b.yaml", &service("b")), ("../outside", &service("a"))]);
    symlink("../../outside", world.path("eu-1/a.yaml")).unwrap();
    world.scan(&[]);
    assert!(world.tree.doubtful().is_empty());
    world.write("../outside", &service("other"));
    world.write("eu-1/b.yaml", &service("of this somebody tells"));
    world
        .check_doubt(&["eu-1: deleted Service default/a", "eu-1: set Service default/other eu-1/a.yaml:1:1"]);
    assert!(world.tree.doubtful().is_empty());
}

#[test]
fn a_time_that_is_set_back_hides_no_change() {
    let mut world = World::new(&[("eu-1/a.yaml", &service("a"))]);
    world.scan(&[]);
    let file = fs::File::options().write(true).open(world.path("eu-1/a.yaml")).unwrap();
    let modified = file.metadata().unwrap().modified().unwrap();
    world.write("eu-1/a.yaml", &service("b"));
    file.set_modified(modified).unwrap();
    world.check(&[], &["eu-1: deleted Service default/a", "eu-1: set Service default/b eu-1/a.yaml:1:1"]);
}

#[test]
fn a_root_that_is_lost_and_a_folder_that_is_back_are_doubtful() {
    let mut world = World::new(&[("eu-1/a.yaml", &service("a")), ("us-1/b.yaml", &service("b"))]);
    world.scan(&[]);
    fs::rename(world.path("eu-1"), world.path("../kept")).unwrap();
    world.scan(&[]);
    world.check_doubt(&[]);
    fs::rename(world.path("../kept"), world.path("eu-1")).unwrap();
    world.check_doubt(&["eu-1: set Service default/a eu-1/a.yaml:1:1", "eu-1: heard"]);
    fs::rename(world.path(""), world.folder.path().join("kept")).unwrap();
    world.scan(&[]);
    assert!(world.tree.doubtful().is_everything());
}

#[test]
fn a_file_that_is_being_written_is_left_alone() {
    let mut world = World::new(&[("eu-1/a.yaml", &service("a")), ("eu-1/b.yaml", &service("b"))]);
    world.scan(&[]);
    world.write("eu-1/a.yaml", &service("half"));
    world.write("eu-1/new.yaml", &service("half"));
    for paths in [&["eu-1/a.yaml", "eu-1/new.yaml"][..], &["eu-1"], &[]] {
        let mut touches = world.touches(paths);
        touches.hold("eu-1".into(), "a.yaml".into());
        touches.hold("eu-1".into(), "new.yaml".into());
        assert!(world.tree.scan(&touches).is_empty(), "{paths:?}");
    }
    world.check(
        &["eu-1/a.yaml"],
        &["eu-1: deleted Service default/a", "eu-1: set Service default/half eu-1/a.yaml:1:1"],
    );
}

#[test]
fn a_file_that_was_written_after_the_notices_is_postponed_once() {
    let mut world = World::new(&[("eu-1/a.yaml", &service("a"))]);
    world.scan(&[]);
    let gathered = std::time::SystemTime::now() - std::time::Duration::from_secs(1);
    for paths in [&["eu-1/a.yaml"][..], &["eu-1"]] {
        world.write("eu-1/a.yaml", &service("b"));
        let mut touches = world.touches(paths);
        touches.told_until(gathered);
        assert!(world.tree.scan(&touches).is_empty(), "{paths:?}");
        assert_eq!(world.tree.postponed(), world.touches(&["eu-1/a.yaml"]));
        let told: Vec<String> = world.tree.scan(&touches).iter().map(tell).collect();
        assert_eq!(told, ["eu-1: deleted Service default/a", "eu-1: set Service default/b eu-1/a.yaml:1:1"]);
        assert!(world.tree.postponed().is_empty());
        world.write("eu-1/a.yaml", &service("a"));
        world.scan(&["eu-1/a.yaml"]);
    }
}

#[test]
fn limits_of_files_and_of_folders_are_said_side_by_side_and_taken_back() {
    use crate::source::read::FILES_MAX;
    let world = World::new(&[("eu-1/a.yaml", &service("a"))]);
    let (folder, cluster) = (world.path("eu-1"), ClusterName::from("eu-1"));
    let mut member = Member::default();
    let listing = |cut| Listing { files: vec!["a.yaml".into()], cut, ..Listing::default() };
    let everything = Touches::everything();
    let limits = |member: &mut Member, pending: Pending| {
        let outcomes = read::read_all(&pending.jobs, &portolan_kube::workload::Keep::default());
        let events = member.take(pending, outcomes, true);
        events.iter().map(tell).filter(|told| told.contains("LimitReached")).collect::<Vec<_>>()
    };
    member.too_many_folders = world
        .tree
        .too_many_folders(&Listing { folders: vec!["x".into(); CLUSTERS_MAX + 1], ..Listing::default() });
    let pending = member.look(&cluster, &folder, &listing(true), (&everything, true));
    assert_eq!(limits(&mut member, pending), ["eu-1: problems [LimitReached , LimitReached ]"]);
    assert!(member.is_cut(), "the next touch lists the folder, as one of {FILES_MAX} files may have gone");
    member.too_many_folders = None;
    let pending = member.look(&cluster, &folder, &listing(false), (&Touches::default(), false));
    assert!(limits(&mut member, pending).is_empty() && !member.is_cut());
}

#[test]
fn a_file_that_is_too_large_is_refused_without_being_read() {
    let mut world = World::new(&[("eu-1/a.yaml", &service("a"))]);
    let big = fs::File::create(world.path("eu-1/big.yaml")).unwrap();
    big.set_len(50 << 20).unwrap();
    let events = world.scan(&[]);
    assert!(events.contains(&"eu-1: problems [Unreadable eu-1/big.yaml:1:1]".to_owned()), "{events:?}");
    let csv = fs::File::create(world.path("eu-1/big.csv")).unwrap();
    csv.set_len(read::NETWORKS_BYTES_MAX + 1).unwrap();
    let events = world.scan(&[]);
    assert!(events.len() == 1 && events[0].contains("Unreadable eu-1/big.csv"), "{events:?}");
}

#[test]
fn a_new_folder_is_looked_at_once_more() {
    let mut world = World::new(&[("eu-1/a.yaml", &service("a"))]);
    world.scan(&[]);
    assert_eq!(world.tree.take_fresh().len(), 1);
    world.write("us-1/b.yaml", &service("b"));
    world.scan(&["us-1"]);
    assert_eq!(world.tree.take_fresh(), ["us-1".into()].into());
    world.scan(&[]);
    assert!(world.tree.take_fresh().is_empty());
}

#[test]
fn many_files_give_the_same_in_parallel() {
    let files: Vec<(String, String)> =
        (0..100).map(|n| (format!("eu-1/{n:03}.yaml"), service(&format!("s{n:03}")))).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let events = World::new(&files).scan(&[]);
    let expected: Vec<String> =
        (0..100).map(|n| format!("eu-1: set Service default/s{n:03} eu-1/{n:03}.yaml:1:1")).collect();
    assert_eq!(events[..100], expected);
}
