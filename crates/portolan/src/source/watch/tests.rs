use notify::event::{CreateKind, DataChange, Flag, ModifyKind, RemoveKind};

use super::*;

fn told(event: notify::Result<notify::Event>) -> Touches {
    let notices = Notices::default();
    notices.take(Path::new("/fleet"), event);
    notices.lock().touches.clone()
}

fn at(kind: EventKind, path: &str) -> notify::Result<notify::Event> {
    Ok(notify::Event::new(kind).add_path(path.into()))
}

#[test]
fn what_changes_a_file_touches_it_and_what_reads_it_does_not() {
    let file = "/fleet/eu-1/web.yaml";
    let mut touched = Touches::default();
    touched.path(Path::new("/fleet"), Path::new(file));
    for kind in [
        EventKind::Create(CreateKind::File),
        EventKind::Modify(ModifyKind::Data(DataChange::Any)),
        EventKind::Remove(RemoveKind::File),
        EventKind::Access(AccessKind::Close(AccessMode::Write)),
        EventKind::Any,
    ] {
        assert_eq!(told(at(kind, file)), touched, "{kind:?}");
    }
    for kind in [AccessKind::Open(AccessMode::Any), AccessKind::Close(AccessMode::Read), AccessKind::Read] {
        assert!(told(at(EventKind::Access(kind), file)).is_empty(), "{kind:?}");
    }
    assert!(told(at(EventKind::Any, "/elsewhere/web.yaml")).is_empty(), "the parent has other children");
}

#[test]
fn lost_notices_mean_everything() {
    let overflow = notify::Event::new(EventKind::Other).set_flag(Flag::Rescan);
    assert!(told(Ok(overflow)).is_everything());
    assert!(told(Err(notify::Error::generic("the queue broke"))).is_everything());
}

#[test]
fn gathering_ends_when_it_is_told_to() {
    let notices = Notices::default();
    notices.look_again(["eu-1".into()].into());
    assert!(notices.gather().is_some_and(|touches| !touches.is_empty()));
    notices.lock().stop = true;
    assert!(notices.gather().is_none());
}
