use super::super::secret::base64;
use super::*;

/// A kubeconfig with one context; `cluster` and `user` are what these say beyond server and token.
fn file(cluster: &str, user: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: c\ncontexts: [{{name: c, context: {{cluster: k, user: u}}}}]\n\
         clusters:\n- {{name: k, cluster: {{server: 'https://192.0.2.1:6443'{cluster}}}}}\n\
         users:\n- {{name: other, user: {{exec: {{command: never-read}}}}}}\n- {{name: u, user: {{{user}}}}}\n"
    )
}

/// The refusals of a kubeconfig, as `field: rule`.
fn refusals(text: &str) -> Vec<String> {
    let refused = access(text).err().unwrap_or_default();
    refused.into_iter().map(|(field, rule)| format!("{field}: {rule}")).collect()
}

fn check(text: &str, expected: &[&str]) {
    let found = refusals(text);
    assert_eq!(found.len(), expected.len(), "{text}\n{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "{text}\n   found: {found}\nexpected: {expected}");
    }
}

const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";
const KEY: &str = "-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n";

#[test]
fn what_may_be_said_is_read() {
    let authority = base64(CERTIFICATE.as_bytes());
    let text = file(
        &format!(
            ", certificate-authority-data: {authority}, tls-server-name: api.example, insecure-skip-tls-verify: false, \
             proxy-url: '', extensions: []"
        ),
        "token: t",
    );
    let expected = Access {
        server: "https://192.0.2.1:6443".into(),
        authority: Some(CERTIFICATE.into()),
        server_name: Some("api.example".into()),
        identity: Identity::Token("t".into()),
    };
    assert_eq!(access(&text), Ok(expected));

    let (certificate, key) = (base64(CERTIFICATE.as_bytes()), base64(KEY.as_bytes()));
    let text = file("", &format!("client-certificate-data: {certificate}, client-key-data: {key}"));
    let identity = Identity::Certificate { certificate: CERTIFICATE.into(), key: KEY.into() };
    assert_eq!(access(&text).unwrap().identity, identity);
}

/// What a cluster says beyond its server, what a user says, and the refusal.
const REFUSED: &[(&str, &str, &str)] = &[
    (
        "",
        "exec: {apiVersion: x, command: aws, args: [eks]}",
        "users[1].user.exec: \"aws\" would run a program",
    ),
    ("", "token: t, exec: {command: /bin/sh}", "users[1].user.exec: \"/bin/sh\" would run a program"),
    ("", "token: t, auth-provider: {name: gcp}", "users[1].user.auth-provider: \"gcp\" would run a program"),
    ("", "tokenFile: /etc/shadow", "users[1].user.tokenFile: \"/etc/shadow\" names a file"),
    ("", "token: t, client-key: /k", "users[1].user.client-key: \"/k\" names a file"),
    ("", "token: t, client-certificate: c", "users[1].user.client-certificate: \"c\" names a file"),
    ("", "token: t, username: admin, password: secret", "users[1].user.password: is no way in"),
    ("", "token: t, as: system:admin", "users[1].user.as: would have the cluster take us for somebody else"),
    ("", "token: t, as-groups: ['system:masters']", "users[1].user.as-groups: would have"),
    ("", "token: t, plugin: x", "users[1].user.plugin: is no field that is known"),
    (
        ", certificate-authority: ca.crt",
        "token: t",
        "clusters[0].cluster.certificate-authority: \"ca.crt\" names a file",
    ),
    (
        ", proxy-url: 'http://10.0.0.1:3128'",
        "token: t",
        "clusters[0].cluster.proxy-url: \"http://10.0.0.1:3128\" would send",
    ),
    (
        ", insecure-skip-tls-verify: true",
        "token: t",
        "clusters[0].cluster.insecure-skip-tls-verify: true would take any",
    ),
    (
        ", insecure-skip-tls-verify: 'yes'",
        "token: t",
        "clusters[0].cluster.insecure-skip-tls-verify: would take any",
    ),
    (", relay: x", "token: t", "clusters[0].cluster.relay: is no field that is known"),
    (
        ", certificate-authority-data: '!'",
        "token: t",
        "clusters[0].cluster.certificate-authority-data: is no base64",
    ),
    (
        ", certificate-authority-data: AAAA",
        "token: t",
        "clusters[0].cluster.certificate-authority-data: holds no certificate",
    ),
    (", tls-server-name: 'a b'", "token: t", "clusters[0].cluster.tls-server-name: \"a b\" is no host name"),
    ("", "token: 'a b'", "users[1].user.token: is no bearer token"),
    ("", "", "users[1].user: has neither a token nor a client certificate"),
    ("", "client-certificate-data: AAAA", "users[1].user.client-key-data: is no PEM in base64"),
];

