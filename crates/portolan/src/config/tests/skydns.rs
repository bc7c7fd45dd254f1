use portolan_store::skydns::Rules;

use super::*;

/// What else must be said for a key to count.
pub(super) fn bare(key: &str) -> &'static str {
    match key {
        "skydns" => "version: v1alpha1\nskydnsZones: [example.org]\n",
        "skydnsZones" => "version: v1alpha1\nskydns: [http://127.0.0.1:2379]\n",
        "skydnsNameServers" | "skydnsPrefix" | "skydnsCompat" => {
            "version: v1alpha1\nskydns: [http://127.0.0.1:2379]\nskydnsZones: [example.org]\n"
        }
        "etcdCa" => "version: v1alpha1\nskydns: [https://127.0.0.1:2379]\nskydnsZones: [example.org]\n",
        "etcdCert" => {
            "version: v1alpha1\nskydns: [https://127.0.0.1:2379]\nskydnsZones: [example.org]\netcdCa: c\netcdKey: k\n"
        }
        "etcdKey" => {
            "version: v1alpha1\nskydns: [https://127.0.0.1:2379]\nskydnsZones: [example.org]\netcdCa: c\netcdCert: k\n"
        }
        "etcdUser" => {
            "version: v1alpha1\nskydns: [http://127.0.0.1:2379]\nskydnsZones: [example.org]\netcdPasswordFile: p\n"
        }
        "etcdPasswordFile" => {
            "version: v1alpha1\nskydns: [http://127.0.0.1:2379]\nskydnsZones: [example.org]\netcdUser: u\n"
        }
        _ => "version: v1alpha1\nfleet: f\n",
    }
}

#[test]
fn an_etcd_alone_is_enough_and_members_stand_in_one_flag_or_several() {
    let flags: [(&str, &[&str]); 4] = [
        ("skydns", &["http://127.0.0.1:2379,http://[::1]:2379", "http://etcd-2.etcd:2379"]),
        ("skydnsZones", &["example.org", "Example.net."]),
        ("skydnsCompat", &["skydns"]),
        ("skydnsPrefix", &["dns/"]),
    ];
    let config = settled("version: v1alpha1\n", &[], &flags).1.unwrap();
    assert!(!config.has_fleet());
    let skydns = config.skydns.unwrap();
    assert_eq!(
        skydns.etcd.members,
        ["http://127.0.0.1:2379", "http://[::1]:2379", "http://etcd-2.etcd:2379"]
    );
    assert_eq!(skydns.zones, ["example.org", "example.net"].map(|zone| zone.parse().unwrap()));
    assert_eq!((skydns.rules, skydns.layout.prefix()), (Rules::Subtrees, "/dns"));
}

#[test]
fn what_is_wrong_with_an_etcd_is_told_with_its_place() {
    check(
        "version: v1alpha1\nfleet: f\nskydnsZones: [example.org]\netcdUser: u\n",
        &["c.yaml:4:11: config: etcdUser: Invalid", "c.yaml:3:14: config: skydnsZones: Invalid"],
    );
    check(
        "version: v1alpha1\nskydns: [ftp://a:1, http://a, http://a:1/v3, http://u@a:1]\nskydnsZones: [., a..b, x.org, x.org]\n",
        &[
            "c.yaml:3:14: config: skydnsZones[0]: Invalid",
            "c.yaml:3:14: config: skydnsZones[1]: Invalid",
            "c.yaml:3:14: config: skydnsZones[3]: Duplicate",
            "c.yaml:2:9: config: skydns[0]: Invalid",
            "c.yaml:2:9: config: skydns[1]: Invalid",
            "c.yaml:2:9: config: skydns[2]: Invalid",
            "c.yaml:2:9: config: skydns[3]: Invalid",
        ],
    );
    check("version: v1alpha1\nskydns: [http://a:1]\n", &["config: skydnsZones: NotFound"]);
    check(
        "version: v1alpha1\nskydns: [https://a:1, http://b:1]\nskydnsZones: [x.org]\netcdCa: c\netcdCert: c\nskydnsPrefix: /\n",
        &[
            "c.yaml:5:11: config: etcdCert: Invalid",
            "c.yaml:2:9: config: skydns: Invalid",
            "c.yaml:6:15: config: skydnsPrefix: Invalid",
        ],
    );
}
