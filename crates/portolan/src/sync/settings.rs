//! What a publisher is to do, settled from what was said: options by External-DNS' names, checked.
//!
//! It is plain data, so that configurations can be compared and shown; secrets in it do not show. What it
//! becomes (filters that match, a registry with its cipher) is made when the publisher starts.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use portolan_core::RecordType;
use portolan_core::plan::{DomainFilter, Options, Owner, Pattern, SyncPolicy};
use portolan_core::registry::{Affix, Cipher, Registry};
use portolan_sync::cipher::Aes256Gcm;
use regex::Regex;

use crate::etcd::Etcd;

mod settle;

/// How often everything is read again when nothing is said.
pub const INTERVAL_DEFAULT: Duration = Duration::from_secs(60);
/// The shortest time between two readings of everything that somebody may ask for.
pub const INTERVAL_MIN: Duration = Duration::from_secs(1);
/// Largest file with a secret in it, in octets.
const SECRET_OCTETS_MAX: u64 = 64 << 10;

/// What a publisher is to do.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// What it is called.
    pub name: String,
    /// Whose records it writes.
    pub owner: Owner,
    /// Who that was before.
    pub former: Option<Owner>,
    /// What it may do.
    pub policy: SyncPolicy,
    /// Which names it has to do with.
    pub filter: Filter,
    /// Which types.
    pub managed: BTreeSet<RecordType>,
    /// And of these not which.
    pub excluded: BTreeSet<RecordType>,
    /// It may take over what bears no mark.
    pub adopts: bool,
    /// It claims targets and not whole sets.
    pub shares: bool,
    /// What tells this installation from others with the same owner id; none: what is found.
    pub instance: Option<String>,
    /// It goes on where another installation published as this owner.
    pub takes_over: bool,
    /// How often everything is read again.
    pub interval: Duration,
    /// How marks are named and written.
    pub marks: Marks,
    /// Where it publishes to.
    pub make: Make,
}

/// Which names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Those at or below domains.
    Domains {
        /// At or below one of these; of none, all.
        include: Vec<String>,
        /// And at or below none of these.
        exclude: Vec<String>,
    },
    /// Those that regular expressions take.
    Patterns {
        /// Matches this.
        include: Option<String>,
        /// And does not match this.
        exclude: Option<String>,
    },
}

/// How marks are named and written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marks {
    /// How they are named.
    pub affix: Affix,
    /// The key of those that are sealed.
    pub key: Option<Secret>,
    /// They are written sealed.
    pub seals: bool,
}

/// A text that is not shown.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// The text.
    Text(String),
    /// The file that has it.
    File(PathBuf),
}

/// A make of DNS, and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Make {
    /// Keys in the SkyDNS layout, which a stock CoreDNS answers from.
    Etcd {
        /// How it is reached.
        etcd: Etcd,
        /// What keys begin with.
        prefix: String,
    },
    /// Updates of zones (RFC 2136).
    Rfc2136(Rfc2136),
    /// Somebody's webhook, as External-DNS has them.
    Webhook {
        /// Where it is.
        url: String,
        /// The certificates that its own is checked by.
        ca: Option<PathBuf>,
    },
    /// A zone file.
    ZoneFile {
        /// The file.
        file: PathBuf,
        /// Its zone.
        zone: String,
    },
}

/// How name servers are updated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rfc2136 {
    /// The servers.
    pub hosts: Vec<String>,
    /// Their port.
    pub port: u16,
    /// The zones.
    pub zones: Vec<String>,
    /// The key; none: updates are not signed.
    pub tsig: Option<Tsig>,
    /// Zones are read by transfer.
    pub reads: bool,
    /// The lowest TTL that is written, in seconds.
    pub min_ttl: u32,
    /// Most names of one update.
    pub batch: usize,
    /// How they are reached over TLS; none: they are not.
    pub tls: Option<Tls>,
    /// Which of several is asked.
    pub strategy: Strategy,
}

/// Whom to trust over TLS, and who we are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// The certificates that a server's are checked by; none: the system's.
    pub ca: Option<PathBuf>,
    /// Our certificate and its key.
    pub identity: Option<(PathBuf, PathBuf)>,
}

