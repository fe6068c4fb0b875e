//! Wrappers: who signs a call, and through what it reaches the origin that it needs.
//!
//! In: calls, wrappers as `--wrap` names them, inside out, and what is known of the chain. Out: the call to sign, decoded
//! from its very bytes, with its hash, the authority it needs in words, and what could not be checked. Must not do I/O, and
//! cannot sign.

mod layers;
mod multisig;

pub use multisig::account as multisig_account;

use super::origin::Origin;
use crate::codec::{CodecError, ComposeError, Runtime, call_hash};
use crate::domain::call::Call;
use crate::domain::{AccountId, Hash};
use serde::Serialize;

/// One wrapper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrapper {
    /// Nothing at all.
    None,
    /// `Sudo.sudo`: the holder of the root key.
    Sudo,
    /// `Proxy.proxy`: a delegate acts for `real`.
    Proxy {
        /// `SafeSudo`, `Any`, …, as in the metadata.
        kind: String,
        /// The account acted for.
        real: AccountId,
    },
    /// `Multisig.as_multi`: several accounts together.
    Multisig {
        /// How many of them must sign.
        threshold: u16,
        /// All of them, in the order given.
        signatories: Vec<AccountId>,
    },
    /// `Utility.batch_all`: all of the calls or none.
    Batch,
    /// `XcmPallet.send` with a `Transact`: as Root of a system chain.
    Xcm {
        /// The profile's id of the chain.
        chain: String,
    },
}

/// What `--wrap` takes, for messages.
const EXPECTED: &str = "sudo, proxy:KIND@REAL, multisig:T@A,B,C, batch, xcm:CHAIN or none";

/// A wrapper that cannot be, or does not fit what it wraps.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WrapError {
    /// The text is no wrapper.
    #[error("--wrap {text}: {why}")]
    Text {
        /// What was given.
        text: String,
        /// What is wrong with it.
        why: String,
    },
    /// It cannot stand here.
    #[error("{0}")]
    Refused(String),
    /// The runtime has no such call, or an argument does not fit.
    #[error(transparent)]
    Compose(#[from] ComposeError),
    /// What was composed does not decode.
    #[error(transparent)]
    Decode(#[from] CodecError),
}

impl Wrapper {
    /// Reads `sudo`, `proxy:KIND@REAL`, `multisig:T@A,B,C`, `batch`, `xcm:CHAIN` or `none`.
    ///
    /// # Errors
    /// One sentence that says what is wrong and what was expected.
    pub fn parse(text: &str) -> Result<Self, WrapError> {
        let bad = |why: String| WrapError::Text { text: text.chars().take(120).collect(), why };
        let account = |text: &str| text.parse::<AccountId>().map_err(|e| bad(e.to_string()));
        match text.split_once(':') {
            None => match text {
                "none" => Ok(Self::None),
                "sudo" => Ok(Self::Sudo),
                "batch" => Ok(Self::Batch),
                _ => Err(bad(format!("expected {EXPECTED}"))),
            },
            Some(("xcm", chain)) if !chain.is_empty() => Ok(Self::Xcm { chain: chain.to_owned() }),
            Some(("xcm", _)) => Err(bad("the chain is missing: xcm:people".to_owned())),
            Some(("proxy", rest)) => match rest.split_once('@') {
                Some((kind, real)) if !kind.is_empty() => {
                    Ok(Self::Proxy { kind: kind.to_owned(), real: account(real)? })
                }
                _ => Err(bad("expected proxy:KIND@REAL, as in proxy:SafeSudo@5Ey…".to_owned())),
            },
            Some(("multisig", rest)) => {
                let (threshold, list) = rest
                    .split_once('@')
                    .ok_or_else(|| bad("expected multisig:T@A,B,C with T how many must sign".to_owned()))?;
                let threshold: u16 = threshold.parse().map_err(|_| {
                    bad(format!("'{threshold}' is not how many must sign: expected a number"))
                })?;
                let signatories: Vec<AccountId> =
                    list.split(',').map(|one| account(one.trim())).collect::<Result<_, _>>()?;
                multisig::check(threshold, &signatories).map_err(bad)?;
                Ok(Self::Multisig { threshold, signatories })
            }
            Some(_) => Err(bad(format!("expected {EXPECTED}"))),
        }
    }

    /// `sudo`, `proxy`, `multisig`, `batch`, `xcm`, `none`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Sudo => "sudo",
            Self::Proxy { .. } => "proxy",
            Self::Multisig { .. } => "multisig",
            Self::Batch => "batch",
            Self::Xcm { .. } => "xcm",
        }
    }

    /// Inside out: a wrapper stands after all of a lower rank.
    fn rank(&self) -> u8 {
        match self {
            Self::None | Self::Batch => 0,
            Self::Xcm { .. } => 1,
            Self::Sudo => 2,
            Self::Proxy { .. } => 3,
            Self::Multisig { .. } => 4,
        }
    }
}

/// The chain that an `xcm:` wrapper sends to.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// The profile's id of the chain.
    pub chain: &'a str,
    /// Its number on this relay.
    pub para: u32,
    /// Its runtime, which encodes the call.
    pub runtime: &'a Runtime,
}

