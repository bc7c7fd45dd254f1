//! A server that says what it is told to: faults, lies and garbage.

use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex as Cell};

use domain::base::iana::{Opcode, Rcode};
use domain::base::message_builder::AdditionalBuilder;
use domain::base::{Message, MessageBuilder};
use domain::rdata::tsig::Time48;
use domain::tsig::{ServerSequence, ServerTransaction};
use proptest::prelude::*;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::super::message::{Letter, TransferLetter, Verdict};
use super::transfers::message;
use super::*;

/// What is said to a message: the messages that are sent back, each whole. None ends the connection.
type Script = dyn Fn(&Message<Vec<u8>>, &Signing) -> Option<Vec<Vec<u8>>> + Send + Sync;

/// Signs what is said to one message.
struct Signing {
    key: Arc<domain::tsig::Key>,
    asked: Vec<u8>,
    clock: u64,
}

impl Signing {
    /// A reply with a code.
    fn reply(&self, rcode: Rcode) -> Vec<u8> {
        let mut asked = Message::from_octets(self.asked.clone()).unwrap();
        let now = Time48::from_u64(self.clock);
        match ServerTransaction::request(&self.key, &mut asked, now) {
            Ok(Some(transaction)) => {
                let mut reply = start(&asked, rcode);
                transaction.answer(&mut reply, now).unwrap();
                reply.finish()
            }
            Ok(None) => start(&asked, rcode).finish(),
            Err(error) => error.build_message(&asked, MessageBuilder::new_vec()).unwrap().finish(),
        }
    }

    /// Messages that answer a transfer.
    fn transfer(&self, parts: &[&[&str]]) -> Vec<Vec<u8>> {
        let mut asked = Message::from_octets(self.asked.clone()).unwrap();
        let now = Time48::from_u64(self.clock);
        let id = asked.header().id();
        let mut sequence = ServerSequence::request(&self.key, &mut asked, now).unwrap().unwrap();
        let sign = |lines: &&[&str]| {
            let mut builder = MessageBuilder::new_vec().additional();
            let plain = message(id, lines);
            *builder.header_mut() = plain.header();
            let mut answer = builder.builder().answer();
            for record in plain.answer().unwrap() {
                let record = record.unwrap();
                let record =
                    record.to_any_record::<domain::rdata::AllRecordData<_, domain::base::ParsedName<_>>>();
                answer.push(record.unwrap()).unwrap();
            }
            let mut additional = answer.additional();
            sequence.answer(&mut additional, now).unwrap();
            additional.finish()
        };
        parts.iter().map(sign).collect()
    }
}

fn start(asked: &Message<Vec<u8>>, rcode: Rcode) -> AdditionalBuilder<Vec<u8>> {
    let mut builder = MessageBuilder::new_vec();
    let header = builder.header_mut();
    header.set_id(asked.header().id());
    header.set_opcode(asked.header().opcode());
    header.set_qr(true);
    header.set_rcode(rcode);
    builder.additional()
}

fn seconds() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}

/// A server with a script, a clock that is wrong by so many seconds, and what it was asked.
struct Server {
    address: SocketAddr,
    asked: Arc<Cell<Vec<Message<Vec<u8>>>>>,
}

impl Server {
    async fn start(
        skew: u64,
        script: impl Fn(&Message<Vec<u8>>, &Signing) -> Option<Vec<Vec<u8>>> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Cell::new(Vec::new()));
        let (script, notes): (Arc<Script>, _) = (Arc::new(script), asked.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, skew, script.clone(), notes.clone()));
            }
        });
        Self { address, asked }
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    fn updates(&self) -> usize {
        self.asked.lock().unwrap().iter().filter(|asked| asked.header().opcode() == Opcode::UPDATE).count()
    }

    /// A publisher that has listed the zone.
    async fn publisher(&self, changes_max: usize) -> Rfc2136 {
        let provider = rfc2136(Options { changes_max, ..options(self.address, &["example.net"]) });
        provider.list().await.unwrap();
        provider
    }
}

