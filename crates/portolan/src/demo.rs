//! `portolan demo`: a fleet that fails over before your eyes.
//!
//! ```text
//!   examples/bookinfo ─▶ a folder of its own ─▶ Watch ─▶ engine ─▶ server on a free port
//!   (in this binary)            ▲                                       │
//!                               │ pods turn unready, and ready          │ UDP, each with its network (ECS)
//!                               └─────────────── the show ◀─────────────┘
//! ```
//!
//! Nothing is pretended but the clusters: the folder is watched and the answers travel as `portolan run`
//! has it, and what each client must get at each stage is known beforehand ([`clients`]) and checked.
//! Where not even the clusters are pretended, another [`Scene`] stands for the folder.

use std::any::Any;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use portolan_serve::{Running, Server};
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::control::{self, Control, Known};
use crate::engine::{Engine, SharedEngine};
use crate::nsid::nsid;
use crate::{chance, clock};

mod ask;
mod clients;
mod commands;
mod folder;
mod paper;
mod table;

use ask::Asker;
use clients::{CLIENTS, NAME, Stage};
pub use commands::Step;
use folder::Folder;
pub use folder::{CLUSTER_THAT_FAILS, FILES};
use paper::Paper;
use table::Table;

/// How long a failover may take before the demo says that it did not come.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long the clusters may take to be read.
const FIRST_READING: Duration = Duration::from_secs(60);
/// How often the first client asks while it waits for another answer.
const STEP: Duration = Duration::from_millis(1);
/// How long each stage stands on a terminal before the next begins.
const PAUSE: Duration = Duration::from_secs(2);
/// How often the table is asked for again once the show is over.
const REFRESH: Duration = Duration::from_millis(500);

/// Shows the failover; with `once` it ends then, else it goes on serving until Ctrl-C. True when every
/// answer was as it should be.
///
/// # Errors
/// When the demo cannot be set up: no free port, no folder for temporary files.
pub fn demo(once: bool) -> anyhow::Result<bool> {
    play(Box::new(Folder::create()?), once)
}

/// Where the demo's clusters are.
pub trait Scene {
    /// One line on where they come from.
    fn about(&self) -> &'static str;

