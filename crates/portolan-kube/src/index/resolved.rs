//! Host names of load balancers: who wants their addresses, and what they resolve to.
//!
//! Nobody is asked here. A draft that finds a host name notes it as wanted, whoever runs the index has it
//! resolved, and what comes of that is told by [`Index::resolved`]: then the records that use the name are
//! drafted again, with its addresses in its place. A name that resolves no more keeps what it last resolved to;
//! one that never did stays an alias, as it is where nobody resolves at all.
//!
//! After a restart nothing is resolved yet, and the last good state does not say which of a cluster's addresses
//! came of a host name. So as long as one of an offer's host names is unresolved, what the same cluster offered
//! for the same name before stands in for it ([`Hosts::recall`]).
//!
//! A host name inside a zone of ours is never resolved: its alias is followed in our own answers, and what we
//! say must not rest on what we said before (DESIGN section 7, invariant 12). Nor does what a host name resolves to
//! count that is itself an alias of a name in such a zone: then it was we who said it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use portolan_core::cluster::ClusterName;
use portolan_core::fleet::{Endpoint, NameFacts, Names, TARGETS_MAX, TargetView, unusable_address};
use portolan_core::{Name, Problem, Reason, Target};

use super::Index;
use super::draft::Draft;
use super::names::is_same_tenant;
use super::objects::is_root;
use super::offer::address_target;
use super::when::when;
use crate::object::ObjectKey;

/// What a resolver found of a host name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resolution {
    /// What it last resolved to, sorted, each once; empty while it never did.
    pub addresses: Vec<IpAddr>,
    /// How many there are, when some are left out.
    pub count: usize,
    /// What it was an alias of then, in whatever order.
    pub way: Vec<Name>,
    /// Why it does not resolve now, in words.
    pub failure: Option<String>,
}

/// Whoever drafted something of a host name: a source object of a cluster, or with an empty name of one a record.
type User = (ClusterName, ObjectKey);

/// The host names of load balancers.
#[derive(Debug, Default)]
pub(super) struct Hosts {
    /// True when somebody resolves them.
    is_on: bool,
    known: BTreeMap<Name, Known>,
    users: BTreeSet<(Name, User)>,
    /// The apexes of our zones, of the fleet's and of zone files.
    apexes: BTreeSet<Name>,
    files: BTreeSet<Name>,
    /// The names of the last good state, until nothing has to be recalled any more.
    remembered: Option<Remembered>,
    /// The names that may be wanted, or not, other than was told.
    touched: BTreeSet<Name>,
    /// True when names came, went or were told of since it was looked what is to be recalled.
    is_changed: bool,
}

#[derive(Debug)]
struct Known {
    found: Resolution,
    /// Since when it does not resolve.
    since: i64,
}

#[derive(Debug)]
struct Remembered {
    names: Names,
    /// Only those of which a host name is unresolved.
    is_cut: bool,
}

impl Index {
    /// Has host names of load balancers resolved by whoever reads [`Index::hosts_wanted`]. To be said before all
    /// else.
    pub fn resolve_hosts(&mut self) {
        self.hosts.is_on = true;
    }

    /// The host names of which it may be other than the last time whether their addresses are wanted, each with
    /// whether they are.
    pub fn hosts_wanted(&mut self) -> BTreeMap<Name, bool> {
        let touched = std::mem::take(&mut self.hosts.touched);
        let is_wanted = |host: &Name| self.hosts.may_resolve(host) && self.hosts.is_used(host);
        let told = touched.iter().map(is_wanted).collect::<Vec<_>>();
        touched.into_iter().zip(told).collect()
    }

    /// Takes what a host name resolves to, or that nothing is said of it any more.
    pub fn resolved(&mut self, host: &Name, found: Option<Resolution>) {
        if self.hosts.learn(host, found, self.now) {
            let users: Vec<User> = self.hosts.users_of(host).cloned().collect();
            self.touch_host_users(users);
        }
    }

