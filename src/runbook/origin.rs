//! Origins: who must make a call, and whether wrappers reach that.
//!
//! In: an origin as a recipe writes it, the calls, wrappers. Out: the origin in words, or one sentence why the chain would
//! answer `BadOrigin`. Must not do I/O.

use super::wrap::{Wrapper, multisig_account};
use crate::domain::AccountId;
use crate::domain::call::Call;
use std::fmt;

/// Calls that refuse Root (ACTIONS P3, seen on a fork): a pallet with a dot stands for all of its calls.
const SIGNED_ONLY: [&str; 14] = [
    "Balances.transfer_all",
    "Balances.transfer_allow_death",
    "Balances.transfer_keep_alive",
    "Hrmp.establish_system_channel",
    "Hrmp.hrmp_accept_open_channel",
    "Hrmp.hrmp_cancel_open_request",
    "Hrmp.hrmp_close_channel",
    "Hrmp.hrmp_init_open_channel",
    "MessageQueue.",
    "Multisig.",
    "OnDemand.",
    "Paras.remove_upgrade_cooldown",
    "Session.set_keys",
    "System.remark_with_event",
];

/// Calls that make their own calls with the origin that they have.
const SAME_ORIGIN: [&str; 3] = ["Utility.batch", "Utility.batch_all", "Utility.force_batch"];

/// Who must make a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Root of the chain.
    Root,
    /// An account; none: any.
    Signed(Option<String>),
    /// A para, by its number.
    Parachain(String),
    /// A text that is none of these: nothing reaches it.
    Other(String),
}

impl Origin {
    /// Reads `root`, `signed`, `signed:WHO`, `parachain:ID`.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text.split_once(':') {
            None if text == "root" => Self::Root,
            None if text == "signed" => Self::Signed(None),
            Some(("signed", who)) => Self::Signed(Some(who.to_owned())),
            Some(("parachain", id)) => Self::Parachain(id.to_owned()),
            _ => Self::Other(text.to_owned()),
        }
    }

    /// Why `wrappers`, inside out, do not reach this origin for `call`: one sentence that names those that do. None where
    /// they do, or where nothing is around the call but a batch: then whoever signs is told what is needed.
    #[must_use]
    pub fn refusal(&self, call: &Call, wrappers: &[Wrapper], ss58_prefix: u16) -> Option<String> {
        let outer: Vec<&Wrapper> =
            wrappers.iter().filter(|w| !matches!(w, Wrapper::None | Wrapper::Batch)).collect();
        let first = outer.first()?;
        let path = call.path();
        let acting = outer.iter().find_map(|w| acting(w));
        let as_root = outer.iter().any(|w| matches!(w, Wrapper::Sudo | Wrapper::Xcm { .. }));
        let with = format!("--wrap {}: {path}", first.kind());
        match (self, acting) {
            (Self::Root, Some(_)) if !outer.iter().any(|w| matches!(w, Wrapper::Sudo)) => {
                let who = acting.map(|a| a.ss58(ss58_prefix)).unwrap_or_default();
                Some(format!(
                    "{with} needs root, and these wrappers make it as {who}; put --wrap sudo before {}",
                    outer.iter().find(|w| acting_kind(w)).map_or("them", |w| w.kind())
                ))
            }
            (Self::Root, _) => refuses_root(call).map(|inner| {
                format!(
                    "{with} would run {inner} as Root, which it refuses (BadOrigin): it takes a signature or a \
                     para's origin; wrap it in Utility.dispatch_as, or sign it with --wrap none, proxy or multisig"
                )
            }),
            (Self::Signed(who), _) if as_root => {
                let who = who.clone().unwrap_or_else(|| "any account".to_owned());
                Some(format!(
                    "{with} must be signed by {who}, and Root signs nothing (BadOrigin); use --wrap none, or \
                     proxy:KIND@{who} or multisig:T@… that acts for it, without sudo and xcm"
                ))
            }
            (Self::Signed(Some(who)), Some(account)) if who.parse() != Ok(account) => {
                let acts = account.ss58(ss58_prefix);
                Some(format!(
                    "{with} must be signed by {who}, and these wrappers act for {acts}; name {who} in the wrapper, or \
                     {acts} in the parameters"
                ))
            }
            (Self::Signed(_), _) => None,
            (Self::Parachain(_) | Self::Other(_), _) => Some(format!(
                "{with} needs {self}, which no wrapper gives; Root reaches it by Utility.dispatch_as inside the call"
            )),
        }
    }
}

impl fmt::Display for Origin {
    /// Whose authority it is, in words.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => f.write_str("root"),
            Self::Signed(None) => f.write_str("a signature of any account"),
            Self::Signed(Some(who)) => write!(f, "a signature of {who}"),
            Self::Parachain(id) => write!(f, "the origin of para {id}"),
            Self::Other(text) => f.write_str(text),
        }
    }
}

