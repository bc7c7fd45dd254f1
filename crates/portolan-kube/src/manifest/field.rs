//! The place of one field of an object, for whoever knows only where the object begins.
//!
//! What an object means is settled far from its text, so a fault of meaning has the place of its object
//! and the path of its field. Here the two become the place of the value, in one walk of each object.

use super::DEPTH_MAX;
use super::path::{End, Step, Target};
use super::place::{self, Spot};
use super::split;
use super::text;

/// The place of one field of the object that begins at `object_place` (`FILE:LINE:COLUMN`, its FILE being
/// `file`). A field is a path as the subject of a problem ends in one: `spec.hosts[11]`,
/// `spec.weights["eu-1"]`. What is missing stands where the path is lost; none is the answer when the
/// place is not in this file.
#[must_use]
pub fn place_of_field(file: &str, bytes: &[u8], object_place: &str, field: &str) -> Option<String> {
    places_of_fields(file, bytes, &[(object_place, field)]).pop().flatten()
}

/// The places of many fields of one file, each as [`place_of_field`] finds it, in one pass over the file.
#[must_use]
pub fn places_of_fields(file: &str, bytes: &[u8], wanted: &[(&str, &str)]) -> Vec<Option<String>> {
    let (text, _) = text::text(bytes);
    let mut found = vec![None; wanted.len()];
    let groups = groups(file, text, wanted);
    for (nth, group) in groups.iter().enumerate() {
        let later = groups.get(nth + 1..).unwrap_or_default();
        let next = later.iter().find(|next| next.start.column <= group.start.column);
        let body = body(text, group.start, next.map(|next| next.start));
        let targets: Vec<Target<'_>> = group.fields.iter().map(|(_, path)| (&**path, End::Value)).collect();
        let spots = place::find(body, group.start, &targets);
        for ((index, _), spot) in group.fields.iter().zip(spots) {
            if let Some(place) = found.get_mut(*index) {
                *place = Some(format!("{file}:{}:{}", spot.line, spot.column));
            }
        }
    }
    found
}

/// What is wanted of one object.
struct Group {
    start: Spot,
    /// Each with its index in the question.
    fields: Vec<(usize, Vec<Step>)>,
}

/// What is wanted by object, in the order of the file.
fn groups(file: &str, text: &str, wanted: &[(&str, &str)]) -> Vec<Group> {
    let asked = |(index, (place, field)): (usize, &(&str, &str))| {
        Some((line_and_column(file, place)?, index, path(field)?))
    };
    let mut asked: Vec<_> = wanted.iter().enumerate().filter_map(asked).collect();
    asked.sort_unstable_by_key(|(at, index, _)| (*at, *index));
    let mut groups: Vec<Group> = Vec::new();
    let mut cursor = Spot::START;
    for ((line, column), index, path) in asked {
        let Some(start) = go_to(text, cursor, line, column) else { continue };
        match groups.last_mut() {
            Some(group) if group.start == start => group.fields.push((index, path)),
            _ => groups.push(Group { start, fields: vec![(index, path)] }),
        }
        cursor = start;
    }
    groups
}

fn line_and_column(file: &str, place: &str) -> Option<(usize, usize)> {
    let (line, column) = place.strip_prefix(file)?.strip_prefix(':')?.split_once(':')?;
    Some((line.parse().ok()?, column.parse().ok()?))
}

/// Goes on from a spot to a later line and column; none when the text has none there.
fn go_to(text: &str, from: Spot, line: usize, column: usize) -> Option<Spot> {
    let mut spot = from;
    while spot.line < line {
        let length = text.get(spot.offset..)?.find('\n')? + 1;
        spot = Spot { offset: spot.offset + length, line: spot.line + 1, column: 1 };
    }
    let rest = text.get(spot.offset..)?;
    let (length, _) = rest.char_indices().nth(column.checked_sub(spot.column)?)?;
    let is_in_line = !rest.get(..length)?.contains('\n');
    is_in_line.then_some(Spot { offset: spot.offset + length, column, ..spot })
}

/// The text of the object that begins at `start`, and no more of the rest than the walk can do with: it
/// ends with the document, or where the next object begins.
fn body(text: &str, start: Spot, next: Option<Spot>) -> &str {
    let end = next.map_or(text.len(), |next| next.offset);
    let body = text.get(start.offset..end).unwrap_or_default();
    if body.starts_with(['{', '[']) {
        return body;
    }
    split::documents(body).next().map_or(body, |document| document.text)
}

/// A path from the form in which subjects have it; none when it is not one.
pub(super) fn path(field: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    let mut rest = field;
    while !rest.is_empty() && steps.len() < DEPTH_MAX {
        let step;
        (step, rest) = match rest.strip_prefix('[') {
            Some(index) => bracketed(index)?,
            None => {
                let key = rest.strip_prefix('.').unwrap_or(rest);
                let length = key.find(['.', '[']).unwrap_or(key.len());
                (Step::Key(key.get(..length)?.to_owned()), key.get(length..)?)
            }
        };
        steps.push(step);
    }
    (rest.is_empty() && !steps.is_empty()).then_some(steps)
}

/// An index, or a key in quotes, and what follows its bracket.
fn bracketed(text: &str) -> Option<(Step, &str)> {
    if !text.starts_with('"') {
        let (index, rest) = text.split_once(']')?;
        return Some((Step::Item(index.parse().ok()?), rest));
    }
    let mut keys = serde_json::Deserializer::from_str(text).into_iter::<String>();
    let key = keys.next()?.ok()?;
    Some((Step::Key(key), text.get(keys.byte_offset()..)?.strip_prefix(']')?))
}

#[cfg(test)]
mod tests;
