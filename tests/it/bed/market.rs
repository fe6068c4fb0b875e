//! The market of cores in the test bed: system cores are reserved, one is leased, one is bought and can be renewed, one is a
//! region of bob's; a sale runs whose price falls.

use super::paras::found;
use super::{Bed, account};
use sereno::domain::coretime::{
    AutoRenewal, Coretime, Item, Lease, Load, Region, Renewal, Sale, Status, Terms,
};
use sereno::domain::para::Assigned;
use sereno::domain::{BlockRef, Fact, ParaId, UnixMs};

/// The timeslice of the bed's relay blocks.
const NOW: u64 = 12_345_600 / 80;

fn full(to: Assigned) -> Vec<Item> {
    vec![Item { to, parts: 57_600 }]
}

fn market(at: BlockRef, now: i64) -> Coretime {
    let task = |id| Assigned::Task(ParaId(id));
    let load = |(core, id): (u32, u32)| Load { core, begin: None, items: full(task(id)) };
    let cores = [(0, 1_000), (1, 1_002), (2, 1_004), (3, 1_005), (4, 2_000), (5, 2_034), (6, 2_100)];
    let region = Region {
        core: 6,
        begin: NOW - 100,
        end: NOW + 60,
        parts: 57_600,
        owner: Some(account(2)),
        paid: Some(52_000_000_000_000),
    };
    let (price, items) = (53_560_000_000_000, full(task(2_034)));
    let renewal = Renewal { core: 5, when: NOW + 10, price, items };
    Coretime {
        at,
        stamped: Some(UnixMs(now - 400)),
        relay_block: found("ParachainSystem.LastRelayChainBlockNumber", 12_345_600),
        timeslice: found("Broker.TimeslicePeriod", 80),
        layout: found("Broker storage version", 4),
        terms: found(
            "Broker.Configuration",
            Terms {
                advance_notice: 10,
                interlude: 50_400,
                leadin: 100_800,
                region_length: 5_040,
                most_offered: None,
                renewal_bump: 30_000_000,
            },
        ),
        status: found(
            "Broker.Status",
            Status { cores: 8, private_pool: 0, system_pool: 80, committed: NOW, last: NOW - 1 },
        ),
        sale: found(
            "Broker.SaleInfo",
            Sale {
                start: 12_270_000,
                leadin: 100_800,
                end_price: 5_000_000_000_000,
                region_begin: NOW + 1_260,
                region_end: NOW + 6_300,
                ideal: 4,
                offered: 4,
                sold: 3,
                first_core: 4,
                sellout_price: Some(52_000_000_000_000),
            },
        ),
        regions: found("Broker.Regions", vec![region]),
        workload: found("Broker.Workload", cores.map(load).to_vec()),
        workplan: found("Broker.Workplan", vec![]),
        reservations: found(
            "Broker.Reservations",
            [1_000, 1_002, 1_004, 1_005].map(|id| full(task(id))).to_vec(),
        ),
        leases: found("Broker.Leases", vec![Lease { task: 2_000, until: NOW + 3_000 }]),
        renewals: found("Broker.PotentialRenewals", vec![renewal]),
        auto_renewals: found(
            "Broker.AutoRenewals",
            vec![AutoRenewal { core: 5, task: 2_034, next: NOW + 10 }],
        ),
        pool: found("Broker.InstaPoolIo", vec![]),
        cut: vec![],
    }
}

impl Bed {
    /// The market is read in the state of this block of the Coretime chain.
    pub(super) fn tell_market(&mut self, at: BlockRef) {
        let source = self.endpoints("coretime").into_iter().next();
        let market = market(at, self.now);
        self.fact("coretime", source.as_ref(), Fact::Coretime(Box::new(market)));
    }
}
