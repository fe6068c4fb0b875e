//! The relay's paras in the test bed: four system paras that progress, and in trouble six of other people.
//!
//! 2000 has a core and stands still, 2034 does not apply its code, 2043 lost its core, 2051 comes, 2090 is idle, of 2100 the
//! head was not read.

use super::{Bed, START, account, hash};
use sereno::domain::para::{Assigned, Occupied};
use sereno::domain::para::{
    Book, Channel, ChannelRequest, ChannelState, Cited, Core, CoreWork, Found, GoAhead, Head, Lifecycle,
    Limits, Message, Order, Para, Paras, Registration, Schedule, Sovereign, Upgrade, child_account,
    sibling_account,
};
use sereno::domain::{BlockRef, Clean, EventRecord, Fact, Hash, ParaId, UnixMs};
use sereno::state::Mode;

pub(super) fn found<T>(name: &str, value: T) -> Cited<T> {
    Cited { found: Found::Value(value), ..absent(name) }
}

fn absent<T>(name: &str) -> Cited<T> {
    let mixed = name.bytes().fold(7_u64, |a, b| a.wrapping_mul(0x0100_0000_01b3).wrapping_add(u64::from(b)));
    Cited {
        name: name.to_owned(),
        key: format!("0xcd710b30bd2eab0352ddcc26417aa194{mixed:016x}"),
        found: Found::Absent,
    }
}

fn unread<T>(name: &str) -> Cited<T> {
    let found = Found::Unread(Clean::of("State already discarded"));
    Cited { name: name.to_owned(), key: String::new(), found }
}

fn para(id: u32, context: u64) -> Para {
    let at = |place: &str| format!("{place}({id})");
    let number = 6_400_000 + u64::from(id);
    let block = Some(BlockRef { number, hash: hash("para", number, 0) });
    let id = ParaId(id);
    Para {
        id,
        lifecycle: found(&at("Paras.ParaLifecycles"), Lifecycle::Parathread),
        head: found(&at("Paras.Heads"), Head { data: format!("0x{}", "5a".repeat(110)), block }),
        context: found(&at("Paras.MostRecentContext"), context),
        code_hash: found(&at("Paras.CurrentCodeHash"), Hash([0x51; 32])),
        upgrade: Upgrade {
            future_code: absent(&at("Paras.FutureCodeHash")),
            from: absent(&at("Paras.FutureCodeUpgrades")),
            go_ahead: absent(&at("Paras.UpgradeGoAheadSignal")),
            restriction: absent(&at("Paras.UpgradeRestrictionSignal")),
            authorized: absent(&at("Paras.AuthorizedCodeHash")),
        },
        pending: absent(&at("ParaInclusion.V1")),
        constraints: absent(&at("ParachainHost.para_backing_state")),
        registration: absent(&at("Registrar.Paras")),
        dmp: found(&at("Dmp.DownwardMessageQueues"), vec![]),
        dmp_head: absent(&at("Dmp.DownwardMessageQueueHeads")),
        ump: found(&at("MessageQueue.BookStateFor"), Book::default()),
        watermark: found(&at("Hrmp.HrmpWatermarks"), context.saturating_sub(1)),
        inbound: found(&at("Hrmp.HrmpIngressChannelsIndex"), vec![]),
        outbound: found(&at("Hrmp.HrmpEgressChannelsIndex"), vec![]),
        sovereign: Sovereign {
            account: child_account(id),
            free: found(&at("System.Account"), 102_115_000_000_000),
        },
        sibling: sibling_account(id),
    }
}

