//! The program against real nodes: four validators of the relay chain and the People parachain on this machine.
//!
//! The bed is `net up 4p` ([`bed::Net::up`]); tests stop, pause and start its nodes, one test at a time, and leave all of
//! them running. Facts are compared with what the nodes say over plain JSON-RPC; times are printed.

mod bed;
mod brick;
mod dead;
mod healthy;
mod long;
mod loss;
mod stop;

pub(crate) use bed::Net;
