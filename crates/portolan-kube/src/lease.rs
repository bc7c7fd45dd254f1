//! Who of several replicas writes: a Lease (`coordination.k8s.io/v1`), one a role.
//!
//! ```text
//!             nobody holds it, or we have seen it unchanged for all of its holder's time
//!   waiting ────────────────────────────────────────────────────────▶ claim ──taken──▶ holding ─┐
//!    ▲   ▲                                                               │              ▲  │     │ renew
//!    │   └───────────────── conflict: somebody was faster ───────────────┘              └──┼─────┘
//!    └── another holds it, it was let go, or by our own clock our time is over ◀───────────┘
//! ```
//!
//! It decides what is asked next and when, and whether the Lease is ours; whoever asks tells it what came of that. It
//! reads no clock: a [`Tick`] is the time of the caller's own steady clock, and no two machines' clocks are ever
//! compared. The holder counts from when it *asked* for its last renewal, and stops a third of its time early
//! ([`Periods::hold`]); all others count from when they *were told* of it, and wait for all of it. So two never hold it at
//! once while no clock runs more than half as fast again as another.
//!
//! That is not enough by itself: a request may be delayed for as long as it likes. So each write bears the version of
//! what it was computed from as well, and the server refuses one that somebody else has overtaken. The tests check both
//! rules over every interleaving of two replicas, and that neither can be left out.

use core::time::Duration;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

/// Time by one's own steady clock, which only grows, and goes on while the process or its machine sleeps.
pub type Tick = Duration;

/// What a holder is called that has let go.
const NOBODY: &str = "";
/// The time that is written with a Lease that is let go, in seconds: others may look at it before they take it.
const LET_GO_SECONDS: u32 = 1;
/// The longest time of another's Lease that is believed, in seconds: a slip there must not stop all writes for ever.
pub const SECONDS_MAX: u32 = 3_600;
/// The shortest that may be asked for, in seconds: below it one slow answer is a change of leader.
pub const SECONDS_MIN: u32 = 3;
/// The time of a Lease when nobody says anything, in seconds; that of Kubernetes' own components.
pub const SECONDS_DEFAULT: u32 = 15;

/// The longest time between two looks of who waits: what somebody's end costs besides the time of the Lease.
const LOOK_MAX: Duration = Duration::from_millis(500);

/// How long what takes; all follow from the Lease's own time, in the proportions of Kubernetes' own components (of 15 s:
/// 10 s, 2 s).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Periods {
    /// How long others wait before they take it from a holder that says nothing, in whole seconds.
    pub duration: Duration,
    /// How long the holder itself counts on it after a renewal: two thirds of that.
    pub hold: Duration,
    /// When it renews it, and when what failed is tried again.
    pub renew: Duration,
    /// How often others look: who was lost right after a renewal is missed that much later.
    pub look: Duration,
}

impl Periods {
    /// Those of a Lease of so many seconds, from [`SECONDS_MIN`] to [`SECONDS_MAX`].
    #[must_use]
    pub fn of(seconds: u32) -> Self {
        let duration = Duration::from_secs(seconds.clamp(SECONDS_MIN, SECONDS_MAX).into());
        Self {
            duration,
            hold: duration * 2 / 3,
            renew: duration * 2 / 15,
            look: (duration / 30).min(LOOK_MAX),
        }
    }
}

/// What a Lease says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Record {
    /// Which version of the object says it.
    pub version: String,
    /// Who holds it; empty: nobody.
    pub holder: String,
    /// How long the holder may say nothing, in seconds; 0 where it does not say.
    pub seconds: u32,
    /// How often it has changed hands.
    pub transitions: u32,
    /// When its holder came, by the holder's clock: for people.
    pub acquired: String,
    /// When its holder last renewed it, by the holder's clock: another text is another renewal.
    pub renewed: String,
}

