//! `portolan manifests`: its flags, and what they come to.

use std::io::Write;

use anyhow::Result;
use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, Command};
use portolan_core::Name;
use portolan_kube::api::Topology;
use portolan_store::kv::etcd::{MEMBERS_MAX, check_member};

use super::run::text;
use crate::commands::Outcome;
use crate::etcd::is_secure;
use crate::manifests::{Etcd, Family, Install, REPLICAS_MAX, Role, Stream};
use crate::problem::Refused;
use crate::skydns::{NAME_SERVERS_MAX, ZONES_MAX};

/// Most octets of the name of an image, which nobody reaches.
const IMAGE_OCTETS_MAX: usize = 1_024;
/// Most octets of the name of a namespace.
const LABEL_OCTETS_MAX: usize = 63;
/// Most octets of the name of any other object.
const OBJECT_OCTETS_MAX: usize = 253;

pub(super) fn command() -> Command {
    let flag = |id: &'static str, value: &'static str, help: &'static str| {
        Arg::new(id).long(id).value_name(value).help(help)
    };
    let many = |arg: Arg| arg.action(ArgAction::Append);
    let replicas = clap::value_parser!(u16).range(1..=i64::from(REPLICAS_MAX));
    Command::new("manifests")
        .about("Print what to apply to have Portolan run in a cluster")
        .long_about(
            "Prints the objects that Portolan runs by in a cluster, as YAML: namespace, definitions of our kinds, rights, \
             configuration, Deployment, PodDisruptionBudget, and the Service of port 53. The role `all` follows clusters and \
             answers; `control` follows clusters, writes to the hub, and publishes to an etcd where one is named; `serve` \
             answers from what control replicas tell, or from that etcd, and has no credential of any cluster.",
        )
        .arg(
            flag("role", "ROLE", "What its processes do")
                .default_value(Role::All.word())
                .value_parser(PossibleValuesParser::new(ROLES.map(Role::word))),
        )
        .arg(flag("image", "IMAGE", "The image, whose entry point is portolan").required(true))
        .arg(flag("namespace", "NAME", "The namespace, which is made").default_value("portolan"))
        .arg(flag("replicas", "N", "How many pods there are").default_value("2").value_parser(replicas))
        .arg(flag("cluster", "NAME", "What the cluster is called in the fleet, for all and control; it owns what is published"))
        .arg(flag("mesh", "NAME", "The same of one of a mesh, each of which has this in it; there is no hub then"))
        .arg(many(flag("etcd", "URL,…", "The members of the etcd: all and control publish there, serve answers from there")))
        .arg(flag("etcd-secret", "NAME", "The Secret with ca.crt, tls.crt and tls.key, for members with https"))
        .arg(many(flag("follow", "URL,…", "The control replicas that serve answers from, as in https://portolan-stream.portolan:7353")))
        .arg(flag("stream-secret", "NAME", "The Secret with ca.crt, tls.crt and tls.key of the stream: all and control are followed by it, serve follows"))
        .arg(flag("hub-secret", "NAME", "The Secret with the kubeconfig of a hub in another cluster: all and control follow what it hands over, and no cluster"))
        .arg(many(flag("zone", "ZONE", "Publish to etcd, or answer from it, names of this zone; may be given several times")))
        .arg(many(flag("name-server", "NAME", "The name server of these zones, for serve; may be given several times")))
        .arg(
            flag("ip-families", "FAMILIES", "The families of addresses of pods and Service, the pods' first one first")
                .default_value("IPv4")
                .value_parser(PossibleValuesParser::new(FAMILIES.map(|(word, _)| word))),
        )
        .after_help(
            "Example:\n  portolan manifests --image registry.example/portolan:1 --cluster eu-1 | kubectl apply --server-side -f -\n  \
             portolan manifests --role serve --image registry.example/portolan:1 --etcd http://etcd-0.etcd:2379 --zone example.org",
        )
}

const ROLES: [Role; 3] = [Role::All, Role::Control, Role::Serve];

const FAMILIES: [(&str, &[Family]); 4] = [
    ("IPv4", &[Family::V4]),
    ("IPv6", &[Family::V6]),
    ("IPv4,IPv6", &[Family::V4, Family::V6]),
    ("IPv6,IPv4", &[Family::V6, Family::V4]),
];