    /// Our zones are these now: a name that one holds is not resolved, and one that none holds any more is.
    pub(super) fn note_apexes(&mut self, apexes: BTreeSet<Name>) {
        let changed: BTreeSet<Name> = self.hosts.apexes.symmetric_difference(&apexes).cloned().collect();
        self.hosts.apexes = apexes;
        self.touch_hosts_below(&changed);
    }

    /// A zone file has a zone of this apex, which is ours as those of the fleet are.
    pub fn serve_file(&mut self, apex: &Name) {
        if self.hosts.files.insert(apex.clone()) {
            self.touch_hosts_below(&[apex.clone()].into());
        }
    }

    /// Looks again at the host names that are in one of these zones, or led into one when they were resolved.
    fn touch_hosts_below(&mut self, apexes: &BTreeSet<Name>) {
        if apexes.is_empty() {
            return;
        }
        let ways =
            |host: &Name| self.hosts.known.get(host).map_or(&[][..], |known| known.found.way.as_slice());
        let is_concerned =
            |host: &Name| std::iter::once(host).chain(ways(host)).any(|name| is_below(name, apexes));
        let concerned = self.hosts.users.iter().filter(|(host, _)| is_concerned(host));
        let concerned: Vec<(Name, User)> = concerned.cloned().collect();
        let (hosts, users): (BTreeSet<Name>, Vec<User>) = concerned.into_iter().unzip();
        if self.hosts.is_on {
            self.hosts.touched.extend(hosts);
        }
        self.touch_host_users(users);
    }

    /// Notes which host names a draft wants, in place of those that the one before wanted.
    pub(super) fn want_hosts(
        &mut self,
        user: &User,
        before: Option<&BTreeSet<Name>>,
        now: Option<&BTreeSet<Name>>,
    ) {
        self.hosts.is_changed |= before != now;
        for host in before.into_iter().flatten().filter(|host| !now.is_some_and(|now| now.contains(*host))) {
            self.hosts.users.remove(&(host.clone(), user.clone()));
            self.hosts.touch_unused(host);
        }
        for host in
            now.into_iter().flatten().filter(|host| !before.is_some_and(|before| before.contains(*host)))
        {
            self.hosts.touch_unused(host);
            self.hosts.users.insert((host.clone(), user.clone()));
        }
    }

    /// Keeps of the last good state what unresolved host names need, once all sources were heard.
    pub(super) fn forget_resolved(&mut self) {
        if self.hosts.remembered.is_none() || !self.hosts.is_changed || self.memory.awaits_any() {
            return;
        }
        self.hosts.is_changed = false;
        let unresolved: BTreeSet<&User> = self
            .hosts
            .users
            .iter()
            .filter(|(host, _)| self.hosts.is_unresolved(host))
            .map(|(_, user)| user)
            .collect();
        if unresolved.is_empty() {
            self.hosts.remembered = None;
            return;
        }
        let names_of = |(cluster, key): &&User| match is_root(cluster) {
            true => self.drafted.get(key),
            false => self.sourced.get(cluster).and_then(|known| known.drafted.get(key)),
        };
        let names: Vec<Name> =
            unresolved.iter().filter_map(names_of).flat_map(|d| d.names.iter().cloned()).collect();
        self.hosts.cut_to(names);
    }

    fn touch_host_users(&mut self, users: Vec<User>) {
        self.step(users.len());
        for (cluster, key) in users {
            if is_root(&cluster) {
                self.dirty.records.insert(key);
            } else {
                self.dirty.sourced.insert((cluster, key));
            }
        }
    }
}

impl Hosts {
    /// Remembers the names of the last good state.
    pub(super) fn remember(&mut self, names: &Names) {
        self.remembered = Some(Remembered { names: names.clone(), is_cut: false });
        self.is_changed = true;
    }

    /// What a host name resolves to; nothing while it never did.
    pub(super) fn addresses(&self, host: &Name) -> &[IpAddr] {
        let known =
            self.known.get(host).filter(|known| self.may_resolve(host) && self.leads_back(known).is_none());
        known.map(|known| known.found.addresses.as_slice()).unwrap_or_default()
    }

