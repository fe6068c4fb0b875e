//! One para: which places of the state speak of it, and what they say.
//!
//! In: answers. Out: a [`Para`]. Item names of both generations of the relay runtime (ACTIONS §5 P1). Must not ask.

use super::look::{Answers, Asked, Look, Place};
use super::tree;
use crate::codec::header;
use crate::domain::call::Node;
use crate::domain::para::{
    Authorized, Book, Cited, Constraints, GoAhead, Head, Lifecycle, Message, Para, Pending, Registration,
    Sovereign, Upgrade, child_account, sibling_account,
};
use crate::domain::{Hash, ParaId, ids::to_hex};
use codec::Encode as _;

/// Maps by the number of the para.
const BY_PARA: [(&str, &str); 17] = [
    ("Paras", "ParaLifecycles"),
    ("Paras", "Heads"),
    ("Paras", "MostRecentContext"),
    ("Paras", "CurrentCodeHash"),
    ("Paras", "FutureCodeHash"),
    ("Paras", "FutureCodeUpgrades"),
    ("Paras", "UpgradeGoAheadSignal"),
    ("Paras", "UpgradeRestrictionSignal"),
    ("Paras", "AuthorizedCodeHash"),
    ("ParaInclusion", "V1"),
    ("ParaInclusion", "PendingAvailability"),
    ("Registrar", "Paras"),
    ("Dmp", "DownwardMessageQueues"),
    ("Dmp", "DownwardMessageQueueHeads"),
    ("Hrmp", "HrmpWatermarks"),
    ("Hrmp", "HrmpIngressChannelsIndex"),
    ("Hrmp", "HrmpEgressChannelsIndex"),
];

/// The para as an argument.
pub(super) fn arg(para: ParaId) -> Node {
    Node::Number(u128::from(para.0))
}

/// Its queue of messages to the relay, as an argument.
fn origin(para: ParaId) -> Node {
    let inside = |inner: Node| vec![("0".to_owned(), inner)];
    Node::Variant("Ump".to_owned(), inside(Node::Variant("Para".to_owned(), inside(arg(para)))))
}

/// Asks for everything about a para.
pub(super) fn ask(asked: &mut Asked<'_>, para: ParaId) {
    let number = [arg(para)];
    for (pallet, item) in BY_PARA {
        asked.place((pallet, item, &number));
    }
    asked.place(("MessageQueue", "BookStateFor", &[origin(para)]));
    asked.place(("System", "Account", &[Node::Account(child_account(para))]));
}

/// What the answers say of a para. `constraints` come from a runtime API, which not everyone asks.
pub(super) fn read(look: Look<'_>, told: &Answers<'_>, id: ParaId, constraints: Cited<Constraints>) -> Para {
    let number = [arg(id)];
    let at = |pallet: &'static str, item: &'static str| -> Place<'_> { (pallet, item, &number) };
    let account = child_account(id);
    let newer = look.runtime.storage_key("ParaInclusion", "V1", &[]).is_ok();
    let pending = if newer {
        told.cite(at("ParaInclusion", "V1"), |node| tree::all(node, candidate))
    } else {
        told.cite(at("ParaInclusion", "PendingAvailability"), |node| candidate(node).map(|c| vec![c]))
    };
    Para {
        id,
        lifecycle: told.cite(at("Paras", "ParaLifecycles"), lifecycle),
        head: told.cite(at("Paras", "Heads"), |node| tree::bytes(node).map(head)),
        context: told.cite(at("Paras", "MostRecentContext"), tree::number),
        code_hash: told.cite(at("Paras", "CurrentCodeHash"), tree::hash),
        upgrade: Upgrade {
            future_code: told.cite(at("Paras", "FutureCodeHash"), tree::hash),
            from: told.cite(at("Paras", "FutureCodeUpgrades"), tree::number),
            go_ahead: told.cite(at("Paras", "UpgradeGoAheadSignal"), go_ahead),
            restriction: told.cite(at("Paras", "UpgradeRestrictionSignal"), |_| Some(true)),
            authorized: told.cite(at("Paras", "AuthorizedCodeHash"), authorized),
        },
        pending,
        constraints,
        registration: told.cite(at("Registrar", "Paras"), registration),
        dmp: told.cite(at("Dmp", "DownwardMessageQueues"), |node| messages(node, "msg")),
        dmp_head: told.cite(at("Dmp", "DownwardMessageQueueHeads"), tree::hash),
        ump: told.cite(("MessageQueue", "BookStateFor", &[origin(id)]), book),
        watermark: told.cite(at("Hrmp", "HrmpWatermarks"), tree::number),
        inbound: told.cite(at("Hrmp", "HrmpIngressChannelsIndex"), |node| tree::all(node, tree::para)),
        outbound: told.cite(at("Hrmp", "HrmpEgressChannelsIndex"), |node| tree::all(node, tree::para)),
        sovereign: Sovereign {
            account,
            free: told.cite(("System", "Account", &[Node::Account(account)]), |node| {
                tree::planck(tree::field(tree::field(node, "data")?, "free")?)
            }),
        },
        sibling: sibling_account(id),
    }
}

