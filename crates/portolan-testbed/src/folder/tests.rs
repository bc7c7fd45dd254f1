use super::*;

#[test]
fn a_folder_and_its_log_go_with_the_value() {
    let folder = Folder::new("gone");
    let (path, log) = (folder.path().to_owned(), folder.log());
    fs::write(&log, "words").unwrap();
    folder.write("file", "text");
    drop(folder);
    assert!(!path.exists() && !log.exists());
}

#[test]
fn the_log_of_a_test_that_fails_is_kept() {
    let path = std::thread::spawn(|| {
        let folder = Folder::new("kept");
        fs::write(folder.log(), "words").unwrap();
        let path = folder.path().to_owned();
        std::panic::resume_unwind(Box::new(path));
    });
    let path = path.join().unwrap_err().downcast::<PathBuf>().unwrap();
    let log = path.with_extension("log");
    assert!(!path.exists() && log.exists());
    fs::remove_file(log).unwrap();
}

/// Process ids end below 2^22, so this one is no process.
const NOBODY: &str = "9999999";

#[test]
fn what_processes_that_are_gone_left_goes_too() {
    let base = tempfile::tempdir().unwrap();
    let (gone, alive) = (base.path().join(NOBODY), base.path().join(std::process::id().to_string()));
    for ours in [&gone, &alive] {
        fs::create_dir_all(ours.join("eu-1-0")).unwrap();
        fs::write(ours.join("eu-1-0.log"), "words").unwrap();
    }
    sweep(base.path());
    assert!(!gone.join("eu-1-0").exists() && gone.join("eu-1-0.log").exists());
    assert!(alive.join("eu-1-0").exists() && alive.join("eu-1-0.log").exists());
    sweep_one(&gone, true);
    assert!(!gone.exists());
}
