//! The make in memory, served to others, and read by etcd's client.

use std::fs;
use std::path::{Path, PathBuf};

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use portolan_store::kv::etcd::{self, Etcd, Identity};
use portolan_store::kv::memory::{HISTORY_MAX, Memory};
use portolan_store::kv::server::{Options, Server, ServerError, Tls};
use portolan_store::kv::{Batch, Kv, KvError, Operation, Outcome, Page, Revision, Span, Transaction};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, KeyUsagePurpose};
use tempfile::TempDir;

use crate::battery::{self, Make, contents, delete, done, events, in_time, next, put, told};

// === Certificates ===

/// An authority, and the files that it makes.
struct Papers {
    folder: TempDir,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Papers {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("ca.crt"), issuer.pem()).unwrap();
        let papers = Self { folder, issuer };
        papers.issue();
        papers
    }

    /// Writes a certificate for this machine, anew.
    fn issue(&self) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        fs::write(self.at("tls.crt"), certificate.pem()).unwrap();
        fs::write(self.at("tls.key"), key.serialize_pem()).unwrap();
    }

    fn at(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    fn server(&self) -> Tls {
        Tls { authority: self.at("ca.crt"), certificate: self.at("tls.crt"), key: self.at("tls.key") }
    }

    /// A client's, which trusts whoever another authority signs for.
    fn client(&self, trusts: &Self) -> etcd::Tls {
        let identity = Some(Identity { certificate: self.at("tls.crt"), key: self.at("tls.key") });
        etcd::Tls { authority: trusts.at("ca.crt"), identity }
    }
}

async fn serve(memory: &Memory, papers: &Papers, store: u64) -> Server {
    let options = Options { listen: "127.0.0.1:0".parse().unwrap(), tls: papers.server(), store };
    Server::start(memory.clone(), options).await.unwrap()
}

fn client(servers: &[&Server], tls: etcd::Tls) -> Etcd {
    let urls = servers.iter().map(|server| format!("https://{}", server.address())).collect();
    Etcd::new(etcd::Options { tls: Some(tls), are_apart: true, ..etcd::Options::new(urls) }).unwrap()
}

// === The battery ===

/// A store that is written where it is, and read through its server.
struct Served {
    memory: Memory,
    client: Etcd,
}

impl Kv for Served {
    fn range(&self, span: Span, at: Option<Revision>, limit: usize) -> BoxFuture<'_, Result<Page, KvError>> {
        self.client.range(span, at, limit)
    }

    fn transact(&self, transaction: Transaction) -> BoxFuture<'_, Result<Outcome, KvError>> {
        self.memory.transact(transaction)
    }

    fn watch(&self, span: Span, after: Revision) -> BoxStream<'static, Result<Batch, KvError>> {
        self.client.watch(span, after)
    }
}

impl Make for Served {
    fn kv(&self) -> &dyn Kv {
        self
    }

    fn put_leased(&self, key: &[u8], value: &[u8], ttl: u64) {
        self.memory.faults().put_leased(key, value, ttl);
    }

