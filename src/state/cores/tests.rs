//! What a core is made of what two chains say, and what stays unknown.

use super::{Market, Now, Title, rows, words};
use crate::detectors::testbed::{Bed, RELAY, absent, cited, unread};
use crate::domain::coretime::{
    AutoRenewal, Coretime, Item, Lease, Load, Phase, Region, Renewal, Sale, Terms,
};
use crate::domain::para::{Assigned, Core, CoreWork, Cut, Occupied, Schedule};
use crate::domain::{AccountId, BlockRef, Fact, Hash, ParaId};

/// Relay blocks of a timeslice.
const SLICE: u64 = 10;

fn full(to: Assigned) -> Vec<Item> {
    vec![Item { to, parts: 57_600 }]
}

fn task(id: u32) -> Assigned {
    Assigned::Task(ParaId(id))
}

fn load(core: u32, to: Assigned) -> Load {
    Load { core, begin: None, items: full(to) }
}

fn market() -> Coretime {
    let region = |core, begin, end| Region {
        core,
        begin,
        end,
        parts: 57_600,
        owner: Some(AccountId([7; 32])),
        paid: Some(5),
    };
    let renewal = |core, when| Renewal { core, when, price: 11, items: full(task(2_000)) };
    Coretime {
        at: BlockRef { number: 900, hash: Hash::default() },
        stamped: None,
        relay_block: cited(58),
        timeslice: cited(SLICE),
        layout: cited(4),
        terms: cited(Terms {
            advance_notice: 3,
            interlude: 5,
            leadin: 10,
            region_length: 6,
            most_offered: None,
            renewal_bump: 0,
        }),
        status: absent(),
        sale: cited(Sale {
            start: 50,
            leadin: 20,
            end_price: 100,
            region_begin: 10,
            region_end: 16,
            ideal: 1,
            offered: 4,
            sold: 1,
            first_core: 2,
            sellout_price: None,
        }),
        regions: cited(vec![region(3, 4, 10), region(5, 10, 16)]),
        workload: cited(vec![
            load(0, task(1_000)),
            load(1, task(1_500)),
            load(2, task(2_000)),
            load(4, Assigned::Pool),
        ]),
        workplan: cited(vec![]),
        reservations: cited(vec![full(task(1_000))]),
        leases: cited(vec![Lease { task: 1_500, until: 40 }]),
        renewals: cited(vec![renewal(2, 3), renewal(2, 10), renewal(2, 16)]),
        auto_renewals: cited(vec![AutoRenewal { core: 2, task: 2_000, next: 10 }]),
        pool: cited(vec![]),
        cut: vec![],
    }
}

/// A relay at block 60 with this market.
fn bed(market: Option<Coretime>) -> Bed {
    let mut bed = Bed::family();
    bed.run(RELAY, 60);
    if let Some(market) = market {
        bed.fact("coretime", Some("a"), Fact::Coretime(Box::new(market)));
    }
    bed.paras(60, vec![], |paras| {
        let work = |core, to| CoreWork { core, parts: vec![(to, 57_600)], end_hint: None, queued: None };
        paras.work = cited(vec![work(0, task(1_000)), work(2, task(2_000)), work(4, Assigned::Pool)]);
        paras.claim_queue = cited(vec![(0, vec![ParaId(1_000)]), (2, vec![ParaId(2_000)])]);
        let on = Occupied { para: ParaId(1_000), since: 59, times_out: 65, group: 0 };
        paras.cores = cited(vec![Core::Occupied(on), Core::Free, Core::Scheduled(ParaId(2_000))]);
        let parts = vec![(Assigned::Idle, 57_600)];
        paras.schedules = cited(vec![Schedule { core: 4, begin: 90, end_hint: None, parts }]);
    });
    bed
}

/// A family that has a Coretime chain.
fn with_chain(bed: &Bed) -> crate::domain::Network {
    let mut network = bed.network.clone();
    let mut spec = network.chains[1].clone();
    spec.id = "coretime".into();
    spec.name = "Coretime".to_owned();
    network.chains.push(spec);
    network
}

