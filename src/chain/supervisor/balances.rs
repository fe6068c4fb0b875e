//! The balances of watched accounts, read beside the blocks: those that an event touches, with the next block that pays for
//! it; all of them at the start, and then in turn.
//!
//! In: what each block says of itself. Out: what moved in each block, `Accounts` as they are read, `Roles` when they change.
//! One request at a time, carried on while nothing else is to be done: no block waits for it.

use super::Supervisor;
use crate::chain::probes::balances::{self, WHOLE};
use crate::chain::probes::paras::Look;
use crate::chain::probes::runtime::Loaded;
use crate::chain::transport::{LinkError, Rpc};
use crate::domain::balance::{AccountsRead, BalanceFact, BlockMoves, Roles};
use crate::domain::para::child_account;
use crate::domain::{AccountId, BlockRef, ChainKind, Clean, EndpointId, Fact, ParaId};
use crate::ports::{Closed, FactSink};
use futures::future::BoxFuture;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// Keys in one request.
const PAGE: usize = 1_000;
/// Accounts read whole in one request.
const MOST_WHOLE: usize = 100;
/// When all were read once, a page of those that nothing touched is read every so many blocks.
const SWEEP_EVERY: u64 = 10;
/// What a block pays in.
const GAIN: u32 = 4;
/// What a request costs: where a block of three requests leaves room for one, every block can pay.
const COST: u32 = 4;
/// The same on a relay whose bodies are read: there a fifth of a request a block is left.
const COST_BESIDE_BODIES: u32 = 20;
/// What may be saved up.
const SAVED: u32 = 40;
/// What there is at the start: the first look at ten thousand accounts is no steady state.
const AT_FIRST: u32 = 240;
/// Blocks for which what failed is not asked again.
const PAUSE: u64 = 10;
/// Blocks whose accounts are remembered, to be read again when the blocks are taken back.
const RECENT: usize = 64;
/// Most accounts watched.
const MOST: usize = crate::domain::balance::watch::MOST;

type Answer = Result<Result<AccountsRead, Clean>, LinkError>;

/// What is asked for in one request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Ask {
    whole: Vec<AccountId>,
    bare: Vec<AccountId>,
}

/// Who is read when.
pub(super) struct Watch {
    job: Option<(EndpointId, BoxFuture<'static, Answer>)>,
    asked: Ask,
    accounts: BTreeSet<AccountId>,
    /// Those of them that are still to be read in this turn.
    turn: VecDeque<AccountId>,
    /// Touched, or known to have parts that were not read.
    touched: BTreeSet<AccountId>,
    /// What was reserved and frozen when an account was last read whole.
    whole: BTreeMap<AccountId, (u128, u128)>,
    recent: VecDeque<(u64, BTreeSet<AccountId>)>,
    /// The block of the last page of the turn; none until all were read once.
    swept: Option<u64>,
    saved: u32,
    roles: Option<Roles>,
    failed: bool,
    /// The block before which nothing is asked, after a failure.
    paused: Option<u64>,
    /// Where the last request went: while not all were read once, the next one follows at once.
    place: Option<(Rpc, Arc<Loaded>, BlockRef)>,
}

impl Default for Watch {
    fn default() -> Self {
        Self {
            job: None,
            asked: Ask::default(),
            accounts: BTreeSet::new(),
            turn: VecDeque::new(),
            touched: BTreeSet::new(),
            whole: BTreeMap::new(),
            recent: VecDeque::new(),
            swept: None,
            saved: AT_FIRST,
            roles: None,
            failed: false,
            paused: None,
            place: None,
        }
    }
}

impl Watch {
    /// More accounts to watch.
    pub(super) fn add(&mut self, accounts: impl IntoIterator<Item = AccountId>) {
        for account in accounts {
            if self.accounts.len() < MOST && self.accounts.insert(account) {
                self.turn.push_back(account);
            }
        }
    }

    /// Who is watched.
    pub(super) fn accounts(&self) -> &BTreeSet<AccountId> {
        &self.accounts
    }

    /// Who is to be read in the state of this block. Each block is asked about once.
    fn wants(&mut self, number: u64, touched: BTreeSet<AccountId>, cost: u32) -> Option<Ask> {
        if self.saved < SAVED {
            self.saved = SAVED.min(self.saved.saturating_add(GAIN));
        }
        // Blocks that were taken back touched accounts, too.
        while self.recent.back().is_some_and(|(last, _)| *last >= number) {
            self.touched.extend(self.recent.pop_back().into_iter().flat_map(|(_, accounts)| accounts));
        }
        self.touched.extend(&touched);
        self.recent.push_back((number, touched));
        while self.recent.len() > RECENT {
            self.recent.pop_front();
        }
        self.next(number, cost)
    }