    /// What there is to know of them: what it is called, and what it is.
    fn facts(&self) -> Vec<(&'static str, String)>;

    /// Has an engine follow them, until what this gives is dropped.
    ///
    /// # Errors
    /// When they cannot be followed.
    fn follow(&self, engine: &SharedEngine) -> anyhow::Result<Box<dyn Any>>;

    /// Turns all pods of [`CLUSTER_THAT_FAILS`] ready, or unready.
    ///
    /// # Errors
    /// When that cannot be done.
    fn set_ready(&self, is_ready: bool) -> anyhow::Result<()>;

    /// The fleet folder, where there is one: then `explain` and `status` can do without a control socket.
    fn folder(&self) -> Option<&Path>;

    /// What to try beside what can be tried of any fleet.
    fn to_try(&self) -> Vec<Step>;
}

/// The same with clusters of another scene.
///
/// # Errors
/// When the demo cannot be set up.
pub fn play(scene: Box<dyn Scene>, once: bool) -> anyhow::Result<bool> {
    let mut paper = Paper::stdout();
    let mut theatre = Theatre::open(scene)?;
    let asker = Asker::new(theatre.address())?;
    prologue(&mut paper, &theatre)?;

    let mut all_right = theatre.show(&mut paper, &asker, Stage::Whole)?;
    if !theatre.pause(&paper, once) {
        return Ok(all_right);
    }
    all_right &= theatre.act(&mut paper, &asker, Stage::Failed)?;
    if !theatre.pause(&paper, once) {
        return Ok(all_right);
    }
    all_right &= theatre.act(&mut paper, &asker, Stage::Back)?;
    if !once {
        epilogue(&mut paper, &theatre)?;
        theatre.go_on(&mut paper, &asker)?;
    }
    Ok(all_right)
}

fn prologue(paper: &mut Paper, theatre: &Theatre) -> anyhow::Result<()> {
    paper.title("Portolan demo")?;
    paper.text(theatre.scene.about())?;
    paper.blank()?;
    for (what, value) in theatre.scene.facts() {
        paper.fact(what, &value)?;
    }
    paper.fact("listening", &format!("{} (udp, tcp)", theatre.address()))?;
    for (nth, line) in clients::lines().iter().enumerate() {
        paper.fact(if nth == 0 { "clients" } else { "" }, line)?;
    }
    Ok(())
}

fn epilogue(paper: &mut Paper, theatre: &Theatre) -> anyhow::Result<()> {
    paper.heading("It goes on serving until Ctrl-C. To try, in another terminal:")?;
    for step in commands::to_try(theatre.address(), &*theatre.scene, theatre.control.as_ref()) {
        paper.remark(&format!("# {}", step.why))?;
        for line in step.lines() {
            paper.command(&line)?;
        }
    }
    paper.heading("What the six clients get now:")
}

/// Everything that runs. What is dropped first stands first: the clusters outlive who follows them.
struct Theatre {
    /// They are followed until it is dropped.
    _followed: Box<dyn Any>,
    control: Option<Control>,
    running: Running,
    engine: SharedEngine,
    scene: Box<dyn Scene>,
    interrupt: Signal,
    terminate: Signal,
    runtime: Runtime,
}

impl Theatre {
    fn open(scene: Box<dyn Scene>) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .context("cannot start the demo's thread")?;
        let signals = runtime
            .block_on(async { Ok((signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)) });
        let (interrupt, terminate) = signals.map_err(|error: std::io::Error| {
            anyhow::Error::new(error).context("cannot listen for the signals that end the demo")
        })?;
        let engine = Engine::new(clock::now());
        let published = engine.published();
        let engine = SharedEngine::new(engine);
        let config = portolan_serve::Config {
            listen: vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0))],
            nsid: nsid(""),
            seed: chance::draw(),
            ..portolan_serve::Config::default()
        };
        let running = Server::bind(config).and_then(|server| server.start(&published))?;
        let followed = scene.follow(&engine)?;
        let began = Instant::now();
        while !engine.lock().snapshot().complete && began.elapsed() < FIRST_READING {
            runtime.block_on(async { tokio::time::sleep(STEP).await });
        }
        let port = running.addresses().first().map_or(0, SocketAddr::port);
        // Without a control socket `portolan explain` reads the folder instead.
        let control = control::default_path(port)
            .and_then(|path| runtime.block_on(async { Control::open(&path, Known::alone(&engine)) }))
            .ok();
        Ok(Self { _followed: followed, control, running, engine, scene, interrupt, terminate, runtime })
    }

    fn address(&self) -> SocketAddr {
        self.running.addresses().first().copied().expect("one address was bound")
    }

    /// Shows what all clients get; true when it is what they must get.
    fn show(&self, paper: &mut Paper, asker: &Asker, stage: Stage) -> anyhow::Result<bool> {
        if stage == Stage::Whole {
            paper.heading(&format!("1  All is well: {NAME} is the nearest cluster for each client."))?;
        }
        let table = Table::ask(asker, &self.engine)?;
        paper.lines(&table.lines(paper.has_colour(), Some(stage)))?;
        let wrong = table.wrong(stage);
        match wrong {
            0 => paper.good("all six as they should be")?,
            _ => paper.bad(&format!("{wrong} of {} not as they should be", CLIENTS.len()))?,
        }
        Ok(wrong == 0)
    }

    /// Changes the clusters, waits for the first changed answer, and shows what all clients get.
    fn act(&self, paper: &mut Paper, asker: &Asker, stage: Stage) -> anyhow::Result<bool> {
        let is_ready = stage != Stage::Failed;
        paper.heading(&match is_ready {
            false => format!("2  {CLUSTER_THAT_FAILS} loses its endpoints: all its pods turn unready."),
            true => format!("3  {CLUSTER_THAT_FAILS}'s pods are ready again."),
        })?;
        let before = asker.ask(&CLIENTS[0])?;
        let written = Instant::now();
        self.scene.set_ready(is_ready)?;
        while asker.ask(&CLIENTS[0])? == before {
            if written.elapsed() > PATIENCE {
                paper.bad(&format!("no other answer within {} s", PATIENCE.as_secs()))?;
                return Ok(false);
            }
            self.runtime.block_on(async { tokio::time::sleep(STEP).await });
        }
        let took = written.elapsed().as_millis();
        let what = if is_ready { "Back" } else { "Failover" };
        paper.result(
            &format!("{what} in {took} ms"),
            "from the written change to the first other answer over UDP",
        )?;
        let is_right = self.show(paper, asker, stage)?;
        if !is_ready {
            paper.remark("The TTL is half while a member is down, so that its return is seen soon.")?;
        }
        Ok(is_right)
    }

    /// Lets a stage stand for a while, where somebody looks; false when it was Ctrl-C that ended it.
    fn pause(&mut self, paper: &Paper, once: bool) -> bool {
        let wait = if once || !paper.is_terminal() { Duration::ZERO } else { PAUSE };
        !self.is_ended_within(wait)
    }

    fn is_ended_within(&mut self, wait: Duration) -> bool {
        let (interrupt, terminate) = (&mut self.interrupt, &mut self.terminate);
        self.runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => true,
                _ = terminate.recv() => true,
                () = tokio::time::sleep(wait) => false,
            }
        })
    }

    /// Keeps the table true until Ctrl-C: whoever changes the clusters sees what comes of it.
    fn go_on(&mut self, paper: &mut Paper, asker: &Asker) -> anyhow::Result<()> {
        let mut shown = Vec::new();
        loop {
            let lines = Table::ask(asker, &self.engine)?.lines(paper.has_colour(), None);
            if lines != shown {
                paper.redraw(shown.len(), &lines)?;
                shown = lines;
            }
            if self.is_ended_within(REFRESH) {
                return paper.text("Ended; nothing of it is left.");
            }
        }
    }
}

#[cfg(test)]
mod tests;
