//! From the bytes of a file to objects, with the place of every fault.
//!
//! ```text
//!   bytes ─▶ text ─▶ documents ─▶ Tree ───────▶ Object
//!            check   split        plain          typed
//!                                 library (slow)   │ fault
//!                                 json             ▼
//!                                         words, place ─▶ Problem
//! ```
//!
//! Two rules decide what a fault costs. A fault of form costs the file: it is not
//! [whole](Manifest::whole), and keeps the objects that it gave before, for half a file must not look
//! like the deletion of the other half. Half a file is often good YAML, because `kubectl` prints the kind
//! of a list last; so whatever has no kind, and a file that holds nothing at all, is such a fault. A fault
//! of type costs the object: it is [refused](Manifest::refused), and alone keeps what it was before. So does a value
//! that is not allowed in an object of ours; what else such a one says counts where it is new.
//! Anything smaller (an unknown field of our kinds, a wrong `recordTTL`) costs itself.
//!
//! Kinds that we do not read are passed over, but their syntax counts.

mod field;
mod given;
mod json;
mod library;
pub(crate) mod order;
mod path;
mod place;
mod plain;
mod split;
mod strict;
mod text;
mod tree;
mod typed;
mod walk;
pub mod whole;
mod words;
mod wrong;
mod yaml;

use std::sync::Arc;

use portolan_core::{Problem, Reason};
use serde_json::{Map, Value};

use self::path::{Finding, Path};
use self::place::Spot;
use self::tree::{Fault, Tree};
use self::typed::Refusal;
use self::words::Shown;
use crate::kinds::GROUP;
use crate::object::{Object, ObjectKey};
use crate::origin::Origin;
use crate::workload::Keep;

pub use self::field::{place_of_field, places_of_fields};
pub use self::given::{Given, Refused, given};
pub use self::order::reading_order;
pub use self::typed::ANNOTATION_BYTES_MAX;

/// Longest file that is read, in bytes.
pub const FILE_BYTES_MAX: u64 = 32 * 1024 * 1024;
/// Most documents in a file.
pub const DOCUMENTS_MAX: usize = 100_000;
/// Deepest nesting of a document.
pub const DEPTH_MAX: usize = 64;
/// Most problems that are told of one file.
pub const PROBLEMS_MAX: usize = 1_000;

/// An object and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Located {
    /// The object.
    pub object: Arc<Object>,
    /// `FILE:LINE:COLUMN` of its first character.
    pub place: Origin,
}

/// What a file gave.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Manifest {
    /// The objects of kinds that we read, in the order of the file; those among them with a value that is not allowed
    /// are [in part](Object::in_part).
    pub objects: Vec<Located>,
    /// Objects that are there, but have a field of a wrong type or a value that is not allowed: they stay what they
    /// were.
    pub refused: Vec<ObjectKey>,
    /// True when it holds an object of ours that may be any: of a kind that is none, or without a name.
    pub has_nameless: bool,
    /// What is wrong with it, in the order of the file.
    pub problems: Vec<Problem>,
    /// False when it did not parse, so that what it gave before stays.
    pub whole: bool,
}

impl Manifest {
    /// A file that gave nothing but this problem (it is too large, or cannot be opened).
    #[must_use]
    pub fn unreadable(problem: Problem) -> Self {
        Self { problems: vec![problem], ..Self::default() }
    }
}

/// Reads a file; `file` is its path as people should see it. Nothing is kept for sources.
#[must_use]
pub fn read(file: &str, bytes: &[u8]) -> Manifest {
    read_keeping(file, bytes, &Keep::default())
}

/// Reads a file, and keeps what sources ask for.
#[must_use]
pub fn read_keeping(file: &str, bytes: &[u8], keep: &Keep) -> Manifest {
    if let Some(problem) = too_large(file, bytes.len() as u64) {
        return Manifest::unreadable(problem);
    }
    let (text, fault) = text::text(bytes);
    let manifest = Manifest { whole: true, ..Manifest::default() };
    let origin = Origin::from(file);
    let mut reader = Reader { file, origin, text, keep, manifest, problems_left_out: 0, has_content: false };
    match fault {
        Some(fault) => reader.not_whole(fault),
        None => {
            reader.documents();
            reader.require_content();
        }
    }
    reader.finish()
}

/// The problem of a file of this many bytes, if that is more than [`FILE_BYTES_MAX`]. Ask before reading.
#[must_use]
pub fn too_large(file: &str, length: u64) -> Option<Problem> {
    (length > FILE_BYTES_MAX).then(|| Problem {
        subject: file.into(),
        reason: Reason::Unreadable,
        message: format!("has {length} bytes; a manifest has at most {FILE_BYTES_MAX}"),
        place: format!("{file}:1:1"),
    })
}

