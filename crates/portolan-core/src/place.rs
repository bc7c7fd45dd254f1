//! Places: where clusters and clients are. [`Network`]s say where clients are.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

mod network;

pub(crate) use network::bits_of;
pub use network::{NETWORKS_MAX, Network, NetworkError, NetworkMap};

/// A place: `continent[/country[/subdivision[/city]]]` in ISO codes, or `region:NAME`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// One to four parts, widest first.
    Path(Arc<[Arc<str>]>),
    /// A region of the fleet.
    Region(Arc<str>),
}

/// The ISO codes of continents.
const CONTINENTS: [&str; 7] = ["AF", "AN", "AS", "EU", "NA", "OC", "SA"];

/// ISO 3166-1 alpha-2, and XK, which is user-assigned and in wide use.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO \
BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH \
ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL \
IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME \
MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH \
PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC \
TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW";

/// Why something is not a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlaceError {
    /// The first part is no ISO continent code.
    Continent(String),
    /// The second part is no ISO 3166-1 alpha-2 country code.
    Country(String),
    /// An empty part, more than four, or no region after `region:`.
    Form,
}

impl fmt::Display for PlaceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Continent(code) => {
                write!(f, "{code:?} is no continent code (one of {})", CONTINENTS.join(", "))
            }
            Self::Country(code) => write!(f, "{code:?} is no ISO 3166-1 country code"),
            Self::Form => f.write_str("is not CONTINENT[/COUNTRY[/SUBDIVISION[/CITY]]] or region:NAME"),
        }
    }
}

impl FromStr for Place {
    type Err = PlaceError;

    /// Codes are taken in any case and kept upper; a city is kept as it is.
    fn from_str(text: &str) -> Result<Self, PlaceError> {
        if let Some(region) = text.strip_prefix("region:") {
            return if region.is_empty() { Err(PlaceError::Form) } else { Ok(Self::Region(region.into())) };
        }
        let parts: Vec<Arc<str>> = text
            .split('/')
            .enumerate()
            .map(|(i, part)| if i < 3 { part.to_ascii_uppercase().into() } else { part.into() })
            .collect();
        if parts.len() > 4 || parts.iter().any(|part| part.is_empty()) {
            return Err(PlaceError::Form);
        }
        if let Some(continent) = parts.first().filter(|c| !CONTINENTS.contains(&&***c)) {
            return Err(PlaceError::Continent(continent.as_ref().into()));
        }
        if let Some(country) = parts.get(1).filter(|c| !COUNTRIES.split(' ').any(|known| known == &***c)) {
            return Err(PlaceError::Country(country.as_ref().into()));
        }
        Ok(Self::Path(parts.into()))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(parts) => f.write_str(&parts.join("/")),
            Self::Region(region) => write!(f, "region:{region}"),
        }
    }
}

#[cfg(test)]
mod tests;