async fn serve(
    mut stream: TcpStream,
    skew: u64,
    script: Arc<Script>,
    notes: Arc<Cell<Vec<Message<Vec<u8>>>>>,
) {
    while let Ok(octets) = stream.read_u16().await {
        let mut asked = vec![0; usize::from(octets)];
        stream.read_exact(&mut asked).await.unwrap();
        let signing = Signing { key: key().inner(), asked: asked.clone(), clock: seconds() + skew };
        let asked = Message::from_octets(asked).unwrap();
        notes.lock().unwrap().push(asked.clone());
        let Some(replies) = script(&asked, &signing) else { return };
        for reply in replies {
            let octets = u16::try_from(reply.len()).unwrap();
            let _ = stream.write_all(&[&octets.to_be_bytes(), reply.as_slice()].concat()).await;
        }
    }
}

const ZONE: &[&str] = &["example.net SOA 1", "example.net NS ns1.example.net", "example.net SOA 1"];

/// Gives the zone when it is asked for, and says the rest to updates.
fn updates(
    script: impl Fn(&Message<Vec<u8>>) -> Rcode + Send + Sync + 'static,
) -> impl Fn(&Message<Vec<u8>>, &Signing) -> Option<Vec<Vec<u8>>> + Send + Sync + 'static {
    move |asked, signing| match asked.header().opcode() {
        Opcode::UPDATE => Some(vec![signing.reply(script(asked))]),
        _ => Some(signing.transfer(&[ZONE])),
    }
}

/// True when an update has something to do with a name.
fn is_about(asked: &Message<Vec<u8>>, label: &str) -> bool {
    let owner = format!("{label}.example.net");
    asked.update().unwrap().any(|record| record.unwrap().owner().to_string() == owner)
}

fn steps(labels: &[&str]) -> Vec<Step> {
    labels.iter().map(|label| step(&[], &[&format!("{label}.example.net A 192.0.2.1")], &[])).collect()
}

fn numbered(count: usize) -> Vec<Step> {
    (0..count).map(|n| step(&[], &[&format!("n{n}.example.net A 192.0.2.1")], &[])).collect()
}

fn refusals(applied: &Applied) -> Vec<Option<String>> {
    applied
        .outcomes
        .iter()
        .map(|outcome| match outcome {
            StepOutcome::Done => None,
            other => Some(format!("{other:?}")),
        })
        .collect()
}

#[tokio::test]
async fn many_names_go_in_one_message_up_to_the_limit() {
    let server = Server::start(0, updates(|_| Rcode::NOERROR)).await;
    let provider = server.publisher(50).await;
    let applied = provider.apply(batch(numbered(120))).await;
    assert_eq!(applied.outcomes, vec![StepOutcome::Done; 120]);
    assert_eq!(server.updates(), 3, "50, 50 and 20 changes");
}

/// Changes in each update, by the sets that come.
fn changes(server: &Server) -> Vec<usize> {
    let asked = server.asked.lock().unwrap();
    let updates = asked.iter().filter(|asked| asked.header().opcode() == Opcode::UPDATE);
    updates.map(|asked| usize::from(asked.header_counts().nscount())).collect()
}

/// A publisher without a limit that it reaches; of its clock, which goes on by so much each time it is looked at.
async fn growing(server: &Server, tick: Duration) -> Rfc2136 {
    let now = Cell::new(SystemTime::now());
    let clock = Arc::new(move || {
        let mut now = now.lock().unwrap();
        *now += tick;
        *now
    });
    let provider = rfc2136(Options { clock, ..options(server.address, &["example.net"]) });
    provider.list().await.unwrap();
    provider
}

