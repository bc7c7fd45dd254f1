//! A whole fleet: three real API servers with their stores, two processes that decide and two that answer in each cluster,
//! and a meter that asks all of those that answer while everything that can go goes.
//!
//! | module | what it owns |
//! | --- | --- |
//! | `form` | how a fleet is run: who follows whom |
//! | `world` | the fleet: processes, certificates, ways between clusters that can be cut |
//! | `story` | what befalls it, step by step |
//! | `releases` | two releases side by side, and a roll-out that is taken back |
//!
//! The short form of the story is a test as others are, of two ways to run a fleet. With `PORTOLAN_FLEET_AT_LENGTH` set it is the long one, of `cargo xtask
//! soak`: stores of three members, each process by itself, a leader that sleeps for a minute.
//!
//! Without kube-apiserver and etcd (`cargo xtask setup` builds them) the tests are passed over with one loud
//! line; with `PORTOLAN_REQUIRE_REAL` set that is a failure.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends here")]

mod form;
mod releases;
mod story;
mod world;

use form::Form;

#[test]
fn a_hub_whose_replicas_all_others_follow() {
    story::tell(Form::Hub);
}

#[test]
fn a_hub_that_hands_names_over() {
    story::tell(Form::HandOver);
}

#[test]
fn a_mesh_without_a_hub() {
    story::tell(Form::Mesh);
}
