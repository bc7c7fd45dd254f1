//! A store's keys, followed: list, watch, and what is done when neither can be had.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use portolan_core::{Problem, Reason};
use portolan_store::kv::{KeyEvent, KvError, Page, Pair, Revision, Span};
use portolan_store::skydns::Setup;
use portolan_store::skydns::table::Read;
use tokio::task::{JoinHandle, block_in_place};
use tokio::time::{Instant, sleep};

use super::{Past, Way};
use crate::clock;
use crate::clusters::{Holds, NOTE};
use crate::engine::{Event, KeyChange, KeysTold, SharedEngine, root};
use crate::threads::{cores, share};
use crate::watching::{gather, next};

/// Most keys of a page. An etcd goes through all that stand behind a page, to count them: so pages are few.
pub const PAGE_KEYS: usize = 50_000;
/// And least: a page that is not got is asked for smaller, as its values may be large.
const PAGE_KEYS_MIN: usize = 64;
/// The id of the hold of a store that went back. No cluster is called so.
pub const STORE_HOLD: &str = "etcd:store";
/// How the ids of holds of keys begin; the prefix follows.
const KEYS_HOLD: &str = "etcd:";
/// The first wait after a failure, doubled with each that follows.
const WAIT_FIRST: Duration = Duration::from_millis(200);
/// The longest wait after a failure: credentials that were renewed are to count within a minute.
const WAIT_MAX: Duration = Duration::from_secs(5);
/// How often it is looked whether the store is there.
const LOOK: Duration = Duration::from_secs(5);
/// How often it is looked whether a store that went back is what it was again.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// Fewer values than these are read by the thread that has them.
const SHARED_MIN: usize = 1_024;
/// Values that a thread reads in one go.
const SHARE: usize = 512;
/// Most threads that read values.
const THREADS_MAX: usize = 8;
/// How often it is said that what was read is still so, while nothing changes.
const STILL_TRUE: Duration = Duration::from_secs(1);

/// The keys of one store.
pub(super) struct Follow {
    way: Way,
    setup: Arc<Setup>,
    engine: SharedEngine,
    holds: Arc<Holds>,
    past: Arc<Past>,
    /// No other source gives names, so this one is the root.
    is_alone: bool,
    hold_id: String,
    wait: Duration,
    page_keys: usize,
    is_troubled: bool,
    told_at: Option<Instant>,
    noted_at: Instant,
}

impl Follow {
    pub(super) fn new(
        way: Way,
        setup: Arc<Setup>,
        engine: SharedEngine,
        holds: Arc<Holds>,
        past: Arc<Past>,
        is_alone: bool,
    ) -> Self {
        let hold_id = format!("{KEYS_HOLD}{}", setup.layout.prefix());
        Self {
            way,
            setup,
            engine,
            holds,
            past,
            is_alone,
            hold_id,
            wait: Duration::ZERO,
            page_keys: PAGE_KEYS,
            is_troubled: false,
            told_at: None,
            noted_at: Instant::now(),
        }
    }

    /// The same after one that failed inside: what that one said to be wrong is taken back once this one is well.
    pub(super) fn after_another(self, is_after: bool) -> Self {
        Self { is_troubled: is_after, ..self }
    }

    /// Follows for ever.
    pub(super) async fn run(mut self) {
        let mut read_to: Option<Revision> = None;
        let mut is_believed = false;
        loop {
            let ended = match &mut read_to {
                Some(revision) => self.watch(revision).await,
                None => match self.list(is_believed).await {
                    Ok(revision) => {
                        (read_to, is_believed) = (Some(revision), false);
                        continue;
                    }
                    Err(error) => {
                        self.page_keys = (self.page_keys / 2).max(PAGE_KEYS_MIN);
                        error
                    }
                },
            };
            match ended {
                KvError::Compacted(_) => {
                    tracing::info!(store = self.way.name, "{ended}; all keys are read again");
                    read_to = None;
                    self.pause().await;
                }
                KvError::WentBack { .. } => {
                    is_believed = self.went_back(&ended).await;
                    read_to = None;
                }
                _ => {
                    self.trouble(&ended);
                    self.pause().await;
                }
            }
        }
    }

    // === Lists ===