#[tokio::test]
async fn messages_grow_while_the_server_takes_them_at_once() {
    let server = Server::start(0, updates(|_| Rcode::NOERROR)).await;
    let provider = growing(&server, Duration::ZERO).await;
    let applied = provider.apply(batch(numbered(1_000))).await;
    assert_eq!(applied.outcomes, vec![StepOutcome::Done; 1_000]);
    assert_eq!(changes(&server), [50, 100, 200, 400, 250]);
    // What is slow, or longer than a message may be, stays smaller.
    let slow = Server::start(0, updates(|_| Rcode::NOERROR)).await;
    let provider = growing(&slow, Duration::from_secs(1)).await;
    let applied = provider.apply(batch(numbered(200))).await;
    assert_eq!(applied.outcomes, vec![StepOutcome::Done; 200]);
    assert_eq!(changes(&slow), [50; 4]);
    let long = Server::start(0, updates(|_| Rcode::NOERROR)).await;
    let provider = growing(&long, Duration::ZERO).await;
    let text = "x".repeat(1_000);
    let texts = (0..200).map(|n| step(&[], &[&format!("n{n}.example.net TXT {text}")], &[]));
    let applied = provider.apply(batch(texts.collect())).await;
    assert_eq!(applied.outcomes, vec![StepOutcome::Done; 200]);
    let most = changes(&long).into_iter().max().unwrap();
    assert!((51..66).contains(&most), "{:?}", changes(&long));
}

#[tokio::test]
async fn messages_are_smaller_again_when_something_is_refused_and_it_costs_itself() {
    let script = |asked: &Message<Vec<u8>>| match is_about(asked, "n700") {
        true => Rcode::REFUSED,
        false => Rcode::NOERROR,
    };
    let server = Server::start(0, updates(script)).await;
    let provider = growing(&server, Duration::ZERO).await;
    let outcomes = provider.apply(batch(numbered(1_000))).await.outcomes;
    let refused: Vec<usize> = (0..1_000).filter(|n| outcomes[*n] != StepOutcome::Done).collect();
    assert_eq!(refused, [700]);
    assert!(matches!(&outcomes[700], StepOutcome::Refused(_)), "{:?}", outcomes[700]);
    let changes = changes(&server);
    assert_eq!(changes[..4], [50, 100, 200, 400]);
    assert!(changes.len() <= 30, "{changes:?}");
}

#[tokio::test]
async fn f_56_a_bad_record_costs_itself_and_few_messages() {
    let script = |asked: &Message<Vec<u8>>| match is_about(asked, "n17") {
        true => Rcode::FORMERR,
        false => Rcode::NOERROR,
    };
    let server = Server::start(0, updates(script)).await;
    let provider = server.publisher(50).await;
    let outcomes = provider.apply(batch(numbered(50))).await.outcomes;
    let refused: Vec<usize> = (0..50).filter(|n| outcomes[*n] != StepOutcome::Done).collect();
    assert_eq!(refused, [17]);
    assert!(
        matches!(&outcomes[17], StepOutcome::Refused(rule) if rule.contains("FORMERR")),
        "{:?}",
        outcomes[17]
    );
    assert!(server.updates() <= 13, "{} messages", server.updates());
}

#[tokio::test]
async fn what_was_changed_by_others_is_lost_alone() {
    let script = |asked: &Message<Vec<u8>>| match is_about(asked, "b") || is_about(asked, "e") {
        true => Rcode::YXDOMAIN,
        false => Rcode::NOERROR,
    };
    let server = Server::start(0, updates(script)).await;
    let provider = server.publisher(50).await;
    let outcomes = provider.apply(batch(steps(&["a", "b", "c", "d", "e"]))).await.outcomes;
    let (done, lost) = (StepOutcome::Done, StepOutcome::Lost);
    assert_eq!(outcomes, [done.clone(), lost.clone(), done.clone(), done, lost]);
}