/// What is known where a call is wrapped.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The runtime of the chain that the wrapped call is sent to: with `xcm:`, the relay's.
    pub runtime: &'a Runtime,
    /// Where an `xcm:` wrapper may go, as far as its metadata is there.
    pub targets: &'a [Target<'a>],
    /// `Sudo.Key`, where it was read.
    pub sudo: Option<AccountId>,
    /// Which signatory of a multisig acts now. None: the first one named that has not approved yet.
    pub sender: Option<AccountId>,
    /// Block and extrinsic index of a multisig's first approval; none before it.
    pub timepoint: Option<(u32, u32)>,
    /// Who has approved so far.
    pub approvals: &'a [AccountId],
    /// Weight of the call inside a multisig: ref_time and proof_size, with a margin.
    pub max_weight: Option<(u64, u64)>,
    /// How accounts are written.
    pub ss58_prefix: u16,
    /// The origin that the calls themselves need, as a recipe writes it: `root`, `signed`, `signed:5G…`, `parachain:2000`.
    pub needs: &'a str,
}

/// A call ready to be signed by whoever [`Wrapped::authority`] names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Wrapped {
    /// The wrappers inside out, joined by `+`; `none` without any.
    pub kind: String,
    /// The call, decoded from its bytes.
    pub decoded: Call,
    /// The bytes to sign.
    pub call_data: Vec<u8>,
    /// The bytes inside the multisigs, as [`Wrapped::call_data`] states what was observed; none without a multisig.
    pub intended: Option<Vec<u8>>,
    /// Hash of the bytes to sign.
    pub call_hash: Hash,
    /// Who must sign, in words.
    pub authority: String,
    /// With a multisig: what all but the last signer sign, which is short.
    pub approval: Option<Approval>,
    /// With a multisig: who acts now, and how.
    pub turn: Option<Turn>,
    /// What could not be checked, or must be kept in mind.
    pub notes: Vec<String>,
}

/// What all but the last signer of a multisig sign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Approval {
    /// The multisig's account.
    pub account: AccountId,
    /// `Multisig.approve_as_multi`, decoded from its bytes; none where one signature is enough.
    pub decoded: Option<Call>,
    /// Its bytes.
    pub call_data: Vec<u8>,
    /// Hash of the call that is approved.
    pub approves: Hash,
}

/// What a signatory does now. The pallet executes where enough have approved, this one included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Act {
    /// Signs [`Wrapped::approval`]: others must follow.
    Approve,
    /// Signs [`Wrapped::call_data`]: it is the last one needed.
    Execute,
    /// Nothing: has approved, and others are missing.
    Wait,
}

/// Whose turn it is in a multisig, by what is on chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Turn {
    /// The signatory.
    pub sender: AccountId,
    /// What they do.
    pub act: Act,
    /// How many have approved so far.
    pub approved: usize,
    /// How many must.
    pub threshold: u16,
}

/// Puts `calls` into `wrappers`, inside out.
///
/// # Errors
/// Wrappers that do not fit together or do not reach the origin that the calls need, a call that the runtime lacks, an
/// account that does not hold what it should, a call that a `SafeSudo` proxy must not carry.
pub fn wrap(calls: &[Call], wrappers: &[Wrapper], context: &Context<'_>) -> Result<Wrapped, WrapError> {
    check_order(calls, wrappers)?;
    let needs = Origin::parse(context.needs);
    if let Some(why) = calls.iter().find_map(|call| needs.refusal(call, wrappers, context.ss58_prefix)) {
        return Err(WrapError::Refused(why));
    }
    let mut layers = layers::Layers::new(calls, wrappers, context)?;
    for wrapper in wrappers {
        layers.put(wrapper)?;
    }
    let call_data = context.runtime.encode_call(layers.call())?;
    let kinds: Vec<&str> = wrappers.iter().map(Wrapper::kind).collect();
    Ok(Wrapped {
        kind: if kinds.is_empty() { "none".to_owned() } else { kinds.join("+") },
        decoded: context.runtime.decode_call(&call_data)?,
        call_hash: call_hash(&call_data),
        call_data,
        intended: layers.intended.take(),
        authority: layers.authority(),
        approval: layers.approval.take(),
        turn: layers.turn.take(),
        notes: layers.notes,
    })
}

