//! zstd, frame by frame.
//!
//! In: compressed bytes. Out: the bytes of whole frames, each handed out only when its checksum was found right. A
//! frame over 8 MiB (made by another tool) is handed out as it comes. Memory is bounded whatever the file says.

use std::io::{self, BufRead, Read, Write};
use zstd::stream::{read::Decoder, write::Encoder};

/// Most bytes of a frame that wait for its checksum.
const HOLD: usize = 8 << 20;
/// Bytes handed out at once of a longer frame.
const CHUNK: usize = 64 << 10;
/// Largest window that a file may ask for: 2^23 bytes, as `zstd -19` makes.
const WINDOW_LOG: u32 = 23;
/// Compression level: half the size of level 1 and still far above the rate of facts.
const LEVEL: i32 = 9;

/// Compresses `lines` into one frame with a checksum.
pub(super) fn write_frame<W: Write>(out: &mut W, lines: &[u8]) -> io::Result<()> {
    let mut encoder = Encoder::new(out, LEVEL)?;
    encoder.include_checksum(true)?;
    // Lets zstd make tables for so few bytes only, which takes a fiftieth of the time.
    encoder.set_pledged_src_size(u64::try_from(lines.len()).ok())?;
    encoder.write_all(lines)?;
    encoder.finish()?.flush()
}

enum State<R: BufRead> {
    Between(R),
    Within(Decoder<'static, R>),
    Done,
}

/// Reads frames.
pub(super) struct Frames<R: BufRead> {
    state: State<R>,
    ready: Vec<u8>,
    given: usize,
}

impl<R: BufRead> Frames<R> {
    pub(super) fn new(input: R) -> Self {
        Self { state: State::Between(input), ready: Vec::new(), given: 0 }
    }

    /// Decodes what comes next into `ready`; leaves it empty at the end.
    fn decode(&mut self) -> io::Result<()> {
        self.ready.clear();
        self.given = 0;
        while self.ready.is_empty() {
            // An error leaves `Done` behind: nothing after damage is read.
            let (mut decoder, most) = match std::mem::replace(&mut self.state, State::Done) {
                State::Done => return Ok(()),
                State::Within(decoder) => (decoder, CHUNK),
                State::Between(mut input) => {
                    if input.fill_buf()?.is_empty() {
                        return Ok(());
                    }
                    let mut decoder = Decoder::with_buffer(input)?.single_frame();
                    decoder.window_log_max(WINDOW_LOG)?;
                    (decoder, HOLD)
                }
            };
            let limit = u64::try_from(most).unwrap_or(u64::MAX);
            if let Err(e) = decoder.by_ref().take(limit).read_to_end(&mut self.ready) {
                self.ready.clear();
                return Err(e);
            }
            self.state = if self.ready.len() < most {
                State::Between(decoder.finish())
            } else {
                State::Within(decoder)
            };
        }
        Ok(())
    }
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.given >= self.ready.len() {
            self.decode()?;
        }
        let mut left = self.ready.get(self.given..).unwrap_or_default();
        let n = left.read(buf)?;
        self.given = self.given.saturating_add(n);
        Ok(n)
    }
}
