//! The numbers of the format (RFC 1035 section 4.1, RFC 6891, RFC 7871).

/// The header's length, in octets.
pub(crate) const HEADER_OCTETS: usize = 12;

/// The top two bits that make two octets a pointer (RFC 1035 section 4.1.4).
pub(crate) const POINTER: u16 = 0xc000;

/// Largest UDP reply to a question without EDNS, in octets (RFC 1035 section 4.2.1).
pub const UDP_OCTETS_PLAIN: usize = 512;
/// Largest UDP reply, in octets, and what our OPT advertises: no IP fragments on any sane path (RFC 9715).
pub const UDP_OCTETS_MAX: usize = 1232;
/// Largest TCP message, in octets (RFC 1035 section 4.2.2: a 16-bit length).
pub const TCP_OCTETS_MAX: usize = 65_535;

// Flags of the header's second 16 bits.
/// It is a response.
pub(crate) const QR: u16 = 0x8000;
/// The authority answers.
pub(crate) const AA: u16 = 0x0400;
/// It was cut.
pub(crate) const TC: u16 = 0x0200;
/// Recursion is desired.
pub(crate) const RD: u16 = 0x0100;
/// Checking is disabled (RFC 4035 section 3.2.2).
pub(crate) const CD: u16 = 0x0010;
/// Where the opcode starts.
pub(crate) const OPCODE_SHIFT: u16 = 11;
/// How wide it is, once shifted down.
pub(crate) const OPCODE_MASK: u16 = 0xf;

/// The one opcode that is answered.
pub(crate) const OPCODE_QUERY: u8 = 0;
/// The Internet.
pub(crate) const CLASS_IN: u16 = 1;
/// Chaos, which has what servers tell of themselves (RFC 4892).
pub(crate) const CLASS_CH: u16 = 3;
/// Any class, which signatures have (RFC 8945 section 4.2).
pub(crate) const CLASS_ANY: u16 = 255;

/// DNSSEC OK, in the OPT record's flags (RFC 3225).
pub(crate) const DNSSEC_OK: u16 = 0x8000;
/// NSID (RFC 5001).
pub(crate) const OPTION_NSID: u16 = 3;
/// Client subnet (RFC 7871).
pub(crate) const OPTION_SUBNET: u16 = 8;
/// Cookie (RFC 7873).
pub(crate) const OPTION_COOKIE: u16 = 10;
/// Extended error (RFC 8914).
pub(crate) const OPTION_EDE: u16 = 15;
/// An extended error: no question asks for this type (RFC 9824 section 3.5).
pub(crate) const EDE_INVALID_QUERY_TYPE: u16 = 30;
/// IPv4 in a client subnet (IANA's address family numbers).
pub(crate) const FAMILY_IPV4: u16 = 1;
/// IPv6 in a client subnet.
pub(crate) const FAMILY_IPV6: u16 = 2;
