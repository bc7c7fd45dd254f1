//! The stream from those who follow clusters to those who answer, as either side sees it.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::engine::{Engine, FollowedSeen, FollowerSeen};
use crate::logs::plain;
use crate::when::ago;

/// Most followers, or clusters, that are listed in words.
const SHOWN_MAX: usize = 6;

/// The stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum StreamSeen {
    /// We follow.
    Follows {
        /// Whom.
        from: String,
        /// Revisions that were told and are not answered from yet; none while nobody is reached.
        behind: Option<u64>,
        /// When nothing was behind, in seconds since 1970; none when that never was.
        current_at: Option<i64>,
        /// Clusters of which we know more than who is followed, and stay with that; the hub's name is empty.
        kept: Vec<String>,
    },
    /// We are followed.
    Followers(Vec<FollowerRow>),
}

/// Who follows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FollowerRow {
    /// Where it is.
    pub address: String,
    /// For how long it follows, in seconds.
    pub for_seconds: u64,
    /// Revisions that were not handed to its connection yet.
    pub behind: u64,
}

impl StreamSeen {
    /// How an engine sees it; none where there is none.
    #[must_use]
    pub fn of(engine: &Engine) -> Option<Self> {
        let row = |seen: FollowerSeen| FollowerRow {
            address: seen.address.to_string(),
            for_seconds: seen.for_seconds,
            behind: seen.behind,
        };
        let followers = engine.followers().map(|all| Self::Followers(all.into_iter().map(row).collect()));
        followers.or_else(|| engine.followed_stream().map(Self::from))
    }

    /// In a line. `now` is in seconds since 1970.
    #[must_use]
    pub fn text(&self, now: i64) -> String {
        match self {
            Self::Follows { from, behind, current_at, kept } => {
                let how = match (behind, current_at) {
                    (Some(0), _) => "up to date".to_owned(),
                    (Some(behind), _) => format!("{behind} revisions behind"),
                    (None, Some(then)) => format!("not reached; up to date {} ago", ago(now, *then)),
                    (None, None) => "not reached since the start".to_owned(),
                };
                let mut line = format!("Follows {}: {how}.", plain(from));
                if !kept.is_empty() {
                    let names: Vec<_> = kept.iter().take(SHOWN_MAX).map(|name| named(name)).collect();
                    let more = more(kept.len() - names.len());
                    let _ =
                        write!(line, " It knows less of {}{more} than we do, which stays.", names.join(", "));
                }
                line
            }
            Self::Followers(all) if all.is_empty() => "Nobody follows.".to_owned(),
            Self::Followers(all) => {
                let one = |row: &FollowerRow| match row.behind {
                    0 => row.address.clone(),
                    behind => format!("{} ({behind} revisions behind)", row.address),
                };
                let rows: Vec<_> = all.iter().take(SHOWN_MAX).map(one).collect();
                format!("Followers: {}{}.", rows.join(", "), more(all.len() - rows.len()))
            }
        }
    }
}

impl From<FollowedSeen> for StreamSeen {
    fn from(seen: FollowedSeen) -> Self {
        let FollowedSeen { from, behind, current_at, kept } = seen;
        Self::Follows { from, behind, current_at, kept: kept.iter().map(ToString::to_string).collect() }
    }
}

/// A source in words.
fn named(source: &str) -> String {
    if source.is_empty() { "the hub".to_owned() } else { plain(source).to_string() }
}

fn more(count: usize) -> String {
    if count > 0 { format!(" and {count} more") } else { String::new() }
}