/// True of a version of our own group, in which there are no kinds but ours.
fn is_ours(api_version: &str) -> bool {
    api_version.split_once('/').is_some_and(|(group, _)| group == GROUP)
}

/// The stretch of the file that an object stands in.
#[derive(Clone, Copy)]
struct Stretch {
    start: Spot,
    end: usize,
}

struct Reader<'a> {
    file: &'a str,
    origin: Origin,
    text: &'a str,
    keep: &'a Keep,
    manifest: Manifest,
    problems_left_out: usize,
    /// Something stands in it that is more than comments and `null`.
    has_content: bool,
}

impl Reader<'_> {
    /// JSON by its name is JSON. Another file that begins as JSON does may be YAML in flow form, and if so
    /// YAML tells what is wrong with it.
    fn documents(&mut self) {
        let named_json = json::is_named_so(self.file);
        if named_json || self.text.trim_start().starts_with('{') {
            let trees = json::read(self.text);
            if named_json || trees.iter().all(Result::is_ok) {
                return trees.into_iter().for_each(|tree| self.tree(tree));
            }
        }
        self.yaml();
    }

    fn yaml(&mut self) {
        for (nth, document) in split::documents(self.text).enumerate() {
            if nth == DOCUMENTS_MAX {
                let message = format!("the file goes on; it may hold {DOCUMENTS_MAX} documents");
                return self.not_whole(Fault { spot: document.spot, message });
            }
            self.tree(yaml::read(document));
        }
    }

    fn tree(&mut self, tree: Result<Tree, Fault>) {
        match tree {
            Ok(tree) => self.document(tree),
            Err(fault) => self.not_whole(fault),
        }
    }

    /// One document: an object, a list of objects, or nothing.
    fn document(&mut self, tree: Tree) {
        let stretch = Stretch { start: tree.start, end: tree.end };
        self.has_content |= !tree.value.is_null();
        match tree.value {
            Value::Null => {}
            Value::Object(list) if is_list(&list, self.keep) => self.list(list, stretch, &tree.items),
            value => self.object(value, stretch),
        }
    }

    /// Items without a kind, as the API server prints them, have that of their list.
    fn list(&mut self, mut list: Map<String, Value>, stretch: Stretch, spots: &[Spot]) {
        let items = match list.remove("items") {
            Some(Value::Array(items)) => items,
            other => {
                let kind = text_of(&list, "kind").unwrap_or_default();
                let message = match other {
                    None => format!("{kind} has no items; a list has them, if only `items: []`"),
                    Some(other) => format!("items of {kind} {} where a list is expected", Shown(&other)),
                };
                return self.not_whole(Fault { spot: stretch.start, message });
            }
        };
        let kind = text_of(&list, "kind").and_then(|kind| kind.strip_suffix("List")).unwrap_or_default();
        for (nth, mut item) in items.into_iter().enumerate() {
            if let (Value::Object(item), false) = (&mut item, kind.is_empty()) {
                for (field, value) in [("apiVersion", text_of(&list, "apiVersion")), ("kind", Some(kind))] {
                    item.entry(field).or_insert_with(|| value.into());
                }
            }
            let start = spots.get(nth).copied().unwrap_or(stretch.start);
            let end = spots.get(nth + 1).map_or(stretch.end, |next| next.offset);
            self.object(item, Stretch { start, end });
        }
    }

    fn object(&mut self, mut value: Value, stretch: Stretch) {
        let (api_version, kind) = match typed::identity(&value) {
            Ok(identity) => identity,
            Err(message) => return self.not_whole(Fault { spot: stretch.start, message }),
        };
        let Some(known) = typed::kind(api_version, kind, self.keep) else {
            return self.pass_over(api_version, kind, stretch);
        };
        let is_ours = is_ours(api_version);
        if let Value::Object(object) = &mut value {
            typed::trim(known, object, self.keep);
        }
        let metadata = value.get("metadata").and_then(Value::as_object);
        let name = metadata.and_then(|metadata| text_of(metadata, "name")).unwrap_or_default();
        let namespace = metadata.and_then(|metadata| text_of(metadata, "namespace"));
        let key = ObjectKey::new(known, namespace, name);
        match typed::object(known, &value, self.keep) {
            Err(Refusal { findings, rest }) => {
                self.findings(&key, findings, stretch);
                if key.name().is_empty() {
                    self.manifest.has_nameless |= is_ours;
                } else {
                    rest.into_iter().for_each(|rest| self.give(rest, stretch));
                    self.manifest.refused.push(key);
                }
            }
            Ok(_) if key.name().is_empty() => {
                self.manifest.has_nameless |= is_ours;
                let (subject, message) =
                    (format!("{known}: metadata.name"), "is missing; every object has a name");
                self.problem(Reason::Invalid, subject, message.into(), stretch.start);
            }
            Ok((object, findings)) => {
                self.findings(&key, findings, stretch);
                self.give(Arc::new(object), stretch);
            }
        }
    }

    fn give(&mut self, object: Arc<Object>, stretch: Stretch) {
        let Spot { line, column, .. } = stretch.start;
        self.manifest.objects.push(Located { object, place: self.origin.at(line, column) });
    }

    /// A kind that we do not read. In our own group there is none.
    fn pass_over(&mut self, api_version: &str, kind: &str, stretch: Stretch) {
        if is_ours(api_version) {
            self.manifest.has_nameless = true;
            let message = format!(
                "{api_version} {kind} is unknown; known are Zone, GlobalName, SteeringPolicy and MemberCluster of {GROUP}/v1alpha1"
            );
            self.problem(Reason::Invalid, kind.into(), message, stretch.start);
        }
    }

    /// Tells what was found in an object, in the order of the file. What is not told is not looked for.
    fn findings(&mut self, key: &ObjectKey, mut findings: Vec<Finding>, stretch: Stretch) {
        let told = findings.len().min(PROBLEMS_MAX.saturating_sub(self.manifest.problems.len()));
        self.problems_left_out += findings.len() - told;
        findings.truncate(told);
        if findings.is_empty() {
            return;
        }
        let body = self.text.get(stretch.start.offset..stretch.end).unwrap_or_default();
        let targets: Vec<_> = findings.iter().map(|finding| (&*finding.path, finding.end)).collect();
        let spots = place::find(body, stretch.start, &targets);
        let mut placed: Vec<_> = spots.into_iter().zip(findings).collect();
        placed.sort_by_key(|(spot, _)| (spot.line, spot.column));
        for (spot, finding) in placed {
            let subject = match finding.path.as_slice() {
                [] => key.to_string(),
                path => format!("{key}: {}", Path(path)),
            };
            let message = self.as_written(finding.message, spot);
            self.problem(finding.reason, subject, message, spot);
        }
    }

    /// A message that begins with a truth says it in the word that stands there: YAML has many for each, and
    /// `y`, which kubectl takes for one as well, is meant as a text.
    fn as_written(&self, message: String, spot: Spot) -> String {
        let Some(rest) = ["true is", "false is"].iter().find_map(|begin| message.strip_prefix(begin)) else {
            return message;
        };
        let text = self.text.get(spot.offset..).unwrap_or_default();
        let length = text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len());
        match text.get(..length).unwrap_or_default() {
            "" | "true" | "false" => message,
            word => format!("{word} is{rest} (in quotes it is a text)"),
        }
    }

    /// A file that gives nothing is one that was not written to its end, and no order to forget all that it
    /// gave before.
    fn require_content(&mut self) {
        if self.manifest.whole && !self.has_content {
            let message = "holds no object, only comments and empty documents; to take its objects away, \
                           delete the file";
            self.not_whole(Fault { spot: Spot::START, message: message.into() });
        }
    }

    fn not_whole(&mut self, fault: Fault) {
        self.manifest.whole = false;
        self.problem(Reason::Unreadable, self.file.into(), fault.message, fault.spot);
    }

    fn problem(&mut self, reason: Reason, subject: String, message: String, spot: Spot) {
        if self.manifest.problems.len() == PROBLEMS_MAX {
            self.problems_left_out += 1;
            return;
        }
        let place = self.place(spot);
        self.manifest.problems.push(Problem { subject, reason, message, place });
    }

    fn place(&self, spot: Spot) -> String {
        self.origin.at(spot.line, spot.column).to_string()
    }

    fn finish(mut self) -> Manifest {
        if self.problems_left_out > 0 {
            self.manifest.problems.push(Problem {
                subject: self.file.into(),
                reason: Reason::LimitReached,
                message: format!("has {} more problems; {PROBLEMS_MAX} are told", self.problems_left_out),
                place: self.place(Spot::START),
            });
        }
        self.manifest
    }
}

/// True of `List`, of the lists of the kinds that we read, and of whatever else looks like a list.
fn is_list(object: &Map<String, Value>, keep: &Keep) -> bool {
    let Some(of) = text_of(object, "kind").and_then(|kind| kind.strip_suffix("List")) else { return false };
    let api_version = text_of(object, "apiVersion").unwrap_or_default();
    let must_be = (of.is_empty() && api_version == "v1") || typed::kind(api_version, of, keep).is_some();
    !api_version.is_empty() && (must_be || object.get("items").is_some_and(Value::is_array))
}

/// A field that is text, and not empty.
fn text_of<'o>(object: &'o Map<String, Value>, field: &str) -> Option<&'o str> {
    object.get(field)?.as_str().filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests;