    /// The name in a zone of ours that a host name is an alias of, if it is.
    fn leads_back<'k>(&self, known: &'k Known) -> Option<&'k Name> {
        known.found.way.iter().find(|name| self.is_ours(name))
    }

    /// The targets that stand for a host name: its addresses, or itself while it never resolved. What is wrong
    /// with the addresses is told as what is wrong with the status that names it.
    pub(super) fn targets(&self, host: Name, faults: &mut Vec<(Reason, String)>) -> Vec<Target> {
        let addresses = self.addresses(&host);
        if addresses.is_empty() {
            return vec![Target::Host(host)];
        }
        let mut found = Vec::new();
        let targets = addresses.iter().filter_map(|address| address_target(*address, &mut found)).collect();
        let resolves =
            |(reason, message): (Reason, String)| (reason, format!("{message} ({host} resolves to it)"));
        faults.extend(found.into_iter().map(resolves));
        let count = self.known.get(&host).map_or(0, |known| known.found.count);
        if count > addresses.len() {
            let message = format!(
                "{host} has {count} addresses; those after the first {} are left out",
                addresses.len()
            );
            faults.push((Reason::LimitReached, message));
        }
        targets
    }

    /// Why a host name does not resolve, in words; nothing while it does, or nobody has tried.
    pub(super) fn trouble(&self, host: &Name) -> Option<String> {
        let known = self.known.get(host).filter(|_| self.may_resolve(host))?;
        if let Some(ours) = self.leads_back(known) {
            return Some(format!(
                "host name {host} is an alias of {ours}, which this server answers for itself: its addresses are not \
                 taken, as they would rest on our own answers; it stays an alias"
            ));
        }
        let why = known.found.failure.as_ref()?;
        let what_stays =
            if known.found.addresses.is_empty() { "it stays an alias" } else { "its last addresses stay" };
        let since = when(known.since);
        Some(format!("host name {host} does not resolve since {since}: {why}; {what_stays}"))
    }

    /// Puts what a cluster offered for a name before a restart in the place of host names that are not resolved
    /// yet.
    pub(super) fn recall(&self, name: &Name, facts: &mut NameFacts) {
        let Some(remembered) = &self.remembered else { return };
        let owner = facts.owner.clone();
        let known = remembered.names.get(name.borrowed());
        let Some(known) = known.filter(|known| is_same_tenant(known.owner(), owner.view())) else { return };
        for offer in &mut facts.endpoints {
            let is_waiting =
                |target: &Target| matches!(target, Target::Host(host) if self.is_unresolved(host));
            let Some(cluster) = offer.cluster.clone().filter(|_| offer.targets.iter().any(is_waiting)) else {
                continue;
            };
            let before = known.endpoints.clone().filter(|e| e.cluster == Some(&*cluster.0));
            let address = |target| match target {
                TargetView::Address(address) => Some(Target::Address(address)),
                _ => None,
            };
            let addresses: Vec<Target> = before.flat_map(|e| e.targets).filter_map(address).collect();
            if !addresses.is_empty() {
                offer.targets.retain(|target| !is_waiting(target));
                offer.targets.extend(addresses);
                tidy(offer);
            }
        }
    }

    /// Somebody is about to want a name that nobody wants, or has just ceased to.
    fn touch_unused(&mut self, host: &Name) {
        if self.is_on && !self.is_used(host) {
            self.touched.insert(host.clone());
        }
    }

    /// True when nothing is recalled of the last good state any more.
    #[cfg(test)]
    pub(super) fn is_at_rest(&self) -> bool {
        self.remembered.is_none()
    }

    /// Notes what a host name resolves to; true when that is news.
    fn learn(&mut self, host: &Name, found: Option<Resolution>, now: i64) -> bool {
        let Some(mut found) = found else {
            // Somebody may want it again already: then it is told of anew, and stays until that.
            return !self.is_used(host) && self.known.remove(host).is_some();
        };
        let before = self.known.get(host);
        let is_usable = |address: &IpAddr| unusable_address(address.to_canonical()).is_none();
        if let Some(first) = found.addresses.first().filter(|_| !found.addresses.iter().any(is_usable)) {
            let why = || format!("it has only addresses that nobody can use, as {first}");
            found.failure = Some(found.failure.unwrap_or_else(why));
            found.addresses = Vec::new();
        }
        let was_good = before.filter(|before| self.leads_back(before).is_none());
        if let Some(ours) = found.way.iter().find(|name| self.is_ours(name))
            && was_good.is_some_and(|before| !before.found.addresses.is_empty())
        {
            found.failure = Some(format!("it is an alias of {ours}, which this server answers for itself"));
            found.addresses = Vec::new();
        }
        if let Some(before) = before.filter(|_| found.failure.is_some() && found.addresses.is_empty()) {
            found.addresses.clone_from(&before.found.addresses);
            found.count = before.found.count;
            found.way.clone_from(&before.found.way);
        }
        let is_news = before.is_none_or(|before| before.found != found);
        let is_failing = before.is_some_and(|before| before.found.failure.is_some());
        let since = before.filter(|_| is_failing).map_or(now, |before| before.since);
        self.known.insert(host.clone(), Known { found, since });
        self.is_changed |= is_news;
        is_news
    }

    /// True of a name that is resolved when somebody wants it: one in no zone of ours.
    fn may_resolve(&self, host: &Name) -> bool {
        self.is_on && !self.is_ours(host)
    }

    fn is_ours(&self, name: &Name) -> bool {
        is_below(name, &self.apexes) || is_below(name, &self.files)
    }

    /// True of a name that is wanted and never resolved.
    fn is_unresolved(&self, host: &Name) -> bool {
        self.may_resolve(host) && self.addresses(host).is_empty() && self.is_used(host)
    }

    fn is_used(&self, host: &Name) -> bool {
        self.users_of(host).next().is_some()
    }

    fn users_of(&self, host: &Name) -> impl Iterator<Item = &User> {
        let least = ObjectKey::least();
        let from = (host.clone(), (ClusterName::from(""), least));
        let host = host.clone();
        self.users.range(from..).take_while(move |(of, _)| *of == host).map(|(_, user)| user)
    }

    fn cut_to(&mut self, names: Vec<Name>) {
        let Some(remembered) = self.remembered.as_mut().filter(|remembered| !remembered.is_cut) else {
            return;
        };
        let mut kept = Names::default();
        for name in names {
            if let Some(facts) = remembered.names.get(name.borrowed()) {
                kept.set(&name, Some(&facts.to_facts()));
            }
        }
        *remembered = Remembered { names: kept, is_cut: true };
    }
}

/// True of a name in a zone of one of these apexes.
fn is_below(name: &Name, apexes: &BTreeSet<Name>) -> bool {
    name.borrowed().suffixes().any(|suffix| apexes.contains(suffix.as_wire()))
}

/// The targets of an offer, sorted, each once, no more than there may be.
fn tidy(offer: &mut Endpoint) {
    offer.targets.sort_unstable();
    offer.targets.dedup();
    offer.targets.truncate(TARGETS_MAX);
}

impl Draft<'_> {
    /// Notes that a host name of an object is wanted; when it does not resolve, that is told to whom it is wanted
    /// for, as nothing is wrong with the object.
    pub(super) fn want_host(&mut self, host: &Name, hosts: &Hosts, of: impl FnOnce() -> String) {
        if !self.hosts.insert(host.clone()) {
            return;
        }
        if let Some(trouble) = hosts.trouble(host) {
            let (subject, place) = (self.subject(), self.held.place.to_string());
            let of = of();
            let message = if of.is_empty() { trouble } else { format!("{of}: {trouble}") };
            self.problems.push(Problem { subject, reason: Reason::Unresolved, message, place });
        }
    }
}
