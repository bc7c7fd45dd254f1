//! Texts that many names have in common.

use alloc::collections::BTreeSet;
use alloc::sync::Arc;

/// Most texts that are shared: kinds, clusters, policies and the namespaces of a large fleet.
pub const TEXTS_MAX: usize = 4_096;

/// Shares kinds, namespaces, clusters and policies among the facts that are unpacked one after the other,
/// so that a million names do not have a million copies of `GlobalName`.
#[derive(Debug, Default)]
pub struct Texts(BTreeSet<Arc<str>>);

impl Texts {
    /// A text that is shared with whoever asked for it before. When there are too many, it begins anew.
    pub fn share(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.0.get(text) {
            return known.clone();
        }
        if self.0.len() >= TEXTS_MAX {
            self.0.clear();
        }
        let shared: Arc<str> = text.into();
        self.0.insert(shared.clone());
        shared
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_shared_and_do_not_grow_for_ever() {
        let mut texts = Texts::default();
        let one = texts.share("GlobalName");
        assert!(Arc::ptr_eq(&one, &texts.share("GlobalName")));
        for i in 0..3 * TEXTS_MAX {
            texts.share(&alloc::format!("{i}"));
        }
        assert!(texts.0.len() <= TEXTS_MAX);
    }
}
