//! The report about validators as Markdown: first the sections of the public report, then what it leaves out.
//!
//! In: a [`Report`]. Out: text that ends with a line break. Names come from files of others and are escaped.

use super::{Report, Verdict};
use std::fmt::Write as _;

pub(super) fn render(report: &Report) -> String {
    let mut out = String::new();
    // Writing to a text cannot fail.
    let _ = sections(report, &mut out);
    out
}

fn sections(r: &Report, out: &mut String) -> std::fmt::Result {
    writeln!(out, "# Validator Performance Report: {}\n", escaped(&r.network))?;
    writeln!(
        out,
        "Measured against PAS-11 from the relay chain's own data: backing votes and availability.\n"
    )?;
    let title = r.period.title.as_deref().unwrap_or_default();
    writeln!(out, "{}\n", format!("## Period {title}").trim_end())?;
    let progress = if r.period.in_progress { " (in progress)" } else { "" };
    writeln!(out, "- Period: {} to {} (not included){progress}", r.period.from, r.period.to)?;
    writeln!(out, "- Sessions analyzed: {}", r.sessions_analysed)?;
    writeln!(out, "- Total validators identified with grade below B: {}\n", r.identified_below_b)?;
    if !r.has_data() {
        writeln!(
            out,
            "The journal knows no session of this period: nothing can be said about any validator.\n"
        )?;
        coverage(r, out)?;
        return clocks(r, out);
    }
    writeln!(out, "## Grade Distribution\n")?;
    for (grade, n) in r.grade_distribution.letters.iter().filter(|(_, n)| *n > 0) {
        writeln!(out, "- Grade {}: {n} validators", grade.letter())?;
    }
    if r.grade_distribution.none > 0 {
        writeln!(out, "- No grade: {} validators", r.grade_distribution.none)?;
    }
    writeln!(out, "\n## All Identified Validators\n")?;
    if r.identified.is_empty() {
        writeln!(out, "None: no validator has a grade below B.")?;
    } else {
        writeln!(out, "| Validator Name | Address | Grade | Missed Votes Ratio |")?;
        writeln!(out, "| -----: | ----------- | ------------- | ------------- |")?;
    }
    for v in &r.identified {
        let (grade, missed) = (v.grade.letter(), percent(Some(v.missed_vote_ratio)));
        writeln!(out, "| {} | {} | {grade} | {missed} |", bold(v.name.as_deref()), v.address)?;
    }
    validators(r, out)?;
    providers(r, out)?;
    unidentified(r, out)?;
    coverage(r, out)?;
    clocks(r, out)?;
    writeln!(out, "\n## Notes\n")?;
    r.notes.iter().try_for_each(|note| writeln!(out, "- {note}"))
}

fn validators(r: &Report, out: &mut String) -> std::fmt::Result {
    writeln!(out, "\n## All Validators\n")?;
    writeln!(
        out,
        "| Validator Name | Provider | Address | Grade | PAS-11 | Ratio | Missed Votes Ratio | Bitfields | \
         Sessions | Missed Slots |"
    )?;
    writeln!(out, "| --- | --- | --- | --- | --- | ---: | ---: | ---: | ---: | ---: |")?;
    for v in &r.validators {
        writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} |",
            v.name.as_deref().map_or_else(|| "?".to_owned(), escaped),
            v.provider.as_deref().map_or_else(|| "?".to_owned(), escaped),
            v.address,
            verdict(&v.verdict),
            v.verdict.sessions,
            v.missed_slots,
        )?;
    }
    Ok(())
}

fn providers(r: &Report, out: &mut String) -> std::fmt::Result {
    writeln!(out, "\n## Providers\n")?;
    if r.providers.is_empty() {
        return writeln!(out, "No provider is known.");
    }
    writeln!(
        out,
        "| Provider | Registered | In the Set | Failing | Grade | PAS-11 | Ratio | Missed Votes Ratio | Bitfields |"
    )?;
    writeln!(out, "| --- | ---: | ---: | ---: | --- | --- | ---: | ---: | ---: |")?;
    for p in &r.providers {
        let (name, marks) = (escaped(&p.provider), verdict(&p.verdict));
        writeln!(out, "| {name} | {} | {} | {} | {marks} |", p.registered, p.in_set, p.failing)?;
    }
    Ok(())
}

fn unidentified(r: &Report, out: &mut String) -> std::fmt::Result {
    writeln!(out, "\n## Validators Not in the Register\n")?;
    if r.unidentified.is_empty() {
        return writeln!(out, "None.");
    }
    r.unidentified.iter().try_for_each(|address| writeln!(out, "- {address}"))
}

fn coverage(r: &Report, out: &mut String) -> std::fmt::Result {
    let c = &r.coverage;
    let known = |n: Option<u64>| n.map_or_else(|| "unknown".to_owned(), |n| n.to_string());
    writeln!(out, "\n## Coverage\n")?;
    writeln!(out, "- Sessions in the period: {}", known(c.sessions))?;
    writeln!(out, "- Complete: {}", c.complete)?;
    writeln!(out, "- Partly seen: {}", c.partial)?;
    writeln!(out, "- Missing: {}", known(c.missing))?;
    if let (Some(first), Some(last)) = (c.first_session, c.last_session) {
        writeln!(out, "- Known sessions: {first} to {last}")?;
    }
    if c.damaged > 0 {
        writeln!(out, "- Damaged rows left out: {}", c.damaged)?;
    }
    if c.missing != Some(0) || c.partial > 0 {
        writeln!(
            out,
            "\nPast sessions are filled in by `sereno validators backfill --sessions N` on an archive node."
        )?;
    }
    Ok(())
}

fn clocks(r: &Report, out: &mut String) -> std::fmt::Result {
    writeln!(out, "\n## PAS-11 Clocks\n")?;
    writeln!(out, "| Requirement | Result | Reason |")?;
    writeln!(out, "| --- | --- | --- |")?;
    r.pas11.iter().try_for_each(|c| writeln!(out, "| {} | {} | {} |", c.requirement, c.result, c.reason))
}

/// Grade, PAS-11, ratio, missed votes, bitfields, as cells.
fn verdict(v: &Verdict) -> String {
    let pass = match v.passes {
        Some(true) => "pass",
        Some(false) => "fail",
        None => "unknown",
    };
    let (ratio, missed) = (percent(v.ratio), percent(v.missed_vote_ratio));
    let grade = v.grade.map_or("?", crate::domain::Grade::letter);
    format!("{grade} | {pass} | {ratio} | {missed} | {}", percent(v.bitfield_ratio))
}

fn percent(ratio: Option<f64>) -> String {
    ratio.map_or_else(|| "?".to_owned(), |ratio| format!("{:.2}%", ratio * 100.0))
}

fn bold(name: Option<&str>) -> String {
    name.map_or_else(|| "?".to_owned(), |name| format!("**{}**", escaped(name)))
}

/// A text that is nothing but text in a cell.
fn escaped(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        if "\\|*_`<>[]#~".contains(c) {
            out.push('\\');
        }
        out.push(c);
        out
    })
}
