//! A step as keys: what must be as it was read, what is put, and what is deleted.

use std::collections::{BTreeMap, BTreeSet};

use portolan_core::name::NAME_OCTETS_MAX;
use portolan_core::plan::{PlanNumber, RecordSet};
use portolan_core::record::{RecordType, Target};
use portolan_core::{Name, NameRef};
use portolan_store::kv::{Compare, OPERATIONS_MAX, Operation, TRANSACTION_OCTETS_MAX};
use portolan_store::skydns::{Layout, Value};
use ring::digest::{SHA256, digest};

use super::BELOW_MAX;
use super::cache::{Cache, Key, Said, said};
use super::placed::{self, GROUP, Member};
use crate::provider::{Edit, Step};

/// Operations, and comparisons, of one step: room is left for the owner's number.
pub(super) const STEP_MAX: usize = OPERATIONS_MAX - 1;
/// How many labels are tried for a target before it is given up.
const LABELS_TRIED_MAX: u8 = 16;
/// Octets of a target's label in a name: eight digits and their length.
const LABEL_OCTETS: usize = 9;
/// Octets of a part of a transaction beside keys and values: tags and lengths.
const PART_OCTETS: usize = 24;

/// What one step, or several, do.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    /// The names whose keys are compared and written.
    pub(super) names: BTreeSet<Name>,
    pub(super) compares: Vec<Compare>,
    pub(super) puts: BTreeMap<Key, (Name, Vec<u8>)>,
    pub(super) deletes: BTreeSet<Key>,
}

impl Draft {
    /// The keys of a step.
    ///
    /// # Errors
    /// Why it cannot be written, whenever it is tried.
    pub(super) fn of(
        step: &Step,
        cache: &Cache,
        layout: &Layout,
        number: PlanNumber,
    ) -> Result<Self, String> {
        let mut draft = Self { names: step.names().into_iter().cloned().collect(), ..Self::default() };
        let edits = step.edits();
        for name in &draft.names.clone() {
            let edits = edits.iter().filter(|edit| edit.set().is_some_and(|set| set.name == *name));
            Keys { name, layout, cache, number, draft: &mut draft }.edit(edits)?;
        }
        for name in &draft.names.clone() {
            draft.compare(name, cache, layout);
        }
        let (compares, operations) = (draft.compares.len(), draft.operations_count());
        if compares.max(operations) > STEP_MAX {
            return Err(format!(
                "is {operations} keys to write and {compares} to compare in one transaction; there is room for {STEP_MAX} (etcd's \
                 --max-txn-ops is {OPERATIONS_MAX} by default)"
            ));
        }
        if draft.octets() > TRANSACTION_OCTETS_MAX {
            return Err(format!("is larger than a transaction of {TRANSACTION_OCTETS_MAX} octets"));
        }
        Ok(draft)
    }

    /// That the keys of a name are as they were read, and no other has come.
    fn compare(&mut self, name: &Name, cache: &Cache, layout: &Layout) {
        let own = layout.key(name.borrowed());
        let mut has_own = false;
        for (key, entry) in cache.of(name) {
            has_own |= **key == *own;
            self.compares.push(Compare::Modified(key.to_vec(), entry.modified));
        }
        if !has_own {
            // It may be another name's, or nobody can say whose.
            let modified = cache.modified(&own).unwrap_or(0);
            self.compares.push(Compare::Modified(own, modified));
        }
        if cache.below(name) <= BELOW_MAX {
            self.compares.push(Compare::Unwritten(layout.below(name.borrowed()), cache.known(name)));
            return;
        }
        let puts = self.puts.iter().filter(|(_, (of, _))| of == name);
        let comes = puts.filter(|(key, _)| cache.modified(key).is_none()).map(|(key, _)| key.to_vec());
        self.compares.extend(comes.map(|key| Compare::Modified(key, 0)).collect::<Vec<_>>());
    }

    pub(super) fn operations_count(&self) -> usize {
        self.puts.len() + self.deletes.len()
    }

    /// About as large as it is on the wire.
    pub(super) fn octets(&self) -> usize {
        let compares = self.compares.iter().map(|compare| match compare {
            Compare::Modified(key, _) => key.len(),
            Compare::Unwritten(span, _) => span.from.len() + span.to.len(),
        });
        let puts = self.puts.iter().map(|(key, (_, value))| key.len() + value.len());
        let deletes = self.deletes.iter().map(|key| key.len());
        compares.chain(puts).chain(deletes).map(|octets| octets + PART_OCTETS).sum()
    }