/// Six paras of other people in the state of relay block `now`.
fn others(now: u64) -> Vec<Para> {
    let theirs = |id, context| {
        let mut para = para(id, context);
        let owner = Registration { manager: account(40), deposit: 5_000_000_000_000, locked: Some(true) };
        para.registration = found(&format!("Registrar.Paras({id})"), owner);
        para
    };
    let mut stuck = theirs(2_000, now - 310);
    stuck.outbound = found("Hrmp.HrmpEgressChannelsIndex(2000)", vec![ParaId(2_034)]);
    let mut code = theirs(2_034, now - 3);
    code.upgrade.future_code = found("Paras.FutureCodeHash(2034)", Hash([0x77; 32]));
    code.upgrade.from = found("Paras.FutureCodeUpgrades(2034)", 12_345_560);
    code.upgrade.go_ahead = found("Paras.UpgradeGoAheadSignal(2034)", GoAhead::GoAhead);
    code.inbound = found("Hrmp.HrmpIngressChannelsIndex(2034)", vec![ParaId(2_000)]);
    let mut lost = theirs(2_043, now - 1_800);
    let message = |n: u64| Message { sent_at: 12_343_800 + n * 40, bytes: 180, hash: Hash([9; 32]) };
    lost.dmp = found("Dmp.DownwardMessageQueues(2043)", (0..14).map(message).collect());
    lost.outbound = found("Hrmp.HrmpEgressChannelsIndex(2043)", vec![ParaId(1_000)]);
    lost.inbound = found("Hrmp.HrmpIngressChannelsIndex(2043)", vec![ParaId(1_000)]);
    lost.sovereign.free = found("System.Account(2043)", 2_000_000_000);
    let mut comes = theirs(2_051, 0);
    comes.lifecycle = found("Paras.ParaLifecycles(2051)", Lifecycle::Onboarding);
    comes.context = absent("Paras.MostRecentContext(2051)");
    comes.sovereign.free = found("System.Account(2051)", 0);
    let mut idle = theirs(2_090, now - 400_000);
    idle.ump = found(
        "MessageQueue.BookStateFor(Ump Para 2090)",
        Book { begin: 4, end: 5, pages: 2, messages: 2, bytes: 9_200 },
    );
    let mut blind = theirs(2_100, 0);
    blind.head = unread("Paras.Heads(2100)");
    blind.context = unread("Paras.MostRecentContext(2100)");
    blind.dmp = unread("Dmp.DownwardMessageQueues(2100)");
    blind.sovereign.free = unread("System.Account(2100)");
    vec![stuck, code, lost, comes, idle, blind]
}

fn channel(sender: u32, recipient: u32, messages: u32, bytes: u32) -> Channel {
    let state = ChannelState {
        max_capacity: 30,
        max_total_size: 102_400,
        max_message_size: 102_400,
        msg_count: messages,
        total_size: bytes,
        mqc_head: Some(Hash([3; 32])),
    };
    let name = format!("{sender} → {recipient}");
    Channel {
        sender: ParaId(sender),
        recipient: ParaId(recipient),
        state: found(&format!("Hrmp.HrmpChannels({name})"), state),
        contents: absent(&format!("Hrmp.HrmpChannelContents({name})")),
    }
}

/// Core 7 is shared from relay block 12 346 400 on.
fn later() -> Schedule {
    let parts = vec![(Assigned::Pool, 28_800), (Assigned::Task(ParaId(2_051)), 28_800)];
    Schedule { core: 7, begin: 12_346_400, end_hint: None, parts }
}

/// The relay's paras in the state of block `at`.
fn paras(at: BlockRef, now: i64, trouble: bool) -> Paras {
    let system = [(1_000, 0), (1_002, 1), (1_004, 2), (1_005, 3)];
    let mut all: Vec<Para> = system.map(|(id, _)| para(id, at.number - 1)).into();
    let mut claims: Vec<(u32, Vec<ParaId>)> = system.map(|(id, core)| (core, vec![ParaId(id); 2])).into();
    let mut channels = vec![];
    let mut requests = vec![];
    if trouble {
        all.extend(others(at.number));
        claims.extend([
            (4, vec![ParaId(2_000)]),
            (5, vec![ParaId(2_034)]),
            (6, vec![ParaId(2_100)]),
            (7, vec![]),
        ]);
        channels = vec![
            channel(1_000, 2_043, 3, 1_600),
            channel(2_000, 2_034, 30, 88_000),
            channel(2_043, 1_000, 26, 900),
        ];
        let request = |from, to, confirmed| ChannelRequest {
            sender: ParaId(from),
            recipient: ParaId(to),
            confirmed,
            max_capacity: 30,
            max_message_size: 102_400,
        };
        requests = vec![request(2_051, 1_000, false), request(2_090, 1_000, true)];
    }
    let task = |(core, queue): &(u32, Vec<ParaId>)| CoreWork {
        core: *core,
        parts: queue.first().map(|id| (Assigned::Task(*id), 57_600)).into_iter().collect(),
        end_hint: None,
        queued: None,
    };
    let core = |(_, queue): &(u32, Vec<ParaId>)| match queue.first() {
        Some(id) if id.0 < 2_000 => {
            Core::Occupied(Occupied { para: *id, since: at.number, times_out: at.number + 10, group: 0 })
        }
        Some(id) => Core::Scheduled(*id),
        None => Core::Free,
    };
    let later = if trouble { vec![later()] } else { vec![] };
    let orders = vec![Order { para: ParaId(2_090), ordered_at: at.number - 2 }];
    let limits =
        Limits { num_cores: 8, availability_period: 10, min_backing_votes: 2, max_head_bytes: 20_480 };
    Paras {
        at,
        stamped: Some(UnixMs(now - 400)),
        session: found("ParasShared.CurrentSessionIndex", 2_057),
        limits: found("Configuration.ActiveConfig", limits),
        existential_deposit: found("Balances.ExistentialDeposit", 10_000_000_000),
        work: found("ParaScheduler.CoreDescriptors", claims.iter().map(task).collect()),
        cores: found("ParachainHost.availability_cores()", claims.iter().map(core).collect()),
        claim_queue: found("ParachainHost.claim_queue()", claims),
        schedules: found("ParaScheduler.CoreSchedules", later),
        on_demand: if trouble {
            found("OnDemand.OrderStatus", orders)
        } else {
            absent("OnDemand.OrderStatus")
        },
        spot_price: found("OnDemand.OrderStatus", 1_000_000_000),
        groups: absent("ParaScheduler.ValidatorGroups"),
        validators: found("ParasShared.ActiveValidatorIndices", (1..=4).map(account).collect()),
        disabled: found("Session.DisabledValidators", vec![]),
        channels,
        requests: found("Hrmp.HrmpOpenChannelRequestsList", requests),
        closing: found("Hrmp.HrmpCloseChannelRequestsList", vec![(ParaId(2_043), ParaId(1_000))]),
        pvf_votes: found("Paras.PvfActiveVoteList", vec![]),
        frozen: absent("ParasDisputes.Frozen"),
        actions: vec![
            found("Paras.ActionsQueue(2058)", vec![ParaId(2_051)]),
            absent("Paras.ActionsQueue(2059)"),
        ],
        upcoming: found("Paras.UpcomingUpgrades", vec![]),
        forced: absent("Paras.FutureCodeUpgradesAt"),
        cooldowns: found("Paras.UpgradeCooldowns", vec![]),
        registered: found("Paras.ParaLifecycles", all.iter().map(|para| para.id).collect()),
        cut: vec![],
        paras: all.into_iter().map(|para| (para.id, para)).collect(),
    }
}