    /// Reads all keys, as they are at one revision.
    async fn list(&mut self, is_believed: bool) -> Result<Revision, KvError> {
        let mut span = self.setup.layout.span();
        let mut coming = self.page(span.clone(), None);
        let mut at = None;
        let mut told = vec![KeysTold::ListBegins];
        loop {
            let Page { pairs, revision, more } = page_of(coming).await?;
            let revision = *at.get_or_insert(revision);
            let seen = self.past.revision();
            if revision < seen {
                return Err(KvError::WentBack { seen, found: revision });
            }
            let rest = pairs.last().filter(|_| more).map(|last| [&last.key, &[0][..]].concat());
            // While this page is worked off, the next one is on its way.
            let following = rest.map(|from| {
                span.from = from;
                self.page(span.clone(), Some(revision))
            });
            told.push(KeysTold::Listed(block_in_place(|| read(&self.setup, &pairs))));
            let Some(following) = following else {
                told.push(KeysTold::ListEnds(is_believed));
                self.went_well();
                self.tell(told);
                self.heard();
                self.noted(revision);
                return Ok(revision);
            };
            coming = following;
            self.tell(std::mem::take(&mut told));
        }
    }

    fn page(&self, span: Span, at: Option<Revision>) -> JoinHandle<Result<Page, KvError>> {
        let (kv, most) = (self.way.kv.clone(), self.page_keys);
        tokio::spawn(async move { kv.range(span, at, most).await })
    }

    // === Changes ===

    /// Takes what becomes of the keys, until that ends.
    async fn watch(&mut self, read_to: &mut Revision) -> KvError {
        let mut batches = self.way.kv.watch(self.setup.layout.span(), *read_to);
        let mut looking = self.look();
        loop {
            let (holds, hold_id) = (self.holds.clone(), self.hold_id.clone());
            let batch = tokio::select! {
                batch = next(&mut batches) => batch,
                looked = &mut looking => {
                    looking = self.look();
                    match looked {
                        Ok(_) => {
                            self.went_well();
                            self.still_true();
                        }
                        Err(error @ KvError::WentBack { .. }) => return error,
                        // The watch goes on by itself when the store is back.
                        Err(error) => self.trouble(&error),
                    }
                    continue;
                }
                () = holds.released(&hold_id) => {
                    self.holds.take_released(&self.hold_id);
                    tracing::info!(hold = self.hold_id, "released");
                    self.tell(vec![KeysTold::Released]);
                    continue;
                }
            };
            let mut all = match batch {
                Ok(batch) => batch,
                Err(error) => return error,
            };
            let failed = gather(&mut all, &mut batches).await;
            self.went_well();
            self.changed(all.events);
            *read_to = (*read_to).max(all.revision);
            self.noted(*read_to);
            if let Some(error) = failed {
                return error;
            }
        }
    }

