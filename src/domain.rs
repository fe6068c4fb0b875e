//! What the console knows, in the field's own words: identifiers, blocks, chains, facts and the store they
//! fold into.
//!
//! In: nothing but plain values. Out: types that every other module speaks. Must not import any other module
//! of this crate, nor tokio, ratatui, subxt, or anything that performs I/O or reads a clock.

pub mod alert;
pub mod balance;
pub mod block;
pub mod call;
pub mod chain;
pub mod coretime;
pub mod danger;
pub mod endpoint;
pub mod fact;
pub mod gov;
pub mod ids;
pub mod network;
pub mod observed;
pub mod para;
pub mod redact;
pub mod severity;
pub mod store;
pub mod text;
pub mod time;
pub mod validator;

pub use alert::{Alert, AlertId};
pub use block::{Block, BlockRef, Candidate, CandidateStage, EventRecord, MissedSlot};
pub use chain::{Authorities, Dispute, Era, Identity, Inclusion, RuntimeVersion, Session, Token};
pub use endpoint::{Badge, EndpointView, Link};
pub use fact::{Fact, Observation};
pub use ids::{AccountId, ChainId, EndpointId, Hash, ParaId};
pub use network::{ChainKind, ChainSpec, Network, Thresholds};
pub use observed::{Observed, Origin, Reading};
pub use severity::Severity;
pub use store::{ChainView, Store};
pub use text::Clean;
pub use time::UnixMs;
pub use validator::{BlockVotes, CandidateVotes, Grade, Points, Roster, Score, SessionRecord, ValidatorSet};