#[tokio::test]
async fn f_56_what_is_about_us_or_the_zone_is_told_once_and_clearly() {
    for (rcode, variant, words, messages) in [
        (Rcode::NOTAUTH, "Refused", "NOTAUTH: it has no zone example.net.", 1),
        (Rcode::NOTIMP, "Refused", "NOTIMP: it does not do this at all", 1),
        // It may be about the names: a few are tried alone before it is said of the zone.
        (Rcode::REFUSED, "Unauthorized", "REFUSED: we may not do this with the zone example.net.", 30),
        (Rcode::SERVFAIL, "Refused", "SERVFAIL: it could not, with the zone example.net.", 30),
    ] {
        let server = Server::start(0, updates(move |_| rcode)).await;
        let provider = server.publisher(50).await;
        let applied = provider.apply(batch(numbered(200))).await;
        let said = refusals(&applied);
        let as_expected = |said: &Option<String>| {
            said.as_ref().is_some_and(|said| {
                said.starts_with("Failed") && said.contains(variant) && said.contains(words)
            })
        };
        assert!(said.iter().all(as_expected), "{rcode}: {said:?}");
        assert!(server.updates() <= messages, "{rcode}: {} messages", server.updates());
    }
}

/// a plan leaves its number in the zone before anything else, and each message of it demands the number that is there.
#[tokio::test]
async fn r_01_each_message_of_a_plan_demands_the_zones_number() {
    let server = Server::start(0, updates(|_| Rcode::NOERROR)).await;
    let numbered_for = Some(Owner::new("me").unwrap());
    let options = Options { numbered_for, changes_max: 1, ..options(server.address, &["example.net"]) };
    let provider = rfc2136(options);
    provider.list().await.unwrap();
    let applied = provider.apply(batch(steps(&["a", "b"]))).await;
    assert_eq!(applied.outcomes, vec![StepOutcome::Done; 2]);
    let is_number = |owner: String| owner.starts_with("_portolan-plan-");
    let asked = server.asked.lock().unwrap().clone();
    let updates = asked.iter().filter(|asked| asked.header().opcode() == Opcode::UPDATE);
    let about: Vec<(bool, bool)> = updates
        .map(|asked| {
            let demands = asked.answer().unwrap().any(|one| is_number(one.unwrap().owner().to_string()));
            let deeds = asked.update().unwrap().any(|one| is_number(one.unwrap().owner().to_string()));
            (demands, deeds)
        })
        .collect();
    assert_eq!(about, [(true, true), (true, false), (true, false)]);
}

/// Whoever may write a `DNSEndpoint` may write names that a server refuses, and that stand before all others.
#[tokio::test]
async fn many_names_that_are_refused_cost_themselves() {
    for rcode in [Rcode::REFUSED, Rcode::SERVFAIL] {
        let is_bad = |asked: &Message<Vec<u8>>| {
            asked.update().unwrap().any(|record| record.unwrap().owner().to_string().starts_with("bad"))
        };
        let script = move |asked: &Message<Vec<u8>>| if is_bad(asked) { rcode } else { Rcode::NOERROR };
        let server = Server::start(0, updates(script)).await;
        let provider = server.publisher(50).await;
        let bad = (0..60).map(|n| step(&[], &[&format!("bad{n}.example.net A 192.0.2.1")], &[]));
        let outcomes = provider.apply(batch(bad.chain(numbered(60)).collect())).await.outcomes;
        assert!(outcomes[..60].iter().all(|outcome| *outcome != StepOutcome::Done), "{rcode}: {outcomes:?}");
        assert_eq!(outcomes[60..], vec![StepOutcome::Done; 60], "{rcode}");
    }
}

