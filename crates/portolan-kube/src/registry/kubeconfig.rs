//! A kubeconfig that is not the operator's own file: read for what it says of one cluster, and refused for
//! whatever it would have done here.
//!
//! The tables below name every field that a kubeconfig may have. What is in neither is refused too: a field
//! that a later version brings may lead anywhere.

use serde_json::{Map, Value};

use super::access::{self, Access, Identity, Refusal, Shown};

/// Most contexts, clusters or users of one; a file with more is somebody's own.
pub const ENTRIES_MAX: usize = 64;

/// What becomes of a field.
#[derive(Clone, Copy)]
enum Field {
    /// It is read.
    Read,
    /// It says nothing that concerns us.
    PassedOver,
    /// It may stand there as `false`, but not as `true`.
    NeverTrue(&'static str),
    /// It is refused, whatever its value, for this reason.
    Refused(&'static str),
}

const NO_PATH: &str =
    "names a file; a Secret has no files here, so give its content in the field that ends in -data";
const NO_PLUGIN: &str = "would run a program or a plugin of this process; give a token or a certificate";
const NO_PROXY: &str = "would send all traffic, with its token, to a proxy";
const NO_INSECURE: &str = "would take any server for the cluster's; give its certificate-authority-data";
const NO_PASSWORD: &str = "is no way in to an API server any more; give a token or a certificate";
const NO_DISGUISE: &str =
    "would have the cluster take us for somebody else; give credentials of a ServiceAccount";

const CLUSTER: &[(&str, Field)] = &[
    ("server", Field::Read),
    ("certificate-authority-data", Field::Read),
    ("tls-server-name", Field::Read),
    ("disable-compression", Field::PassedOver),
    ("extensions", Field::PassedOver),
    ("insecure-skip-tls-verify", Field::NeverTrue(NO_INSECURE)),
    ("certificate-authority", Field::Refused(NO_PATH)),
    ("proxy-url", Field::Refused(NO_PROXY)),
];

const USER: &[(&str, Field)] = &[
    ("token", Field::Read),
    ("client-certificate-data", Field::Read),
    ("client-key-data", Field::Read),
    ("extensions", Field::PassedOver),
    ("exec", Field::Refused(NO_PLUGIN)),
    ("auth-provider", Field::Refused(NO_PLUGIN)),
    ("tokenFile", Field::Refused(NO_PATH)),
    ("client-certificate", Field::Refused(NO_PATH)),
    ("client-key", Field::Refused(NO_PATH)),
    ("username", Field::Refused(NO_PASSWORD)),
    ("password", Field::Refused(NO_PASSWORD)),
    ("as", Field::Refused(NO_DISGUISE)),
    ("as-uid", Field::Refused(NO_DISGUISE)),
    ("as-groups", Field::Refused(NO_DISGUISE)),
    ("as-user-extra", Field::Refused(NO_DISGUISE)),
];

/// Values that are fit to be repeated; all others of a user may be secret.
const SHOWN: [&str; 5] =
    ["certificate-authority", "tokenFile", "client-certificate", "client-key", "username"];

/// What a kubeconfig says of its current context, or of its only one.
///
/// # Errors
/// Each field that is refused, with its path and the rule.
pub fn access(text: &str) -> Result<Access, Vec<Refusal>> {
    let one = |field: &str, rule: &str| vec![(field.to_owned(), rule.to_owned())];
    // The library's words may repeat the text, which is secret.
    let file: Map<String, Value> =
        serde_saphyr::from_str(text).map_err(|_| one("the text", "is no YAML of a kubeconfig"))?;
    let context = context(&file)?;
    let (cluster_path, cluster) = entry(&file, "clusters", "cluster", text_of(context, "cluster"))?;
    let (user_path, user) = entry(&file, "users", "user", text_of(context, "user"))?;
    let mut refusals = Vec::new();
    judge(cluster, CLUSTER, &cluster_path, &mut refusals);
    judge(user, USER, &user_path, &mut refusals);
    let place = place(cluster, &cluster_path, &mut refusals);
    let identity = identity(user, &user_path, &mut refusals);
    match (place, identity) {
        (Some(Place { server, authority, server_name }), Some(identity)) if refusals.is_empty() => {
            Ok(Access { server, authority, server_name, identity })
        }
        _ => Err(refusals),
    }
}

/// Where a cluster is.
pub(super) struct Place {
    pub(super) server: String,
    /// In PEM.
    pub(super) authority: Option<String>,
    pub(super) server_name: Option<String>,
}

/// A `cluster` of a kubeconfig by itself, as a `ClusterProfile` has it; what is wrong is told below `path`.
pub(super) fn cluster(cluster: &Value, path: &str, refusals: &mut Vec<Refusal>) -> Option<Place> {
    let Some(cluster) = cluster.as_object() else {
        refusals.push((path.to_owned(), "is missing".to_owned()));
        return None;
    };
    judge(cluster, CLUSTER, path, refusals);
    place(cluster, path, refusals)
}

fn place(cluster: &Map<String, Value>, path: &str, refusals: &mut Vec<Refusal>) -> Option<Place> {
    let mut refuse = |field: &str, rule: String| refusals.push((format!("{path}.{field}"), rule));
    let server = match text_of(cluster, "server") {
        Some(server) => access::url(server).map_err(|rule| refuse("server", rule)).ok(),
        None => {
            refuse("server", "is missing".to_owned());
            None
        }
    };
    let mut checked = |field: &str, check: fn(&str) -> Result<String, String>| match text_of(cluster, field) {
        None => Some(None),
        Some(text) => check(text).map(Some).map_err(|rule| refuse(field, rule)).ok(),
    };
    let authority = checked("certificate-authority-data", access::authority)?;
    let server_name = checked("tls-server-name", |text| access::host_name(text).map(|()| text.to_owned()))?;
    Some(Place { server: server?, authority, server_name })
}

fn identity(user: &Map<String, Value>, path: &str, refusals: &mut Vec<Refusal>) -> Option<Identity> {
    let mut refuse = |field: &str, rule: String| {
        refusals.push((format!("{path}{field}"), rule));
        None
    };
    if let Some(token) = text_of(user, "token") {
        return match access::token(token) {
            Ok(()) => Some(Identity::Token(token.to_owned())),
            Err(rule) => refuse(".token", rule),
        };
    }
    let pem = |field: &str| {
        let octets = super::secret::unbase64(text_of(user, field)?)?;
        String::from_utf8(octets).ok()
    };
    let (certificate, key) = (pem("client-certificate-data"), pem("client-key-data"));
    match (certificate, key) {
        (None, None) if !has(user, "client-certificate-data") && !has(user, "client-key-data") => {
            refuse("", "has neither a token nor a client certificate".to_owned())
        }
        (Some(certificate), Some(key)) => {
            if let Err(rule) = access::certificate(&certificate) {
                return refuse(".client-certificate-data", rule);
            }
            if let Err(rule) = access::private_key(&key) {
                return refuse(".client-key-data", rule);
            }
            Some(Identity::Certificate { certificate, key })
        }
        (None, _) => refuse(".client-certificate-data", "is no PEM in base64".to_owned()),
        (_, None) => refuse(".client-key-data", "is no PEM in base64".to_owned()),
    }
}

/// Tells each field that may not be there.
fn judge(object: &Map<String, Value>, table: &[(&str, Field)], path: &str, refusals: &mut Vec<Refusal>) {
    for (name, value) in object.iter().filter(|(_, value)| is_said(value)) {
        let field = table.iter().find(|(known, _)| known == name).map(|(_, field)| *field);
        let rule = match field {
            Some(Field::Read | Field::PassedOver) => continue,
            Some(Field::NeverTrue(_)) if value == &Value::Bool(false) => continue,
            Some(Field::NeverTrue(rule) | Field::Refused(rule)) => rule,
            None => "is no field that is known, so what it would do is not known either",
        };
        let rule = match value {
            Value::String(text) if name == "proxy-url" => format!("{} {rule}", access::shown_url(text)),
            Value::String(text) if SHOWN.contains(&name.as_str()) => format!("{} {rule}", Shown(text)),
            Value::Object(exec) if name == "exec" => {
                format!("{} {rule}", Shown(text_of(exec, "command").unwrap_or_default()))
            }
            Value::Object(provider) if name == "auth-provider" => {
                format!("{} {rule}", Shown(text_of(provider, "name").unwrap_or_default()))
            }
            Value::Bool(truth) => format!("{truth} {rule}"),
            _ => rule.to_owned(),
        };
        let name: String = name.chars().take(64).collect();
        refusals.push((format!("{path}.{name}"), rule));
    }
}

/// True of a value that is more than absence, as Go has it.
fn is_said(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

/// The context that counts.
fn context(file: &Map<String, Value>) -> Result<&Map<String, Value>, Vec<Refusal>> {
    let contexts = list(file, "contexts")?;
    let current = text_of(file, "current-context");
    let name = match (current, contexts.as_slice()) {
        (Some(name), _) => name,
        (None, [only]) => text_of(only, "name").unwrap_or_default(),
        (None, contexts) => {
            let rule = format!("is not set, and there are {} contexts", contexts.len());
            return Err(vec![("current-context".to_owned(), rule)]);
        }
    };
    let found = contexts.iter().position(|context| text_of(context, "name").unwrap_or_default() == name);
    let context = found.and_then(|nth| contexts.get(nth)?.get("context")?.as_object());
    context.ok_or_else(|| vec![("contexts".to_owned(), format!("have none of the name {}", Shown(name)))])
}

/// A named entry of a list, and its path.
fn entry<'f>(
    file: &'f Map<String, Value>,
    field: &str,
    inner: &str,
    name: Option<&str>,
) -> Result<(String, &'f Map<String, Value>), Vec<Refusal>> {
    let name = name.unwrap_or_default();
    let all = list(file, field)?;
    let found = all.iter().position(|entry| text_of(entry, "name") == Some(name));
    let entry = found.and_then(|nth| Some((nth, all.get(nth)?.get(inner)?.as_object()?)));
    let named = entry.map(|(nth, entry)| (format!("{field}[{nth}].{inner}"), entry));
    named.ok_or_else(|| vec![(field.to_owned(), format!("have none of the name {}", Shown(name)))])
}

fn list<'f>(file: &'f Map<String, Value>, field: &str) -> Result<Vec<&'f Map<String, Value>>, Vec<Refusal>> {
    let items = file.get(field).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let refused = |rule: String| Err(vec![(field.to_owned(), rule)]);
    if items.is_empty() {
        return refused("are missing".to_owned());
    }
    if items.len() > ENTRIES_MAX {
        return refused(format!("are {}; at most {ENTRIES_MAX} are read", items.len()));
    }
    items
        .iter()
        .map(Value::as_object)
        .collect::<Option<Vec<_>>>()
        .map_or_else(|| refused("are no list of names with what they stand for".to_owned()), Ok)
}

fn has(object: &Map<String, Value>, field: &str) -> bool {
    object.get(field).is_some_and(is_said)
}

/// A field that is text, and not empty.
fn text_of<'o>(object: &'o Map<String, Value>, field: &str) -> Option<&'o str> {
    object.get(field)?.as_str().filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests;
