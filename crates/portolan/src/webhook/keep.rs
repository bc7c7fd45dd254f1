//! Where records are kept before they are acknowledged: a file of this process, or a store that several share.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use portolan_store::kept::Kept;
use portolan_store::kv::{Kv, KvError};
use portolan_sync::webhook::book::Book;
use portolan_sync::webhook::{list, print};
use tokio::runtime::Handle;

use super::store::{self, Held, Read};
use crate::clock;

/// What stands behind the path of the last good state in that of the records.
const SUFFIX: &str = ".webhook";

/// Where records are kept.
#[derive(Debug)]
pub enum Keep {
    /// Nowhere: they end with the process.
    Nowhere,
    /// In a file of this process.
    File(Kept),
    /// In a store that others use too, with what is known of it; nothing before it was read.
    Store(Door, Option<Held>),
}

/// A store, and what waits for it. It is asked by threads that may wait.
#[derive(Clone)]
pub struct Door {
    pub(super) kv: Arc<dyn Kv>,
    pub(super) runtime: Handle,
}

impl Keep {
    /// A file beside the last good state, with what was acknowledged before; nowhere without a state.
    ///
    /// # Errors
    /// When there is something and it cannot be read.
    pub fn beside(state: Option<&Path>) -> anyhow::Result<(Self, Book)> {
        let Some(state) = state else {
            tracing::warn!(
                "no state file is named (--state FILE): what is acknowledged is lost with this process"
            );
            return Ok((Self::Nowhere, Book::default()));
        };
        let path = beside(state);
        let opened = Kept::open(&path, clock::now()).with_context(|| {
            format!("what the webhook protocol acknowledged cannot be read; to begin without it, see that {path:?} is not there")
        });
        let (kept, content) = opened?;
        let book = match content.as_deref().map(list) {
            None => Book::default(),
            Some(Ok(endpoints)) => Book::of(endpoints),
            Some(Err(error)) => bail!("{path:?} holds no records of the webhook protocol: {error}"),
        };
        Ok((Self::File(kept), book))
    }

    /// A store; what it has is read later, for it may not be reached now. `runtime` is where it is asked.
    #[must_use]
    pub fn store(kv: Arc<dyn Kv>, runtime: Handle) -> (Self, Book) {
        (Self::Store(Door { kv, runtime }, None), Book::default())
    }

    /// Keeps a book in place of another.
    pub(super) fn write(&mut self, before: &Book, book: &Book) -> anyhow::Result<()> {
        match self {
            Self::Nowhere => Ok(()),
            Self::File(kept) => Ok(kept.write(&printed(book))?),
            Self::Store(door, held) => {
                let held = held.as_mut().context("the store of records was not read yet")?;
                let keys = before.differing(book).cloned();
                let changes: Vec<_> = keys.map(|key| (key.clone(), book.get(&key).cloned())).collect();
                Ok(door.runtime.block_on(held.write(&*door.kv, &changes))?)
            }
        }
    }
}

impl Door {
    pub(super) fn read(&self) -> Result<Read, KvError> {
        self.runtime.block_on(store::read(&*self.kv))
    }
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door").finish_non_exhaustive()
    }
}

/// A book as it goes over the wire and into the file.
pub(super) fn printed(book: &Book) -> Vec<u8> {
    let endpoints: Vec<_> = book.endpoints().map(|endpoint| &**endpoint).collect();
    print(&endpoints)
}

fn beside(state: &Path) -> PathBuf {
    let mut path = state.as_os_str().to_owned();
    path.push(SUFFIX);
    path.into()
}
