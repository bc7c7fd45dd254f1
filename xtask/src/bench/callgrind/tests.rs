use super::*;

fn folder(names: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in names {
        let total = name.rsplit('.').next().unwrap();
        std::fs::write(folder.path().join(name), format!("fn=a\ntotals: {total}\n")).unwrap();
    }
    folder
}

#[test]
fn calls_come_in_their_order_and_the_end_is_no_call() {
    let folder = folder(&["counts.77.10", "counts.77.9", "counts.77", "valgrind.77", "vgdb-from-vgdb-to-77"]);
    let costs = calls_of(folder.path()).unwrap();
    assert_eq!(costs.iter().map(|cost| cost.instructions).collect::<Vec<_>>(), [9, 10]);
}

#[test]
fn every_process_is_spoken_to() {
    let names = [
        "vgdb-from-vgdb-to-77-by-a-on-b",
        "vgdb-shared-mem-vgdb-77-by-a-on-b",
        "vgdb-shared-mem-vgdb-78-by-a",
    ];
    let folder = folder(&names);
    let mut processes = Counter { folder: folder.path().into() }.processes().unwrap();
    processes.sort_unstable();
    assert_eq!(processes, [77, 78]);
}

#[test]
fn a_folder_where_nothing_runs_is_an_error() {
    let folder = folder(&[]);
    let fault = Counter::switch_on(folder.path()).err().unwrap().to_string();
    assert!(fault.starts_with("no process runs under valgrind in "), "{fault}");
}

#[test]
fn the_program_keeps_its_arguments_and_variables() {
    let mut program = Command::new("knotd");
    program.args(["-c", "knot.conf"]).env("HOME", "/tmp").env_remove("LANG");
    let command = wrapped(&program, Path::new("/tmp/here"));
    let args: Vec<_> = command.get_args().map(|arg| arg.to_string_lossy().into_owned()).collect();
    assert!(args.contains(&"--callgrind-out-file=/tmp/here/counts.%p".to_owned()), "{args:?}");
    assert_eq!(args[args.len() - 3..], ["knotd", "-c", "knot.conf"]);
    let envs: Vec<_> = command.get_envs().collect();
    assert_eq!(envs, program.get_envs().collect::<Vec<_>>());
}
