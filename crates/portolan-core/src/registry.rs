//! Whose a record set is: the TXT records that say so.
//!
//! ```text
//!   sets of another DNS ─▶ read ─▶ Found, each with its mark ─▶ plan ─▶ Change ─▶ write ─▶ texts to put and to remove
//! ```
//!
//! External-DNS' TXT registry (0.22: `registry/txt/registry.go`, `endpoint/labels.go`, `registry/mapper/mapper.go`): what it
//! wrote is read, in the forms of older versions too, and it reads what is written here. So a zone can be taken over in
//! place and given back. What is not done as it does:
//!
//! * a mark that cannot be read makes its set somebody's, not nobody's, so that it is never adopted;
//! * when a mark is written anew, or its set goes, every text of ours that stood for it goes, in older forms too;
//!   a text that another set still needs stays, and so does whatever else stands in those TXT records;
//! * a set whose mark could not be named, or would be read as another's, is refused before it is made. External-DNS
//!   makes it, and leaves it behind as nobody's.
//!
//! The texts may be sealed (AES-256-GCM); the cipher is an argument, and so is each nonce.

mod affix;
mod labels;
mod write;

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use crate::name::Name;
use crate::plan::{Claim, Desired, Found, Mark, Options, RecordSet, Targets};
use crate::problem::{Problem, Problems, Reason};
use crate::record::{Rdata, RecordType};

pub use affix::{Affix, BothAffixes};
use labels::Said;
pub use labels::{HERITAGE, HERITAGE_OF_TARGETS};
pub use write::Text;

/// Octets of a nonce (RFC 5116 section 5.1).
pub const NONCE_OCTETS: usize = 12;
/// Drawn anew for each text that is sealed.
pub type Nonce = [u8; NONCE_OCTETS];
/// Most octets of the labels of a set, their keys among them: with them its mark is a record still, sealed too.
pub const LABELS_OCTETS_MAX: usize = 32 << 10;

/// Seals texts as External-DNS does (`endpoint/crypto.go`): gzip, AES-256-GCM with the nonce in front of what comes
/// of it, base64.
pub trait Cipher: Send + Sync {
    /// The text that was sealed; none when it was not, or not with this key.
    fn open(&self, sealed: &str) -> Option<String>;
    /// Seals a text.
    fn seal(&self, text: &str, nonce: Nonce) -> String;
}

/// How marks are named and written.
#[derive(Clone, Default)]
pub struct Registry {
    /// How they are named.
    pub affix: Affix,
    /// Opens texts that are sealed (`--txt-encrypt-aes-key`).
    pub cipher: Option<Arc<dyn Cipher>>,
    /// Writes them sealed too (`--txt-encrypt-enabled`).
    pub seals: bool,
}

/// A set of another DNS, and what that counts its changes with.
pub type Listed = (RecordSet, Option<u64>);

/// What another DNS has, with the marks beside the sets that they are about.
#[derive(Debug, Default)]
pub struct Reading {
    /// Every set but for the texts that are marks.
    pub sets: Vec<Found>,
    /// What is wrong with marks.
    pub problems: Problems,
    marks: Vec<Placed>,
    /// Which marks are about which set, by the set's name as marks spell it, its type and its identifier.
    about: BTreeMap<Key, Vec<usize>>,
}

type Key = (Name, Option<RecordType>, Arc<str>);

/// A mark where it stands.
#[derive(Debug)]
struct Placed {
    /// The name of the TXT record.
    name: Name,
    identifier: Arc<str>,
    data: Rdata,
    version: Option<u64>,
    said: Said,
    /// How many sets are somebody's because of it.
    deciding: usize,
}

