//! From settings to a provider: one arm a make of DNS. Nothing is asked yet.

use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use anyhow::{Context as _, Result};
use portolan_core::plan::Owner;
use portolan_core::{Name, Ttl};
use portolan_store::skydns::Layout;
use portolan_sync::Provider;
use portolan_sync::etcd::{self, Etcd};
use portolan_sync::rfc2136::{self, Order, Rfc2136, Server, TsigKey};
use portolan_sync::webhook::Webhook;
use portolan_sync::zonefile::{self, ZoneFile};

use super::settings::{self, Make, Settings, Strategy, Tsig};
use crate::chance;

/// Makes the provider of a publisher. `instance` tells this installation from others with the same owner id.
///
/// # Errors
/// What of the settings cannot be had: a file that cannot be read, a key that is none.
pub(super) fn make(settings: &Settings, instance: &str) -> Result<Arc<dyn Provider>> {
    let owner = settings.owner.clone();
    let who = Who { owner, instance: instance.to_owned(), takes_over: settings.takes_over };
    Ok(match &settings.make {
        Make::Etcd { etcd, prefix } => Arc::new(etcd_of(etcd, prefix, who)?),
        Make::Rfc2136(servers) => Arc::new(rfc2136_of(servers, who)?),
        Make::Webhook { url, ca } => Arc::new(Webhook::new(url, ca.as_deref())?),
        Make::ZoneFile { file, zone } => Arc::new(zone_file_of(file, zone, who)?),
    })
}

/// True of a DNS that keeps what objects of ours say of each target.
pub(super) fn keeps_members(settings: &Settings) -> bool {
    matches!(settings.make, Make::Etcd { .. })
}

/// Who publishes.
struct Who {
    owner: Owner,
    instance: String,
    takes_over: bool,
}

fn etcd_of(named: &crate::etcd::Etcd, prefix: &str, who: Who) -> Result<Etcd> {
    let layout = Layout::new(prefix).map_err(anyhow::Error::msg).context("coredns-prefix")?;
    let Who { owner, instance, takes_over } = who;
    let options = etcd::Options { layout, owner, instance, takes_over };
    Ok(Etcd::new(named.client(0)?, named.name(), options))
}

fn rfc2136_of(settings: &settings::Rfc2136, who: Who) -> Result<Rfc2136> {
    let server = |host: &String| Server { host: host.clone(), port: settings.port };
    let zones = settings.zones.iter().map(|zone| name(zone)).collect::<Result<Vec<Name>>>()?;
    let mut servers = settings.hosts.iter().map(server);
    let first = servers.next().context("rfc2136-host names no server")?;
    let mut options = rfc2136::Options::new(first, zones, Arc::new(SystemTime::now), Arc::new(chance::draw));
    options.servers.extend(servers);
    options.order = match settings.strategy {
        Strategy::InOrder => Order::AsGiven,
        Strategy::RoundRobin => Order::RoundRobin,
        Strategy::Random => Order::Random,
    };
    options.key = settings.tsig.as_ref().map(tsig_of).transpose()?;
    options.tls = settings.tls.as_ref().map(tls_of).transpose()?;
    options.transfers = settings.reads;
    options.ttl_min = Ttl::from_seconds(settings.min_ttl).unwrap_or(options.ttl_min);
    options.changes_max = settings.batch;
    options.numbered_for = Some(who.owner);
    options.instance = who.instance;
    options.takes_over = who.takes_over;
    Ok(Rfc2136::new(options)?)
}

fn tsig_of(tsig: &Tsig) -> Result<TsigKey> {
    let secret = tsig.secret.read().context("the secret of the TSIG key")?;
    Ok(TsigKey::new(name(&tsig.name)?, &tsig.algorithm, &secret)?)
}

fn tls_of(tls: &settings::Tls) -> Result<rfc2136::Tls> {
    let read =
        |path: &Path| std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()));
    let ca = tls.ca.as_deref().map(read).transpose()?;
    let identity = match &tls.identity {
        Some((certificate, key)) => Some((read(certificate)?, read(key)?)),
        None => None,
    };
    let identity = identity.as_ref().map(|(certificate, key)| (&**certificate, &**key));
    Ok(rfc2136::Tls::new(ca.as_deref(), identity)?)
}

fn zone_file_of(file: &Path, zone: &str, who: Who) -> Result<ZoneFile> {
    let mut options = zonefile::Options::new(file.to_owned(), name(zone)?, who.owner, who.instance);
    options.takes_over = who.takes_over;
    Ok(ZoneFile::new(options))
}

fn name(text: &str) -> Result<Name> {
    text.parse().map_err(|error| anyhow::anyhow!("{text:?} {error}"))
}
