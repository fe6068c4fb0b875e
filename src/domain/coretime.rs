//! The market of cores on the Coretime chain: the sale that runs, regions, what cores are given to, renewals, leases.
//!
//! In: what the probe decoded at one block of that chain. Out: plain values in three states, and pure answers over them: which
//! phase a sale is in, what a core costs now, when the sale ends. Blocks of regions are the relay's (RFC-1). Must not import
//! anything but sibling identifiers.

use super::para::{Assigned, Cited, Cut};
use super::{AccountId, BlockRef, UnixMs};
use serde::{Deserialize, Serialize};

/// The id of the Coretime chain in every profile.
pub const CHAIN: &str = "coretime";

/// The pallet's storage version from which on the blocks of a sale are the relay's; the chain's own before.
const RELAY_BLOCKS_SINCE: u16 = 4;

/// How the market is set up (`Broker.Configuration`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Relay blocks before a timeslice begins at which its assignments are sent to the relay.
    pub advance_notice: u64,
    /// Blocks at the beginning of a sale in which only renewals are sold.
    pub interlude: u64,
    /// Blocks in which the price falls.
    pub leadin: u64,
    /// Timeslices of a region.
    pub region_length: u64,
    /// Most cores that a sale offers; none: no limit.
    pub most_offered: Option<u32>,
    /// What a renewal costs more than the last time, parts of 1 000 000 000.
    pub renewal_bump: u64,
}

/// Where the market stands (`Broker.Status`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Cores that the market has.
    pub cores: u32,
    /// Parts of cores that others put into the pool for single blocks, 80 a core.
    pub private_pool: u32,
    /// Parts of cores that the system put there.
    pub system_pool: u32,
    /// The last timeslice whose assignments were sent to the relay.
    pub committed: u64,
    /// The last timeslice that the chain has seen.
    pub last: u64,
}

/// The sale that runs (`Broker.SaleInfo`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sale {
    /// The block from which on anyone may buy.
    pub start: u64,
    /// Blocks from then on in which the price falls.
    pub leadin: u64,
    /// The price once it has fallen, planck.
    pub end_price: u128,
    /// The first timeslice of the regions on sale.
    pub region_begin: u64,
    /// The timeslice after their last one.
    pub region_end: u64,
    /// Cores that should be sold.
    pub ideal: u32,
    /// Cores on sale.
    pub offered: u32,
    /// Cores that are sold.
    pub sold: u32,
    /// The first core on sale.
    pub first_core: u32,
    /// What the last core was sold for, planck; none: none was sold.
    pub sellout_price: Option<u128>,
}

/// Where a sale stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Only renewals are sold.
    Interlude,
    /// The price falls.
    Leadin,
    /// The price stays.
    Fixed,
}

impl Phase {
    /// What it is called.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Interlude => "renewals only",
            Self::Leadin => "price falls",
            Self::Fixed => "fixed price",
        }
    }
}

impl Sale {
    /// The phase at a block.
    #[must_use]
    pub fn phase(&self, now: u64) -> Phase {
        if now < self.start {
            Phase::Interlude
        } else if now < self.start.saturating_add(self.leadin) {
            Phase::Leadin
        } else {
            Phase::Fixed
        }
    }

    /// What a core costs at a block, planck: 100 times the end price at the start, 10 times in the middle of the lead-in, in two
    /// straight lines (`MinimumPrice` and `CenterTargetPrice` of pallet-broker; Paseo uses the former).
    #[must_use]
    pub fn price(&self, now: u64) -> u128 {
        let gone = u128::from(now.saturating_sub(self.start).min(self.leadin));
        let Some(through) = gone.saturating_mul(1_000_000_000).checked_div(u128::from(self.leadin)) else {
            return self.end_price;
        };
        let one = 1_000_000_000_u128;
        let factor = if through.saturating_mul(2) <= one {
            one.saturating_mul(100).saturating_sub(through.saturating_mul(180))
        } else {
            one.saturating_mul(19).saturating_sub(through.saturating_mul(18))
        };
        // First the whole part, so that nothing overflows that fits.
        let (whole, rest) = (self.end_price / one, self.end_price % one);
        whole.saturating_mul(factor).saturating_add(rest.saturating_mul(factor) / one)
    }

    /// Cores that can still be bought.
    #[must_use]
    pub fn left(&self) -> u32 {
        self.offered.saturating_sub(self.sold)
    }
}

/// What a part of a core is given to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// To whom.
    pub to: Assigned,
    /// Parts of 57 600.
    pub parts: u32,
}

