//! A folder of CSV files of networks, beside clusters that are followed on their API servers: what `networksFile` of
//! the hub's policies names.
//!
//! It is looked at each [`POLL`], as zone files are: that sees what is written in place and what is replaced, over
//! links and mounts. A change is read once two looks find the same, so that a file under way is left alone. A file
//! that is gone is gone; one that cannot be read, and a folder that is not there, keep what they gave.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use portolan_core::Problem;
use portolan_kube::workload::Keep;

use super::read::{self, FileKind, Job, KEPT, Outcome, Sight, unreadable};
use crate::clock;
use crate::engine::{Event, SharedEngine, root};
use crate::problem;
use crate::threads::Regular;

/// How often the folder is looked at.
const POLL: Duration = Duration::from_secs(1);

/// A folder that is watched. Dropping it ends the watching.
#[derive(Debug)]
pub struct Networks {
    _thread: Regular,
}

impl Networks {
    /// Reads the folder into the engine, and then watches it. What cannot be read is a problem and no error: the
    /// folder may come later.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn start(dir: &Path, engine: SharedEngine) -> anyhow::Result<Self> {
        let mut folder = Folder::new(dir);
        give(&engine, folder.look(true));
        Ok(Self { _thread: Regular::start("networks", POLL, move || give(&engine, folder.look(false)))? })
    }
}

/// Tells the engine what changed, and the log what is wrong.
fn give(engine: &SharedEngine, look: Look) {
    if !look.events.is_empty() {
        engine.lock().take(look.events, clock::now());
    }
    if let Some(problems) = look.problems {
        problems
            .iter()
            .for_each(|problem| tracing::warn!(reason = %problem.reason, "{}", problem::line(problem)));
        engine.lock().take_networks_problems(problems);
    }
}

/// What a look at the folder found.
#[derive(Debug, Default)]
struct Look {
    events: Vec<Event>,
    /// What is wrong, where that is other than at the look before.
    problems: Option<Vec<Problem>>,
}

/// The folder, as it was last looked at.
#[derive(Debug)]
struct Folder {
    dir: PathBuf,
    /// What its files were like when they were read.
    read: BTreeMap<String, Sight>,
    /// What those were like at the last look that are something else now.
    changing: BTreeMap<String, Sight>,
    /// What is wrong with each; with the folder under the empty name.
    wrong: BTreeMap<String, Problem>,
}

impl Folder {
    fn new(dir: &Path) -> Self {
        Self { dir: dir.into(), read: BTreeMap::new(), changing: BTreeMap::new(), wrong: BTreeMap::new() }
    }

    /// Looks at the folder, and reads what has settled; the first time everything.
    fn look(&mut self, is_first: bool) -> Look {
        let before = self.wrong.clone();
        let events = match read::list(&self.dir) {
            Ok(listing) => {
                self.wrong.remove("");
                let is_csv = |name: &String| FileKind::of(name) == Some(FileKind::Networks);
                self.files(listing.files.into_iter().filter(is_csv).collect(), is_first)
            }
            Err(error) => {
                let problem =
                    unreadable(&self.dir.display().to_string(), &format!("cannot be read: {error}; {KEPT}"));
                self.wrong.insert(String::new(), problem);
                Vec::new()
            }
        };
        let is_news = before != self.wrong;
        Look { events, problems: is_news.then(|| self.wrong.values().cloned().collect()) }
    }

    fn files(&mut self, names: Vec<String>, is_first: bool) -> Vec<Event> {
        let gone: Vec<String> = self.read.keys().filter(|name| !names.contains(name)).cloned().collect();
        let mut events: Vec<Event> = gone.into_iter().map(|name| self.gone(name)).collect();
        let seen = names.into_iter().map(|name| (Sight::of(&self.dir.join(&name)), name));
        let changed: Vec<(Sight, String)> =
            seen.filter(|(now, name)| self.read.get(name) != Some(now) || *now == Sight::Unclear).collect();
        let is_settled = |(now, name): &&(Sight, String)| is_first || self.changing.get(name) == Some(now);
        let settled: Vec<(Sight, String)> = changed.iter().filter(is_settled).cloned().collect();
        self.changing = changed.into_iter().map(|(now, name)| (name, now)).collect();
        let job = |(_, name): &(Sight, String)| Job {
            path: self.dir.join(name),
            label: name.clone(),
            kind: FileKind::Networks,
        };
        let jobs: Vec<Job> = settled.iter().map(job).collect();
        let outcomes = read::read_all(&jobs, &Keep::default());
        for ((sight, name), outcome) in settled.into_iter().zip(outcomes) {
            events.extend(self.take(sight, name, outcome));
        }
        events
    }

    fn take(&mut self, sight: Sight, name: String, outcome: Outcome) -> Option<Event> {
        self.read.insert(name.clone(), sight);
        match outcome {
            Outcome::Networks(text) => {
                self.wrong.remove(&name);
                Some(Event::Networks { source: root(), path: name, text: Some(text) })
            }
            Outcome::Unreadable(problem) | Outcome::Unread(problem) => {
                let message = format!("{}; {KEPT}", problem.message);
                self.wrong.insert(name, Problem { message, ..problem });
                None
            }
            Outcome::Gone => Some(self.gone(name)),
            Outcome::Manifest(_) => None,
        }
    }

