//! Governance in the state of one block: referenda of every pallet that has them, what is scheduled, whitelisted, noted.
//!
//! In: a connection, a block, its runtime, the calls decoded before. Out: [`Governance`]. A pallet that this runtime lacks
//! gives nothing; a place that could not be read says why. Preimages are read one by one, small enough, and never twice:
//! their name is their hash. Must not judge more than the classifier does.

mod known;
mod shape;

pub(in crate::chain) use known::Known;
pub(super) use known::judge;

use super::super::reader::Reader;
use super::super::transport::LinkError;
use super::paras::look::{Answers, Look};
use crate::domain::ParaId;
use crate::domain::call::Node;
use crate::domain::gov::{
    Body, Count, Governance, Ongoing, Preimage, Proposal, Referendum, Rules, State, Task,
};
use crate::domain::para::Found;
use crate::domain::{Clean, Hash};

/// Newest referenda of a pallet that are read.
const NEWEST: u32 = 400;
/// Most tasks, preimages, whitelisted calls.
const MOST: usize = 500;
/// The para whose governance counts relay blocks (ACTIONS §2.4).
const ASSET_HUB: ParaId = ParaId(1_000);
/// Ranks of a fellowship.
const RANKS: u16 = 10;

/// Everything that is read at once before the rest can be named.
const PLAIN: [(&str, &str); 3] = [
    ("Balances", "TotalIssuance"),
    ("Balances", "InactiveIssuance"),
    ("ParachainSystem", "LastRelayChainBlockNumber"),
];

impl Reader {
    /// Governance in the state of this block; of a para by its number.
    ///
    /// # Errors
    /// The link is broken.
    pub async fn governance(&self, para: Option<ParaId>) -> Result<Governance, LinkError> {
        read(self.look(), para, &mut Known::default()).await
    }
}

/// True where there is anything to be read: referenda, or a scheduler.
pub(in crate::chain) fn on(look: Look<'_>) -> bool {
    look.runtime.has_pallet("Scheduler") || !look.runtime.pallets_of_referenda().is_empty()
}

/// Reads it all.
///
/// # Errors
/// The link is broken.
pub(in crate::chain) async fn read(
    look: Look<'_>,
    para: Option<ParaId>,
    known: &mut Known,
) -> Result<Governance, LinkError> {
    let pallets = look.runtime.pallets_of_referenda();
    let mut asked = look.ask();
    PLAIN.iter().for_each(|(pallet, item)| asked.place((pallet, item, &[])));
    for pallet in &pallets {
        asked.place((pallet, "ReferendumCount", &[]));
        if let Some(collective) = collective(look, pallet) {
            (0..RANKS)
                .for_each(|rank| asked.place((&collective, "MemberCount", &[Node::Number(rank.into())])));
        }
    }
    let told = asked.read().await?;
    let agenda = list(look, "Scheduler", "Agenda").await?;
    let noted = list(look, "Preimage", "RequestStatusFor").await?;
    let whitelist = list(look, "Whitelist", "WhitelistedCall").await?;

    let counts: Vec<Option<u32>> = pallets.iter().map(|p| count(&told, p)).collect();
    let mut asked = look.ask();
    for (pallet, count) in pallets.iter().zip(&counts) {
        indices(*count).for_each(|n| asked.place((pallet, "ReferendumInfoFor", &[Node::Number(n.into())])));
    }
    let keys = |found: &Result<Vec<Vec<Node>>, Clean>| -> Vec<Node> {
        found.iter().flatten().filter_map(|args| args.first().cloned()).take(MOST).collect()
    };
    let whens = keys(&agenda);
    whens.iter().for_each(|when| asked.place(("Scheduler", "Agenda", std::slice::from_ref(when))));
    let hashes = keys(&noted);
    hashes.iter().for_each(|hash| asked.place(("Preimage", "RequestStatusFor", std::slice::from_ref(hash))));
    let more = asked.read().await?;

    let mut bodies: Vec<Body> = pallets
        .iter()
        .zip(&counts)
        .map(|(pallet, count)| body(look, (&told, &more), pallet, *count))
        .collect();
    let mut tasks = tasks(look, &agenda, &whens, &more);
    let preimages = preimages(&noted, &hashes, &more);
    let lengths = match &preimages {
        Found::Value(all) => all.iter().filter_map(|p| Some((p.hash, p.len?))).collect(),
        Found::Absent | Found::Unread(_) => Vec::new(),
    };
    name_enactments(&mut tasks, &bodies);
    let scheduled = match &mut tasks {
        Found::Value(tasks) => tasks.as_mut_slice(),
        Found::Absent | Found::Unread(_) => &mut [],
    };
    let proposed = bodies.iter_mut().filter_map(Body::referenda_mut).flatten();
    let mut wanted: Vec<&mut Proposal> = proposed.filter_map(going_mut).map(|g| &mut g.proposal).collect();
    wanted.extend(scheduled.iter_mut().map(|t| &mut t.proposal));
    known.open(look, &mut wanted, &lengths).await?;
    Ok(Governance {
        at: look.at,
        count: block_count(look, para, &told),
        bodies,
        agenda: tasks,
        whitelist: match whitelist {
            Ok(list) => {
                Found::Value(list.iter().filter_map(|args| shape::hash(args.first()?)).take(MOST).collect())
            }
            Err(_) if !look.runtime.has_pallet("Whitelist") => Found::Absent,
            Err(why) => Found::Unread(why),
        },
        preimages,
    })
}

