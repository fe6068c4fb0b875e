//! The relay's validators in the test bed: eight of them, four providers, a register, 37 sessions of an earlier run.
//!
//! bob (2) is silent, dave (4) misses votes, frank (6) is disabled, 8 leaves, 9 joins, 11 waits, 12 is absent.

use super::{Bed, START, account, hash, network};
use sereno::app::{self, Msg};
use sereno::domain::validator::{Figures, Member, PointsOver, Staking, StakingMode};
use sereno::domain::{
    AccountId, BlockVotes, CandidateVotes, Clean, Fact, Observation, ParaId, Points, Roster, SessionRecord,
    UnixMs, ValidatorSet,
};
use sereno::state::Mode;

pub(super) const SESSION: u32 = 2_057;
/// Slots of a session.
const LENGTH: u64 = 600;

fn member(provider: &str, name: &str) -> Member {
    Member { provider: Clean::of(provider), name: Clean::of(name), active: true, chain: None }
}

fn register() -> Roster {
    let rows = [
        (1, "TurboFlakes", "TurboFlakes/1"),
        (2, "TurboFlakes", "TurboFlakes/2"),
        (12, "TurboFlakes", "TurboFlakes/3"),
        (3, "CoinStudio", "CoinStudio"),
        (4, "ParaNodes", "ParaNodes/A"),
        (9, "ParaNodes", "ParaNodes/B"),
        (5, "Helikon (Basel)", "HELIKON 🧊"),
        (6, "Helikon (Basel)", "HELIKON 2"),
        (11, "Helikon (Basel)", "HELIKON 3"),
    ];
    Roster {
        validators: rows.map(|(n, provider, name)| (account(n), member(provider, name))).into(),
        problems: vec![Clean::of("active/amforc.yml:7: expected 'stash: <address>', found 'stach'")],
        from: Some(Clean::of("github.com/paseo-network/paseo-action-submission")),
        ..Roster::default()
    }
}

fn set() -> ValidatorSet {
    ValidatorSet {
        session: SESSION,
        validators: (1..=8).map(account).collect(),
        para: Some((0..7).collect()),
        groups: Some(vec![vec![0, 1, 2], vec![3, 4, 5], vec![6]]),
        next: Some([1, 2, 3, 4, 5, 6, 7, 9].map(account).to_vec()),
        target: Some(500),
        staking: Some(Staking {
            mode: StakingMode::Active,
            waiting: Some((13, 8)),
            next_change: Some(13),
            applied_at: Some(2_001),
        }),
    }
}

/// Three candidates a block; dave misses every other one of his group, bob every tenth.
pub(super) fn votes(number: u64) -> BlockVotes {
    let groups: [(u32, u32, &[u32]); 3] = [(1000, 0, &[0, 1, 2]), (1004, 1, &[3, 4, 5]), (2_043, 2, &[6])];
    let is_missed = |i: u32| match i {
        1 => number.is_multiple_of(10),
        3 => number.is_multiple_of(2),
        _ => false,
    };
    let candidate = |(para, group, members): (u32, u32, &[u32])| {
        let (missed, voted): (Vec<u32>, Vec<u32>) = members.iter().partition(|i| is_missed(**i));
        let candidate = Some(hash("candidate", number, u8::try_from(group).unwrap()));
        CandidateVotes { para: ParaId(para), candidate, group, voted, missed }
    };
    let dark = number.is_multiple_of(5);
    BlockVotes {
        session: SESSION,
        backing: Some(groups.map(candidate).to_vec()),
        available: Some((0..7).filter(|i| *i != 3 || !dark).collect()),
    }
}