fn acting_kind(wrapper: &Wrapper) -> bool {
    matches!(wrapper, Wrapper::Proxy { .. } | Wrapper::Multisig { .. })
}

/// The account that a wrapper acts for.
fn acting(wrapper: &Wrapper) -> Option<AccountId> {
    match wrapper {
        Wrapper::Proxy { real, .. } => Some(*real),
        Wrapper::Multisig { threshold, signatories } => Some(multisig_account(signatories, *threshold)),
        _ => None,
    }
}

/// The first call that runs with this call's origin and refuses Root.
fn refuses_root(call: &Call) -> Option<String> {
    let path = call.path();
    if SIGNED_ONLY.iter().any(|p| *p == path || p.ends_with('.') && path.starts_with(p)) {
        return Some(path);
    }
    if SAME_ORIGIN.contains(&path.as_str()) {
        return call.inner().into_iter().find_map(refuses_root);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::call::Node;

    const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
    const BOB: &str = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";

    fn call(path: &str) -> Call {
        let (pallet, name) = path.split_once('.').unwrap();
        Call { pallet: pallet.to_owned(), name: name.to_owned(), args: vec![] }
    }

    fn refusal(origin: &str, path: &str, wraps: &[&str]) -> Option<String> {
        let wrappers: Vec<Wrapper> = wraps.iter().map(|w| Wrapper::parse(w).unwrap()).collect();
        Origin::parse(origin).refusal(&call(path), &wrappers, 42)
    }

    #[test]
    fn each_origin_is_reached_by_its_wrappers_and_by_no_others() {
        let (alice, bob) = (format!("signed:{ALICE}"), format!("proxy:Any@{BOB}"));
        let (own, multi) = (format!("proxy:Any@{ALICE}"), format!("multisig:2@{ALICE},{BOB}"));
        let head = "Paras.force_set_current_head";
        for (origin, path, wraps, says) in [
            ("root", head, vec!["sudo"], None),
            ("root", head, vec!["sudo", &own, &multi], None),
            ("root", head, vec!["xcm:people"], None),
            ("root", head, vec!["xcm:people", "sudo", &multi], None),
            ("root", head, vec![], None),
            ("root", head, vec!["none"], None),
            ("root", head, vec!["batch"], None),
            ("root", head, vec![&own], Some("needs root, and these wrappers make it as")),
            ("root", head, vec![&multi], Some("put --wrap sudo before multisig")),
            ("root", head, vec!["xcm:people", &multi], Some("put --wrap sudo before multisig")),
            (&alice, "Proxy.add_proxy", vec![], None),
            (&alice, "Proxy.add_proxy", vec![&own], None),
            (&alice, "Proxy.add_proxy", vec!["batch", &own, &multi], None),
            (&alice, "Proxy.add_proxy", vec!["sudo"], Some("and Root signs nothing (BadOrigin)")),
            (&alice, "Proxy.add_proxy", vec!["xcm:people"], Some("and Root signs nothing")),
            (&alice, "Proxy.add_proxy", vec![&bob], Some("these wrappers act for 5FHneW46")),
            (&alice, "Proxy.add_proxy", vec![&multi], Some("these wrappers act for")),
            ("signed", "System.remark", vec![&bob], None),
            ("signed", "System.remark", vec!["sudo"], Some("must be signed by any account")),
            ("parachain:2000", "Hrmp.hrmp_close_channel", vec!["sudo"], Some("which no wrapper gives")),
            ("else", head, vec!["sudo"], Some("which no wrapper gives")),
            ("root", "Balances.transfer_keep_alive", vec!["sudo"], Some("refuses (BadOrigin)")),
            ("root", "MessageQueue.reap_page", vec!["xcm:people", "sudo"], Some("takes a signature")),
        ] {
            let found = refusal(origin, path, &wraps);
            match says {
                None => assert_eq!(found, None, "{origin} {wraps:?}"),
                Some(part) => {
                    let why = found.unwrap_or_else(|| panic!("{origin} {path} {wraps:?} is not refused"));
                    assert!(why.contains(part) && !why.contains('\n'), "{why}");
                }
            }
        }
    }

    #[test]
    fn a_batch_hands_its_origin_on_and_dispatch_as_does_not() {
        let around = |path: &str| {
            let mut outer = call(path);
            let inner = Node::Call(Box::new(call("Session.set_keys")));
            outer.args = vec![("calls".to_owned(), Node::List(vec![inner]))];
            outer
        };
        assert_eq!(refuses_root(&around("Utility.batch_all")).as_deref(), Some("Session.set_keys"));
        assert_eq!(refuses_root(&around("Utility.dispatch_as")), None);
        assert_eq!(Origin::parse("signed:5G").to_string(), "a signature of 5G");
        assert_eq!(Origin::parse("signed").to_string(), "a signature of any account");
    }
}
