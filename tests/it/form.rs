//! The form of a runbook as pictures and by its keys: the list, a field that is wrong, checks, plan, rehearsal.

use crate::bed::Bed;
use crate::runbooks::head_plan;
use sereno::app::{self, Effect, Msg, PlanJob, RehearseJob};
use sereno::domain::ParaId;
use sereno::runbook::plan::Plan;
use sereno::state::Mode;
use sereno::state::form::{Rehearsed, Told};
use sereno::state::runbooks::Fit;
use sereno::state::ui::{OverlayKind, Place};
use sereno::ui::render_text;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 50)];
/// A header of block 1234.
const HEAD: &str = "0x01010101010101010101010101010101010101010101010101010101010101014913020202020202020202020202020202\
                    020202020202020202020202020202020203030303030303030303030303030303030303030303030303030303030303030300";

fn bed(mode: Mode) -> Bed {
    Bed::recovery(mode).size(120, 40)
}

fn picture(bed: &Bed) -> String {
    render_text(&app::view(&bed.state), bed.state.ui.width, bed.state.ui.height)
}

fn pictures(name: &str, make: impl Fn() -> Bed) {
    for (width, height) in SIZES {
        let bed = make().size(width, height);
        insta::assert_snapshot!(format!("form-{name}-{width}x{height}"), picture(&bed));
    }
}

/// The jobs among effects.
fn plan_job(effects: &[Effect]) -> Option<PlanJob> {
    effects.iter().find_map(|e| match e {
        Effect::Plan(job) => Some(job.as_ref().clone()),
        _ => None,
    })
}

fn rehearse_job(effects: &[Effect]) -> Option<RehearseJob> {
    effects.iter().find_map(|e| match e {
        Effect::Rehearse(job) => Some(job.as_ref().clone()),
        _ => None,
    })
}

/// Everything but two runbooks is on the chains.
fn judge(bed: &mut Bed) {
    let fit = |name: &str| match name {
        "close-channel" | "set-passive-validators" => {
            let why = format!("relay: this runtime has no call {name}");
            Fit { yes: Some(false), reason: Some(why) }
        }
        _ => Fit { yes: Some(true), reason: None },
    };
    let all = bed.state.runbooks.catalogue.clone();
    let fits = all.all().iter().map(|r| (r.name().to_owned(), fit(r.name()))).collect();
    bed.msg(Msg::Judged(Ok(fits)));
}

/// The runbooks for para 2000.
fn listed() -> Bed {
    let mut bed = bed(Mode::Console);
    let effects = bed.keys("5 !");
    assert!(effects.contains(&Effect::Judge), "{effects:?}");
    judge(&mut bed);
    bed
}

/// The form of A3 for para 2000.
fn opened() -> Bed {
    let mut bed = listed();
    bed.text("force-head");
    bed.keys("Enter");
    assert_eq!(bed.state.ui.place, Place::runbook(5, "force-head"));
    bed
}

fn tick(bed: &mut Bed, ms: i64) -> Vec<Effect> {
    bed.now += ms;
    let now = sereno::domain::UnixMs(bed.now);
    bed.msg(Msg::Tick(now))
}

/// A head is typed, and the plan for it has come.
fn planned(head: &str) -> Bed {
    let mut bed = opened();
    bed.keys("j Enter");
    bed.msg(Msg::Paste(head.to_owned()));
    bed.keys("Esc");
    let effects = tick(&mut bed, 1_000);
    // The first plan, of the form as it was opened, is still on its way: what was typed since overtakes it.
    let effects = if plan_job(&effects).is_some() { effects } else { tick(&mut bed, 10_000) };
    let job = plan_job(&effects).expect("a plan is asked for");
    assert_eq!(job.given["new_head"], head);
    let plan = head_plan(&[("para", "2000"), ("new_head", head)], &["sudo"]);
    answer(&mut bed, &job, plan);
    bed
}

fn answer(bed: &mut Bed, job: &PlanJob, plan: Plan) {
    bed.msg(Msg::Planned { ticket: job.ticket, plan: Ok(Box::new(plan)) });
}

