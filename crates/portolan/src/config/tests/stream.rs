use super::*;

const TLS: &str = "streamCa: a\nstreamCert: c\nstreamKey: k\n";

/// What else must be said for a key to count.
pub(super) fn bare(key: &str) -> &'static str {
    match key {
        "follow" => "version: v1alpha1\nstreamCa: a\nstreamCert: c\nstreamKey: k\n",
        "streamListen" => "version: v1alpha1\nfleet: f\nstreamCa: a\nstreamCert: c\nstreamKey: k\n",
        "streamCa" => "version: v1alpha1\nfollow: [https://a:1]\nstreamCert: c\nstreamKey: k\n",
        "streamCert" => "version: v1alpha1\nfollow: [https://a:1]\nstreamCa: a\nstreamKey: k\n",
        "streamKey" => "version: v1alpha1\nfollow: [https://a:1]\nstreamCa: a\nstreamCert: c\n",
        name => webhook::bare(name),
    }
}

fn faults(said: &str) -> Vec<String> {
    let (_, config) = settled(&format!("version: v1alpha1\n{said}"), &[], &[]);
    config.err().unwrap_or_default().iter().map(ToString::to_string).collect()
}

#[test]
fn both_sides_are_what_was_said() {
    let (_, config) = settled(
        &format!("version: v1alpha1\nrole: serve\nfollow: [https://a:1, https://b:1]\n{TLS}"),
        &[],
        &[],
    );
    let config = config.unwrap();
    let follow = config.follow.unwrap();
    assert_eq!((follow.name().as_str(), config.role), ("https://a:1, https://b:1", Role::Serve));
    assert_eq!([follow.ca, follow.cert, follow.key], ["a", "c", "k"].map(std::path::PathBuf::from));
    let (_, config) =
        settled(&format!("version: v1alpha1\nfleet: f\nstreamListen: 127.0.0.1:7353\n{TLS}"), &[], &[]);
    let stream = config.unwrap().stream.unwrap();
    assert_eq!((stream.listen.port(), stream.tls.key), (7353, "k".into()));
}

#[test]
fn what_is_wrong_is_told_with_its_key_and_the_rule() {
    let follow = format!("follow: [https://a:1]\n{TLS}");
    for (said, expected) in [
        (
            "follow: [https://a:1]\n".to_owned(),
            "config: streamCa: NotFound: is not set; the stream is spoken over mutual TLS",
        ),
        (
            format!("follow: [http://a:1]\n{TLS}"),
            "config: follow[0]: Invalid: \"http://a:1\" must begin with https://",
        ),
        (
            format!("follow: [a]\n{TLS}"),
            "config: follow[0]: Invalid: \"a\" must begin with http:// or https://",
        ),
        (format!("follow: []\n{TLS}"), "config: follow: Invalid: has 0 URLs; 1 to 16 are taken"),
        (
            format!("fleet: f\n{TLS}"),
            "config: streamCa: Invalid: says nothing without `follow` or `streamListen`",
        ),
        (
            format!("zones: [{{name: z, file: f}}]\nstreamListen: 127.0.0.1:1\n{TLS}"),
            "config: streamListen: Invalid: has nothing to tell",
        ),
        (
            format!("fleet: f\n{follow}"),
            "config: fleet: Conflict: stands beside `follow`; who follows control replicas reads no folder",
        ),
        (
            format!("kubeconfig: f\n{follow}"),
            "config: kubeconfig: Conflict: stands beside `follow`; who follows control replicas has no credential",
        ),
        (
            format!("streamListen: 127.0.0.1:1\n{follow}"),
            "config: streamListen: Conflict: stands beside `follow`; nobody follows",
        ),
        (
            format!("sync: [{{provider: zone-file}}]\n{follow}"),
            "config: follow: Conflict: stands beside `sync`",
        ),
        (
            "role: serve\nkubeconfig: f\n".to_owned(),
            "config: kubeconfig: Invalid: says nothing with the role serve",
        ),
        (format!("role: control\n{follow}"), "config: role: Invalid: control follows clusters"),
    ] {
        let faults = faults(&said);
        assert!(faults.iter().any(|fault| fault.contains(expected)), "{said}: {faults:?}");
    }
}

/// A slip in a path is told at once, on either side, by its key; a folder or a pipe is no file that is read time and again.
#[test]
fn files_of_tls_have_to_be_there() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(at("ca"), "").unwrap();
    for side in ["follow: [https://a:1]", "fleet: f\nstreamListen: 127.0.0.1:7353"] {
        let (ca, key) = (at("ca"), at("key"));
        let folder = folder.path().display();
        let text =
            format!("version: v1alpha1\n{side}\nstreamCa: {ca}\nstreamCert: {folder}\nstreamKey: {key}\n");
        let (said, config) = settled(&text, &[], &[]);
        let told: Vec<String> =
            here::faults(&said, &config.unwrap()).iter().map(ToString::to_string).collect();
        let expected = [
            format!("config: streamCert: Unreadable: {folder} cannot be read: it is no file"),
            format!("config: streamKey: Unreadable: {key} cannot be read: No such file or directory"),
        ];
        assert_eq!(told.len(), expected.len(), "{told:?}");
        for (told, expected) in told.iter().zip(expected) {
            assert!(told.contains(&expected), "{told}");
        }
    }
}
