use notify::event::{DataChange, Flag, MetadataKind, RemoveKind, RenameMode};

use super::*;

const FILE: &str = "/fleet/eu-1/web.yaml";
const CREATED: EventKind = EventKind::Create(CreateKind::File);
const MODIFIED: EventKind = EventKind::Modify(ModifyKind::Data(DataChange::Any));
const CLOSED: EventKind = EventKind::Access(AccessKind::Close(AccessMode::Write));
const ATTRIBUTES: EventKind = EventKind::Modify(ModifyKind::Metadata(MetadataKind::Any));
const MOVED: EventKind = EventKind::Modify(ModifyKind::Name(RenameMode::To));
const REMOVED: EventKind = EventKind::Remove(RemoveKind::File);

fn at(kind: EventKind, path: &str) -> notify::Result<notify::Event> {
    Ok(notify::Event::new(kind).add_path(path.into()))
}

fn told(events: impl IntoIterator<Item = notify::Result<notify::Event>>) -> Notices {
    let notices = Notices::default();
    events.into_iter().for_each(|event| notices.take(Path::new("/fleet"), event));
    notices
}

fn touches(paths: &[&str], held: bool) -> Touches {
    let mut touches = Touches::default();
    paths.iter().for_each(|path| touches.path(Path::new("/fleet"), Path::new(path)));
    if held {
        touches.hold("eu-1".into(), "web.yaml".into());
    }
    touches
}

/// What is handed over at once after these notices of one file, and what after the patience with writers.
#[track_caller]
fn check(kinds: &[EventKind], at_once: &Touches, later: &Touches) {
    let notices = told(kinds.iter().map(|kind| at(*kind, FILE)));
    let mut told = notices.lock();
    assert_eq!(&told.hand_over(Instant::now()), at_once, "{kinds:?}, at once");
    assert_eq!(&told.hand_over(Instant::now() + WRITE_PATIENCE), later, "{kinds:?}, later");
    assert!(told.writing.is_empty(), "{kinds:?}");
}

#[test]
fn a_file_is_read_when_it_is_whole() {
    let (file, held, nothing) = (touches(&[FILE], false), touches(&[], true), Touches::default());
    for whole in [MOVED, REMOVED, CLOSED, ATTRIBUTES, EventKind::Any] {
        check(&[whole], &file, &nothing);
    }
    check(&[CREATED], &held, &file);
    check(&[MODIFIED], &held, &file);
    check(&[CREATED, MODIFIED, MODIFIED], &held, &file);
    check(&[CREATED, MODIFIED, CLOSED], &file, &nothing);
    check(&[CREATED, ATTRIBUTES], &held, &file);
    check(&[MODIFIED, REMOVED], &file, &nothing);
    check(&[MODIFIED, MOVED], &file, &nothing);
    // Closed and opened again: what was touched is left alone too.
    check(&[MODIFIED, CLOSED, MODIFIED], &touches(&[FILE], true), &file);
    for read in [AccessKind::Open(AccessMode::Any), AccessKind::Close(AccessMode::Read), AccessKind::Read] {
        check(&[EventKind::Access(read)], &nothing, &nothing);
    }
}

#[test]
fn who_opens_again_and_again_is_read_as_well() {
    let mut told = Told::default();
    let begin = Instant::now();
    let file = || Place::File("eu-1".into(), "web.yaml".into());
    for (notice, part) in [(Notice::Begun, 0), (Notice::Closed, 1), (Notice::Begun, 2), (Notice::Begun, 4)] {
        told.note(notice, file(), begin + part * WRITE_PATIENCE / 4);
    }
    assert_eq!(told.patience(begin), Some(WRITE_PATIENCE), "it counts from the first");
    assert_eq!(told.hand_over(begin + WRITE_PATIENCE), touches(&[FILE], false));
    told.note(Notice::Begun, file(), begin + 2 * WRITE_PATIENCE);
    assert_eq!(told.patience(begin + 2 * WRITE_PATIENCE), Some(WRITE_PATIENCE), "and anew when it was read");
}

#[test]
fn folders_and_hidden_links_wait_for_nobody() {
    for path in ["/fleet", "/fleet/eu-1", "/fleet/eu-1/..data"] {
        let notices = told([at(CREATED, path)]);
        assert_eq!(notices.lock().hand_over(Instant::now()), touches(&[path], false), "{path}");
    }
    assert!(
        told([at(EventKind::Any, "/elsewhere/web.yaml")]).lock().is_idle(),
        "the parent has other children"
    );
}

#[test]
fn a_link_is_whole_when_it_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("web.yaml");
    std::os::unix::fs::symlink("elsewhere", &link).unwrap();
    assert_eq!(Notice::of(CREATED, &link), Notice::Whole);
    assert_eq!(Notice::of(CREATED, &folder.path().join("file.yaml")), Notice::Begun);
}

#[test]
fn writers_beyond_the_most_are_not_waited_for() {
    let mut told = Told::default();
    let file = |number: usize| Place::File("eu-1".into(), format!("{number}.yaml"));
    (0..=WRITING_MAX).for_each(|number| told.note(Notice::Begun, file(number), Instant::now()));
    assert_eq!(told.writing.len(), WRITING_MAX);
    assert_eq!(told.touches, touches(&[&format!("/fleet/eu-1/{WRITING_MAX}.yaml")], false));
}

#[test]
fn lost_notices_mean_everything() {
    let overflow = notify::Event::new(EventKind::Other).set_flag(Flag::Rescan);
    assert!(told([Ok(overflow)]).lock().touches.is_everything());
    assert!(told([Err(notify::Error::generic("the queue broke"))]).lock().touches.is_everything());
}

#[test]
fn gathering_ends_when_it_is_told_to() {
    let notices = Notices::default();
    notices.look_again(["eu-1".into()].into(), Touches::default());
    assert!(notices.gather().is_some_and(|touches| !touches.is_empty()));
    notices.stop();
    assert!(notices.gather().is_none());
}

#[test]
fn gathering_waits_for_writers_and_not_for_ever() {
    let notices = told([at(MODIFIED, FILE)]);
    let found = std::iter::repeat_with(|| notices.gather().unwrap()).find(|found| !found.is_empty());
    assert_eq!(found, Some(touches(&[FILE], false)));
}
