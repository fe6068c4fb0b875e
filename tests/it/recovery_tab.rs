//! Tabs 5 and 9 by their keys: what sort, filter, Enter, copy and Esc do there.

use crate::bed::Bed;
use sereno::app::{self, Effect, Msg};
use sereno::domain::para::{Cited, Found, Head, Own, OwnEnd};
use sereno::domain::{BlockRef, Hash, ParaId, UnixMs};
use sereno::state::Mode;
use sereno::state::runbooks::Look;
use sereno::state::ui::Place;
use sereno::ui::render_text;

fn bed(keys: &str) -> Bed {
    let mut bed = Bed::recovery(Mode::Console).size(200, 50);
    bed.keys(keys);
    bed
}

fn picture(bed: &Bed) -> String {
    render_text(&app::view(&bed.state), bed.state.ui.width, bed.state.ui.height)
}

/// Numbers of the paras in the table, top down.
fn paras(bed: &Bed) -> Vec<u32> {
    let text = picture(bed);
    let rows = text.lines().skip_while(|l| !l.contains("LIFECYCLE")).skip(1);
    let rows = rows.take_while(|l| !l.starts_with('└'));
    rows.filter_map(|l| l.chars().skip(17).take(6).collect::<String>().trim().parse().ok()).collect()
}

#[test]
fn paras_come_worst_first_sort_both_ways_and_unknown_stays_last() {
    let mut bed = bed("5");
    assert_eq!(paras(&bed), [2_000, 2_034, 2_043, 1_000, 2_051, 2_100, 1_002, 1_004, 1_005, 2_090]);
    bed.keys("s s");
    assert_eq!(paras(&bed)[..2], [1_000, 1_002], "{}", bed.said());
    let mut by = String::new();
    for _ in 2..14 {
        bed.keys("s");
        by = bed.said();
        let sorted = paras(&bed);
        bed.keys("S");
        assert_eq!(paras(&bed).len(), sorted.len(), "{by}");
    }
    assert!(by.contains("SOVEREIGN"), "{by}");
    assert_eq!(paras(&bed).last(), Some(&2_100), "its balance was not read");
    bed.keys("S");
    assert_eq!(paras(&bed).last(), Some(&2_100), "nor is it the least");
}

/// Cells of the row of a core.
fn core(bed: &Bed, index: u32) -> String {
    let text = picture(bed);
    let rows = text.lines().skip_while(|l| !l.contains("GIVEN TO")).skip(1);
    let own = |l: &&str| l.split_whitespace().nth(1) == Some(index.to_string().as_str());
    rows.take_while(|l| !l.starts_with('└')).find(own).unwrap_or_else(|| panic!("{index}\n{text}")).to_owned()
}

#[test]
fn the_cores_are_behind_w_each_with_its_end_its_holder_and_its_renewal() {
    let mut bed = bed("5 w");
    let text = picture(&bed);
    for needed in [
        "cores 8 · 7 given to paras · 0 to the pool · on demand 1 order, 0.1 PAS a block",
        "sale price falls",
        "1 of 4 left",
        "market read at Coretime",
    ] {
        assert!(text.contains(needed), "{needed}\n{text}");
    }
    assert!(core(&bed, 0).contains("1000 Asset Hub") && core(&bed, 0).contains("reserved"));
    assert!(core(&bed, 4).contains("leased") && core(&bed, 5).contains("356 by itself"), "{text}");
    assert!(core(&bed, 6).contains("bob") && core(&bed, 7).contains("pool 28800/57600"), "{text}");
    bed.keys("j j j j Enter");
    assert_eq!(bed.state.ui.place, Place::para(5, ParaId(2_000)));
    let mut bed = self::bed("5 w / 2 0 3 4 Enter");
    assert!(core(&bed, 5).contains("2034"));
    bed.keys("s s");
    assert!(core(&bed, 5).contains("2034"), "{}", bed.said());
}

#[test]
fn without_a_market_the_cores_stand_with_the_reason_why_nothing_is_known_of_it() {
    let mut bed = Bed::healthy(Mode::Console).size(120, 40);
    bed.keys("5 w");
    let text = picture(&bed);
    assert!(text.contains("? market: Coretime: not read yet"), "{text}");
    assert!(text.contains("GIVEN TO") && text.contains("task 1000"), "{text}");
}

#[test]
fn the_filter_looks_at_number_name_lifecycle_and_state() {
    for (typed, expected) in
        [("2043", vec![2_043]), ("bridge", vec![1_002]), ("onboarding", vec![2_051]), ("stuck", vec![2_000])]
    {
        let mut bed = bed("5 /");
        bed.text(typed);
        assert_eq!(paras(&bed), expected, "{typed}");
    }
}

#[test]
fn enter_opens_the_x_ray_with_its_runbooks_and_escape_goes_back() {
    let mut bed = bed("5 j j Enter");
    assert_eq!(bed.state.ui.place, Place::para(5, ParaId(2_043)));
    let text = picture(&bed);
    for needed in
        ["X-ray of para 2043", "cause no-core · PAS-2: in scope", "C1", "assign-core", "claim_queue"]
    {
        assert!(text.contains(needed), "{needed}\n{text}");
    }
    let effects = bed.keys("y");
    assert!(matches!(&effects[..], [Effect::Copy(key)] if key.starts_with("0x")), "{effects:?}");
    bed.keys("Esc");
    assert_eq!(bed.state.ui.place, Place::root(5));
}