impl Bed {
    /// The relay's paras are read in the state of this block.
    pub(super) fn tell_paras(&mut self, at: BlockRef) {
        let source = self.endpoints("relay").into_iter().next();
        let paras = paras(at, self.now.max(START), self.trouble);
        self.fact("relay", source.as_ref(), Fact::Paras(Box::new(paras)));
    }

    /// Six paras of other people are registered, most of them in trouble, and messages failed.
    pub(crate) fn recovery(mode: Mode) -> Self {
        let mut bed = Self::new(mode);
        bed.trouble = true;
        for id in ["relay", "asset-hub", "bridge-hub", "people", "coretime"] {
            bed.connect(id);
        }
        bed.read_before();
        for n in 0..40 {
            bed.round(&["relay", "bridge-hub", "people", "coretime"], 2);
            bed.failing("asset-hub", n);
        }
        bed.settled()
    }

    /// The next block of a chain, on which messages fail now and then.
    fn failing(&mut self, chain: &'static str, n: u64) {
        let number = self.heads[chain] + 1;
        self.heads.insert(chain, number);
        let mut block = self.block(chain, number, 0);
        let event = |name: &str, rest: &str| EventRecord {
            pallet: Clean::of("MessageQueue"),
            name: Clean::of(name),
            fields: Clean::of(&format!("id: 0x51bb…902d, {rest}")),
            extrinsic: None,
        };
        match n {
            12 => block.events.push(event("ProcessingFailed", "origin: Sibling(2043), error: Unsupported")),
            30 => block.events.extend([
                event(
                    "Processed",
                    "origin: Parent, weight_used: {ref_time: 10, proof_size: 2}, success: true",
                ),
                event(
                    "Processed",
                    "origin: Sibling(2034), weight_used: {ref_time: 9, proof_size: 1}, success: false",
                ),
            ]),
            35 => block
                .events
                .push(event("OverweightEnqueued", "origin: Sibling(2000), page_index: 0, message_index: 1")),
            _ => {}
        }
        for endpoint in self.endpoints(chain) {
            self.fact(chain, Some(&endpoint), Fact::PeerBest(block.at));
        }
        let source = self.endpoints(chain).into_iter().next();
        let at = block.at;
        self.fact(chain, source.as_ref(), Fact::Best(Box::new(block)));
        self.moved(chain, at, vec![]);
        self.finalize(chain, 2);
    }

    /// The last read of the paras failed, three minutes ago.
    pub(crate) fn unread_paras(mode: Mode) -> Self {
        let mut bed = Self::recovery(mode);
        let source = bed.endpoints("relay").into_iter().next();
        let reason = Clean::of("RPC rate limit exceeded");
        bed.fact("relay", source.as_ref(), Fact::Unread { section: Clean::of("paras"), reason });
        bed.wait(180_000);
        bed
    }
}
