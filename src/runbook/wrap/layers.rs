//! One wrapper around the other.
//!
//! In: the call so far. Out: the call with one more around it, and who must sign now. Refuses what the chain would refuse
//! or what nobody should sign. Must not do I/O.

use super::{Act, Approval, Context, Target, Turn, WrapError, Wrapper, multisig};
use crate::codec::{Runtime, call_hash};
use crate::domain::AccountId;
use crate::domain::call::{Call, Node};
use crate::domain::danger::filtered_by_safe_sudo;
use crate::runbook::origin::Origin;

/// The call as far as it is wrapped.
pub(super) struct Layers<'a> {
    calls: Vec<Call>,
    call: Call,
    context: &'a Context<'a>,
    /// Whose runtime encodes the call so far.
    runtime: &'a Runtime,
    authority: Vec<String>,
    /// True once `Sudo.sudo` is around, and nothing acts for its key yet.
    as_sudo: bool,
    pub(super) approval: Option<Approval>,
    pub(super) turn: Option<Turn>,
    /// The bytes inside the innermost multisig.
    pub(super) intended: Option<Vec<u8>>,
    pub(super) notes: Vec<String>,
}

fn refused(why: String) -> WrapError {
    WrapError::Refused(why)
}

fn call(pallet: &str, name: &str, args: Vec<(&str, Node)>) -> Call {
    let args = args.into_iter().map(|(name, node)| (name.to_owned(), node)).collect();
    Call { pallet: pallet.to_owned(), name: name.to_owned(), args }
}

fn boxed(call: Call) -> Node {
    Node::Call(Box::new(call))
}

fn variant(name: &str, fields: Vec<(&str, Node)>) -> Node {
    let fields = fields.into_iter().map(|(name, node)| (name.to_owned(), node)).collect();
    Node::Variant(name.to_owned(), fields)
}

fn text(text: &str) -> Node {
    Node::Text(text.to_owned())
}

impl<'a> Layers<'a> {
    pub(super) fn new(
        calls: &[Call],
        wrappers: &[Wrapper],
        context: &'a Context<'a>,
    ) -> Result<Self, WrapError> {
        let first = calls.first().ok_or_else(|| refused("there is no call to wrap".to_owned()))?;
        let chain = wrappers.iter().find_map(|w| match w {
            Wrapper::Xcm { chain } => Some(chain),
            _ => None,
        });
        let runtime = match chain {
            Some(chain) => target(context, chain)?.runtime,
            None => context.runtime,
        };
        Ok(Self {
            calls: calls.to_vec(),
            call: first.clone(),
            context,
            runtime,
            authority: Vec::new(),
            as_sudo: false,
            approval: None,
            turn: None,
            intended: None,
            notes: Vec::new(),
        })
    }

    pub(super) fn call(&self) -> &Call {
        &self.call
    }

    /// Who must sign, outermost first.
    pub(super) fn authority(&self) -> String {
        match self.authority.as_slice() {
            [] => Origin::parse(self.context.needs).to_string(),
            layers => layers.iter().rev().map(String::as_str).collect::<Vec<_>>().join(", for "),
        }
    }

    fn who(&self, account: &AccountId) -> String {
        account.ss58(self.context.ss58_prefix)
    }

    pub(super) fn put(&mut self, wrapper: &Wrapper) -> Result<(), WrapError> {
        match wrapper {
            Wrapper::None => Ok(()),
            Wrapper::Batch => {
                let calls = self.calls.drain(..).map(boxed).collect();
                self.call = call("Utility", "batch_all", vec![("calls", Node::List(calls))]);
                Ok(())
            }
            Wrapper::Xcm { chain } => self.xcm(chain),
            Wrapper::Sudo => self.sudo(),
            Wrapper::Proxy { kind, real } => self.proxy(kind, real),
            Wrapper::Multisig { threshold, signatories } => self.multisig(*threshold, signatories),
        }
    }