#[test]
fn a_channel_opens_its_recipient_and_a_queue_its_para() {
    let mut bed = bed("9 Enter");
    assert_eq!(bed.state.ui.place, Place::para(5, ParaId(2_034)));
    bed.keys("[ w G Enter");
    assert_eq!(bed.state.ui.place, Place::para(5, ParaId(2_090)));
}

#[test]
fn a_screen_without_colour_says_every_state_in_words() {
    let text = picture(&bed("5"));
    for needed in ["✖ stuck 31 m", "▲ code", "▵ no core", "» moves on", "? unknown", "· ok", "– no core"]
    {
        assert!(text.contains(needed), "{needed}\n{text}");
    }
}

/// The ticket of a look at this para among effects.
fn look(effects: &[Effect], wanted: u32) -> Option<u64> {
    effects.iter().find_map(|e| match e {
        Effect::Look { para, ticket } if *para == ParaId(wanted) => Some(*ticket),
        _ => None,
    })
}

fn tick(bed: &mut Bed, ms: i64) -> Vec<Effect> {
    bed.now += ms;
    let now = UnixMs(bed.now);
    bed.msg(Msg::Tick(now))
}

fn answers(number: u64) -> Own {
    let block = BlockRef { number, hash: Hash([9; 32]) };
    fn of<T>(name: &str, found: Found<T>) -> Cited<T> {
        Cited { name: name.to_owned(), key: "0x01".to_owned(), found }
    }
    Own::Answers(Box::new(OwnEnd {
        chain: "people".into(),
        finalized: of(
            "chain_getFinalizedHead",
            Found::Value(Head { data: "0x00".to_owned(), block: Some(block) }),
        ),
        best: of("chain_getHeader", Found::Value(block)),
        best_stamped: of("Timestamp.Now", Found::Absent),
        at_head: of("chain_getBlockHash", Found::Absent),
        state_of: block,
        dmq_head: of("ParachainSystem.LastDmqMqcHead", Found::Absent),
        hrmp_heads: of("ParachainSystem.LastHrmpMqcHeads", Found::Absent),
        pending_code: of("ParachainSystem.PendingValidationCode", Found::Absent),
        relay_number: of("ParachainSystem.LastRelayChainBlockNumber", Found::Absent),
    }))
}

fn relay_side(bed: &Bed) -> Box<sereno::domain::para::Paras> {
    bed.state.relay().unwrap().view.unwrap().parachains.value().unwrap().clone()
}

#[test]
fn the_page_of_a_para_asks_its_own_node_where_the_profile_knows_one() {
    let mut bed = bed("5 / 1 0 0 4 Enter Enter");
    let first = look(&tick(&mut bed, 1_000), 1_004).expect("it is asked");
    assert!(picture(&bed).contains("own node of People: being asked"), "{}", picture(&bed));
    assert_eq!(look(&tick(&mut bed, 30_000), 1_004), None, "one at a time");
    let relay = relay_side(&bed);
    let seen = |own: Own| Ok(Box::new(Look { relay: relay.clone(), own }));
    let para = ParaId(1_004);
    let silent = Own::Silent("people".into(), "of an earlier question".into());
    bed.msg(Msg::Looked { para, ticket: first + 9, found: seen(silent) });
    assert!(!picture(&bed).contains("earlier question"), "{}", picture(&bed));
    bed.msg(Msg::Looked { para, ticket: first, found: seen(answers(4_118_030)) });
    let told =
        format!("own node of People: answers, finalized #{}", sereno::screen::format::number(4_118_030));
    assert!(picture(&bed).contains(&told), "{}", picture(&bed));
    assert_eq!(look(&tick(&mut bed, 600_000), 1_004), None, "not before the relay's paras were read again");
    bed.keys("Esc");
    assert_eq!(tick(&mut bed, 1_000).iter().filter(|e| matches!(e, Effect::Look { .. })).count(), 0);
}

#[test]
fn a_node_that_is_silent_is_told_and_asked_again() {
    let mut bed = bed("5 / 1 0 0 4 Enter Enter");
    let first = look(&tick(&mut bed, 1_000), 1_004).unwrap();
    let para = ParaId(1_004);
    bed.msg(Msg::Looked { para, ticket: first, found: Err("relay cannot be read: refused".to_owned()) });
    assert!(picture(&bed).contains("not looked at: relay cannot be read: refused"), "{}", picture(&bed));
    assert_eq!(look(&tick(&mut bed, 59_000), 1_004), None);
    let second = look(&tick(&mut bed, 1_000), 1_004).expect("it is tried again after a minute");
    let own = Own::Silent("people".into(), "no answer in 40 s".into());
    let relay = relay_side(&bed);
    bed.msg(Msg::Looked { para, ticket: second, found: Ok(Box::new(Look { relay, own })) });
    assert!(picture(&bed).contains("own node of People: silent: no answer in 40 s"), "{}", picture(&bed));
}

#[test]
fn a_para_without_a_node_in_the_profile_is_not_asked() {
    let mut bed = bed("5 / 2 0 4 3 Enter Enter");
    assert_eq!(look(&tick(&mut bed, 1_000), 2_043), None);
    assert!(picture(&bed).contains("own node: the profile has none of this para"), "{}", picture(&bed));
}
