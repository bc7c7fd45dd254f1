//! What is wrong with names, as compile found it.
//!
//! A policy that falls back to a name that is not there is a problem with each name that it is for, and a scrape
//! asks for all problems. So each is kept once, with how many names have it: what a scrape costs goes by what is
//! wrong, and not by the size of the fleet.

use std::collections::BTreeMap;
use std::sync::Arc;

use portolan_core::{Name, Problem};

/// What is wrong with names.
#[derive(Debug, Default)]
pub(super) struct Steering {
    by_name: BTreeMap<Name, Vec<Arc<Problem>>>,
    /// How often each stands there.
    counts: BTreeMap<Arc<Problem>, usize>,
}

impl Steering {
    /// Replaces what is wrong with a name; true when that is something else.
    pub(super) fn set(&mut self, name: Name, problems: Vec<Problem>) -> bool {
        let now: Vec<Arc<Problem>> = problems.into_iter().map(|problem| self.count(problem)).collect();
        let is_news = self.by_name.get(&name).map_or(!now.is_empty(), |before| *before != now);
        let before = if now.is_empty() { self.by_name.remove(&name) } else { self.by_name.insert(name, now) };
        before.into_iter().flatten().for_each(|problem| self.discount(&problem));
        is_news
    }

    /// Each problem once, in order.
    pub(super) fn problems(&self) -> impl Iterator<Item = &Problem> {
        self.counts.keys().map(|problem| &**problem)
    }

    fn count(&mut self, problem: Problem) -> Arc<Problem> {
        let known = self.counts.get_key_value(&problem).map(|(known, _)| known.clone());
        let problem = known.unwrap_or_else(|| problem.into());
        *self.counts.entry(problem.clone()).or_default() += 1;
        problem
    }

    fn discount(&mut self, problem: &Problem) {
        let Some(count) = self.counts.get_mut(problem) else { return };
        *count = count.saturating_sub(1);
        if *count == 0 {
            self.counts.remove(problem);
        }
    }
}

impl FromIterator<(Name, Vec<Problem>)> for Steering {
    fn from_iter<I: IntoIterator<Item = (Name, Vec<Problem>)>>(found: I) -> Self {
        let mut all = Self::default();
        for (name, problems) in found {
            all.set(name, problems);
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use portolan_core::Reason;

    use super::*;

    fn problem(message: &str) -> Problem {
        let (subject, place) = ("SteeringPolicy near".into(), String::new());
        Problem { subject, reason: Reason::NotFound, message: message.into(), place }
    }

    #[test]
    fn a_problem_of_many_names_stands_once_and_goes_with_the_last() {
        let name = |i: u32| format!("n{i}.example").parse::<Name>().unwrap();
        let mut steering: Steering = (0..100).map(|i| (name(i), vec![problem("a")])).collect();
        let told = |steering: &Steering| {
            steering.problems().map(|problem| problem.message.clone()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(told(&steering), "a");
        steering.set(name(0), vec![problem("b"), problem("a")]);
        assert_eq!(told(&steering), "a b");
        assert!((0..99).all(|i| steering.set(name(i), Vec::new())));
        assert_eq!(told(&steering), "a");
        assert!(!steering.set(name(99), vec![problem("a")]), "as it was");
        steering.set(name(99), Vec::new());
        assert_eq!(told(&steering), "");
        assert!(steering.by_name.is_empty() && steering.counts.is_empty());
    }
}
