//! Balances: what an account holds, what moved in a block, which accounts are watched.
//!
//! In: what a probe decoded, what the profile says. Out: plain values; amounts are planck unless they say otherwise. What was
//! not read is none, never zero. Must not import anything but sibling identifiers.

mod tokens;
pub mod watch;

pub use tokens::Tokens;

use super::{AccountId, BlockRef, Clean, Hash, ParaId};
use serde::{Deserialize, Serialize};

/// What a source says of balances.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BalanceFact {
    /// What moved in a block. Told after the block.
    Moved(BlockMoves),
    /// What watched accounts hold.
    Accounts(AccountsRead),
    /// Accounts that the chain itself names, and its existential deposit.
    Roles(Roles),
}

impl BalanceFact {
    /// As [`Fact::level_key`](super::Fact::level_key).
    #[must_use]
    pub fn level_key(&self) -> Option<String> {
        match self {
            Self::Moved(_) | Self::Accounts(_) => None,
            Self::Roles(_) => Some("balance-roles".to_owned()),
        }
    }
}

/// What happened to an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MoveKind {
    /// From one account to another.
    Transfer,
    /// To another chain or from it, kept in an account of the chain that it belongs to.
    ReserveTransfer,
    /// To another chain or from it, burned here and minted there.
    Teleport,
    /// Made out of nothing.
    Minted,
    /// Destroyed.
    Burned,
    /// Put into an account.
    Deposit,
    /// Taken from an account.
    Withdraw,
    /// The free balance was set to this.
    BalanceSet,
    /// An account began to exist with this.
    Endowed,
    /// An account ceased to exist with this left.
    DustLost,
    /// Reserved in place.
    Reserved,
    /// No longer reserved.
    Unreserved,
    /// Locked in place.
    Locked,
    /// No longer locked.
    Unlocked,
    /// Frozen in place.
    Frozen,
    /// No longer frozen.
    Thawed,
    /// Held in place.
    Held,
    /// No longer held.
    Released,
    /// Taken as a penalty.
    Slashed,
    /// A payout of staking.
    Reward,
    /// The total issuance was set by force; the amount is the difference.
    Issuance,
}

impl MoveKind {
    /// The word of JSON and screen.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Transfer => "transfer",
            Self::ReserveTransfer => "reserve-transfer",
            Self::Teleport => "teleport",
            Self::Minted => "minted",
            Self::Burned => "burned",
            Self::Deposit => "deposit",
            Self::Withdraw => "withdraw",
            Self::BalanceSet => "balance-set",
            Self::Endowed => "endowed",
            Self::DustLost => "dust-lost",
            Self::Reserved => "reserved",
            Self::Unreserved => "unreserved",
            Self::Locked => "locked",
            Self::Unlocked => "unlocked",
            Self::Frozen => "frozen",
            Self::Thawed => "thawed",
            Self::Held => "held",
            Self::Released => "released",
            Self::Slashed => "slashed",
            Self::Reward => "reward",
            Self::Issuance => "issuance",
        }
    }

    /// True where the amount changes hands, comes or goes; false where it only becomes more or less free in its account.
    #[must_use]
    pub fn changes_hands(self) -> bool {
        !matches!(
            self,
            Self::Endowed
                | Self::Reserved
                | Self::Unreserved
                | Self::Locked
                | Self::Unlocked
                | Self::Frozen
                | Self::Thawed
                | Self::Held
                | Self::Released
        )
    }
}

/// The chain at the other end of a movement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Peer {
    /// The relay chain.
    Relay,
    /// A para.
    Para(ParaId),
}

/// One half of a movement between two chains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leg {
    /// True on the chain that it leaves.
    pub sent: bool,
    /// The message's id, the same on both chains; none where the events carry none.
    pub message: Option<Hash>,
    /// The chain at the other end; none where the events do not tell.
    pub peer: Option<Peer>,
}

/// One movement, from one event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Movement {
    /// Place of the event among all events of the block.
    pub index: u32,
    /// The extrinsic that caused it.
    pub extrinsic: Option<u32>,
    /// What happened.
    pub kind: MoveKind,
    /// Whose it was, or whose it is where it did not change hands.
    pub from: Option<AccountId>,
    /// Whose it is now; of what was sent to another chain, for whom the message says it is.
    pub to: Option<AccountId>,
    /// How much, planck.
    pub amount: u128,
    /// The reason that the runtime gives for a hold.
    pub reason: Option<Clean>,
    /// Where it goes to another chain or comes from one.
    pub leg: Option<Leg>,
}