impl Record {
    /// What an object of the kind says. What is not there or odd counts as nothing said: somebody made it by hand.
    #[must_use]
    pub fn of(object: &Value) -> Self {
        #[derive(Default, Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        struct Spec {
            holder_identity: Option<String>,
            lease_duration_seconds: Option<i64>,
            lease_transitions: Option<i64>,
            acquire_time: Option<String>,
            renew_time: Option<String>,
        }
        let spec = Spec::deserialize(&object["spec"]).unwrap_or_default();
        let number = |number: Option<i64>| number.and_then(|number| u32::try_from(number).ok()).unwrap_or(0);
        Self {
            version: object["metadata"]["resourceVersion"].as_str().unwrap_or_default().to_owned(),
            holder: spec.holder_identity.unwrap_or_default(),
            seconds: number(spec.lease_duration_seconds),
            transitions: number(spec.lease_transitions),
            acquired: spec.acquire_time.unwrap_or_default(),
            renewed: spec.renew_time.unwrap_or_default(),
        }
    }

    /// When its holder came, in seconds since 1970 by the holder's clock; none where it does not say.
    #[must_use]
    pub fn since(&self) -> Option<i64> {
        self.acquired.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second)
    }

    /// True of the same renewal, whoever labelled the object meanwhile.
    fn is_renewal_of(&self, other: &Self) -> bool {
        let of = |record: &Self| Self { version: String::new(), ..record.clone() };
        of(self) == of(other)
    }
}

/// What is to be written: over the version that was seen, and only over that.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Claim {
    /// The version that it must still be; none: there must be no such object.
    pub over: Option<String>,
    /// What it is to say; its version is that of `over`, and its times are the writer's to fill in.
    record: Record,
    /// It was another's before, or nobody's.
    is_new: bool,
}

impl Claim {
    /// The object as it is to be written at a time, in microseconds since 1970: for people, and to tell one renewal from
    /// another. `there` is the object as it was seen, of which all else stays.
    #[must_use]
    pub fn object(&self, there: Option<&Value>, (namespace, name): (&str, &str), micros: i64) -> Value {
        let mut object = there.cloned().unwrap_or_else(|| {
            json!({
                "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
                "metadata": { "namespace": namespace, "name": name },
            })
        });
        let now = micro_time(micros);
        let Record { holder, seconds, transitions, acquired, .. } = &self.record;
        let acquired = if self.is_new || acquired.is_empty() { &now } else { acquired };
        object["spec"]["holderIdentity"] = json!(holder);
        object["spec"]["leaseDurationSeconds"] = json!(seconds);
        object["spec"]["leaseTransitions"] = json!(transitions);
        object["spec"]["acquireTime"] = json!(acquired);
        object["spec"]["renewTime"] = json!(now);
        object
    }
}

/// A time as the API has it, with just six digits behind the point.
fn micro_time(micros: i64) -> String {
    let time = jiff::Timestamp::from_microsecond(micros).unwrap_or_default();
    time.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

/// What to do now.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Next {
    /// Nothing before then.
    Wait(Tick),
    /// Ask for the Lease, and tell what it says by [`Election::saw`], or that it [`failed`](Election::failed).
    Look,
    /// Write this, and tell what came of it by [`Election::wrote`], [`Election::conflicted`] or [`Election::failed`].
    Write(Claim),
}

/// Our own time with the Lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Held {
    /// Which change of hands brought it: whoever holds it later has a higher one.
    pub term: u32,
    /// Until when it is ours, by our own clock. No write may be under way after that.
    pub until: Tick,
}

/// One replica's view of the Lease.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Election {
    me: Arc<str>,
    periods: Periods,
    /// What was seen last; none before the first look.
    seen: Option<Seen>,
    /// It may be otherwise by now: it is looked at before anything is written.
    is_doubted: bool,
    held: Option<Held>,
    /// Somebody else wrote it since: it is not counted on until it was looked at.
    is_contested: bool,
    /// Nothing is done before then.
    due: Tick,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Seen {
    /// None: there is no such object.
    record: Option<Record>,
    /// From when on it is for anybody to take.
    free_at: Tick,
}

impl Election {
    /// One that has seen nothing yet. `me` tells this process from all others, those before it on this machine included.
    #[must_use]
    pub fn new(me: &str, periods: Periods) -> Self {
        Self {
            me: me.into(),
            periods,
            seen: None,
            is_doubted: true,
            held: None,
            is_contested: false,
            due: Tick::ZERO,
        }
    }

    /// What we are called.
    #[must_use]
    pub fn me(&self) -> &str {
        &self.me
    }

    /// Our own time with it, past or not; none when it is not ours, or may be another's by now.
    #[must_use]
    pub fn held(&self) -> Option<Held> {
        self.held.filter(|_| !self.is_contested)
    }

    /// What the Lease said when it was seen last; none when there was none.
    #[must_use]
    pub fn record(&self) -> Option<&Record> {
        self.seen.as_ref()?.record.as_ref()
    }

