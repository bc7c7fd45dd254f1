use super::*;
use crate::settle::findings::PROBLEMS_MAX;
use crate::settle::tests::check;

fn check_csv(text: &str, networks: &[(&str, Option<&str>)], problems: &[&str]) {
    let networks =
        networks.iter().map(|(n, p)| (n.parse().unwrap(), p.map(|p| p.parse().unwrap()))).collect();
    check(text, networks_csv(text, "eu/net.csv"), NetworkMap { networks }, problems);
}

#[test]
fn lines_are_read() {
    check_csv("", &[], &[]);
    check_csv(
        "\u{feff}cidr,place\r\n# offices\r\n\r\n 203.0.113.0/24 , EU/DE \r\n2001:db8::/32,\"NA/US/US-DC/Washington, D.C.\"\r\n",
        &[("203.0.113.0/24", Some("EU/DE")), ("2001:db8::/32", Some("NA/US/US-DC/Washington, D.C."))],
        &[],
    );
    check_csv("192.0.2.1,region:west", &[("192.0.2.1/32", Some("region:west"))], &[]);
}

/// Faults B-26 and B-27.
#[test]
fn a_bad_line_costs_one_line() {
    let good = ("192.0.2.0/24", Some("EU"));
    for (line, kept, problem) in [
        ("203.0.113.1/24,EU", None, r#"Invalid: network "203.0.113.1/24" has bits set behind its prefix"#),
        (
            "203.0.113.0/33,EU",
            None,
            r#"Invalid: network "203.0.113.0/33" has a prefix length that is not 0 to 32 (IPv4) or 0 to 128 (IPv6)"#,
        ),
        ("nonsense,EU", None, r#"Invalid: network "nonsense" is not an address"#),
        ("203.0.113.0/24", None, r#"Invalid: "203.0.113.0/24" has no comma; the form is cidr,place"#),
        ("cidr,place", None, r#"Invalid: network "cidr" is not an address"#),
        (
            "192.0.2.0/24,NA",
            None,
            r#"Duplicate: network "192.0.2.0/24" stands twice (192.0.2.0/24); the first counts"#,
        ),
        (
            "::ffff:192.0.2.0/120,NA",
            None,
            r#"Duplicate: network "::ffff:192.0.2.0/120" stands twice (192.0.2.0/24); the first counts"#,
        ),
        (
            "198.51.100.0/24,EU/UK",
            Some(("198.51.100.0/24", None)),
            r#"Invalid: place "EU/UK": "UK" is no ISO 3166-1 country code; 198.51.100.0/24 counts as of unknown place"#,
        ),
        (
            "198.51.100.0/24,XX",
            Some(("198.51.100.0/24", None)),
            r#"Invalid: place "XX": "XX" is no continent code (one of AF, AN, AS, EU, NA, OC, SA); 198.51.100.0/24 counts as of unknown place"#,
        ),
        (
            "198.51.100.0/24,",
            Some(("198.51.100.0/24", None)),
            r#"Invalid: place "": is not CONTINENT[/COUNTRY[/SUBDIVISION[/CITY]]] or region:NAME; 198.51.100.0/24 counts as of unknown place"#,
        ),
    ] {
        let networks: Vec<_> = [Some(good), kept].into_iter().flatten().collect();
        let text = format!("# a comment\n192.0.2.0/24,EU\n{line}\n");
        check_csv(&text, &networks, &[&format!("eu/net.csv:3:1: eu/net.csv: {problem}")]);
    }
}

#[test]
fn overlapping_and_whole_networks_all_count() {
    let networks =
        [("0.0.0.0/0", Some("EU")), ("10.0.0.0/8", Some("NA")), ("10.1.0.0/16", None), ("::/0", Some("AS"))];
    check_csv(
        "0.0.0.0/0,EU\n10.0.0.0/8,NA\n10.1.0.0/16,ZZ\n::/0,AS\n0.0.0.0/0,SA\n",
        &networks,
        &[
            r#"eu/net.csv:3:1: eu/net.csv: Invalid: place "ZZ": "ZZ" is no continent code (one of AF, AN, AS, EU, NA, OC, SA); 10.1.0.0/16 counts as of unknown place"#,
            r#"eu/net.csv:5:1: eu/net.csv: Duplicate: network "0.0.0.0/0" stands twice (0.0.0.0/0); the first counts"#,
        ],
    );
}

#[test]
fn a_hundred_thousand_lines_are_read_and_their_problems_limited() {
    let line = |i: u32| format!("10.{}.{}.{}/32,EU/DE\n", i >> 16 & 255, i >> 8 & 255, i & 255);
    let good: String = (0..100_000).map(line).collect();
    let (map, problems) = networks_csv(&good, "net.csv");
    assert_eq!((map.networks.len(), problems.len()), (100_000, 0));
    let bad = "x,EU\n".repeat(100_000);
    let (map, problems) = networks_csv(&bad, "net.csv");
    assert_eq!((map.networks.len(), problems.len()), (0, PROBLEMS_MAX + 1));
}
