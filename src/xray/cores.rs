//! Questions about cores: has the para one, is its candidate backed, does the candidate become available.
//!
//! In: the state of the relay, the best block of the para's own node. Out: findings that name validators. Must not judge
//! what a candidate contains.

use super::cause::row;
use super::head::own_facts;
use super::notes::Notes;
use super::upgrade::enough;
use super::{Case, Cause, Finding, Remedy, capital, many};
use crate::domain::ParaId;
use crate::domain::para::{Assigned, CoreWork, Own, Para, Pending};

/// Relay blocks that a backed candidate takes to become available, with room to spare.
const PATIENT: u64 = 3;
/// A block of the para's own node is young up to this age, milliseconds.
const YOUNG_MS: u64 = 60_000;

/// Has it a core?
pub(super) fn no_core(case: &Case<'_>, para: &Para, notes: &mut Notes) -> Option<Finding> {
    let relay = case.relay;
    let claims = notes.read("claim queue", &relay.claim_queue, |claims| {
        let core = |(core, paras): &(u32, Vec<ParaId>)| format!("core {core}: {}", numbers(paras));
        if claims.is_empty() {
            "no core".to_owned()
        } else {
            claims.iter().map(core).collect::<Vec<_>>().join("; ")
        }
    });
    let claims = claims.value()?;
    if claims.iter().any(|(_, paras)| paras.contains(&para.id)) || on_a_core(case, para) {
        return None;
    }
    // What follows explains; the claim queue alone decides.
    let works = |work: &&CoreWork| work.parts.iter().any(|(to, _)| *to == Assigned::Task(para.id));
    let work = relay.work.value().into_iter().flatten();
    if relay.work.unread().is_none() {
        notes.read("assignments of cores", &relay.work, |work| assignments(work));
    }
    let intro = format!("{} has no core: it stands in no claim queue", capital(&case.title()));
    let later = relay.schedules.value().into_iter().flatten();
    let later = later.filter(|s| s.parts.iter().any(|(to, _)| *to == Assigned::Task(para.id)));
    let later = later.min_by_key(|schedule| schedule.begin);
    if let Some(schedule) = later {
        notes.read("assignments to come", &relay.schedules, |_| {
            format!("core {} from relay block #{} on", schedule.core, schedule.begin)
        });
    }
    let assigned = work.clone().find(works);
    let sentence = match (assigned, later) {
        (Some(work), _) => {
            format!("{intro}, although core {} is assigned to it{}.", work.core, groupless(case, work, notes))
        }
        (None, Some(later)) => {
            format!("{intro}; core {} is its own from relay block #{} on.", later.core, later.begin)
        }
        (None, None) => match blind_to_come(case) {
            Some(why) => {
                notes.missing("assignments to come", &relay.schedules.name, &why);
                format!(
                    "{intro} and no core is assigned to it now; whether one will be is not known ({why})."
                )
            }
            None => format!("{intro} and no core is assigned to it."),
        },
    };
    let finding = Finding::new(Cause::NoCore, sentence);
    let comes = assigned.is_some() || later.is_some() || blind_to_come(case).is_some();
    Some(if comes { finding } else { remedies(case, para, finding) })
}

/// Why an assignment to come may stand where nobody looked: the list was cut, or not read while assignments of now were.
fn blind_to_come(case: &Case<'_>) -> Option<String> {
    let relay = case.relay;
    let unread = relay.schedules.unread().filter(|_| relay.work.unread().is_none());
    let cut = || relay.cut_of(&relay.schedules).map(crate::domain::para::Cut::words);
    unread.map(ToString::to_string).or_else(cut)
}

/// Why a core that is assigned may serve nobody: this session has no group for it.
fn groupless(case: &Case<'_>, work: &CoreWork, notes: &mut Notes) -> String {
    let groups =
        notes.read("backing groups", &case.relay.groups, |groups| many(groups.members.len(), "group"));
    let count = groups.value().map(|groups| groups.members.len());
    match count.filter(|count| u32::try_from(*count).is_ok_and(|count| count <= work.core)) {
        Some(count) => format!(": this session has {}, and none for that core", many(count, "backing group")),
        None => String::new(),
    }
}

/// True where a candidate of it occupies a core.
fn on_a_core(case: &Case<'_>, para: &Para) -> bool {
    let pending = para.pending.value().is_some_and(|pending| !pending.is_empty());
    let on = |core: &crate::domain::para::Core| core.para() == Some(para.id);
    pending || case.relay.cores.value().is_some_and(|cores| cores.iter().any(on))
}

