use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// A table, and the time that passes there.
struct World {
    table: Arc<Table>,
    now: Instant,
}

impl World {
    fn new(connections: usize, connections_per_client: usize) -> Self {
        let limits = Limits { connections, connections_per_client, ..Limits::default() };
        let now = Instant::now();
        Self { table: Arc::new(Table::new(limits, now)), now }
    }

    /// A new connection, a second after what was before.
    fn admit(&mut self, address: &str) -> Seat {
        self.now += SECOND;
        self.table.admit(address.parse().unwrap(), self.now)
    }

    fn sign(&mut self, seat: &Seat) {
        self.now += SECOND;
        seat.sign(self.now);
    }

    /// The numbers of those who may stay.
    #[track_caller]
    fn check<const N: usize>(&self, expected: [&Seat; N]) {
        let seated: Vec<u64> = self.table.seats().keys().copied().collect();
        assert_eq!(seated, expected.map(Seat::number));
    }
}

/// Waits until a seat is wanted for another.
async fn leaves(seat: &Seat) {
    let left = tokio::time::timeout(20 * SECOND, seat.must_leave()).await;
    left.expect("it must leave");
}

#[test]
fn a_seat_is_given_back() {
    let mut world = World::new(10, 10);
    let seat = world.admit("192.0.2.1");
    world.check([&seat]);
    drop(seat);
    world.check([]);
}

#[tokio::test]
async fn who_was_not_heard_for_the_longest_leaves_when_all_are_too_many() {
    let mut world = World::new(2, 2);
    let (one, two) = (world.admit("192.0.2.1"), world.admit("192.0.2.2"));
    world.sign(&one);
    let three = world.admit("192.0.2.3");
    leaves(&two).await;
    world.check([&one, &three]);
    drop(two);
    world.check([&one, &three]);
}

#[tokio::test]
async fn who_has_too_many_makes_room_for_himself() {
    let mut world = World::new(10, 2);
    let other = world.admit("192.0.2.9");
    let own = ["192.0.2.1"; 3].map(|address| world.admit(address));
    leaves(&own[0]).await;
    world.check([&other, &own[1], &own[2]]);
}

#[tokio::test]
async fn in_need_only_who_is_idle_makes_room() {
    let mut world = World::new(10, 10);
    world.table.make_room(SECOND, world.now);
    let (one, two) = (world.admit("192.0.2.1"), world.admit("192.0.2.1"));
    world.table.make_room(2 * SECOND, world.now);
    world.check([&one, &two]);
    world.table.make_room(SECOND, world.now);
    leaves(&one).await;
    world.check([&two]);
    world.table.make_room(SECOND, world.now);
    world.check([&two]);
}

#[test]
fn limits_of_zero_still_let_one_in() {
    let mut world = World::new(0, 0);
    let _one = world.admit("192.0.2.1");
    let two = world.admit("192.0.2.2");
    world.check([&two]);
}

#[test]
fn clients_are_told_apart() {
    // (one, other, are they the same client)
    let rows = [
        ("192.0.2.1", "192.0.2.1", true),
        ("192.0.2.1", "192.0.2.2", false),
        ("192.0.2.1", "::ffff:192.0.2.1", true),
        ("2001:db8::1", "2001:db8::ffff:2", true),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", false),
    ];
    for (one, other, same) in rows {
        let [a, b] = [one, other].map(|address| client_of(address.parse().unwrap()));
        assert_eq!(a == b, same, "{one} and {other}");
    }
}
