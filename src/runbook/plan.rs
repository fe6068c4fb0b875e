//! The plan: what will be done, what must hold, and the hash that names the intent.
//!
//! In: a filled-in runbook, its calls, what the chain says of weight and fee. Out: [`Plan`], whose JSON is fixed by CONTRACT.
//! The hash is over the intent alone (`intent`): observed values, signer and nonce are not part of it. Must not do I/O.

mod intent;
mod parts;
mod saved;
mod text;
pub mod xcm;

pub use intent::{Intent, IntentCall, IntentChain};
pub use saved::{Difference, Saved, differences};

use super::compose::{Composition, Said};
use super::draft::Draft;
use super::links::Links;
use super::params::GivenFile;
use super::recipe::{Level, Moment, Risk};
use super::verify::Line;
use super::wrap::Wrapped;
use crate::domain::danger::Class;
use crate::domain::{BlockRef, Hash, UnixMs};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// How long a plan is valid.
pub const VALID_MS: i64 = 3_600_000;
/// The same where several people must sign.
pub const VALID_MULTISIG_MS: i64 = 7 * 24 * 3_600_000;

/// What is known of the chain that the plan is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainFacts {
    /// The profile's id.
    pub id: String,
    /// Who it is.
    pub genesis: Hash,
    /// Its runtime.
    pub code_hash: Option<Hash>,
    /// Name of the runtime.
    pub spec_name: String,
    /// Its version.
    pub spec_version: u32,
    /// The block in whose state everything was read.
    pub at: BlockRef,
    /// The block's own timestamp.
    pub stamp: Option<UnixMs>,
    /// How accounts are written.
    pub ss58_prefix: Option<u16>,
    /// Symbol and decimals.
    pub token: Option<(String, u8)>,
}

/// What a call costs; a reason where that is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cost {
    /// `ref_time` and `proof_size`.
    pub weight: Result<(u64, u64), String>,
    /// In planck.
    pub fee: Result<u128, String>,
}

/// Everything that a plan is made of.
pub struct Ingredients<'a> {
    /// The filled-in runbook.
    pub draft: &'a Draft<'a>,
    /// Its calls.
    pub composition: &'a Composition,
    /// What each costs, in the order of the calls.
    pub costs: &'a [Cost],
    /// What is signed; none where there is no call.
    pub wrapped: Option<&'a Wrapped>,
    /// Why there is none.
    pub unwrapped: Option<String>,
    /// What is known of the message, where the call travels to another chain.
    pub xcm: Option<&'a xcm::XcmFacts>,
    /// The wrappers as they were given.
    pub wraps: &'a [String],
    /// The network's id.
    pub network: &'a str,
    /// The chains of the calls: first the recipe's own, then others.
    pub chains: &'a [ChainFacts],
    /// When it takes hold.
    pub effective_at: Option<UnixMs>,
    /// The ticket it answers.
    pub ticket: Option<String>,
    /// Now.
    pub now: UnixMs,
    /// Until when it is valid.
    pub expires: UnixMs,
    /// Where a person can look at the call.
    pub links: Option<Links>,
}

/// A check and how it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Checked {
    /// Its name.
    pub id: String,
    /// The expression.
    pub expr: String,
    /// Yes, no, unknown.
    pub ok: Option<bool>,
    /// What follows where it does not hold.
    pub level: Level,
    /// What holds, as a sentence.
    pub message: String,
    /// What it looked at.
    pub value: Value,
    /// Number of the block of the oldest value in it.
    pub block: Option<u64>,
    /// Age of the oldest value in it.
    pub age_ms: Option<i64>,
    /// Why it is unknown.
    pub reason: Option<String>,
}

/// A value that was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReadValue {
    /// Its name.
    pub id: String,
    /// Of which chain.
    pub chain: Option<String>,
    /// The item and its key.
    pub source: Option<String>,
    /// The number of the block.
    pub block: Option<u64>,
    /// Its age.
    pub age_ms: Option<i64>,
    /// The value.
    pub value: Value,
    /// Why there is none.
    pub error: Option<String>,
}