/// A TSIG key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tsig {
    /// Its name.
    pub name: String,
    /// Its algorithm: `hmac-sha256`.
    pub algorithm: String,
    /// Its secret, in base64.
    pub secret: Secret,
}

/// Which of several name servers is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// The first that answers.
    InOrder,
    /// Each in its turn.
    RoundRobin,
    /// Whichever is drawn.
    Random,
}

impl Settings {
    /// As the plan has them.
    ///
    /// # Errors
    /// When a filter is none, which settling has found out before.
    pub fn options(&self) -> anyhow::Result<Options> {
        let mut options = Options::new(self.owner.clone(), self.policy);
        options.former.clone_from(&self.former);
        options.filters = vec![self.filter.made().map_err(anyhow::Error::msg)?];
        options.managed.clone_from(&self.managed);
        options.excluded.clone_from(&self.excluded);
        options.adopts = self.adopts;
        options.shares = self.shares;
        Ok(options)
    }

    /// The registry of its marks.
    ///
    /// # Errors
    /// When there is no key where one is said to be.
    pub fn registry(&self) -> anyhow::Result<Registry> {
        let Marks { affix, key, seals } = &self.marks;
        let cipher = key.as_ref().map(|key| -> anyhow::Result<Arc<dyn Cipher>> {
            let text = key.read().context("the key of encrypted marks")?;
            let sealing = Aes256Gcm::new(text.as_bytes()).context("the key of encrypted marks")?;
            Ok(Arc::new(sealing))
        });
        Ok(Registry { affix: affix.clone(), cipher: cipher.transpose()?, seals: *seals })
    }

    /// The domains that its records are counted by: of the filter, as they are written.
    #[must_use]
    pub fn zones(&self) -> &[String] {
        match &self.filter {
            Filter::Domains { include, .. } => include,
            Filter::Patterns { .. } => &[],
        }
    }
}

impl Filter {
    /// What takes names.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn made(&self) -> Result<DomainFilter, String> {
        match self {
            Self::Domains { include, exclude } => {
                let (include, exclude) =
                    (include.iter().map(String::as_str), exclude.iter().map(String::as_str));
                DomainFilter::domains(include, exclude).map_err(|(text, error)| format!("{text:?} {error}"))
            }
            Self::Patterns { include, exclude } => {
                let pattern = |text: &Option<String>| text.as_deref().map(pattern).transpose();
                Ok(DomainFilter::Patterns { include: pattern(include)?, exclude: pattern(exclude)? })
            }
        }
    }
}

/// A regular expression, in Go's and in Rust's way, which are the same but for what few use.
fn pattern(text: &str) -> Result<Pattern, String> {
    let regex = Regex::new(text).map_err(|error| {
        let last = error.to_string().lines().last().unwrap_or_default().trim().to_owned();
        format!("{text:?} is no regular expression: {last}")
    })?;
    Ok(Arc::new(move |name| regex.is_match(name)))
}

impl Secret {
    /// The text, without the line end that a file has.
    ///
    /// # Errors
    /// When its file cannot be read.
    pub fn read(&self) -> anyhow::Result<String> {
        match self {
            Self::Text(text) => Ok(text.clone()),
            Self::File(path) => read(path).with_context(|| format!("{} cannot be read", path.display())),
        }
    }
}

fn read(path: &Path) -> std::io::Result<String> {
    use std::io::Read as _;
    let mut text = String::new();
    std::fs::File::open(path)?.take(SECRET_OCTETS_MAX).read_to_string(&mut text)?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(_) => f.write_str("(not shown)"),
            Self::File(path) => path.fmt(f),
        }
    }
}

impl fmt::Display for Make {
    /// As the option `provider` has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Etcd { .. } => "etcd",
            Self::Rfc2136(_) => "rfc2136",
            Self::Webhook { .. } => "webhook",
            Self::ZoneFile { .. } => "zonefile",
        })
    }
}

#[cfg(test)]
mod tests;
