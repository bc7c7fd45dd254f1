//! A provider on loopback, for tests: HTTP by hand, so that it can be as wrong as it likes.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use super::super::book::Book;
use super::super::{Changes, MEDIA_TYPE, print};

/// What a request says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) line: String,
    pub(super) headers: Vec<String>,
    pub(super) body: Vec<u8>,
}

/// How it is answered.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    /// With this status, type and body.
    Reply(u16, &'static str, Vec<u8>),
    /// With less than the length that it says.
    Half(Vec<u8>),
    /// With this many octets of spaces, and no end.
    Huge(usize),
    /// Not at all, and the connection stays open.
    Silence,
    /// The connection ends.
    End,
}

type Answers = Arc<dyn Fn(&Asked) -> Answer + Send + Sync>;

/// A provider that answers each request as it is told; ended with its value.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    pub(super) asked: Arc<Mutex<Vec<Asked>>>,
    stop: Arc<AtomicBool>,
}

impl Server {
    pub(super) fn start(answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (asked, stop) = (Arc::<Mutex<Vec<Asked>>>::default(), Arc::new(AtomicBool::new(false)));
        let (answers, noted, ends): (Answers, _, _) = (Arc::new(answer), asked.clone(), stop.clone());
        thread::spawn(move || {
            for stream in listener.incoming().take_while(|_| !ends.load(Ordering::Relaxed)) {
                let (answers, noted) = (answers.clone(), noted.clone());
                thread::spawn(move || converse(&stream.unwrap(), &answers, &noted));
            }
        });
        Self { address, asked, stop }
    }

    /// A provider that holds a book and refuses a name.
    pub(super) fn of_book(refused: &'static str) -> Self {
        let book = Mutex::new(Book::default());
        Self::start(move |asked| {
            let mut book = book.lock().unwrap();
            match asked.line.as_str() {
                "GET /" => reply(b"{\"include\":[\"example.org\"]}"),
                "GET /records" => {
                    reply(&print(&book.endpoints().map(|one| (**one).clone()).collect::<Vec<_>>()))
                }
                "POST /adjustendpoints" => reply(&asked.body),
                "POST /records" => {
                    let changes: Changes = serde_json::from_slice(&asked.body).unwrap();
                    if changes.create.iter().any(|one| one.dns_name == refused) {
                        return Answer::Reply(400, "text/plain", b"that name\n  is bad".to_vec());
                    }
                    *book = book.after(&changes, None).unwrap().0;
                    Answer::Reply(204, "", Vec::new())
                }
                _ => Answer::Reply(404, "text/plain", Vec::new()),
            }
        })
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The first lines of the requests so far.
    pub(super) fn lines(&self) -> Vec<String> {
        self.asked.lock().unwrap().iter().map(|asked| asked.line.clone()).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Wakes whoever waits for the next connection.
        let _ = TcpStream::connect(self.address);
    }
}

pub(super) fn reply(body: &[u8]) -> Answer {
    Answer::Reply(200, MEDIA_TYPE, body.to_vec())
}

fn converse(stream: &TcpStream, answers: &Answers, noted: &Mutex<Vec<Asked>>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    while let Some(asked) = read(&mut reader) {
        let answer = answers(&asked);
        noted.lock().unwrap().push(asked);
        if write(stream, answer).is_none() {
            return;
        }
    }
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Asked> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let length =
        lines.iter().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    let line = lines.remove(0).trim_end_matches(" HTTP/1.1").to_owned();
    Some(Asked { line, headers: lines, body })
}

/// None when the conversation ends with it.
fn write(mut stream: &TcpStream, answer: Answer) -> Option<()> {
    let head = |status: u16, kind: &str, length: usize| {
        format!("HTTP/1.1 {status} Said\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n")
    };
    match answer {
        Answer::Reply(204, ..) => stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").ok(),
        Answer::Reply(status, kind, body) => {
            stream.write_all(&[head(status, kind, body.len()).as_bytes(), &body].concat()).ok()
        }
        Answer::Half(body) => {
            let head = head(200, MEDIA_TYPE, body.len() * 2);
            stream.write_all(&[head.as_bytes(), &body].concat()).ok()?;
            None
        }
        Answer::Huge(octets) => {
            stream.write_all(head(200, MEDIA_TYPE, octets).as_bytes()).ok()?;
            let piece = vec![b' '; 1 << 20];
            (0..octets / piece.len()).try_for_each(|_| stream.write_all(&piece).ok())
        }
        Answer::Silence => {
            // Until the other side has had enough.
            let _ = stream.read(&mut [0]);
            None
        }
        Answer::End => None,
    }
}
