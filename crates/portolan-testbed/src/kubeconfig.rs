//! The file by which programs come in to API servers.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;

/// One way in.
#[derive(Clone, Debug)]
pub struct Context {
    /// What the context, its cluster and its user are called.
    pub name: String,
    /// Where the API server is, as `https://127.0.0.1:PORT`.
    pub server: String,
    /// The certificate of its authority, in PEM.
    pub authority: String,
    /// A bearer token.
    pub token: String,
}

/// A kubeconfig with these contexts, of which the first is the current one. It is JSON, and so YAML.
#[must_use]
pub fn text(contexts: &[Context]) -> String {
    let each = |make: fn(&Context) -> serde_json::Value| contexts.iter().map(make).collect::<Vec<_>>();
    let clusters = each(|context| {
        let authority = BASE64_STANDARD.encode(&context.authority);
        let cluster = json!({ "server": context.server, "certificate-authority-data": authority });
        json!({ "name": context.name, "cluster": cluster })
    });
    let users = each(|context| json!({ "name": context.name, "user": { "token": context.token } }));
    let named = each(
        |context| json!({ "name": context.name, "context": { "cluster": context.name, "user": context.name } }),
    );
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": clusters,
        "users": users,
        "contexts": named,
        "current-context": contexts.first().map(|context| &context.name),
    });
    format!("{config:#}\n")
}