impl Registry {
    /// Puts each mark beside its set, as the owner of the options is to see it.
    #[must_use]
    pub fn read(&self, listed: impl IntoIterator<Item = Listed>, options: &Options) -> Reading {
        let mut reading = Reading::default();
        let mut sets = Vec::new();
        for (mut set, version) in listed {
            if set.rtype == RecordType::TXT {
                set.targets = self.without_marks(&set, version, &mut reading);
                if set.targets.is_empty() {
                    continue;
                }
            }
            sets.push((set, version));
        }
        reading.sets.reserve_exact(sets.len());
        for (set, version) in sets {
            let (mark, outdated) = self.mark_of(&set, &mut reading, options);
            reading.sets.push(Found { set, mark, outdated, version });
        }
        reading
    }

    /// Leaves out of what is wanted the sets that could not be marked, and the labels that a mark could not give back;
    /// nothing goes at the names of such sets.
    #[must_use]
    pub fn admit(&self, desired: &mut Desired) -> Problems {
        let (mut problems, mut refused) = (Problems::default(), Vec::new());
        let mut taken: BTreeMap<Key, Name> = BTreeMap::new();
        desired.sets.retain_mut(|wanted| {
            let subject = wanted.subject();
            let mut tell = |message: String| {
                problems.push(Problem {
                    subject: subject.clone(),
                    reason: Reason::Invalid,
                    message,
                    place: String::new(),
                });
            };
            let (labels, bad) = labels::without_bad(&wanted.labels);
            for key in bad {
                tell(format!(
                    "the label {key:?} has a comma, a quote or a control character; it is left out"
                ));
            }
            wanted.labels = labels;
            let octets: usize = wanted.labels.iter().map(|(key, value)| key.len() + value.len()).sum();
            if octets > LABELS_OCTETS_MAX {
                tell(format!(
                    "its labels have {octets} octets, and a mark has room for {LABELS_OCTETS_MAX}; they are left out"
                ));
                wanted.labels.clear();
            }
            let rule = self.fault(&wanted.set, &wanted.resource, &mut taken);
            let is_sound = rule.is_none();
            if let Some(rule) = rule {
                tell(rule);
                refused.push(wanted.set.name.clone());
            }
            is_sound
        });
        desired.stays.extend(refused);
        problems
    }

    /// Why a set cannot be marked. `taken` are the names that have a mark already, by what their marks are read as.
    fn fault(&self, set: &RecordSet, resource: &str, taken: &mut BTreeMap<Key, Name>) -> Option<String> {
        let mark = match self.affix.mark_of(&set.name, set.rtype) {
            Err(error) => return Some(format!("the name of its mark {error}")),
            Ok(mark) => mark,
        };
        if !labels::is_label("resource", resource) {
            return Some("its resource has a comma, a quote or a control character".into());
        }
        let own = (self.affix.spelled(&set.name), Some(set.rtype));
        if self.affix.marked_by(&mark).as_ref() != Some(&own) {
            return Some(format!("its mark {mark} would be read as that of another set"));
        }
        let other = taken.entry((own.0, own.1, set.identifier.clone())).or_insert_with(|| set.name.clone());
        (*other != set.name).then(|| format!("its mark {mark} is that of {other} too"))
    }

    /// Takes the marks out of a TXT set, and says what is left.
    fn without_marks(&self, set: &RecordSet, version: Option<u64>, reading: &mut Reading) -> Targets {
        let Some((name, rtype)) = self.affix.marked_by(&set.name) else {
            return set.targets.clone();
        };
        let key = (name, rtype, set.identifier.clone());
        let mut rest = Vec::new();
        for target in &set.targets {
            let data = target.rdata();
            let said = text_of(&data).map_or(Said::Nothing, |text| self.said(&text, rtype));
            // What may be a mark stays somebody's text as well.
            let is_mark = said != Said::Nothing && said != Said::Unreadable(SEALED);
            if !is_mark {
                rest.push(target.clone());
            }
            if said == Said::Nothing {
                continue;
            }
            reading.about.entry(key.clone()).or_default().push(reading.marks.len());
            let (name, identifier) = (set.name.clone(), set.identifier.clone());
            reading.marks.push(Placed { name, identifier, data, version, said, deciding: 0 });
        }
        rest.into_iter().collect()
    }

