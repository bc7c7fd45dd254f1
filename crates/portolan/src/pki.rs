//! `portolan pki`: a small certificate authority, for who has none.
//!
//! ```text
//!   init ───▶ DIR/ca.crt, DIR/ca.key              once; never written over
//!   issue ──▶ DIR/NAME.crt, DIR/NAME.key          signed by that key; with --renew a new certificate for the same key
//! ```
//!
//! It is a folder of files and no service. Nothing that runs needs `ca.key`: who only proves himself, or checks others, has
//! `ca.crt` and his own two files. What is wrong with what somebody gave is [`Refused`], with flag or file, value and rule.
//!
//! Who knows what a certificate says is `authority`; that nothing is lost or seen by others is the business of `files`.

use std::io::Write;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::problem::Refused;
use crate::when::when;

mod authority;
mod files;

use authority::{Authority, Key};

/// Longest time that a certificate may be good for, in days: a century.
pub const DAYS_MAX: u32 = 36_500;
/// Most names and addresses of one certificate.
pub const NAMES_MAX: usize = 100;

/// What a certificate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// Who it is: the common name, and what its files are called.
    pub name: String,
    /// Host names, some as `*.example.org`.
    pub hosts: Vec<String>,
    /// Addresses.
    pub addresses: Vec<IpAddr>,
    /// Whether a server may prove itself with it.
    pub serves: bool,
    /// Whether a client may.
    pub asks: bool,
}

/// Makes an authority in a folder, which is made where it is not there. `now` is in seconds since 1970.
///
/// # Errors
/// When the folder has one already, or files cannot be written there.
pub fn init(dir: &Path, name: &str, days: u32, now: i64, out: &mut dyn Write) -> Result<()> {
    let pair = Pair::of(dir, "ca");
    pair.is_not_there("an authority is made once, as what it signed ends with it")?;
    let key = Key::new()?;
    let ends = end(now, days);
    let certificate = authority::self_signed(name, &key, now, ends)?;
    files::folder(dir)?;
    pair.create(&certificate, &key)?;
    let Pair { certificate, key } = pair;
    writeln!(
        out,
        "{}: the certificate of the authority {name:?}, good until {}",
        certificate.display(),
        when(ends)
    )?;
    writeln!(out, "{}: its key; whoever has it makes certificates that all of yours believe", key.display())?;
    Ok(())
}

/// Makes a certificate and its key, or a new certificate for the key that is there. `now` is in seconds since 1970.
///
/// # Errors
/// When the folder has no authority, that ends before the certificate would, its files are there already (or, to be renewed,
/// are not), or cannot be written.
pub fn issue(
    dir: &Path,
    claims: &Claims,
    days: u32,
    renews: bool,
    now: i64,
    out: &mut dyn Write,
) -> Result<()> {
    let authority = authority(dir, now)?;
    let ends = end(now, days);
    if ends > authority.ends() {
        let most = authority.ends().saturating_sub(now) / DAY_SECONDS;
        let last = when(authority.ends());
        return Err(Refused(format!(
            "--days {days}: it would end on {}, and its authority does on {last}; {most} is the most",
            when(ends)
        ))
        .into());
    }
    let pair = Pair::of(dir, &claims.name);
    if renews {
        let certificate = authority.sign(claims, &pair.read_key()?, now, ends)?;
        files::replace(&pair.certificate, certificate.as_bytes())?;
    } else {
        pair.is_not_there("--renew makes a new certificate for the key that is there")?;
        let key = Key::new()?;
        pair.create(&authority.sign(claims, &key, now, ends)?, &key)?;
    }
    writeln!(out, "{}: for {}, good until {}", pair.certificate.display(), told(claims), when(ends))?;
    writeln!(out, "{}: its key{}", pair.key.display(), if renews { ", as it was" } else { "" })?;
    Ok(())
}

const DAY_SECONDS: i64 = 86_400;

fn end(now: i64, days: u32) -> i64 {
    now.saturating_add(i64::from(days) * DAY_SECONDS)
}

/// The authority of a folder.
fn authority(dir: &Path, now: i64) -> Result<Authority> {
    let pair = Pair::of(dir, "ca");
    if !pair.certificate.exists() && !pair.key.exists() {
        let why = format!(
            "--dir {}: has no authority (ca.crt, ca.key); `portolan pki init` makes one",
            dir.display()
        );
        return Err(Refused(why).into());
    }
    let certificate = files::read(&pair.certificate)?;
    let key = pair.read_key()?;
    let refused = |why| Refused(format!("{}: {why}", pair.certificate.display()));
    Ok(Authority::read(&certificate, key, now).map_err(refused)?)
}

/// What a certificate is for, in words.
fn told(claims: &Claims) -> String {
    let whose = match (claims.serves, claims.asks) {
        (true, true) => "a server and a client",
        (true, false) => "a server",
        _ => "a client",
    };
    let addresses = claims.addresses.iter().map(ToString::to_string);
    let names: Vec<String> = claims.hosts.iter().cloned().chain(addresses).collect();
    if names.is_empty() { whose.to_owned() } else { format!("{whose} at {}", names.join(", ")) }
}

/// A certificate and its key.
struct Pair {
    certificate: PathBuf,
    key: PathBuf,
}

impl Pair {
    fn of(dir: &Path, name: &str) -> Self {
        Self { certificate: dir.join(format!("{name}.crt")), key: dir.join(format!("{name}.key")) }
    }

    /// Nothing is written over: a key that is lost is lost for good.
    fn is_not_there(&self, otherwise: &str) -> Result<(), Refused> {
        // A link that leads nowhere is there too.
        match [&self.key, &self.certificate].into_iter().find(|path| path.symlink_metadata().is_ok()) {
            Some(path) => Err(Refused(format!("{} is there already; {otherwise}", path.display()))),
            None => Ok(()),
        }
    }

    /// Both files, or none.
    fn create(&self, certificate: &str, key: &Key) -> Result<()> {
        files::create(&self.key, key.pem().as_bytes(), files::OURS_ALONE)?;
        let created = files::create(&self.certificate, certificate.as_bytes(), files::FOR_ALL);
        if created.is_err() {
            // It was made a moment ago, and nobody has anything of it.
            let _ = std::fs::remove_file(&self.key);
        }
        created
    }

    fn read_key(&self) -> Result<Key> {
        let text = files::read(&self.key)?;
        Ok(Key::read(&text).map_err(|why| Refused(format!("{}: {why}", self.key.display())))?)
    }
}

#[cfg(test)]
mod tests;
