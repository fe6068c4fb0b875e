//! The real Coretime runtime sets up its market in this process; what it stored is read back through a fake node.

use super::spec::{Chain, call, node};
use crate::chain::bed::{Bed, Options};
use crate::faultd::{Chain as Scripted, FakeRuntime, Node};
use serde_json::json;
use sereno::domain::coretime::Phase;
use sereno::domain::ids::to_hex;
use sereno::domain::{ChainKind, Fact, ParaId};
use sereno::rehearse::Origin;

/// Runs calls of root one after the other; the state holds what each of them changed.
fn started(chain: &mut Chain) -> serde_json::Value {
    let config = json!({
        "advance_notice": 10, "interlude_length": 50, "leadin_length": 100, "region_length": 1_260,
        "ideal_bulk_proportion": 1_000_000_000_u32, "limit_cores_offered": null,
        "renewal_bump": 30_000_000_u32, "contribution_timeout": 1_260,
    });
    let found = chain.run(Origin::Root, &call("Broker.configure", &[("config", node(&config))]));
    chain.apply(&found);
    let lease = [("task", node(&json!(2_000))), ("until", node(&json!(1_300)))];
    let found = chain.run(Origin::Root, &call("Broker.set_lease", &lease));
    chain.apply(&found);
    let whole = "0xffffffffffffffffffff";
    let system = json!([{ "mask": whole, "assignment": { "Task": 1_000 } }]);
    let found = chain.run(Origin::Root, &call("Broker.reserve", &[("workload", node(&system))]));
    chain.apply(&found);
    let sale = [("end_price", node(&json!("100000000000"))), ("extra_cores", node(&json!(3)))];
    let found = chain.run(Origin::Root, &call("Broker.start_sales", &sale));
    chain.apply(&found);
    let json = serde_json::to_value(&found).unwrap();
    let events = json["events"].as_array().unwrap().clone();
    events.into_iter().find(|e| e["name"] == "SaleInitialized").expect("a sale")["fields"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_market_that_the_real_runtime_set_up_is_read_as_its_own_event_tells_it() {
    let name = "a_market_that_the_real_runtime_set_up_is_read_as_its_own_event_tells_it";
    let Some(mut chain) = Chain::find(name, "coretime") else { return };
    let event = started(&mut chain);
    let scripted = Scripted::new(FakeRuntime::coretime());
    let prefix = chain.runtime.key("Broker", "SaleInfo").unwrap()[..16].to_vec();
    let stored = chain.top.iter().filter(|(key, _)| key.starts_with(&prefix));
    stored.for_each(|(key, value)| scripted.write(&to_hex(key), Some(to_hex(value))));
    scripted.advance(5);
    let a = Node::start(&scripted).await;
    let options = Options { kind: ChainKind::Para(ParaId(1_005)), ..Options::default() };
    let bed = Bed::with(vec![a.url()], &options);
    let is_told =
        |seen: &[sereno::domain::Observation]| seen.iter().any(|o| matches!(o.fact, Fact::Coretime(_)));
    bed.until("the market", 10, is_told).await;
    let market = bed.seen().into_iter().find_map(|o| match o.fact {
        Fact::Coretime(market) => Some(*market),
        _ => None,
    });
    let market = market.expect("it was told");
    let sale = market.sale.value().expect("the sale");
    assert_eq!(market.layout.value(), Some(&4), "the blocks of a sale are the relay's");
    assert_eq!(event["start_price"], json!(sale.price(sale.start).to_string()), "a hundredfold at the start");
    assert_eq!(event["end_price"], json!(sale.end_price.to_string()));
    assert_eq!((&event["sale_start"], &event["leadin_length"]), (&json!(sale.start), &json!(sale.leadin)));
    assert_eq!(
        (&event["region_begin"], &event["region_end"], &event["cores_offered"]),
        (&json!(sale.region_begin), &json!(sale.region_end), &json!(sale.offered))
    );
    assert_eq!(sale.phase(sale.start - 1), Phase::Interlude);
    assert_eq!(market.sale_end(), Some(sale.region_begin * 80 - 10));
    assert_eq!(market.reservations.value().map(|all| all[0][0].parts), Some(57_600));
    assert_eq!(market.status.value().map(|status| status.cores), Some(5));
    assert!(market.workplan.value().is_some_and(|plan| plan.iter().any(|load| load.begin.is_some())));
}
