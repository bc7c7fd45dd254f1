//! What somebody may have meant by a word that nobody knows.

/// The known word that is most like this one, when any is like it: what somebody may have meant.
#[must_use]
pub fn nearest<'w>(word: &str, known: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    let word = word.to_lowercase();
    let near = |known: &'w str| (distance(&word, &known.to_lowercase()), known);
    let (distance, nearest) = known.into_iter().map(near).min()?;
    (distance <= nearest.chars().count().div_ceil(2).min(3)).then_some(nearest)
}

/// Insertions, deletions and replacements that make one word the other (Levenshtein). Words are cut to
/// [`WORD_CHARS_MAX`], as the cost grows with the product of their lengths.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(WORD_CHARS_MAX).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().take(WORD_CHARS_MAX).enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        let mut next = vec![left];
        for (y, above) in b.iter().zip(row.iter().skip(1)) {
            left = (diagonal + usize::from(x != *y)).min(above + 1).min(left + 1);
            diagonal = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

/// Longest word that is compared, in characters.
const WORD_CHARS_MAX: usize = 64;
