//! What a server calls itself: to a client that asks (NSID, RFC 5001), and in what it writes.

/// Where Linux says what this machine is called.
const HOST_NAME: &str = "/proc/sys/kernel/hostname";

/// What was said, else this machine's name; `off` is nothing.
pub(crate) fn nsid(said: &str) -> Vec<u8> {
    match said {
        "off" => Vec::new(),
        "" => host_name().bytes().take(portolan_wire::NSID_OCTETS_MAX).collect(),
        text => text.as_bytes().to_vec(),
    }
}

/// This machine's name, which a pod has from its own; empty where there is none.
pub(crate) fn host_name() -> String {
    std::fs::read_to_string(HOST_NAME).unwrap_or_default().trim().to_owned()
}
