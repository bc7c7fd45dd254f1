//! Names of clusters, which many offers have in common.

use alloc::collections::BTreeSet;
use alloc::sync::Arc;

/// Most texts that are shared: there are fewer clusters.
const TEXTS_MAX: usize = 4_096;

/// Shares them among names that are compiled one after the other. Each thread has its own, as a count that several
/// change at once costs more than a name.
#[derive(Debug, Default)]
pub(super) struct Texts(BTreeSet<Arc<str>>);

impl Texts {
    /// A text that is shared with whoever asked for it before. When there are too many, it begins anew.
    pub(super) fn share(&mut self, text: &str) -> Arc<str> {
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
        let one = texts.share("eu-1");
        assert!(Arc::ptr_eq(&one, &texts.share("eu-1")));
        for i in 0..3 * TEXTS_MAX {
            texts.share(&alloc::format!("{i}"));
        }
        assert!(texts.0.len() <= TEXTS_MAX);
    }
}
