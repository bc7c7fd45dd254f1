//! The clusters of a kubeconfig file.
//!
//! The file is the operator's own, named on the command line, so what it may do is what `kubectl` may: run
//! a credential plugin, read tokens and certificates from files. Credentials that come from elsewhere (a
//! Secret) are not read here.

use std::path::{Path, PathBuf};

use kube_client::config::{ExecInteractiveMode, KubeConfigOptions, Kubeconfig, KubeconfigError};
use portolan_core::ClusterName;
use portolan_core::cluster::CLUSTERS_MAX;
use portolan_kube::api::Topology;

/// One cluster to follow: a context of the file, under the name that it has in the fleet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// Its name in the fleet.
    pub name: ClusterName,
    /// The context.
    pub context: String,
    /// The file.
    pub file: PathBuf,
}

/// The contexts of a file that are wanted, each as `CONTEXT` or `NAME=CONTEXT`; all when none is named.
///
/// # Errors
/// What is wrong, in words that follow the file's path: it cannot be read, has no context, or not this one.
pub fn read(file: &Path, wanted: &[String]) -> Result<Vec<Context>, String> {
    let kubeconfig = Kubeconfig::read_from(file).map_err(|error| why(&error))?;
    let has: Vec<&str> = kubeconfig.contexts.iter().map(|context| context.name.as_str()).collect();
    if has.is_empty() {
        return Err("has no contexts".to_owned());
    }
    let all: Vec<String> = has.iter().map(|name| (*name).to_owned()).collect();
    let wanted = if wanted.is_empty() { &all } else { wanted };
    if wanted.len() > CLUSTERS_MAX {
        return Err(format!("has {} contexts; at most {CLUSTERS_MAX} clusters are followed", wanted.len()));
    }
    let mut contexts: Vec<Context> = Vec::new();
    for text in wanted {
        let (name, context) = match text.split_once('=') {
            // The names of some clouds' contexts have a sign of equality in them.
            Some((name, context)) if !has.contains(&text.as_str()) => (name, context),
            _ => (text.as_str(), text.as_str()),
        };
        if !has.contains(&context) {
            return Err(format!("has no context {context:?}; it has {}", has.join(", ")));
        }
        if name.is_empty() {
            return Err(format!("cannot give context {context:?} an empty name"));
        }
        let name = ClusterName::from(name);
        if contexts.iter().any(|other| other.name == name) {
            return Err(format!("gives two clusters the name {name}"));
        }
        contexts.push(Context { name, context: context.to_owned(), file: file.to_owned() });
    }
    Ok(contexts)
}

/// One context of a file: the one that is named, else the current one, else the only one, as `kubectl` has it.
///
/// # Errors
/// As [`read`]; and that none is named and there are several.
pub fn one(file: &Path, named: Option<&str>) -> Result<Context, String> {
    let kubeconfig = Kubeconfig::read_from(file).map_err(|error| why(&error))?;
    let current = kubeconfig.current_context.as_deref().filter(|context| !context.is_empty());
    let wanted = match named.or(current) {
        Some(wanted) => wanted.to_owned(),
        None => match kubeconfig.contexts.as_slice() {
            [only] => only.name.clone(),
            [] => return Err("has no contexts".to_owned()),
            several => {
                let names: Vec<&str> = several.iter().map(|context| &*context.name).collect();
                return Err(format!("has no current context; name one of {} by --context", names.join(", ")));
            }
        },
    };
    let mut contexts = read(file, &[wanted])?;
    contexts.pop().ok_or_else(|| "has no contexts".to_owned())
}

/// Which of the clusters that are followed from the start is the hub, or in a mesh the own one: the one that is named,
/// else the first.
///
/// # Errors
/// The key of the configuration that is at fault, and what is wrong with it: two clusters have one name, or none has
/// the hub's.
pub fn hub(
    contexts: &[Context],
    own: Option<&ClusterName>,
    (topology, named): (Topology, Option<&str>),
) -> Result<ClusterName, (&'static str, String)> {
    if let Some(own) = own.filter(|own| contexts.iter().any(|context| context.name == **own)) {
        return Err(("inCluster", format!("a context has the name {:?} too", own.to_string())));
    }
    let names: Vec<&ClusterName> = contexts.iter().map(|context| &context.name).chain(own).collect();
    let is_named = |name: &&&ClusterName| named.is_none_or(|named| *name.0 == *named);
    names.iter().find(is_named).map(|name| (*name).clone()).ok_or_else(|| {
        let names: Vec<&str> = names.iter().map(|name| &*name.0).collect();
        let why = format!(
            "{:?} is none of the clusters that are followed: {}",
            named.unwrap_or_default(),
            names.join(", ")
        );
        (if topology == Topology::Mesh { "mesh" } else { "hub" }, why)
    })
}

