//! Names of the fleet where a zone file has its say too.

use crate::name::{Name, NameRef};
use crate::record::RecordType;
use crate::zone::lookup::{Lookup, Stored};
use crate::zone::{Depths, Snapshot, Zone};

/// What a zone file has to do with a name of the fleet in its zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Overlap {
    /// The file has records there too, which are hidden.
    Both,
    /// The zone is the file's alone, so the name is not answered.
    FileAlone,
    /// The file delegates this name above it, so the name is not answered.
    BelowCut(Name),
    /// The file has a DNAME at this name above it. The name is answered, but who was told of the DNAME redirects
    /// it (RFC 6672 section 3.4).
    BelowDname(Name),
}

impl Snapshot {
    /// What a zone file has to do with a name of the fleet, and the zone's apex; none where it has nothing.
    #[must_use]
    pub fn overlap(&self, name: NameRef<'_>) -> Option<(Overlap, &Name)> {
        self.records(name)?;
        let zone = self.zone_of(name)?;
        let file = zone.file()?;
        let overlap = if !zone.is_of_fleet() {
            Overlap::FileAlone
        } else if let Lookup::Cut(owner, Stored::File(_), _) = self.lookup(zone, &self.suffixes(name)) {
            Overlap::BelowCut(owner.to_name())
        } else if file.node(name, self.seed()).is_some_and(|node| !node.is_empty()) {
            Overlap::Both
        } else {
            Overlap::BelowDname(self.dname_above(zone, name)?)
        };
        Some((overlap, &zone.apex))
    }

    /// The names above one, in its zone and below the apex, at which the zone's file delegates or redirects what is
    /// below, the nearest first.
    pub fn covers_above<'n>(&self, name: NameRef<'n>) -> impl Iterator<Item = NameRef<'n>> {
        let zone = self.zone_of(name);
        let file = zone.and_then(Zone::file).filter(|file| file.has_dname() || file.cuts() != Depths::NONE);
        let inside = zone.zip(file).into_iter().flat_map(move |(zone, _)| {
            let apex = zone.apex.borrowed();
            name.suffixes().skip(1).take_while(move |above| above.is_at_or_below(apex) && *above != apex)
        });
        inside.filter(|above| self.is_cover(*above))
    }

    /// True of a name below an apex at which the zone's file delegates or redirects what is below.
    #[must_use]
    pub fn is_cover(&self, name: NameRef<'_>) -> bool {
        let zone = self.zone_of(name).filter(|zone| zone.apex.borrowed() != name);
        let node = zone.and_then(Zone::file).and_then(|file| file.node(name, self.seed()));
        node.is_some_and(|node| {
            [RecordType::NS, RecordType::DNAME].iter().any(|rtype| node.set(*rtype).is_some())
        })
    }

    /// The name above another one where a zone file has a DNAME that no name of the fleet hides.
    fn dname_above(&self, zone: &Zone, name: NameRef<'_>) -> Option<Name> {
        let file = zone.file().filter(|file| file.has_dname())?;
        let above = name.suffixes().skip(1).take_while(|above| above.is_at_or_below(zone.apex.borrowed()));
        let has_dname = |above: &NameRef<'_>| {
            let node = file.node(*above, self.seed());
            self.records(*above).is_none() && node.is_some_and(|node| node.set(RecordType::DNAME).is_some())
        };
        above.into_iter().find(has_dname).map(NameRef::to_name)
    }
}

#[cfg(test)]
mod tests;
