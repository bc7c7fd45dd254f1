//! One resource of one API server, followed: what to ask next, and what the answers change.
//!
//! ```text
//!              ┌──────────── 410, lists too old, half a list ────────────┐
//!              ▼                                                         │
//!   Unread ─ Stream ─┐  (a server that cannot stream: Page, Page, …)     │
//!              Page ─┴─▶ Reading ── the end of the list ──▶ Following ───┘
//!                                    Set, Deleted, Read       Set, Deleted
//! ```
//!
//! Two rules decide everything here. Silence deletes nothing: only a delete event or a list that was read
//! to its end takes an object away, and a list in the middle of which the connection ends is thrown away.
//! And a list that suddenly shrinks is not believed ([`Held`]): half the objects of a cluster do not go
//! between two lists by themselves, but a restored backup, a broken proxy or a wrong label selector looks
//! just so. The same goes for the first list after our own restart, of which only the number of objects is
//! known ([`Follower::expecting`]).
//!
//! A watch is believed only as far as it can be: one that says nothing for too long is asked for once more,
//! and then everything is read again; so is it at once when a watch tells of something older than it told of
//! before, which is late, or repeated, or out of order.
//!
//! It knows no socket and no clock: whoever drives it does what [`Follower::next`] says and tells it what
//! came ([`Follower::hear`]). Versions are compared as numbers, which Kubernetes promises since 1.35 and
//! etcd always gave.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use portolan_core::{Problem, Reason};

use crate::manifest::{Given, Refused};
use crate::object::ObjectKey;

mod failures;
mod handed;
mod list;
mod told;

use handed::HandedOver;
use list::{List, is_doubtful, number};
pub use told::{Ask, Failure, Heard, Held, News};

/// From how many objects on a list that shrinks to half is held; one that shrinks to nothing always is.
pub const HALVED_MIN: usize = 10;
/// The first wait after a failure, doubled with each that follows.
pub const WAIT_FIRST: Duration = Duration::from_millis(500);
/// The longest wait after a failure.
pub const WAIT_MAX: Duration = Duration::from_secs(30);
/// Longest time that a server may ask to be left alone for (`Retry-After`).
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(300);
/// How long a resource that the server does not have is not asked for again.
pub const WAIT_ABSENT: Duration = Duration::from_secs(30);
/// A stream that ends sooner counts as a failure.
pub const STREAM_MIN: Duration = Duration::from_secs(1);
/// After so many watches in a row that said nothing for too long everything is read again.
pub const SILENCES_MAX: u32 = 2;
/// Most problems with objects of one resource that are told.
pub const PROBLEMS_MAX: usize = 1_000;
/// Most objects of one resource, understood or not: three times as many as the largest clusters that Kubernetes
/// supports have pods. Those that are above it are left out, and what is left out is not taken for gone.
pub const OBJECTS_MAX: usize = 500_000;
/// A list of pages that leaves out so many times as many has no end.
const LEFT_OUT_TIMES: usize = 3;

/// One resource of one API server.
#[derive(Debug)]
pub struct Follower {
    state: State,
    /// False once the server said that it cannot stream a list.
    streams: bool,
    /// The objects that are there.
    known: BTreeSet<ObjectKey>,
    /// True once it was read whole.
    was_read: bool,
    /// The highest version that was seen.
    highest: u64,
    failures: u32,
    wait: Duration,
    /// What the server asked for, on top of that.
    left_alone: Duration,
    /// Watches in a row that said nothing.
    silences: u32,
    /// A streamed list said nothing: the next one is read by pages.
    doubts_streams: bool,
    /// How often all had to be read again since a watch was last in order for long.
    rereads: u32,
    /// What else comes of the open stream is not to be read.
    abandons: bool,
    held: Option<Held>,
    /// The next list is believed, whatever it lacks.
    believes: bool,
    /// How many objects there were before our own restart, until it was read whole.
    expected: usize,
    /// The first list since then was not believed: what it lacked has to be accounted for.
    doubts_first: bool,
    /// Every server has it: one that says that it has not is not to be believed.
    is_everywhere: bool,
    /// Objects that are there, and of which nothing was ever understood.
    refused: BTreeSet<ObjectKey>,
    /// What is wrong with the objects.
    faults: BTreeMap<ObjectKey, Vec<Problem>>,
    /// What is wrong with the resource itself.
    trouble: Option<Problem>,
    /// The most objects that are taken, and what is told while some are left out.
    objects_max: usize,
    left_out: Option<Problem>,
    /// What a hub handed over; none where its objects are not read for that.
    handed: Option<HandedOver>,
    /// Whose it is: `services of eu-1`, and how problems begin.
    subject: String,
    place: Arc<str>,
}

