use super::*;

fn snapshot(revision: u64) -> Snapshot {
    let mut snapshot = Snapshot::new(1);
    snapshot.revision = revision;
    snapshot
}

#[test]
fn readers_see_what_was_published_last() {
    let published = Published::new(snapshot(1));
    let mut reader = published.reader();
    assert_eq!(reader.snapshot().revision, 1);
    published.publish(snapshot(2));
    assert_eq!(reader.snapshot().revision, 2);
    assert_eq!(published.current().revision, 2);
    assert_eq!(published.glance().revision, 2);
}

#[test]
fn a_replaced_snapshot_is_freed_by_the_publisher_and_not_by_a_reader() {
    let published = Published::new(snapshot(1));
    let mut reader = published.reader();
    reader.snapshot();
    let first = Arc::downgrade(&published.current());
    published.publish(snapshot(2));
    published.sweep();
    assert!(first.upgrade().is_some(), "the reader still holds it");
    assert_eq!(reader.snapshot().revision, 2);
    assert!(first.upgrade().is_some(), "the reader let go of it, and did not free it");
    published.sweep();
    assert!(first.upgrade().is_none());
}

#[test]
fn many_that_are_stuck_make_no_long_list() {
    let published = Published::new(snapshot(0));
    let held: Vec<Arc<Snapshot>> = (1..200)
        .map(|revision| {
            let held = published.current();
            published.publish(snapshot(revision));
            held
        })
        .collect();
    assert_eq!(published.retired.lock().unwrap().len(), published.retired_max());
    drop(held);
    published.sweep();
    assert!(published.retired.lock().unwrap().is_empty());
}

#[test]
fn no_reader_frees_a_snapshot_however_many_are_paused() {
    const READERS: u64 = 300;
    let published = Published::new(snapshot(0));
    // Each is paused with another snapshot in its hands, and none of these is current any more.
    let mut readers: Vec<(Reader, std::sync::Weak<Snapshot>)> = (1..=READERS)
        .map(|revision| {
            let held = (published.reader(), Arc::downgrade(&published.current()));
            published.publish(snapshot(revision));
            held
        })
        .collect();
    for revision in READERS + 1..3 * READERS {
        published.publish(snapshot(revision));
    }
    for (reader, held) in &mut readers {
        assert_eq!(reader.snapshot().revision, 3 * READERS - 1);
        assert!(held.upgrade().is_some(), "the reader has let go of it, and did not free it");
    }
    published.sweep();
    assert!(readers.iter().all(|(_, held)| held.upgrade().is_none()));
}

#[test]
fn what_nobody_holds_goes_with_the_next_publication() {
    let published = Published::new(snapshot(0));
    let mut reader = published.reader();
    for revision in 1..1_000 {
        published.publish(snapshot(revision));
        assert!(published.retired.lock().unwrap().len() <= 1, "only the one that the reader holds");
    }
    assert_eq!(reader.snapshot().revision, 999);
}