    /// What to do now.
    #[must_use]
    pub fn next(&self, now: Tick) -> Next {
        if now < self.due {
            return Next::Wait(self.due);
        }
        match &self.seen {
            Some(seen) if !self.is_doubted && (seen.is_of(&self.me) || seen.free_at <= now) => {
                Next::Write(self.claim(seen.record.as_ref()))
            }
            _ => Next::Look,
        }
    }

    fn claim(&self, there: Option<&Record>) -> Claim {
        let over = there.map(|record| record.version.clone());
        let there = there.cloned().unwrap_or_default();
        let is_new = there.holder != *self.me;
        let record = Record {
            holder: self.me.to_string(),
            seconds: u32::try_from(self.periods.duration.as_secs()).unwrap_or(SECONDS_MAX),
            transitions: if is_new { next(there.transitions) } else { there.transitions },
            ..there
        };
        Claim { over, record, is_new }
    }

    // === What came of it ===

    /// It says this, or there is none, as we were told at a time. `draw` is a random number: those who look do not all
    /// look at once.
    pub fn saw(&mut self, record: Option<Record>, now: Tick, draw: u64) {
        let free_at = self.free_at(record.as_ref(), now);
        let is_ours = record.as_ref().is_some_and(|record| record.holder == *self.me);
        // In the same hands all the time, or it would have another number.
        let term = record.as_ref().map(|record| record.transitions);
        self.held = self.held.filter(|held| is_ours && Some(held.term) == term);
        self.is_contested = false;
        self.is_doubted = false;
        self.due = match is_ours {
            // Somebody else writes there, who is not to be raced with.
            true if self.held.is_some() => now + self.periods.look,
            true => now,
            false => (now + spread(self.periods.look, draw)).min(free_at.max(now)),
        };
        self.seen = Some(Seen { record, free_at });
    }

    /// From when on a Lease is anybody's that was just seen. Of one that is gone too: its holder may not know yet.
    fn free_at(&self, record: Option<&Record>, now: Tick) -> Tick {
        let before = self.seen.as_ref();
        let Some(record) = record else { return before.map_or(Tick::ZERO, |before| before.free_at) };
        if record.holder == NOBODY || record.holder == *self.me {
            return Tick::ZERO;
        }
        let is_known = |before: &Seen| before.record.as_ref().is_some_and(|was| was.is_renewal_of(record));
        if let Some(before) = before.filter(|before| is_known(before)) {
            return before.free_at;
        }
        let own = self.periods.duration;
        let said = Duration::from_secs(record.seconds.min(SECONDS_MAX).into());
        now + if said.is_zero() { own } else { said }
    }

    /// A claim that was sent at a time was taken; it says this now.
    pub fn wrote(&mut self, record: Record, asked: Tick) {
        let term = record.transitions;
        self.seen = Some(Seen { record: Some(record), free_at: Tick::ZERO });
        self.held = Some(Held { term, until: asked + self.periods.hold });
        self.is_doubted = false;
        self.is_contested = false;
        self.due = asked + self.periods.renew;
    }

    /// A claim was refused, as somebody else has written there. Whether that took the Lease from us is looked at at once.
    pub fn conflicted(&mut self, now: Tick) {
        self.is_doubted = true;
        self.is_contested = true;
        self.due = now;
    }

    /// A look or a claim came to nothing, or nobody knows to what. What we hold we hold until its time is over.
    pub fn failed(&mut self, now: Tick, draw: u64) {
        self.is_doubted = true;
        self.due = now + spread(self.periods.renew, draw);
    }

    /// It is ours no more from now on; what is to be written so that the next one need not wait.
    pub fn let_go(&mut self) -> Option<Claim> {
        self.held.take()?;
        let record = self.record().filter(|record| record.holder == *self.me)?.clone();
        let over = Some(record.version.clone());
        let record = Record { holder: NOBODY.to_owned(), seconds: LET_GO_SECONDS, ..record };
        Some(Claim { over, record, is_new: false })
    }
}

impl Seen {
    fn is_of(&self, me: &str) -> bool {
        self.record.as_ref().is_some_and(|record| record.holder == me)
    }
}

/// The number of the next change of hands. The API has no higher one than that of an `int32`: after it, they begin anew.
fn next(transitions: u32) -> u32 {
    if transitions < i32::MAX.unsigned_abs() { transitions + 1 } else { 0 }
}

/// A time, or up to a fifth more.
fn spread(time: Duration, draw: u64) -> Duration {
    time.mul_f64(1.0 + (draw % 1_024) as f64 / 5_120.0)
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