/// Prints them.
pub(super) fn execute(matches: &ArgMatches, out: &mut dyn Write) -> Result<Outcome> {
    out.write_all(install(matches)?.yaml().as_bytes())?;
    Ok(Outcome::Fine)
}

/// What was asked for.
///
/// # Errors
/// The first flag that breaks a rule, with its value.
fn install(matches: &ArgMatches) -> Result<Install, Refused> {
    let role = ROLES.into_iter().find(|role| role.word() == text(matches, "role")).unwrap_or(Role::All);
    let families = FAMILIES.iter().find(|(word, _)| *word == text(matches, "ip-families"));
    let (cluster, topology) = cluster(role, text(matches, "cluster"), text(matches, "mesh"))?;
    let hub =
        matches.get_one::<String>("hub-secret").map(|name| object_name("hub-secret", name)).transpose()?;
    let install = Install {
        role,
        namespace: namespace(text(matches, "namespace"))?,
        image: image(text(matches, "image"))?,
        replicas: matches.get_one("replicas").copied().unwrap_or(1),
        cluster,
        topology: if hub.is_some() && topology == Topology::Hub { Topology::Follower } else { topology },
        etcd: etcd(matches)?,
        stream: stream(matches)?,
        hub,
        zones: names(matches, "zone", ZONES_MAX)?,
        name_servers: names(matches, "name-server", NAME_SERVERS_MAX)?,
        families: families.map(|(_, families)| families.to_vec()).unwrap_or_default(),
    };
    agree(&install)?;
    Ok(install)
}

/// What is said together has to make sense together.
fn agree(install: &Install) -> Result<(), Refused> {
    let Install { role, etcd, stream, zones, name_servers, .. } = install;
    let is_one = install.replicas == 1;
    let follows = stream.as_ref().is_some_and(|stream| !stream.urls.is_empty());
    let refused = |text: &str| Err(Refused(text.to_owned()));
    match role {
        Role::Serve if install.hub.is_some() => {
            refused("--hub-secret says nothing with the role serve, which follows no cluster and no hub")
        }
        _ if install.hub.is_some() && install.topology == Topology::Mesh => {
            refused("--mesh says nothing with --hub-secret: a mesh has no hub")
        }
        _ if install.hub.is_some() && etcd.is_some() && !is_one => refused(
            "--etcd with --hub-secret needs --replicas 1: nothing is written to the hub, so nobody is elected to publish",
        ),
        Role::All | Role::Control if follows => refused(
            "--follow says nothing with the roles all and control, which follow clusters; --stream-secret has them followed",
        ),
        Role::Serve if follows && etcd.is_some() => {
            refused("--etcd stands beside --follow: the role serve answers from one of them")
        }
        Role::Serve if follows && (!zones.is_empty() || !name_servers.is_empty()) => {
            refused("--zone and --name-server say nothing with --follow: a Zone of the hub has both")
        }
        Role::Serve if follows => Ok(()),
        Role::Serve if stream.is_some() => {
            refused("--stream-secret says nothing with the role serve without --follow")
        }
        Role::Serve if etcd.is_none() => refused(
            "--follow and --etcd are not set: the role serve answers from what control replicas tell, or from an etcd",
        ),
        Role::Serve if zones.is_empty() => {
            refused("--zone is not set: the role serve answers for the zones that are named")
        }
        Role::All | Role::Control if !name_servers.is_empty() => {
            refused("--name-server says nothing with the roles all and control: a Zone of the hub names them")
        }
        _ if etcd.is_none() && !zones.is_empty() => {
            refused("--zone says nothing without --etcd: zones of the hub are answered by themselves")
        }
        _ => Ok(()),
    }
}

fn namespace(text: &str) -> Result<String, Refused> {
    let refused = |rule: &str| Err(Refused(format!("--namespace {text:?}: {rule}")));
    if !is_label(text) {
        return refused("is not 1 to 63 lower-case letters, digits and '-', as a namespace's name is");
    }
    if text == "default" || text.starts_with("kube-") {
        return refused(
            "is Kubernetes' own; name one for Portolan alone: it is held to the restricted pod security standard",
        );
    }
    Ok(text.to_owned())
}

