//! `issuance-change`: tokens were made or destroyed, and neither an era's end nor teleports explain it.
//!
//! In: the total issuance at the ends of sessions, what eras paid and teleports brought in between. Out: minor for the session in
//! progress and the one before it while what is left unexplained is more than the limit. Must not import anything above
//! `domain`.

use super::{Detector, Finding, Verdict, View, grouped};
use crate::domain::store::balances::{SessionIssuance, share_of};
use crate::domain::{Clean, Severity};

pub(super) const DETECTOR: Detector = Detector {
    id: "issuance-change",
    about: "Tokens were made or destroyed that neither eras nor teleports explain",
    check: |view| Verdict::from(find(view)),
};

/// The session in progress and the one before it.
const SESSIONS: usize = 2;

fn find(view: &View<'_>) -> Result<Vec<Finding>, Clean> {
    view.sees()?;
    if view.chain.balances.issuance.is_none() {
        return Err(Clean::of("the total issuance was not read yet"));
    }
    Ok(view.chain.balances.sessions().take(SESSIONS).filter_map(|s| judge(view, s)).collect())
}

fn judge(view: &View<'_>, s: &SessionIssuance) -> Option<Finding> {
    let (up, change) = s.unexplained();
    if change < share_of(s.before, view.spec.thresholds.issuance_change_ppm) {
        return None;
    }
    let verb = if up { "rose" } else { "fell" };
    let explained = s.era_paid > 0 || s.came > 0 || s.left > 0;
    let beyond = if explained { " beyond what eras and teleports explain" } else { "" };
    let from = if s.whole { String::new() } else { format!(", seen from block {} on", grouped(s.from)) };
    let summary = format!(
        "total issuance {verb} by {} in session {}{beyond}{from}, to {}",
        view.amount(change),
        s.session,
        view.amount(s.now)
    );
    Some(Finding::new(Severity::Minor, view.time_of(s.from), summary).about(s.session))
}

#[cfg(test)]
mod tests {
    use crate::detectors::Verdict;
    use crate::detectors::testbed::{Bed, RELAY, findings, unknown};
    use crate::domain::Severity;

    const ID: &str = "issuance-change";

    fn bed(issuance: &[(u32, u128, u128)]) -> Bed {
        let mut bed = Bed::family();
        bed.up(RELAY, "a");
        for (n, (session, total, era)) in (1..).zip(issuance) {
            bed.advance(6_000);
            bed.block(RELAY, n);
            bed.moves(RELAY, n, |m| {
                (m.session, m.issuance, m.era_paid) = (Some(*session), Some(*total), *era);
            });
        }
        bed
    }

    #[test]
    fn what_eras_and_teleports_explain_is_quiet_and_the_rest_fires_once_a_session() {
        let quiet = bed(&[(7, 1_000_000, 0), (8, 1_050_000, 50_000), (8, 1_050_000, 0)]);
        assert_eq!(quiet.check(ID, RELAY), Verdict::Quiet);
        let minted = bed(&[(7, 1_000_000, 0), (8, 1_050_000, 40_000), (8, 1_050_000, 0)]);
        let found = findings(&minted.check(ID, RELAY));
        assert_eq!((found.len(), found[0].severity, found[0].subject.as_str()), (1, Severity::Minor, "8"));
        assert!(
            found[0]
                .summary
                .starts_with("total issuance rose by 10\u{2009}000 planck in session 8 beyond what"),
            "{found:?}"
        );
        let burned = bed(&[(7, 1_000_000, 0), (7, 998_000, 0)]);
        let found = findings(&burned.check(ID, RELAY));
        assert!(
            found[0].summary.contains("fell by 2\u{2009}000 planck in session 7, seen from block 1 on"),
            "{found:?}"
        );
        assert_eq!(
            bed(&[(7, 1_000_000, 0), (7, 999_001, 0)]).check(ID, RELAY),
            Verdict::Quiet,
            "below 0.1 %"
        );
    }

    #[test]
    fn it_stays_for_the_session_and_the_next_and_without_issuance_it_cannot_tell() {
        let mut row = vec![(7, 1_000_000, 0), (7, 2_000_000, 0), (8, 2_000_000, 0)];
        assert_eq!(findings(&bed(&row).check(ID, RELAY)).len(), 1);
        row.push((9, 2_000_000, 0));
        assert_eq!(bed(&row).check(ID, RELAY), Verdict::Quiet);
        let mut blind = Bed::family();
        blind.run(RELAY, 3);
        assert!(unknown(&blind.check(ID, RELAY)).contains("not read yet"));
    }
}
