//! What calls cost, asked of the runtime itself.
//!
//! In: composed calls. Out: weight and fee of each, or why they are not known.

use super::Stations;
use crate::chain::reader::Reader;
use crate::runbook::compose::{Composed, Composition, fee, payment_inputs, weight};
use crate::runbook::plan::{Cost, OWN};
use futures::future::join_all;

/// The runtime API that knows.
const API: &str = "TransactionPaymentCallApi";

/// What each call costs.
pub(super) async fn of(stations: &Stations<'_>, composition: &Composition) -> Vec<Cost> {
    join_all(composition.calls.iter().map(|made| async move {
        match stations.reader(&made.target, OWN) {
            Some(reader) => one(reader, made).await,
            None => unknown(&format!("{} was not read", made.target)),
        }
    }))
    .await
}

fn unknown(why: &str) -> Cost {
    Cost { weight: Err(why.to_owned()), fee: Err(why.to_owned()) }
}

/// What a call costs.
pub(super) async fn one(reader: &Reader, made: &Composed) -> Cost {
    let inputs = match payment_inputs(reader.runtime(), made) {
        Ok(inputs) => inputs,
        Err(why) => return unknown(&why),
    };
    let [(info, info_input), (details, details_input)] = inputs;
    let (info, details) = (format!("{API}_{info}"), format!("{API}_{details}"));
    let (info, details) =
        futures::join!(reader.api(&info, &info_input), reader.api(&details, &details_input));
    let runtime = reader.runtime();
    Cost {
        weight: info.map_err(|e| e.to_string()).and_then(|bytes| weight(runtime, &bytes)),
        fee: details.map_err(|e| e.to_string()).and_then(|bytes| fee(runtime, &bytes)),
    }
}