    fn gone(&mut self, name: String) -> Event {
        self.read.remove(&name);
        self.wrong.remove(&name);
        Event::Networks { source: root(), path: name, text: None }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A folder, and what looks at it find: `a.csv=TEXT`, `a.csv gone`, `! SUBJECT`.
    struct Bench {
        dir: tempfile::TempDir,
        folder: Folder,
    }

    impl Bench {
        fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            let folder = Folder::new(&dir.path().join("networks"));
            Self { dir, folder }
        }

        fn at(&self, name: &str) -> PathBuf {
            self.dir.path().join("networks").join(name)
        }

        fn look(&mut self, is_first: bool) -> Vec<String> {
            let Look { events, problems } = self.folder.look(is_first);
            let told = events.into_iter().map(|event| match event {
                Event::Networks { path, text: Some(text), .. } => format!("{path}={text}"),
                Event::Networks { path, text: None, .. } => format!("{path} gone"),
                other => format!("{other:?}"),
            });
            let wrong = problems.into_iter().map(|all| {
                let subjects: Vec<String> = all.into_iter().map(|problem| problem.subject).collect();
                format!("! {}", subjects.join(" "))
            });
            told.chain(wrong).collect()
        }
    }

    #[test]
    fn files_come_change_and_go() {
        let mut bench = Bench::new();
        fs::create_dir(bench.at("")).unwrap();
        fs::write(bench.at("a.csv"), "1").unwrap();
        fs::write(bench.at("zone.yaml"), "kind: Zone").unwrap();
        assert_eq!(bench.look(true), ["a.csv=1"]);
        assert_eq!(bench.look(false), [""; 0]);
        // One that changes is read when it has settled.
        fs::write(bench.at("a.csv"), "22").unwrap();
        fs::write(bench.at("b.csv"), "3").unwrap();
        assert_eq!(bench.look(false), [""; 0]);
        fs::write(bench.at("a.csv"), "222").unwrap();
        assert_eq!(bench.look(false), ["b.csv=3"]);
        assert_eq!(bench.look(false), ["a.csv=222"]);
        fs::remove_file(bench.at("b.csv")).unwrap();
        assert_eq!(bench.look(false), ["b.csv gone"]);
        assert_eq!(bench.look(false), [""; 0]);
    }

    #[test]
    fn what_cannot_be_read_stays() {
        let mut bench = Bench::new();
        let folder = bench.at("").join("").display().to_string();
        let folder = folder.trim_end_matches('/').to_owned();
        assert_eq!(bench.look(true), [format!("! {folder}")]);
        fs::create_dir(bench.at("")).unwrap();
        fs::write(bench.at("a.csv"), "1").unwrap();
        assert_eq!(bench.look(false), ["! "], "the folder is there");
        assert_eq!(bench.look(false), ["a.csv=1"]);
        fs::write(bench.at("a.csv"), [0xff, 0xfe]).unwrap();
        assert_eq!(bench.look(false), [""; 0]);
        assert_eq!(bench.look(false), ["! a.csv"], "it is no text, and stays what it was");
        fs::rename(bench.at(""), bench.dir.path().join("away")).unwrap();
        assert_eq!(bench.look(false), [format!("! {folder} a.csv")]);
        assert_eq!(bench.look(false), [""; 0], "said once");
        fs::rename(bench.dir.path().join("away"), bench.at("")).unwrap();
        fs::write(bench.at("a.csv"), "4").unwrap();
        assert_eq!(bench.look(false), ["! a.csv"]);
        assert_eq!(bench.look(false), ["a.csv=4", "! "]);
    }

    /// A policy of the hub finds the file from the first moment on.
    #[test]
    fn a_policy_finds_its_file() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("nets.csv"), "cidr,place\n192.0.2.0/24,EU/DE\n").unwrap();
        let engine = SharedEngine::new(crate::engine::Engine::new(0));
        let _watched = Networks::start(dir.path(), engine.clone()).unwrap();
        let text = "{apiVersion: portolan.dev/v1alpha1, kind: SteeringPolicy, metadata: {name: near}, \
                    spec: {order: [{type: Geo, networksFile: nets.csv}]}}";
        let manifest = portolan_kube::manifest::read("hub", text.as_bytes());
        let object = manifest.objects[0].object.clone();
        // In two batches: a policy counts when its source was heard.
        engine.lock().take(vec![Event::Set { source: root(), object, place: "hub".into() }], 0);
        engine.lock().take(vec![Event::Heard(root())], 0);
        assert_eq!(engine.lock().problems(), []);
        let wrong = unreadable("nets.csv", "is not there");
        engine.lock().take_networks_problems(vec![wrong.clone()]);
        assert_eq!(engine.lock().problems(), [wrong]);
    }
}
