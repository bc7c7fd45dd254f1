//! A read: asked of one member, and beside one that is silent of the next.
//!
//! ```text
//!   member 1 ─────────────────────────── silent: asked last from now on
//!       └─ patience ─▶ member 2 ── failed
//!                                    └─▶ member 3 ──▶ answer
//! ```
//!
//! Who fails makes the next one be asked at once; when all have failed there is a pause, for an election takes longer than a
//! question. A member is not judged by the time that it takes but by another that was asked later and was quicker: where all
//! are slow, as on a busy machine or in an election, nobody is given up.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use futures_util::stream::{FuturesUnordered, StreamExt as _};
use tokio::time::{Duration, Instant, sleep_until};
use tonic::{Response, Status};

use super::Client;
use super::access::Token;
use super::ask::{Answer, Question};
use super::fault::Fault;
use super::link::Link;
use crate::kv::KvError;

/// Before members that all failed are asked again: an election takes longer.
pub(super) const ROUND_PAUSE: Duration = Duration::from_millis(100);
/// The part of an attempt after which a member is silent, and the next one is asked beside it.
const PATIENCE_PART: u32 = 4;

/// How long a member is waited for alone.
pub(super) fn patience(attempt: Duration) -> Duration {
    attempt / PATIENCE_PART
}

/// Who answered first, and what: an answer, or what any member would say.
pub(super) struct First<T> {
    pub(super) member: usize,
    pub(super) said: Result<T, Fault>,
}

impl Client {
    /// Asks until a member has answered.
    ///
    /// # Errors
    /// What any member would say; [`KvError::WentBack`] when none has what was seen; [`KvError::Unreachable`] when none answers
    /// in time.
    pub(super) async fn ask<T, F, Sent>(&self, question: &Question<'_>, send: F) -> Result<T, Fault>
    where
        T: Answer,
        F: Fn(Arc<Link>, Option<Token>) -> Sent,
        Sent: Future<Output = Result<Response<T>, Status>>,
    {
        self.race(self.members.order(), question, &send).await?.said
    }

    /// The same in this order; also says who it was.
    ///
    /// # Errors
    /// As [`Client::ask`], when nobody answered.
    pub(super) async fn race<T, F, Sent>(
        &self,
        order: Vec<usize>,
        question: &Question<'_>,
        send: &F,
    ) -> Result<First<T>, Fault>
    where
        T: Answer,
        F: Fn(Arc<Link>, Option<Token>) -> Sent,
        Sent: Future<Output = Result<Response<T>, Status>>,
    {
        let end = question.end();
        let mut turns = Turns::new(order);
        let mut asked = FuturesUnordered::new();
        let mut next_at = Instant::now();
        loop {
            tokio::select! {
                biased;
                Some((member, said)) = asked.next() => match said {
                    Err(fault @ (Fault::Behind(_) | Fault::NotDone(_) | Fault::Unanswered(_))) => {
                        turns.failed(member, fault);
                        // One that does not answer might have what was seen.
                        if turns.are_all_behind(self.options.are_apart) {
                            return Err(self.nobody(turns));
                        }
                        next_at = Instant::now() + if turns.is_round() { ROUND_PAUSE } else { Duration::ZERO };
                    }
                    said => {
                        self.members.answered(member);
                        turns.asked_before(member).for_each(|silent| self.members.overtaken(silent));
                        return Ok(First { member, said });
                    }
                },
                () = sleep_until(next_at), if turns.has_next() && next_at < end => {
                    if let Some(member) = turns.next() {
                        asked.push(async move { (member, self.attempt(member, question, send).await) });
                    }
                    next_at = Instant::now() + patience(question.attempt);
                }
                else => return Err(self.nobody(turns)),
            }
        }
    }

    /// What is said when nobody answered.
    fn nobody(&self, turns: Turns) -> Fault {
        let mut failures = Vec::new();
        for (member, fault) in turns.faults {
            match fault {
                Fault::NotDone(why) | Fault::Unanswered(why) => {
                    failures.push(format!("{} {why}", self.members.address(member).uri));
                }
                behind => return behind,
            }
        }
        Fault::Final(KvError::Unreachable(failures.join("; ")))
    }
}

/// Whose turn it is. Pure.
#[derive(Debug)]
struct Turns {
    /// Those that nobody waits for, in the order in which they are asked.
    waiting: VecDeque<usize>,
    /// Those that are waited for, in the order in which they were asked.
    asked: Vec<usize>,
    /// How each failed last.
    faults: BTreeMap<usize, Fault>,
    failures: usize,
    members: usize,
}

impl Turns {
    fn new(order: Vec<usize>) -> Self {
        let members = order.len();
        Self { waiting: order.into(), asked: Vec::new(), faults: BTreeMap::new(), failures: 0, members }
    }

