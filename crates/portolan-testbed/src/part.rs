//! The real parts that are built from source, and where their programs are.
//!
//! ```text
//!   KUBEBUILDER_ASSETS ──▶ PATH ──▶ the cache ──▶ `cargo xtask tools` builds into the cache
//!      the first that has a fitting version           only when none has
//! ```
//!
//! `tools/MODULE/` holds a go.mod and a go.sum, nothing else (External-DNS has one stand-in beside them). The
//! cache is outside the checkout, by the hash of go.mod, so that a fresh clone on the same machine finds what
//! another has built. A part's version is what its go.mod requires, so it stands in one place.
//!
//! Finding is here, because tests find and `xtask` finds before it builds; building is `xtask`'s.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A Go module whose programs are parts: a folder in `tools/`.
#[derive(Debug)]
pub struct Module {
    /// The folder in `tools/`.
    pub folder: &'static str,
    /// Its go.mod.
    go_mod: &'static str,
    /// What go.mod requires at the parts' version.
    path: &'static str,
    /// Variables that the linker sets, as `NAME=VALUE`; VERSION, MAJOR and MINOR stand for the parts' own.
    stamps: &'static [&'static str],
}

/// A program of a module.
#[derive(Debug)]
pub struct Part {
    /// What it is called.
    pub name: &'static str,
    /// Where it is built from.
    pub module: &'static Module,
    /// How `go build` calls it: the last part of its package's path, but for a version.
    pub built_as: &'static str,
    /// How it is asked for its version.
    version_args: &'static [&'static str],
    /// What does not run without it.
    pub without: &'static str,
}

static ETCD_MODULE: Module = Module {
    folder: "etcd",
    go_mod: include_str!("../../../tools/etcd/go.mod"),
    path: "go.etcd.io/etcd/server/v3",
    stamps: &[],
};

static COREDNS_MODULE: Module = Module {
    folder: "coredns",
    go_mod: include_str!("../../../tools/coredns/go.mod"),
    path: "github.com/coredns/coredns",
    stamps: &[],
};

static KUBERNETES_MODULE: Module = Module {
    folder: "kubernetes",
    go_mod: include_str!("../../../tools/kubernetes/go.mod"),
    path: "k8s.io/kubernetes",
    // Without them an API server says that it is v0.0.0-master, and clients believe it.
    stamps: &[
        "k8s.io/component-base/version.gitVersion=vVERSION",
        "k8s.io/component-base/version.gitMajor=MAJOR",
        "k8s.io/component-base/version.gitMinor=MINOR",
    ],
};

static KUBERNETES_OLDEST_MODULE: Module = Module {
    folder: "kubernetes-oldest",
    go_mod: include_str!("../../../tools/kubernetes-oldest/go.mod"),
    path: "k8s.io/kubernetes",
    stamps: KUBERNETES_MODULE.stamps,
};

static EXTERNAL_DNS_MODULE: Module = Module {
    folder: "external-dns",
    go_mod: include_str!("../../../tools/external-dns/go.mod"),
    path: "sigs.k8s.io/external-dns",
    stamps: &["sigs.k8s.io/external-dns/pkg/apis/externaldns.Version=vVERSION"],
};

/// The store of API servers, and of the pair that Portolan is compared with.
pub static ETCD: Part = Part {
    name: "etcd",
    module: &ETCD_MODULE,
    built_as: "server",
    version_args: &["--version"],
    without: "tests against real API servers and the comparison with CoreDNS and etcd",
};

/// The DNS server of that pair.
pub static COREDNS: Part = Part {
    name: "coredns",
    module: &COREDNS_MODULE,
    built_as: "coredns",
    version_args: &["-version"],
    without: "the comparisons with CoreDNS",
};

/// A cluster, as far as its API goes.
pub static KUBE_APISERVER: Part = Part {
    name: "kube-apiserver",
    module: &KUBERNETES_MODULE,
    built_as: "kube-apiserver",
    version_args: &["--version"],
    without: "tests against real API servers",
};

/// The same of the oldest Kubernetes that we support, as README says.
pub static KUBE_APISERVER_OLDEST: Part = Part {
    name: "kube-apiserver",
    module: &KUBERNETES_OLDEST_MODULE,
    built_as: "kube-apiserver",
    version_args: &["--version"],
    without: "tests against API servers of the oldest Kubernetes",
};

/// What makes EndpointSlices, fills namespaces and collects garbage in a cluster.
pub static KUBE_CONTROLLER_MANAGER: Part = Part {
    name: "kube-controller-manager",
    module: &KUBERNETES_MODULE,
    built_as: "kube-controller-manager",
    version_args: &["--version"],
    without: "tests with Kubernetes' own controllers",
};

/// What operators apply manifests with.
pub static KUBECTL: Part = Part {
    name: "kubectl",
    module: &KUBERNETES_MODULE,
    built_as: "kubectl",
    version_args: &["version", "--client"],
    without: "tests that apply what we print by kubectl",
};

/// The publisher of `DNSEndpoint`s.
pub static EXTERNAL_DNS: Part = Part {
    name: "external-dns",
    module: &EXTERNAL_DNS_MODULE,
    built_as: "external-dns",
    version_args: &["--version"],
    without: "tests with a stock External-DNS",
};