#[derive(Debug)]
enum State {
    Unread,
    Reading(List),
    Following(String),
}

impl Follower {
    /// One that has read nothing. `place` says whose it is, for problems.
    #[must_use]
    pub fn new(subject: String, place: Arc<str>) -> Self {
        Self {
            state: State::Unread,
            streams: true,
            known: BTreeSet::new(),
            was_read: false,
            highest: 0,
            failures: 0,
            wait: Duration::ZERO,
            left_alone: Duration::ZERO,
            silences: 0,
            doubts_streams: false,
            rereads: 0,
            abandons: false,
            held: None,
            believes: false,
            expected: 0,
            doubts_first: false,
            is_everywhere: false,
            refused: BTreeSet::new(),
            faults: BTreeMap::new(),
            trouble: None,
            objects_max: OBJECTS_MAX,
            left_out: None,
            handed: None,
            subject,
            place,
        }
    }

    /// The same after our own restart, before which it had so many objects: a first list that lacks half of
    /// them is held as any other.
    #[must_use]
    pub fn expecting(self, objects: usize) -> Self {
        Self { expected: objects, ..self }
    }

    /// The same of a resource that every server has.
    #[must_use]
    pub fn everywhere(self, is_everywhere: bool) -> Self {
        Self { is_everywhere, ..self }
    }

    /// The same of the `DNSEndpoint`s of a hub that is followed: one of ours that cannot be understood, or is older than
    /// what was told, stays what it was.
    #[must_use]
    pub fn handed_over(self, is_handed_over: bool) -> Self {
        Self { handed: is_handed_over.then(HandedOver::default), ..self }
    }

    /// The same with another limit than [`OBJECTS_MAX`].
    #[must_use]
    pub fn at_most(self, objects_max: usize) -> Self {
        Self { objects_max, ..self }
    }

    /// What to ask next, and after how long. `draw` spreads those who failed together: 0 to 1 of the wait
    /// is taken off by its lowest bits.
    #[must_use]
    pub fn next(&self, draw: u64) -> (Ask, Duration) {
        let ask = match &self.state {
            State::Following(version) => Ask::Watch(version.clone()),
            State::Reading(List { token: Some(token), .. }) => Ask::Page(Some(token.clone())),
            State::Unread | State::Reading(_) if self.streams && !self.doubts_streams => Ask::Stream,
            State::Unread | State::Reading(_) => Ask::Page(None),
        };
        // Half of the wait is certain, the other half is drawn.
        let half = self.wait / 2;
        let share = u32::try_from(draw % 1024).unwrap_or(0);
        (ask, self.left_alone + half + half * share / 1024)
    }

    /// True when the open stream is to be given up: what it told cannot be trusted.
    #[must_use]
    pub fn abandons(&self) -> bool {
        self.abandons
    }

    /// How many objects are there; none while it was not read whole.
    #[must_use]
    pub fn count(&self) -> Option<usize> {
        self.was_read.then_some(self.known.len())
    }

    /// The highest version that was seen.
    #[must_use]
    pub fn highest(&self) -> u64 {
        self.highest
    }

    /// What is wrong with the resource and its objects.
    pub fn problems(&self) -> impl Iterator<Item = &Problem> {
        let faults = self.faults.values().flatten().take(PROBLEMS_MAX);
        self.trouble.iter().chain(&self.left_out).chain(faults)
    }

    /// Objects that are there, and were never whole.
    #[must_use]
    pub fn refused(&self) -> &BTreeSet<ObjectKey> {
        &self.refused
    }

    /// Objects that a list left out, while that is not believed.
    #[must_use]
    pub fn held(&self) -> Option<&Held> {
        self.held.as_ref()
    }