    fn compact(&self, revision: Revision) {
        self.memory.faults().compact(revision);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_battery() {
    let (memory, papers) = (Memory::new(), Papers::new());
    let server = serve(&memory, &papers, 7).await;
    let client = client(&[&server], papers.client(&papers));
    battery::run(&Served { memory, client }).await;
}

// === What is special to it ===

/// What a client that is turned away may see of it.
const TURNED_AWAY: &[&str] =
    &["received fatal alert", "connection has ended", "closed", "reset by peer", "broken pipe"];

#[tokio::test(flavor = "multi_thread")]
async fn who_reads_writes_nothing() {
    let (memory, papers) = (Memory::new(), Papers::new());
    done(&memory, vec![put("a", "1")]).await;
    let server = serve(&memory, &papers, 7).await;
    let client = client(&[&server], papers.client(&papers));
    let said = client.transact(Transaction { compares: Vec::new(), operations: vec![delete("a")] }).await;
    assert!(matches!(said, Err(KvError::Unauthorized(_))), "{said:?}");
    assert_eq!(contents(&client, "", None).await.len(), 1);
}

/// Neither trusts whom another authority signs for. Why, the client says of the server; of the client, whose last word may be lost
/// with its connection, the server does.
#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_another_authority_is_refused_on_either_side() {
    let (memory, papers, others) = (Memory::new(), Papers::new(), Papers::new());
    let server = serve(&memory, &papers, 7).await;
    for (tls, expected) in [
        (papers.client(&others), &["invalid peer certificate"][..]),
        (others.client(&papers), TURNED_AWAY),
        (etcd::Tls { identity: None, ..papers.client(&papers) }, TURNED_AWAY),
    ] {
        let said = in_time("a refusal", client(&[&server], tls).range(Span::prefix(b""), None, 1)).await;
        let Err(KvError::Unreachable(why)) = said else { panic!("{said:?}") };
        assert!(expected.iter().any(|expected| why.contains(expected)), "{why}");
        assert!(why.starts_with(&format!("https://{}", server.address())), "{why}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_no_use_are_named() {
    let papers = Papers::new();
    fs::write(papers.at("empty"), "").unwrap();
    let of = |change: fn(&mut Tls, &Path)| {
        let mut tls = papers.server();
        change(&mut tls, papers.folder.path());
        tls
    };
    for (tls, file) in [
        (of(|tls, folder| tls.authority = folder.join("empty")), "empty: has no certificate"),
        (of(|tls, folder| tls.certificate = folder.join("none")), "none: No such file"),
        (of(|tls, folder| tls.key = folder.join("tls.crt")), "tls.crt: "),
    ] {
        let options = Options { listen: "127.0.0.1:0".parse().unwrap(), tls, store: 1 };
        let said = Server::start(Memory::new(), options).await;
        let Err(ServerError::Tls(error)) = said else { panic!("{said:?}") };
        assert!(error.to_string().contains(file), "{error}");
    }
}

/// A connection that is made after files changed is made by those; while they are no good, by those before.
#[tokio::test(flavor = "multi_thread")]
async fn certificates_are_read_for_each_connection() {
    let (memory, papers, others) = (Memory::new(), Papers::new(), Papers::new());
    done(&memory, vec![put("a", "1")]).await;
    let server = serve(&memory, &papers, 7).await;
    let old = papers.client(&papers);
    assert_eq!(contents(&client(&[&server], old.clone()), "", None).await.len(), 1);
    let (good, folder) = (fs::read(papers.at("tls.crt")).unwrap(), papers.folder.path().to_owned());
    fs::write(papers.at("tls.crt"), "half a certif").unwrap();
    // The client's own are elsewhere.
    let apart = Papers::new();
    for (file, octets) in [("tls.crt", good), ("tls.key", fs::read(papers.at("tls.key")).unwrap())] {
        fs::write(apart.at(file), octets).unwrap();
    }
    fs::copy(papers.at("ca.crt"), apart.at("ca.crt")).unwrap();
    assert_eq!(contents(&client(&[&server], apart.client(&apart)), "", None).await.len(), 1);
    // Another authority altogether.
    for file in ["ca.crt", "tls.crt", "tls.key"] {
        fs::copy(others.at(file), folder.join(file)).unwrap();
    }
    assert_eq!(contents(&client(&[&server], others.client(&others)), "", None).await.len(), 1);
    let said = client(&[&server], apart.client(&apart)).range(Span::prefix(b""), None, 1).await;
    assert!(matches!(said, Err(KvError::Unreachable(_))), "{said:?}");
}

/// Two servers are two stores: who goes from one to the other is told, and takes its whole.
#[tokio::test(flavor = "multi_thread")]
async fn another_server_is_another_store() {
    let (one, other, papers) = (Memory::new(), Memory::new(), Papers::new());
    done(&one, vec![put("a", "1")]).await;
    done(&other, vec![put("a", "1")]).await;
    let revision = done(&other, vec![put("b", "2")]).await;
    let (first, second) = (serve(&one, &papers, 7).await, serve(&other, &papers, 8).await);
    let client = client(&[&first, &second], papers.client(&papers));
    assert_eq!(contents(&client, "", None).await.len(), 1);
    let mut watch = client.watch(Span::prefix(b""), 1);
    let last = done(&one, vec![put("c", "3")]).await;
    assert_eq!(events(&mut watch, last).await, [told("c", "3", last)]);
    drop(first);
    assert!(matches!(next(&mut watch).await, Err(KvError::WentBack { .. })));
    client.accept();
    assert_eq!(contents(&client, "", None).await.len(), 2);
    let mut watch = client.watch(Span::prefix(b""), revision);
    let last = done(&other, vec![put("c", "3")]).await;
    assert_eq!(events(&mut watch, last).await, [told("c", "3", last)]);
}

/// What is written at once may be more than fits into one answer, and is one batch all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_large_revision_is_told_whole() {
    let (memory, papers) = (Memory::new(), Papers::new());
    let server = serve(&memory, &papers, 7).await;
    let client = client(&[&server], papers.client(&papers));
    let first = done(&memory, vec![put("a", "1")]).await;
    let mut watch = client.watch(Span::prefix(b"k/"), first);
    let value = vec![b'x'; 40_000];
    let puts: Vec<Operation> =
        (0..100).map(|key| Operation::Put(format!("k/{key:03}").into_bytes(), value.clone())).collect();
    let second = memory.write(&puts);
    assert_eq!(second, first + 1);
    let told = next(&mut watch).await.unwrap();
    assert_eq!((told.revision, told.events.len()), (second, 100));
    assert_eq!(contents(&client, "k/", None).await.len(), 100, "in pages that fit");
}

/// Who does not read is not waited for, and keeps nothing: when it reads on and all is remembered it goes on, else it is told.
#[tokio::test(flavor = "multi_thread")]
async fn who_falls_behind_what_is_remembered_is_told() {
    let (memory, papers) = (Memory::new(), Papers::new());
    let server = serve(&memory, &papers, 7).await;
    let client = client(&[&server], papers.client(&papers));
    let first = done(&memory, vec![put("a", "1")]).await;
    let mut idle = client.watch(Span::prefix(b""), first);
    let mut last = memory.write(&[put("b", "1")]);
    assert_eq!(next(&mut idle).await.unwrap().revision, last);
    for _ in 0..1_000 {
        last = memory.write(&[put("b", "2")]);
    }
    assert_eq!(events(&mut idle, last).await.len(), 1_000);
    assert_eq!(server.readers().all().len(), 1);
    for _ in 0..=HISTORY_MAX {
        last = memory.write(&[put("b", "3")]);
    }
    let mut late = client.watch(Span::prefix(b""), first);
    assert!(matches!(next(&mut late).await, Err(KvError::Compacted(_))));
    // The first may have been told some of it meanwhile, and goes on or is told.
    let ended = in_time("the end of a watch", async {
        loop {
            match idle.next().await {
                Some(Ok(batch)) if batch.revision < last => {}
                Some(Ok(_)) => break Ok(()),
                Some(Err(error)) => break Err(error),
                None => panic!("it ends with an error"),
            }
        }
    });
    assert!(matches!(ended.await, Ok(()) | Err(KvError::Compacted(_))));
}