/// A call of the plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlannedCall {
    /// The chain it is a call of.
    pub chain: String,
    /// As in the metadata.
    pub pallet: String,
    /// As in the metadata.
    pub call: String,
    /// The arguments.
    pub args: Value,
    /// Decoded from its bytes.
    pub decoded: Value,
    /// Its bytes.
    #[serde(serialize_with = "hex", deserialize_with = "of_hex")]
    pub call_data: Vec<u8>,
    /// Their hash.
    pub call_hash: Hash,
    /// What it weighs.
    pub weight: Option<Weight>,
    /// What it costs, planck as text.
    pub fee: Option<String>,
    /// Why weight or fee are not known.
    pub cost_reason: Option<String>,
    /// How dangerous.
    pub danger: Class,
    /// Why.
    pub danger_reasons: Vec<String>,
    /// Whose authority it needs.
    pub authority: String,
    /// Who makes it, as the recipe says: `root`, `signed`, `signed:WHO`, `parachain:ID`.
    pub origin: String,
}

/// A weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weight {
    /// Picoseconds.
    pub ref_time: u64,
    /// Bytes.
    pub proof_size: u64,
}

/// A file or other bytes that are part of the intent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArtefactLine {
    /// The parameter.
    pub name: String,
    /// How long.
    pub bytes: u64,
    /// Its hash.
    pub blake2_256: Hash,
}

/// A chain that the plan has a call for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainLine {
    /// The profile's id.
    pub id: String,
    /// Who it is.
    pub genesis_hash: Hash,
    /// Its runtime; none where the node does not say.
    pub code_hash: Option<Hash>,
}

/// A token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenLine {
    /// `PAS`.
    pub symbol: String,
    /// Digits after the point.
    pub decimals: u8,
}

/// A plan. The names of its fields are fixed by CONTRACT.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Of this document.
    pub schema: u32,
    /// The runbook.
    pub runbook: String,
    /// The row it answers.
    pub row: Option<String>,
    /// One line.
    pub title: String,
    /// The network's id.
    pub network: String,
    /// The chain of its calls.
    pub chain: String,
    /// The number of the block in whose state it was made.
    pub block: u64,
    /// That block's hash.
    pub block_hash: Hash,
    /// When it was made.
    pub taken_at: String,
    /// Who the chain is.
    pub genesis_hash: Hash,
    /// Its runtime.
    pub code_hash: Option<Hash>,
    /// All chains of its calls: void when one of their runtimes changes.
    pub chains: Vec<ChainLine>,
    /// Name and version of the runtime.
    pub spec: String,
    /// Its token.
    pub token: Option<TokenLine>,
    /// How much can go wrong.
    pub risk: Risk,
    /// Which rule allows it.
    pub scope: String,
    /// Parameters as they would be given again.
    pub params: serde_json::Map<String, Value>,
    /// Those of them that were not given but found.
    pub defaulted: Vec<String>,
    /// The files that were given: of these `params` names the path.
    pub files: Vec<GivenFile>,
    /// Bytes that are part of the intent.
    pub artefacts: Vec<ArtefactLine>,
    /// What was read.
    pub reads: Vec<ReadValue>,
    /// What must hold.
    pub checks: Vec<Checked>,
    /// What is done, in order.
    pub steps: Vec<Said>,
    /// The calls.
    pub calls: Vec<PlannedCall>,
    /// What is signed.
    pub wrapped: Value,
    /// The wrappers as they were given.
    pub wrap: Vec<String>,
    /// Who else feels it.
    pub blast_radius: String,
    /// Whether it can be taken back.
    pub reversible: bool,
    /// How.
    pub undo: String,
    /// When it takes hold, as RFC 3339.
    pub effective_at: Option<String>,
    /// The same in words.
    pub effective: Option<String>,
    /// How one sees that it worked.
    pub verify: Vec<Line>,
    /// The ticket it answers.
    pub ticket: Option<String>,
    /// The hash of the intent.
    pub plan_hash: Hash,
    /// Until when it is valid, as RFC 3339. Void at once when the runtime changes.
    pub expires: String,
    /// Where a person can look at the call.
    pub links: Value,
}

fn hex<S: Serializer>(bytes: &[u8], s: S) -> Result<S::Ok, S::Error> {
    s.serialize_str(&crate::domain::ids::to_hex(bytes))
}

fn of_hex<'d, D: Deserializer<'d>>(d: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(d)?;
    crate::domain::ids::hex_bytes(&text).ok_or_else(|| serde::de::Error::custom("expected 0x and hex digits"))
}

