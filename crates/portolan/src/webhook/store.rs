//! The records in a store outside this process (etcd), which several processes share.
//!
//! ```text
//!   changes ─▶ transactions, each while its keys are as they were read ─▶ acknowledged
//!   others' changes ─▶ watch ─▶ the same book
//! ```
//!
//! A key is `/portolan/webhook/records/NAME/TYPE/IDENTIFIER`, its value the endpoint as it was given, in JSON. A change of
//! more keys than one transaction takes is several, one after the other: each is whole, and a client whose request
//! ended between two of them finds what was done when it lists.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use portolan_store::kv::{
    Batch, Compare, KeyEvent, Kv, KvError, OPERATIONS_MAX, Operation, Outcome, Revision, Span,
    TRANSACTION_OCTETS_MAX, Transaction,
};
use portolan_sync::webhook::book::{Book, RECORDS_MAX, RecordKey};
use portolan_sync::webhook::{Endpoint, print};

/// What our keys begin with.
const PREFIX: &str = "/portolan/webhook/records/";
/// How many keys are read at once.
const PAGE: usize = 1_000;
/// Most keys without a record that are told of one reading.
const TOLD_MAX: usize = 20;

/// The records of a store, as they were last read or written.
#[derive(Debug, Default)]
pub struct Held {
    /// When each was last written.
    written: BTreeMap<RecordKey, Revision>,
    /// All up to here is known.
    pub(super) revision: Revision,
}

/// What a store has at one revision.
pub(super) struct Read {
    pub(super) book: Book,
    pub(super) held: Held,
}

/// Why changes were not written.
#[derive(Debug)]
pub(super) enum WriteError {
    /// Another wrote to the same keys; what there is has to be read again.
    Lost,
    /// The store did not do it, or does not say so.
    Store(KvError),
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost => f.write_str("others write the same records; try again"),
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for WriteError {}

/// The keys of the records.
pub(super) fn span() -> Span {
    Span::prefix(PREFIX.as_bytes())
}

/// Reads all records, as they are at one time.
pub(super) async fn read(kv: &dyn Kv) -> Result<Read, KvError> {
    let (mut book, mut held) = (Book::default(), Held::default());
    let mut rest = span();
    let (mut at, mut strange) = (None, 0);
    loop {
        let page = kv.range(rest.clone(), at, PAGE).await?;
        (at, held.revision) = (Some(page.revision), page.revision);
        for pair in &page.pairs {
            // What stands at a key of ours and is no record is written over when there is one.
            held.written.extend(key_of(&pair.key).map(|key| (key, pair.modified)));
            match record(&pair.key, &pair.value) {
                Some((key, endpoint)) => book.set(key, Some(endpoint)),
                None => {
                    strange += 1;
                    if strange <= TOLD_MAX {
                        tell_strange(&pair.key);
                    }
                }
            }
        }
        if held.written.len() > RECORDS_MAX {
            let rule = format!("more than {RECORDS_MAX} records of the webhook protocol are not read");
            return Err(KvError::Refused(rule));
        }
        match page.pairs.last().filter(|_| page.more) {
            Some(last) => rest.from = Span::key(&last.key).to,
            None => break,
        }
    }
    if strange > TOLD_MAX {
        tracing::warn!("and {} more", strange - TOLD_MAX);
    }
    Ok(Read { book, held })
}

/// The record of a key, if it is one.
fn record(path: &[u8], value: &[u8]) -> Option<(RecordKey, Endpoint)> {
    let (key, endpoint) = (key_of(path)?, serde_json::from_slice::<Endpoint>(value).ok()?);
    (RecordKey::of(&endpoint) == key).then_some((key, endpoint))
}

fn tell_strange(path: &[u8]) {
    tracing::warn!(key = %String::from_utf8_lossy(path), "the key holds no record of the webhook protocol; it is passed over");
}

impl Held {
    /// Writes what keys are to hold; none for those that go. What was written is noted as it is done.
    pub(super) async fn write(
        &mut self,
        kv: &dyn Kv,
        changes: &[(RecordKey, Option<Arc<Endpoint>>)],
    ) -> Result<(), WriteError> {
        for part in parts(changes) {
            let transaction = Transaction {
                compares: part.iter().map(|(key, _)| self.compare(key)).collect(),
                operations: part.iter().map(operation).collect(),
            };
            match kv.transact(transaction).await.map_err(WriteError::Store)? {
                Outcome::Lost(_) => return Err(WriteError::Lost),
                Outcome::Done(revision) => {
                    part.iter().for_each(|(key, endpoint)| self.note(key, revision, endpoint.is_some()));
                }
            }
        }
        Ok(())
    }

    fn compare(&self, key: &RecordKey) -> Compare {
        Compare::Modified(path(key), self.written.get(key).copied().unwrap_or(0))
    }

    /// True of what happened to a key after all that is known of it.
    fn is_news(&self, key: &RecordKey, revision: Revision) -> bool {
        self.written.get(key).is_none_or(|written| *written < revision)
    }