/// A message that is as long as one may be is one; an octet more is told, and is no fault of this program.
#[test]
fn the_longest_message_is_sent() {
    let room = |key: Option<&TsigKey>| {
        let frame = super::super::message::FRAME_OCTETS + name("example.net").as_wire().len();
        super::super::message::MESSAGE_OCTETS_MAX - frame - key.map_or(0, TsigKey::octets)
    };
    for key in [None, Some(key())] {
        let deed = |octets: usize| {
            let owner = name("example.net");
            // The owner, and 10 octets of type, class, TTL and length.
            let data = vec![0_u8; octets - owner.as_wire().len() - 10];
            let data = Rdata::from_wire(&data).unwrap();
            super::super::message::Deed::Add(owner, RecordType(4711), Ttl::DEFAULT, data)
        };
        let fits = |octets: usize| {
            let (zone, deeds) = (name("example.net"), [deed(octets)]);
            assert_eq!(deeds[0].octets(), octets);
            Letter::update(1, &zone, &[], &deeds, key.as_ref(), SystemTime::now())
        };
        let letter = fits(room(key.as_ref())).expect("it fits");
        assert_eq!(letter.octets.len(), super::super::message::MESSAGE_OCTETS_MAX);
        assert!(fits(room(key.as_ref()) + 1).is_none());
    }
}

#[tokio::test]
async fn f_56_a_key_that_is_not_theirs_and_a_clock_that_is_wrong_are_told() {
    let told = async |key: TsigKey, skew: u64| {
        let server = Server::start(skew, |_, signing| Some(vec![signing.reply(Rcode::NOERROR)])).await;
        let provider = rfc2136(Options { key: Some(key), ..options(server.address, &["example.net"]) });
        format!("{:?}", provider.list().await.unwrap_err())
    };
    let other_name = TsigKey::new(name("other"), KEY_ALGORITHM, KEY_SECRET).unwrap();
    let said = told(other_name, 0).await;
    assert!(
        said.contains("Unauthorized") && said.contains("BADKEY: it does not know the key other."),
        "{said}"
    );
    let said = told(key(), 3_600).await;
    assert!(
        said.contains("BADTIME: its clock is 3600 seconds ahead of ours") || said.contains("3599"),
        "{said}"
    );
}

#[tokio::test]
async fn what_is_not_signed_is_not_believed() {
    let unsigned = |rcode: Rcode| {
        move |asked: &Message<Vec<u8>>, signing: &Signing| match asked.header().opcode() {
            Opcode::UPDATE => Some(vec![start(asked, rcode).finish()]),
            _ => Some(signing.transfer(&[ZONE])),
        }
    };
    for (rcode, variant) in [(Rcode::NOERROR, "Unsound"), (Rcode::REFUSED, "Unauthorized")] {
        let server = Server::start(0, unsigned(rcode)).await;
        let provider = server.publisher(50).await;
        let said = format!("{:?}", provider.apply(batch(steps(&["a"]))).await.outcomes[0]);
        assert!(said.contains("Failed") && said.contains(variant), "{rcode}: {said}");
    }
    // Nor is a transfer whose last message is not.
    let server = Server::start(0, |asked, signing| {
        let mut parts = signing.transfer(&[&ZONE[..2]]);
        parts.push(message(asked.header().id(), &ZONE[2..]).into_octets());
        Some(parts)
    })
    .await;
    let provider = rfc2136(options(server.address, &["example.net"]));
    let said = provider.list().await.unwrap_err();
    assert!(matches!(&said, ProviderError::Unsound(text) if text.contains("last message")), "{said:?}");
}

#[tokio::test]
async fn half_a_transfer_is_an_error_and_no_list() {
    let server = Server::start(0, |_, signing| {
        let parts = signing.transfer(&[&ZONE[..1], &["a.example.net A 192.0.2.1"]]);
        // The end of the connection comes with the next question, which never does; so it is sent by a wrong message.
        Some([parts, vec![vec![0; 5]]].concat())
    })
    .await;
    let provider = rfc2136(options(server.address, &["example.net"]));
    let said = provider.list().await.unwrap_err();
    assert!(matches!(said, ProviderError::Unsound(_)), "{said:?}");
    let said = format!("{:?}", provider.apply(batch(steps(&["a"]))).await.outcomes[0]);
    assert!(said.contains("not listed yet"), "{said}");
}