    fn said(&self, text: &str, rtype: Option<RecordType>) -> Said {
        let opened = self.cipher.as_ref().and_then(|cipher| cipher.open(text.trim_matches('"')));
        // What does not open may be from before texts were sealed.
        match labels::read(opened.as_deref().unwrap_or(text), rtype) {
            Said::Nothing if opened.is_none() && labels::may_be_sealed(text) => Said::Unreadable(SEALED),
            said => said,
        }
    }

    /// Whose a set is, and whether a claim of the owner's stands where or as it no longer should.
    fn mark_of(&self, set: &RecordSet, reading: &mut Reading, options: &Options) -> (Mark, bool) {
        let Some(deciding) = self.about(set, reading).into_iter().next() else {
            return (Mark::None, false);
        };
        let current = self.affix.mark_of(&set.name, set.rtype).ok();
        // Most sets have one claim, and there are as many as names: none of it is room for more.
        let mut claims: Vec<Claim> = Vec::with_capacity(deciding.len());
        let mut fault = None;
        let mut outdated = false;
        for index in deciding {
            let Some(placed) = reading.marks.get_mut(index) else { continue };
            placed.deciding += 1;
            match &placed.said {
                Said::Claim(claim) => {
                    let is_twice = claims.iter().any(|known| known.owner == claim.owner);
                    let is_misplaced = current.as_ref() != Some(&placed.name);
                    outdated |= options.is_us(&claim.owner) && (is_twice || is_misplaced);
                    if !is_twice {
                        claims.push(claim.clone());
                    }
                }
                Said::Unreadable(rule) => fault = Some((placed.name.clone(), *rule)),
                Said::Nothing => {}
            }
        }
        // What may be sealed and may be anything is of no account beside a claim that can be read.
        let fault = fault.filter(|(_, rule)| claims.is_empty() || *rule != SEALED);
        if let Some((name, rule)) = fault {
            reading.problems.push(Problem {
                subject: set.to_string(),
                reason: Reason::Invalid,
                message: format!("its mark {name} TXT {rule}; the set is left alone"),
                place: String::new(),
            });
            return (Mark::Unreadable, false);
        }
        claims.sort_unstable();
        (Mark::Claims(claims), outdated)
    }

    /// The marks about a set, by the age of their names; the first that there are say whose it is.
    fn about(&self, set: &RecordSet, reading: &Reading) -> Vec<Vec<usize>> {
        let name = self.affix.spelled(&set.name);
        let alias = set.properties.get("alias").is_some_and(|value| matches!(&**value, "true" | "A"));
        // Before 0.12 External-DNS had neither; the text beside such a mark is somebody's.
        let has_untyped = !matches!(set.rtype, RecordType::AAAA | RecordType::TXT);
        let types = [
            Some(Some(set.rtype)),
            // An alias of type A was marked as one of type CNAME.
            (alias && set.rtype == RecordType::A).then_some(Some(RecordType::CNAME)),
            has_untyped.then_some(None),
        ];
        let marks = |rtype| reading.about.get(&(name.clone(), rtype, set.identifier.clone())).cloned();
        types.into_iter().flatten().filter_map(marks).collect()
    }
}

/// The rule that a text breaks which only looks as if it were sealed.
const SEALED: &str = "may be sealed with a key that is not given";

/// The text of a TXT record, its strings one after the other.
fn text_of(data: &Rdata) -> Option<String> {
    let mut rest = data.as_wire();
    let mut text = Vec::with_capacity(rest.len());
    while let Some((&len, tail)) = rest.split_first() {
        let (string, tail) = tail.split_at_checked(usize::from(len))?;
        text.extend_from_slice(string);
        rest = tail;
    }
    String::from_utf8(text).ok()
}

/// The record that holds a text; none when it is longer than a record can be.
fn data_of(text: &str) -> Option<Rdata> {
    Rdata::txt(text.as_bytes())
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Registry");
        out.field("affix", &self.affix)
            .field("cipher", &self.cipher.is_some())
            .field("seals", &self.seals)
            .finish()
    }
}

#[cfg(test)]
mod tests;