    /// Takes the keys of another step in. They have no name in common.
    pub(super) fn join(&mut self, other: Self) {
        self.names.extend(other.names);
        self.compares.extend(other.compares);
        self.puts.extend(other.puts);
        self.deletes.extend(other.deletes);
    }

    pub(super) fn operations(&self) -> Vec<Operation> {
        let deletes = self.deletes.iter().map(|key| Operation::Delete(key.to_vec()));
        let puts = self.puts.iter().map(|(key, (_, value))| Operation::Put(key.to_vec(), value.clone()));
        deletes.chain(puts).collect()
    }
}

/// The keys of one name as they change.
struct Keys<'k> {
    name: &'k Name,
    layout: &'k Layout,
    cache: &'k Cache,
    number: PlanNumber,
    draft: &'k mut Draft,
}

/// How a record is to be kept.
#[derive(Clone, Default)]
struct Keep {
    /// None: as it is.
    ttl: Option<u32>,
    group: String,
    member: Option<Member>,
    is_withheld: bool,
}

impl Keys<'_> {
    fn edit<'e>(&mut self, edits: impl Iterator<Item = &'e Edit>) -> Result<(), String> {
        let mut edited: BTreeSet<RecordType> = BTreeSet::new();
        let mut wanted: BTreeMap<Target, Keep> = BTreeMap::new();
        for edit in edits {
            if edit.set().is_some_and(|set| !set.identifier.is_empty()) {
                return Err("has a set identifier, and etcd has one set of a name and type".into());
            }
            edited.extend(edit.set().map(|set| set.rtype));
            wanted.extend(edit.new.iter().flat_map(keeps));
        }
        if edited.is_empty() {
            return Ok(());
        }
        let (cache, name) = (self.cache, self.name);
        let (mut empty, mut stays) = (Vec::new(), false);
        for (key, entry) in cache.of(name) {
            // What cannot be read is somebody's.
            let Ok(said) = said(entry) else {
                stays = true;
                continue;
            };
            if said.targets.is_empty() {
                empty.push(key.clone());
                continue;
            }
            if !said.targets.iter().any(|target| edited.contains(&target.record_type())) {
                stays = true;
                continue;
            }
            if !self.keep(key, &said, &edited, &mut wanted) {
                self.draft.deletes.insert(key.clone());
            }
        }
        for (target, keep) in wanted {
            self.put(&target, &keep)?;
        }
        stays |= self.draft.puts.values().any(|(of, _)| of == name);
        stays |= cache.of(name).any(|(key, _)| !self.draft.deletes.contains(key) && !empty.contains(key));
        if !stays {
            self.draft.deletes.extend(empty);
        }
        Ok(())
    }

    /// Leaves a key that says what is wanted, or writes it anew where that is a matter of fields. Else false: the key
    /// goes, and those of its records that nobody changes come at keys of their own.
    fn keep(
        &mut self,
        key: &Key,
        Said { value, targets }: &Said,
        edited: &BTreeSet<RecordType>,
        wanted: &mut BTreeMap<Target, Keep>,
    ) -> bool {
        let is_edited = |target: &Target| edited.contains(&target.record_type());
        if let [target] = targets.as_slice() {
            let Some(keep) = wanted.remove(target) else { return false };
            let new = self.written(Some(value), target, &keep);
            if new != *value {
                self.draft.puts.insert(key.clone(), (self.name.clone(), new.print()));
            }
            return true;
        }
        let is_same = |target: &Target| match wanted.get(target) {
            Some(keep) => {
                let is_placed = keep.member == Member::of(target, value) && !keep.is_withheld;
                is_placed && keep.ttl.is_none_or(|ttl| ttl == value.ttl) && keep.group == value.group
            }
            None => !is_edited(target),
        };
        if targets.iter().all(is_same) {
            targets.iter().for_each(|target| drop(wanted.remove(target)));
            return true;
        }
        for target in targets.iter().filter(|target| !is_edited(target)) {
            let (ttl, group) = ((value.ttl > 0).then_some(value.ttl), value.group.clone());
            wanted.insert(target.clone(), Keep { ttl, group, ..Keep::default() });
        }
        false
    }

    /// A record at a key of its own.
    fn put(&mut self, target: &Target, keep: &Keep) -> Result<(), String> {
        let (key, strip) = self.fresh(target)?;
        let mut value = self.written(None, target, keep);
        value.target_strip = strip;
        let octets = value.print();
        let read = Value::parse(&octets).and_then(|value| value.records(self.name.borrowed()));
        match read {
            Ok(records) if records.targets == [target.clone()] => {}
            Ok(_) => return Err(format!("{target} would be read as something else in this layout")),
            Err(wrong) => {
                let field = wrong.field.unwrap_or("value");
                return Err(format!("{target} cannot be kept: {field} {} {}", wrong.value, wrong.rule));
            }
        }
        self.draft.deletes.remove(&key);
        self.draft.puts.insert(key, (self.name.clone(), octets));
        Ok(())
    }

    /// The value of a record, in which what others wrote stays.
    fn written(&self, old: Option<&Value>, target: &Target, keep: &Keep) -> Value {
        let plain = match keep.is_withheld {
            true => Value::withheld(target),
            false => Value::of(self.name.borrowed(), target),
        };
        let was_withheld = old.and_then(|old| old.placed.as_ref()).is_some_and(|placed| placed.withheld);
        let mut value = match old {
            Some(old) if was_withheld == keep.is_withheld => old.clone(),
            Some(old) => {
                Value { target_strip: old.target_strip, others: old.others.clone(), ..plain.clone() }
            }
            None => plain.clone(),
        };
        if let Some(ttl) = keep.ttl {
            value.ttl = ttl;
        }
        value.group.clone_from(&keep.group);
        let said = old.and_then(|old| Member::of(target, old));
        if keep.member == said && was_withheld == keep.is_withheld {
            return value;
        }
        value.placed = plain.placed;
        if let Some(member) = &keep.member {
            let placed = value.placed.get_or_insert_default();
            member.put(placed);
            placed.epoch = Some(self.number.epoch);
            placed.revision = Some(self.number.revision);
        }
        value
    }

    /// A key that nothing else stands at, and how many of its labels are not the name's.
    fn fresh(&self, target: &Target) -> Result<(Key, u8), String> {
        let own = self.layout.key(self.name.borrowed());
        let is_free = |key: &[u8]| {
            let is_known = self.cache.modified(key).is_some() && !self.draft.deletes.contains(key);
            !is_known && !self.draft.puts.contains_key(key)
        };
        // CoreDNS looks for pointers at the name's own key alone.
        if target.record_type() == RecordType::PTR && is_free(&own) && is_plain(self.name.borrowed()) {
            return Ok((own.into(), 0));
        }
        if self.name.as_wire().len() + LABEL_OCTETS > NAME_OCTETS_MAX {
            return Err("is too long a name: a target has a label of its own before it".into());
        }
        let label = |attempt: u8| {
            let record =
                [&target.record_type().0.to_be_bytes(), target.rdata().as_wire(), &[attempt]].concat();
            let digits = digest(&SHA256, &record);
            let digits = digits.as_ref().iter().take(4).map(|octet| format!("{octet:02x}"));
            digits.collect::<String>()
        };
        let keys =
            (0..LABELS_TRIED_MAX).map(|attempt| [&own, "/".as_bytes(), label(attempt).as_bytes()].concat());
        let free = keys.into_iter().find(|key| is_free(key));
        free.map(|key| (key.into(), 1)).ok_or_else(|| "has keys at all labels that are tried".into())
    }
}

/// True of a name whose first label would not be taken for a target's.
fn is_plain(name: NameRef<'_>) -> bool {
    !name.first_label().is_some_and(portolan_store::skydns::key::is_target_label)
}

/// The records of a set, answered and withheld, and how each is to be kept.
fn keeps(set: &RecordSet) -> impl Iterator<Item = (Target, Keep)> {
    let ttl = set.named_ttl().map(|ttl| ttl.seconds());
    let group = set.properties.get(GROUP).map(ToString::to_string).unwrap_or_default();
    let mut members: BTreeMap<Target, Member> = placed::members(set).into_iter().collect();
    let answered = set.targets.iter().map(|target| (target.clone(), members.remove(target), false));
    let answered: Vec<(Target, Option<Member>, bool)> = answered.collect();
    let withheld = members.into_iter().map(|(target, member)| (target, Some(member), true));
    answered.into_iter().chain(withheld).map(move |(target, member, is_withheld)| {
        (target, Keep { ttl, group: group.clone(), member, is_withheld })
    })
}
