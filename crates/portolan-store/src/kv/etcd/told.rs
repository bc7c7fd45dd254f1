//! What a watch has told, and what its next answer adds to it. Pure: answers in, whole revisions out.
//!
//! An answer may be a fragment: its last revision may go on in the next. What was told is told once, and in order; an answer that
//! is of the past, but for the revision that the watch began at, cannot be believed.

use super::fault::Fault;
use super::protocol::{Event, WatchResponse};
use super::revision;
use crate::kv::Revision;

/// How far a watch is.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// All up to here was told.
    pub(super) upto: Revision,
    /// Where it began at its member: events of this revision come again.
    start: Revision,
    /// Events of a revision that is not whole yet.
    held: Vec<Event>,
}

impl Told {
    pub(super) fn new(upto: Revision) -> Self {
        Self { upto, start: upto, held: Vec::new() }
    }

    /// It begins again at what was told. There is no revision 0 to begin at.
    pub(super) fn begin(&mut self) -> Revision {
        self.held.clear();
        self.start = self.upto;
        self.start.max(1)
    }

    /// Takes an answer; whole revisions when there are some to tell, and up to which. Without events it is time that has
    /// passed. They count as told with [`Told::tell`].
    ///
    /// # Errors
    /// When the watch has ended, or tells of the past.
    pub(super) fn take(&mut self, answer: WatchResponse) -> Result<Option<(Revision, Vec<Event>)>, Fault> {
        check(&answer)?;
        if answer.events.is_empty() && !answer.fragment && self.held.is_empty() {
            let upto = answer.header.map_or(0, |header| revision(header.revision));
            return Ok((upto > self.upto).then(|| (upto, Vec::new())));
        }
        self.held.extend(answer.events);
        let last = self.held.last().map_or(0, modified);
        let upto = if answer.fragment { last.saturating_sub(1) } else { last };
        let whole = self.held.iter().position(|event| modified(event) > upto).unwrap_or(self.held.len());
        let mut events: Vec<Event> = self.held.drain(..whole).collect();
        if self.start == self.upto {
            events.retain(|event| modified(event) != self.start);
        }
        if events.iter().any(|event| modified(event) <= self.upto) {
            tracing::warn!(told = self.upto, "a watch of the store tells of the past; all is read again");
            return Err(Fault::Compacted(Some(self.upto)));
        }
        Ok((!events.is_empty()).then_some((upto, events)))
    }

    /// All up to a revision was told.
    pub(super) fn tell(&mut self, upto: Revision) {
        self.upto = upto;
    }
}

/// # Errors
/// When an answer says that the watch has ended.
pub(super) fn check(answer: &WatchResponse) -> Result<(), Fault> {
    if answer.compact_revision > 0 {
        return Err(Fault::Compacted(Some(revision(answer.compact_revision))));
    }
    if answer.canceled {
        return Err(Fault::of_watch(&answer.cancel_reason));
    }
    Ok(())
}

fn modified(event: &Event) -> Revision {
    event.kv.as_ref().map_or(0, |key| revision(key.mod_revision))
}

#[cfg(test)]
mod tests {
    use super::super::protocol::{KeyValue, ResponseHeader};
    use super::*;

    fn answer(revisions: &[i64], fragment: bool) -> WatchResponse {
        let event = |at: &i64| Event {
            kv: Some(KeyValue { mod_revision: *at, ..KeyValue::default() }),
            ..Event::default()
        };
        WatchResponse { events: revisions.iter().map(event).collect(), fragment, ..WatchResponse::default() }
    }

    /// What is told of an answer: up to which revision, and the revisions of its events.
    fn told(told: &mut Told, answer: WatchResponse) -> Option<(Revision, Vec<Revision>)> {
        let (upto, events) = told.take(answer).unwrap()?;
        told.tell(upto);
        Some((upto, events.iter().map(modified).collect()))
    }

    #[test]
    fn what_it_begins_at_is_told_once_and_the_past_never() {
        let mut watch = Told::new(5);
        assert_eq!(watch.begin(), 5);
        assert_eq!(told(&mut watch, answer(&[5, 5], false)), None);
        assert_eq!(told(&mut watch, answer(&[5, 6, 8, 8], false)), Some((8, vec![6, 8, 8])));
        for past in [&[8][..], &[5], &[4], &[7, 9]] {
            assert_eq!(watch.take(answer(past, false)), Err(Fault::Compacted(Some(8))), "{past:?}");
        }
        assert_eq!(watch.begin(), 8);
        assert_eq!(watch.take(answer(&[7], false)), Err(Fault::Compacted(Some(8))));
        assert_eq!(told(&mut watch, answer(&[8, 9], false)), Some((9, vec![9])));
    }

    #[test]
    fn from_nothing_all_is_told() {
        let mut watch = Told::new(0);
        assert_eq!(watch.begin(), 1);
        assert_eq!(told(&mut watch, answer(&[1, 2], false)), Some((2, vec![1, 2])));
    }

    #[test]
    fn a_revision_in_fragments_is_told_when_it_is_whole() {
        let mut watch = Told::new(1);
        assert_eq!(told(&mut watch, answer(&[2, 3, 3], true)), Some((2, vec![2])));
        assert_eq!(told(&mut watch, answer(&[3], true)), None);
        assert_eq!(told(&mut watch, answer(&[3, 4], true)), Some((3, vec![3, 3, 3, 3])));
        assert_eq!(told(&mut watch, answer(&[4], false)), Some((4, vec![4, 4])));
        // What a member did not bring to its end, another brings whole.
        assert_eq!(told(&mut watch, answer(&[5], true)), None);
        assert_eq!(watch.begin(), 4);
        assert_eq!(told(&mut watch, answer(&[4, 5, 5], false)), Some((5, vec![5, 5])));
    }

    #[test]
    fn progress_is_told_when_it_is_some() {
        let mut watch = Told::new(5);
        let progress = |revision| WatchResponse {
            header: Some(ResponseHeader { revision, ..ResponseHeader::default() }),
            ..WatchResponse::default()
        };
        assert_eq!(told(&mut watch, progress(5)), None);
        assert_eq!(told(&mut watch, progress(7)), Some((7, vec![])));
        assert_eq!(
            watch.take(answer(&[7], false)),
            Err(Fault::Compacted(Some(7))),
            "it was further than it is"
        );
    }

    #[test]
    fn an_end_is_told_with_its_reason() {
        let mut watch = Told::new(5);
        let forgotten = WatchResponse { canceled: true, compact_revision: 9, ..WatchResponse::default() };
        assert_eq!(watch.take(forgotten), Err(Fault::Compacted(Some(9))));
        let reason = "etcdserver: no leader".to_owned();
        let ended = WatchResponse { canceled: true, cancel_reason: reason, ..WatchResponse::default() };
        assert_eq!(watch.take(ended), Err(Fault::NotDone("no leader".to_owned())));
    }
}