    /// Somebody says that what is held is really gone.
    pub fn release(&mut self) -> Vec<News> {
        let Some(held) = self.held.take() else { return Vec::new() };
        self.trouble = None;
        let mut news: Vec<News> = held.missing.iter().map(|key| News::Deleted(key.clone())).collect();
        for key in &held.missing {
            self.known.remove(key);
            self.faults.remove(key);
            self.forget_stamp(key);
        }
        news.push(News::Problems);
        if !self.was_read {
            self.expected = 0;
            news.push(self.settled());
        }
        news
    }

    /// The server is another than it was and its past counts no more: everything is read again, and what
    /// the new list lacks is gone.
    pub fn begin_anew(&mut self) {
        self.state = State::Unread;
        self.believes = true;
        self.highest = 0;
        self.handed = self.handed.as_ref().map(|_| HandedOver::default());
        self.wait = Duration::ZERO;
        self.failures = 0;
    }

    /// What is followed may be another past than the one that was read: everything is read again, and believed
    /// as any other list is.
    pub fn read_again(&mut self) {
        self.state = State::Unread;
        self.wait = Duration::ZERO;
        self.failures = 0;
    }

    /// Takes what came.
    pub fn hear(&mut self, heard: Heard) -> Vec<News> {
        if matches!(heard, Heard::Page { .. } | Heard::Opened | Heard::Failed(_)) {
            self.abandons = false;
        } else if self.abandons {
            return Vec::new();
        }
        match heard {
            Heard::Page { objects, version, token } => self.page(objects, &version, token),
            Heard::Set(given, version) => self.set(*given, version),
            Heard::Deleted(key, version) => self.deleted(key, version),
            Heard::Bookmark { version, complete } => self.bookmark(version, complete),
            Heard::Opened => self.recovered(),
            Heard::Ended(after) => {
                self.interrupted(after);
                Vec::new()
            }
            Heard::GivenUp => {
                self.given_up();
                Vec::new()
            }
            Heard::Silent(after) => self.silent(after),
            Heard::Failed(failure) => self.failed(&failure),
        }
    }

    // === Lists ===

    fn page(&mut self, objects: Vec<Given>, version: &str, token: Option<String>) -> Vec<News> {
        let mut list = match std::mem::replace(&mut self.state, State::Unread) {
            State::Reading(list) => list,
            State::Unread | State::Following(_) => List::default(),
        };
        let before = (list.len(), list.left_out);
        for given in objects {
            list.take(self.judged(given), &self.known, self.objects_max);
        }
        list.token = token;
        if list.token.is_some() {
            // Or it would be asked for ever, and at once each time.
            let is_endless = list.left_out > self.objects_max.saturating_mul(LEFT_OUT_TIMES);
            if (list.len(), list.left_out) == before || is_endless {
                return self.trouble(
                    Reason::Unreadable,
                    "gave a page with nothing new, or pages without end, and says that more follow",
                    WAIT_FIRST,
                );
            }
            self.state = State::Reading(list);
            // The next page at once; but a list that is never read to its end is no success.
            self.wait = Duration::ZERO;
            self.left_alone = Duration::ZERO;
            return Vec::new();
        }
        self.read(list, version)
    }

