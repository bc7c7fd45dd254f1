//! What the ways in have in common, whichever thread they run on.

use std::sync::Arc;

use crate::config::Config;
use crate::counters::Counters;
use crate::published::Published;
use crate::worker::Stop;

/// What all threads of a server share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) published: Published,
    pub(crate) counters: Arc<Counters>,
    pub(crate) stop: Stop,
}
