//! Which object: its kind, namespace and name in one piece.

use std::cmp::Ordering;
use std::fmt;
use std::sync::LazyLock;

use triomphe::ThinArc;

use crate::kind::Kind;

/// Which object of a cluster: kind, namespace (empty where the kind has none), name. The three groups of
/// KubeFed's kinds are one kind.
///
/// One object of a fleet is named in half a dozen places, so a key is one pointer to one piece that all of them share.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ObjectKey(ThinArc<KeyHead, u8>);

/// What stands before the texts of a key: the namespace, and right behind it the name.
#[derive(PartialEq, Eq, Hash)]
struct KeyHead {
    kind: Kind,
    /// Octets of the namespace.
    namespace: u32,
}

impl ObjectKey {
    /// The key of an object with this metadata. A namespaced kind without a namespace is in `default`;
    /// a kind that has none loses what somebody wrote there.
    #[must_use]
    pub fn new(kind: Kind, namespace: Option<&str>, name: &str) -> Self {
        let namespace = if kind.is_namespaced() {
            namespace.filter(|text| !text.is_empty()).unwrap_or("default")
        } else {
            ""
        };
        Self::of(kind, namespace, name)
    }

    /// A key with just these.
    #[must_use]
    pub fn of(kind: Kind, namespace: &str, name: &str) -> Self {
        let text = [namespace, name].concat();
        let namespace = u32::try_from(namespace.len()).expect("nothing that is read is as long as 4 GiB");
        Self(ThinArc::from_header_and_slice(KeyHead { kind, namespace }, text.as_bytes()))
    }

    /// The least of all.
    pub(crate) fn least() -> Self {
        static LEAST: LazyLock<ObjectKey> = LazyLock::new(|| ObjectKey::of(Kind::LEAST, "", ""));
        LEAST.clone()
    }

    /// The object of another kind that has the same namespace and name.
    #[must_use]
    pub fn of_kind(&self, kind: Kind) -> Self {
        Self::of(kind, self.namespace(), self.name())
    }

    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.0.header.header.kind
    }

    /// Its namespace.
    #[must_use]
    pub fn namespace(&self) -> &str {
        text(self.octets().0)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        text(self.octets().1)
    }

    /// True of one in this namespace.
    pub(crate) fn is_in(&self, namespace: &str) -> bool {
        self.octets().0 == namespace.as_bytes()
    }

    fn octets(&self) -> (&[u8], &[u8]) {
        let before = usize::try_from(self.0.header.header.namespace).unwrap_or(usize::MAX);
        self.0.slice.split_at_checked(before).unwrap_or_default()
    }
}

fn text(octets: &[u8]) -> &str {
    std::str::from_utf8(octets).expect("a key is made of two texts")
}

impl Ord for ObjectKey {
    /// By kind, namespace and name.
    fn cmp(&self, other: &Self) -> Ordering {
        self.kind().cmp(&other.kind()).then_with(|| self.octets().cmp(&other.octets()))
    }
}

impl PartialOrd for ObjectKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Debug for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ObjectKey({:?}, {:?}, {:?})", self.kind(), self.namespace(), self.name())
    }
}

impl fmt::Display for ObjectKey {
    /// `Service shop/web`, `Node worker-1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.kind())?;
        if !self.namespace().is_empty() {
            write!(f, "{}/", self.namespace())?;
        }
        f.write_str(self.name())
    }
}
