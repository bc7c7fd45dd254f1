//! The keys: one definition of each, from which the parser, the flags, their help and the docs come.

/// The options of a section: its name, what stands before its keys and variables, then a row an option.
macro_rules! options {
    ($options:ident, $section:literal, $variables:literal;
     $($flag:literal, $env:literal, $form:expr, $value:expr, $default:expr, $help:expr, $more:expr, $example:expr;)*) => {
        /// The options, in the order of the docs.
        pub const $options: &[Key] = &[$(Key {
            name: concat!($section, $flag),
            flag: $flag,
            env: concat!($variables, $env),
            form: $form,
            value: $value,
            default: $default,
            help: $help,
            more: $more,
            example: $example,
        }),*];

        /// The flags that say no, by the key of the switch.
        pub(super) const OFF: &[(&str, &str)] = &[$((concat!($section, $flag), concat!("no-", $flag))),*];
    };
}

mod etcd;
mod lease;
mod skydns;
mod sources;
mod stream;
mod sync;
mod webhook;

use portolan_core::cluster::CLUSTERS_MAX;
use portolan_kube::registry::{NAMESPACE, NAMESPACES_MAX};
use portolan_probe::servers::SERVERS_MAX;

use crate::zones::ZONES_MAX;

pub use etcd::{ETCD_KEYS, EtcdKeys, SYNC_ETCD_KEYS, USER_OCTETS_MAX, spelt};
pub use skydns::COMPAT_WORDS;
pub use sources::{SECTION, SOURCES};
pub use stream::STREAM_TLS;
pub use sync::{PROVIDERS, PUBLISHERS_MAX, SYNC, SYNC_SECTION};

/// The version of the file that this program reads.
pub const CONFIG_VERSION: &str = "v1alpha1";
/// Names the file.
pub const CONFIG_ENV: &str = "PORTOLAN_CONFIG";
/// Where questions are answered when nothing is said.
pub const LISTEN_DEFAULT: [&str; 2] = ["127.0.0.1:1053", "[::1]:1053"];
/// Most addresses that are listened on.
pub const LISTENERS_MAX: usize = 64;
/// Most UDP workers an address.
pub const WORKERS_MAX: usize = 1_024;
/// Most TCP connections that may be asked for: each is a file and some kilobytes.
pub const TCP_CONNECTIONS_MAX: usize = 65_536;
/// Longest NSID, in octets; it goes into each answer to a client that asks for it.
pub const NSID_OCTETS_MAX: usize = 64;
/// How long a load balancer's status that goes empty keeps its addresses when nothing is said, in seconds.
pub const LOAD_BALANCER_GRACE_DEFAULT: u32 = 120;
/// And at most: who waits for longer had better look.
pub const LOAD_BALANCER_GRACE_MAX: u32 = 86_400;
/// What switches a list of servers off where no empty list can be written.
pub const NONE: &str = "none";

/// The latest that a token is renewed, in percent of its life: later, one failure would lose it.
pub const RENEW_PERCENT_MAX: usize = 90;

/// The keys of those who follow clusters on their API servers, or who does so, instead of a fleet folder.
pub const INSTEAD_OF_FLEET: [&str; 14] = [
    "kubeconfig",
    "contexts",
    "inCluster",
    "serviceAccount",
    "hub",
    "mesh",
    "followHub",
    "namespace",
    "registryNamespaces",
    "renewTokensAt",
    "lease",
    "leaseSeconds",
    "networks",
    "follow",
];

/// One key.
#[derive(Debug)]
pub struct Key {
    /// As it is written in the file; `section.name` of one that stands in a section.
    pub name: &'static str,
    /// As it is written on the command line.
    pub flag: &'static str,
    /// As it is written in the environment.
    pub env: &'static str,
    /// What its value may be.
    pub form: Form,
    /// What the value stands for in usage lines.
    pub value: &'static str,
    /// What is so when nobody says anything; in words when it is no value.
    pub default: &'static str,
    /// What it does, in a sentence for help.
    pub help: &'static str,
    /// What else is to be known, for the reference page.
    pub more: &'static str,
    /// A value as it may stand in the file.
    pub example: &'static str,
}