fn image(text: &str) -> Result<String, Refused> {
    let is_plain = |octet: u8| octet.is_ascii_alphanumeric() || b"./:@_-".contains(&octet);
    let begins = text.bytes().next().is_some_and(|octet| octet.is_ascii_alphanumeric());
    if begins && text.len() <= IMAGE_OCTETS_MAX && text.bytes().all(is_plain) {
        return Ok(text.to_owned());
    }
    Err(Refused(format!("--image {text:?}: is not the name of an image, as in registry.example/portolan:1")))
}

/// What the cluster is called, and how the fleet is held together that is followed from it.
fn cluster(role: Role, of_hub: &str, of_mesh: &str) -> Result<(String, Topology), Refused> {
    let (flag, name, topology) = match of_mesh {
        "" => ("cluster", of_hub, Topology::Hub),
        _ => ("mesh", of_mesh, Topology::Mesh),
    };
    let refused = |text: String| Err(Refused(text));
    match role.follows_clusters() {
        _ if !of_hub.is_empty() && !of_mesh.is_empty() => {
            refused("--cluster says nothing with --mesh, which is what the cluster is called".to_owned())
        }
        true if name.is_empty() => refused(
            "--cluster is not set: it is what this cluster is called in the fleet, as in --cluster eu-1"
                .to_owned(),
        ),
        true => Ok((object_name(flag, name)?, topology)),
        false if name.is_empty() => Ok((String::new(), topology)),
        false => refused(format!("--{flag} {name:?}: the role serve follows no cluster")),
    }
}

/// The stream; each flag may have several URLs, with commas between them.
fn stream(matches: &ArgMatches) -> Result<Option<Stream>, Refused> {
    let urls = urls(matches, "follow")?;
    if let Some(url) = urls.iter().find(|url| !url.starts_with("https://")) {
        return Err(Refused(format!("--follow {url:?}: must begin with https://")));
    }
    match matches.get_one::<String>("stream-secret") {
        None if urls.is_empty() => Ok(None),
        None => Err(Refused(
            "--follow needs --stream-secret NAME: the stream is spoken over mutual TLS".to_owned(),
        )),
        Some(secret) => Ok(Some(Stream { urls, secret: object_name("stream-secret", secret)? })),
    }
}

/// The URLs of a flag, which may be given several times, with commas between them.
fn urls(matches: &ArgMatches, flag: &str) -> Result<Vec<String>, Refused> {
    let given = matches.get_many::<String>(flag).into_iter().flatten();
    let urls: Vec<String> = given.flat_map(|text| text.split(',')).map(|url| url.trim().to_owned()).collect();
    if urls.len() > MEMBERS_MAX {
        return Err(Refused(format!(
            "--{flag}: has {} members; at most {MEMBERS_MAX} are taken",
            urls.len()
        )));
    }
    for url in &urls {
        check_member(url).map_err(|why| Refused(format!("--{flag}: {why}")))?;
    }
    Ok(urls)
}

fn etcd(matches: &ArgMatches) -> Result<Option<Etcd>, Refused> {
    let urls = urls(matches, "etcd")?;
    let secret = matches.get_one::<String>("etcd-secret");
    if urls.is_empty() {
        return match secret {
            None => Ok(None),
            Some(name) => Err(Refused(format!("--etcd-secret {name:?}: says nothing without --etcd"))),
        };
    }
    let is_secure = is_secure(&urls).map_err(|rule| Refused(format!("--etcd {rule}")))?;
    let secret = secret.map(|name| object_name("etcd-secret", name)).transpose()?;
    let refused = |text: &str| Err(Refused(text.to_owned()));
    match (&secret, is_secure) {
        (Some(_), false) => return refused("--etcd-secret says nothing: no member of --etcd has https"),
        (None, true) => return refused("--etcd has members with https, which need --etcd-secret NAME"),
        (None, false) | (Some(_), true) => {}
    }
    Ok(Some(Etcd { urls, secret }))
}

