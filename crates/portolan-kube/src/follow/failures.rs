//! What a follower makes of failures: how long it waits, what it throws away, what it tells.

use core::time::Duration;

use portolan_core::{Problem, Reason};

use super::told::{Failure, News};
use super::{Follower, RETRY_AFTER_MAX, SILENCES_MAX, STREAM_MIN, State, WAIT_ABSENT, WAIT_FIRST, WAIT_MAX};

impl Follower {
    /// What was begun is thrown away; what is followed is followed from where it stands.
    pub(super) fn interrupted(&mut self, after: Duration) {
        let is_following = matches!(self.state, State::Following(_));
        if !is_following {
            self.state = State::Unread;
            // It may be that the server, or whoever stands between, ends streams before a list does; or does not
            // know how to end one. Pages get on.
            self.doubts_streams = true;
        }
        // A server that takes every request and ends it at once must not be asked in a circle.
        if is_following && after >= STREAM_MIN { self.went_well() } else { self.back_off() }
    }

    /// The same where it was we who ended it, which says nothing of the server.
    pub(super) fn given_up(&mut self) {
        if !matches!(self.state, State::Following(_)) {
            self.state = State::Unread;
        }
        self.went_well();
    }

    /// A watch that says nothing may be one that reports nothing, for ever.
    pub(super) fn silent(&mut self, after: Duration) -> Vec<News> {
        let is_following = matches!(self.state, State::Following(_));
        let message = format!("nothing came for {} s", after.as_secs());
        let news = self.trouble(Reason::Unreadable, &message, WAIT_FIRST);
        self.silences += 1;
        if !is_following {
            self.doubts_streams = true;
        } else if self.silences >= SILENCES_MAX {
            self.silences = 0;
            self.state = State::Unread;
        }
        news
    }

    /// The server answers again. Where a list is asked for, it is the list that tells whether that is any good.
    pub(super) fn recovered(&mut self) -> Vec<News> {
        let is_following = matches!(self.state, State::Following(_));
        let is_solved = is_following && self.held.is_none() && self.trouble.take().is_some();
        if is_solved { vec![News::Problems] } else { Vec::new() }
    }

    pub(super) fn failed(&mut self, failure: &Failure) -> Vec<News> {
        let was_streaming = self.streams && matches!(self.state, State::Unread | State::Reading(_));
        let is_following = matches!(self.state, State::Following(_));
        match failure.code {
            Some(400 | 422) if was_streaming => {
                self.streams = false;
                self.state = State::Unread;
                Vec::new()
            }
            Some(400 | 422) if is_following => self
                .distrusted(&format!("cannot be followed on: {}; everything is read again", failure.message)),
            Some(410) => {
                self.state = State::Unread;
                // A list whose pages expire while it is read must not be asked for in a circle.
                if is_following {
                    self.expired();
                } else {
                    self.back_off();
                }
                Vec::new()
            }
            Some(504) if failure.message.contains("Too large resource version") => {
                self.state = State::Unread;
                self.back_off();
                vec![News::WentBack]
            }
            Some(404) if !self.is_everywhere => self.absent(),
            Some(401 | 403) => self.trouble(Reason::Unauthorized, &failure.message, WAIT_MAX),
            // Whoever stands between cuts a watch now and then, and nothing is lost by that.
            _ if is_following && self.failures == 0 => {
                self.back_off();
                self.left_alone = failure.retry_after.unwrap_or_default().min(RETRY_AFTER_MAX);
                Vec::new()
            }
            code => {
                let message = match code {
                    Some(code) => format!("the server said {code}: {}", failure.message),
                    None => failure.message.clone(),
                };
                let news = self.trouble(Reason::Unreadable, &message, WAIT_FIRST);
                self.left_alone = failure.retry_after.unwrap_or_default().min(RETRY_AFTER_MAX);
                news
            }
        }
    }

    /// The server does not have the resource. One that had objects is held, as an empty list would be.
    fn absent(&mut self) -> Vec<News> {
        self.state = State::Unread;
        let before = self.known.len().max(self.expected);
        if before > 0 {
            self.back_off();
            self.wait = WAIT_ABSENT * 2;
            if self.held.as_ref().is_some_and(|held| held.missing == self.known) {
                return Vec::new();
            }
            self.doubts_first |= !self.was_read;
            self.hold(self.known.clone(), before, "the server has it no more, and lacks");
            return if self.was_read { vec![News::Problems] } else { vec![News::Problems, News::ReadInPart] };
        }
        let had_trouble = self.trouble.take().is_some();
        let was_read = std::mem::replace(&mut self.was_read, true);
        self.failures = 0;
        // Twice as much, as half of each wait is drawn.
        self.wait = WAIT_ABSENT * 2;
        let news = [(had_trouble, News::Problems), (!was_read, News::Read)];
        news.into_iter().filter_map(|(is, news)| is.then_some(news)).collect()
    }

    /// What was followed is too old to go on from. Now and then that is so, and all is read at once; but a server
    /// that says so of whatever it has just given must not be asked for everything in a circle.
    fn expired(&mut self) {
        match self.rereads {
            0 => self.went_well(),
            again => {
                self.failures = again - 1;
                self.back_off();
            }
        }
        self.rereads = self.rereads.saturating_add(1);
    }

    /// What is followed cannot be gone on from, which is not as it should be: everything is read again, later each
    /// time.
    pub(super) fn distrusted(&mut self, message: &str) -> Vec<News> {
        self.state = State::Unread;
        self.failures = self.rereads;
        let news = self.trouble(Reason::Unreadable, message, WAIT_FIRST);
        self.rereads = self.failures;
        news
    }

    pub(super) fn trouble(&mut self, reason: Reason, message: &str, least: Duration) -> Vec<News> {
        if let State::Reading(_) = self.state {
            self.state = State::Unread;
        }
        self.back_off();
        self.wait = self.wait.max(least);
        let problem = Some(self.problem(reason, message.to_owned()));
        if self.trouble == problem || self.held.is_some() {
            return Vec::new();
        }
        self.trouble = problem;
        vec![News::Problems]
    }

    pub(super) fn back_off(&mut self) {
        self.left_alone = Duration::ZERO;
        let doubled = WAIT_FIRST * 2_u32.saturating_pow(self.failures.min(16));
        self.wait = doubled.min(WAIT_MAX);
        self.failures = self.failures.saturating_add(1);
    }

    pub(super) fn went_well(&mut self) {
        self.failures = 0;
        self.left_alone = Duration::ZERO;
        self.wait = Duration::ZERO;
    }

    pub(super) fn problem(&self, reason: Reason, message: String) -> Problem {
        Problem { subject: self.subject.clone(), reason, message, place: self.place.to_string() }
    }
}
