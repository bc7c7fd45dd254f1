//! Every fault of the configuration has its row, with its place and its words.

mod answering;
mod hub;
mod lease;
mod mesh;
mod resolvers;
mod role;
mod secrets;
mod skydns;
mod stream;
mod webhook;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use portolan_core::Problem;
use portolan_kube::nearest::nearest;
use portolan_kube::sources::{Options, RECORD_TYPES, Source};
use portolan_probe::Servers;
use portolan_serve::Pin;

use super::keys::{Form, KEYS, SOURCES, key};
use super::said::{Flags, Said};
use super::{Role, RunConfig, docs, file, here};
use crate::logs::LogFormat;

/// What is wrong with a file of this text, as `place: subject: reason: message`.
fn faults(text: &str) -> Vec<String> {
    let (entries, problems) = file::parse(Path::new("c.yaml"), text);
    let values = entries.into_iter().map(|entry| (entry.key.name, entry.value)).collect();
    let said = Said { values, problems, ..Said::default() };
    let faults = said.settle_client().err().unwrap_or_default();
    faults.iter().map(ToString::to_string).collect()
}

/// Each fault begins as expected, and there are no others.
fn check(text: &str, expected: &[&str]) {
    let found = faults(text);
    assert_eq!(found.len(), expected.len(), "{text:?}\n{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "{text:?}\n   found: {found}\nexpected: {expected}");
    }
}

#[test]
fn files_without_faults() {
    for text in [
        "version: v1alpha1\n",
        "\u{feff}version: v1alpha1\nlog: debug\n",
        "# comment\r\nversion: v1alpha1\r\nworkers: 2\r\n",
        "{\"version\": \"v1alpha1\", \"listen\": [\"127.0.0.1:53\"]}",
        "version: v1alpha1\nlisten: [127.0.0.1:0, 127.0.0.1:0]\n",
        "version: v1alpha1\nlisten: [0.0.0.0:53, \"[::]:53\"]\n",
    ] {
        check(text, &[]);
    }
}

#[test]
fn faults_of_the_file() {
    let long = format!("version: v1alpha1\nnsid: {}\n", "x".repeat(65));
    let v = "version: v1alpha1\n";
    let with = |rest: &str| format!("{v}{rest}");
    for (text, expected) in [
        (String::new(), "c.yaml: config: Invalid: is empty; it begins with `version: v1alpha1`"),
        ("# only a comment\n".to_owned(), "c.yaml: config: Invalid: is empty"),
        ("log: info\n".to_owned(), "c.yaml: config: version: Invalid: is missing"),
        ("version: v2\n".to_owned(), "c.yaml:1:10: config: version: Invalid: \"v2\" is not a version"),
        (
            with("listne: [127.0.0.1:53]\n"),
            "c.yaml:2:1: config: listne: UnknownField: is no key of the configuration; did you mean \"listen\"?",
        ),
        (
            with("Fleet: x\n"),
            "c.yaml:2:1: config: Fleet: UnknownField: is no key of the configuration; did you mean \"fleet\"?",
        ),
        (
            with("zebra: 1\n"),
            "c.yaml:2:1: config: zebra: UnknownField: is no key of the configuration; `portolan config docs` lists the keys",
        ),
        (
            with("workers: many\n"),
            "c.yaml:2:10: config: workers: Invalid: \"many\" is not of the right type; wanted: whole number from 1 to 1024",
        ),
        (with("workers: \"4\"\n"), "c.yaml:2:10: config: workers: Invalid: \"4\" is not of the right type"),
        (
            with("workers: 0\n"),
            "c.yaml:2:10: config: workers: Invalid: \"0\" is not a whole number from 1 to 1024",
        ),
        (with("workers: 1.5\n"), "c.yaml:2:10: config: workers: Invalid: \"1.5\" is not a whole number"),
        (with("workers: -1\n"), "c.yaml:2:10: config: workers: Invalid: \"-1\" is not a whole number"),
        (
            with("fleet: [a, b]\n"),
            "c.yaml:2:8: config: fleet: Invalid: [\"a\",\"b\"] is not of the right type; wanted: path",
        ),
        (with("fleet:\n"), "c.yaml:2:"),
        (
            with("listen: 127.0.0.1:53\n"),
            "c.yaml:2:9: config: listen: Invalid: \"127.0.0.1:53\" is not of the right type; wanted: list",
        ),
        (with("listen: [53]\n"), "c.yaml:2:9: config: listen[0]: Invalid: 53 is not of the right type"),
        (with("listen: []\n"), "c.yaml:2:9: config: listen: Invalid: has 0 addresses; 1 to 64 are wanted"),
        (
            with("log: info\nlog: debug\n"),
            "c.yaml:3:1: config: Unreadable: does not parse: duplicate mapping key: log",
        ),
        (with("listen:\n\t- 127.0.0.1:53\n"), "c.yaml:3:"),
        (with("a: [\n"), "c.yaml:"),
        ("- a\n- b\n".to_owned(), "c.yaml:1:1: config: Unreadable: does not parse: "),
        ("just text\n".to_owned(), "c.yaml:1:1: config: Unreadable: does not parse: "),
        (long, "c.yaml:2:7: config: nsid: Invalid: has 65 octets; at most 64 are sent"),
        (with("log: loud\n"), "c.yaml:2:6: config: log: Invalid: \"loud\" is not a level"),
        (with("log: portolan=loud\n"), "c.yaml:2:6: config: log: Invalid: \"portolan=loud\" is not a level"),
        (
            with("logFormat: xml\n"),
            "c.yaml:2:12: config: logFormat: Invalid: \"xml\" is not one of auto, text, json",
        ),
        (
            with("pin: 0\n"),
            "c.yaml:2:6: config: pin: Invalid: 0 is not of the right type; wanted: auto, yes, no",
        ),
        (with("pin: maybe\n"), "c.yaml:2:6: config: pin: Invalid: \"maybe\" is not one of auto, yes, no"),
        (with("state: \"\"\n"), "c.yaml:2:8: config: state: Invalid: \"\" is not a path"),
    ] {
        check(&text, &[expected]);
    }
}

