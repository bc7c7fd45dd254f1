//! What the files say, and that none of them is lost.

use std::os::unix::fs::PermissionsExt as _;

use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::pem::parse_x509_pem;

use super::*;

/// A time, in seconds since 1970: 2026-02-03.
const NOW: i64 = 1_770_091_445;

fn claims(name: &str) -> Claims {
    Claims { name: name.into(), hosts: Vec::new(), addresses: Vec::new(), serves: false, asks: true }
}

fn member() -> Claims {
    let hosts = vec!["etcd-0.etcd".to_owned(), "*.etcd".to_owned()];
    let addresses = ["192.0.2.10", "2001:db8::10"].map(|address| address.parse().unwrap()).to_vec();
    Claims { name: "etcd-0".into(), hosts, addresses, serves: true, asks: true }
}

fn init_in(dir: &Path) -> Result<String, String> {
    printed(|out| init(dir, "Portolan", 3_650, NOW, out))
}

fn issue_in(dir: &Path, claims: &Claims, days: u32, renews: bool) -> Result<String, String> {
    printed(|out| issue(dir, claims, days, renews, NOW, out))
}

/// What is said, or why it was refused.
fn printed(work: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<String, String> {
    let mut out = Vec::new();
    work(&mut out).map_err(|error| {
        assert!(error.is::<Refused>(), "{error:#}");
        error.to_string()
    })?;
    Ok(String::from_utf8(out).unwrap())
}

fn bytes(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap()
}

/// What a certificate says.
fn with_certificate(path: &Path, look: impl FnOnce(&X509Certificate<'_>)) {
    let text = bytes(path);
    let (_, pem) = parse_x509_pem(&text).unwrap();
    look(&pem.parse_x509().unwrap());
}

#[test]
fn an_authority_signs_for_itself_and_for_others() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("pki");
    let said = init_in(&dir).unwrap();
    assert!(
        said.contains("ca.crt: the certificate of the authority \"Portolan\", good until 2036-02-01"),
        "{said}"
    );
    with_certificate(&dir.join("ca.crt"), |ca| {
        assert!(ca.is_ca());
        assert_eq!(ca.basic_constraints().unwrap().unwrap().value.path_len_constraint, Some(0));
        assert!(ca.key_usage().unwrap().unwrap().value.key_cert_sign());
        assert_eq!(ca.subject().to_string(), "CN=Portolan");
        assert_eq!(ca.validity().not_after.timestamp(), NOW + 3_650 * DAY_SECONDS);
        assert!(ca.validity().not_before.timestamp() < NOW);
    });
    let said = issue_in(&dir, &member(), 365, false).unwrap();
    assert!(
        said.contains("for a server and a client at etcd-0.etcd, *.etcd, 192.0.2.10, 2001:db8::10"),
        "{said}"
    );
    with_certificate(&dir.join("etcd-0.crt"), |leaf| {
        assert!(!leaf.is_ca());
        assert_eq!(
            (leaf.subject().to_string(), leaf.issuer().to_string()),
            ("CN=etcd-0".into(), "CN=Portolan".into())
        );
        let usage = leaf.extended_key_usage().unwrap().unwrap().value;
        assert_eq!((usage.server_auth, usage.client_auth), (true, true));
        let names = &leaf.subject_alternative_name().unwrap().unwrap().value.general_names;
        assert_eq!(names[..2], [GeneralName::DNSName("etcd-0.etcd"), GeneralName::DNSName("*.etcd")]);
        assert_eq!(names[2], GeneralName::IPAddress(&[192, 0, 2, 10]));
        assert_eq!(names.len(), 4);
        assert_eq!(leaf.validity().not_after.timestamp(), NOW + 365 * DAY_SECONDS);
    });
    issue_in(&dir, &claims("reader"), 1, false).unwrap();
    with_certificate(&dir.join("reader.crt"), |leaf| {
        let usage = leaf.extended_key_usage().unwrap().unwrap().value;
        assert_eq!((usage.server_auth, usage.client_auth), (false, true));
        assert!(leaf.subject_alternative_name().unwrap().is_none());
    });
}

#[test]
fn keys_are_for_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("pki");
    init_in(&dir).unwrap();
    issue_in(&dir, &member(), 365, false).unwrap();
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&dir), 0o700);
    for key in ["ca.key", "etcd-0.key"] {
        assert_eq!(mode(&dir.join(key)), 0o600, "{key}");
    }
}

