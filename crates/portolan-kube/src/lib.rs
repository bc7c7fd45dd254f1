//! Resources: our own kinds, others' kinds, and the index that turns objects into facts.
//!
//! ```text
//!   bytes ──▶ manifest ──▶ Object ──▶ folder ──▶ index ──▶ Fact (portolan-core)
//!                                                  │
//!             kinds, kubefed, dns_endpoint ────────┘        endpoints: Snapshot ──▶ DNSEndpoint
//! ```
//!
//! | module | what it owns |
//! | --- | --- |
//! | [`kinds`] | our own kinds, the single source of our CRDs |
//! | [`crds`] | their CustomResourceDefinitions |
//! | [`settle`] | what our kinds say, checked, as core's facts and problems |
//! | [`nearest`](mod@nearest) | what somebody may have meant by a word |
//! | [`hosts`] | which texts are host names, and in what form |
//! | [`kubefed`], [`dns_endpoint`] | others' kinds that KubeFed and External-DNS made |
//! | [`gateway_api`], [`openshift`], [`istio`] | others' kinds that sources read |
//! | [`workload`] | what a cluster runs, cut down to what is asked of it |
//! | `kind` | which kinds we read |
//! | `key` | which object: kind, namespace and name in one piece |
//! | `ingress` | where an Ingress leads a host |
//! | [`selector`] | objects by their labels |
//! | [`object`] | one object of any kind that we read |
//! | [`origin`] | where an object comes from, for people |
//! | `few` | a list that nearly always has one item |
//! | [`manifest`] | YAML and JSON documents to objects, with the place of every fault |
//! | [`folder`] | the files of a fleet folder: what each last gave, and what changed |
//! | [`sources`] | what External-DNS makes of a cluster's own objects |
//! | [`index`] | objects by cluster; facts and touched names out |
//! | [`registry`] | which clusters the hub registers, and how each is reached |
//! | [`endpoints`] | names as `DNSEndpoint` objects |
//! | [`lease`] | who of several replicas writes |
//! | [`wants`] | `DNSEndpoint` objects as what another DNS is to have |
//!
//! **Architecture Invariant:** no client, no clock, no file and no socket: bytes and objects come in
//! as arguments.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod api;
pub mod crds;
pub mod dns_endpoint;
pub mod endpoints;
mod few;
pub mod folder;
pub mod follow;
pub mod gateway_api;
pub mod hosts;
pub mod index;
mod ingress;
pub mod istio;
mod key;
mod kind;
pub mod kinds;
pub mod kubefed;
pub mod lease;
pub mod manifest;
pub mod nearest;
pub mod object;
pub mod openshift;
pub mod origin;
pub mod registry;
pub mod selector;
pub mod settle;
pub mod sources;
pub mod status;
pub mod wants;
pub mod workload;
