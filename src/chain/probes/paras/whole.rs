//! The relay as a whole: cores, groups, votes, channels, what stops everybody.
//!
//! In: answers. Out: parts of [`Paras`](crate::domain::para::Paras). Must not ask.

use super::look::{Answers, Asked, Entries, Look, Place, behind, name_of};
use super::{one, tree};
use crate::domain::call::Node;
use crate::domain::para::{
    Assigned, Channel, ChannelRequest, ChannelState, Cited, Core, CoreWork, Cut, Found, Groups, Limits,
    Occupied, Order, PvfVote, Schedule,
};
use crate::domain::{AccountId, Hash, ParaId};

/// Plain items.
const PLAIN: [(&str, &str); 16] = [
    ("Timestamp", "Now"),
    ("ParasShared", "CurrentSessionIndex"),
    ("ParasShared", "ActiveValidatorIndices"),
    ("Session", "Validators"),
    ("Session", "DisabledValidators"),
    ("Configuration", "ActiveConfig"),
    ("ParaScheduler", "ValidatorGroups"),
    ("ParaScheduler", "SessionStartBlock"),
    ("ParaScheduler", "CoreDescriptors"),
    ("ParaScheduler", "ClaimQueue"),
    ("OnDemand", "OrderStatus"),
    REQUESTS,
    CLOSING,
    VOTES,
    ("ParasDisputes", "Frozen"),
    UPCOMING,
];
const FORCED: (&str, &str) = ("Paras", "FutureCodeUpgradesAt");
const COOLDOWNS: (&str, &str) = ("Paras", "UpgradeCooldowns");
const UPCOMING: (&str, &str) = ("Paras", "UpcomingUpgrades");
const VOTES: (&str, &str) = ("Paras", "PvfActiveVoteList");
const VOTE: (&str, &str) = ("Paras", "PvfActiveVoteMap");
const REQUESTS: (&str, &str) = ("Hrmp", "HrmpOpenChannelRequestsList");
const REQUEST: (&str, &str) = ("Hrmp", "HrmpOpenChannelRequests");
const CLOSING: (&str, &str) = ("Hrmp", "HrmpCloseChannelRequestsList");
const SCHEDULES: (&str, &str) = ("ParaScheduler", "CoreSchedules");
const ACTIONS: (&str, &str) = ("Paras", "ActionsQueue");
/// Most votes, requests and schedules of which details are read.
const MOST: usize = 256;

fn plain((pallet, item): (&'static str, &'static str)) -> Place<'static> {
    (pallet, item, &[])
}

/// Asks for the plain items.
pub(super) fn ask(asked: &mut Asked<'_>) {
    for item in PLAIN.into_iter().chain([FORCED, COOLDOWNS]) {
        asked.place(plain(item));
    }
}

/// Votes, requests, schedules: what is listed, and where the details are.
pub(super) struct Lists {
    session: Cited<u32>,
    votes: Cited<Vec<Hash>>,
    requests: Cited<Vec<(ParaId, ParaId)>>,
    schedules: Result<Entries, crate::domain::Clean>,
}

impl Lists {
    /// What is listed.
    pub(super) fn of(told: &Answers<'_>, schedules: Result<Entries, crate::domain::Clean>) -> Self {
        Self {
            session: session(told),
            votes: told.cite(plain(VOTES), |node| tree::all(node, tree::hash)),
            requests: told.cite(plain(REQUESTS), |node| tree::all(node, channel_id)),
            schedules,
        }
    }

    /// Asks for the details.
    pub(super) fn ask(&self, asked: &mut Asked<'_>) {
        for hash in self.votes.value().into_iter().flatten().take(MOST) {
            asked.place((VOTE.0, VOTE.1, &[Node::Bytes(hash.0.to_vec())]));
        }
        for id in self.requests.value().into_iter().flatten().take(MOST) {
            asked.place((REQUEST.0, REQUEST.1, &[id_arg(*id)]));
        }
        for args in self.schedules.iter().flat_map(|s| &s.keys).take(MOST) {
            asked.place((SCHEDULES.0, SCHEDULES.1, args));
        }
        for session in self.sessions() {
            asked.place((ACTIONS.0, ACTIONS.1, &[session]));
        }
    }

