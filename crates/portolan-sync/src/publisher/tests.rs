//! Rounds against a DNS in memory.

mod bench;
mod faults;
mod model;
mod rounds;