    /// The next request, where one can be paid for and is due.
    fn next(&mut self, number: u64, cost: u32) -> Option<Ask> {
        // A chain that began anew counts from below.
        let paused = self.paused.is_some_and(|until| number < until && until - number <= PAUSE);
        if self.job.is_some() || self.saved < cost || paused {
            return None;
        }
        let whole: Vec<AccountId> = self.touched.iter().take(MOST_WHOLE).copied().collect();
        let due = self.swept.is_none_or(|last| number < last || number.saturating_sub(last) >= SWEEP_EVERY);
        if due && self.turn.is_empty() {
            self.turn.extend(&self.accounts);
        }
        let room = if due { PAGE.saturating_sub(whole.len() * WHOLE) } else { 0 };
        let bare: Vec<AccountId> = self.turn.drain(..room.min(self.turn.len())).collect();
        if whole.is_empty() && bare.is_empty() {
            return None;
        }
        whole.iter().for_each(|account| {
            self.touched.remove(account);
        });
        self.saved = self.saved.saturating_sub(cost);
        Some(Ask { whole, bare })
    }

    /// Begins a request.
    fn ask(&mut self, id: &EndpointId, ask: Ask) {
        let Some((rpc, loaded, at)) = self.place.clone() else { return };
        self.asked = ask.clone();
        let job = async move {
            let look = Look { rpc: &rpc, runtime: &loaded.runtime, at };
            balances::read(look, &ask.whole, &ask.bare).await
        };
        self.job = Some((id.clone(), Box::pin(job)));
    }

    /// What was read; who has parts that were not read is asked for whole.
    fn note(&mut self, read: &AccountsRead) {
        for (account, holding) in &read.accounts {
            let figures = (holding.reserved, holding.frozen);
            if holding.parts.is_some() {
                self.whole.insert(*account, figures);
            } else if self.whole.get(account) != Some(&figures) {
                self.touched.insert(*account);
                // What cannot be read whole is not asked for again and again.
                if self.asked.whole.contains(account) {
                    self.touched.remove(account);
                }
            }
        }
        let asked = std::mem::take(&mut self.asked);
        if !asked.bare.is_empty() && (self.turn.is_empty() || self.swept.is_some()) {
            self.swept = Some(read.at.number);
        }
    }

    /// What could not be read is asked for again, after a pause.
    fn again(&mut self) {
        let last = self.recent.back().map(|(number, _)| *number);
        self.paused = last.map(|number| number.saturating_add(PAUSE));
        let asked = std::mem::take(&mut self.asked);
        self.touched.extend(asked.whole);
        asked.bare.into_iter().rev().for_each(|account| self.turn.push_front(account));
    }

    /// The answer of the read that is under way; never, where none is.
    pub(super) async fn done(&mut self) -> (EndpointId, Answer) {
        let Some((id, job)) = &mut self.job else { return std::future::pending().await };
        let (id, answer) = (id.clone(), job.await);
        self.job = None;
        (id, answer)
    }
}

impl<S: FactSink> Supervisor<S> {
    /// What a request costs here.
    fn cost(&self) -> u32 {
        if self.bodies && self.kind == ChainKind::Relay { COST_BESIDE_BODIES } else { COST }
    }

    /// Who is watched, with the first block also those of the profile.
    pub(super) fn watch_accounts(&mut self) {
        if self.reader.balances.accounts.is_empty() {
            self.reader.balances.add(self.accounts.iter().copied());
        }
    }

    /// Paras that were found on the relay have accounts there.
    pub(super) fn watch_paras(&mut self, paras: &[ParaId]) {
        self.reader.balances.add(paras.iter().map(|para| child_account(*para)));
    }

    /// Tells what moved in a block, after it.
    pub(super) async fn tell_moves(
        &mut self,
        id: &EndpointId,
        moves: Option<BlockMoves>,
    ) -> Result<(), Closed> {
        match moves {
            Some(moves) => self.out.say(Some(id), balance(BalanceFact::Moved(moves))).await,
            None => Ok(()),
        }
    }

    /// Begins to read accounts in the state of this block, where it is time.
    pub(super) async fn look_at_balances(
        &mut self,
        id: &EndpointId,
        rpc: &Rpc,
        (at, loaded): (BlockRef, &Arc<Loaded>),
        (roles, touched): (Option<Roles>, BTreeSet<AccountId>),
    ) -> Result<(), Closed> {
        let cost = self.cost();
        let watch = &mut self.reader.balances;
        let Some(roles) = roles else {
            if std::mem::replace(&mut watch.failed, true) {
                return Ok(());
            }
            let reason = Clean::of("its runtime keeps no balances");
            return self.out.say(Some(id), Fact::Unread { section: "balances".into(), reason }).await;
        };
        watch.add([roles.treasury, roles.sudo].into_iter().flatten());
        let is_new = watch.roles.as_ref() != Some(&roles);
        if is_new {
            watch.roles = Some(roles.clone());
        }
        if let Some(ask) = watch.wants(at.number, touched, cost) {
            watch.place = Some((rpc.clone(), loaded.clone(), at));
            watch.ask(id, ask);
        }
        if is_new {
            self.out.say(Some(id), balance(BalanceFact::Roles(roles))).await?;
        }
        Ok(())
    }

