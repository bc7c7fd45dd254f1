//! Objects straight from what an API server sends, where nothing is wrong with them.
//!
//! Nearly all that a fleet sends is of kinds that are not ours (Services, EndpointSlices, routes): little of each is
//! kept, and nothing is wrong with it. Such an object is read into its type without a tree of values in between, and
//! the parser passes over what nobody asks of its metadata, `managedFields` most of all. Whatever is not just so (a
//! wrong type, a field that stands twice, no name, another kind) is none of this module's: it is read as a tree,
//! which tells every fault and its place ([`given`](super::given())).
//!
//! The types are those that a tree is read into, so both ways give the same object. The one difference: what is passed
//! over need not be JSON to the last digit. A number beyond all range in a field that nobody reads costs nothing here.

use std::collections::BTreeMap;
use std::fmt;

use k8s_openapi::api::core::v1::{Namespace, Node, Pod, Service};
use k8s_openapi::api::discovery::v1::{Endpoint, EndpointPort, EndpointSlice};
use k8s_openapi::api::networking::v1::Ingress;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use serde::de::{DeserializeOwned, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::typed::{self, LAST_APPLIED};
use crate::gateway_api;
use crate::object::{Body, Kind, Object, Read as _, kept};
use crate::workload::Keep;

/// An object with which nothing is wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Whole {
    /// The object.
    pub object: Object,
    /// Its version, for whoever watches on from it; empty when it does not say.
    pub version: String,
}

/// A page of a list, with no object of which anything is wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct WholePage {
    /// The objects, in the order of the page.
    pub objects: Vec<Object>,
    /// The version of the whole list.
    pub version: String,
    /// Names the next page; empty in the last of some servers.
    pub token: Option<String>,
}

/// The object of a line of a watch that says that it is there, new or changed. None of anything else, which says
/// nothing of it but that it is to be read as a tree.
#[must_use]
pub fn event(kind: Kind, line: &[u8], keep: &Keep) -> Option<Whole> {
    read(kind, Line(std::str::from_utf8(line).ok()?), keep)
}

/// A page of a list. None where any of its objects is to be read as a tree.
#[must_use]
pub fn page(kind: Kind, body: &[u8], keep: &Keep) -> Option<WholePage> {
    read(kind, List(std::str::from_utf8(body).ok()?), keep)
}

/// Reads objects of a kind out of a text.
fn read<T: Text>(kind: Kind, text: T, keep: &Keep) -> Option<T::Read> {
    /// Of a kind of Kubernetes' own, which has a spec and a status.
    macro_rules! of {
        ($kind:ident) => {
            text.read(|parts: Parts<_, _>| {
                let Parts { metadata, spec, status } = parts;
                metadata.whole(keep, |metadata| $kind { metadata, spec, status }.object(keep))
            })
        };
    }
    /// Of one of which little but that is known here.
    macro_rules! kept {
        ($body:ident) => {
            text.read(|parts: Parts<_, _>| {
                let (spec, status) = (parts.spec.unwrap_or_default(), parts.status.unwrap_or_default());
                parts.metadata.whole(keep, |metadata| {
                    kept(kind, gateway_api::Read { metadata, spec, status }, Body::$body, keep)
                })
            })
        };
    }
    // Of a kind that nobody asks for the status is taken away, and then it may be anything. Of a Node, which is always
    // asked for, nothing of it is used then.
    if !typed::has_status(kind) && !keep.reads(kind) && !matches!(kind, Kind::EndpointSlice | Kind::Node) {
        return None;
    }
    match kind {
        Kind::Service => of!(Service),
        Kind::Ingress => of!(Ingress),
        Kind::Node => of!(Node),
        Kind::Pod => of!(Pod),
        Kind::Namespace => of!(Namespace),
        Kind::EndpointSlice => text.read(|slice: Slice| {
            let Slice { metadata, address_type, endpoints, ports } = slice;
            let (address_type, endpoints) = (address_type.unwrap_or_default(), endpoints.unwrap_or_default());
            metadata.whole(keep, |metadata| {
                EndpointSlice { address_type, endpoints, metadata, ports }.object(keep)
            })
        }),
        Kind::Gateway => kept!(Gateway),
        Kind::ListenerSet => kept!(ListenerSet),
        Kind::HttpRoute | Kind::GrpcRoute | Kind::TlsRoute | Kind::TcpRoute | Kind::UdpRoute => {
            kept!(GatewayRoute)
        }
        Kind::Route => kept!(Route),
        Kind::IstioGateway => kept!(IstioGateway),
        Kind::VirtualService => kept!(VirtualService),
        // Intents and registrations: few, and their authors are told of what is wrong with them.
        Kind::Endpoints | Kind::Domain | Kind::ServiceDnsRecord | Kind::IngressDnsRecord => None,
        Kind::DnsEndpoint | Kind::Zone | Kind::GlobalName | Kind::SteeringPolicy => None,
        Kind::MemberCluster | Kind::KubeFedCluster | Kind::FederatedCluster => None,
        Kind::RegistryCluster | Kind::ClusterProfile | Kind::Secret => None,
    }
}