#[test]
fn nothing_is_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    init_in(dir).unwrap();
    issue_in(dir, &member(), 365, false).unwrap();
    let files = ["ca.crt", "ca.key", "etcd-0.crt", "etcd-0.key"];
    let before = files.map(|file| bytes(&dir.join(file)));
    let refused = init_in(dir).unwrap_err();
    assert!(refused.contains("ca.key is there already"), "{refused}");
    let refused = issue_in(dir, &member(), 365, false).unwrap_err();
    assert!(refused.contains("etcd-0.key is there already; --renew"), "{refused}");
    assert_eq!(files.map(|file| bytes(&dir.join(file))), before);
    // One of the two is enough, and so is a link that leads nowhere.
    std::fs::remove_file(dir.join("ca.key")).unwrap();
    assert!(init_in(dir).unwrap_err().contains("ca.crt is there already"));
    let other = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("nowhere", other.path().join("ca.key")).unwrap();
    assert!(init_in(other.path()).unwrap_err().contains("ca.key is there already"));
    assert!(!other.path().join("ca.crt").exists());
}

#[test]
fn a_certificate_is_renewed_and_its_key_stays() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    init_in(dir).unwrap();
    let refused = issue_in(dir, &member(), 365, true).unwrap_err();
    assert!(refused.contains("etcd-0.key"), "nothing is there to be renewed: {refused}");
    issue_in(dir, &member(), 10, false).unwrap();
    let (key, mut serials) = (bytes(&dir.join("etcd-0.key")), Vec::new());
    let mut note = || {
        with_certificate(&dir.join("etcd-0.crt"), |leaf| {
            serials.push((leaf.raw_serial_as_string(), leaf.validity().not_after.timestamp()));
        });
    };
    note();
    let said = issue_in(dir, &member(), 365, true).unwrap();
    note();
    assert!(said.contains("its key, as it was"), "{said}");
    assert_eq!(bytes(&dir.join("etcd-0.key")), key);
    assert_ne!(serials[0].0, serials[1].0);
    assert_eq!(serials[1].1, NOW + 365 * DAY_SECONDS);
    assert!(!dir.join("etcd-0.crt.new").exists());
}

#[test]
fn what_is_refused_names_the_file_or_the_flag_and_the_rule() {
    let folder = tempfile::tempdir().unwrap();
    let (dir, other) = (folder.path().join("one"), folder.path().join("other"));
    let refused = issue_in(&dir, &member(), 365, false).unwrap_err();
    assert!(refused.contains("has no authority (ca.crt, ca.key)"), "{refused}");
    let refused = init_in(&folder.path().join("a/b")).unwrap_err();
    assert!(refused.contains("the folder that it is to stand in is not there"), "{refused}");
    init_in(&dir).unwrap();
    init_in(&other).unwrap();
    let refused = issue_in(&dir, &member(), 3_651, false).unwrap_err();
    assert!(refused.contains("--days 3651: it would end on 2036-02-02"), "{refused}");
    assert!(refused.contains("3650 is the most"), "{refused}");
    issue_in(&dir, &member(), 3_650, false).unwrap();

    let refused_with = |ca: &[u8], now: i64, expected: &str| {
        std::fs::write(dir.join("ca.crt"), ca).unwrap();
        let refused = printed(|out| issue(&dir, &claims("x"), 1, false, now, out)).unwrap_err();
        assert!(refused.contains("ca.crt") && refused.contains(expected), "{refused}");
        assert!(!dir.join("x.key").exists() && !dir.join("x.crt").exists());
    };
    let ours = bytes(&dir.join("ca.crt"));
    refused_with(&bytes(&other.join("ca.crt")), NOW, "is not of the key beside it");
    refused_with(&bytes(&dir.join("etcd-0.crt")), NOW, "is no authority's");
    refused_with(&bytes(&dir.join("etcd-0.key")), NOW, "is a \"PRIVATE KEY\"");
    refused_with(b"nonsense", NOW, "is no certificate in PEM");
    refused_with(&ours[..ours.len() / 2], NOW, "is no certificate in PEM");
    refused_with(&ours, NOW + 3_651 * DAY_SECONDS, "which is not now");
    refused_with(&ours, NOW - DAY_SECONDS, "which is not now");
    std::fs::write(dir.join("ca.key"), "nonsense").unwrap();
    let refused = issue_in(&dir, &claims("x"), 1, false).unwrap_err();
    assert!(refused.contains("ca.key: is no private key (PKCS #8, in PEM)"), "{refused}");
    std::fs::remove_file(dir.join("ca.key")).unwrap();
    let refused = issue_in(&dir, &claims("x"), 1, false).unwrap_err();
    assert!(refused.contains("ca.key: "), "{refused}");
}