/// What the value of a key may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A path.
    Path,
    /// An address and a port.
    Address,
    /// One or more addresses with ports.
    Addresses,
    /// Zones with their files.
    Zones,
    /// At most so many names.
    Names(usize),
    /// A whole number, from 1 to this.
    Number(usize),
    /// A whole number of seconds, from 0 to this.
    Seconds(u32),
    /// At most so many URLs.
    Urls(usize),
    /// At most so many names of DNS.
    Domains(usize),
    /// Servers of DNS, each an address with or without a port.
    Servers,
    /// A text of at most so many octets.
    Text(usize),
    /// A text.
    Free,
    /// A text that is not shown.
    Secret,
    /// A level or `target=level` directives.
    Level,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Any of these words.
    Words(&'static [&'static str]),
    /// Texts; in the environment one a line.
    Texts,
    /// Yes or no; a flag that says nothing says yes.
    Switch,
    /// Seconds, or a duration as Go writes it.
    Duration,
}

impl Form {
    /// True when a flag of it may be given several times.
    #[must_use]
    pub fn is_list(self) -> bool {
        let is_of_words = matches!(self, Self::Names(_) | Self::Words(_) | Self::Texts);
        let is_of_names = matches!(self, Self::Urls(_) | Self::Domains(_));
        is_of_words || is_of_names || matches!(self, Self::Addresses | Self::Zones | Self::Servers)
    }

    /// What one variable of the environment says of it.
    #[must_use]
    pub fn items(self, text: String) -> Vec<String> {
        let split = |by: char| text.split(by).map(|item| item.trim().to_owned()).collect();
        match self {
            Self::Addresses
            | Self::Zones
            | Self::Names(_)
            | Self::Urls(_)
            | Self::Domains(_)
            | Self::Servers
            | Self::Words(_) => split(','),
            // Templates have commas in them.
            Self::Texts => split('\n'),
            _ => vec![text],
        }
    }

    /// The form in words, for messages and docs.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::Path => "path".to_owned(),
            Self::Address => "address and port, as in 127.0.0.1:8080 or [::1]:8080".to_owned(),
            Self::Addresses => {
                format!(
                    "list of 1 to {LISTENERS_MAX} addresses with port, as in [127.0.0.1:53, \"[::1]:53\"]"
                )
            }
            Self::Zones => {
                format!(
                    "list of at most {ZONES_MAX} zones, as in [{{name: example.org, file: example.org.zone}}]; in a \
                     flag NAME=FILE"
                )
            }
            Self::Names(most) => format!("list of at most {most} names, as in [eu-1, us-1]"),
            Self::Urls(most) => format!("list of at most {most} URLs, as in [http://127.0.0.1:2379]"),
            Self::Domains(most) => format!("list of at most {most} names of DNS, as in [example.org]"),
            Self::Number(most) => format!("whole number from 1 to {most}"),
            Self::Seconds(most) => format!("whole number of seconds from 0 to {most}"),
            Self::Servers => {
                format!(
                    "list of at most {SERVERS_MAX} addresses, with port where it is not 53, as in [192.0.2.53, \
                     \"[2001:db8::53]:5353\"]; [] or {NONE} for nobody"
                )
            }
            Self::Text(most) => format!("text of at most {most} octets"),
            Self::Free | Self::Secret => "text".to_owned(),
            Self::Level => "off, error, warn, info, debug or trace, or TARGET=LEVEL,…".to_owned(),
            Self::Word(words) => words.join(", "),
            Self::Words(words) => format!("list of words out of {}", words.join(", ")),
            Self::Texts => "list of texts".to_owned(),
            Self::Switch => "true or false".to_owned(),
            Self::Duration => "seconds, or a duration as in 1h30m".to_owned(),
        }
    }
}

/// Every key, those of sections last.
pub fn all() -> impl Iterator<Item = &'static Key> {
    KEYS.iter().chain(SOURCES).chain(SYNC)
}

/// The flag that switches an option of a section off.
#[must_use]
pub fn off(key: &Key) -> &'static str {
    let mut off = sources::OFF.iter().chain(sync::OFF);
    off.find(|(name, _)| *name == key.name).map_or("", |(_, flag)| flag)
}