/// A right to use a core (`Broker.Regions`). One that was assigned for good is no region any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Region {
    /// The core.
    pub core: u32,
    /// Its first timeslice.
    pub begin: u64,
    /// The timeslice after its last one.
    pub end: u64,
    /// Parts of 57 600.
    pub parts: u32,
    /// Whose it is; none: nobody's.
    pub owner: Option<AccountId>,
    /// What was paid for it, planck.
    pub paid: Option<u128>,
}

/// What a core is given to (`Broker.Workload`, `Broker.Workplan`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Load {
    /// The core.
    pub core: u32,
    /// From which timeslice on; none: now.
    pub begin: Option<u64>,
    /// To whom.
    pub items: Vec<Item>,
}

/// A lease of old (`Broker.Leases`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The para.
    pub task: u32,
    /// The timeslice after its last one.
    pub until: u64,
}

/// A core that may be kept without a sale (`Broker.PotentialRenewals`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renewal {
    /// The core.
    pub core: u32,
    /// The timeslice from which on it would be kept.
    pub when: u64,
    /// What that costs, planck.
    pub price: u128,
    /// What the core would be given to; empty: parts of it have still to be assigned before it can be renewed.
    pub items: Vec<Item>,
}

/// A core that is renewed by itself (`Broker.AutoRenewals`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AutoRenewal {
    /// The core.
    pub core: u32,
    /// The para that pays.
    pub task: u32,
    /// The timeslice of the next renewal.
    pub next: u64,
}

/// A change of the pool for single blocks (`Broker.InstaPoolIo`), parts of cores, 80 a core.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolChange {
    /// At which timeslice.
    pub at: u64,
    /// What others add or take.
    pub private: i64,
    /// What the system adds or takes.
    pub system: i64,
}

/// The market in the state of one block of the Coretime chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coretime {
    /// The block.
    pub at: BlockRef,
    /// Its own timestamp; none where it has none.
    pub stamped: Option<UnixMs>,
    /// The relay block on which it was built.
    pub relay_block: Cited<u64>,
    /// Relay blocks of a timeslice.
    pub timeslice: Cited<u64>,
    /// The version of the pallet's storage.
    pub layout: Cited<u16>,
    /// How the market is set up; absent: it never was.
    pub terms: Cited<Terms>,
    /// Where it stands; absent: no sale was ever started.
    pub status: Cited<Status>,
    /// The sale that runs; absent: none was ever started.
    pub sale: Cited<Sale>,
    /// Regions.
    pub regions: Cited<Vec<Region>>,
    /// What the cores are given to now.
    pub workload: Cited<Vec<Load>>,
    /// What they will be given to.
    pub workplan: Cited<Vec<Load>>,
    /// Cores that are reserved, by what they are given to.
    pub reservations: Cited<Vec<Vec<Item>>>,
    /// Leases of old.
    pub leases: Cited<Vec<Lease>>,
    /// Cores that may be kept.
    pub renewals: Cited<Vec<Renewal>>,
    /// Cores that are kept by themselves.
    pub auto_renewals: Cited<Vec<AutoRenewal>>,
    /// Changes of the pool to come.
    pub pool: Cited<Vec<PoolChange>>,
    /// Lists that are longer than what was read of them.
    pub cut: Vec<Cut>,
}

impl Coretime {
    /// The relay block with which a timeslice begins; none where the length of a timeslice is not known.
    #[must_use]
    pub fn block_of(&self, timeslice: u64) -> Option<u64> {
        timeslice.checked_mul(*self.timeslice.value()?)
    }

    /// The timeslice in which a relay block lies.
    #[must_use]
    pub fn timeslice_of(&self, relay_block: u64) -> Option<u64> {
        relay_block.checked_div(*self.timeslice.value()?)
    }

    /// The block by which a sale counts: the relay's, or on an old pallet the chain's own. None where it is not known which.
    #[must_use]
    pub fn sale_clock(&self, relay_block: Option<u64>) -> Option<u64> {
        match *self.layout.value()? {
            RELAY_BLOCKS_SINCE.. => relay_block.or_else(|| self.relay_block.value().copied()),
            _ => Some(self.at.number),
        }
    }

    /// The relay block at which the sale ends and the next one begins: as soon as the first timeslice of its regions is sent
    /// to the relay.
    #[must_use]
    pub fn sale_end(&self) -> Option<u64> {
        let begins = self.block_of(self.sale.value()?.region_begin)?;
        Some(begins.saturating_sub(self.terms.value()?.advance_notice))
    }