/// B-43, and issue 5: what came from a Secret may run nothing, read nothing and trust nobody else.
#[test]
fn what_would_do_something_here_is_refused() {
    for (cluster, user, expected) in REFUSED {
        let text = file(cluster, user);
        let found = refusals(&text);
        assert!(
            found.iter().any(|found| found.starts_with(expected)),
            "{text}\n{found:#?}\nexpected: {expected}"
        );
    }
}

/// Each is told, not only the first.
#[test]
fn all_refusals_are_told_at_once() {
    let text =
        file(", proxy-url: 'http://p', insecure-skip-tls-verify: true", "exec: {command: x}, tokenFile: /t");
    check(
        &text,
        &[
            "clusters[0].cluster.insecure-skip-tls-verify: true",
            "clusters[0].cluster.proxy-url: \"http://p\"",
            "users[1].user.exec: \"x\"",
            "users[1].user.tokenFile: \"/t\"",
            "users[1].user: has neither",
        ],
    );
}

#[test]
fn what_is_no_kubeconfig_is_refused() {
    let good = file("", "token: t");
    for (text, expected) in [
        (String::new(), "contexts: are missing"),
        ("[1".to_owned(), "the text: is no YAML of a kubeconfig"),
        ("- a\n".to_owned(), "the text: is no YAML of a kubeconfig"),
        ("apiVersion: v1\n".to_owned(), "contexts: are missing"),
        ("contexts: []\n".to_owned(), "contexts: are missing"),
        ("contexts: [1]\n".to_owned(), "contexts: are no list of names"),
        (good.replace("current-context: c", "current-context: d"), "contexts: have none of the name \"d\""),
        (good.replace("cluster: k, user", "cluster: z, user"), "clusters: have none of the name \"z\""),
        (good.replace("user: u}", "user: z}"), "users: have none of the name \"z\""),
        (good.replace("https://192.0.2.1:6443", "http://192.0.2.1:6443"), "clusters[0].cluster.server: \"http://192.0.2.1:6443\" is not https"),
        (good.replace("'https://192.0.2.1:6443'", "''"), "clusters[0].cluster.server: is missing"),
        (
            good.replace("current-context: c\n", "").replace(
                "contexts: [{name: c, context: {cluster: k, user: u}}]",
                "contexts: [{name: c, context: {cluster: k, user: u}}, {name: d, context: {cluster: k, user: u}}]",
            ),
            "current-context: is not set, and there are 2 contexts",
        ),
    ] {
        check(&text, &[expected]);
    }
    // The only context needs no naming.
    assert!(access(&good.replace("current-context: c\n", "")).is_ok());
    let many: Vec<String> = (0..=ENTRIES_MAX).map(|nth| format!("{{name: c{nth}}}")).collect();
    check(&format!("contexts: [{}]\n", many.join(", ")), &["contexts: are 65; at most 64 are read"]);
}

/// No refusal repeats what may be secret.
#[test]
fn secrets_are_not_repeated() {
    for user in ["token: 's3cret value'", "token: t, password: s3cret", "client-key-data: s3cret", "s3cret"] {
        let found = refusals(&file("", user)).join("\n");
        assert!(
            !found.is_empty() && !found.contains("s3cret:") && !found.contains("s3cret "),
            "{user}: {found}"
        );
    }
    let said = format!("{:?}", access(&file("", "token: s3cret")).unwrap());
    assert!(!said.contains("s3cret"), "{said}");
}