    /// `XcmPallet.send` of an unpaid `Transact` as Superuser, which fails as a whole if the call fails (ACTIONS W6).
    fn xcm(&mut self, chain: &str) -> Result<(), WrapError> {
        let target = target(self.context, chain)?;
        let bytes = target.runtime.encode_call(&self.call)?;
        let para = variant("Parachain", vec![("0", Node::Number(u128::from(target.para)))]);
        let interior = variant("X1", vec![("0", Node::List(vec![para]))]);
        let location =
            Node::Fields(vec![("parents".to_owned(), Node::Number(0)), ("interior".to_owned(), interior)]);
        let message = Node::List(vec![
            variant(
                "UnpaidExecution",
                vec![("weight_limit", text("Unlimited")), ("check_origin", Node::Nothing)],
            ),
            variant(
                "Transact",
                vec![
                    ("origin_kind", text("Superuser")),
                    ("fallback_max_weight", Node::Nothing),
                    ("call", Node::Bytes(bytes)),
                ],
            ),
            variant("ExpectTransactStatus", vec![("0", text("Success"))]),
        ]);
        self.call = call(
            "XcmPallet",
            "send",
            vec![
                ("dest", variant("V5", vec![("0", location)])),
                ("message", variant("V5", vec![("0", message)])),
            ],
        );
        self.runtime = self.context.runtime;
        self.authority = vec![format!("Root of the relay, who is Root of {chain}")];
        self.notes.push(format!(
            "the call for {chain} travels as bytes: this chain's own filters do not see it, and its success is known only on {chain}"
        ));
        Ok(())
    }

    fn sudo(&mut self) -> Result<(), WrapError> {
        self.call = call("Sudo", "sudo", vec![("call", boxed(self.call.clone()))]);
        self.as_sudo = true;
        self.authority = vec![match self.context.sudo {
            Some(key) => format!("the root key {}", self.who(&key)),
            None => "the root key".to_owned(),
        }];
        Ok(())
    }

    /// The account that acts next must hold the root key, where one is needed.
    fn holds_root(&mut self, account: &AccountId, what: &str, hint: &str) -> Result<(), WrapError> {
        if !std::mem::take(&mut self.as_sudo) {
            return Ok(());
        }
        match self.context.sudo {
            Some(key) if key == *account => Ok(()),
            Some(key) => Err(refused(format!(
                "{what} {} does not hold the root key: Sudo.Key is {}; {hint}",
                self.who(account),
                self.who(&key)
            ))),
            None => {
                let who = self.who(account);
                self.notes.push(format!("not checked that {who} holds the root key: Sudo.Key was not read"));
                Ok(())
            }
        }
    }

    fn proxy(&mut self, kind: &str, real: &AccountId) -> Result<(), WrapError> {
        if kind == "SafeSudo"
            && let Some(why) = filtered_by_safe_sudo(&self.call)
        {
            return Err(refused(format!(
                "SafeSudo would refuse this: {why}; use the multisig of the root key"
            )));
        }
        self.holds_root(real, "the account", "name the account that holds it after the @")?;
        if kind == "SafeSudo" {
            self.notes
                .push("a SafeSudo delegate is as powerful as the root key: keep its key like one".to_owned());
        }
        let real_is = self.who(real);
        self.call = call(
            "Proxy",
            "proxy",
            vec![
                ("real", variant("Id", vec![("0", Node::Account(*real))])),
                ("force_proxy_type", text(kind)),
                ("call", boxed(self.call.clone())),
            ],
        );
        self.authority.push(format!("a {kind} delegate of {real_is}"));
        Ok(())
    }

    fn multisig(&mut self, threshold: u16, signatories: &[AccountId]) -> Result<(), WrapError> {
        multisig::check(threshold, signatories).map_err(refused)?;
        let account = multisig::account(signatories, threshold);
        let hint = "a signatory or the threshold is wrong";
        self.holds_root(&account, "the multisig account", hint)?;
        let turn = self.turn(threshold, signatories)?;
        let others = multisig::sorted(signatories).into_iter().filter(|one| *one != turn.sender);
        let others = Node::List(others.map(Node::Account).collect());
        let inner = std::mem::replace(&mut self.call, call("", "", vec![]));
        let bytes = self.runtime.encode_call(&inner)?;
        let approves = call_hash(&bytes);
        self.intended.get_or_insert(bytes);
        self.notes.push(self.told(&turn));
        self.turn = Some(turn);
        self.authority.push(format!(
            "{threshold} of the {} signatories of the multisig {}",
            signatories.len(),
            self.who(&account)
        ));
        if threshold == 1 {
            let args = vec![("other_signatories", others), ("call", boxed(inner))];
            self.call = call("Multisig", "as_multi_threshold_1", args);
            self.approval = Some(Approval { account, decoded: None, call_data: Vec::new(), approves });
            return Ok(());
        }
        let weight = self.weight()?;
        let common = vec![
            ("threshold", Node::Number(u128::from(threshold))),
            ("other_signatories", others),
            ("maybe_timepoint", self.timepoint()),
        ];
        let mut approve = common.clone();
        approve.extend([("call_hash", Node::Bytes(approves.0.to_vec())), ("max_weight", weight.clone())]);
        let approve = self.runtime.encode_call(&call("Multisig", "approve_as_multi", approve))?;
        self.approval = Some(Approval {
            account,
            decoded: Some(self.runtime.decode_call(&approve)?),
            call_data: approve,
            approves,
        });
        let mut whole = common;
        whole.extend([("call", boxed(inner)), ("max_weight", weight)]);
        self.call = call("Multisig", "as_multi", whole);
        self.notes.push(match self.context.timepoint {
            Some((height, index)) => format!("first approved at block {height}, extrinsic {index}"),
            None => "no timepoint: for the first signer only; all others take block and index of the first approval"
                .to_owned(),
        });
        Ok(())
    }

