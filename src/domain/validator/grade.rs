//! Scores and grades: the formula of the public quarterly report (ACTIONS §4.3, PROCESS row 15).
//!
//! In: counts of a session, or scores of many. Out: ratios between 0 and 1 and a letter. Must not round anything but for
//! the letter: ratios are kept whole.

use super::{Figures, SessionRecord};
use serde::{Deserialize, Serialize};

/// Sessions over which the second grade is formed, the one in progress among them: a day.
pub const WINDOW: usize = 24;

/// Weight of the backing votes in the ratio; the rest is availability.
const BACKING: f64 = 0.75;

/// How well a validator did: over one session, or the plain mean of many.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Missed votes of all that were assigned, 0 to 1.
    pub missed_votes: f64,
    /// Blocks without availability of all, 0 to 1. None where bitfields were not read.
    pub unavailable: Option<f64>,
    /// Sessions in it.
    pub sessions: u32,
}

impl Score {
    /// The score of one session. A para validator whose group had nothing to back missed nothing. None for a validator
    /// that was no para validator, or where that or the votes were not read.
    #[must_use]
    pub fn of_session(record: &SessionRecord, figures: &Figures) -> Option<Self> {
        if figures.para != Some(true) || record.with_votes == 0 {
            return None;
        }
        let seen = figures.available.saturating_add(figures.unavailable);
        Some(Self {
            missed_votes: share(figures.missed_votes, figures.assigned()).unwrap_or(0.0),
            unavailable: share(figures.unavailable, seen),
            sessions: 1,
        })
    }

    /// The plain mean over sessions, as the public report forms it: not weighted by votes. Availability is the mean of
    /// the sessions in which it was read. None without any session.
    #[must_use]
    pub fn mean(scores: impl IntoIterator<Item = Self>) -> Option<Self> {
        let mut mean = Mean::default();
        scores.into_iter().for_each(|score| mean.add(score));
        mean.score()
    }

    /// `0.75 · backing votes ratio + 0.25 · availability ratio`, 0 to 1. None where availability was not read.
    #[must_use]
    pub fn ratio(&self) -> Option<f64> {
        Some(BACKING * (1.0 - self.missed_votes) + (1.0 - BACKING) * (1.0 - self.unavailable?))
    }

    /// The ratio in hundredths of a percent, rounded to the nearest.
    #[must_use]
    pub fn hundredths(&self) -> Option<u32> {
        self.ratio().map(hundredths)
    }

    /// The letter; none where the ratio is not known.
    #[must_use]
    pub fn grade(&self) -> Option<Grade> {
        self.ratio().map(Grade::of)
    }

    /// True where PAS-11 is met: 80.00 % or better. None where the ratio is not known.
    #[must_use]
    pub fn passes(&self) -> Option<bool> {
        self.ratio().map(|ratio| hundredths(ratio) >= PASS)
    }
}

/// A plain mean of scores in the making: for those who see one session after the other and keep none.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Mean {
    missed: f64,
    sessions: u32,
    unavailable: f64,
    read: u32,
}

impl Mean {
    /// Takes a score in.
    pub fn add(&mut self, score: Score) {
        self.missed += score.missed_votes * f64::from(score.sessions);
        self.sessions = self.sessions.saturating_add(score.sessions);
        if let Some(share) = score.unavailable {
            self.unavailable += share * f64::from(score.sessions);
            self.read = self.read.saturating_add(score.sessions);
        }
    }

    /// Takes in everything that another one took in.
    pub fn merge(&mut self, other: &Self) {
        self.missed += other.missed;
        self.sessions = self.sessions.saturating_add(other.sessions);
        self.unavailable += other.unavailable;
        self.read = self.read.saturating_add(other.read);
    }

    /// The mean; none where nothing was taken in.
    #[must_use]
    pub fn score(&self) -> Option<Score> {
        (self.sessions > 0).then(|| Score {
            missed_votes: self.missed / f64::from(self.sessions),
            unavailable: (self.read > 0).then(|| self.unavailable / f64::from(self.read)),
            sessions: self.sessions,
        })
    }
}

/// Hundredths of a percent from which on PAS-11 is met.
const PASS: u32 = 8_000;

fn share(part: u32, of: u32) -> Option<f64> {
    (of > 0).then(|| f64::from(part) / f64::from(of))
}

/// A ratio between 0 and 1 in hundredths of a percent, rounded to the nearest.
#[must_use]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0 to 10 000 first")]
pub fn hundredths(ratio: f64) -> u32 {
    (ratio * 10_000.0).round().clamp(0.0, 10_000.0) as u32
}

