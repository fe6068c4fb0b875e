//! Parachains in the state of one relay block: every place that speaks of them, in a handful of requests.
//!
//! In: a connection, a block and its runtime. Out: [`Paras`], whose values all say where they were read. What this runtime
//! does not have is unread with that reason (ACTIONS §5 P1), never zero. Must not judge.

pub(in crate::chain) mod coretime;
pub(super) mod look;
mod one;
mod own;
pub(super) mod tree;
mod whole;

pub(in crate::chain) use look::Look;

use super::super::reader::Reader;
use super::super::transport::LinkError;
use crate::codec::hex_key;
use crate::domain::para::{Cited, Constraints, Cut, Found, Head, OwnEnd, Paras};
use crate::domain::{ChainId, ParaId};
use look::{Answers, unread};
use std::collections::BTreeSet;

/// The runtime API of a relay about its paras.
const HOST: &str = "ParachainHost";

impl Reader {
    /// What this relay's state says of its paras: of all that are registered (at most 1 000, without what only a runtime
    /// API tells of each), or of one with everything.
    ///
    /// # Errors
    /// The link is broken.
    pub async fn paras(&self, only: Option<ParaId>) -> Result<Paras, LinkError> {
        read(self.look(), only).await
    }

    /// What this para's node says of itself, held against the head that the relay has.
    ///
    /// # Errors
    /// The link is broken.
    pub async fn own_end(&self, chain: ChainId, relay_head: &Cited<Head>) -> Result<OwnEnd, LinkError> {
        own::read(self.look(), chain, relay_head).await
    }
}

/// Reads the paras: of all that are registered what is stored, of one everything.
///
/// # Errors
/// The link is broken.
pub(in crate::chain) async fn read(look: Look<'_>, only: Option<ParaId>) -> Result<Paras, LinkError> {
    let (registered, rest) = registered(look, only).await?;
    let ids: Vec<ParaId> = match only {
        Some(para) => vec![para],
        None => registered.value().cloned().unwrap_or_default(),
    };
    let mut asked = look.ask();
    whole::ask(&mut asked);
    ids.iter().for_each(|para| one::ask(&mut asked, *para));
    let told = asked.read().await?;

    let schedules = look.entries("ParaScheduler", "CoreSchedules").await?;
    let lists = whole::Lists::of(&told, schedules);
    let links = links(&told, look, &ids);
    let mut asked = look.ask();
    lists.ask(&mut asked);
    links.iter().for_each(|(id, contents)| whole::ask_channel(&mut asked, *id, only.is_some() && *contents));
    let more = asked.read().await?;

    let claims = async {
        if look.runtime.has_api(HOST, "claim_queue") {
            look.api((HOST, "claim_queue"), &[], whole::claims).await
        } else {
            Ok(whole::stored_claims(&told))
        }
    };
    let (claim_queue, cores, constraints) = futures::try_join!(
        claims,
        look.api((HOST, "availability_cores"), &[], whole::cores),
        constraints(look, only)
    )?;
    let [upcoming, forced, cooldowns] = whole::upgrades(&told);
    let para = |id: &ParaId| (*id, one::read(look, &told, *id, constraints.clone()));
    Ok(Paras {
        at: look.at,
        stamped: whole::stamped(&told),
        session: whole::session(&told),
        limits: whole::limits(&told),
        existential_deposit: existential_deposit(look),
        claim_queue,
        cores,
        work: whole::work(&told),
        schedules: lists.schedules(&more),
        on_demand: whole::on_demand(&told),
        spot_price: whole::spot_price(&told),
        groups: whole::groups(look, &told),
        validators: whole::validators(&told),
        disabled: whole::disabled(&told),
        channels: links.iter().map(|(id, _)| whole::channel(&more, *id)).collect(),
        requests: lists.requests(&more),
        closing: whole::closing(&told),
        pvf_votes: lists.votes(&more),
        frozen: whole::frozen(&told),
        actions: lists.actions(&more),
        upcoming,
        forced,
        cooldowns,
        registered,
        cut: rest.into_iter().chain(lists.cuts()).collect(),
        paras: ids.iter().map(para).collect(),
    })
}

/// All paras that have a lifecycle, and what was left out.
async fn registered(
    look: Look<'_>,
    only: Option<ParaId>,
) -> Result<(Cited<Vec<ParaId>>, Option<Cut>), LinkError> {
    let mut cut = None;
    let name = "Paras.ParaLifecycles".to_owned();
    let key = look.runtime.storage_key("Paras", "ParaLifecycles", &[]).map(|key| hex_key(&key));
    let found = match only {
        Some(_) => unread("it was asked for one para"),
        None => match look.entries("Paras", "ParaLifecycles").await? {
            Ok(entries) => {
                cut = entries.cut(&name);
                let ids: Option<Vec<ParaId>> =
                    entries.keys.iter().map(|args| tree::para(args.first()?)).collect();
                ids.map_or_else(|| unread("a key names no para"), Found::Value)
            }
            Err(why) => Found::Unread(why),
        },
    };
    Ok((Cited { name, key: key.unwrap_or_default(), found }, cut))
}

/// The channels of these paras, and whether one of them is the recipient.
fn links(told: &Answers<'_>, look: Look<'_>, ids: &[ParaId]) -> BTreeSet<((ParaId, ParaId), bool)> {
    let mut links = BTreeSet::new();
    for id in ids {
        let para = one::read(look, told, *id, none_of(*id, "it was not asked for"));
        links.extend(para.inbound.value().into_iter().flatten().map(|sender| ((*sender, *id), true)));
        let outward = para.outbound.value().into_iter().flatten().map(|recipient| (*id, *recipient));
        links.extend(outward.filter(|(_, to)| !ids.contains(to)).map(|link| (link, false)));
    }
    links
}

fn none_of(id: ParaId, why: &str) -> Cited<Constraints> {
    Cited { name: format!("{HOST}.para_backing_state({id})"), key: String::new(), found: unread(why) }
}

async fn constraints(look: Look<'_>, only: Option<ParaId>) -> Result<Cited<Constraints>, LinkError> {
    match only {
        Some(id) => look.api((HOST, "para_backing_state"), &[one::arg(id)], one::constraints).await,
        None => Ok(none_of(ParaId(0), "it is read for one para at a time")),
    }
}

fn existential_deposit(look: Look<'_>) -> Cited<u128> {
    let name = "Balances.ExistentialDeposit".to_owned();
    let found = match look.runtime.constant::<u128>("Balances", "ExistentialDeposit") {
        Ok(least) => Found::Value(least),
        Err(e) => unread(&e.to_string()),
    };
    Cited { key: format!("constant {name}"), name, found }
}