    /// Who acts now and how: as the pallet decides, by the approvals on chain.
    fn turn(&self, threshold: u16, signatories: &[AccountId]) -> Result<Turn, WrapError> {
        let approvals = self.context.approvals;
        let sender = match self.context.sender {
            Some(sender) if !signatories.contains(&sender) => {
                let who = self.who(&sender);
                let count = signatories.len();
                return Err(refused(format!("{who} signs, but is not one of the {count} signatories")));
            }
            Some(sender) => sender,
            None => {
                let next = signatories.iter().find(|one| !approvals.contains(one));
                *next.or(signatories.first()).ok_or_else(|| refused("a multisig of nobody".to_owned()))?
            }
        };
        let (approved, enough) = (approvals.len(), usize::from(threshold));
        let has = approvals.contains(&sender);
        let act = match approved {
            n if n >= enough => Act::Execute,
            _ if has => Act::Wait,
            n if n + 1 >= enough => Act::Execute,
            _ => Act::Approve,
        };
        Ok(Turn { sender, act, approved, threshold })
    }

    fn told(&self, turn: &Turn) -> String {
        let Turn { sender, act, approved, threshold } = turn;
        let who = self.who(sender);
        let does = match act {
            Act::Approve => "approves by hash now, and others must follow",
            Act::Execute => "signs the whole call now, which executes it",
            Act::Wait => "has approved already and signs nothing now: another signatory is next (--sender)",
        };
        format!(
            "{approved} of {threshold} have approved; {who} {does}. Composed for {who}: every other signatory names the \
             others"
        )
    }

    fn timepoint(&self) -> Node {
        self.context.timepoint.map_or(Node::Nothing, |(height, index)| {
            Node::Fields(vec![
                ("height".to_owned(), Node::Number(u128::from(height))),
                ("index".to_owned(), Node::Number(u128::from(index))),
            ])
        })
    }

    /// `max_weight`, refused where a normal extrinsic can never carry it (ACTIONS P6).
    fn weight(&self) -> Result<Node, WrapError> {
        let (time, size) = self.context.max_weight.ok_or_else(|| {
            refused(
                "a multisig states the weight of its call, and that could not be read (query_call_info)"
                    .to_owned(),
            )
        })?;
        if let Some(most) = self.most_time()
            && u128::from(time) > most
        {
            return Err(refused(format!(
                "the call weighs {time} ref_time, a multisig carries at most {most}: use a way in two steps (authorise, then apply)"
            )));
        }
        Ok(Node::Fields(vec![
            ("ref_time".to_owned(), Node::Number(u128::from(time))),
            ("proof_size".to_owned(), Node::Number(u128::from(size))),
        ]))
    }

    /// The most that one normal extrinsic may take; none where the runtime does not say.
    fn most_time(&self) -> Option<u128> {
        let weights = self.runtime.constant_node("System", "BlockWeights").ok()?;
        let path = ["per_class", "normal", "max_extrinsic", "0", "ref_time"];
        let mut at = &weights;
        for name in path {
            at = match at {
                Node::Fields(fields) | Node::Variant(_, fields) => {
                    fields.iter().find(|(n, _)| n == name).map(|(_, node)| node)?
                }
                _ => return None,
            };
        }
        match at {
            Node::Number(n) => Some(*n),
            _ => None,
        }
    }
}

fn target<'a>(context: &'a Context<'a>, chain: &str) -> Result<Target<'a>, WrapError> {
    context.targets.iter().find(|t| t.chain == chain).copied().ok_or_else(|| {
        refused(format!(
            "--wrap xcm:{chain}: its metadata is not known: name an endpoint (--endpoint {chain}=URL)"
        ))
    })
}
