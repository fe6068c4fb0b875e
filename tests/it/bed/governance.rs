//! Governance in the test bed: four referenda on the relay, what is scheduled, two uses of the sudo key, parameters that changed.
//!
//! 12 confirms and would set the code, 13 is decided and harmless, 14 lacks its deposit and has a preimage that is too long, 11 was
//! rejected. Asset Hub is not connected.

use super::{Bed, account, hash};
use sereno::domain::call::{Call, Node};
use sereno::domain::gov::curve::{Curve, Perbill};
use sereno::domain::gov::ledger::Parameters;
use sereno::domain::gov::sudo::{Outcome, Step, SudoUse};
use sereno::domain::gov::{
    Body, Count, Deciding, Deposit, Enactment, Governance, Judged, Ongoing, Preimage, Proposal, Referendum,
    Rules, State, Tally, Task, Track,
};
use sereno::domain::para::Found;
use sereno::domain::{BlockRef, Clean, Fact, Hash};
use sereno::state::Mode;

const PAS: u128 = 10_000_000_000;
const VOTERS: u128 = 1_000_000 * PAS;

fn track(id: u16, name: &str, (approval, support): (Curve, Curve)) -> Track {
    Track {
        id,
        name: Clean::of(name),
        max_deciding: 10,
        decision_deposit: 5_000 * PAS,
        prepare_period: 1_200,
        decision_period: 403_200,
        confirm_period: 1_800,
        min_enactment_period: 100,
        min_approval: approval,
        min_support: support,
    }
}

fn tracks() -> Vec<Track> {
    let all = Perbill::ALL;
    let share = |percent: u32| Perbill::of_parts(percent * 10_000_000);
    let reciprocal = |factor, x_offset, y_offset| Curve::Reciprocal { factor, x_offset, y_offset };
    vec![
        track(
            0,
            "root",
            (
                reciprocal(222_222_224, 333_333_335, 333_333_332),
                Curve::LinearDecreasing { length: all, floor: share(0), ceil: share(50) },
            ),
        ),
        track(
            32,
            "small_spender",
            (
                Curve::LinearDecreasing {
                    length: Perbill::of_parts(607_142_857),
                    floor: share(50),
                    ceil: all,
                },
                reciprocal(7_892_829, 15_544_040, -7_772_020),
            ),
        ),
    ]
}

fn call(path: &str, args: Vec<(&str, Node)>) -> Call {
    let (pallet, name) = path.split_once('.').unwrap();
    let args = args.into_iter().map(|(n, node)| (n.to_owned(), node)).collect();
    Call { pallet: pallet.to_owned(), name: name.to_owned(), args }
}

fn known(call: Call) -> Found<Judged> {
    Found::Value(Judged::of(call, &[26, 2, 8]))
}

fn going(at: u64, ago: u64, call: Found<Judged>) -> Ongoing {
    Ongoing {
        track: 32,
        origin: Clean::of("Origins.SmallSpender"),
        proposal: Proposal { hash: Hash([0x5b; 32]), len: Some(1_204), call },
        enactment: Enactment::After(100),
        submitted: at - ago,
        submission_deposit: Deposit { who: account(7), amount: PAS },
        decision_deposit: Some(Deposit { who: account(8), amount: 5_000 * PAS }),
        deciding: None,
        tally: Tally::default(),
        in_queue: false,
        alarm: None,
    }
}

fn referenda(at: u64) -> Vec<Referendum> {
    let blob = Node::Bytes(vec![0x52; 1_900_000]);
    let inner = vec![
        Node::Call(Box::new(call("System.remark", vec![("remark", Node::Bytes(b"upgrade".to_vec()))]))),
        Node::Call(Box::new(call("System.set_code", vec![("code", blob)]))),
    ];
    let batch = known(call("Utility.batch_all", vec![("calls", Node::List(inner))]));
    let remark = known(call("System.remark", vec![("remark", Node::Bytes(vec![1; 8]))]));
    let long =
        Found::Unread(Clean::of("the preimage is 4194304 bytes long; this program reads up to 3145728"));
    let votes = |ayes: u128, nays: u128| Tally { ayes: ayes * PAS, nays: nays * PAS, support: ayes * PAS };
    let deciding = |ago, confirming| Some(Deciding { since: at - ago, confirming });
    let one = |index, state| Referendum { index, state, voters: Some(VOTERS) };
    let ongoing = |index, going| one(index, State::Ongoing(Box::new(going)));
    vec![
        one(11, State::Rejected(at - 9_000)),
        ongoing(
            12,
            Ongoing {
                track: 0,
                origin: Clean::of("system.Root"),
                deciding: deciding(201_600, Some(at + 600)),
                tally: votes(412_000, 31_000),
                alarm: Some(at + 600),
                ..going(at, 202_800, batch)
            },
        ),
        ongoing(
            13,
            Ongoing {
                deciding: deciding(40_320, None),
                tally: votes(18_000, 9_000),
                ..going(at, 41_520, remark)
            },
        ),
        ongoing(14, Ongoing { decision_deposit: None, ..going(at, 300, long) }),
    ]
}

