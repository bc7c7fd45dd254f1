//! Real parts for tests: etcd, Kubernetes, External-DNS. No part of the program.
//!
//! | module | what it owns |
//! | --- | --- |
//! | [`part`] | which real parts there are, and where their programs are |
//! | [`missing`] | what happens without one: a loud line, or a failure |

pub mod missing;
pub mod part;