fn going_mut(referendum: &mut Referendum) -> Option<&mut Ongoing> {
    match &mut referendum.state {
        State::Ongoing(going) => Some(going),
        _ => None,
    }
}

/// Keys of a map, at most a page of them.
async fn list(look: Look<'_>, pallet: &str, item: &str) -> Result<Result<Vec<Vec<Node>>, Clean>, LinkError> {
    Ok(look.entries(pallet, item).await?.map(|found| found.keys))
}

fn count(told: &Answers<'_>, pallet: &str) -> Option<u32> {
    told.cite((pallet, "ReferendumCount", &[]), shape::number).value().copied()
}

/// The newest numbers.
fn indices(count: Option<u32>) -> std::ops::Range<u32> {
    let count = count.unwrap_or(0);
    count.saturating_sub(NEWEST)..count
}

/// The collective whose members vote in a pallet of referenda; none where balances vote.
fn collective(look: Look<'_>, pallet: &str) -> Option<String> {
    let name = format!("{}Collective", pallet.strip_suffix("Referenda")?);
    look.runtime.has_pallet(&name).then_some(name)
}

/// The least rank that may vote on a track of the fellowship, as its runtime has it.
fn rank_of(track: u16) -> Option<u16> {
    match track {
        1..=9 => Some(track),
        11..=16 => Some(track - 8),
        21..=26 => Some(track - 18),
        31..=33 => Some(track - 28),
        _ => None,
    }
}

fn body(
    look: Look<'_>,
    (told, more): (&Answers<'_>, &Answers<'_>),
    pallet: &str,
    count: Option<u32>,
) -> Body {
    let collective = collective(look, pallet);
    let tracks = match look.runtime.constant_node(pallet, "Tracks") {
        Ok(node) => shape::tracks(&node)
            .map_or_else(|| unread("the tracks have a shape that this program does not know"), Found::Value),
        Err(e) => unread(&e.to_string()),
    };
    let issuance = || -> Option<u128> {
        let total = told.cite(("Balances", "TotalIssuance", &[]), shape::planck).value().copied()?;
        let inactive = told.cite(("Balances", "InactiveIssuance", &[]), shape::planck);
        let inactive = if inactive.is_absent() { 0 } else { *inactive.value()? };
        Some(total.saturating_sub(inactive))
    };
    let voters = |state: &State| -> Option<u128> {
        let State::Ongoing(going) = state else { return None };
        match &collective {
            None => issuance(),
            // Other collectives map ranks to tracks in ways that the metadata does not tell.
            Some(name) if name == "FellowshipCollective" => {
                let rank = Node::Number(rank_of(going.track)?.into());
                told.cite((name, "MemberCount", &[rank]), shape::planck).value().copied()
            }
            Some(_) => None,
        }
    };
    let referendum = |index: u32| -> Result<Option<Referendum>, Clean> {
        let place = [Node::Number(index.into())];
        let cited = more.cite((pallet, "ReferendumInfoFor", &place), |node| shape::state(look.runtime, node));
        match cited.found {
            Found::Value(state) => Ok(Some(Referendum { index, voters: voters(&state), state })),
            Found::Absent => Ok(None),
            Found::Unread(why) => Err(Clean::of(&format!("referendum {index}: {why}"))),
        }
    };
    let all: Result<Vec<Option<Referendum>>, Clean> = indices(count).map(referendum).collect();
    let referenda = match (count, all) {
        (None, _) => unread("the number of referenda was not read"),
        (Some(_), Ok(all)) => Found::Value(all.into_iter().flatten().collect()),
        (Some(_), Err(why)) => Found::Unread(why),
    };
    Body {
        pallet: Clean::of(pallet),
        rules: Rules {
            undeciding_timeout: look.runtime.constant::<u32>(pallet, "UndecidingTimeout").ok().map(u64::from),
            ranked: collective.is_some(),
        },
        tracks,
        submitted: count,
        referenda,
    }
}