fn lifecycle(node: &Node) -> Option<Lifecycle> {
    let name = tree::variant(node)?;
    Lifecycle::ALL.into_iter().find(|stage| stage.as_str() == name)
}

/// The head as its bytes say.
pub(super) fn head(bytes: &[u8]) -> Head {
    Head { data: to_hex(bytes), block: header::of_bytes(bytes).map(|h| h.at) }
}

fn go_ahead(node: &Node) -> Option<GoAhead> {
    match tree::variant(node)? {
        "GoAhead" => Some(GoAhead::GoAhead),
        "Abort" => Some(GoAhead::Abort),
        _ => None,
    }
}

fn authorized(node: &Node) -> Option<Authorized> {
    Some(Authorized {
        code_hash: tree::hash(tree::field(node, "code_hash")?)?,
        expires: tree::number_in(node, "expire_at")?,
    })
}

fn registration(node: &Node) -> Option<Registration> {
    Some(Registration {
        manager: tree::account(tree::field(node, "manager")?)?,
        deposit: tree::planck(tree::field(node, "deposit")?)?,
        locked: tree::option(tree::field(node, "locked")?, tree::boolean)?,
    })
}

fn candidate(node: &Node) -> Option<Pending> {
    Some(Pending {
        candidate: tree::hash(tree::field(node, "hash")?)?,
        core: tree::number_in(node, "core")?,
        group: tree::number_in(node, "backing_group")?,
        backed_in: tree::number_in(node, "backed_in_number")?,
        relay_parent: tree::number_in(node, "relay_parent_number")?,
        available: tree::bits(tree::field(node, "availability_votes")?)?,
        backers: tree::bits(tree::field(node, "backers")?)?,
    })
}

/// Messages whose bytes stand in the field `body`.
pub(super) fn messages(node: &Node, body: &str) -> Option<Vec<Message>> {
    let message = |node: &Node| {
        let bytes = tree::bytes(tree::field(node, body)?)?;
        Some(Message {
            sent_at: tree::number_in(node, "sent_at")?,
            bytes: u32::try_from(bytes.len()).ok()?,
            hash: Hash(sp_crypto_hashing::blake2_256(&bytes.encode())),
        })
    };
    tree::all(node, message)
}

fn book(node: &Node) -> Option<Book> {
    Some(Book {
        begin: tree::number_in(node, "begin")?,
        end: tree::number_in(node, "end")?,
        pages: tree::number_in(node, "count")?,
        messages: tree::number_in(node, "message_count")?,
        bytes: tree::number_in(node, "size")?,
    })
}

/// What `para_backing_state` says.
pub(super) fn constraints(node: &Node) -> Option<Constraints> {
    let state = tree::option(node, |inner| tree::field(inner, "constraints").cloned())??;
    let future = tree::option(tree::field(&state, "future_validation_code")?, |inner| {
        let (from, hash) = tree::pair(inner)?;
        Some((tree::number(from)?, tree::hash(hash)?))
    })?;
    Some(Constraints {
        min_relay_parent: tree::number_in(&state, "min_relay_parent_number")?,
        ump_remaining: tree::number_in(&state, "ump_remaining")?,
        ump_remaining_bytes: tree::number_in(&state, "ump_remaining_bytes")?,
        dmp_remaining: tree::list(tree::field(&state, "dmp_remaining_messages")?)?.len() as u64,
        code_hash: tree::hash(tree::field(&state, "validation_code_hash")?)?,
        restricted: tree::option(tree::field(&state, "upgrade_restriction")?, |_| Some(()))?.is_some(),
        future_code: future,
    })
}
