//! What the keys of the webhook protocol's server mean.

use std::net::{IpAddr, SocketAddr};

use portolan_core::plan::DomainFilter;
use portolan_kube::hosts;

use super::Settling;
use crate::etcd::Etcd;
use crate::webhook::{Config, DOMAINS_MAX, NameServer};

impl Settling<'_> {
    /// The server; none where nobody says where it listens. `etcd` is how an etcd is reached, where it has one.
    pub(super) fn webhook(&mut self, etcd: &Etcd) -> Option<Config> {
        let listen = self.address("webhookListen");
        let domains = self.webhook_domains("webhookDomains");
        let excluded = self.webhook_domains("webhookExcluded");
        let name_servers = self.name_servers();
        let etcd = self.said.values.contains_key("webhookEtcd").then(|| self.etcd_at("webhookEtcd", etcd));
        for name in ["webhookDomains", "webhookExcluded", "webhookEtcd", "webhookNameServers"] {
            if self.said.values.contains_key(name) && self.said.text("webhookListen").is_none() {
                self.wrong(name, "says nothing without `webhookListen`".to_owned());
            }
        }
        Some(Config { listen: listen?, domains, excluded, etcd, name_servers })
    }

    /// The items of a list, of which there may be so many.
    fn webhook_items(&mut self, name: &str) -> Vec<String> {
        let items = self.listed(name);
        if items.len() > DOMAINS_MAX {
            self.wrong(name, format!("has {} items; at most {DOMAINS_MAX} are taken", items.len()));
        }
        items
    }

    fn webhook_domains(&mut self, name: &str) -> Vec<String> {
        let domains = self.webhook_items(name);
        for domain in &domains {
            let host = hosts::plain_host(domain.strip_prefix('.').unwrap_or(domain));
            if let Err(rule) = host {
                self.wrong(name, format!("{domain:?} {rule}"));
            } else if let Err((text, error)) = DomainFilter::domains([domain.as_str()], []) {
                self.wrong(name, format!("{text:?} {error}"));
            }
        }
        domains
    }

    fn name_servers(&mut self) -> Vec<NameServer> {
        let mut servers: Vec<NameServer> = Vec::new();
        for text in self.webhook_items("webhookNameServers") {
            match name_server(&text) {
                Ok((name, address)) => match servers.iter_mut().find(|server| server.name == name) {
                    Some(server) => server.addresses.extend(address),
                    None => servers.push(NameServer { name, addresses: address.into_iter().collect() }),
                },
                Err(rule) => self.wrong("webhookNameServers", format!("{text:?} {rule}")),
            }
        }
        servers
    }

    /// Neither may share an address with another.
    pub(super) fn webhook_clash(
        &mut self,
        listen: &[SocketAddr],
        http: Option<SocketAddr>,
        webhook: Option<&Config>,
    ) {
        let Some(Config { listen: webhook, .. }) = webhook else { return };
        let taken = listen.iter().chain(&http).find(|address| super::overlap(**address, *webhook));
        if let Some(taken) = taken {
            self.wrong("webhookListen", format!("{webhook} is taken by {taken}"));
        }
    }
}

fn name_server(text: &str) -> Result<(portolan_core::Name, Option<IpAddr>), String> {
    let (name, address) = match text.split_once('=') {
        None => (text, None),
        Some((name, address)) => {
            let address = address.parse().map_err(|_| "has no IP address behind its '='".to_owned())?;
            (name, Some(address))
        }
    };
    Ok((hosts::plain_host(name).map_err(|rule| rule.to_string())?, address))
}
