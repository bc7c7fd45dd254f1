//! What is wrong with the objects that speak of a name which gives a client nothing.
//!
//! A problem knows an object and says something about a name, in words. It concerns a name when those
//! words have the name in them, or a wildcard above it, or when it is about an object that owns the name or asks for it.

use portolan_core::{Name, Problem, Reason};

use super::Explanation;

/// Most problems that are told of one name.
const KNOWN_MAX: usize = 20;

impl Explanation {
    /// The same, with what is known of a name that gives no record. Only then it is asked for the objects
    /// that want the name, and for the problems.
    #[must_use]
    pub fn knowing(mut self, look: impl FnOnce() -> (Vec<String>, Vec<Problem>)) -> Self {
        if !self.answer.records.is_empty() {
            return self;
        }
        let Ok(name) = self.question.name.parse::<Name>() else { return self };
        let (mut objects, problems) = look();
        objects.extend(self.hops.iter().filter_map(|hop| hop.owner.clone()));
        let words = words_for(&name);
        let concerns = |problem: &&Problem| {
            let has = |text: &str| words.iter().any(|word| has_word(text, word));
            has(&problem.subject)
                || has(&problem.message)
                || objects.iter().any(|object| is_about(problem, object))
        };
        self.known = problems.iter().filter(concerns).take(KNOWN_MAX).map(Into::into).collect();
        self
    }
}

/// A name as problems write it: itself, and the wildcards that it would be found by.
fn words_for(name: &Name) -> Vec<String> {
    let above = name.borrowed().suffixes().skip(1).filter(|above| above.parent().is_some());
    let wildcards = above.map(|above| format!("*.{}", above.to_name().to_dotless()));
    std::iter::once(name.to_dotless()).chain(wildcards).collect()
}

/// True when a text has the word with nothing of a longer name around it.
fn has_word(text: &str, word: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '*');
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let behind = text.get(at + word.len()..).unwrap_or_default();
        // A full stop ends a sentence, or the name; with more behind it, it is a longer name.
        let behind = behind.strip_prefix('.').unwrap_or(behind);
        !before.is_some_and(|c| is_part(c) || c == '.') && !behind.starts_with(is_part)
    })
}

/// True when the subject is the object, or a part or a copy of it, and not one host of several.
fn is_about(problem: &Problem, object: &str) -> bool {
    // These name the host that they are about.
    if matches!(problem.reason, Reason::NotAdmitted | Reason::NoZone | Reason::Conflict) {
        return false;
    }
    let Some(rest) = problem.subject.strip_prefix(object) else { return false };
    (rest.is_empty() || rest.starts_with([':', ' '])) && !rest.contains(": host ") && !rest.contains("hosts[")
}

#[cfg(test)]
mod tests;
