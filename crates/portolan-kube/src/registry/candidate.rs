//! An object that would register a cluster: where its Secret is, and how the two lead there.

use portolan_core::{Problem, Reason};
use serde_json::Value;

use super::Registry;
use super::access::{self, Access, Refusal, Shown};
use super::kubeconfig::{self, Place};
use super::objects::{ClusterProfile, FederatedCluster, KubeFedCluster, RegistryCluster, SECRET_READER};
use super::secret::{SERVER, Secret};
use crate::object::{Body, Kind, Object, ObjectKey};

/// An object that registers a cluster.
pub(super) struct Candidate<'a> {
    pub(super) object: &'a Object,
    /// Its Secret.
    pub(super) secret: ObjectKey,
    /// The field that leads to the Secret.
    pub(super) field: &'static str,
    /// The object that says where the cluster is, where that is another.
    place: Option<Result<&'a RegistryCluster, String>>,
}

impl Registry {
    /// The candidate that an object is; none where it registers nothing.
    pub(super) fn candidate<'a>(&'a self, object: &'a Object) -> Result<Option<Candidate<'a>>, Problem> {
        let (namespace, name) = (object.key.namespace(), object.key.name());
        let key = |namespace: &str, name: &str| ObjectKey::new(Kind::Secret, Some(namespace), name);
        let (secret, field) = match &object.body {
            Body::MemberCluster(member) => match &member.spec.credentials {
                None => return Ok(None),
                Some(credentials) => {
                    (key(self.believed.own(), &credentials.secret), "spec.credentials.secret")
                }
            },
            Body::KubeFedCluster(cluster) => {
                (key(namespace, &cluster.spec.secret_ref.name), "spec.secretRef.name")
            }
            Body::FederatedCluster(cluster) => {
                (key(namespace, &cluster.spec.secret_ref.name), "spec.secretRef.name")
            }
            // The convention of the reader of Secrets: the consumer's namespace, the profile's name.
            Body::ClusterProfile(_) => (key(self.believed.own(), name), "metadata.name"),
            _ => return Ok(None),
        };
        if secret.name().is_empty() {
            let message = "is missing: it names the Secret with the cluster's credentials".to_owned();
            return Err(self.problem(object, field, Reason::Invalid, message));
        }
        let place = match &object.body {
            Body::FederatedCluster(cluster) => Some(self.registry_cluster(&cluster.spec.cluster_ref.name)),
            _ => None,
        };
        Ok(Some(Candidate { object, secret, field, place }))
    }

    /// The cluster registry's entry of a name, in any namespace that is believed. Which of two would count must not
    /// depend on how their namespaces are called: whoever adds one would choose the server.
    fn registry_cluster(&self, name: &str) -> Result<&RegistryCluster, String> {
        let of_name = self.objects.values().filter(|object| *object.key.name() == *name);
        let mut of_name = of_name.filter_map(|object| match &object.body {
            Body::RegistryCluster(cluster) => Some((&object.key, &**cluster)),
            _ => None,
        });
        match (of_name.next(), of_name.next()) {
            (Some((_, only)), None) => Ok(only),
            (Some((first, _)), Some((other, _))) => {
                Err(format!("leads to {first} and to {other}; one has to go"))
            }
            (None, _) => Err(format!("Cluster {} of clusterregistry.k8s.io is not there", Shown(name))),
        }
    }
}