fn found() -> Rehearsed {
    let told = |kind: &str, name: &str, value: &str| Told {
        kind: kind.to_owned(),
        name: name.to_owned(),
        value: value.to_owned(),
    };
    Rehearsed {
        chain: "relay".to_owned(),
        call: "Paras.force_set_current_head".to_owned(),
        origin: "root".to_owned(),
        way: "fork via scheduler".to_owned(),
        confirmed: Some(true),
        block: 12_345_641,
        ok: true,
        error: None,
        weight: Some((8_100_000_000, 3_593)),
        elapsed_ms: 11,
        round_trips: 9,
        lines: vec![
            told("layer", "Scheduler.Dispatched", "ok"),
            told("change", "Paras.Heads(2000)", "0xaaaa → 0x010101010101…030300 (100 bytes)"),
            told("change", "Paras.MostRecentContext(2000)", "12345331 → 12345641"),
            told("event", "Paras.CurrentHeadUpdated", "2000"),
            told("mind", "", "the candidate that is pending was not looked at"),
        ],
    }
}

fn rehearsed() -> Bed {
    let mut bed = planned(HEAD);
    let effects = bed.keys("R");
    let job = rehearse_job(&effects).expect("a rehearsal is asked for");
    assert_eq!((job.chain.as_str(), job.origin.as_str()), ("relay", "root"));
    bed.msg(Msg::Rehearsed { ticket: job.ticket, found: Ok(Box::new(found())) });
    bed
}

#[test]
fn the_list_as_pictures() {
    pictures("list", listed);
}

#[test]
fn a_form_with_a_wrong_field_as_pictures() {
    pictures("wrong", || {
        let mut bed = opened();
        bed.keys("j Enter");
        bed.text("0x12g4");
        bed
    });
}

#[test]
fn a_plan_on_its_way_and_one_that_cannot_be_made_as_pictures() {
    pictures("reading", opened);
    pictures("failed", || {
        let mut bed = opened();
        let ticket = bed.state.runbooks.form.as_ref().unwrap().asked.unwrap().ticket;
        let why = "new_head: it is not given, and its default is not known (no node of para 2000 is known: give one with \
                   --param para_endpoint=wss://…); expected --param new_head=…";
        bed.msg(Msg::Planned { ticket, plan: Err(why.to_owned()) });
        bed.keys("j");
        bed
    });
    pictures("unread", || {
        let mut bed = opened();
        let ticket = bed.state.runbooks.form.as_ref().unwrap().asked.unwrap().ticket;
        let why = "relay cannot be read: wss://paseo-rpc.dwellir.com: no answer in 20 s";
        bed.msg(Msg::Planned { ticket, plan: Err(why.to_owned()) });
        bed.keys("w w");
        bed
    });
}

#[test]
fn checks_plan_and_rehearsal_as_pictures() {
    pictures("checks", || {
        let mut bed = planned("0x1234");
        bed.keys("w");
        bed
    });
    pictures("plan", || {
        let mut bed = planned(HEAD);
        bed.keys("w w");
        bed
    });
    pictures("rehearsal", rehearsed);
    pictures("rehearsing", || {
        let mut bed = planned(HEAD);
        bed.keys("R");
        tick(&mut bed, 7_000);
        bed
    });
    pictures("stale", || {
        let mut bed = planned(HEAD);
        bed.keys("w");
        tick(&mut bed, 90_000);
        bed
    });
}

#[test]
fn a_replay_says_what_it_cannot_do() {
    pictures("replay", || {
        let mut bed = bed(Mode::Replay);
        assert_eq!(bed.keys("5 !"), vec![]);
        bed.text("force-head");
        assert_eq!(bed.keys("Enter"), vec![]);
        bed
    });
}

