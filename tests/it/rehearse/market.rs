//! dump
use super::spec::{Chain, call, node, unpacked};
use serde_json::json;
use sereno::rehearse::Origin;

#[test]
fn dump() {
    let Some(chain) = Chain::find("dump", "coretime") else { return };
    let config = json!({ "advance_notice": 10, "interlude_length": 50, "leadin_length": 100, "region_length": 1260,
        "ideal_bulk_proportion": 1_000_000_000u32, "limit_cores_offered": null, "renewal_bump": 30_000_000u32, "contribution_timeout": 1260 });
    let found = chain.run(Origin::Root, &call("Broker.configure", &[("config", node(&config))]));
    println!("{}", serde_json::to_string_pretty(&serde_json::to_value(&found).unwrap()["diff"]).unwrap());
    let mut chain = chain;
    chain.apply(&found);
    let found = chain.run(
        Origin::Root,
        &call(
            "Broker.start_sales",
            &[("end_price", node(&json!("100000000000"))), ("extra_cores", node(&json!(3)))],
        ),
    );
    println!("{}", serde_json::to_string_pretty(&serde_json::to_value(&found).unwrap()).unwrap());
    let _ = unpacked;
}
