//! Tests that see the crate as a server does, and their world: random zones, whole packets.

mod adversarial;
mod allocation;
mod differential;
