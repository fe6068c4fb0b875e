//! What accounts hold, the issuance, and the accounts that a chain names.
//!
//! In: storage. Out: domain values. A bare reading is one key an account; a whole one has its holds, reserves, freezes and locks
//! too. One request, whatever is asked. Must not decide who is read, or when.

use super::super::transport::LinkError;
use super::paras::Look;
use super::{State, query};
use crate::codec::{CodecError, Runtime};
use crate::domain::balance::watch::pallet_account;
use crate::domain::balance::{AccountsRead, Holding, Part, PartKind, Roles};
use crate::domain::call::Node;
use crate::domain::{AccountId, Clean};
use scale_decode::DecodeAsType;

/// Plain items that are read with every block.
pub(super) const PLAIN: &[(&str, &str)] = &[("Balances", "TotalIssuance"), ("Sudo", "Key")];

/// Keys of a whole reading of one account.
pub(in crate::chain) const WHOLE: usize = 1 + PARTS.len();
/// Parts of a balance that are kept.
const MAX_PARTS: usize = 32;

const PARTS: [(PartKind, &str); 4] = [
    (PartKind::Hold, "Holds"),
    (PartKind::Reserve, "Reserves"),
    (PartKind::Freeze, "Freezes"),
    (PartKind::Lock, "Locks"),
];

/// True where the chain keeps balances.
pub(super) fn are_on(runtime: &Runtime) -> bool {
    runtime.key("Balances", "TotalIssuance").is_ok()
}

/// The total issuance; none where it cannot be read.
pub(super) fn issuance(runtime: &Runtime, state: &State) -> Option<u128> {
    let key = runtime.key("Balances", "TotalIssuance").ok()?;
    runtime.storage("Balances", "TotalIssuance", state.get(&key)).ok()
}

/// The accounts that the chain names; none where it keeps no balances.
pub(super) fn roles(runtime: &Runtime, state: &State) -> Option<Roles> {
    if !are_on(runtime) {
        return None;
    }
    let constant = |name: &str| runtime.constant::<[u8; 32]>("Treasury", name).ok().map(AccountId);
    let derived = || runtime.constant::<[u8; 8]>("Treasury", "PalletId").ok().map(pallet_account);
    let sudo = runtime.key("Sudo", "Key").ok().and_then(|key| {
        let bytes = state.get(&key)?;
        runtime.storage::<[u8; 32]>("Sudo", "Key", Some(bytes)).ok().map(AccountId)
    });
    Some(Roles {
        treasury: constant("pot_account").or_else(derived),
        sudo,
        existential_deposit: runtime.constant::<u128>("Balances", "ExistentialDeposit").ok(),
    })
}

#[derive(DecodeAsType)]
struct AccountInfo {
    data: AccountData,
}

#[derive(DecodeAsType)]
struct AccountData {
    free: u128,
    reserved: u128,
    frozen: u128,
}

/// Reads accounts in the state of one block: `whole` ones with their parts, `bare` ones without.
///
/// # Errors
/// The link. Inside: what does not decode.
pub(in crate::chain) async fn read(
    look: Look<'_>,
    whole: &[AccountId],
    bare: &[AccountId],
) -> Result<Result<AccountsRead, Clean>, LinkError> {
    let runtime = look.runtime;
    let mut keys = Vec::with_capacity(whole.len() * WHOLE + bare.len());
    for account in whole.iter().chain(bare) {
        match runtime.map_key("System", "Account", &account.0) {
            Ok(key) => keys.push(key),
            Err(e) => return Ok(Err(Clean::of(&e.to_string()))),
        }
    }
    for account in whole {
        keys.extend(PARTS.iter().filter_map(|(_, item)| runtime.map_key("Balances", item, &account.0).ok()));
    }
    let state = query(look.rpc, &keys, look.at.hash).await?;
    let mut accounts = Vec::with_capacity(whole.len() + bare.len());
    let asked = whole.iter().map(|a| (a, true)).chain(bare.iter().map(|a| (a, false)));
    for (account, is_whole) in asked {
        match holding(runtime, &state, account, is_whole) {
            Ok(holding) => accounts.push((*account, holding)),
            Err(e) => return Ok(Err(Clean::of(&e.to_string()))),
        }
    }
    Ok(Ok(AccountsRead { at: look.at, accounts }))
}

fn holding(
    runtime: &Runtime,
    state: &State,
    account: &AccountId,
    is_whole: bool,
) -> Result<Holding, CodecError> {
    let key = runtime.map_key("System", "Account", &account.0)?;
    let Some(bytes) = state.get(&key) else {
        return Ok(Holding { parts: Some(vec![]), ..Holding::default() });
    };
    let AccountData { free, reserved, frozen } =
        runtime.storage::<AccountInfo>("System", "Account", Some(bytes))?.data;
    let mut holding = Holding { exists: true, free, reserved, frozen, parts: None };
    if reserved == 0 && frozen == 0 {
        holding.parts = Some(vec![]);
    } else if is_whole {
        holding.parts = parts(runtime, state, account);
    }
    Ok(holding)
}

/// Holds, reserves, freezes and locks; none where one of them does not decode.
fn parts(runtime: &Runtime, state: &State, account: &AccountId) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    for (kind, item) in PARTS {
        // A runtime without the item has none of these.
        let Ok(key) = runtime.map_key("Balances", item, &account.0) else { continue };
        let Some(bytes) = state.get(&key) else { continue };
        let node = runtime.storage_node("Balances", item, Some(bytes)).ok()??;
        let Node::List(entries) = node else { return None };
        for entry in entries {
            let Node::Fields(fields) = entry else { return None };
            let get = |name: &str| fields.iter().find(|(n, _)| n == name).map(|(_, node)| node);
            let Some(Node::Number(amount)) = get("amount") else { return None };
            parts.push(Part { kind, reason: Clean::of(&reason(get("id")?)), amount: *amount });
        }
    }
    parts.truncate(MAX_PARTS);
    Some(parts)
}

/// `Preimage(Preimage)`, `staking`: the runtime's own word.
fn reason(id: &Node) -> String {
    match id {
        Node::Variant(name, fields) => match fields.first() {
            Some((_, inner)) => format!("{name}({})", reason(inner)),
            None => name.clone(),
        },
        Node::Bytes(bytes) => {
            let text: String = String::from_utf8_lossy(bytes).trim().to_owned();
            text.trim_end_matches('\0').to_owned()
        }
        Node::Text(text) => text.clone(),
        Node::Number(n) => n.to_string(),
        Node::Fields(fields) => fields.first().map(|(_, inner)| reason(inner)).unwrap_or_default(),
        Node::Nothing => "none".to_owned(),
        _ => "?".to_owned(),
    }
}
