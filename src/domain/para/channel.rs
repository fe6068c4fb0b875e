//! Channels between paras, who registered a para, and the accounts that it has.
//!
//! In: what the probe decoded. Out: plain values, and the derivation of sovereign accounts. Must not import anything but
//! sibling identifiers.

use super::{AccountId, Cited, Hash, Message, ParaId};
use serde::{Deserialize, Serialize};

/// An HRMP channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Channel {
    /// Who sends.
    pub sender: ParaId,
    /// Who receives.
    pub recipient: ParaId,
    /// What the relay keeps about it; absent where an index names a channel that does not exist.
    pub state: Cited<ChannelState>,
    /// Messages on their way; read only where they were asked for.
    pub contents: Cited<Vec<Message>>,
}

/// The state of an open channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelState {
    /// Most messages.
    pub max_capacity: u32,
    /// Most bytes, all messages together.
    pub max_total_size: u32,
    /// Most bytes of one message.
    pub max_message_size: u32,
    /// Messages on their way.
    pub msg_count: u32,
    /// Their bytes.
    pub total_size: u32,
    /// The end of the chain of hashes over all messages ever sent; none: no message yet.
    pub mqc_head: Option<Hash>,
}

/// A request for a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelRequest {
    /// Who would send.
    pub sender: ParaId,
    /// Who would receive.
    pub recipient: ParaId,
    /// True where the recipient agreed: it opens at the next session.
    pub confirmed: bool,
    /// Most messages.
    pub max_capacity: u32,
    /// Most bytes of one message.
    pub max_message_size: u32,
}

/// Who registered a para (`Registrar.Paras`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// The manager.
    pub manager: AccountId,
    /// What the manager has reserved, planck.
    pub deposit: u128,
    /// Whether the manager is locked out of head and code; none: never locked yet.
    pub locked: Option<bool>,
}

/// The account of a para on the relay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sovereign {
    /// The account.
    pub account: AccountId,
    /// What it may spend, planck.
    pub free: Cited<u128>,
}

/// The account of a para on its relay chain: `para`, its number, zeroes.
#[must_use]
pub fn child_account(para: ParaId) -> AccountId {
    account(*b"para", para)
}

/// The account of a para on other parachains: `sibl`, its number, zeroes.
#[must_use]
pub fn sibling_account(para: ParaId) -> AccountId {
    account(*b"sibl", para)
}

fn account(kind: [u8; 4], para: ParaId) -> AccountId {
    let [a, b, c, d] = kind;
    let [e, f, g, h] = para.0.to_le_bytes();
    let mut bytes = [0; 32];
    for (byte, value) in bytes.iter_mut().zip([a, b, c, d, e, f, g, h]) {
        *byte = value;
    }
    AccountId(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sovereign_accounts_are_those_that_the_relay_derives() {
        // Asset Hub's account on every relay chain, and on every parachain.
        let child = child_account(ParaId(1_000)).ss58(42);
        assert_eq!(child, "5Ec4AhPZk8STuex8Wsi9TwDtJQxKqzPJRCH7348Xtcs9vZLJ");
        assert_eq!(child_account(ParaId(2_000)).ss58(42), "5Ec4AhPUwPeyTFyuhGuBbD224mY85LKLMSqSSo33JYWCazU4");
        assert_eq!(
            sibling_account(ParaId(2_000)).ss58(42),
            "5Eg2fntJ27qsari4FGrGhrMqKFDRnkNSR6UshkZYBGXmSuC8"
        );
    }
}
