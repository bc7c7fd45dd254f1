//! When the rest of a pass is put off: too much failed in a row, and nothing went well in between.
//!
//! An object that is refused is refused for what it is, and the next may be taken. So what counts are failures in a
//! row: of one kind (we lack a right over it, say), and of any where the server itself is in trouble.

use std::collections::BTreeMap;

use portolan_kube::api::Resource;
use portolan_kube::follow::Failure;

/// Failures in a row after which no more is tried in this pass.
const IN_A_ROW_MAX: usize = 8;

/// Failures in a row, in one pass.
#[derive(Debug, Default)]
pub(super) struct Strikes {
    of: BTreeMap<Resource, usize>,
    of_any: usize,
}

impl Strikes {
    /// True while more of a resource is to be tried.
    pub(super) fn allow(&self, resource: Resource) -> bool {
        self.of_any < IN_A_ROW_MAX && self.of.get(&resource).is_none_or(|count| *count < IN_A_ROW_MAX)
    }

    /// Notes how a write went; true of a failure after which no more is to be tried.
    pub(super) fn note(&mut self, resource: Resource, failure: Option<&Failure>) -> bool {
        let Some(failure) = failure else {
            self.of.remove(&resource);
            self.of_any = 0;
            return false;
        };
        *self.of.entry(resource).or_default() += 1;
        self.of_any += usize::from(is_of_server(failure));
        !self.allow(resource)
    }
}

/// True of a failure that any other object could have met too.
fn is_of_server(failure: &Failure) -> bool {
    !matches!(failure.code, Some(400 | 403 | 404 | 405 | 409 | 410 | 413 | 415 | 422))
}

#[cfg(test)]
mod tests {
    use portolan_kube::api::INTENTS;

    use super::*;

    /// Writes of two kinds (`a`, `b`) that go well (`a`) or fail (`a422`), and how many are allowed.
    #[track_caller]
    fn check(writes: &[(&str, usize)], allowed: [bool; 2]) {
        let mut strikes = Strikes::default();
        for (write, times) in writes {
            let (kind, code) = write.split_at(1);
            let resource = INTENTS[usize::from(kind == "b")];
            let failure = code.parse().ok().map(|code| Failure { code: Some(code), ..Failure::default() });
            for _ in 0..*times {
                strikes.note(resource, failure.as_ref());
            }
        }
        assert_eq!([strikes.allow(INTENTS[0]), strikes.allow(INTENTS[1])], allowed, "{writes:?}");
    }

    #[test]
    fn what_is_refused_holds_up_its_kind_and_only_in_a_row() {
        check(&[("a422", 7)], [true, true]);
        check(&[("a422", 8)], [false, true]);
        check(&[("a422", 7), ("a", 1), ("a422", 7)], [true, true]);
        check(&[("a403", 99), ("b", 1)], [false, true]);
        check(&[("a403", 7), ("b409", 7)], [true, true]);
    }

    #[test]
    fn a_server_in_trouble_holds_up_all() {
        check(&[("a500", 4), ("b503", 4)], [false, false]);
        check(&[("a500", 4), ("b", 1), ("b429", 7)], [true, true]);
    }
}
