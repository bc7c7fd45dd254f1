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
fn a_reader_that_is_stuck_does_not_keep_everything() {
    let published = Published::new(snapshot(0));
    let held: Vec<Arc<Snapshot>> = (1..200)
        .map(|revision| {
            let held = published.current();
            published.publish(snapshot(revision));
            held
        })
        .collect();
    assert_eq!(published.retired.lock().unwrap().len(), RETIRED_MAX);
    drop(held);
    published.sweep();
    assert!(published.retired.lock().unwrap().is_empty());
}