fn names(matches: &ArgMatches, flag: &str, most: usize) -> Result<Vec<Name>, Refused> {
    let mut names: Vec<Name> = Vec::new();
    for text in matches.get_many::<String>(flag).into_iter().flatten() {
        let refused = |rule: String| Err(Refused(format!("--{flag} {text:?}: {rule}")));
        match text.parse::<Name>() {
            Ok(name) if name.borrowed().is_root() => return refused("is the root".to_owned()),
            Ok(name) if names.contains(&name) => return refused("stands there twice".to_owned()),
            Ok(name) => names.push(name),
            Err(error) => return refused(format!("is no name of DNS: it {error}")),
        }
    }
    if names.len() > most {
        return Err(Refused(format!("--{flag}: is given {} times; at most {most} are taken", names.len())));
    }
    Ok(names)
}

/// The name of an object that is no namespace.
fn object_name(flag: &str, text: &str) -> Result<String, Refused> {
    if text.len() <= OBJECT_OCTETS_MAX && text.split('.').all(is_label) {
        return Ok(text.to_owned());
    }
    Err(Refused(format!(
        "--{flag} {text:?}: is not 1 to {OBJECT_OCTETS_MAX} lower-case letters, digits, '-' and '.', as an object's name is"
    )))
}

fn is_label(text: &str) -> bool {
    let is_plain = |octet: u8| octet.is_ascii_lowercase() || octet.is_ascii_digit() || octet == b'-';
    let is_end = |octet: Option<u8>| octet.is_some_and(|octet| octet != b'-');
    text.len() <= LABEL_OCTETS_MAX
        && text.bytes().all(is_plain)
        && is_end(text.bytes().next())
        && is_end(text.bytes().last())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a command line asks for.
    fn asked(line: &str) -> Result<Install, String> {
        let words = std::iter::once("manifests").chain(line.split_whitespace());
        let matches = command().try_get_matches_from(words).map_err(|error| error.to_string())?;
        install(&matches).map_err(|refused| refused.to_string())
    }

    #[test]
    fn what_is_asked_for() {
        let all = asked("--image r.example/portolan:1 --cluster eu-1").unwrap();
        assert_eq!((all.role, all.namespace.as_str(), all.replicas), (Role::All, "portolan", 2));
        assert_eq!((all.cluster.as_str(), &all.etcd, &all.families), ("eu-1", &None, &vec![Family::V4]));
        let line = "--role serve --image i@sha256:0a --namespace dns --replicas 5 --etcd https://a:2379,https://b:2379 \
                    --etcd https://c:2379/ --etcd-secret tls --zone example.org --zone example.net. --name-server \
                    ns1.example.net --ip-families IPv6,IPv4";
        let serve = asked(line).unwrap();
        let etcd = serve.etcd.unwrap();
        assert_eq!((etcd.urls.len(), etcd.secret.as_deref()), (3, Some("tls")));
        assert_eq!((serve.zones.len(), serve.name_servers.len(), serve.replicas), (2, 1, 5));
        assert_eq!(serve.families, [Family::V6, Family::V4]);
        let serve =
            asked("--role serve --image i --follow https://a:1,https://b:1 --stream-secret tls").unwrap();
        let stream = serve.stream.unwrap();
        assert_eq!((stream.urls.len(), stream.secret.as_str(), serve.etcd), (2, "tls", None));
        let control = asked("--role control --image i --cluster eu-1 --stream-secret tls").unwrap();
        assert_eq!((all.topology, control.topology), (Topology::Hub, Topology::Hub));
        let mesh = asked("--image i --mesh eu-1").unwrap();
        assert_eq!((mesh.topology, mesh.cluster.as_str()), (Topology::Mesh, "eu-1"));
        assert_eq!(control.stream, Some(Stream { urls: Vec::new(), secret: "tls".into() }));
    }

    #[test]
    fn what_is_refused_names_flag_value_and_rule() {
        const ALL: &str = "--image i --cluster eu-1";
        const SERVE: &str = "--role serve --image i";
        for (line, expected) in [
            ("--cluster eu-1", "--image <IMAGE>"),
            ("--image i", "--cluster is not set"),
            ("--image i --role both --cluster c", "possible values: all, control, serve"),
            ("--image a;b --cluster c", "--image \"a;b\": is not the name of an image"),
            ("--image -- --cluster c", "--image"),
            ("--image i --cluster EU_1", "--cluster \"EU_1\": is not 1 to 253 lower-case letters"),
            (&format!("{ALL} --replicas 0"), "0 is not in 1..=100"),
            (&format!("{ALL} --replicas 101"), "101 is not in 1..=100"),
            (&format!("{ALL} --namespace Dns"), "--namespace \"Dns\": is not 1 to 63"),
            (&format!("{ALL} --namespace {}", "n".repeat(64)), "is not 1 to 63"),
            (&format!("{ALL} --namespace kube-system"), "--namespace \"kube-system\": is Kubernetes' own"),
            (&format!("{ALL} --namespace default"), "is Kubernetes' own"),
            (&format!("{ALL} --zone example.org"), "--zone says nothing without --etcd"),
            (&format!("{ALL} --name-server ns.example.org"), "--name-server says nothing"),
            (&format!("{ALL} --etcd-secret s"), "--etcd-secret \"s\": says nothing without --etcd"),
            (&format!("{ALL} --etcd etcd:2379"), "--etcd: \"etcd:2379\" must begin with http://"),
            (&format!("{ALL} --etcd https://e:2379"), "which need --etcd-secret NAME"),
            (&format!("{ALL} --etcd http://e:2379 --etcd-secret s"), "--etcd-secret says nothing"),
            (&format!("{ALL} --etcd https://e:1,http://e:2 --etcd-secret s"), "others without"),
            (&format!("{ALL} --etcd https://e:1 --etcd-secret S"), "--etcd-secret \"S\": is not 1 to 253"),
            (&format!("{ALL} --etcd {}", ["http://e:1"; 17].join(",")), "at most 16 are taken"),
            (SERVE, "--follow and --etcd are not set"),
            (&format!("{SERVE} --follow https://c:1"), "--follow needs --stream-secret NAME"),
            (
                &format!("{SERVE} --follow http://c:1 --stream-secret s"),
                "--follow \"http://c:1\": must begin with https://",
            ),
            (&format!("{SERVE} --follow c:1 --stream-secret s"), "--follow: \"c:1\" must begin with http://"),
            (
                &format!("{SERVE} --stream-secret s --etcd http://e:1 --zone z"),
                "--stream-secret says nothing",
            ),
            (
                &format!("{SERVE} --follow https://c:1 --stream-secret s --etcd http://e:1"),
                "stands beside --follow",
            ),
            (
                &format!("{SERVE} --follow https://c:1 --stream-secret s --zone z"),
                "say nothing with --follow",
            ),
            (
                &format!("{ALL} --follow https://c:1 --stream-secret s"),
                "--follow says nothing with the roles",
            ),
            (&format!("{ALL} --hub-secret S"), "--hub-secret \"S\": is not 1 to 253"),
            (&format!("{SERVE} --hub-secret s"), "--hub-secret says nothing with the role serve"),
            ("--image i --mesh eu-1 --hub-secret s", "--mesh says nothing with --hub-secret"),
            ("--image i --mesh EU_1", "--mesh \"EU_1\": is not 1 to 253 lower-case letters"),
            (&format!("{ALL} --mesh eu-1"), "--cluster says nothing with --mesh"),
            (&format!("{SERVE} --mesh eu-1"), "--mesh \"eu-1\": the role serve follows no cluster"),
            (&format!("{ALL} --hub-secret s --etcd http://e:1"), "needs --replicas 1"),
            (&format!("{ALL} --stream-secret S"), "--stream-secret \"S\": is not 1 to 253"),
            (&format!("{SERVE} --etcd http://e:1"), "--zone is not set"),
            (&format!("{SERVE} --etcd http://e:1 --zone z --cluster c"), "--cluster \"c\": the role serve"),
            (&format!("{SERVE} --etcd http://e:1 --zone a..b"), "--zone \"a..b\": is no name of DNS"),
            (&format!("{SERVE} --etcd http://e:1 --zone ."), "--zone \".\": is the root"),
            (&format!("{SERVE} --etcd http://e:1 --zone z --zone Z."), "--zone \"Z.\": stands there twice"),
            (&format!("{ALL} --ip-families v4"), "possible values: IPv4"),
        ] {
            let refused = asked(line).unwrap_err();
            assert!(refused.contains(expected), "{line}: {refused}");
        }
    }
}
