//! A list that nearly always has one item.

use std::slice;

/// A list of one item at least. There are millions of such lists and nearly all have one, which so needs no room of its own.
#[derive(Debug)]
pub(crate) enum Few<T> {
    One(T),
    More(Vec<T>),
}

impl<T> Few<T> {
    /// None of none.
    pub(crate) fn of(mut items: Vec<T>) -> Option<Self> {
        if items.len() > 1 { Some(Self::More(items)) } else { items.pop().map(Self::One) }
    }

    /// Those of a list that may not be there.
    pub(crate) fn all_of(few: Option<&Self>) -> &[T] {
        few.map(Self::all).unwrap_or_default()
    }

    pub(crate) fn all(&self) -> &[T] {
        match self {
            Self::One(item) => slice::from_ref(item),
            Self::More(items) => items,
        }
    }

    pub(crate) fn all_mut(&mut self) -> &mut [T] {
        match self {
            Self::One(item) => slice::from_mut(item),
            Self::More(items) => items,
        }
    }

    /// Puts an item before the one of this number, or behind the last.
    pub(crate) fn insert(&mut self, nth: usize, item: T) {
        let mut items = std::mem::replace(self, Self::More(Vec::new())).into_vec();
        items.insert(nth, item);
        *self = Self::More(items);
    }

    /// The item of this number, and the others; nothing where there is none.
    pub(crate) fn without(self, nth: usize) -> Option<(T, Option<Self>)> {
        match self {
            Self::One(item) => (nth == 0).then_some((item, None)),
            Self::More(mut items) if nth < items.len() => Some((items.remove(nth), Self::of(items))),
            Self::More(_) => None,
        }
    }

    pub(crate) fn into_vec(self) -> Vec<T> {
        match self {
            Self::One(item) => vec![item],
            Self::More(items) => items,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Few;

    #[test]
    fn a_list_is_what_was_put_in() {
        assert!(Few::<u8>::of(vec![]).is_none());
        for items in [vec![1], vec![1, 2], vec![3, 2, 1]] {
            let mut few = Few::of(items.clone()).unwrap();
            assert_eq!(few.all(), items);
            assert_eq!(few.all_mut(), items);
            assert_eq!(matches!(few, Few::One(_)), items.len() == 1);
            assert_eq!(Few::all_of(Some(&few)), items);
            assert_eq!(few.into_vec(), items);
        }
        assert_eq!(Few::<u8>::all_of(None), [0; 0]);
        let mut few = Few::One(2);
        few.insert(1, 3);
        few.insert(0, 1);
        assert_eq!(few.all(), [1, 2, 3]);
        let (second, others) = few.without(1).unwrap();
        let (third, first) = others.unwrap().without(1).unwrap();
        assert_eq!((second, third, first.map(Few::into_vec)), (2, 3, Some(vec![1])));
        assert!(Few::One(1).without(1).is_none() && Few::of(vec![1, 2]).unwrap().without(2).is_none());
    }
}