fn remedies(case: &Case<'_>, para: &Para, finding: Finding) -> Finding {
    let relay = case.relay;
    let claimed = |core: u32| {
        let claims = relay.claim_queue.value().into_iter().flatten();
        claims.filter(|(c, _)| *c == core).any(|(_, paras)| !paras.is_empty())
    };
    let given = |core: u32| {
        let mut work = relay.work.value().into_iter().flatten().filter(|work| work.core == core);
        work.any(|work| work.queued.is_some() || work.parts.iter().any(|(to, _)| *to != Assigned::Idle))
    };
    let cores = relay.limits.value().map(|limits| limits.num_cores);
    let known = relay.work.unread().is_none();
    let free = cores.filter(|_| known).and_then(|n| (0..n).find(|core| !claimed(*core) && !given(*core)));
    let order = Remedy::of(row::ORDER, "orders one single block, where a core serves orders")
        .param("para_id", para.id);
    match (free, cores) {
        (Some(core), _) => {
            let why = format!("gives it core {core}, which nobody has");
            finding.with(Remedy::of(row::CORE, why).param("core", core).param("para", para.id)).with(order)
        }
        (None, Some(n)) => {
            let more = format!(
                "all {n} cores are given away: one more takes two sessions, then C1 gives it to the para"
            );
            finding.with(Remedy::of(row::CORES, more).param("count", n + 1)).with(order)
        }
        (None, None) => {
            let why = "gives it a core; choose one that nobody has, what was on it loses it";
            finding.with(Remedy::of(row::CORE, why).param("para", para.id))
        }
    }
}