impl Candidate<'_> {
    /// Where it stands among others of its name: by kind, then by age, then by name.
    pub(super) fn rank(&self) -> (Kind, i64, ObjectKey) {
        (self.object.key.kind(), self.object.created, self.object.key.clone())
    }

    /// How the cluster is reached.
    pub(super) fn access(&self, secret: &Secret) -> Result<Access, Vec<Refusal>> {
        match &self.object.body {
            Body::MemberCluster(_) => Access::of_secret(secret).map_err(|refusals| self.of_secret(refusals)),
            Body::KubeFedCluster(cluster) => self.kubefed(cluster, secret),
            Body::FederatedCluster(cluster) => self.federated(cluster, secret),
            Body::ClusterProfile(profile) => self.profile(profile, secret),
            _ => Err(Vec::new()),
        }
    }

    /// Refusals of a Secret's keys, as those of the field that names it.
    fn of_secret(&self, refusals: Vec<Refusal>) -> Vec<Refusal> {
        let named = |(key, rule): Refusal| (self.field.to_owned(), format!("{}: {key} {rule}", self.secret));
        refusals.into_iter().map(named).collect()
    }

    fn kubefed(&self, cluster: &KubeFedCluster, secret: &Secret) -> Result<Access, Vec<Refusal>> {
        let spec = &cluster.spec;
        let mut refusals = Vec::new();
        let is_none = match &spec.disabled_tls_validations {
            Value::Null => true,
            Value::Array(items) => items.is_empty(),
            _ => false,
        };
        if !is_none {
            let said = spec.disabled_tls_validations.to_string();
            let rule = "would take other servers for the cluster's; none may be left out";
            refusals.push(("spec.disabledTLSValidations".to_owned(), format!("{} {rule}", Shown(&said))));
        }
        let endpoint = ("spec.apiEndpoint", spec.api_endpoint.as_str());
        self.at(endpoint, ("spec.caBundle", spec.ca_bundle.as_deref()), secret, refusals)
    }

    fn federated(&self, cluster: &FederatedCluster, secret: &Secret) -> Result<Access, Vec<Refusal>> {
        let spec = &cluster.spec;
        if !spec.api_endpoint.is_empty() {
            return self.at(("spec.apiEndpoint", &spec.api_endpoint), ("", None), secret, Vec::new());
        }
        let place = match &self.place {
            Some(Ok(place)) => place,
            Some(Err(rule)) => return Err(vec![("spec.clusterRef.name".to_owned(), rule.clone())]),
            None => return Err(Vec::new()),
        };
        let endpoints = &place.spec.kubernetes_api_endpoints;
        let server = endpoints.server_endpoints.first().map(|endpoint| endpoint.server_address.as_str());
        let server = ("spec.clusterRef.name", server.unwrap_or_default());
        self.at(server, ("spec.clusterRef.name", endpoints.ca_bundle.as_deref()), secret, Vec::new())
    }

    /// At a server and behind an authority that an object names, each with its field.
    fn at(
        &self,
        (server_field, server): (&str, &str),
        (authority_field, authority): (&str, Option<&str>),
        secret: &Secret,
        mut refusals: Vec<Refusal>,
    ) -> Result<Access, Vec<Refusal>> {
        let server = match server {
            "" => Err("leads to no address of an API server".to_owned()),
            server => access::url(server),
        };
        let server = server.map_err(|rule| refusals.push((server_field.to_owned(), rule))).ok();
        let authority = authority.filter(|text| !text.is_empty()).map(access::authority).transpose();
        let authority = authority.map_err(|rule| refusals.push((authority_field.to_owned(), rule))).ok();
        let place =
            Place { server: server.unwrap_or_default(), authority: authority.flatten(), server_name: None };
        self.behind(place, secret, refusals)
    }

    fn profile(&self, profile: &ClusterProfile, secret: &Secret) -> Result<Access, Vec<Refusal>> {
        let (field, providers) = profile.status.providers();
        let Some(nth) = providers.iter().position(|provider| provider.name == SECRET_READER) else {
            let names: Vec<&str> = providers.iter().map(|provider| provider.name.as_str()).collect();
            let said = Shown(&names.join(", ")).to_string();
            let rule = format!("has no {SECRET_READER:?}, but {said}; plugins of others are not run");
            return Err(vec![(field.to_owned(), rule)]);
        };
        let mut refusals = Vec::new();
        let path = format!("{field}[{nth}].cluster");
        let said = providers.get(nth).map_or(Value::Null, |provider| provider.cluster.clone());
        match kubeconfig::cluster(&said, &path, &mut refusals) {
            Some(place) => self.behind(place, secret, refusals),
            None => Err(refusals),
        }
    }

    /// With the token of its Secret, unless that says itself where its token belongs: whoever may name a server and
    /// not read the Secret would be sent it.
    fn behind(
        &self,
        place: Place,
        secret: &Secret,
        mut refusals: Vec<Refusal>,
    ) -> Result<Access, Vec<Refusal>> {
        let mut of_secret = Vec::new();
        if let Ok(Some(server)) = secret.text(SERVER)
            && access::url(server).ok().as_ref() != Some(&place.server)
        {
            let rule = format!(
                "is another than {}, and its token is sent nowhere else",
                access::shown_url(&place.server)
            );
            of_secret.push((SERVER.to_owned(), rule));
        }
        let access = Access::with_token(place.server, place.authority, secret, &mut of_secret);
        refusals.extend(self.of_secret(of_secret));
        match access {
            Some(access) if refusals.is_empty() => {
                let server_name = place.server_name.or(access.server_name);
                Ok(Access { server_name, ..access })
            }
            _ => Err(refusals),
        }
    }
}
