//! Ways out of the terminal for call data: links to the polkadot-js and PAPI apps, and a QR code.
//!
//! In: call data and an endpoint that may be shown. Out: text, or a sentence where the data is too long for it. Must not do I/O.

use crate::domain::ids::to_hex;
use qrcode::{Color, EcLevel, QrCode};

/// Most bytes of call data in a link: browsers and chats cut what is longer.
const MOST_IN_LINK: usize = 4_000;
/// White around a QR code, in modules; cameras want four, two are enough on a dark terminal.
const QUIET: usize = 2;

/// Where a person can look at call data and sign it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Links {
    /// polkadot-js apps: decodes the call, and can sign it.
    pub polkadot_js: String,
    /// The PAPI console: the same.
    pub papi: String,
}

/// Links that open `call_data` against `endpoint`.
///
/// # Errors
/// The data is too long for a link.
pub fn links(endpoint: &str, call_data: &[u8]) -> Result<Links, String> {
    if call_data.len() > MOST_IN_LINK {
        return Err(format!(
            "call data of {} bytes is too long for a link (at most {MOST_IN_LINK}): write it to a file with --out",
            call_data.len()
        ));
    }
    let (url, data) = (percent(endpoint), to_hex(call_data));
    Ok(Links {
        polkadot_js: format!("https://polkadot.js.org/apps/?rpc={url}#/extrinsics/decode/{data}"),
        papi: format!("https://dev.papi.how/extrinsics#networkId=custom&endpoint={url}&data={data}"),
    })
}

/// Everything but letters, digits and `-._~` as `%XX`.
fn percent(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}

/// Call data as a QR code of `0x…`, two modules a character, dark on light where the terminal draws light on dark. At most
/// `columns` wide.
///
/// # Errors
/// The data is too long for a code, or the code is wider than the terminal.
pub fn qr(call_data: &[u8], columns: usize) -> Result<Vec<String>, String> {
    let code = QrCode::with_error_correction_level(to_hex(call_data), EcLevel::L).map_err(|_| {
        format!(
            "call data of {} bytes is too long for a QR code (at most 1475): use the link or --out",
            call_data.len()
        )
    })?;
    let width = code.width();
    let whole = width.saturating_add(2 * QUIET);
    if whole > columns {
        return Err(format!(
            "the QR code of {} bytes is {whole} columns wide, the terminal {columns}: widen it, or use the link",
            call_data.len()
        ));
    }
    let colors = code.to_colors();
    let light = |x: usize, y: usize| {
        let at = |v: usize| v.checked_sub(QUIET).filter(|v| *v < width);
        match (at(x), at(y)) {
            (Some(x), Some(y)) => colors.get(y * width + x) != Some(&Color::Dark),
            _ => true,
        }
    };
    let line = |y: usize| {
        let cell = |x: usize| match (light(x, y), light(x, y + 1)) {
            (true, true) => '█',
            (true, false) => '▀',
            (false, true) => '▄',
            (false, false) => ' ',
        };
        (0..whole).map(cell).collect()
    };
    Ok((0..whole).step_by(2).map(line).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_carry_endpoint_and_call_data() {
        let links = links("wss://paseo.example/a?b=c d", &[0x38, 0x01, 0xff]).unwrap();
        let url = "wss%3A%2F%2Fpaseo.example%2Fa%3Fb%3Dc%20d";
        assert_eq!(
            links.polkadot_js,
            format!("https://polkadot.js.org/apps/?rpc={url}#/extrinsics/decode/0x3801ff")
        );
        assert_eq!(
            links.papi,
            format!("https://dev.papi.how/extrinsics#networkId=custom&endpoint={url}&data=0x3801ff")
        );
        let why = super::links("ws://x", &vec![0; 2_000_000]).unwrap_err();
        assert!(why.contains("2000000 bytes is too long for a link"), "{why}");
    }

    #[test]
    fn a_qr_code_has_its_finder_patterns_and_a_light_border() {
        let lines = qr(&[1, 2, 3], 80).unwrap();
        // `0x010203` in bytes at level L is version 1: 21 modules, and two of white around.
        assert_eq!(lines.len(), 13);
        assert!(lines.iter().all(|l| l.chars().count() == 25), "{lines:?}");
        assert_eq!(lines[0], "█".repeat(25));
        // The finder pattern: seven dark, then a ring of light around three by three.
        assert!(lines[1].starts_with("██ ▄▄▄▄▄ █"), "{}", lines[1]);
        assert!(lines[2].starts_with("██ █   █ █"), "{}", lines[2]);
        assert!(lines[1].ends_with("█ ▄▄▄▄▄ ██"), "{}", lines[1]);
    }

    #[test]
    fn what_does_not_fit_is_refused_with_its_size() {
        let why = qr(&[0xab; 1_400], 80).unwrap_err();
        assert!(why.contains("columns wide, the terminal 80"), "{why}");
        assert_eq!(qr(&[0xab; 1_475], 200).unwrap().len(), 91);
        let why = qr(&[0xab; 1_476], 200).unwrap_err();
        assert!(why.contains("too long for a QR code"), "{why}");
    }
}