#[tokio::test]
async fn another_server_is_asked_where_one_is_of_no_use() {
    let dead = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let deaf = Server::start(0, |_, _| None).await;
    let foreign = Server::start(0, |_, signing| Some(vec![signing.reply(Rcode::NOTAUTH)])).await;
    let good = Server::start(0, updates(|_| Rcode::NOERROR)).await;
    let servers = [dead, deaf.address, foreign.address, good.address];
    let servers =
        servers.map(|address| super::Server { host: address.ip().to_string(), port: address.port() });
    let provider = rfc2136(Options { servers: servers.to_vec(), ..options(dead, &["example.net"]) });
    provider.list().await.unwrap();
    let applied = provider.apply(batch(numbered(120))).await;
    assert_eq!(applied.outcomes, vec![StepOutcome::Done; 120]);
    assert_eq!((deaf.asked(), foreign.asked()), (2, 2), "the rest goes to the one that answers");
    let only_bad = Options { servers: servers[..3].to_vec(), ..options(dead, &["example.net"]) };
    let said = rfc2136(only_bad).list().await.unwrap_err().to_string();
    for server in &servers[..3] {
        assert!(said.contains(&server.to_string()), "{said}");
    }
    assert!(said.contains("NOTAUTH"), "{said}");
}

#[tokio::test]
async fn f_56_a_server_that_goes_down_fails_what_is_left() {
    let count = Arc::new(AtomicUsize::new(0));
    let server = Server::start(0, move |asked, signing| match asked.header().opcode() {
        Opcode::UPDATE if count.fetch_add(1, Ordering::Relaxed) > 0 => None,
        Opcode::UPDATE => Some(vec![signing.reply(Rcode::NOERROR)]),
        _ => Some(signing.transfer(&[ZONE])),
    })
    .await;
    let provider = server.publisher(50).await;
    let outcomes = provider.apply(batch(numbered(200))).await.outcomes;
    assert_eq!(outcomes[..50], vec![StepOutcome::Done; 50]);
    let is_failed =
        |outcome: &StepOutcome| matches!(outcome, StepOutcome::Failed(ProviderError::Unreachable(_)));
    assert!(outcomes[50..].iter().all(is_failed), "{outcomes:?}");
    assert!(server.updates() <= 3, "nothing more is sent: {}", server.updates());
}

#[tokio::test]
async fn without_transfers_only_what_is_new_is_made_and_it_is_said() {
    let script = |asked: &Message<Vec<u8>>| match is_about(asked, "taken") {
        true => Rcode::YXDOMAIN,
        false => Rcode::NOERROR,
    };
    let server = Server::start(0, updates(script)).await;
    let provider = rfc2136(Options { transfers: false, ..options(server.address, &["example.net"]) });
    let listing = provider.list().await.unwrap();
    assert!(listing.sets.is_empty());
    assert!(listing.problems.told[0].message.contains("transfers (AXFR) are off"));
    let made = step(&[], &["new.example.net A 192.0.2.1"], &["+a-new.example.net mark"]);
    let taken = step(&[], &["taken.example.net A 192.0.2.1"], &[]);
    let outcomes = provider.apply(batch(vec![made, taken.clone()])).await.outcomes;
    assert_eq!(outcomes[0], StepOutcome::Done);
    assert!(matches!(&outcomes[1], StepOutcome::Refused(rule) if rule.contains("AXFR")), "{outcomes:?}");
    let mut names: Vec<String> =
        provider.list().await.unwrap().sets.iter().map(|(set, _)| set.to_string()).collect();
    names.sort();
    assert_eq!(names, ["a-new.example.net. TXT", "new.example.net. A"], "what it made it knows");
    let before = server.updates();
    assert!(matches!(provider.apply(batch(vec![taken])).await.outcomes[0], StepOutcome::Refused(_)));
    assert_eq!(server.updates(), before, "what is taken is not asked about again");
}