impl Context {
    /// How its API server is reached, read anew: certificates and tokens in the file may have changed.
    pub(super) async fn config(&self) -> Result<kube_client::Config, String> {
        let kubeconfig = Kubeconfig::read_from(&self.file).map_err(|error| why(&error))?;
        let options =
            KubeConfigOptions { context: Some(self.context.clone()), ..KubeConfigOptions::default() };
        let config = kube_client::Config::from_custom_kubeconfig(kubeconfig, &options).await;
        let mut config = config.map_err(|error| why(&error))?;
        if let Some(plugin) = &mut config.auth_info.exec {
            // Nobody sits here whom it could ask.
            plugin.interactive_mode = Some(ExecInteractiveMode::Never);
        }
        Ok(config)
    }

    /// Where its API server is, as the file says now.
    pub(super) fn server(&self) -> Option<String> {
        let Kubeconfig { contexts, clusters, .. } = Kubeconfig::read_from(&self.file).ok()?;
        let context = contexts.into_iter().find(|context| context.name == self.context)?.context?;
        clusters.into_iter().find(|cluster| cluster.name == context.cluster)?.cluster?.server
    }
}

/// What is wrong with a kubeconfig, without its text: what cannot be read may stand beside a token.
pub(super) fn why(error: &KubeconfigError) -> String {
    match error {
        KubeconfigError::Parse(error) => match error.location() {
            Some(at) => format!("is no YAML of a kubeconfig (line {}, column {})", at.line(), at.column()),
            None => "is no YAML of a kubeconfig".to_owned(),
        },
        KubeconfigError::ReadConfig(error, _) => format!("cannot be read: {error}"),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "apiVersion: v1\nkind: Config\nclusters:\n- {name: c, cluster: {server: 'https://127.0.0.1:1'}}\n\
                        users:\n- {name: u, user: {token: t}}\ncontexts:\n\
                        - {name: eu, context: {cluster: c, user: u}}\n- {name: 'a=b', context: {cluster: c, user: u}}\n";

    fn names(text: &str, wanted: &[&str]) -> Result<Vec<String>, String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config");
        std::fs::write(&file, text).unwrap();
        let wanted: Vec<String> = wanted.iter().map(|text| (*text).to_owned()).collect();
        let named = |context: Context| format!("{}={}", context.name, context.context);
        read(&file, &wanted).map(|contexts| contexts.into_iter().map(named).collect())
    }

    #[test]
    fn contexts_are_all_or_those_that_are_named() {
        assert_eq!(names(FILE, &[]).unwrap(), ["eu=eu", "a=b=a=b"]);
        assert_eq!(names(FILE, &["fra=eu"]).unwrap(), ["fra=eu"]);
        assert_eq!(names(FILE, &["a=b"]).unwrap(), ["a=b=a=b"]);
    }

    #[test]
    fn the_hub_is_the_one_that_is_named_else_the_first() {
        let context =
            |name: &str| Context { name: name.into(), context: name.to_owned(), file: PathBuf::new() };
        let contexts = [context("eu"), context("us")];
        let (star, mesh) = (Topology::Hub, Topology::Mesh);
        for (own, topology, named, expected) in [
            (None, star, None, "eu"),
            (None, star, Some("us"), "us"),
            (Some("own"), star, Some("own"), "own"),
            (Some("us"), star, None, "inCluster: a context has the name \"us\" too"),
            (
                Some("own"),
                star,
                Some("ap"),
                "hub: \"ap\" is none of the clusters that are followed: eu, us, own",
            ),
            (None, mesh, Some("us"), "us"),
            (None, mesh, Some("ap"), "mesh: \"ap\" is none of the clusters that are followed: eu, us"),
        ] {
            let own = own.map(ClusterName::from);
            let found = hub(&contexts, own.as_ref(), (topology, named));
            let found = found.map_or_else(|(key, why)| format!("{key}: {why}"), |hub| hub.to_string());
            assert_eq!(found, expected);
        }
    }

    /// B-43.
    #[test]
    fn what_is_wrong_with_a_file_is_told() {
        let rows: &[(&str, &[&str], &str)] = &[
            ("apiVersion: v1\nkind: Config\n", &[], "has no contexts"),
            (FILE, &["us"], "has no context \"us\"; it has eu, a=b"),
            (FILE, &["=eu"], "cannot give context \"eu\" an empty name"),
            (FILE, &["eu", "eu"], "gives two clusters the name eu"),
        ];
        for (text, wanted, why) in rows {
            assert_eq!(names(text, wanted).unwrap_err(), *why);
        }
        assert!(names("contexts: 1", &[]).is_err());
        // Not with the text around it, which may be secret.
        for text in [FILE.replace("token: t", "token: [s3cret"), FILE.replace("token: t", "token: s3cret: x")]
        {
            let why = names(&text, &[]).unwrap_err();
            assert!(why.starts_with("is no YAML of a kubeconfig") && !why.contains("s3cret"), "{why}");
        }
        assert!(read(Path::new("/nowhere/config"), &[]).is_err());
    }
}