fn governance(at: BlockRef) -> Governance {
    let n = at.number;
    let task = |when, periodic, enacts: Option<u32>, call| Task {
        when,
        index: 0,
        name: enacts.map(|_| Hash([4; 32])),
        periodic,
        origin: Clean::of("system.Root"),
        proposal: Proposal { hash: Hash([0x6c; 32]), len: Some(40), call },
        enacts: enacts.map(|index| (Clean::of("Referenda"), index)),
    };
    let nudge = known(call("Referenda.nudge_referendum", vec![("index", Node::Number(12))]));
    let max_code = known(call("Configuration.set_max_code_size", vec![("new", Node::Number(3_145_728))]));
    Governance {
        at,
        count: Count::Own(n),
        bodies: vec![Body {
            pallet: Clean::of("Referenda"),
            rules: Rules { undeciding_timeout: Some(201_600), ranked: false },
            tracks: Found::Value(tracks()),
            submitted: Some(15),
            referenda: Found::Value(referenda(n)),
        }],
        agenda: Found::Value(vec![
            task(n + 40, Some((14_400, 3)), None, nudge),
            task(n + 1_400, None, Some(10), max_code),
            task(n + 12_300_000, None, None, Found::Absent),
        ]),
        whitelist: Found::Value(vec![]),
        preimages: Found::Value(vec![Preimage {
            hash: Hash([0x5b; 32]),
            len: Some(1_204),
            by: None,
            requested: true,
        }]),
    }
}

fn used(at: BlockRef, steps: Vec<(u8, &str, Outcome)>) -> Fact {
    let outer = call("Sudo.sudo", vec![("call", Node::Call(Box::new(call("System.remark", vec![]))))]);
    Fact::Sudo(Box::new(SudoUse {
        at,
        stamped: None,
        extrinsic: Some(3),
        events: vec![Clean::of("Sudid")],
        signer: Some(account(9)),
        call: known(outer),
        steps: steps
            .into_iter()
            .map(|(depth, path, outcome)| Step { depth, path: Clean::of(path), outcome })
            .collect(),
        more: 0,
    }))
}

impl Bed {
    /// A chain that has neither referenda nor a scheduler.
    pub(super) fn tell_no_governance(&mut self, chain: &str, at: BlockRef) {
        let source = self.endpoints(chain).into_iter().next();
        self.fact(chain, source.as_ref(), Fact::Governance(Box::new(Governance::none(at))));
    }

    /// The relay with referenda; Asset Hub is not connected.
    pub(crate) fn governance(mode: Mode) -> Self {
        let mut bed = Self::new(mode);
        for id in ["relay", "bridge-hub", "people", "coretime"] {
            bed.connect(id);
        }
        for _ in 0..30 {
            bed.round(&["relay", "bridge-hub", "people", "coretime"], 2);
        }
        let number = bed.heads["relay"];
        let at = BlockRef { number, hash: hash("relay", number, 0) };
        let source = bed.endpoints("relay").into_iter().next();
        let before = |n: u64| BlockRef { number: number - n, hash: hash("relay", number - n, 0) };
        let set = |at: BlockRef, size: &str, expect: &str| {
            let values = [("Configuration.ActiveConfig.max_code_size", size), ("Babe.EpochDuration", expect)];
            Fact::Parameters(Box::new(Parameters {
                at,
                code: None,
                spec_version: 2_003_001,
                values: values.into_iter().map(|(k, v)| (k.to_owned(), Clean::of(v))).collect(),
                unread: None,
            }))
        };
        let failed = Outcome::Failed(Clean::of("Paras.NotRegistered"));
        let facts = vec![
            set(before(25), "2097152", "600"),
            used(
                before(20),
                vec![(0, "Sudo.sudo", Outcome::Done), (1, "Configuration.set_max_code_size", Outcome::Done)],
            ),
            used(
                before(6),
                vec![
                    (0, "Sudo.sudo", Outcome::Done),
                    (1, "Utility.batch", Outcome::Done),
                    (2, "Registrar.remove_lock", Outcome::Done),
                    (2, "Paras.force_set_current_head", failed),
                    (2, "Paras.force_queue_action", Outcome::NotRun),
                ],
            ),
            set(before(3), "3145728", "2400"),
            Fact::Governance(Box::new(governance(at))),
        ];
        for fact in facts {
            bed.fact("relay", source.as_ref(), fact);
        }
        bed.settled()
    }
}