    /// Notes that a key was written, or removed, at a revision.
    fn note(&mut self, key: &RecordKey, revision: Revision, is_there: bool) {
        match is_there {
            true => drop(self.written.insert(key.clone(), revision)),
            false => drop(self.written.remove(key)),
        }
        self.revision = self.revision.max(revision);
    }
}

/// What of a batch is not known yet: keys with what they hold now.
pub(super) fn news(held: &mut Held, batch: &Batch) -> Vec<(RecordKey, Option<Endpoint>)> {
    let mut news = Vec::new();
    for event in &batch.events {
        match event {
            KeyEvent::Put(pair) => {
                let record = record(&pair.key, &pair.value);
                if record.is_none() {
                    tell_strange(&pair.key);
                }
                let Some(key) = key_of(&pair.key) else { continue };
                if held.is_news(&key, pair.modified) {
                    held.note(&key, pair.modified, true);
                    news.push((key, record.map(|(_, endpoint)| endpoint)));
                }
            }
            KeyEvent::Delete(path) => {
                let Some(key) = key_of(path) else { continue };
                // Written anew after all that the batch tells: by us, who were quicker than the watch.
                if held.written.get(&key).is_some_and(|written| *written <= batch.revision) {
                    held.note(&key, batch.revision, false);
                    news.push((key, None));
                }
            }
        }
    }
    held.revision = held.revision.max(batch.revision);
    news
}

type Change = (RecordKey, Option<Arc<Endpoint>>);

/// Changes as transactions take them: so many keys, so many octets.
fn parts(changes: &[Change]) -> Vec<&[Change]> {
    let mut parts = Vec::new();
    let (mut start, mut octets) = (0, 0);
    for (at, (key, endpoint)) in changes.iter().enumerate() {
        let size = 2 * path(key).len() + endpoint.as_ref().map_or(0, |endpoint| print(&**endpoint).len());
        if at > start && (at - start == OPERATIONS_MAX || octets + size > TRANSACTION_OCTETS_MAX) {
            parts.extend(changes.get(start..at));
            (start, octets) = (at, 0);
        }
        octets += size;
    }
    parts.extend(changes.get(start..).filter(|rest| !rest.is_empty()));
    parts
}

fn operation((key, endpoint): &Change) -> Operation {
    match endpoint {
        Some(endpoint) => Operation::Put(path(key), print(&**endpoint)),
        None => Operation::Delete(path(key)),
    }
}

/// The key of a record.
fn path(key: &RecordKey) -> Vec<u8> {
    format!("{PREFIX}{}/{}/{}", escaped(&key.name), escaped(&key.rtype), escaped(&key.identifier))
        .into_bytes()
}

/// The record's key that a path is of.
fn key_of(path: &[u8]) -> Option<RecordKey> {
    let rest = std::str::from_utf8(path).ok()?.strip_prefix(PREFIX)?;
    let mut parts = rest.split('/').map(unescaped);
    let [name, rtype, identifier] = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then(|| RecordKey {
        name: name.into(),
        rtype: rtype.into(),
        identifier: identifier.into(),
    })
}

fn escaped(text: &str) -> String {
    text.replace('%', "%25").replace('/', "%2F")
}

fn unescaped(text: &str) -> Option<String> {
    let plain = text.replace("%2F", "/").replace("%25", "%");
    (escaped(&plain) == text).then_some(plain)
}

#[cfg(test)]
mod tests {
    use portolan_store::kv::memory::Memory;

    use super::*;

    fn key(name: &str, identifier: &str) -> RecordKey {
        RecordKey { name: name.into(), rtype: "A".into(), identifier: identifier.into() }
    }

    #[test]
    fn keys_go_there_and_back() {
        for key in [key("a.example.com", ""), key("0/25.2.0.192.in-addr.arpa", "eu/1%2F"), key("*.x", "%25")]
        {
            assert_eq!(key_of(&path(&key)), Some(key));
        }
        for path in [
            "",
            PREFIX,
            "/portolan/webhook/records/a/A",
            "/portolan/webhook/records/a/A//",
            "/portolan/webhook/records/a%/A/",
        ] {
            assert_eq!(key_of(path.as_bytes()), None, "{path}");
        }
    }

    /// Whatever somebody puts at the key of a record keeps none from being written there.
    #[tokio::test]
    async fn what_is_no_record_is_told_and_written_over() {
        let kv = Memory::new();
        let key = key("a.example.com", "");
        let put = |value: &[u8]| {
            let operations = vec![Operation::Put(path(&key), value.to_vec())];
            kv.transact(Transaction { operations, ..Transaction::default() })
        };
        put(b"no record").await.unwrap();
        let Read { book, mut held } = read(&kv).await.unwrap();
        assert!(book.is_empty());
        let (dns_name, record_type) = ("a.example.com".to_owned(), "A".to_owned());
        let endpoint =
            Endpoint { dns_name, record_type, targets: vec!["192.0.2.1".into()], ..Endpoint::default() };
        held.write(&kv, &[(key.clone(), Some(Arc::new(endpoint.clone())))]).await.unwrap();
        assert_eq!(read(&kv).await.unwrap().book.get(&key).map(|held| (**held).clone()), Some(endpoint));
        // One that becomes none, as it is watched.
        put(b"again no record").await.unwrap();
        let page = kv.range(span(), None, 1).await.unwrap();
        let batch =
            Batch { revision: page.revision, events: page.pairs.into_iter().map(KeyEvent::Put).collect() };
        assert_eq!(news(&mut held, &batch), [(key, None)]);
    }

    #[test]
    fn changes_are_divided_by_keys_and_by_octets() {
        let endpoint = |octets: usize| {
            Some(Arc::new(Endpoint { targets: vec!["x".repeat(octets)], ..Endpoint::default() }))
        };
        let many: Vec<Change> = (0..300).map(|n| (key(&format!("n{n}"), ""), endpoint(1))).collect();
        assert_eq!(parts(&many).iter().map(|part| part.len()).collect::<Vec<_>>(), [128, 128, 44]);
        let large: Vec<Change> = (0..5).map(|n| (key(&format!("n{n}"), ""), endpoint(400_000))).collect();
        assert_eq!(parts(&large).iter().map(|part| part.len()).collect::<Vec<_>>(), [2, 2, 1]);
        assert_eq!(parts(&[]).len(), 0);
    }
}