#[test]
fn the_x_rays_proposals_come_first_then_those_that_answer_an_alert() {
    let names = |bed: &Bed| -> Vec<String> {
        let text = picture(bed);
        let rows = text.lines().skip_while(|l| !l.contains("WHAT IT DOES")).skip(1).take(4);
        rows.map(str::to_owned).collect()
    };
    let mut lost = bed(Mode::Console);
    lost.keys("5 j j !");
    judge(&mut lost);
    let rows = names(&lost);
    assert!(rows[0].contains("assign-core") && rows[0].contains("X-ray proposes"), "{rows:#?}");
    assert!(rows[1].contains("order-block") && rows[1].contains("X-ray proposes"), "{rows:#?}");
    assert!(!rows[2].contains("X-ray proposes"), "{rows:#?}");
    let rows = names(&listed());
    assert!(rows[0].contains("reset-hrmp") && rows[0].contains("hrmp-backlog"), "{rows:#?}");
}

#[test]
fn what_the_chains_lack_is_marked_and_does_not_open() {
    let mut bed = listed();
    bed.text("close-channel");
    assert!(picture(&bed).contains("not on this chain"), "{}", picture(&bed));
    bed.keys("Enter");
    assert!(bed.said().contains("this runtime has no call close-channel"), "{}", bed.said());
    assert!(matches!(bed.state.ui.overlay.as_ref().unwrap().kind, OverlayKind::Runbooks(..)));
}

#[test]
fn a_wall_has_no_runbooks() {
    let mut bed = bed(Mode::Wall);
    let before = picture(&bed);
    assert_eq!(bed.keys("!"), vec![]);
    assert_eq!(picture(&bed), before);
}

#[test]
fn enter_on_a_proposed_runbook_opens_its_form_with_what_the_x_ray_found() {
    let mut bed = bed(Mode::Console);
    bed.keys("5 j j Enter w Enter");
    let form = bed.state.runbooks.form.as_ref().unwrap();
    assert_eq!(form.runbook, "assign-core");
    let field = form.field("para").unwrap();
    assert_eq!((field.text(), field.from.as_deref()), ("2043".to_owned(), Some("proposed by the X-ray")));
    bed.keys("Esc");
    assert_eq!(bed.state.ui.place, Place::para(5, ParaId(2_043)), "back where it was opened");
}

#[test]
fn a_channel_fills_both_of_its_ends() {
    let mut bed = bed(Mode::Console);
    bed.keys("9 !");
    bed.text("open-channel");
    bed.keys("Enter");
    let form = bed.state.runbooks.form.as_ref().unwrap();
    let text = |name: &str| form.field(name).unwrap().text();
    assert_eq!((text("sender").as_str(), text("recipient").as_str()), ("2000", "2034"));
}

#[test]
fn y_copies_what_is_signed_and_q_draws_it() {
    let mut bed = planned("0x1234");
    let plan = head_plan(&[("para", "2000"), ("new_head", "0x1234")], &["sudo"]);
    let wrapped = plan.wrapped["call_data"].as_str().unwrap().to_owned();
    assert_eq!(bed.keys("y"), vec![Effect::Copy(wrapped.clone())]);
    bed.keys("Q");
    assert!(picture(&bed).contains("█▀▀▀▀▀█") || picture(&bed).contains("▄▄▄▄▄"), "{}", picture(&bed));
    assert_eq!(bed.keys("y"), vec![Effect::Copy(wrapped)]);
}

#[test]
fn describe_shows_a_line_in_full() {
    let mut bed = planned(HEAD);
    bed.keys("w w j d");
    let text: String = picture(&bed).chars().filter(|c| !c.is_whitespace() && !"│▐".contains(*c)).collect();
    let plan = head_plan(&[("para", "2000"), ("new_head", HEAD)], &["sudo"]);
    assert!(text.contains(plan.wrapped["call_data"].as_str().unwrap()), "{}", picture(&bed));
    let copied = bed.keys("y");
    assert_eq!(copied, vec![Effect::Copy(plan.wrapped["call_data"].as_str().unwrap().to_owned())]);
    bed.keys("Esc w w w d");
    assert!(picture(&bed).contains("block: do not run it unless this holds"), "{}", picture(&bed));
}