/// What objects are read out of.
trait Text {
    /// What comes of it.
    type Read;

    /// Reads all of it, and makes objects of what was read; none where any is not whole.
    fn read<T: DeserializeOwned>(self, object: impl Fn(T) -> Option<Whole>) -> Option<Self::Read>;
}

/// One event of a watch.
struct Line<'t>(&'t str);

impl Text for Line<'_> {
    type Read = Whole;

    fn read<T: DeserializeOwned>(self, object: impl Fn(T) -> Option<Whole>) -> Option<Whole> {
        #[derive(Deserialize)]
        struct Event<T> {
            #[serde(rename = "type")]
            _type: There,
            object: T,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "UPPERCASE")]
        enum There {
            Added,
            Modified,
        }
        object(serde_json::from_str::<Event<T>>(self.0).ok()?.object)
    }
}

/// A page of a list.
struct List<'t>(&'t str);

impl Text for List<'_> {
    type Read = WholePage;

    fn read<T: DeserializeOwned>(self, object: impl Fn(T) -> Option<Whole>) -> Option<WholePage> {
        #[derive(Deserialize)]
        struct Page<T> {
            metadata: PageMetadata,
            // Some servers write an empty list as `null`, but it must be there.
            items: Items<T>,
        }
        #[derive(Deserialize)]
        struct Items<T>(Option<Vec<T>>);
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct PageMetadata {
            resource_version: String,
            #[serde(rename = "continue")]
            token: Option<String>,
        }
        let Page { metadata, items } = serde_json::from_str::<Page<T>>(self.0).ok()?;
        let objects = items.0.unwrap_or_default().into_iter().map(|item| Some(object(item)?.object));
        Some(WholePage {
            objects: objects.collect::<Option<_>>()?,
            version: metadata.resource_version,
            token: metadata.token,
        })
    }
}

/// An object with a spec and a status.
#[derive(Deserialize)]
struct Parts<Spec, Status> {
    metadata: Metadata,
    spec: Option<Spec>,
    status: Option<Status>,
}

/// An EndpointSlice, which has neither.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Slice {
    metadata: Metadata,
    address_type: Option<String>,
    endpoints: Option<Vec<Endpoint>>,
    ports: Option<Vec<EndpointPort>>,
}

/// What is asked of an object's metadata, and what is only to be of its type, as it is where a tree is read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    name: String,
    namespace: Option<String>,
    resource_version: Option<String>,
    creation_timestamp: Option<Time>,
    deletion_timestamp: Option<Time>,
    labels: Option<BTreeMap<String, String>>,
    annotations: Option<Annotations>,
    #[serde(rename = "uid")]
    _uid: Option<AnyText>,
    #[serde(rename = "generateName")]
    _generate_name: Option<AnyText>,
    #[serde(rename = "selfLink")]
    _self_link: Option<AnyText>,
    #[serde(rename = "generation")]
    _generation: Option<i64>,
    #[serde(rename = "deletionGracePeriodSeconds")]
    _deletion_grace_period_seconds: Option<i64>,
}

impl Metadata {
    /// The object that it belongs to; none without a name.
    fn whole(self, keep: &Keep, object: impl FnOnce(ObjectMeta) -> Object) -> Option<Whole> {
        if self.name.is_empty() {
            return None;
        }
        let mut annotations = self.annotations.map(|annotations| annotations.0);
        if let Some(annotations) = &mut annotations {
            annotations.retain(|key, text| typed::keeps_annotation(key, text.len(), keep));
        }
        let object = object(ObjectMeta {
            name: Some(self.name),
            namespace: self.namespace,
            creation_timestamp: self.creation_timestamp,
            deletion_timestamp: self.deletion_timestamp,
            labels: self.labels,
            annotations,
            ..ObjectMeta::default()
        });
        Some(Whole { object, version: self.resource_version.unwrap_or_default() })
    }
}

/// Annotations but for the one that `kubectl apply` leaves, which is another copy of the whole object.
struct Annotations(BTreeMap<String, String>);

impl<'de> Deserialize<'de> for Annotations {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;

        impl<'de> Visitor<'de> for Each {
            type Value = Annotations;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("annotations")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Annotations, A::Error> {
                let mut annotations = BTreeMap::new();
                while let Some(key) = entries.next_key::<String>()? {
                    if key == LAST_APPLIED {
                        entries.next_value::<IgnoredAny>()?;
                    } else {
                        annotations.insert(key, entries.next_value()?);
                    }
                }
                Ok(Annotations(annotations))
            }
        }

        deserializer.deserialize_map(Each)
    }
}

/// Some text, which is looked at and not kept.
struct AnyText;

impl<'de> Deserialize<'de> for AnyText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;

        impl Visitor<'_> for Any {
            type Value = AnyText;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_str<E>(self, _: &str) -> Result<AnyText, E> {
                Ok(AnyText)
            }
        }

        deserializer.deserialize_str(Any)
    }
}

#[cfg(test)]
mod tests;