    /// A list was read to its end.
    fn read(&mut self, list: List, version: &str) -> Vec<News> {
        if version.is_empty() {
            return self.trouble(Reason::Unreadable, "gave a list without a version", WAIT_FIRST);
        }
        let number = number(version);
        if number < self.highest {
            // An older replica, or a store that was restored; the server's own version tells which.
            let message = format!("gave a list of version {version} after one of {}", self.highest);
            return self.trouble(Reason::Unreadable, &message, WAIT_FIRST);
        }
        self.highest = number;
        let is_there = |key: &ObjectKey| list.objects.contains_key(key) || list.refused.contains_key(key);
        let lacking = self.known.iter().filter(|key| !is_there(key)).cloned();
        // What was held and is still missing is held, whatever the list has besides.
        let was_held = self.held.take().map(|held| held.missing).unwrap_or_default();
        let (mut held, mut gone): (BTreeSet<_>, BTreeSet<_>) =
            lacking.partition(|key| was_held.contains(key));
        let mut news = Vec::new();
        let listed = list.objects.keys().cloned();
        if self.known.is_empty() {
            self.known = listed.collect();
        } else {
            self.known.extend(listed);
        }
        let refused = list.refused.keys().filter(|key| !self.known.contains(key)).cloned().collect();
        let was_refused = std::mem::replace(&mut self.refused, refused);
        let left = self.known.len() - gone.len() - held.len();
        self.trouble = None;
        if std::mem::take(&mut self.believes) {
            self.expected = 0;
            gone.append(&mut held);
        } else if is_doubtful(gone.len(), left) {
            held.append(&mut gone);
        }
        for key in gone {
            self.known.remove(&key);
            self.forget_stamp(&key);
            news.push(News::Deleted(key));
        }
        let lost = was_refused.into_iter().filter(|key| !is_there(key));
        if held.is_empty() {
            news.extend(lost.map(News::Deleted));
        } else {
            // A list that is not believed takes nothing away.
            self.refused.extend(lost);
            let before = self.known.len();
            self.hold(held, before, "no delete was told, and a new list lacks");
        }
        list.objects.values().for_each(|object| self.note_stamp(object));
        news.extend(list.objects.into_values().map(News::Set));
        list.refused.into_values().for_each(|refused| self.refuse(refused, &mut news));
        self.faults = list.faults;
        self.state = State::Following(version.to_owned());
        self.doubts_streams = false;
        self.went_well();
        self.left_out = (list.left_out > 0).then(|| self.too_many());
        if self.takes_more() {
            self.state = State::Unread;
            self.back_off();
        }
        news.extend([News::Problems, self.settled()]);
        news
    }

    fn too_many(&self) -> Problem {
        let most = self.objects_max;
        let message = format!(
            "has more than {most} objects; the others are left out, and none of them is taken for gone"
        );
        self.problem(Reason::LimitReached, message)
    }

    /// True when objects were left out for which there is room by now: then everything is to be read again. A tenth
    /// of the room has to be free, so that this is seldom.
    fn takes_more(&self) -> bool {
        let there = self.known.len() + self.refused.len();
        self.left_out.is_some() && there.saturating_mul(10) <= self.objects_max.saturating_mul(9)
    }

    /// Whether what is there is all, after a list and whatever may have changed that: before the first list that
    /// is believed, it must have what was there before our own restart. Once one was not, so many must come, or be
    /// told to be gone, as it lacked: which they are is not known.
    fn settled(&mut self) -> News {
        let lost = self.expected.saturating_sub(self.known.len() + self.refused.len());
        let is_held = is_doubtful(lost, self.expected - lost) || (self.doubts_first && lost > 0);
        if !self.was_read && is_held {
            self.doubts_first = true;
            let missing = self.held.take().map(|held| held.missing).unwrap_or_default();
            self.hold(missing, self.expected, "the first list since our own start lacks");
            return News::ReadInPart;
        }
        if !self.was_read && self.expected > 0 {
            self.held = None;
            self.trouble = None;
            self.expected = 0;
        }
        self.was_read = true;
        if self.left_out.is_some() { News::ReadInPart } else { News::Read }
    }

    /// Holds objects of which not all may be known by name, of so many that were there.
    fn hold(&mut self, missing: BTreeSet<ObjectKey>, before: usize, what: &str) {
        let lost = missing.len().max(self.expected.saturating_sub(self.known.len()));
        let held = Held { why: format!("{what} {lost} of {before} objects"), missing };
        let message = format!(
            "{}; they are kept until a delete is told, they are back, or `portolan holds --release` says that they \
             are gone",
            held.why
        );
        self.trouble = Some(self.problem(Reason::Held, message));
        self.held = Some(held);
    }

    // === Changes ===

    fn set(&mut self, given: Given, version: String) -> Vec<News> {
        if matches!(self.state, State::Unread) {
            self.state = State::Reading(List::default());
        }
        let given = self.judged(given);
        match &mut self.state {
            State::Reading(list) => {
                list.take(given, &self.known, self.objects_max);
                Vec::new()
            }
            State::Following(_) => match self.follows_on(version) {
                Ok(()) => self.changed(given),
                Err(news) => news,
            },
            State::Unread => Vec::new(),
        }
    }