    /// The regions on a core at a timeslice. None where regions were not read.
    pub fn regions_of(&self, core: u32, timeslice: u64) -> Option<impl Iterator<Item = &Region>> {
        let regions = super::store::paras::listed(&self.regions)?.iter();
        Some(regions.filter(move |r| r.core == core && r.begin <= timeslice && timeslice < r.end))
    }

    /// How far a list was cut, by the name of its place.
    #[must_use]
    pub fn cut_of(&self, place: &str) -> Option<&Cut> {
        self.cut.iter().find(|cut| cut.place == place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::para::Found;

    fn sale() -> Sale {
        Sale {
            start: 1_000,
            leadin: 400,
            end_price: 10_000_000_000_001,
            region_begin: 100,
            region_end: 200,
            ideal: 2,
            offered: 5,
            sold: 3,
            first_core: 4,
            sellout_price: None,
        }
    }

    fn cited<T>(value: T) -> Cited<T> {
        Cited { name: String::new(), key: String::new(), found: Found::Value(value) }
    }

    #[test]
    fn the_price_falls_from_a_hundredfold_over_tenfold_to_the_end_price() {
        let sale = sale();
        let times = |n: u128| sale.end_price * n;
        assert_eq!((sale.price(0), sale.price(1_000)), (times(100), times(100)));
        assert_eq!(sale.price(1_100), times(55));
        assert_eq!(sale.price(1_200), times(10));
        assert_eq!(sale.price(1_300), times(11) / 2);
        assert_eq!((sale.price(1_400), sale.price(u64::MAX)), (times(1), times(1)));
        assert_eq!(Sale { leadin: 0, ..sale }.price(5), sale.end_price);
        assert_eq!(Sale { end_price: u128::MAX, ..sale }.price(1_400), u128::MAX);
    }

    #[test]
    fn a_sale_goes_through_three_phases_and_what_is_left_is_never_negative() {
        let sale = sale();
        let phases = [999, 1_000, 1_399, 1_400].map(|now| sale.phase(now));
        assert_eq!(phases, [Phase::Interlude, Phase::Leadin, Phase::Leadin, Phase::Fixed]);
        assert_eq!((sale.left(), Sale { sold: 9, ..sale }.left()), (2, 0));
    }

    #[test]
    fn the_sale_ends_before_its_regions_begin_and_an_old_pallet_counts_its_own_blocks() {
        let unread = Cited { name: String::new(), key: String::new(), found: Found::Unread("late".into()) };
        let terms = Terms {
            advance_notice: 10,
            interlude: 0,
            leadin: 0,
            region_length: 100,
            most_offered: None,
            renewal_bump: 0,
        };
        let region = |core, begin, end| Region { core, begin, end, parts: 57_600, owner: None, paid: None };
        let market = Coretime {
            at: BlockRef { number: 77, hash: super::super::Hash::default() },
            stamped: None,
            relay_block: cited(4_000),
            timeslice: cited(80),
            layout: cited(4),
            terms: cited(terms),
            status: none_of(),
            sale: cited(sale()),
            regions: cited(vec![region(4, 90, 110), region(5, 90, 110)]),
            workload: none_of(),
            workplan: none_of(),
            reservations: none_of(),
            leases: none_of(),
            renewals: none_of(),
            auto_renewals: none_of(),
            pool: none_of(),
            cut: vec![],
        };
        assert_eq!(market.sale_end(), Some(100 * 80 - 10));
        assert_eq!((market.sale_clock(Some(4_003)), market.sale_clock(None)), (Some(4_003), Some(4_000)));
        assert_eq!((market.timeslice_of(8_001), market.block_of(3)), (Some(100), Some(240)));
        assert_eq!(market.regions_of(4, 109).unwrap().count(), 1);
        assert_eq!(market.regions_of(4, 110).unwrap().count(), 0);
        let old = Coretime { layout: cited(3), terms: none_of(), regions: unread, ..market.clone() };
        assert_eq!((old.sale_clock(Some(4_003)), old.sale_end()), (Some(77), None));
        assert!(old.regions_of(4, 100).is_none(), "not read is not nobody");
        assert_eq!(Coretime { timeslice: cited(0), ..market }.timeslice_of(5), None);
    }

    fn none_of<T>() -> Cited<T> {
        Cited { name: String::new(), key: String::new(), found: Found::Absent }
    }
}
