//! The exact places of faults that were found once the file was behind us.
//!
//! What a manifest says is judged when it is an object and its text is gone, so such a problem stands at
//! the object's first character and names the field. `check` has the time to look the field up in the
//! file, which is read once for all of its faults.

use std::collections::BTreeMap;
use std::path::Path;

use portolan_core::Problem;
use portolan_kube::manifest::{self, FILE_BYTES_MAX};

/// Most bytes of files that are read again; problems of more keep the places of their objects.
const LOOKUP_BYTES_MAX: u64 = 256 << 20;

/// The problems of a fleet folder with the places of their fields, in the order of files and lines.
pub(in crate::commands) fn exact(folder: &Path, mut problems: Vec<Problem>) -> Vec<Problem> {
    let mut by_file: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (nth, problem) in problems.iter().enumerate() {
        if let (Some(file), Some(_)) = (file(&problem.place), field(&problem.subject)) {
            by_file.entry(file.to_owned()).or_default().push(nth);
        }
    }
    let mut left = LOOKUP_BYTES_MAX;
    for (file, numbers) in by_file {
        let path = folder.join(&file);
        let Ok(length) = path.metadata().map(|metadata| metadata.len()) else { continue };
        if length > left.min(FILE_BYTES_MAX) {
            continue;
        }
        left -= length;
        let Ok(bytes) = std::fs::read(&path) else { continue };
        look_up(&file, &bytes, &numbers, &mut problems);
    }
    problems.sort_by(manifest::reading_order);
    problems
}

fn look_up(file: &str, bytes: &[u8], numbers: &[usize], problems: &mut [Problem]) {
    let wanted: Vec<(&str, &str)> = numbers
        .iter()
        .filter_map(|nth| problems.get(*nth))
        .map(|problem| (problem.place.as_str(), field(&problem.subject).unwrap_or_default()))
        .collect();
    let found = manifest::places_of_fields(file, bytes, &wanted);
    for (nth, place) in numbers.iter().zip(found) {
        if let (Some(problem), Some(place)) = (problems.get_mut(*nth), place) {
            problem.place = place;
        }
    }
}

/// The file of a place `FILE:LINE:COLUMN`.
fn file(place: &str) -> Option<&str> {
    let mut parts = place.rsplitn(3, ':');
    let is_number = |text: Option<&str>| text.is_some_and(|text| text.parse::<u64>().is_ok());
    (is_number(parts.next()) && is_number(parts.next())).then(|| parts.next())?
}

/// The field that ends a subject `OBJECT: FIELD`.
fn field(subject: &str) -> Option<&str> {
    let (_, field) = subject.rsplit_once(": ")?;
    let top = field.split(['.', '[']).next()?;
    matches!(top, "spec" | "metadata" | "status").then_some(field)
}