    fn changed(&mut self, given: Given) -> Vec<News> {
        let mut news = Vec::new();
        let key = match &given {
            Given::Object(object, _) => object.key.clone(),
            Given::Refused(refused, _) => refused.key.clone(),
            Given::Nameless(_) => return news,
        };
        let there = self.known.len() + self.refused.len();
        if there >= self.objects_max && !self.known.contains(&key) && !self.refused.contains(&key) {
            let is_news = self.left_out.is_none();
            self.left_out = Some(self.too_many());
            return if is_news { vec![News::Problems, self.settled()] } else { news };
        }
        let faults = given.problems();
        let had_faults = self.faults.contains_key(&key);
        if had_faults || !faults.is_empty() {
            news.push(News::Problems);
        }
        self.faults.remove(&key);
        if !faults.is_empty() {
            self.faults.insert(key.clone(), faults);
        }
        if self.found(&key) {
            news.push(News::Problems);
        }
        if let Given::Object(object, _) = given {
            self.refused.remove(&key);
            self.known.insert(key);
            self.note_stamp(&object);
            news.push(News::Set(Arc::new(object)));
            news.extend(self.evidence());
        } else if let Given::Refused(refused, _) = given {
            self.refused.extend((!self.known.contains(&key)).then_some(key));
            self.refuse(refused.into(), &mut news);
        }
        news
    }

    /// Tells of an object that is refused: it stays what it was, and what else it says counts where it is new.
    fn refuse(&self, refused: Arc<Refused>, news: &mut Vec<News>) {
        let rest = refused.rest.clone().filter(|_| !self.known.contains(&refused.key));
        news.extend(rest.map(News::Set));
        news.push(News::Refused(refused));
    }

    /// What an object that came, or a deletion that was told, makes of a first list that is held.
    fn evidence(&mut self) -> Vec<News> {
        if self.was_read { Vec::new() } else { vec![self.settled(), News::Problems] }
    }

    fn deleted(&mut self, key: ObjectKey, version: String) -> Vec<News> {
        match &mut self.state {
            State::Unread => return Vec::new(),
            // Deleted since the list began: a server may tell so before the list's end.
            State::Reading(list) => {
                list.drop(&key);
                return Vec::new();
            }
            State::Following(_) => {}
        }
        if let Err(news) = self.follows_on(version) {
            return news;
        }
        let mut news = Vec::new();
        let was_refused = self.refused.remove(&key);
        if self.faults.remove(&key).is_some() | self.found(&key) | was_refused {
            news.push(News::Problems);
        }
        let was_known = self.known.remove(&key);
        self.forget_stamp(&key);
        self.expected = self.expected.saturating_sub(1);
        news.extend(self.evidence());
        if was_known || was_refused {
            news.push(News::Deleted(key));
        }
        if self.takes_more() {
            self.abandons = true;
            self.state = State::Unread;
        }
        news
    }

    /// Notes the version of an event. One that is older than what was seen is not taken, and nothing after it.
    fn follows_on(&mut self, version: String) -> Result<(), Vec<News>> {
        let now = number(&version);
        if now > 0 && now < self.highest {
            let message =
                format!("told of version {now} after version {}; everything is read again", self.highest);
            self.abandons = true;
            return Err(self.distrusted(&message));
        }
        self.highest = self.highest.max(now);
        self.silences = 0;
        self.state = State::Following(version);
        Ok(())
    }

    /// An object that is held shows itself: true when what is held changed.
    fn found(&mut self, key: &ObjectKey) -> bool {
        let Some(held) = &mut self.held else { return false };
        if !held.missing.remove(key) {
            return false;
        }
        if held.missing.is_empty() {
            self.held = None;
            self.trouble = None;
        }
        true
    }

    fn bookmark(&mut self, version: String, complete: bool) -> Vec<News> {
        match std::mem::replace(&mut self.state, State::Unread) {
            State::Reading(list) if complete => self.read(list, &version),
            State::Unread if complete => self.read(List::default(), &version),
            State::Following(_) => {
                self.highest = self.highest.max(number(&version));
                self.state = State::Following(version);
                (self.silences, self.rereads) = (0, 0);
                self.went_well();
                Vec::new()
            }
            state => {
                self.state = state;
                Vec::new()
            }
        }
    }
}

#[cfg(test)]
mod tests;