    /// Whether the store is there, after a while: a watch that says nothing does not tell.
    fn look(&self) -> BoxFuture<'static, Result<Page, KvError>> {
        let (kv, one) = (self.way.kv.clone(), Span::key(self.setup.layout.prefix().as_bytes()));
        Box::pin(async move {
            sleep(LOOK).await;
            kv.range(one, None, 1).await
        })
    }

    fn changed(&mut self, events: Vec<KeyEvent>) {
        if events.is_empty() {
            return self.still_true();
        }
        let changes = block_in_place(|| changes(&self.setup, events));
        self.tell(vec![KeysTold::Changed(changes)]);
        self.told_at = None;
        self.still_true();
    }

    // === What goes wrong ===

    /// The store is at an older state than it was, which is held; true when somebody says that this is meant.
    async fn went_back(&mut self, error: &KvError) -> bool {
        let why = format!("{}: {error}", self.way.name);
        self.holds.note(STORE_HOLD, Some(why.clone()), clock::now());
        let message = format!(
            "{error}; it is not followed, and answers stay, until it is back or `portolan holds --release {STORE_HOLD}` says \
             that this is meant"
        );
        self.say(Some(self.problem(Reason::Held, message)));
        self.tell(vec![KeysTold::Regressed(true)]);
        let is_meant = self.waits_for_a_word().await;
        self.tell(vec![KeysTold::Regressed(false)]);
        is_meant
    }

    /// Waits until the store is what it was, or somebody says that it is to be followed as it is; true then.
    async fn waits_for_a_word(&self) -> bool {
        loop {
            let holds = self.holds.clone();
            tokio::select! {
                () = holds.released(STORE_HOLD) => {
                    self.holds.take_released(STORE_HOLD);
                    tracing::warn!(store = self.way.name, "followed again, as somebody said");
                    self.way.kv.accept();
                    self.past.note(0);
                    return true;
                }
                () = sleep(LOOK_AGAIN) => {}
            }
            let looked = self.way.kv.range(self.setup.layout.span(), None, 1).await;
            if looked.is_ok_and(|page| page.revision >= self.past.revision()) {
                self.holds.note(STORE_HOLD, None, clock::now());
                return false;
            }
        }
    }

    fn trouble(&mut self, error: &KvError) {
        let reason = match error {
            KvError::Unauthorized(_) => Reason::Unauthorized,
            _ => Reason::Silent,
        };
        if !self.is_troubled {
            tracing::warn!(store = self.way.name, "{error}; answers stay as they are");
        }
        self.say(Some(self.problem(reason, format!("{error}; answers stay as they are"))));
    }

    fn went_well(&mut self) {
        self.wait = Duration::ZERO;
        self.page_keys = PAGE_KEYS;
        if self.is_troubled {
            tracing::info!(store = self.way.name, "followed again");
            self.say(None);
        }
    }

    fn problem(&self, reason: Reason, message: String) -> Problem {
        Problem { subject: self.way.name.clone(), reason, message, place: String::new() }
    }

    /// Says what is wrong, or that nothing is.
    fn say(&mut self, problem: Option<Problem>) {
        self.is_troubled = problem.is_some();
        if self.is_alone {
            let state = if problem.is_some() { Event::Silent(root()) } else { Event::Heard(root()) };
            let events = vec![Event::Reading(root(), problem.into_iter().collect()), state];
            block_in_place(|| self.engine.lock().take(events, clock::now()));
        } else {
            self.tell(vec![KeysTold::Trouble(problem)]);
        }
    }

    async fn pause(&mut self) {
        self.wait = (self.wait * 2).clamp(WAIT_FIRST, WAIT_MAX);
        sleep(self.wait).await;
    }

    // === To the engine ===

    fn tell(&self, told: Vec<KeysTold>) {
        let held = block_in_place(|| {
            let mut engine = self.engine.lock();
            engine.take_keys(told, clock::now());
            engine.keys_state().and_then(|state| state.held)
        });
        self.holds.note(&self.hold_id, held.map(|why| format!("{}: {why}", self.way.name)), clock::now());
    }

    /// All was read.
    fn heard(&mut self) {
        if self.is_alone {
            block_in_place(|| self.engine.lock().take(vec![Event::Heard(root())], clock::now()));
        }
        if let Some(state) = block_in_place(|| self.engine.lock().keys_state()) {
            tracing::info!(store = self.way.name, keys = state.keys, faulty = state.faulty, "keys read");
        }
    }

    fn still_true(&mut self) {
        if self.is_alone && self.told_at.is_none_or(|at| at.elapsed() >= STILL_TRUE) {
            self.told_at = Some(Instant::now());
            block_in_place(|| self.engine.lock().still_true(clock::now()));
        }
    }

    fn noted(&mut self, revision: Revision) {
        self.past.note(revision);
        if self.noted_at.elapsed() >= NOTE {
            self.noted_at = Instant::now();
            block_in_place(|| self.past.write());
        }
    }
}

async fn page_of(page: JoinHandle<Result<Page, KvError>>) -> Result<Page, KvError> {
    page.await.unwrap_or_else(|error| Err(KvError::Unreachable(error.to_string())))
}

/// Understands keys, on several threads where they are many.
fn read(setup: &Setup, pairs: &[Pair]) -> Vec<Read> {
    if pairs.len() < SHARED_MIN {
        return pairs.iter().map(|pair| setup.read(pair)).collect();
    }
    let read = |part: &[Pair]| part.iter().map(|pair| setup.read(pair)).collect::<Vec<_>>();
    let reads = share(pairs.chunks(SHARE), cores(THREADS_MAX), read);
    reads.into_iter().flatten().collect()
}

fn changes(setup: &Setup, events: Vec<KeyEvent>) -> Vec<KeyChange> {
    let change = |event| match event {
        KeyEvent::Put(pair) => KeyChange::Put(setup.read(&pair)),
        KeyEvent::Delete(key) => KeyChange::Deleted(key),
    };
    events.into_iter().map(change).collect()
}
