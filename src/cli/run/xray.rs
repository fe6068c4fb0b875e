//! `sereno xray PARA`: from an argument to a status.
//!
//! In: a number or a name of the profile. Out: the diagnosis on standard output; 0 healthy, 1 a cause, 3 unknown. Must not
//! judge.

use super::{Failure, Setup, Watched, document, mistake, print};
use crate::domain::{ChainKind, Network, ParaId};
use crate::runtime::compose::Depth;
use crate::runtime::xray;

pub(super) fn xray(setup: &Setup, para: &str, json: bool) -> Result<u8, Failure> {
    let plan = setup.live_plan(Depth::FromNow)?;
    let Watched::Chains(profile) = &setup.watched else { return Ok(2) };
    let para = find(&profile.network, para).map_err(mistake)?;
    let diagnosis = xray::xray(&plan, &setup.base, para)
        .map_err(|why| Failure { line: format!("sereno: {why}"), code: 3 })?;
    print(&if json { document(&diagnosis)? } else { diagnosis.text() })?;
    Ok(diagnosis.exit())
}

/// The para by number, or by id or name of the profile.
fn find(network: &Network, text: &str) -> Result<ParaId, String> {
    if let Ok(number) = text.parse() {
        return Ok(ParaId(number));
    }
    let named = |chain: &&crate::domain::ChainSpec| {
        chain.id.as_str() == text || chain.name.eq_ignore_ascii_case(text)
    };
    match network.chains.iter().find(named).map(|chain| chain.kind) {
        Some(ChainKind::Para(id)) => Ok(id),
        Some(ChainKind::Relay) => Err(format!("'{text}' is the relay chain: expected a para")),
        None => {
            let paras = network.chains.iter().filter(|c| c.kind != ChainKind::Relay);
            let ids: Vec<&str> = paras.map(|c| c.id.as_str()).collect();
            Err(format!(
                "'{text}' is no para of network '{}': expected its number, or one of {}",
                network.id,
                ids.join(", ")
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Dirs, load_network};

    #[test]
    fn a_para_is_found_by_number_by_id_and_by_name() {
        let dirs = Dirs { config: "/nonexistent".into(), state: "/nonexistent".into() };
        let network = load_network("paseo", &dirs).unwrap().network;
        for text in ["1004", "people", "People"] {
            assert_eq!(find(&network, text), Ok(ParaId(1_004)), "{text}");
        }
        assert_eq!(find(&network, "2000"), Ok(ParaId(2_000)), "one that the profile does not know");
        assert!(find(&network, "relay").unwrap_err().contains("is the relay chain"));
        let why = find(&network, "peeple").unwrap_err();
        assert!(why.contains("'peeple' is no para of network 'paseo'") && why.contains("people"), "{why}");
        assert!(find(&network, "4294967296").is_err() && find(&network, "-1").is_err());
    }
}
