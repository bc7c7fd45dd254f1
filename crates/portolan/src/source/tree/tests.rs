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
        let mut touches = if paths.is_empty() { Touches::everything() } else { Touches::default() };
        for path in paths {
            touches.path(&self.path(""), &self.path(path));
        }
        self.tree.scan(&touches).iter().map(tell).collect()
    }

    fn check(&mut self, paths: &[&str], expected: &[&str]) {
        assert_eq!(self.scan(paths), expected, "after touching {paths:?}");
    }
}

fn tell(event: &Event) -> String {
    let of = |source: &ClusterName| if *source == root() { "root".to_owned() } else { source.to_string() };
    match event {
        Event::Set { source, object, place } => format!("{}: set {} {place}", of(source), object.key()),
        Event::Deleted { source, key } => format!("{}: deleted {key}", of(source)),
        Event::Networks { source, path, text } => {
            format!("{}: networks {path} {}", of(source), text.as_deref().unwrap_or("gone"))
        }
        Event::Heard(source) => format!("{}: heard", of(source)),
        Event::Silent(source) => format!("{}: silent", of(source)),
        Event::Reading(source, problems) => {
            let problems: Vec<String> =
                problems.iter().map(|p| format!("{} {}", p.reason, p.place)).collect();
            format!("{}: problems [{}]", of(source), problems.join(", "))
        }
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
            "eu-1: heard",
            "eu-2: set Service default/a eu-2/a.yaml:1:1",
            "eu-2: heard",
            "root: heard",
        ],
    );
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