    /// Tells what was read.
    pub(super) async fn tell_balances(&mut self, (id, answer): (EndpointId, Answer)) -> Result<(), Closed> {
        let cost = self.cost();
        let watch = &mut self.reader.balances;
        let why = match answer {
            Ok(Ok(read)) => {
                watch.failed = false;
                watch.note(&read);
                // The first look at all of them does not wait for blocks.
                if watch.swept.is_none()
                    && let Some(ask) = watch.next(read.at.number, cost)
                {
                    watch.ask(&id, ask);
                }
                return self.out.say(Some(&id), balance(BalanceFact::Accounts(read))).await;
            }
            Ok(Err(why)) => why,
            Err(e) => Clean::of(&e.to_string()),
        };
        watch.again();
        if std::mem::replace(&mut watch.failed, true) {
            return Ok(());
        }
        self.out.say(Some(&id), Fact::Unread { section: "balances".into(), reason: why }).await
    }
}

fn balance(of: BalanceFact) -> Fact {
    Fact::Balances(Box::new(of))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Hash;
    use crate::domain::balance::Holding;

    fn account(n: u32) -> AccountId {
        let mut bytes = [0; 32];
        bytes[..4].copy_from_slice(&n.to_be_bytes());
        AccountId(bytes)
    }

    fn watch(count: u32) -> Watch {
        let mut watch = Watch::default();
        watch.add((0..count).map(account));
        watch
    }

    fn none() -> BTreeSet<AccountId> {
        BTreeSet::new()
    }

    /// What is asked for in the state of block `n`, answered at once.
    fn answered(watch: &mut Watch, n: u64, touched: BTreeSet<AccountId>, cost: u32) -> Option<Ask> {
        let ask = watch.wants(n, touched, cost)?;
        watch.asked = ask.clone();
        let at = BlockRef { number: n, hash: Hash([1; 32]) };
        watch.note(&AccountsRead { at, accounts: vec![] });
        Some(ask)
    }

    #[test]
    fn ten_thousand_are_read_in_ten_requests_at_the_start_and_then_a_page_every_ten_blocks() {
        let mut watch = watch(10_000);
        let mut pages = |blocks: std::ops::RangeInclusive<u64>| -> Vec<(u64, usize)> {
            blocks.filter_map(|n| Some((n, answered(&mut watch, n, none(), 20)?.bare.len()))).collect()
        };
        assert_eq!(pages(1..=10).iter().map(|(_, keys)| *keys).collect::<Vec<_>>(), [1_000; 10]);
        let then: Vec<u64> = pages(11..=60).iter().map(|(n, _)| *n).collect();
        assert_eq!(then, [20, 30, 40, 50, 60]);
    }

    #[test]
    fn beside_bodies_touched_accounts_cost_a_fifth_of_a_request_a_block_and_elsewhere_one() {
        for (cost, most) in [(20, 70), (4, 300)] {
            let mut watch = watch(10);
            let asked =
                (1..=300).filter(|n| answered(&mut watch, *n, [account(3)].into(), cost).is_some()).count();
            assert!(asked <= most && asked + 12 >= most.min(300) - 6, "{asked} at {cost}");
        }
    }

    #[test]
    fn what_a_block_touched_that_is_taken_back_is_read_again() {
        let mut watch = watch(5);
        assert!(answered(&mut watch, 1, none(), 4).is_some());
        assert_eq!(watch.wants(2, [account(1)].into(), 4).unwrap().whole, [account(1)]);
        assert_eq!(watch.wants(3, none(), 4), None);
        assert_eq!(watch.wants(2, [account(2)].into(), 4).unwrap().whole, [account(1), account(2)]);
    }

    #[test]
    fn who_has_parts_is_read_whole_once_and_what_failed_is_asked_again() {
        let mut watch = watch(2);
        let ask = watch.wants(1, none(), 4).unwrap();
        watch.asked = ask.clone();
        watch.again();
        assert!((2..11).all(|n| watch.wants(n, none(), 4).is_none()), "who failed is left alone for a while");
        let ask = watch.wants(11, none(), 4).unwrap();
        assert_eq!(ask.bare, [account(0), account(1)]);
        watch.asked = ask;
        let at = BlockRef { number: 11, hash: Hash([2; 32]) };
        let locked = Holding { exists: true, free: 9, reserved: 0, frozen: 5, parts: None };
        watch.note(&AccountsRead { at, accounts: vec![(account(1), locked.clone())] });
        let ask = watch.wants(12, none(), 4).unwrap();
        assert_eq!((ask.whole.clone(), ask.bare.len()), (vec![account(1)], 0));
        watch.asked = ask;
        watch.note(&AccountsRead { at, accounts: vec![(account(1), locked)] });
        assert_eq!(watch.wants(13, none(), 4), None, "its parts cannot be read: not asked again");
    }
}
