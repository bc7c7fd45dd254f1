//! Which questions were answered, by whom. Pure: times are arguments, since the meter's start.
//!
//! Each round asks every server the same; one that nobody of a pair has answered in time is lost for that pair's clients,
//! one that one of them has not is lost for those who ask no second time.

use std::collections::VecDeque;
use std::time::Duration;

use super::truth::At;

/// How long a reply may take: as long as a resolver waits that then asks the next one.
pub(super) const REPLY_MAX: Duration = Duration::from_secs(2);
/// Most rounds that wait for replies; more than are asked in [`REPLY_MAX`].
const ROUNDS_MAX: usize = 4_096;

/// Rounds that wait for replies, and what became of those before.
#[derive(Debug)]
pub(super) struct Tally {
    pairs: usize,
    rounds: VecDeque<Round>,
    next: u16,
    step: u32,
    /// Of the rounds of this step.
    counts: Counts,
    /// Of the step that was ended, until it is [taken](Tally::take).
    ended: Option<Counts>,
}

/// All servers asked the same.
#[derive(Debug)]
struct Round {
    id: u16,
    asked: At,
    step: u32,
    is_answered: Vec<bool>,
}

/// What became of the questions of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts {
    /// So many questions were put to each server.
    pub asked: u64,
    /// So many of them a server has not answered, by server.
    pub lost: Vec<u64>,
    /// So many of them neither server of a pair has answered, by pair.
    pub lost_by_both: Vec<u64>,
    /// So many replies were wrong.
    pub wrong: u64,
}

impl Counts {
    fn of(pairs: usize) -> Self {
        Self { asked: 0, lost: vec![0; pairs * 2], lost_by_both: vec![0; pairs], wrong: 0 }
    }
}

impl Tally {
    /// Of so many pairs; the servers of the first are 0 and 1, and so on.
    pub(super) fn of(pairs: usize) -> Self {
        Self { pairs, rounds: VecDeque::new(), next: 0, step: 0, counts: Counts::of(pairs), ended: None }
    }

    /// Begins a round; the id of its questions.
    pub(super) fn ask(&mut self, now: At) -> u16 {
        self.end_those_before(now);
        if self.rounds.len() == ROUNDS_MAX {
            self.end_first();
        }
        let (id, step) = (self.next, self.step);
        self.next = self.next.wrapping_add(1);
        self.counts.asked += 1;
        self.rounds.push_back(Round { id, asked: now, step, is_answered: vec![false; self.pairs * 2] });
        id
    }

    /// Notes that a server has answered the questions with an id; when they were asked, where that counts.
    pub(super) fn hear(&mut self, now: At, server: usize, id: u16) -> Option<At> {
        let round = self.round(id)?;
        if now.saturating_sub(round.asked) > REPLY_MAX {
            return None;
        }
        *round.is_answered.get_mut(server)? = true;
        Some(round.asked)
    }

    /// Of this step, up to now.
    #[cfg(test)]
    pub(super) fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Notes that a reply with an id was wrong.
    pub(super) fn wrong(&mut self, id: u16) {
        let Some(step) = self.round(id).map(|round| round.step) else { return };
        if let Some(counts) = self.counts_of(step) {
            counts.wrong += 1;
        }
    }

    /// Whoever has not answered by now does not.
    pub(super) fn end_those_before(&mut self, now: At) {
        while self.rounds.front().is_some_and(|round| now.saturating_sub(round.asked) > REPLY_MAX) {
            self.end_first();
        }
    }

    /// Ends a step: what is asked from now on belongs to the next.
    pub(super) fn end_step(&mut self) {
        self.step += 1;
        self.ended = Some(std::mem::replace(&mut self.counts, Counts::of(self.pairs)));
    }

    /// What became of the step that was ended, once that is known of all of it.
    pub(super) fn take(&mut self) -> Option<Counts> {
        let waits = |round: &Round| round.step != self.step && round.is_answered.contains(&false);
        if self.rounds.iter().any(waits) {
            return None;
        }
        self.rounds.retain(|round| round.step == self.step);
        self.ended.take()
    }

    fn end_first(&mut self) {
        let Some(round) = self.rounds.pop_front() else { return };
        let Some(counts) = self.counts_of(round.step) else { return };
        for (lost, is_answered) in counts.lost.iter_mut().zip(&round.is_answered) {
            *lost += u64::from(!is_answered);
        }
        for (lost, pair) in counts.lost_by_both.iter_mut().zip(round.is_answered.chunks(2)) {
            *lost += u64::from(!pair.contains(&true));
        }
    }

    /// Ids follow each other.
    fn round(&mut self, id: u16) -> Option<&mut Round> {
        let first = self.rounds.front()?.id;
        self.rounds.get_mut(usize::from(id.wrapping_sub(first)))
    }

    fn counts_of(&mut self, step: u32) -> Option<&mut Counts> {
        if step == self.step { Some(&mut self.counts) } else { self.ended.as_mut() }
    }
}

#[cfg(test)]
mod tests;
