use super::*;

#[track_caller]
fn check(files: &[(&str, &str)], expected: &[&str]) {
    let found: Vec<String> = super::check(&Tree::of(files)).iter().map(ToString::to_string).collect();
    assert_eq!(found, expected);
}

#[test]
fn no_std_must_be_said() {
    check(&[("crates/portolan-core/src/lib.rs", "#![no_std]\n")], &[]);
    check(
        &[("crates/portolan-wire/src/lib.rs", "// #![no_std]\n")],
        &["crates/portolan-wire/src/lib.rs: must say #![no_std]"],
    );
}

#[test]
fn a_door_is_found_in_code_only() {
    let path = "crates/portolan-kube/src/index.rs";
    check(&[(path, "//! Never std::fs.\nfn f() { operand::rng() }\n")], &[]);
    check(&[("crates/portolan-kube/src/index/tests.rs", "use std::fs;\n")], &[]);
    check(&[("crates/portolan-serve/src/udp.rs", "use std::net::UdpSocket;\n")], &[]);
    check(
        &[(path, "use std::net::{IpAddr, UdpSocket};\nlet now = jiff::Timestamp::now();\n")],
        &[
            "crates/portolan-kube/src/index.rs:1: UdpSocket has no place in a pure crate",
            "crates/portolan-kube/src/index.rs:2: Timestamp::now has no place in a pure crate",
        ],
    );
}
