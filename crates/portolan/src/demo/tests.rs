use std::path::Path;

use super::clients::{CLIENTS, FRANKFURT, Stage};
use super::folder::{FILES, Folder};
use super::table::Table;
use super::{Asker, Scene as _, Theatre};

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/bookinfo");

/// A file of the example that is not in the binary would be missing in every demo.
#[test]
fn the_whole_example_is_in_the_binary() {
    let mut paths = Vec::new();
    let mut folders = vec![Path::new(EXAMPLE).to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => paths.push(path.strip_prefix(EXAMPLE).unwrap().to_string_lossy().into_owned()),
            }
        }
    }
    paths.retain(|path| path != "README.md");
    paths.sort();
    assert_eq!(paths, FILES.iter().map(|(path, _)| *path).collect::<Vec<_>>());
}

#[test]
fn the_example_has_no_problem() {
    let engine = crate::source::load(Path::new(EXAMPLE), &std::sync::Arc::default()).unwrap();
    assert_eq!(engine.problems(), []);
}

#[test]
fn the_folder_goes_with_the_demo() {
    let folder = Folder::create().unwrap();
    let path = folder.folder().unwrap().to_owned();
    assert!(path.join("eu-frankfurt/nodes.yaml").is_file());
    drop(folder);
    assert!(!path.exists());
}

/// The check must be able to fail: what is right at one stage is wrong at another.
#[test]
fn an_answer_of_another_stage_is_wrong() {
    let theatre = Theatre::open(Box::new(Folder::create().unwrap())).unwrap();
    let asker = Asker::new(theatre.address()).unwrap();
    assert_eq!(asker.ask(&CLIENTS[0]).unwrap().addresses, [std::net::IpAddr::from(FRANKFURT)]);
    let table = Table::ask(&asker, &theatre.engine).unwrap();
    assert_eq!((table.wrong(Stage::Whole), table.wrong(Stage::Failed)), (0, CLIENTS.len()));
    let lines = table.lines(false, Some(Stage::Failed)).join("\n");
    assert!(lines.contains("should be 198.51.100.10 for 15 s"), "{lines}");
    assert!(lines.lines().all(|line| line.chars().count() <= 80), "{lines}");
}