/// The keys that stand in no section, in the order of the docs.
pub const KEYS: &[Key] = &[
    Key {
        name: "role",
        flag: "role",
        env: "PORTOLAN_ROLE",
        form: Form::Word(&["all", "control", "serve"]),
        value: "ROLE",
        default: "all",
        help: "What this process does: all; control alone, which answers no questions; or serve alone, which follows no cluster",
        more: "`control` follows clusters, and writes statuses and `DNSEndpoint`s to the hub, for whoever publishes them; it binds no \
               DNS socket. `serve` answers from what control replicas tell (`follow`), from an etcd (`skydns`) or from zone files, and \
               has no credential of any cluster: one that is named is refused.",
        example: "all",
    },
    Key {
        name: "fleet",
        flag: "fleet",
        env: "PORTOLAN_FLEET",
        form: Form::Path,
        value: "DIR",
        default: "none",
        help: "The fleet folder: a sub-folder of manifests for each cluster, intents beside them",
        more: "`endpoints` needs it, `run` and `check` too where neither a kubeconfig nor a zone file is named. It is watched; a folder that is not there yet is waited for.",
        example: "/etc/portolan/fleet",
    },
    Key {
        name: "kubeconfig",
        flag: "kubeconfig",
        env: "PORTOLAN_KUBECONFIG",
        form: Form::Path,
        value: "FILE",
        default: "none",
        help: "Follow the clusters of this kubeconfig file on their API servers, instead of a fleet folder",
        more: "Every context is a cluster, or those that `contexts` names. It is the operator's own file: credential \
               plugins, token files and certificates in it work as with `kubectl`, and it is read again when a \
               cluster is not reached. See [real clusters](../how-to/clusters.md).",
        example: "/etc/portolan/kubeconfig",
    },
    Key {
        name: "contexts",
        flag: "contexts",
        env: "PORTOLAN_CONTEXTS",
        form: Form::Names(CLUSTERS_MAX),
        value: "A,B,…",
        default: "every context of the file",
        help: "The contexts to follow, each as CONTEXT or NAME=CONTEXT; may be given several times",
        more: "NAME is what the cluster is called in the fleet: in weights, tiers, `MemberCluster`s and status.",
        example: "[eu-1, us-1=arn:aws:eks:us-east-1:1:cluster/prod]",
    },
    Key {
        name: "inCluster",
        flag: "in-cluster",
        env: "PORTOLAN_IN_CLUSTER",
        form: Form::Text(253),
        value: "NAME",
        default: "none",
        help: "Follow the cluster that this pod runs in, under this name, by its ServiceAccount",
        more: "Alone, or beside the contexts of a kubeconfig. The token and the certificate authority are read again as they rotate.",
        example: "eu-1",
    },
    Key {
        name: "serviceAccount",
        flag: "service-account",
        env: "PORTOLAN_SERVICE_ACCOUNT",
        form: Form::Path,
        value: "DIR",
        default: "where Kubernetes mounts it",
        help: "The folder with token and ca.crt of the pod's ServiceAccount, for inCluster",
        more: "`/var/run/secrets/kubernetes.io/serviceaccount` unless a token of another volume is to be used.",
        example: "/var/run/secrets/kubernetes.io/serviceaccount",
    },
    Key {
        name: "hub",
        flag: "hub",
        env: "PORTOLAN_HUB",
        form: Form::Text(253),
        value: "NAME",
        default: "the first of the contexts, else the own cluster",
        help: "The cluster that holds the intents: Zones, policies, GlobalNames and KubeFed's kinds",
        more: "Intents are read from the hub only, and it is the only cluster that is ever written to.",
        example: "eu-1",
    },
    Key {
        name: "mesh",
        flag: "mesh",
        env: "PORTOLAN_MESH",
        form: Form::Text(253),
        value: "NAME",
        default: "none: there is a hub",
        help: "Run as one of a mesh, of which NAME is the own cluster: each cluster has its own Portolan, and no hub",
        more: "Zones, policies, `MemberCluster`s and KubeFed's `Domain`s are believed from the own cluster only, and it is the \
               only one that is ever written to. Who asks for names is heard in every cluster. Instead of `hub`; with \
               `inCluster` it is that cluster. See [mesh](../how-to/mesh.md).",
        example: "eu-1",
    },
    Key {
        name: "followHub",
        flag: "follow-hub",
        env: "PORTOLAN_FOLLOW_HUB",
        form: Form::Switch,
        value: "BOOL",
        default: "false",
        help: "Follow what the hub hands over, instead of clusters: the hub alone is reached, and nothing is written to it",
        more: "Names come from the `DNSEndpoint`s that the hub's own Portolan wrote; `GlobalName`s, policies, clusters, zones and `Domain`s are \
               read beside them. Answers are the hub's, and stay when the hub is gone. The credential needs the rights of \
               `deploy/rbac/follower.yaml` in the hub, and none in any other cluster. See [a hub and its followers](../how-to/hub.md).",
        example: "true",
    },
    Key {
        name: "namespace",
        flag: "own-namespace",
        env: "PORTOLAN_NAMESPACE",
        form: Form::Text(63),
        value: "NAME",
        default: NAMESPACE,
        help: "Portolan's own namespace in the hub, where the Secrets of registered clusters are",
        more: "A `MemberCluster` with `spec.credentials.secret` names a Secret there, and a `ClusterProfile` has one of its name there. \
               See [real clusters](../how-to/clusters.md).",
        example: "portolan",
    },
    Key {
        name: "registryNamespaces",
        flag: "registry-namespace",
        env: "PORTOLAN_REGISTRY_NAMESPACES",
        form: Form::Names(NAMESPACES_MAX),
        value: "A,B,…",
        default: "kube-federation-system, federation-system, kube-multicluster-public",
        help: "The hub's namespaces whose KubeFedClusters, FederatedClusters and ClusterProfiles are believed, beside the own",
        more: "Whoever may make such objects there has Portolan send tokens to servers of their choice, and follow them. Of other \
               namespaces they are refused; so are ClusterProfiles of KubeFed's own namespaces.",
        example: "[kube-federation-system, cluster-inventory]",
    },
    Key {
        name: "renewTokensAt",
        flag: "renew-tokens-at",
        env: "PORTOLAN_RENEW_TOKENS_AT",
        form: Form::Number(RENEW_PERCENT_MAX),
        value: "PERCENT",
        default: "66",
        help: "The part of its life after which a joined cluster's token is renewed, in percent",
        more: "Of the tokens that `portolan cluster join` takes. Each renewed one lives as long as the one before.",
        example: "66",
    },
    lease::NAME,
    lease::SECONDS,
    Key {
        name: "networks",
        flag: "networks",
        env: "PORTOLAN_NETWORKS",
        form: Form::Path,
        value: "DIR",
        default: "none",
        help: "The folder of the CSV files of networks that the hub's policies name (networksFile)",
        more: "Beside a fleet folder they stand in it. The folder is looked at each second; a file that cannot be read keeps what it \
               gave, as does a folder that is not there. A mounted ConfigMap is such a folder.",
        example: "/etc/portolan/networks",
    },
    Key {
        name: "zones",
        flag: "zone",
        env: "PORTOLAN_ZONES",
        form: Form::Zones,
        value: "NAME=FILE",
        default: "none",
        help: "Serve this zone from a zone file (RFC 1035), beside the fleet; may be given several times",
        more: "On the command line the flag is repeated; in the environment commas stand between zones. A file is read \
               again when it changes; one that is damaged or gone keeps its last good content while the process runs (zone files \
               are not in the state file). Names that the fleet has \
               too are answered from the fleet, and reported. With a zone there need not be a fleet folder. See \
               [zone files](../how-to/zone-files.md).",
        example: "[{name: example.org, file: /etc/portolan/example.org.zone}]",
    },
    skydns::URLS,
    skydns::ZONES,
    skydns::NAME_SERVERS,
    skydns::PREFIX,
    skydns::COMPAT,
    etcd::CA,
    etcd::CERT,
    etcd::KEY,
    etcd::USER,
    etcd::PASSWORD,
    stream::FOLLOW,
    stream::LISTEN,
    stream::CA,
    stream::CERT,
    stream::KEY,
    Key {
        name: "resolvers",
        flag: "resolver",
        env: "PORTOLAN_RESOLVERS",
        form: Form::Servers,
        value: "IP[:PORT]",
        default: "the name servers of /etc/resolv.conf",
        help: "Resolve host names of load balancers by this name server; may be given several times, none for nobody",
        more: "They are asked in this order, by UDP and by TCP. With `[]` (on the command line `--resolver none`) nobody is \
               asked, and such a host name is an alias. See \
               [host names of load balancers](../how-to/load-balancers.md#host-names).",
        example: "[192.0.2.53, \"[2001:db8::53]:5353\"]",
    },
    Key {
        name: "loadBalancerGrace",
        flag: "load-balancer-grace",
        env: "PORTOLAN_LOAD_BALANCER_GRACE",
        form: Form::Seconds(LOAD_BALANCER_GRACE_MAX),
        value: "SECONDS",
        default: "120",
        help: "How long a load balancer's status that goes empty keeps its addresses, in seconds; 0 for not at all",
        more: "See [a status that goes empty](../how-to/load-balancers.md#a-status-that-goes-empty).",
        example: "300",
    },
    Key {
        name: "listen",
        flag: "listen",
        env: "PORTOLAN_LISTEN",
        form: Form::Addresses,
        value: "ADDR:PORT",
        default: "127.0.0.1:1053, [::1]:1053",
        help: "Answer questions here, over UDP and TCP; may be given several times",
        more: "On the command line the flag is repeated; in the environment commas stand between addresses. \
               Port 0 takes a free port and logs it. A machine without `::1` passes over the default's second \
               address with a warning; an address that was asked for and is not there is an error.",
        example: "[192.0.2.53:53, \"[2001:db8::53]:53\"]",
    },
    Key {
        name: "workers",
        flag: "workers",
        env: "PORTOLAN_WORKERS",
        form: Form::Number(WORKERS_MAX),
        value: "N",
        default: "one for each core that the process may use",
        help: "UDP workers for each address",
        more: "The cores are those of the affinity mask and of the cgroup's quota.",
        example: "4",
    },
    Key {
        name: "pin",
        flag: "pin",
        env: "PORTOLAN_PIN",
        form: Form::Word(&["auto", "yes", "no"]),
        value: "WHEN",
        default: "auto",
        help: "Whether each UDP worker stays on one core: auto, yes, no",
        more: "`auto` is yes when the process may use fewer cores than the machine has online, so that these are \
               likely its own, as under a kubelet's static CPU manager policy. A worker that is pinned to a core \
               where others run waits for them.",
        example: "yes",
    },
    Key {
        name: "tcpConnections",
        flag: "tcp-connections",
        env: "PORTOLAN_TCP_CONNECTIONS",
        form: Form::Number(TCP_CONNECTIONS_MAX),
        value: "N",
        default: "1024",
        help: "Most TCP connections of clients at once",
        more: "Of more, the one that has been idle for the longest is closed. Where the process may not open that many \
               files there are fewer.",
        example: "4096",
    },
    Key {
        name: "tcpConnectionsPerClient",
        flag: "tcp-connections-per-client",
        env: "PORTOLAN_TCP_CONNECTIONS_PER_CLIENT",
        form: Form::Number(TCP_CONNECTIONS_MAX),
        value: "N",
        default: "256",
        help: "Most TCP connections of one client at once",
        more: "A client is an IPv4 address, or an IPv6 network of 64 bits. Where a proxy or a node stands before all clients \
               (a Service with `externalTrafficPolicy: Cluster`) it is the one client: give it all.",
        example: "4096",
    },
    Key {
        name: "state",
        flag: "state",
        env: "PORTOLAN_STATE",
        form: Form::Path,
        value: "FILE",
        default: "none: nothing is kept over a restart",
        help: "Keep the last good state in this file, and answer from it after a restart",
        more: "The generation before is kept as `FILE.1`, and `FILE.lock` keeps a second process out. The folder must be \
               there: none is made. Without a state file, zone serials begin at the time of the start.",
        example: "/var/lib/portolan/state",
    },
    Key {
        name: "http",
        flag: "http",
        env: "PORTOLAN_HTTP",
        form: Form::Address,
        value: "ADDR:PORT",
        default: "none: not served",
        help: "Serve /metrics, /livez and /readyz here",
        more: "Plain HTTP without authentication: listen where only the cluster's own network reaches.",
        example: "127.0.0.1:9153",
    },
    Key {
        name: "control",
        flag: "control",
        env: "PORTOLAN_CONTROL",
        form: Form::Path,
        value: "SOCKET",
        default: "found by itself",
        help: "The socket by which explain, status, holds and forget reach the running server",
        more: "By default `$XDG_RUNTIME_DIR/portolan/PORT.sock`, else `/tmp/portolan-UID/PORT.sock`, PORT being that of \
               the first listener; the commands find the one server that runs.",
        example: "/run/portolan/control.sock",
    },
    webhook::LISTEN,
    webhook::DOMAINS,
    webhook::EXCLUDED,
    webhook::ETCD,
    webhook::NAME_SERVERS,
    Key {
        name: "nsid",
        flag: "nsid",
        env: "PORTOLAN_NSID",
        form: Form::Text(NSID_OCTETS_MAX),
        value: "TEXT",
        default: "the machine's host name",
        help: "What the server calls itself to a client that asks for it (NSID, RFC 5001)",
        more: "`dig +nsid` shows it, and `dig CH TXT id.server` (RFC 4892). Useful where several servers share an address. `off` sends none.",
        example: "fra-1",
    },
    Key {
        name: "log",
        flag: "log",
        env: "PORTOLAN_LOG",
        form: Form::Level,
        value: "LEVEL",
        default: "info",
        help: "How much is logged: off, error, warn, info, debug, trace",
        more: "Or directives for parts of the program, as in `info,portolan_serve=debug`.",
        example: "info",
    },
    Key {
        name: "logFormat",
        flag: "log-format",
        env: "PORTOLAN_LOG_FORMAT",
        form: Form::Word(&["auto", "text", "json"]),
        value: "FORMAT",
        default: "auto",
        help: "Form of the log: auto, text, json",
        more: "`auto` is text when standard error is a terminal and JSON otherwise.",
        example: "json",
    },
];

/// The key of a name.
#[must_use]
pub fn key(name: &str) -> Option<&'static Key> {
    all().find(|key| key.name == name)
}