    /// What was left out of each.
    pub(super) fn cuts(&self) -> Vec<Cut> {
        let counted = |place: &str, len: Option<usize>, more: bool| {
            let len = len.filter(|len| *len > MOST)?;
            let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
            let all = (!more).then_some(count(len));
            Some(Cut { place: place.to_owned(), read: count(MOST), all })
        };
        let schedules = self.schedules.as_ref().ok();
        [
            counted(&name_of(plain(VOTES)), self.votes.value().map(Vec::len), false),
            counted(&name_of(plain(REQUESTS)), self.requests.value().map(Vec::len), false),
            counted(
                &name_of(plain(SCHEDULES)),
                schedules.map(|s| s.keys.len()),
                schedules.is_some_and(|s| s.more),
            ),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// The two sessions that come next.
    fn sessions(&self) -> Vec<Node> {
        let now = self.session.value().copied();
        now.into_iter().flat_map(|s| [s + 1, s + 2]).map(|s| Node::Number(u128::from(s))).collect()
    }

    /// Codes on which validators vote.
    pub(super) fn votes(&self, told: &Answers<'_>) -> Cited<Vec<PvfVote>> {
        joined(&self.votes, |hash| {
            let args = [Node::Bytes(hash.0.to_vec())];
            told.cite((VOTE.0, VOTE.1, &args), |node| vote(*hash, node))
        })
    }

    /// Requests for channels.
    pub(super) fn requests(&self, told: &Answers<'_>) -> Cited<Vec<ChannelRequest>> {
        joined(&self.requests, |id| {
            told.cite((REQUEST.0, REQUEST.1, &[id_arg(*id)]), |node| {
                Some(ChannelRequest {
                    sender: id.0,
                    recipient: id.1,
                    confirmed: tree::boolean(tree::field(node, "confirmed")?)?,
                    max_capacity: tree::number_in(node, "max_capacity")?,
                    max_message_size: tree::number_in(node, "max_message_size")?,
                })
            })
        })
    }

    /// Assignments to come, by block and core.
    pub(super) fn schedules(&self, told: &Answers<'_>) -> Cited<Vec<Schedule>> {
        let name = format!("{}.{}", SCHEDULES.0, SCHEDULES.1);
        let found = match &self.schedules {
            Ok(entries) => Found::Value(entries.keys.clone()),
            Err(why) => Found::Unread(why.clone()),
        };
        joined(&Cited { key: name.clone(), name, found }, |args| {
            told.cite((SCHEDULES.0, SCHEDULES.1, args), |node| {
                // The key is a tuple of block and core.
                let (begin, core) = match args.as_slice() {
                    [both] => tree::pair(both)?,
                    _ => return None,
                };
                let parts = tree::field(node, "assignments")?;
                let (core, begin) = (tree::number(core)?, tree::number(begin)?);
                let end_hint = tree::option(tree::field(node, "end_hint")?, tree::number)?;
                let parts = tree::all(parts, |p| part(p, None))?;
                Some(Schedule { core, begin, end_hint, parts })
            })
        })
    }

    /// Lifecycles that move on at the next two sessions.
    pub(super) fn actions(&self, told: &Answers<'_>) -> Vec<Cited<Vec<ParaId>>> {
        if self.session.value().is_none() {
            return vec![behind(plain(ACTIONS), &self.session)];
        }
        let sessions = self.sessions();
        let of = |session: Node| told.cite((ACTIONS.0, ACTIONS.1, &[session]), |n| tree::all(n, tree::para));
        sessions.into_iter().map(of).collect()
    }
}

/// A list with the details of each of its items. Where one of them was not read, the list was not.
fn joined<A, T>(list: &Cited<Vec<A>>, detail: impl Fn(&A) -> Cited<T>) -> Cited<Vec<T>> {
    let mut details = Vec::new();
    for item in list.value().into_iter().flatten().take(MOST) {
        match detail(item).found {
            Found::Value(value) => details.push(value),
            Found::Absent => {}
            Found::Unread(why) => return list.map(|_| ()).failed(why),
        }
    }
    list.map(|_| details)
}

trait Failed {
    fn failed<T>(self, why: crate::domain::Clean) -> Cited<T>;
}

impl Failed for Cited<()> {
    fn failed<T>(self, why: crate::domain::Clean) -> Cited<T> {
        Cited { name: self.name, key: self.key, found: Found::Unread(why) }
    }
}

/// The session.
pub(super) fn session(told: &Answers<'_>) -> Cited<u32> {
    told.cite(plain(("ParasShared", "CurrentSessionIndex")), tree::number)
}

/// The timestamp of the block; none where it has none.
pub(super) fn stamped(told: &Answers<'_>) -> Option<crate::domain::UnixMs> {
    let now = told.cite(plain(("Timestamp", "Now")), tree::number::<i64>);
    now.value().filter(|ms| **ms > 0).map(|ms| crate::domain::UnixMs(*ms))
}

fn config<T>(told: &Answers<'_>, view: impl FnOnce(&Node) -> Option<T>) -> Cited<T> {
    told.cite(plain(("Configuration", "ActiveConfig")), view)
}

/// A limit by its name of 2026 or of 2024; the scheduler's stand in a structure of their own since.
fn limit(node: &Node, names: &[&str]) -> Option<u32> {
    let scheduler = tree::field(node, "scheduler_params");
    let places = [Some(node), scheduler];
    names.iter().flat_map(|name| places.map(|p| tree::field(p?, name))).flatten().find_map(tree::number)
}

/// Limits of the host configuration.
pub(super) fn limits(told: &Answers<'_>) -> Cited<Limits> {
    config(told, |node| {
        Some(Limits {
            num_cores: limit(node, &["num_cores", "coretime_cores", "on_demand_cores"])?,
            availability_period: limit(node, &["paras_availability_period"])?,
            min_backing_votes: limit(node, &["minimum_backing_votes"])?,
            max_head_bytes: limit(node, &["max_head_data_size"])?,
        })
    })
}

/// The claim queue as older runtimes store it.
pub(super) fn stored_claims(told: &Answers<'_>) -> Cited<Vec<(u32, Vec<ParaId>)>> {
    told.cite(plain(("ParaScheduler", "ClaimQueue")), |node| {
        tree::all(node, |entry| {
            let (core, queue) = tree::pair(entry)?;
            let claims = tree::all(queue, |slot| {
                tree::option(slot, |entry| tree::para(tree::field(entry, "assignment")?))
            })?;
            Some((tree::number(core)?, claims.into_iter().flatten().collect()))
        })
    })
}

/// The answer of `claim_queue`.
pub(super) fn claims(node: &Node) -> Option<Vec<(u32, Vec<ParaId>)>> {
    tree::all(node, |entry| {
        let (core, queue) = tree::pair(entry)?;
        Some((tree::number(core)?, tree::all(queue, tree::para)?))
    })
}

/// The answer of `availability_cores`.
pub(super) fn cores(node: &Node) -> Option<Vec<Core>> {
    tree::all(node, |core| match tree::variant(core)? {
        "Free" => Some(Core::Free),
        "Scheduled" => {
            Some(Core::Scheduled(tree::number_in(tree::field(core, "0")?, "para_id").map(ParaId)?))
        }
        "Occupied" => {
            let core = tree::field(core, "0")?;
            Some(Core::Occupied(Occupied {
                para: tree::number_in(tree::field(core, "candidate_descriptor")?, "para_id").map(ParaId)?,
                since: tree::number_in(core, "occupied_since")?,
                times_out: tree::number_in(core, "time_out_at")?,
                group: tree::number_in(core, "group_responsible")?,
            }))
        }
        _ => None,
    })
}

/// An assignment and its share, which may stand in a field.
fn part(node: &Node, share: Option<&str>) -> Option<(Assigned, u32)> {
    let (what, parts) = tree::pair(node)?;
    let parts = share.map_or(Some(parts), |name| tree::field(parts, name))?;
    let assigned = match tree::variant(what)? {
        "Idle" => Assigned::Idle,
        "Pool" => Assigned::Pool,
        "Task" => Assigned::Task(tree::para(tree::field(what, "0")?)?),
        _ => return None,
    };
    Some((assigned, tree::number(parts)?))
}

/// Assignments in force.
pub(super) fn work(told: &Answers<'_>) -> Cited<Vec<CoreWork>> {
    told.cite(plain(("ParaScheduler", "CoreDescriptors")), |node| {
        tree::all(node, |entry| {
            let (core, state) = tree::pair(entry)?;
            let queued = tree::option(tree::field(state, "queue")?, |queue| {
                Some((tree::number_in(queue, "first")?, tree::number_in(queue, "last")?))
            })?;
            let work = tree::option(tree::field(state, "current_work")?, |work| {
                let parts = tree::all(tree::field(work, "assignments")?, |p| part(p, Some("ratio")))?;
                Some((parts, tree::option(tree::field(work, "end_hint")?, tree::number)?))
            })?;
            let (parts, end_hint) = work.unwrap_or_default();
            Some(CoreWork { core: tree::number(core)?, parts, end_hint, queued })
        })
    })
}

/// Orders of single blocks.
pub(super) fn on_demand(told: &Answers<'_>) -> Cited<Vec<Order>> {
    told.cite(plain(("OnDemand", "OrderStatus")), |node| {
        tree::all(tree::field(node, "queue")?, |order| {
            Some(Order {
                para: ParaId(tree::number_in(order, "para_id")?),
                ordered_at: tree::number_in(order, "ordered_at")?,
            })
        })
    })
}

/// What an order costs: how much is asked for, as a fixed-point number of 18 digits, times the base fee.
pub(super) fn spot_price(told: &Answers<'_>) -> Cited<u128> {
    let fee = config(told, |node| {
        let inner = tree::field(node, "scheduler_params").unwrap_or(node);
        tree::planck(tree::field(inner, "on_demand_base_fee")?)
    });
    match fee.value() {
        None => behind(plain(("OnDemand", "OrderStatus")), &fee),
        Some(fee) => told.cite(plain(("OnDemand", "OrderStatus")), |node| {
            let traffic = tree::planck(tree::field(node, "traffic")?)?;
            Some(times(traffic, *fee))
        }),
    }
}

/// A fixed-point number of 18 digits times an amount.
fn times(factor: u128, amount: u128) -> u128 {
    const ONE: u128 = 1_000_000_000_000_000_000;
    let (whole, rest) = (factor / ONE, factor % ONE);
    let (units, part) = (amount / ONE, amount % ONE);
    // rest * part stays below 10^36.
    whole
        .saturating_mul(amount)
        .saturating_add(rest.saturating_mul(units))
        .saturating_add(rest.saturating_mul(part) / ONE)
}

/// Backing groups.
pub(super) fn groups(look: Look<'_>, told: &Answers<'_>) -> Cited<Groups> {
    let start = told.cite(plain(("ParaScheduler", "SessionStartBlock")), tree::number::<u64>);
    let rotation = config(told, |node| limit(node, &["group_rotation_frequency"]));
    told.cite(plain(("ParaScheduler", "ValidatorGroups")), |node| {
        Some(Groups {
            members: tree::all(node, |group| tree::all(group, tree::number))?,
            session_start: *start.value()?,
            rotation: u64::from(*rotation.value()?),
            now: look.at.number + 1,
        })
    })
}

/// Stashes by para-validator index.
pub(super) fn validators(told: &Answers<'_>) -> Cited<Vec<AccountId>> {
    let stashes = told.cite(plain(("Session", "Validators")), |node| tree::all(node, tree::account));
    active(told, |indices| {
        let stashes = stashes.value()?;
        indices.iter().map(|i| stashes.get(usize::try_from(*i).ok()?).copied()).collect()
    })
}

/// Para-validator indices that are disabled. Newer runtimes keep a measure with each.
pub(super) fn disabled(told: &Answers<'_>) -> Cited<Vec<u32>> {
    let active = active(told, |indices| Some(indices.to_vec()));
    told.cite(plain(("Session", "DisabledValidators")), |node| {
        let active = active.value()?;
        let index = |entry: &Node| tree::number::<u32>(tree::pair(entry).map_or(entry, |(index, _)| index));
        let disabled = tree::all(node, index)?;
        let place = |(i, index): (usize, &u32)| disabled.contains(index).then(|| u32::try_from(i).ok());
        active.iter().enumerate().filter_map(place).collect()
    })
}

fn active<T>(told: &Answers<'_>, view: impl FnOnce(&[u32]) -> Option<T>) -> Cited<T> {
    told.cite(plain(("ParasShared", "ActiveValidatorIndices")), |node| {
        view(&tree::all(node, tree::number::<u32>)?)
    })
}

/// The block to which the chain was reverted.
pub(super) fn frozen(told: &Answers<'_>) -> Cited<u64> {
    told.cite(plain(("ParasDisputes", "Frozen")), |node| tree::option(node, tree::number)?)
}

fn by_block(told: &Answers<'_>, item: (&'static str, &'static str)) -> Cited<Vec<(ParaId, u64)>> {
    told.cite(plain(item), |node| {
        tree::all(node, |entry| {
            let (para, block) = tree::pair(entry)?;
            Some((tree::para(para)?, tree::number(block)?))
        })
    })
}

/// Upgrades to come, upgrades without the para, and cooldowns.
pub(super) fn upgrades(told: &Answers<'_>) -> [Cited<Vec<(ParaId, u64)>>; 3] {
    [UPCOMING, FORCED, COOLDOWNS].map(|item| by_block(told, item))
}

/// Channels that are closed at the next session.
pub(super) fn closing(told: &Answers<'_>) -> Cited<Vec<(ParaId, ParaId)>> {
    told.cite(plain(CLOSING), |node| tree::all(node, channel_id))
}

fn channel_id(node: &Node) -> Option<(ParaId, ParaId)> {
    Some((ParaId(tree::number_in(node, "sender")?), ParaId(tree::number_in(node, "recipient")?)))
}

fn id_arg((sender, recipient): (ParaId, ParaId)) -> Node {
    Node::Fields(vec![("sender".to_owned(), one::arg(sender)), ("recipient".to_owned(), one::arg(recipient))])
}

/// Asks for a channel, with its messages where `contents`.
pub(super) fn ask_channel(asked: &mut Asked<'_>, id: (ParaId, ParaId), contents: bool) {
    asked.place(("Hrmp", "HrmpChannels", &[id_arg(id)]));
    if contents {
        asked.place(("Hrmp", "HrmpChannelContents", &[id_arg(id)]));
    }
}

/// A channel.
pub(super) fn channel(told: &Answers<'_>, id: (ParaId, ParaId)) -> Channel {
    let args = [id_arg(id)];
    Channel {
        sender: id.0,
        recipient: id.1,
        state: told.cite(("Hrmp", "HrmpChannels", &args), |node| {
            Some(ChannelState {
                max_capacity: tree::number_in(node, "max_capacity")?,
                max_total_size: tree::number_in(node, "max_total_size")?,
                max_message_size: tree::number_in(node, "max_message_size")?,
                msg_count: tree::number_in(node, "msg_count")?,
                total_size: tree::number_in(node, "total_size")?,
                mqc_head: tree::option(tree::field(node, "mqc_head")?, tree::hash)?,
            })
        }),
        contents: told.cite(("Hrmp", "HrmpChannelContents", &args), |node| one::messages(node, "data")),
    }
}

fn vote(code_hash: Hash, node: &Node) -> Option<PvfVote> {
    let cause = |cause: &Node| match tree::variant(cause)? {
        "Onboarding" => Some((tree::para(tree::field(cause, "0")?)?, false)),
        "Upgrade" => Some((tree::number_in(cause, "id").map(ParaId)?, true)),
        _ => None,
    };
    Some(PvfVote {
        code_hash,
        accept: tree::bits(tree::field(node, "votes_accept")?)?,
        reject: tree::bits(tree::field(node, "votes_reject")?)?,
        sessions: tree::number_in(node, "age")?,
        since: tree::number_in(node, "created_at")?,
        wanted_by: tree::all(tree::field(node, "causes")?, cause)?,
    })
}

#[cfg(test)]
mod tests {
    use super::times;

    #[test]
    fn the_price_of_an_order_is_exact_and_never_overflows() {
        let one = 10_u128.pow(18);
        assert_eq!(times(one, 10_000_000), 10_000_000);
        assert_eq!(times(one * 5 / 2, 10_000_001), 25_000_002);
        assert_eq!(times(one / 3, 3 * one), one - 1);
        assert_eq!(times(u128::MAX, u128::MAX), u128::MAX);
    }
}
