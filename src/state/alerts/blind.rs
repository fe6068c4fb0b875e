//! Rules that cannot tell: a line per chain instead of one per rule, so that a start-up does not flood the screen.
//!
//! In: what the detectors could not say at the last evaluation. Out: groups by chain, and their words for screen and text
//! reports. Must not judge: detectors do.

use super::AlertBook;
use crate::detectors::DETECTORS;
use crate::domain::{ChainId, Clean};

/// Rules named in a line; more are counted.
const NAMED: usize = 2;

/// The rules that cannot tell about one chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blind<'a> {
    /// The chain.
    pub chain: &'a ChainId,
    /// Ids of the rules, each with the reason, in the order of [`DETECTORS`].
    pub rules: Vec<(&'a str, &'a Clean)>,
}

impl Blind<'_> {
    /// `dispute cannot tell: it does not decode`, `11 of 14 rules cannot tell: no endpoint is connected, +1 reason`: the
    /// reason that most rules give.
    #[must_use]
    pub fn text(&self) -> String {
        let who = if self.rules.len() <= NAMED {
            self.rules.iter().map(|(rule, _)| *rule).collect::<Vec<_>>().join(" and ")
        } else {
            format!("{} of {} rules", self.rules.len(), DETECTORS.len())
        };
        let mut reasons: Vec<(&Clean, usize)> = Vec::new();
        for (_, reason) in &self.rules {
            match reasons.iter_mut().find(|(known, _)| known == reason) {
                Some((_, count)) => *count += 1,
                None => reasons.push((reason, 1)),
            }
        }
        let Some(most) = reasons.iter().map(|(_, count)| *count).max() else { return String::new() };
        let main = reasons.iter().find(|(_, count)| *count == most).map_or("", |(reason, _)| reason.as_str());
        let more = match reasons.len() {
            1 => String::new(),
            2 => ", +1 reason".to_owned(),
            n => format!(", +{} reasons", n - 1),
        };
        format!("{who} cannot tell: {main}{more}")
    }
}

impl AlertBook {
    /// The rules that could not tell at the last evaluation, by chain in the order of the network.
    #[must_use]
    pub fn blind(&self) -> Vec<Blind<'_>> {
        let mut out: Vec<Blind<'_>> = Vec::new();
        for (chain, rule, reason) in self.unknown() {
            match out.last_mut().filter(|b| b.chain == chain) {
                Some(group) => group.rules.push((rule, reason)),
                None => out.push(Blind { chain, rules: vec![(rule, reason)] }),
            }
        }
        out
    }

    /// The same as lines: `Relay: dispute cannot tell: …`. Chains of which the same is to be said share a line; those
    /// that `name` does not know are left out.
    #[must_use]
    pub fn blind_lines<'n>(&self, name: impl Fn(&ChainId) -> Option<&'n str>) -> Vec<String> {
        let mut lines: Vec<(Vec<&str>, String)> = Vec::new();
        for blind in self.blind() {
            let (Some(name), text) = (name(blind.chain), blind.text()) else { continue };
            match lines.iter_mut().find(|(_, known)| *known == text) {
                Some((names, _)) => names.push(name),
                None => lines.push((vec![name], text)),
            }
        }
        let who = |names: &[&str]| match names {
            [_] | [_, _] => names.join(" and "),
            many => format!("{} chains", many.len()),
        };
        lines.into_iter().map(|(names, text)| format!("{}: {text}", who(&names))).collect()
    }
}