#[test]
fn a_tab_is_told_of() {
    let found = faults("version: v1alpha1\nlisten:\n\t- 127.0.0.1:53\n");
    assert!(found[0].contains("tab"), "{found:?}");
}

#[test]
fn an_anchor_bomb_is_refused() {
    let mut text = "version: v1alpha1\na: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..12 {
        let item = format!("*a{}", n - 1);
        text.push_str(&format!("b{n}: &a{n} [{}]\n", [item.as_str(); 10].join(", ")));
    }
    let found = faults(&text);
    assert!(found[0].contains("does not parse"), "{found:?}");
}

#[test]
fn faults_of_addresses() {
    for (address, expected) in [
        (
            "localhost:53",
            "is not ADDRESS:PORT: no IP address stands before the port, and names are not looked up",
        ),
        ("127.0.0.1", "has no port; wanted: ADDRESS:PORT"),
        ("::1", "has no port; wanted: [ADDRESS]:PORT"),
        ("127.0.0.1:70000", "is not ADDRESS:PORT: the port is not a number from 0 to 65535"),
        ("127.0.0.1:dns", "is not ADDRESS:PORT: the port is not a number from 0 to 65535"),
        ("2001:db8::1:53:x", "is not ADDRESS:PORT"),
        ("fe80::1::53", "is not ADDRESS:PORT"),
        ("300.0.0.1:53", "is not ADDRESS:PORT: no IP address stands before the port"),
        ("224.0.0.1:53", "is a multicast address; none can be listened on"),
        ("[ff02::1]:53", "is a multicast address; none can be listened on"),
        ("255.255.255.255:53", "is the broadcast address"),
        ("53", "is not ADDRESS:PORT, as in 127.0.0.1:53"),
        ("", "is not ADDRESS:PORT, as in 127.0.0.1:53"),
    ] {
        let text = format!("version: v1alpha1\nlisten: [\"{address}\"]\n");
        check(&text, &[&format!("c.yaml:2:9: config: listen[0]: Invalid: {address:?} {expected}")]);
        let text = format!("version: v1alpha1\nhttp: \"{address}\"\n");
        check(&text, &[&format!("c.yaml:2:7: config: http: Invalid: {address:?} {expected}")]);
    }
}

#[test]
fn addresses_that_cannot_both_be_had() {
    let v = "version: v1alpha1\n";
    for (rest, expected) in [
        (
            "listen: [127.0.0.1:53, 127.0.0.1:53]",
            "config: listen[1]: Duplicate: \"127.0.0.1:53\" stands there twice",
        ),
        ("listen: [\"[::1]:53\", \"[0:0::1]:53\"]", "config: listen[1]: Duplicate: "),
        (
            "listen: [127.0.0.1:53, 0.0.0.0:53]",
            "config: listen[1]: Conflict: \"0.0.0.0:53\" and 127.0.0.1:53 cannot both be had",
        ),
        (
            "listen: [127.0.0.1:53]\nhttp: 127.0.0.1:53",
            "config: http: Conflict: 127.0.0.1:53 is taken: questions over TCP are answered at 127.0.0.1:53",
        ),
    ] {
        let found = faults(&format!("{v}{rest}\n"));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains(expected), "{found:?}");
    }
}