fn titles(bed: &Bed) -> Vec<Option<String>> {
    let network = with_chain(bed);
    let market = Market::of(&network, &bed.store).unwrap();
    let word = |title: Title<'_>| match title {
        Title::Region(region) => format!("region to {}", region.end),
        other => format!("{other:?}"),
    };
    (0..6).map(|core| market.deal(core).title.map(word)).collect()
}

#[test]
fn each_core_is_called_by_how_the_market_gave_it_away() {
    let some = |words: [&str; 6]| words.map(|w| Some(w.to_owned())).to_vec();
    let wanted = some(["Reserved", "Leased(Some(400))", "Bought", "region to 10", "Pool", "Nobody"]);
    assert_eq!(titles(&bed(Some(market()))), wanted);
}

#[test]
fn what_was_cut_or_not_read_makes_nobody_of_no_core() {
    let blind = Coretime { workload: unread("late"), ..market() };
    let found = titles(&bed(Some(blind)));
    assert_eq!((&found[0], &found[4], &found[5]), (&None, &None, &None));
    assert_eq!(found[3].as_deref(), Some("region to 10"), "what was read stays");
    let cut = Cut { place: "Broker.Regions".to_owned(), read: 1_000, all: None };
    assert_eq!(titles(&bed(Some(Coretime { cut: vec![cut], ..market() })))[5], None);
}

#[test]
fn a_row_joins_the_relay_and_the_market_and_takes_the_first_end() {
    let bed = bed(Some(market()));
    let network = with_chain(&bed);
    let market = Market::of(&network, &bed.store).unwrap();
    let paras = bed.store.chain(&RELAY.into()).unwrap().parachains.value().unwrap();
    let rows = rows(paras, Some(market));
    let row = |core: u32| rows.iter().find(|r| r.index == core).unwrap();
    assert_eq!(
        (row(0).now, row(0).ends(), row(0).is_open()),
        (Some(Now::Occupied(ParaId(1_000))), None, true)
    );
    assert_eq!((row(1).now, row(1).queue, row(1).parts()), (Some(Now::Free), Some(&[][..]), Some(&[][..])));
    let renewal = row(2).deal.as_ref().unwrap();
    assert_eq!((row(2).ends(), renewal.renewal.unwrap().when), (Some(100), 10), "the next one that can come");
    assert_eq!(renewal.auto, Some(ParaId(2_000)));
    assert_eq!((row(4).ends(), row(4).next.map(|n| n.begin)), (Some(90), Some(90)));
    assert_eq!(row(2).para(), Some(ParaId(2_000)));
    assert_eq!((market.sale().unwrap().1, market.sale().unwrap().2), (Phase::Leadin, 1_000));
    assert_eq!(market.value().sale_end(), Some(97));
}

#[test]
fn without_a_market_the_relay_still_speaks_and_the_reason_is_said() {
    let bed = bed(None);
    let network = with_chain(&bed);
    assert_eq!(
        Market::of(&bed.network, &bed.store).unwrap_err(),
        "the profile has no Coretime chain, or it is not watched"
    );
    assert_eq!(Market::of(&network, &bed.store).unwrap_err(), "Coretime has not answered");
    let paras = bed.store.chain(&RELAY.into()).unwrap().parachains.value().unwrap();
    let rows = rows(paras, None);
    assert!(rows.iter().all(|r| r.deal.is_none()) && rows[0].parts().is_some());
}

#[test]
fn cores_whose_assignments_were_not_read_have_no_end_that_is_known() {
    let mut bed = bed(Some(market()));
    bed.paras(60, vec![], |paras| {
        paras.work = unread("no such storage");
        paras.claim_queue = unread("no such api");
        paras.cores = cited(vec![Core::Free]);
    });
    let paras = bed.store.chain(&RELAY.into()).unwrap().parachains.value().unwrap();
    let rows = rows(paras, None);
    let first = &rows[0];
    assert_eq!((first.now, first.queue, first.parts()), (Some(Now::Free), None, None));
    assert!(first.ends().is_none() && !first.is_open());
}

#[test]
fn a_shared_core_names_its_parts() {
    assert_eq!(words(&[(task(2_000), 57_600)]), "task 2000");
    assert_eq!(words(&[]), "idle");
    let shared = [(task(2_000), 28_800), (Assigned::Pool, 28_800)];
    assert_eq!(words(&shared), "task 2000 28800/57600, pool 28800/57600");
}
