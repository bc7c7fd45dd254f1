//! When each source was last heard.
//!
//! A source is heard each time that somebody looks and finds it there, not only when something changes;
//! one that is silent keeps the time of the last look that found it.

use std::collections::BTreeMap;

use portolan_core::ClusterName;

use super::Event;

/// The sources, each with the time of the last look.
#[derive(Debug, Default)]
pub(super) struct Hearing(BTreeMap<ClusterName, Heard>);

#[derive(Debug)]
struct Heard {
    at: i64,
    is_silent: bool,
}

impl Hearing {
    /// Notes what an event says of its source.
    pub(super) fn note(&mut self, event: &Event, now: i64) {
        match event {
            Event::Heard(source) => {
                self.0.insert(source.clone(), Heard { at: now, is_silent: false });
            }
            Event::Silent(source) => {
                if let Some(heard) = self.0.get_mut(source) {
                    heard.is_silent = true;
                }
            }
            _ => {}
        }
    }

    /// All that are not silent were just found there.
    pub(super) fn still_true(&mut self, now: i64) {
        self.0.values_mut().filter(|heard| !heard.is_silent).for_each(|heard| heard.at = now);
    }

    /// This one was just found there.
    pub(super) fn seen(&mut self, source: &ClusterName, now: i64) {
        if let Some(heard) = self.0.get_mut(source).filter(|heard| !heard.is_silent) {
            heard.at = now;
        }
    }

    /// Another process heard this one then.
    pub(super) fn told(&mut self, source: &ClusterName, at: i64) {
        self.0.insert(source.clone(), Heard { at, is_silent: false });
    }

    pub(super) fn forget(&mut self, source: &ClusterName) {
        self.0.remove(source);
    }

    /// When a source was last heard; none when it never was.
    pub(super) fn at(&self, source: &ClusterName) -> Option<i64> {
        self.0.get(source).map(|heard| heard.at)
    }
}
