//! The server's answer to the upgrade, overheard: the WebSocket library keeps the status and drops the headers.
//!
//! In: a stream. Out: the same stream, and afterwards the headers of the first answer that came through it. Must not change
//! a byte, and must not hold more than [`MOST`] of them.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes of the answer's head that are looked at.
const MOST: usize = 8 * 1024;
/// An end of the head.
const END: &[u8] = b"\r\n\r\n";

/// What was overheard; shared with the stream.
#[derive(Clone, Default)]
pub(super) struct Head(Arc<Mutex<Vec<u8>>>);

impl Head {
    /// Milliseconds for which the server wants to be left alone (`Retry-After`): seconds, or a date, which counts from the
    /// answer's own `Date` so that our clock does not matter. None where it does not say, or nothing that can be read.
    pub(super) fn retry_after_ms(&self) -> Option<u64> {
        let bytes = self.0.lock().ok()?;
        let text = String::from_utf8_lossy(&bytes);
        let head = text.split("\r\n\r\n").next().unwrap_or_default();
        let field = |wanted: &str| {
            let mut lines = head.lines().filter_map(|line| line.split_once(':'));
            let found = lines.find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted));
            found.map(|(_, value)| value.trim().to_owned())
        };
        let wait = field("retry-after")?;
        if let Ok(seconds) = wait.parse::<u64>() {
            return Some(seconds.saturating_mul(1_000));
        }
        let moment = |text: &str| Some(jiff::fmt::rfc2822::parse(text).ok()?.timestamp().as_millisecond());
        let ms = moment(&wait)?.saturating_sub(moment(&field("date")?)?);
        Some(u64::try_from(ms).unwrap_or(0))
    }

    fn take_in(&self, bytes: &[u8]) -> bool {
        let Ok(mut head) = self.0.lock() else { return true };
        let room = MOST.saturating_sub(head.len());
        head.extend_from_slice(bytes.get(..room.min(bytes.len())).unwrap_or_default());
        head.len() >= MOST || head.windows(END.len()).any(|w| w == END)
    }
}

/// A stream whose first answer is overheard.
pub(super) struct Overheard<S> {
    stream: S,
    head: Head,
    /// True once the whole head has passed.
    done: bool,
}

impl<S> Overheard<S> {
    /// Listens to `stream`.
    pub(super) fn new(stream: S, head: Head) -> Self {
        Self { stream, head, done: false }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Overheard<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buf);
        if !self.done {
            self.done = self.head.take_in(buf.filled().get(before..).unwrap_or_default());
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Overheard<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(head: &str) -> Option<u64> {
        let heard = Head::default();
        // However the bytes are cut.
        for piece in head.as_bytes().chunks(7) {
            let _ = heard.take_in(piece);
        }
        heard.retry_after_ms()
    }

    #[test]
    fn seconds_and_dates_are_read_and_nonsense_is_none() {
        let answer = |fields: &str| format!("HTTP/1.1 429 Too Many Requests\r\n{fields}\r\n\r\n");
        for (fields, ms) in [
            ("Retry-After: 37", Some(37_000)),
            ("RETRY-AFTER:37", Some(37_000)),
            (
                "Date: Fri, 20 Nov 2026 14:00:00 GMT\r\nRetry-After: Fri, 20 Nov 2026 14:01:30 GMT",
                Some(90_000),
            ),
            ("Date: Fri, 20 Nov 2026 14:00:00 GMT\r\nRetry-After: Fri, 20 Nov 2026 13:00:00 GMT", Some(0)),
            ("Retry-After: Fri, 20 Nov 2026 14:01:30 GMT", None),
            ("Retry-After: soon", None),
            ("Retry-After: -5", None),
            ("X-Retry-After: 5", None),
            ("Content-Length: 0\r\n\r\nRetry-After: 5", None),
        ] {
            assert_eq!(wait(&answer(fields)), ms, "{fields}");
        }
    }

    #[test]
    fn an_endless_head_is_not_kept() {
        let heard = Head::default();
        let ends = (0..100).position(|_| heard.take_in(&[b'x'; 1_000]));
        assert_eq!(ends, Some(8));
        assert_eq!(heard.0.lock().unwrap().len(), MOST);
    }
}
