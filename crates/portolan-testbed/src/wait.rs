//! Waiting for another process: it is polled, with a limit, and a failure says what was waited for.

use std::time::{Duration, Instant};

/// How long anything may take before a test gives up: long enough for a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(10);

/// Polls until something is so.
///
/// # Panics
/// After [`PATIENCE`], with what was waited for.
pub fn wait<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    poll(look).unwrap_or_else(|| panic!("waited in vain for {what}"))
}

/// The same for who has more to say of a failure; none after [`PATIENCE`].
pub(crate) fn poll<T>(look: impl FnMut() -> Option<T>) -> Option<T> {
    poll_for(PATIENCE, look)
}

/// Polls until something is so; none after so long.
pub(crate) fn poll_for<T>(patience: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + patience;
    loop {
        let found = look();
        if found.is_some() || Instant::now() > deadline {
            return found;
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "what is waited for is in another process: it is polled"
        )]
        std::thread::sleep(LOOK);
    }
}
