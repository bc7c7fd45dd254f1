//! Record types: their numbers and words.

use core::fmt;
use core::str::FromStr;

/// A record type (RFC 1035 section 3.2.2 and IANA's table).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordType(pub u16);

macro_rules! record_types {
    ($($(#[$doc:meta])* $name:ident = $number:literal,)*) => {
        impl RecordType {
            $($(#[$doc])* pub const $name: Self = Self($number);)*
            const NAMED: &'static [(Self, &'static str)] = &[$((Self::$name, stringify!($name)),)*];
        }
    };
}

record_types! {
    /// IPv4 address (RFC 1035).
    A = 1,
    /// Name server (RFC 1035).
    NS = 2,
    /// Alias (RFC 1035).
    CNAME = 5,
    /// Start of authority (RFC 1035).
    SOA = 6,
    /// Mailbox, experimental (RFC 1035).
    MB = 7,
    /// Member of a mail group, experimental (RFC 1035).
    MG = 8,
    /// Mailbox that was renamed, experimental (RFC 1035).
    MR = 9,
    /// Well known services (RFC 1035).
    WKS = 11,
    /// Pointer, for reverse names (RFC 1035).
    PTR = 12,
    /// Host information; only as the body of a minimal ANY answer (RFC 8482).
    HINFO = 13,
    /// Who is responsible for a mailbox, experimental (RFC 1035).
    MINFO = 14,
    /// Mail exchange (RFC 1035).
    MX = 15,
    /// Text (RFC 1035).
    TXT = 16,
    /// Responsible person (RFC 1183).
    RP = 17,
    /// AFS database, or a DCE cell's (RFC 1183).
    AFSDB = 18,
    /// X.25 address (RFC 1183).
    X25 = 19,
    /// ISDN address (RFC 1183).
    ISDN = 20,
    /// Route through (RFC 1183).
    RT = 21,
    /// NSAP address (RFC 1706).
    NSAP = 22,
    /// Public key (RFC 2535, RFC 3445).
    KEY = 25,
    /// X.400 mail mapping (RFC 2163).
    PX = 26,
    /// Geographical position (RFC 1712).
    GPOS = 27,
    /// IPv6 address (RFC 3596).
    AAAA = 28,
    /// Location (RFC 1876).
    LOC = 29,
    /// Service location (RFC 2782).
    SRV = 33,
    /// Naming authority pointer (RFC 3403).
    NAPTR = 35,
    /// Key exchanger (RFC 2230).
    KX = 36,
    /// Certificate (RFC 4398).
    CERT = 37,
    /// Delegation name (RFC 6672).
    DNAME = 39,
    /// EDNS pseudo record (RFC 6891).
    OPT = 41,
    /// Address prefixes (RFC 3123).
    APL = 42,
    /// Delegation signer (RFC 4034).
    DS = 43,
    /// SSH key fingerprint (RFC 4255).
    SSHFP = 44,
    /// IPsec key (RFC 4025).
    IPSECKEY = 45,
    /// Signature (RFC 4034).
    RRSIG = 46,
    /// Denial of existence (RFC 4034).
    NSEC = 47,
    /// Key of a zone (RFC 4034).
    DNSKEY = 48,
    /// Identifier of a DHCP client (RFC 4701).
    DHCID = 49,
    /// Hashed denial of existence (RFC 5155).
    NSEC3 = 50,
    /// Parameters of NSEC3 (RFC 5155).
    NSEC3PARAM = 51,
    /// Certificate of a TLS server (RFC 6698).
    TLSA = 52,
    /// Certificate of a mail address (RFC 8162).
    SMIMEA = 53,
    /// Host identity (RFC 8005).
    HIP = 55,
    /// Key for encryption (draft-reid-dnsext-rkey).
    RKEY = 57,
    /// Trust anchor link (draft-wijngaards-dnsop-trust-history).
    TALINK = 58,
    /// The child's DS (RFC 7344).
    CDS = 59,
    /// The child's DNSKEY (RFC 7344).
    CDNSKEY = 60,
    /// OpenPGP key (RFC 7929).
    OPENPGPKEY = 61,
    /// Child to parent synchronisation (RFC 7477).
    CSYNC = 62,
    /// Digest of a zone (RFC 8976).
    ZONEMD = 63,
    /// Service binding (RFC 9460).
    SVCB = 64,
    /// Service binding of HTTPS (RFC 9460).
    HTTPS = 65,
    /// Where to notify of a child's changes (RFC 9859).
    DSYNC = 66,
    /// Sender policy, as TXT (RFC 7208 section 3.1: no longer asked for).
    SPF = 99,
    /// Node of ILNP (RFC 6742).
    NID = 104,
    /// IPv4 locator of ILNP (RFC 6742).
    L32 = 105,
    /// IPv6 locator of ILNP (RFC 6742).
    L64 = 106,
    /// Name of locators of ILNP (RFC 6742).
    LP = 107,
    /// Address of 48 bits (RFC 7043).
    EUI48 = 108,
    /// Address of 64 bits (RFC 7043).
    EUI64 = 109,
    /// The type of a name that does not exist (RFC 9824).
    NXNAME = 128,
    /// Transaction key (RFC 2930).
    TKEY = 249,
    /// Transaction signature (RFC 8945).
    TSIG = 250,
    /// Incremental transfer (RFC 1995).
    IXFR = 251,
    /// Full transfer (RFC 5936).
    AXFR = 252,
    /// Mailbox records, obsolete (RFC 1035).
    MAILB = 253,
    /// Mail agents, obsolete (RFC 1035).
    MAILA = 254,
    /// Any type; answered minimally (RFC 8482).
    ANY = 255,
    /// Uniform resource identifier (RFC 7553).
    URI = 256,
    /// Certification authority that may issue (RFC 8659).
    CAA = 257,
    /// Application visibility and control (Cisco).
    AVC = 258,
    /// Relay of automatic multicast tunnelling (RFC 8777).
    AMTRELAY = 260,
    /// What a resolver does (RFC 9606).
    RESINFO = 261,
    /// Public wallet address.
    WALLET = 262,
    /// Trust anchor (Weiler, 2005).
    TA = 32_768,
    /// Look-aside validation, historic (RFC 8749).
    DLV = 32_769,
}

impl RecordType {
    /// True of what no zone holds: questions' types and pseudo records (RFC 6895 section 3.1: 128 to 255,
    /// OPT, and the reserved 0).
    #[must_use]
    pub const fn is_meta(self) -> bool {
        matches!(self.0, 0 | 41 | 128..=255)
    }
}

impl fmt::Display for RecordType {
    /// The mnemonic, or `TYPE123` (RFC 3597 section 5).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Self::NAMED.iter().find(|(t, _)| t == self) {
            Some((_, name)) => f.pad(name),
            None => write!(f, "TYPE{}", self.0),
        }
    }
}

impl fmt::Debug for RecordType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for RecordType {
    type Err = UnknownType;

    fn from_str(text: &str) -> Result<Self, UnknownType> {
        if let Some((found, _)) = Self::NAMED.iter().find(|(_, n)| n.eq_ignore_ascii_case(text)) {
            return Ok(*found);
        }
        let number = text.get(..4).filter(|t| t.eq_ignore_ascii_case("TYPE")).and_then(|_| text.get(4..));
        number.and_then(|n| n.parse().ok()).map(Self).ok_or(UnknownType)
    }
}

/// The text is neither a mnemonic nor `TYPE123`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownType;