impl Plan {
    /// Puts a plan together.
    #[must_use]
    pub fn of(from: &Ingredients<'_>) -> Option<Self> {
        let own = from.chains.first()?;
        let recipe = from.draft.recipe();
        let mut checks = parts::checks(from);
        checks.extend(from.xcm.map(xcm::checks).unwrap_or_default());
        let intent = intent::of(from, &checks);
        let (wrapped, links) = (parts::wrapped(from, own.ss58_prefix), parts::links(from));
        Some(Self {
            schema: 1,
            runbook: recipe.name().to_owned(),
            row: recipe.row().map(str::to_owned),
            title: recipe.title.clone(),
            network: from.network.to_owned(),
            chain: own.id.clone(),
            block: own.at.number,
            block_hash: own.at.hash,
            taken_at: from.now.rfc3339(),
            genesis_hash: own.genesis,
            code_hash: own.code_hash,
            chains: (from.chains.iter())
                .map(|c| ChainLine { id: c.id.clone(), genesis_hash: c.genesis, code_hash: c.code_hash })
                .collect(),
            spec: format!("{} {}", own.spec_name, own.spec_version),
            token: own.token.clone().map(|(symbol, decimals)| TokenLine { symbol, decimals }),
            risk: recipe.risk,
            scope: recipe.scope.clone(),
            params: from.draft.params().into_iter().map(|(n, v)| (n, Value::String(v))).collect(),
            files: from.draft.files(),
            defaulted: from.draft.defaulted().iter().cloned().collect(),
            artefacts: (from.draft.artefacts().iter())
                .map(|a| ArtefactLine { name: a.name.clone(), bytes: a.bytes, blake2_256: a.hash })
                .collect(),
            reads: parts::reads(from, own.ss58_prefix),
            checks,
            steps: from.composition.steps.clone(),
            calls: parts::calls(from),
            wrapped,
            wrap: from.wraps.to_vec(),
            blast_radius: recipe.blast_radius.clone(),
            reversible: recipe.reversible,
            undo: recipe.undo.clone(),
            effective_at: from.effective_at.map(|at| at.rfc3339()),
            effective: recipe.effective.as_ref().map(|e| e.get_ref().clone()),
            verify: super::verify::planned(recipe, &from.draft.scope),
            ticket: from.ticket.clone(),
            plan_hash: intent.hash(),
            expires: from.expires.rfc3339(),
            links,
        })
    }

    /// Checks that block and do not hold, or are unknown.
    #[must_use]
    pub fn blocked(&self) -> Vec<&Checked> {
        self.checks.iter().filter(|c| c.level == Level::Block && c.ok != Some(true)).collect()
    }

    /// Exit status of the command: 1 where a check blocks.
    #[must_use]
    pub fn exit(&self) -> u8 {
        u8::from(!self.blocked().is_empty())
    }

    /// For a person, 80 columns wide.
    #[must_use]
    pub fn text(&self) -> String {
        text::of(self)
    }
}

/// Blocks and sessions of the relay, for [`effective_at`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionClock {
    /// Until the session in progress ends.
    pub left_ms: i64,
    /// A whole session.
    pub length_ms: i64,
    /// A block.
    pub block_ms: i64,
}

/// When `effective` is, counted from the block that was read; none where that cannot be told.
#[must_use]
pub fn effective_at(effective: &str, from: UnixMs, clock: Option<SessionClock>) -> Option<UnixMs> {
    let within = match effective {
        "now" => return Some(from),
        "next session" => super::verify::Within::Sessions(1),
        other => super::verify::Within::parse(other)?,
    };
    let clock = clock?;
    let after = match within {
        super::verify::Within::Blocks(n) => clock.block_ms.checked_mul(i64::from(n))?,
        super::verify::Within::Sessions(n) => {
            clock.length_ms.checked_mul(i64::from(n).checked_sub(1)?)?.checked_add(clock.left_ms)?
        }
    };
    Some(UnixMs(from.0.checked_add(after)?))
}

/// Which block the recipe's own calls look at.
pub const OWN: Moment = Moment::Best;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_sessions_end_with_the_next_one() {
        let clock = Some(SessionClock { left_ms: 600_000, length_ms: 3_600_000, block_ms: 6_000 });
        let at = |effective: &str| effective_at(effective, UnixMs(1_000), clock).map(|t| t.0);
        assert_eq!(at("now"), Some(1_000));
        assert_eq!(at("10 blocks"), Some(61_000));
        assert_eq!(at("next session"), Some(601_000));
        assert_eq!(at("2 sessions"), Some(4_201_000));
        assert_eq!(at("soon"), None);
        assert_eq!(effective_at("2 sessions", UnixMs(0), None), None);
    }
}