/// What the journal kept of a session: dave gets worse, 7 came in 2 035, nothing is known of 2 040.
fn record(session: u32) -> SessionRecord {
    let ended = UnixMs(START - i64::from(SESSION - session) * 3_600_000 + 200_000);
    let first_block = 12_345_355 - u64::from(SESSION - session) * LENGTH;
    let figures = |n: u8| {
        let missed_votes = match n {
            4 => (session - 2_019) * 7,
            2 => 12,
            _ => u32::from(n == 5 && session.is_multiple_of(9)) * 80,
        };
        let para = Some(n != 8);
        let voted = if n == 8 { 0 } else { 540 - missed_votes };
        Figures {
            authored: 60,
            missed_slots: u32::from(n == 2) * 3,
            voted,
            missed_votes,
            available: if n == 8 { 0 } else { 590 },
            unavailable: if n == 8 { 0 } else { u32::from(n) },
            para,
            disabled: Some(n == 6 && session > 2_054),
        }
    };
    let known: Vec<(AccountId, Figures)> =
        (1..=8).filter(|n| *n != 7 || session >= 2_035).map(|n| (account(n), figures(n))).collect();
    SessionRecord {
        session,
        started: Some(UnixMs(ended.0 - 3_600_000)),
        ended: Some(ended),
        first_block,
        last_block: first_block + LENGTH - 1,
        blocks: 600,
        with_votes: 600,
        with_bitfields: 600,
        complete: session != 2_050,
        validators: known,
    }
}

impl Bed {
    /// Six healthy chains, and on the relay everything about its validators.
    pub(crate) fn validators(mode: Mode) -> Self {
        let mut network = network();
        network.roster = register();
        network.names.insert(account(6), "frank".to_owned());
        let mut bed = Self::of(network, mode);
        (bed.session, bed.votes) = (true, true);
        for session in (2_020..SESSION).filter(|s| *s != 2_040) {
            let fact = Fact::SessionRecord(Box::new(record(session)));
            let seen = Observation { at: UnixMs(START), chain: "relay".into(), endpoint: None, fact };
            let _ = app::update(&mut bed.state, Msg::Restored(Box::new(seen)));
        }
        let relays = ["relay", "asset-hub", "bridge-hub", "people", "coretime"];
        relays.iter().for_each(|id| bed.connect(id));
        let source = bed.endpoints("relay").into_iter().next();
        let keys = [1, 2, 3, 4, 5, 6, 8, 9, 11].map(|n| (account(n), true)).into_iter();
        let points = (1..=8).map(|n| (account(n), 1_000 - 40 * u32::from(n))).collect();
        for fact in [
            Fact::Validators(Box::new(set())),
            Fact::Disabled(vec![account(6)]),
            Fact::KeysSet(keys.chain([(account(7), false), (account(12), false)]).collect()),
            Fact::Points(Points { over: PointsOver::Session(SESSION), by_stash: points }),
        ] {
            bed.fact("relay", source.as_ref(), fact);
        }
        for _ in 0..40 {
            bed.round(&relays, 2);
        }
        bed.settled()
    }

    /// The same relay where nothing about validators could be read: the set fails to decode.
    pub(crate) fn unread_validators(mode: Mode) -> Self {
        let mut bed = Self::six(mode, false);
        let source = bed.endpoints("relay").into_iter().next();
        for section in ["validators", "disabled", "keys-set", "points"] {
            let reason = Clean::of("Session.Validators: decode failed at byte 12");
            bed.fact("relay", source.as_ref(), Fact::Unread { section: Clean::of(section), reason });
        }
        bed.settled()
    }

    /// The layout of 2024: staking on the relay, points by era; neither para validators nor votes could be read.
    pub(crate) fn validators_of_2024(mode: Mode) -> Self {
        let mut bed = Self::new(mode);
        bed.session = true;
        bed.connect("relay");
        let source = bed.endpoints("relay").into_iter().next();
        let staking =
            Staking { mode: StakingMode::Relay, waiting: None, next_change: None, applied_at: None };
        let set = ValidatorSet {
            para: None,
            groups: None,
            next: None,
            target: Some(60),
            staking: Some(staking),
            ..set()
        };
        bed.fact("relay", source.as_ref(), Fact::Validators(Box::new(set)));
        let points = vec![(account(1), 4_020), (account(3), 3_980)];
        let points = Points { over: PointsOver::Era(312), by_stash: points };
        bed.fact("relay", source.as_ref(), Fact::Points(points));
        (0..40).for_each(|_| bed.round(&["relay"], 2));
        bed.settled()
    }
}