impl Movement {
    /// True where it is about this account.
    #[must_use]
    pub fn touches(&self, account: &AccountId) -> bool {
        self.from.as_ref() == Some(account) || self.to.as_ref() == Some(account)
    }

    /// The same movement in another block, after a reorganisation.
    #[must_use]
    pub fn is_again(&self, other: &Self) -> bool {
        (self.kind, self.from, self.to, self.amount) == (other.kind, other.from, other.to, other.amount)
    }
}

/// What moved in one block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockMoves {
    /// The block.
    pub at: BlockRef,
    /// The session of its state.
    pub session: Option<u32>,
    /// `Balances.TotalIssuance` in its state; none where it could not be read.
    pub issuance: Option<u128>,
    /// Minted for an era's end (`Staking.EraPaid`), planck.
    pub era_paid: u128,
    /// Came by teleport, planck.
    pub came: u128,
    /// Left by teleport, planck.
    pub left: u128,
    /// The movements that are kept: those of watched accounts first, then the largest; ascending by index.
    pub moves: Vec<Movement>,
    /// Movements that were only counted.
    pub left_out: u32,
}

/// Why a part of a balance is not free to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PartKind {
    /// `Balances.Holds`: part of what is reserved.
    Hold,
    /// `Balances.Reserves`: part of what is reserved, by name.
    Reserve,
    /// `Balances.Freezes`: keeps so much from going.
    Freeze,
    /// `Balances.Locks`: the same, the older way.
    Lock,
}

impl PartKind {
    /// One word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Reserve => "reserve",
            Self::Freeze => "freeze",
            Self::Lock => "lock",
        }
    }
}

/// A part of a balance that is not free to go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// How it is kept.
    pub kind: PartKind,
    /// The reason as the runtime names it: `Preimage(Preimage)`, `staking`.
    pub reason: Clean,
    /// Planck.
    pub amount: u128,
}

/// What an account holds, planck.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holding {
    /// False where the chain knows no such account: then all is truly zero.
    pub exists: bool,
    /// Free.
    pub free: u128,
    /// Reserved, on top of what is free.
    pub reserved: u128,
    /// So much of free and reserved together must stay.
    pub frozen: u128,
    /// Holds, reserves, freezes and locks; none where they were not read. Known to be empty where nothing is reserved or
    /// frozen.
    pub parts: Option<Vec<Part>>,
}

impl Holding {
    /// Free and reserved.
    #[must_use]
    pub fn total(&self) -> u128 {
        self.free.saturating_add(self.reserved)
    }

    /// What can be sent away: free less what must stay, which is the frozen part that is not reserved, at least the
    /// existential deposit.
    #[must_use]
    pub fn transferable(&self, existential_deposit: u128) -> u128 {
        let stays = self.frozen.saturating_sub(self.reserved).max(existential_deposit);
        self.free.saturating_sub(stays)
    }

    /// What is held (`Balances.Holds`); none where it was not read.
    #[must_use]
    pub fn held(&self) -> Option<u128> {
        let holds = self.parts.as_ref()?.iter().filter(|p| p.kind == PartKind::Hold);
        Some(holds.fold(0_u128, |sum, p| sum.saturating_add(p.amount)))
    }
}

/// What watched accounts hold in the state of one block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountsRead {
    /// The block.
    pub at: BlockRef,
    /// The accounts that were asked for.
    pub accounts: Vec<(AccountId, Holding)>,
}

/// Accounts that a chain itself names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roles {
    /// The treasury's; none where the chain has none.
    pub treasury: Option<AccountId>,
    /// The sudo key; none where there is none.
    pub sudo: Option<AccountId>,
    /// `Balances.ExistentialDeposit`, planck; none where it could not be read.
    pub existential_deposit: Option<u128>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_sent_away_is_free_less_what_must_stay() {
        let of = |free, reserved, frozen| Holding { exists: true, free, reserved, frozen, parts: None };
        for (holding, expected) in [
            (of(100, 0, 0), 90),
            (of(100, 0, 40), 60),
            (of(100, 30, 40), 90),
            (of(100, 10, 40), 70),
            (of(5, 0, 0), 0),
            (of(100, 0, 500), 0),
        ] {
            assert_eq!(holding.transferable(10), expected, "{holding:?}");
        }
    }

    #[test]
    fn holds_that_were_not_read_are_not_zero() {
        let part = |kind, amount| Part { kind, reason: Clean::of("x"), amount };
        let mut holding = Holding { exists: true, ..Holding::default() };
        assert_eq!(holding.held(), None);
        holding.parts = Some(vec![part(PartKind::Hold, 3), part(PartKind::Lock, 9), part(PartKind::Hold, 4)]);
        assert_eq!(holding.held(), Some(7));
    }
}
