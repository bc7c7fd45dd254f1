//! What a server calls itself to a client that asks (NSID, RFC 5001).

/// Where Linux says what this machine is called.
const HOST_NAME: &str = "/proc/sys/kernel/hostname";

/// What was said, else this machine's name; `off` is nothing.
pub(crate) fn nsid(said: &str) -> Vec<u8> {
    match said {
        "off" => Vec::new(),
        "" => {
            let name = std::fs::read_to_string(HOST_NAME).unwrap_or_default();
            name.trim().bytes().take(portolan_wire::NSID_OCTETS_MAX).collect()
        }
        text => text.as_bytes().to_vec(),
    }
}