#[test]
fn a_message_has_no_more_than_it_holds() {
    let zone = name("example.net");
    let huge: Vec<_> = (0..5_000)
        .map(|n| {
            super::super::message::Deed::Add(
                name(&format!("n{n}.example.net")),
                RecordType::TXT,
                Ttl::DEFAULT,
                Rdata::txt(b"text").unwrap(),
            )
        })
        .collect();
    assert!(Letter::update(1, &zone, &[], &huge, Some(&key()), SystemTime::now()).is_none());
}

#[tokio::test]
async fn a_step_that_fits_in_no_message_costs_itself() {
    let server = Server::start(0, updates(|_| Rcode::NOERROR)).await;
    let provider = growing(&server, Duration::ZERO).await;
    let long = "x".repeat(60_000);
    let huge = step(&[], &[&format!("huge.example.net TXT {long}")], &["+txt-huge.example.net mark"]);
    let more = step(&[], &[&format!("more.example.net TXT {}", &long[..5_000])], &[]);
    let outcomes = provider.apply(batch([vec![huge.clone(), more], numbered(2_000)].concat())).await.outcomes;
    assert!(outcomes.iter().all(|outcome| *outcome == StepOutcome::Done));
    assert!((3..=9).contains(&server.updates()), "{}", server.updates());
    let texts: Vec<String> = (0..3).map(|n| format!("+mark{n}.example.net {}", "y".repeat(30_000))).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let over = Step { texts: texts.iter().map(|text| mark(text)).collect(), ..huge };
    let outcomes = provider.apply(batch([vec![over], steps(&["a"])].concat())).await.outcomes;
    assert!(
        matches!(&outcomes[0], StepOutcome::Refused(rule) if rule.contains("octets")),
        "{:?}",
        outcomes[0]
    );
    assert_eq!(outcomes[1], StepOutcome::Done);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Whatever a server says, it is a verdict or an error.
    #[test]
    fn garbage_is_no_reply(octets in proptest::collection::vec(any::<u8>(), 0..200), bent in any::<bool>()) {
        let (zone, now) = (name("example.net"), SystemTime::now());
        let letter = Letter::update(7, &zone, &[], &[], Some(&key()), now).unwrap();
        let mut asked = TransferLetter::new(7, &zone, Some(&key()), now);
        let mut octets = octets;
        if bent && octets.len() > 3 {
            // One that is to the question, so that what is behind the header is looked at.
            octets[..4].copy_from_slice(&[0, 7, 0xa8, 0]);
        }
        prop_assert!(letter.read(octets.clone(), &zone, Some(&key()), now).is_err());
        if octets.len() > 3 {
            octets[2] = 0x80;
        }
        prop_assert!(asked.read(octets, &zone, now).is_err());
    }

    /// A signed reply that was bent on its way says what it said, or is not believed.
    #[test]
    fn bent_replies_are_not_believed(at in 0_usize..120, bit in 0_u8..8) {
        let (zone, now) = (name("example.net"), SystemTime::now());
        let letter = Letter::update(7, &zone, &[], &[], Some(&key()), now).unwrap();
        let signing = Signing { key: key().inner(), asked: letter.octets.clone(), clock: seconds() };
        let mut reply = signing.reply(Rcode::NOERROR);
        prop_assert!(letter.read(reply.clone(), &zone, Some(&key()), now).is_ok());
        let at = at % reply.len();
        reply[at] ^= 1 << bit;
        // What is not signed (the case of the key's name, the signature's own TTL) changes nothing.
        let said = letter.read(reply, &zone, Some(&key()), now);
        prop_assert!(said.is_err() || said == Ok(Verdict::Taken), "octet {at}: {said:?}");
    }
}
