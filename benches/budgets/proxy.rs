//! A small TCP proxy before a WebSocket node: counts the client's frames, and can make the way to the node longer.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

/// What passed.
#[derive(Default)]
pub(crate) struct Counts {
    /// Text frames from the client: requests.
    pub(crate) requests: AtomicU64,
    /// Best heads that the node told.
    pub(crate) heads: AtomicU64,
}

/// Starts a proxy to `upstream`; every byte to the node waits `delay`. Returns its URL.
pub(crate) fn start(upstream: &str, delay: Duration) -> (String, Arc<Counts>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    let upstream = upstream.trim_start_matches("ws://").trim_end_matches('/').to_owned();
    let counts = Arc::new(Counts::default());
    let shared = counts.clone();
    std::thread::Builder::new()
        .spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(node) = TcpStream::connect(&upstream) else { continue };
                let _ = (client.set_nodelay(true), node.set_nodelay(true));
                forward_requests(
                    client.try_clone().unwrap(),
                    node.try_clone().unwrap(),
                    delay,
                    shared.clone(),
                );
                forward_answers(node, client, shared.clone());
            }
        })
        .unwrap();
    (url, counts)
}

fn forward_requests(mut from: TcpStream, mut to: TcpStream, delay: Duration, counts: Arc<Counts>) {
    let (tx, rx) = sync_channel::<(Instant, Vec<u8>)>(65_536);
    std::thread::Builder::new()
        .spawn(move || {
            for (due, bytes) in rx {
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
                if to.write_all(&bytes).is_err() {
                    return;
                }
            }
            let _ = to.shutdown(Shutdown::Write);
        })
        .unwrap();
    std::thread::Builder::new()
        .spawn(move || {
            let mut buf = [0; 65_536];
            let mut frames = Frames::default();
            while let Ok(n @ 1..) = from.read(&mut buf) {
                counts.requests.fetch_add(frames.text_frames(&buf[..n]), Ordering::Relaxed);
                if tx.send((Instant::now() + delay, buf[..n].to_vec())).is_err() {
                    return;
                }
            }
        })
        .unwrap();
}

fn forward_answers(mut from: TcpStream, mut to: TcpStream, counts: Arc<Counts>) {
    const HEAD: &[u8] = b"\"chain_newHead\"";
    std::thread::Builder::new()
        .spawn(move || {
            let mut buf = [0; 65_536];
            let mut carried: Vec<u8> = vec![];
            while let Ok(n @ 1..) = from.read(&mut buf) {
                carried.extend_from_slice(&buf[..n]);
                let found = carried.windows(HEAD.len()).filter(|w| *w == HEAD).count() as u64;
                counts.heads.fetch_add(found, Ordering::Relaxed);
                carried.drain(..carried.len().saturating_sub(HEAD.len() - 1));
                if to.write_all(&buf[..n]).is_err() {
                    return;
                }
            }
            let _ = to.shutdown(Shutdown::Both);
        })
        .unwrap();
}

/// Reads a client's stream: the upgrade, then masked frames.
#[derive(Default)]
struct Frames {
    upgraded: bool,
    held: Vec<u8>,
    /// Bytes of the present frame still to come.
    skip: usize,
}

impl Frames {
    fn text_frames(&mut self, bytes: &[u8]) -> u64 {
        let mut found = 0;
        self.held.extend_from_slice(bytes);
        if !self.upgraded {
            let Some(end) = self.held.windows(4).position(|w| w == b"\r\n\r\n") else { return 0 };
            self.held.drain(..end + 4);
            self.upgraded = true;
        }
        loop {
            let skipped = self.skip.min(self.held.len());
            self.held.drain(..skipped);
            self.skip -= skipped;
            let Some((is_text, length)) = self.frame() else { return found };
            found += u64::from(is_text);
            self.skip = length;
        }
    }

    /// Kind and whole length of the frame that begins here, once its head is there.
    fn frame(&self) -> Option<(bool, usize)> {
        let [first, second] = self.held.get(..2)?.try_into().ok()?;
        let wide = |range: std::ops::Range<usize>| {
            Some(self.held.get(range)?.iter().fold(0usize, |n, b| n << 8 | usize::from(*b)))
        };
        let (head, payload) = match second & 0x7f {
            126 => (4, wide(2..4)?),
            127 => (10, wide(2..10)?),
            n => (2, usize::from(n)),
        };
        Some((first & 0x0f == 1, head + 4 + payload))
    }
}
