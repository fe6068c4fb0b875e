//! The server side of WebSocket, as little as is needed to answer and to break it; and the client side for the front.

use base64::Engine as _;
use sha1::{Digest as _, Sha1};

/// The answer to an upgrade request; none while the request is not complete.
pub(super) fn upgrade(request: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(request).ok()?;
    if !text.ends_with("\r\n\r\n") {
        return None;
    }
    let key = text
        .lines()
        .find_map(|l| l.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-key")))
        .map(|(_, value)| value.trim())?;
    let mut hasher = Sha1::new();
    hasher.update(key.as_bytes());
    hasher.update(b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    let accept = base64::engine::general_purpose::STANDARD.encode(hasher.finalize());
    Some(format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    ))
}

/// The head of an unmasked frame.
pub(super) fn head(first: u8, len: usize) -> Vec<u8> {
    let mut out = vec![first];
    match len {
        0..126 => out.push(len as u8),
        126..65_536 => {
            out.push(126);
            out.extend_from_slice(&(len as u16).to_be_bytes());
        }
        _ => {
            out.push(127);
            out.extend_from_slice(&(len as u64).to_be_bytes());
        }
    }
    out
}

/// A text frame.
pub(super) fn text(body: &str) -> Vec<u8> {
    let mut out = head(0x81, body.len());
    out.extend_from_slice(body.as_bytes());
    out
}

/// Takes one frame of a client out of the buffer: opcode and payload.
pub(super) fn take(buffer: &mut Vec<u8>) -> Option<(u8, Vec<u8>)> {
    let (opcode, short) = (buffer.first()? & 0x0f, usize::from(buffer.get(1)? & 0x7f));
    let (len, at) = match short {
        126 => (usize::from(u16::from_be_bytes(buffer.get(2..4)?.try_into().ok()?)), 4),
        127 => (u64::from_be_bytes(buffer.get(2..10)?.try_into().ok()?) as usize, 10),
        n => (n, 2),
    };
    let mask: [u8; 4] = buffer.get(at..at + 4)?.try_into().ok()?;
    let body = buffer.get(at + 4..at + 4 + len)?;
    let payload = body.iter().zip(mask.iter().cycle()).map(|(b, m)| b ^ m).collect();
    buffer.drain(..at + 4 + len);
    Some((opcode, payload))
}

/// The upgrade request of a client.
pub(super) fn ask(host: &str) -> String {
    format!(
        "GET / HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
}

/// A frame of a client. The mask hides nothing here: it is zero.
pub(super) fn masked(first: u8, body: &[u8]) -> Vec<u8> {
    let mut out = head(first, body.len());
    out[1] |= 0x80;
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(body);
    out
}

/// Takes one frame of a server out of the buffer: its first byte and payload.
pub(super) fn take_plain(buffer: &mut Vec<u8>) -> Option<(u8, Vec<u8>)> {
    let (first, short) = (*buffer.first()?, usize::from(buffer.get(1)? & 0x7f));
    let (len, at) = match short {
        126 => (usize::from(u16::from_be_bytes(buffer.get(2..4)?.try_into().ok()?)), 4),
        127 => (u64::from_be_bytes(buffer.get(2..10)?.try_into().ok()?) as usize, 10),
        n => (n, 2),
    };
    let payload = buffer.get(at..at + len)?.to_vec();
    buffer.drain(..at + len);
    Some((first, payload))
}