    fn has_next(&self) -> bool {
        !self.waiting.is_empty()
    }

    fn next(&mut self) -> Option<usize> {
        let member = self.waiting.pop_front()?;
        self.asked.push(member);
        Some(member)
    }

    /// It is asked again after all others.
    fn failed(&mut self, member: usize, fault: Fault) {
        self.asked.retain(|asked| *asked != member);
        self.waiting.push_back(member);
        self.faults.insert(member, fault);
        self.failures += 1;
    }

    /// True when as many have failed as there are, once more.
    fn is_round(&self) -> bool {
        self.failures.is_multiple_of(self.members)
    }

    /// True when each has failed, and is behind; of stores of their own, one of them is.
    fn are_all_behind(&self, are_apart: bool) -> bool {
        let is_behind = |fault: &Fault| matches!(fault, Fault::Behind(_));
        let mut faults = self.faults.values();
        let is_so = if are_apart { faults.any(is_behind) } else { faults.all(is_behind) };
        self.faults.len() == self.members && is_so
    }

    /// Those that were asked before a member, and have said nothing yet.
    fn asked_before(&self, member: usize) -> impl Iterator<Item = usize> {
        self.asked.iter().copied().take_while(move |asked| *asked != member)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn not_done() -> Fault {
        Fault::NotDone("no leader".to_owned())
    }

    fn behind() -> Fault {
        Fault::Behind(KvError::WentBack { seen: 2, found: 1 })
    }

    #[test]
    fn who_fails_is_asked_after_all_others_and_a_round_ends_with_as_many_failures() {
        let mut turns = Turns::new(vec![2, 0, 1]);
        assert_eq!(turns.next(), Some(2));
        turns.failed(2, not_done());
        assert!(!turns.is_round());
        assert_eq!([turns.next(), turns.next()], [Some(0), Some(1)]);
        turns.failed(1, not_done());
        assert!(!turns.is_round());
        assert_eq!([turns.next(), turns.next()], [Some(2), Some(1)]);
        assert!(!turns.has_next(), "all are waited for");
        turns.failed(2, not_done());
        assert!(turns.is_round());
        assert_eq!(turns.next(), Some(2));
    }

    #[test]
    fn who_was_asked_before_and_says_nothing_is_silent() {
        let mut turns = Turns::new(vec![0, 1, 2]);
        (0..3).for_each(|member| assert_eq!(turns.next(), Some(member)));
        let before = |turns: &Turns, member| turns.asked_before(member).collect::<Vec<_>>();
        assert_eq!(before(&turns, 0), [0; 0]);
        assert_eq!(before(&turns, 2), [0, 1]);
        turns.failed(0, not_done());
        assert_eq!(before(&turns, 2), [1], "it has said something");
    }

    #[test]
    fn all_are_behind_when_each_said_so_last() {
        let mut turns = Turns::new(vec![0, 1]);
        turns.next();
        turns.failed(0, behind());
        assert!(!turns.are_all_behind(false), "one might have what was seen");
        assert!(!turns.are_all_behind(true), "one was not asked");
        turns.next();
        turns.failed(1, not_done());
        assert!(!turns.are_all_behind(false));
        assert!(turns.are_all_behind(true), "who has what was seen is another store, and does not answer");
        turns.next();
        turns.next();
        turns.failed(1, behind());
        assert!(turns.are_all_behind(false));
    }
}