/// The letter of the public report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Grade {
    /// Above 99 %.
    #[serde(rename = "A+")]
    APlus,
    /// Above 95 %.
    A,
    /// Above 90 %.
    #[serde(rename = "B+")]
    BPlus,
    /// Above 80 %.
    B,
    /// Above 70 %.
    #[serde(rename = "C+")]
    CPlus,
    /// Above 60 %.
    C,
    /// Above 50 %.
    #[serde(rename = "D+")]
    DPlus,
    /// Above 40 %.
    D,
    /// The rest.
    F,
}

impl Grade {
    /// All letters, best first.
    pub const ALL: [Self; 9] =
        [Self::APlus, Self::A, Self::BPlus, Self::B, Self::CPlus, Self::C, Self::DPlus, Self::D, Self::F];

    /// The letter of a ratio between 0 and 1.
    #[must_use]
    pub fn of(ratio: f64) -> Self {
        match hundredths(ratio) {
            9_901.. => Self::APlus,
            9_501.. => Self::A,
            9_001.. => Self::BPlus,
            8_001.. => Self::B,
            7_001.. => Self::CPlus,
            6_001.. => Self::C,
            5_001.. => Self::DPlus,
            4_001.. => Self::D,
            _ => Self::F,
        }
    }

    /// `A+`.
    #[must_use]
    pub fn letter(self) -> &'static str {
        match self {
            Self::APlus => "A+",
            Self::A => "A",
            Self::BPlus => "B+",
            Self::B => "B",
            Self::CPlus => "C+",
            Self::C => "C",
            Self::DPlus => "D+",
            Self::D => "D",
            Self::F => "F",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(figures: Figures) -> (SessionRecord, Figures) {
        (SessionRecord { with_votes: 600, ..SessionRecord::default() }, figures)
    }

    #[test]
    fn the_worked_examples_of_the_process_documents() {
        for (ratio, letter, passes) in
            [(0.991, "A+", true), (0.801, "B", true), (0.80, "C+", true), (0.7999, "C+", false)]
        {
            let score = Score { missed_votes: 1.0 - ratio, unavailable: Some(1.0 - ratio), sessions: 1 };
            assert_eq!(score.grade().map(Grade::letter), Some(letter), "{ratio}");
            assert_eq!(score.passes(), Some(passes), "{ratio}");
        }
    }

    #[test]
    fn every_boundary_belongs_to_the_lower_letter() {
        let bounds = [9_900, 9_500, 9_000, 8_000, 7_000, 6_000, 5_000, 4_000];
        for (bound, better) in bounds.into_iter().zip(Grade::ALL) {
            let at = |p: u32| Grade::of(f64::from(p) / 10_000.0);
            assert_eq!(at(bound + 1), better);
            assert!(at(bound) > better, "{bound}");
        }
    }

    #[test]
    fn backing_weighs_three_quarters() {
        let figures = Figures {
            voted: 90,
            missed_votes: 10,
            available: 80,
            unavailable: 20,
            para: Some(true),
            ..Figures::default()
        };
        let (record, figures) = record(figures);
        let score = Score::of_session(&record, &figures).unwrap();
        assert!((score.ratio().unwrap() - (0.75 * 0.9 + 0.25 * 0.8)).abs() < 1e-12);
    }

    #[test]
    fn what_was_not_read_gives_no_grade() {
        let idle = Figures { para: Some(true), ..Figures::default() };
        let (record, idle) = record(idle);
        let score = Score::of_session(&record, &idle).unwrap();
        assert_eq!((score.missed_votes, score.ratio(), score.grade()), (0.0, None, None));
        let elsewhere = Figures { para: Some(false), voted: 3, ..idle };
        assert_eq!(Score::of_session(&record, &elsewhere), None);
        assert_eq!(Score::of_session(&SessionRecord::default(), &idle), None);
        assert_eq!(Score::mean([]), None);
    }

    #[test]
    fn the_mean_is_of_sessions_not_of_votes() {
        let one = Score { missed_votes: 0.5, unavailable: Some(0.0), sessions: 1 };
        let other = Score { missed_votes: 0.0, unavailable: None, sessions: 1 };
        let mean = Score::mean([one, other, other, other]).unwrap();
        assert_eq!((mean.missed_votes, mean.unavailable, mean.sessions), (0.125, Some(0.0), 4));
    }
}