fn unread<T>(why: &str) -> Found<T> {
    Found::Unread(Clean::of(why))
}

fn block_count(look: Look<'_>, para: Option<ParaId>, told: &Answers<'_>) -> Count {
    if para != Some(ASSET_HUB) {
        return Count::Own(look.at.number);
    }
    let relay = told.cite(("ParachainSystem", "LastRelayChainBlockNumber", &[]), shape::number);
    relay.value().map_or(Count::Unknown, |n: &u32| Count::Relay(u64::from(*n)))
}

fn tasks(
    look: Look<'_>,
    agenda: &Result<Vec<Vec<Node>>, Clean>,
    whens: &[Node],
    more: &Answers<'_>,
) -> Found<Vec<Task>> {
    if let Err(why) = agenda {
        return Found::Unread(why.clone());
    }
    let mut all = Vec::new();
    for when in whens {
        let cited = more.cite(("Scheduler", "Agenda", std::slice::from_ref(when)), |node| {
            shape::tasks(look.runtime, when, node)
        });
        match cited.found {
            Found::Value(tasks) => all.extend(tasks),
            Found::Absent => {}
            Found::Unread(why) => return Found::Unread(Clean::of(&format!("{}: {why}", cited.name))),
        }
    }
    all.sort_by_key(|task| (task.when, task.index));
    all.truncate(MOST);
    Found::Value(all)
}

fn preimages(
    noted: &Result<Vec<Vec<Node>>, Clean>,
    hashes: &[Node],
    more: &Answers<'_>,
) -> Found<Vec<Preimage>> {
    if let Err(why) = noted {
        return Found::Unread(why.clone());
    }
    let one = |key: &Node| -> Option<Preimage> {
        let hash = shape::hash(key)?;
        let place = ("Preimage", "RequestStatusFor", std::slice::from_ref(key));
        more.cite(place, |node| shape::preimage(hash, node)).value().cloned()
    };
    Found::Value(hashes.iter().filter_map(one).take(MOST).collect())
}

/// Says of each task which referendum it enacts: its name is made from the number.
fn name_enactments(tasks: &mut Found<Vec<Task>>, bodies: &[Body]) {
    let Found::Value(tasks) = tasks else { return };
    for body in bodies {
        let approved = body.list().iter().filter(|r| matches!(r.state, State::Approved(_)));
        for referendum in approved {
            let name = enactment_name(referendum.index);
            // Two pallets name alike: then it is not known which is meant, and nothing is said twice.
            for task in tasks.iter_mut().filter(|t| t.name == Some(name) && t.enacts.is_none()) {
                task.enacts = Some((body.pallet.clone(), referendum.index));
            }
        }
    }
}

/// The scheduler's name of an enactment: `(b"assembly", "enactment", index)`.
fn enactment_name(index: u32) -> Hash {
    let mut bytes = b"assembly".to_vec();
    bytes.push(9 << 2);
    bytes.extend_from_slice(b"enactment");
    bytes.extend_from_slice(&index.to_le_bytes());
    crate::codec::call_hash(&bytes)
}
