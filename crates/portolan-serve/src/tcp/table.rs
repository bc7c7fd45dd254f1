//! Who has a connection, and who leaves when there are too many.
//!
//! What is needed: count all, count one client's, and find the one that has been idle for the longest.
//! The first two happen once a connection, the third only when the table is full, and being heard from
//! happens with every batch of questions. So the table is a plain map behind a mutex that is taken once
//! a connection, each seat holds its own last sign of life, and the oldest is looked for when needed.
//!
//! A sign of life is a whole message that was answered, so a client that drips single bytes grows old
//! like one that says nothing. What time it is, is told by the caller.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::config::Limits;

/// All connections of a server.
#[derive(Debug)]
pub(crate) struct Table {
    limits: Limits,
    start: Instant,
    next_number: AtomicU64,
    seats: Mutex<BTreeMap<u64, Arc<Place>>>,
}

/// What the table and the connection both hold.
#[derive(Debug)]
struct Place {
    client: IpAddr,
    /// In nanoseconds since the table's start.
    last_sign: AtomicU64,
    leave: Notify,
}

/// A connection's place at the table, given back when dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    number: u64,
    place: Arc<Place>,
    table: Arc<Table>,
}

impl Table {
    pub(crate) fn new(limits: Limits, now: Instant) -> Self {
        Self { limits, start: now, next_number: AtomicU64::new(0), seats: Mutex::default() }
    }

    /// Gives a seat. Where there are too many, the client's own or all, the oldest idle one leaves.
    pub(crate) fn admit(self: &Arc<Self>, address: IpAddr, now: Instant) -> Seat {
        let client = client_of(address);
        let mut seats = self.seats();
        let own = seats.values().filter(|place| place.client == client).count();
        if own >= self.limits.connections_per_client.max(1) {
            remove_oldest(&mut seats, |place| place.client == client);
        }
        if seats.len() >= self.limits.connections.max(1) {
            remove_oldest(&mut seats, |_| true);
        }
        let number = self.next_number.fetch_add(1, Ordering::Relaxed);
        let last_sign = AtomicU64::new(self.time(now));
        let place = Arc::new(Place { client, last_sign, leave: Notify::new() });
        seats.insert(number, place.clone());
        drop(seats);
        Seat { number, place, table: self.clone() }
    }

    /// Makes the connection leave that has been idle for the longest, if that is as long as `idle`.
    pub(crate) fn make_room(&self, idle: Duration, now: Instant) {
        let Some(then) = now.checked_sub(idle) else { return };
        let then = self.time(then);
        remove_oldest(&mut self.seats(), |place| place.last_sign.load(Ordering::Relaxed) <= then);
    }

    fn time(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.start).as_nanos()).unwrap_or(u64::MAX)
    }

    fn seats(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<Place>>> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    /// No other connection of this server ever has it.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// A sign of life: a message was answered.
    pub(crate) fn sign(&self, now: Instant) {
        self.place.last_sign.store(self.table.time(now), Ordering::Relaxed);
    }

    /// Waits until the seat is wanted for another.
    pub(crate) async fn must_leave(&self) {
        self.place.leave.notified().await;
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.table.seats().remove(&self.number);
    }
}

fn remove_oldest(seats: &mut BTreeMap<u64, Arc<Place>>, of: impl Fn(&Place) -> bool) {
    let last_sign = |place: &Place| place.last_sign.load(Ordering::Relaxed);
    let candidates = seats.iter().filter(|(_, place)| of(place));
    let oldest = candidates.min_by_key(|(_, place)| last_sign(place)).map(|(number, _)| *number);
    if let Some(place) = oldest.and_then(|number| seats.remove(&number)) {
        place.leave.notify_one();
    }
}

/// What counts as one client: an IPv4 address, or the IPv6 network that one customer has.
fn client_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)).into(),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests;
