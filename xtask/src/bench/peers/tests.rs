use super::*;
use crate::bench::dataset::STATIC;

fn site(folder: &Path) -> Site<'_> {
    Site {
        folder,
        port: 5_353,
        helper_port: 5_354,
        workers: 2,
        cores: None,
        names: STATIC,
        zone: Path::new("/tmp/zone"),
        portolan: Path::new("portolan"),
        counts: None,
    }
}

#[test]
fn places_of_a_template_are_filled_in() {
    let site = site(Path::new("/tmp/knot"));
    let text =
        site.fill("listen: 127.0.0.1@{{PORT}} # {{WORKERS}}\nfile: {{ZONE}} {{FOLDER}} {{APEX}}").unwrap();
    assert_eq!(text, "listen: 127.0.0.1@5353 # 2\nfile: /tmp/zone /tmp/knot glb.example");
}

#[test]
fn a_place_that_nothing_is_known_for_is_named() {
    let error = site(Path::new("/tmp")).fill("a {{WORKER}} {{PORT}}").unwrap_err().to_string();
    assert_eq!(error, "nothing is known for {{WORKER}}");
}

#[test]
fn every_template_can_be_filled_in() {
    let folder = tempfile::tempdir().unwrap();
    let site = site(folder.path());
    let mut count = 0;
    for peer in fs::read_dir(root().join(TEMPLATES)).unwrap() {
        for file in fs::read_dir(peer.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let template = path.strip_prefix(root().join(TEMPLATES)).unwrap().to_str().unwrap();
            let written = site.write(template, "filled").unwrap();
            assert!(!fs::read_to_string(written).unwrap().contains("{{"), "{template}");
            count += 1;
        }
    }
    assert!(count >= 6, "{count} templates");
}

#[test]
fn a_family_is_chosen_by_what_stands_before_the_dash() {
    let names = |wanted: &[&str]| {
        let wanted: Vec<String> = wanted.iter().map(|name| (*name).to_owned()).collect();
        let peers = chosen(&wanted, Mode::Static).map_err(|error| error.to_string());
        peers.map(|peers| peers.iter().map(|peer| peer.name).collect::<Vec<_>>())
    };
    assert_eq!(names(&["knot", "nsd"]).unwrap(), ["echo", "nsd", "knot"]);
    assert_eq!(names(&["echo"]).unwrap(), ["echo", "echo-plain"]);
    assert!(names(&[]).unwrap().len() >= 8);
    assert!(names(&["djb"]).unwrap_err().starts_with("--peers: \"djb\" is none of echo, "));
}

#[test]
fn no_two_peers_have_a_name() {
    let mut names: Vec<&str> = ALL.iter().map(|peer| peer.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), ALL.len());
}