#[test]
fn faults_of_sources() {
    let with = |rest: &str| format!("version: v1alpha1\nsources:\n{rest}");
    for (text, expected) in [
        (
            with("  source: [service, servics]\n"),
            "c.yaml:3:11: config: sources.source[1]: Invalid: \"servics\" is no source",
        ),
        (
            with("  source: service\n"),
            "c.yaml:3:11: config: sources.source: Invalid: \"service\" is not of the right type; wanted: list of words out of service",
        ),
        (
            with("  fqdn-templat: [x]\n"),
            "c.yaml:3:3: config: sources.fqdn-templat: UnknownField: is no option of sources; did you mean \"fqdn-template\"?",
        ),
        (
            with("  policy: sync\n"),
            "c.yaml:3:3: config: sources.policy: UnknownField: is no option of sources",
        ),
        (
            with("  fqdn-template: [\"{{name}}.x\"]\n"),
            "c.yaml:3:18: config: sources.fqdn-template[0]: Invalid: \"{{name}}.x\", character 3: there is no function",
        ),
        (
            with("  publish-host-ip: yes\n"),
            "c.yaml:3:20: config: sources.publish-host-ip: Invalid: \"yes\" is not of the right type; wanted: true or false",
        ),
        (
            with("  create-ptr: true\n"),
            "c.yaml:3:15: config: sources.create-ptr: Invalid: needs PTR among managed-record-types",
        ),
        (
            with("  min-ttl: -1\n"),
            "c.yaml:3:12: config: sources.min-ttl: Invalid: \"-1\" is not 0 to 2147483647 seconds",
        ),
        (
            "version: v1alpha1\nsources: [service]\n".to_owned(),
            "c.yaml:2:10: config: sources: Invalid: [\"service\"] is not of the right type; wanted: keys and values",
        ),
        (
            "version: v1alpha1\nsource: [service]\n".to_owned(),
            "c.yaml:2:1: config: source: UnknownField: is no key of the configuration; did you mean \"sources\"?",
        ),
    ] {
        check(&text, &[expected]);
    }
    check(
        &with(
            "  source: [service, ingress]\n  min-ttl: 60\n  fqdn-template:\n  - \"{{.Name}}.a,{{.Name}}.b\"\n",
        ),
        &[],
    );
}

#[test]
fn sources_of_every_layer() {
    let text = "version: v1alpha1\nfleet: f\nsources:\n  source: [service]\n  namespace: file\n";
    let variables = [
        ("PORTOLAN_SOURCES_SOURCE", "ingress, node"),
        ("PORTOLAN_SOURCES_FQDN_TEMPLATE", "{{.Name}}.a,b\n{{.Name}}.c"),
        ("PORTOLAN_SOURCES_PUBLISH_HOST_IP", "true"),
    ];
    let (said, config) = settled(text, &variables, &[("sources.namespace", &["flag"])]);
    let options = config.unwrap().sources;
    assert_eq!(options.source, [Source::Ingress, Source::Node].into());
    assert_eq!((options.namespace.as_str(), options.fqdn_template.len()), ("flag", 2));
    assert!(options.publish_host_ip && options.exclude_unschedulable);
    let shown = said.show();
    assert!(shown.contains("\nsources:\n  source: [\"ingress\", \"node\"]"), "{shown}");
    assert!(file::parse(Path::new("shown"), &shown).1.is_empty(), "{shown}");
}

/// The table and what portolan-kube understands are the same options, and every default is the one told of.
#[test]
fn every_option_of_sources_is_understood() {
    for key in SOURCES {
        let mut options = Options::default();
        let unknown =
            options.set(key.flag, &[]).into_iter().any(|fault| fault.message.contains("is no option"));
        assert!(!unknown, "{}", key.flag);
        if key.form == Form::Switch {
            let mut said = Options::default();
            assert_eq!(said.set(key.flag, &[key.default.to_owned()]), [], "{}", key.flag);
            assert_eq!(said, Options::default(), "{}", key.flag);
        }
    }
    let words = |name: &str| match key(name).map(|key| key.form) {
        Some(Form::Words(words)) => words.to_vec(),
        other => panic!("{name} is {other:?}"),
    };
    assert_eq!(words("sources.source"), Source::ALL.map(Source::name));
    let types = RECORD_TYPES.map(|rtype| rtype.to_string());
    assert_eq!(words("sources.managed-record-types"), types);
}