fn check_order(calls: &[Call], wrappers: &[Wrapper]) -> Result<(), WrapError> {
    let refused = |why: &str| Err(WrapError::Refused(why.to_owned()));
    if calls.is_empty() {
        return refused("there is no call to wrap");
    }
    if wrappers.contains(&Wrapper::None) && wrappers.len() > 1 {
        return refused("--wrap none stands alone");
    }
    if calls.len() > 1 && wrappers.first() != Some(&Wrapper::Batch) {
        return refused(
            "there are several calls: --wrap batch must come first, or each is wrapped by itself",
        );
    }
    for pair in wrappers.windows(2) {
        let [inner, outer] = pair else { continue };
        let why = match (inner, outer) {
            _ if inner.rank() < outer.rank() => continue,
            // A delegate of a delegate.
            (Wrapper::Proxy { .. }, Wrapper::Proxy { .. }) => continue,
            // The approvals of the inner one cannot be followed by those of the outer.
            (Wrapper::Multisig { .. }, Wrapper::Multisig { .. }) => "one multisig at a time",
            (_, Wrapper::Xcm { .. }) => "xcm comes before sudo: the target runs the call as Root by itself",
            (_, Wrapper::Sudo) => {
                "sudo comes before proxy and multisig: what it carries runs as Root, who signs nothing"
            }
            (_, Wrapper::Batch) => "batch comes first",
            (_, Wrapper::Proxy { .. }) => "proxy comes before multisig",
            _ => "these wrappers do not fit together",
        };
        return Err(WrapError::Refused(format!(
            "--wrap {} --wrap {}: {why} (--wrap is given inside out)",
            inner.kind(),
            outer.kind()
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
    const BOB: &str = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";

    fn parsed(text: &str) -> Wrapper {
        Wrapper::parse(text).unwrap()
    }

    #[test]
    fn wrappers_are_read_as_the_flag_writes_them() {
        assert_eq!(parsed("sudo"), Wrapper::Sudo);
        assert_eq!(parsed("none"), Wrapper::None);
        assert_eq!(parsed("batch"), Wrapper::Batch);
        assert_eq!(parsed("xcm:people"), Wrapper::Xcm { chain: "people".to_owned() });
        let real = ALICE.parse().unwrap();
        assert_eq!(
            parsed(&format!("proxy:SafeSudo@{ALICE}")),
            Wrapper::Proxy { kind: "SafeSudo".to_owned(), real }
        );
        let both = parsed(&format!("multisig:2@{ALICE}, {BOB}"));
        assert_eq!(both, Wrapper::Multisig { threshold: 2, signatories: vec![real, BOB.parse().unwrap()] });
    }

    #[test]
    fn what_is_no_wrapper_is_refused_in_one_sentence() {
        let why = |text: &str| Wrapper::parse(text).unwrap_err().to_string();
        for text in ["", "root", "sudo:", "sudo:x", "batch:3", "multisg:2@x"] {
            assert_eq!(why(text), format!("--wrap {text}: expected {EXPECTED}"));
        }
        assert!(why("xcm:").contains("the chain is missing"));
        assert!(why("proxy:SafeSudo").contains("expected proxy:KIND@REAL"));
        assert!(why("proxy:@5G").contains("expected proxy:KIND@REAL"));
        assert!(why("proxy:SafeSudo@5G").contains("'5G' is no account"));
        assert!(why("multisig:2").contains("expected multisig:T@A,B,C"));
        assert!(why(&format!("multisig:two@{ALICE},{BOB}")).contains("'two' is not how many must sign"));
        assert!(why(&format!("multisig:0@{ALICE},{BOB}")).contains("from 1 to 2"));
        assert!(why(&format!("multisig:3@{ALICE},{BOB}")).contains("from 1 to 2"));
        assert!(why(&format!("multisig:1@{ALICE}")).contains("at least two"));
        assert!(why(&format!("multisig:2@{ALICE},{ALICE}")).contains("twice"));
        assert!(why(&format!("multisig:2@{ALICE},")).contains("'' is no account"));
    }

    #[test]
    fn wrappers_stand_inside_out() {
        let call = Call { pallet: "System".to_owned(), name: "remark".to_owned(), args: vec![] };
        let order = |texts: &[String]| {
            let wrappers: Vec<Wrapper> = texts.iter().map(|t| parsed(t)).collect();
            check_order(std::slice::from_ref(&call), &wrappers).map_err(|e| e.to_string())
        };
        let (proxy, multi) = (format!("proxy:SafeSudo@{ALICE}"), format!("multisig:2@{ALICE},{BOB}"));
        let sudo = || "sudo".to_owned();
        assert_eq!(order(&[sudo(), proxy.clone(), multi.clone()]), Ok(()));
        assert_eq!(order(&["batch".into(), "xcm:people".into(), sudo(), multi.clone()]), Ok(()));
        assert_eq!(order(&[]), Ok(()));
        let wrong = [
            (vec![sudo(), "xcm:people".into()], "runs the call as Root by itself"),
            (vec![proxy.clone(), sudo()], "who signs nothing"),
            (vec![multi.clone(), proxy], "proxy comes before multisig"),
            (vec![sudo(), sudo()], "who signs nothing"),
            (vec![sudo(), "batch".into()], "batch comes first"),
            (vec!["none".into(), sudo()], "stands alone"),
        ];
        for (texts, part) in wrong {
            let why = order(&texts).unwrap_err();
            assert!(why.contains(part), "{texts:?}: {why}");
        }
        let two = [call.clone(), call];
        assert!(check_order(&two, &[Wrapper::Sudo]).unwrap_err().to_string().contains("several calls"));
        assert!(check_order(&two, &[Wrapper::Batch, Wrapper::Sudo]).is_ok());
        assert!(check_order(&[], &[]).is_err());
    }
}