#[test]
fn an_amount_is_told_in_both_of_its_readings() {
    let mut bed = bed(Mode::Console);
    bed.keys("5 !");
    bed.text("set-balance");
    bed.keys("Enter");
    while bed.state.runbooks.form.as_ref().unwrap().editing.as_deref() != Some("new_free") {
        bed.keys("↓");
    }
    bed.text("5");
    assert!(picture(&bed).contains("5 has no unit; expected tokens like 5PAS"), "{}", picture(&bed));
    bed.text("PAS");
    assert!(picture(&bed).contains("= 5 PAS = 50 000 000 000 planck"), "{}", picture(&bed));
}

#[test]
fn space_turns_the_wrappers_and_fields_keep_their_order() {
    let mut bed = planned(HEAD);
    bed.keys("G Space");
    assert_eq!(bed.state.runbooks.form.as_ref().unwrap().wraps(), Some(vec!["none".to_owned()]));
    bed.keys("Space");
    let job = plan_job(&tick(&mut bed, 1_000)).expect("the wrapper is part of what is asked for");
    assert_eq!(job.wraps, Some(vec!["sudo".to_owned()]));
    bed.keys("s");
    assert_eq!(bed.said(), "sort does nothing in a form");
    bed.keys("k Space");
    assert_eq!(bed.said(), "para_endpoint has no fixed choices: Enter edits it");
}

#[test]
fn a_plan_is_made_anew_when_a_block_came_and_not_more_often_than_every_three_blocks() {
    let mut bed = planned(HEAD);
    let asked = |bed: &mut Bed, ms| plan_job(&tick(bed, ms));
    assert!(asked(&mut bed, 17_000).is_none(), "18 s have not passed");
    let again = asked(&mut bed, 1_000).expect("the plan is of block 500, the relay is far beyond");
    for _ in 0..30 {
        assert!(asked(&mut bed, 1_000).is_none(), "one at a time");
    }
    let plan = head_plan(&[("para", "2000"), ("new_head", HEAD)], &["sudo"]);
    bed.msg(Msg::Planned { ticket: again.ticket + 7, plan: Err("of another form".to_owned()) });
    assert!(bed.state.runbooks.form.as_ref().unwrap().plan().is_some(), "the old plan stands meanwhile");
    answer(&mut bed, &again, plan);
    bed.keys("Esc");
    assert!(asked(&mut bed, 60_000).is_none(), "a form that is not shown asks nothing");
}

#[test]
fn escape_gives_a_rehearsal_up_and_its_answer_is_dropped() {
    let mut bed = planned(HEAD);
    let job = rehearse_job(&bed.keys("R")).unwrap();
    assert_eq!(bed.keys("R"), vec![], "one at a time");
    bed.keys("Esc");
    assert!(picture(&bed).contains("given up"), "{}", picture(&bed));
    assert_eq!(bed.state.ui.place, Place::runbook(5, "force-head"), "the form stays");
    bed.msg(Msg::Rehearsed { ticket: job.ticket, found: Ok(Box::new(found())) });
    assert!(!picture(&bed).contains("Paras.MostRecentContext"), "{}", picture(&bed));
    let again = rehearse_job(&bed.keys("R")).unwrap();
    bed.msg(Msg::Rehearsed { ticket: again.ticket, found: Err("the relay went away".to_owned()) });
    assert!(picture(&bed).contains("the relay went away"), "{}", picture(&bed));
}

#[test]
fn a_build_that_cannot_rehearse_says_so() {
    let mut bed = planned(HEAD);
    bed.state.runbooks.rehearses = false;
    assert_eq!(bed.keys("R"), vec![]);
    assert!(bed.said().contains("this build cannot rehearse"), "{}", bed.said());
}

#[test]
fn the_whole_state_survives_being_written_down() {
    let bed = rehearsed();
    let text = serde_json::to_string(&bed.state.runbooks.form).unwrap();
    let back: Option<sereno::state::form::Form> = serde_json::from_str(&text).unwrap();
    assert_eq!(back, bed.state.runbooks.form);
}