fn numbers(paras: &[ParaId]) -> String {
    if paras.is_empty() {
        return "nobody".to_owned();
    }
    paras.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

fn assignments(work: &[CoreWork]) -> String {
    let part = |(to, parts): &(Assigned, u32)| match to {
        Assigned::Idle => "idle".to_owned(),
        Assigned::Pool => format!("orders {parts}"),
        Assigned::Task(para) => format!("para {para} {parts}"),
    };
    let core = |work: &CoreWork| {
        let parts = work.parts.iter().map(part).collect::<Vec<_>>().join(" + ");
        format!("core {}: {}", work.core, if parts.is_empty() { "nobody" } else { &parts })
    };
    if work.is_empty() { "none".to_owned() } else { work.iter().map(core).collect::<Vec<_>>().join("; ") }
}

/// Does its candidate become available?
pub(super) fn availability(case: &Case<'_>, para: &Para, notes: &mut Notes) -> Option<Finding> {
    let pending = notes.read("candidates that wait to be available", &para.pending, |all| candidates(all));
    // Only the first can be late: the others wait for it.
    let first = pending.value()?.first()?;
    let has = first.available.iter().filter(|bit| **bit).count();
    let needs = enough(first.available.len());
    let age = case.relay.at.number.saturating_sub(first.backed_in);
    if has >= needs || age < PATIENT {
        return None;
    }
    let missing: Vec<u32> = silent(&first.available);
    let mut sentence = format!(
        "The candidate of {} on core {} was backed in relay block #{} and does not become available: {has} of {} validators \
         have their piece, {needs} are needed. Missing: {}.",
        case.title(),
        first.core,
        first.backed_in,
        first.available.len(),
        case.validators(&missing)
    );
    let limits = notes.read("limits", &case.relay.limits, |limits| {
        format!("availability period {} blocks", limits.availability_period)
    });
    if let Some(limits) = limits.value() {
        let out = first.backed_in + u64::from(limits.availability_period);
        sentence.push_str(&format!(" It is dropped at relay block #{out}."));
    }
    notes.read("para validators", &case.relay.validators, |all| format!("{} accounts", all.len()));
    Some(Finding::new(Cause::AvailabilityMissing, sentence).asking([
        "the operators of the validators named: are the nodes up, and do they reach the group that backed it?".to_owned(),
    ]))
}

fn silent(bits: &[bool]) -> Vec<u32> {
    bits.iter().enumerate().filter(|(_, bit)| !**bit).filter_map(|(i, _)| u32::try_from(i).ok()).collect()
}

fn candidates(all: &[Pending]) -> String {
    let one = |pending: &Pending| {
        let has = pending.available.iter().filter(|bit| **bit).count();
        let all = pending.available.len();
        format!(
            "{} on core {}, backed in #{}, {has} of {all} pieces",
            pending.candidate, pending.core, pending.backed_in
        )
    };
    if all.is_empty() { "none".to_owned() } else { all.iter().map(one).collect::<Vec<_>>().join("; ") }
}

/// A sentence where a candidate was backed a moment ago: it may be mended already.
pub(super) fn on_its_way(case: &Case<'_>, para: &Para) -> Option<String> {
    let first = para.pending.value()?.first()?;
    Some(format!(
        "{} may be mending: a candidate of it was backed in relay block #{} and waits to become available; look again in {} \
         relay blocks.",
        capital(&case.title()),
        first.backed_in,
        PATIENT + 1
    ))
}

/// Its core, from the claim queue or from what is next.
fn core_of(case: &Case<'_>, para: &Para) -> Option<u32> {
    let claims = case.relay.claim_queue.value().into_iter().flatten();
    let claimed = claims.filter(|(_, paras)| paras.contains(&para.id)).map(|(core, _)| *core).min();
    claimed.or_else(|| {
        let cores = case.relay.cores.value()?;
        u32::try_from(cores.iter().position(|core| core.para() == Some(para.id))?).ok()
    })
}

/// Can its group back, and does it?
pub(super) fn backing(case: &Case<'_>, para: &Para, notes: &mut Notes) -> Option<Finding> {
    if para.pending.value().is_some_and(|pending| !pending.is_empty()) {
        return None;
    }
    let core = core_of(case, para)?;
    let groups = notes.read("backing groups", &case.relay.groups, |groups| {
        let of = |members: &Vec<u32>| members.iter().map(u32::to_string).collect::<Vec<_>>().join(" ");
        groups.members.iter().map(|m| format!("[{}]", of(m))).collect::<Vec<_>>().join(" ")
    });
    let group = groups.value()?.group_of(core);
    let members = group.and_then(|group| groups.value()?.members_of(group)).unwrap_or_default();
    let disabled = notes.read("disabled validators", &case.relay.disabled, |all| {
        if all.is_empty() { "none".to_owned() } else { case.validators(all) }
    });
    let limits = notes
        .read("limits", &case.relay.limits, |limits| format!("{} backing votes", limits.min_backing_votes));
    notes.read("para validators", &case.relay.validators, |all| format!("{} accounts", all.len()));
    let (disabled, limits) = (disabled.value()?, limits.value()?);
    let out: Vec<u32> = members.iter().copied().filter(|index| disabled.contains(index)).collect();
    let needs = members.len().min(usize::try_from(limits.min_backing_votes).unwrap_or(usize::MAX));
    let title = case.title();
    let group = group.map_or_else(|| "the group".to_owned(), |group| format!("group {group}"));
    if members.is_empty() {
        let sentence =
            format!("No candidate of {title} can be backed: {group} of core {core} has no member.");
        let why = "fewer cores leave no group empty; it takes two sessions";
        return Some(Finding::new(Cause::BackingMissing, sentence).with(Remedy::of(row::CORES, why)));
    }
    if members.len() - out.len() < needs.max(1) {
        let sentence = format!(
            "No candidate of {title} can be backed: {} of the {} members of {group} of core {core} are disabled, {} needed. \
             Without a vote: {}.",
            out.len(),
            members.len(),
            many(needs, "vote"),
            case.validators(&out)
        );
        return Some(Finding::new(Cause::BackingMissing, sentence).asking([operators()]));
    }
    unbacked(case, para, (core, &group, members), notes)
}

fn operators() -> String {
    "the operators of the validators named: why are they disabled or silent?".to_owned()
}

/// The para's own node builds, and nobody backs.
fn unbacked(
    case: &Case<'_>,
    para: &Para,
    (core, group, members): (u32, &str, &[u32]),
    notes: &mut Notes,
) -> Option<Finding> {
    let Own::Answers(own) = case.own else { return None };
    own_facts(own, notes);
    // Validators are only blamed where everything that could stop the para before them was read.
    if notes.is_blind() {
        return None;
    }
    let (best, head) = (own.best.value()?, para.head.value()?.block?);
    let stamped = own.best_stamped.value().and_then(|ms| i64::try_from(*ms).ok())?;
    let age = case.now.since(crate::domain::UnixMs(stamped));
    if best.number <= head.number || age > YOUNG_MS {
        return None;
    }
    let sentence = format!(
        "{} builds, and no candidate of it is backed: its own node is at block #{}, {} s old, the relay at #{}. Without a vote: \
         {}, {group} of core {core}.",
        capital(&case.title()),
        best.number,
        age / 1_000,
        head.number,
        case.validators(members)
    );
    Some(Finding::new(Cause::BackingMissing, sentence).asking([operators()]))
}
