//! What a runtime blob says of itself without being run: the section `runtime_version` of its wasm.
//!
//! In: wasm, plain or compressed. Out: name and version. Bytes come from files of strangers: lengths are checked, and what
//! unpacks to more than 50 MiB is refused. Must not run anything.

use codec::Decode;
use std::io::Read as _;

/// How compressed runtimes begin.
const COMPRESSED: [u8; 8] = [82, 188, 83, 118, 70, 219, 142, 5];
/// How wasm of version 1 begins.
const WASM: [u8; 8] = [0, 97, 115, 109, 1, 0, 0, 0];
/// Most bytes that a runtime may unpack to, as in the node.
const MAX_UNPACKED: u64 = 50 * 1024 * 1024;

/// Name and version of a runtime.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobVersion {
    /// `spec_name`.
    pub spec_name: String,
    /// `spec_version`.
    pub spec_version: u32,
}

/// True for bytes that begin like wasm, plain or compressed.
#[must_use]
pub fn is_wasm(bytes: &[u8]) -> bool {
    bytes.starts_with(&WASM) || bytes.starts_with(&COMPRESSED)
}

/// What the blob says of itself; none where it is no runtime, or does not say.
#[must_use]
pub fn version(blob: &[u8]) -> Option<BlobVersion> {
    match blob.strip_prefix(&COMPRESSED) {
        None => of_plain(blob),
        Some(packed) => {
            let mut plain = Vec::new();
            let unpack = zstd::stream::read::Decoder::new(packed).ok()?;
            unpack.take(MAX_UNPACKED).read_to_end(&mut plain).ok()?;
            of_plain(&plain)
        }
    }
}

fn of_plain(wasm: &[u8]) -> Option<BlobVersion> {
    let mut rest = wasm.strip_prefix(&WASM)?;
    while let Some((id, after)) = rest.split_first() {
        rest = after;
        let len = length(&mut rest)?;
        let (mut body, after) = rest.split_at_checked(len)?;
        rest = after;
        if *id != 0 {
            continue;
        }
        let name_len = length(&mut body)?;
        let (name, mut data) = body.split_at_checked(name_len)?;
        if name == b"runtime_version" {
            let (spec_name, _implementation) = <(String, String)>::decode(&mut data).ok()?;
            let (_authoring, spec_version) = <(u32, u32)>::decode(&mut data).ok()?;
            return Some(BlobVersion { spec_name, spec_version });
        }
    }
    None
}

/// A number as wasm writes lengths: seven bits a byte, lowest first.
fn length(rest: &mut &[u8]) -> Option<usize> {
    let mut out = 0_u32;
    for shift in [0, 7, 14, 21, 28] {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        out |= u32::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return usize::try_from(out).ok();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use codec::Encode;

    fn blob(spec_name: &str, spec_version: u32) -> Vec<u8> {
        let version = (spec_name, "impl", 0_u32, spec_version, 1_u32).encode();
        let mut section = vec![15];
        section.extend_from_slice(b"runtime_version");
        section.extend_from_slice(&version);
        let mut wasm = WASM.to_vec();
        // A section of another kind before it, with a length of two bytes.
        wasm.extend_from_slice(&[1, 0x80, 0x01]);
        wasm.extend_from_slice(&[7; 128]);
        wasm.push(0);
        wasm.push(u8::try_from(section.len()).unwrap());
        wasm.extend_from_slice(&section);
        wasm
    }

    #[test]
    fn a_blob_says_its_name_plain_or_compressed() {
        let expected = Some(BlobVersion { spec_name: "paseo".to_owned(), spec_version: 2_003_001 });
        let plain = blob("paseo", 2_003_001);
        assert_eq!(version(&plain), expected);
        let packed = [COMPRESSED.as_slice(), &zstd::encode_all(plain.as_slice(), 3).unwrap()].concat();
        assert_eq!(version(&packed), expected);
        assert!(is_wasm(&plain) && is_wasm(&packed) && !is_wasm(b"\x7fELF"));
        for cut in 0..plain.len() {
            assert_eq!(version(&plain[..cut]), None, "{cut} bytes");
        }
        assert_eq!(version(&[COMPRESSED.as_slice(), &[1, 2, 3]].concat()), None);
    }

    #[test]
    fn what_unpacks_without_end_is_cut() {
        let bomb = zstd::encode_all(std::io::repeat(0).take(MAX_UNPACKED * 2), 1).unwrap();
        assert_eq!(version(&[COMPRESSED.as_slice(), &bomb].concat()), None);
    }
}