/// Set to anything, it makes tests start [`KUBE_APISERVER_OLDEST`], as `cargo xtask soak` does.
pub const OLDEST: &str = "PORTOLAN_OLDEST_KUBERNETES";

/// Set to anything, it makes each External-DNS on an etcd look as often as it does when nobody tells it: once a minute,
/// and not at events. `cargo xtask soak` does that.
pub const AT_ITS_DEFAULTS: &str = "PORTOLAN_EXTERNAL_DNS_AT_ITS_DEFAULTS";
/// Has the story of a fleet told at length.
pub const FLEET_AT_LENGTH: &str = "PORTOLAN_FLEET_AT_LENGTH";
/// The program of the release before, which runs beside this one. Without it this one stands in for it.
pub const RELEASE_BEFORE: &str = "PORTOLAN_RELEASE_BEFORE";

/// The kube-apiserver that tests start.
#[must_use]
pub fn kube_apiserver() -> &'static Part {
    if std::env::var_os(OLDEST).is_some() { &KUBE_APISERVER_OLDEST } else { &KUBE_APISERVER }
}

/// What tests need.
pub static OF_TESTS: &[&Part] =
    &[&ETCD, &KUBE_APISERVER, &KUBECTL, &KUBE_CONTROLLER_MANAGER, &EXTERNAL_DNS, &COREDNS];

/// Every part.
pub static ALL: &[&Part] = &[
    &ETCD,
    &KUBE_APISERVER,
    &KUBECTL,
    &KUBE_CONTROLLER_MANAGER,
    &EXTERNAL_DNS,
    &COREDNS,
    &KUBE_APISERVER_OLDEST,
];

impl Part {
    /// Where a program of the wanted version is, or of another patch of it; none when it must be built first.
    #[must_use]
    pub fn find(&self) -> Option<PathBuf> {
        let others = places(self.name).find(|path| self.fits(path));
        // What is in the cache was asked for its version when it was built.
        others.or_else(|| self.cached().filter(|path| path.is_file()))
    }

    /// Where it stands in the cache, there or not; none on a machine where no cache can be.
    #[must_use]
    pub fn cached(&self) -> Option<PathBuf> {
        Some(self.module.cache()?.join(self.name))
    }

    /// True of a program that says a version of the same series: another of its patches does as well.
    #[must_use]
    pub fn fits(&self, path: &Path) -> bool {
        if !path.is_file() {
            return false;
        }
        let asked = Command::new(path).args(self.version_args).stdin(Stdio::null()).output();
        // External-DNS says it on standard error.
        let said = asked.map(|said| [said.stdout, said.stderr].concat()).unwrap_or_default();
        says_series(&String::from_utf8_lossy(&said), self.module.version())
    }
}

impl Module {
    /// The version that go.mod requires, without a `v`.
    ///
    /// # Panics
    /// When it requires none, which a test sees first.
    #[must_use]
    pub fn version(&self) -> &'static str {
        required(self.go_mod, self.path).expect("go.mod requires the module that it is for")
    }

    /// What the linker is told: no tables of symbols, and the version where a program cannot know it otherwise.
    #[must_use]
    pub fn linker_flags(&self) -> String {
        let version = self.version();
        let mut numbers = version.split('.');
        let (major, minor) = (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default());
        let fill = |stamp: &&str| {
            let stamp = stamp.replace("VERSION", version).replace("MAJOR", major).replace("MINOR", minor);
            format!(" -X {stamp}")
        };
        let stamps: String = self.stamps.iter().map(fill).collect();
        format!("-s -w{stamps}")
    }

    /// Its folder in the cache, there or not; none on a machine where no cache can be.
    #[must_use]
    pub fn cache(&self) -> Option<PathBuf> {
        let mut hasher = DefaultHasher::new();
        self.go_mod.as_bytes().hash(&mut hasher);
        Some(cache()?.join(format!("{}-{:016x}", self.folder, hasher.finish())))
    }
}

/// Where a program may be that somebody else has put there.
fn places(name: &str) -> impl Iterator<Item = PathBuf> {
    let assets = std::env::var_os("KUBEBUILDER_ASSETS").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = assets.into_iter().chain(std::env::split_paths(&path)).collect();
    folders.into_iter().map(move |folder| folder.join(name))
}

fn cache() -> Option<PathBuf> {
    let home = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache"));
    let base = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    Some(base.or_else(home)?.join("portolan-tools"))
}

/// The version of a module that go.mod requires.
fn required<'a>(go_mod: &'a str, module: &str) -> Option<&'a str> {
    let mut words = go_mod.lines().map(|line| line.trim().trim_start_matches("require ").split_whitespace());
    words.find_map(|mut words| {
        (words.next() == Some(module)).then(|| words.next())?.map(|version| version.trim_start_matches('v'))
    })
}

/// True when a text says a version whose first two numbers are the wanted ones, such as `etcd Version: 3.7.3`.
fn says_series(said: &str, wanted: &str) -> bool {
    let series = |version: &str| -> Option<(u32, u32)> {
        let mut numbers = version.split('.');
        Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
    };
    let words = said.split(|c: char| c.is_whitespace() || c == '-' || c == 'v');
    series(wanted).is_some_and(|wanted| words.filter_map(series).next() == Some(wanted))
}

#[cfg(test)]
mod tests;