#[test]
fn every_fault_at_once() {
    check(
        "version: v1alpha1\nlisten: [x, 127.0.0.1:53]\nworkers: 0\nnope: 1\nhttp: y\n",
        &[
            "c.yaml:4:1: config: nope: UnknownField",
            "c.yaml:2:9: config: listen[0]: Invalid",
            "c.yaml:5:7: config: http: Invalid",
            "c.yaml:3:10: config: workers: Invalid",
        ],
    );
}

#[test]
fn files_that_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let large = write("large", &[]);
    std::fs::File::options().write(true).open(&large).unwrap().set_len(50_000_000).unwrap();
    for (path, expected) in [
        (folder.path().to_owned(), "is a directory; a YAML file is wanted"),
        (folder.path().join("absent"), "cannot be read: No such file or directory"),
        (large, "has more than 1048576 bytes, the most that is read"),
        (write("binary", b"version: \xff\xfe\n"), "is not UTF-8 text (byte 10 of the file)"),
    ] {
        let (entries, problems) = file::read(&path);
        assert!(entries.is_empty());
        assert_eq!(problems[0].place, path.display().to_string());
        assert!(problems[0].message.starts_with(expected), "{problems:?}");
    }
}

/// What is in force with this file, environment and flags.
fn settled(
    text: &str,
    variables: &[(&str, &str)],
    flags: &[(&'static str, &[&str])],
) -> (Said, Result<RunConfig, Vec<Problem>>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.yaml");
    std::fs::write(&path, text).unwrap();
    let texts =
        |(name, texts): &(&'static str, &[&str])| (*name, texts.iter().map(ToString::to_string).collect());
    let flags = Flags { config: Some(path), keys: flags.iter().map(texts).collect(), ..Flags::default() };
    let variables: BTreeMap<String, OsString> =
        variables.iter().map(|(name, value)| (name.to_string(), value.into())).collect();
    let said = Said::gather(&flags, &|name| variables.get(name).cloned());
    let config = said.settle();
    (said, config)
}

#[test]
fn later_layers_count_over_earlier_ones() {
    let text = "version: v1alpha1\nfleet: by-file\nlog: warn\nworkers: 3\nnsid: file\n";
    let variables = [
        ("PORTOLAN_LOG", "debug"),
        ("PORTOLAN_LISTEN", "127.0.0.1:53, [::1]:53"),
        ("PORTOLAN_NSID", ""),
        ("PORTOLAN_PORT", "tcp://10.0.0.1:53"),
    ];
    let (said, config) = settled(text, &variables, &[("log", &["error"]), ("http", &["127.0.0.1:0"])]);
    let config = config.unwrap();
    assert_eq!(config.fleet, Some(PathBuf::from("by-file")));
    assert_eq!(config.log, "error", "a flag counts over a variable, a variable over the file");
    assert_eq!(config.listen, ["127.0.0.1:53".parse().unwrap(), "[::1]:53".parse().unwrap()]);
    assert!(!config.listen_is_default);
    assert_eq!(config.workers, Some(3));
    assert_eq!(config.nsid, "file", "an empty variable is not set");
    assert_eq!(config.http, Some("127.0.0.1:0".parse().unwrap()));
    let shown = said.show();
    for line in [
        "log: \"error\"",
        "# --log",
        "listen: [\"127.0.0.1:53\", \"[::1]:53\"]",
        "# environment PORTOLAN_LISTEN",
        "workers: 3",
        "c.yaml:4:10",
        "# state: none",
    ] {
        assert!(shown.contains(line), "{line}\n{shown}");
    }
    assert!(
        file::parse(Path::new("shown"), &shown).1.is_empty(),
        "what is shown is a file that says the same"
    );
}

#[test]
fn defaults() {
    let (_, config) = settled("version: v1alpha1\nfleet: f\n", &[], &[]);
    let expected = RunConfig {
        topology: portolan_kube::api::Topology::Hub,
        role: Role::All,
        sync: Vec::new(),
        kubeconfig: None,
        contexts: Vec::new(),
        in_cluster: None,
        service_account: None,
        hub: None,
        believed: portolan_kube::registry::Believed::default(),
        renew_percent: 66,
        lease: None,
        networks: None,
        fleet: Some("f".into()),
        zones: Vec::new(),
        skydns: None,
        follow: None,
        stream: None,
        resolvers: Servers::default(),
        load_balancer_grace: 120,
        listen: vec!["127.0.0.1:1053".parse().unwrap(), "[::1]:1053".parse().unwrap()],
        listen_is_default: true,
        workers: None,
        pin: Pin::Auto,
        tcp_connections: None,
        tcp_connections_per_client: None,
        state: None,
        http: None,
        webhook: None,
        control: None,
        nsid: String::new(),
        log: "info".to_owned(),
        log_format: LogFormat::Auto,
        sources: std::sync::Arc::default(),
    };
    assert_eq!(config.unwrap(), expected);
}

#[test]
fn faults_name_the_layer() {
    let (_, config) = settled("version: v1alpha1\n", &[("PORTOLAN_WORKERS", "x")], &[("http", &["y"])]);
    let faults: Vec<String> = config.unwrap_err().iter().map(ToString::to_string).collect();
    assert!(
        faults[0].starts_with("config: fleet: NotFound: is not set; name the fleet folder by --fleet DIR"),
        "{faults:?}"
    );
    assert!(faults[1].starts_with("--http: config: http: Invalid"), "{faults:?}");
    assert!(faults[2].starts_with("environment PORTOLAN_WORKERS: config: workers: Invalid"), "{faults:?}");
}

/// Each key is read from the file, the environment and the command line, and each of them changes something.
#[test]
fn every_key_counts() {
    for key in KEYS {
        let value = |text: &str| match key.form {
            Form::Addresses | Form::Names(_) | Form::Urls(_) | Form::Domains(_) | Form::Servers => {
                text.trim_matches(['[', ']']).replace(['"', ' '], "")
            }
            Form::Zones => {
                let zone = text.trim_matches(['[', ']', '{', '}']).replace("name: ", "");
                zone.replace(", file: ", "=")
            }
            _ => text.to_owned(),
        };
        let bare = match key.name {
            "fleet" | "kubeconfig" | "inCluster" => "version: v1alpha1\n",
            "serviceAccount" => "version: v1alpha1\ninCluster: c\n",
            "contexts" | "hub" | "mesh" | "followHub" | "networks" => "version: v1alpha1\nkubeconfig: f\n",
            name => stream::bare(name),
        };
        let file = format!("{bare}{}: {}\n", key.name, key.example);
        let by_file = settled(&file, &[], &[]).1.unwrap();
        let first = value(key.example);
        let first = first.split(',').next().unwrap();
        let by_flag = settled(bare, &[], &[(key.name, &[first])]).1.unwrap();
        use Form::{Addresses, Domains, Names, Servers, Urls};
        if !matches!(key.form, Addresses | Names(_) | Urls(_) | Domains(_) | Servers) {
            let by_env = settled(bare, &[(key.env, &value(key.example))], &[]).1.unwrap();
            assert_eq!(by_env, by_file, "{}", key.name);
            assert_eq!(by_flag, by_file, "{}", key.name);
        }
        let default = settled("version: v1alpha1\nfleet: f\n", &[], &[]).1.unwrap();
        assert!(by_file != default || key.example == key.default, "{} changes nothing", key.name);
    }
}

#[test]
fn what_only_this_machine_can_tell() {
    let folder = tempfile::tempdir().unwrap();
    let here = |listen: &'static str, state: &str| {
        let (said, config) =
            settled("version: v1alpha1\nfleet: f\n", &[("PORTOLAN_STATE", state)], &[("listen", &[listen])]);
        here::faults(&said, &config.unwrap()).iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let path = folder.path().display().to_string();
    assert_eq!(here("127.0.0.1:0", &format!("{path}/state")), [""; 0]);
    let found = here("192.0.2.53:53", &path);
    assert!(
        found[0].starts_with(
            "--listen: config: listen[0]: Invalid: 192.0.2.53 is not an address of this machine"
        ),
        "{found:?}"
    );
    assert!(found[1].contains("is a directory; a file is wanted"), "{found:?}");
    let found = here("127.0.0.1:0", "/dev/null");
    assert!(found[0].contains("/dev/null is a pipe, a socket or a device; a file is wanted"), "{found:?}");
    let found = here("127.0.0.1:0", &format!("{path}/absent/state"));
    assert!(found[0].contains("absent is not there"), "{found:?}");
}

#[test]
fn the_nearest_word() {
    let words = || KEYS.iter().map(|key| key.name);
    for (word, expected) in [
        ("listne", Some("listen")),
        ("LISTEN", Some("listen")),
        ("worker", Some("workers")),
        ("log_format", Some("logFormat")),
        ("htttp", Some("http")),
        ("apiVersion", None),
        ("", None),
    ] {
        assert_eq!(nearest(word, words()), expected, "{word:?}");
    }
    assert_eq!(nearest(&"x".repeat(1_000_000), words()), None);
}

#[test]
fn the_page_has_every_key() {
    let page = docs::page();
    for key in KEYS {
        for text in [key.name, key.flag, key.env, key.default, key.example, key.help] {
            assert!(page.contains(text), "{}: {text}", key.name);
        }
    }
    let yaml = page.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
    assert_eq!(faults(yaml), [""; 0], "the whole file of the page has no faults");
}

/// What the keys of a file say that is not understood as a whole is not known.
#[test]
fn a_fleet_that_may_be_set_is_not_said_to_be_missing() {
    for (text, expected) in [
        ("fleet: f\n", &["config: version"][..]),
        ("version: v9\nfleet: f\n", &["config: version"]),
        ("version: [\nfleet: f\n", &["config"]),
        ("version: v1alpha1\nflet: f\n", &["config: flet", "config: fleet"]),
        ("version: v1alpha1\nfleet: 1\n", &["config: fleet"]),
    ] {
        let (entries, problems) = file::parse(Path::new("c.yaml"), text);
        let values = entries.into_iter().map(|entry| (entry.key.name, entry.value)).collect();
        let faults = Said { values, problems, ..Said::default() }.settle().unwrap_err();
        let subjects: Vec<&str> = faults.iter().map(|fault| fault.subject.as_str()).collect();
        assert_eq!(subjects, expected, "{text:?}");
    }
}

#[test]
fn zones_are_named_in_every_layer() {
    let zones = |text: &str| {
        let (entries, problems) = file::parse(Path::new("c.yaml"), text);
        let values = entries.into_iter().map(|entry| (entry.key.name, entry.value)).collect();
        let said = Said { values, problems, ..Said::default() };
        let shown = said.show();
        let config = said.settle().unwrap();
        let zones: Vec<_> =
            config.zones.iter().map(|zone| format!("{}={}", zone.apex, zone.file.display())).collect();
        (zones, shown.lines().find(|line| line.starts_with("zones:")).unwrap().to_owned())
    };
    let text =
        "version: v1alpha1\nzones:\n- {name: a.example, file: /z/a}\n- file: b=c\n  name: B.example.\n";
    let (found, shown) = zones(text);
    assert_eq!(found, ["a.example.=/z/a", "b.example.=b=c"]);
    assert!(
        shown.contains(r#"[{name: "a.example", file: "/z/a"}, {name: "B.example.", file: "b=c"}]"#),
        "{shown}"
    );
    // What is shown is a file that says the same.
    assert_eq!(zones(&format!("version: v1alpha1\n{shown}\n")).0, found);

    let wanted = "wanted: list of at most 1000 zones";
    for (zones, expected) in [
        (
            "a.example",
            format!("c.yaml:2:8: config: zones: Invalid: \"a.example\" is not of the right type; {wanted}"),
        ),
        (
            "[a.example=/z]",
            format!(
                "c.yaml:2:8: config: zones[0]: Invalid: \"a.example=/z\" is not of the right type; {wanted}"
            ),
        ),
        (
            "[{name: a.example}]",
            format!(
                "c.yaml:2:8: config: zones[0]: Invalid: {{\"name\":\"a.example\"}} is not of the right type; {wanted}"
            ),
        ),
        (
            "[{name: a..b, file: x}]",
            "c.yaml:2:8: config: zones[0]: Invalid: \"a..b=x\" has a zone's name that has an empty label"
                .to_owned(),
        ),
        ("[{name: a, file: \"\"}]", "c.yaml:2:8: config: zones[0]: Invalid: \"a=\" names no file".to_owned()),
        (
            "[{name: a, file: x}, {name: A., file: y}]",
            "c.yaml:2:8: config: zones[1]: Duplicate: zone a stands there twice; its file is x".to_owned(),
        ),
    ] {
        check(&format!("version: v1alpha1\nzones: {zones}\n"), &[&expected]);
    }
}
