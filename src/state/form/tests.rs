//! The form as a state machine: validation, choices, what is due when, answers that come late.

use super::*;
use crate::keymap::{Key, KeyCode};
use crate::runbook::Catalogue;
use std::collections::VecDeque;

fn recipe(name: &str) -> Recipe {
    Catalogue::built_in().unwrap().find(name).unwrap().clone()
}

fn pas() -> Token {
    Some(("PAS".to_owned(), 10))
}

fn known(pairs: &[(&str, &str)]) -> BTreeMap<String, Prefill> {
    let fill = |text: &str| Prefill { text: text.to_owned(), from: "the selection".to_owned() };
    pairs.iter().map(|(name, text)| ((*name).to_owned(), fill(text))).collect()
}

fn type_in(form: &mut Form, name: &str, text: &str, recipe: &Recipe) {
    form.editing = Some(name.to_owned());
    let clear = Key { code: KeyCode::Char('u'), ctrl: true, alt: false, shift: false };
    form.input_mut().unwrap().edit(clear, &VecDeque::new());
    form.input_mut().unwrap().paste(text);
    form.typed(recipe, &pas());
}

fn problem(form: &Form, name: &str) -> Option<String> {
    form.field(name).unwrap().problem.clone()
}

#[test]
fn a_form_begins_with_what_is_known_and_the_keys_in_the_first_field_that_is_not() {
    let recipe = recipe("force-head");
    let form = Form::new(&recipe, None, &known(&[("para", "2000")]), &pas());
    let names: Vec<&str> = form.fields.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(names, ["para", "new_head", "para_endpoint", "wrap"]);
    assert_eq!((form.editing.as_deref(), form.is_valid()), (None, true), "the head has a default");
    assert_eq!(form.given(&recipe), [("para".to_owned(), "2000".to_owned())].into_iter().collect());
    let empty = Form::new(&recipe, None, &BTreeMap::new(), &pas());
    assert_eq!(empty.editing.as_deref(), Some("para"));
    assert_eq!(problem(&empty, "para").as_deref(), Some("it is missing"));
}

#[test]
fn each_field_is_judged_as_it_is_typed() {
    let recipe = recipe("force-head");
    let mut form = Form::new(&recipe, None, &known(&[("para", "2000")]), &pas());
    type_in(&mut form, "new_head", "0x12g4", &recipe);
    assert_eq!(
        problem(&form, "new_head").as_deref(),
        Some("'g' is no hex digit; expected 0x and an even number of hex digits, or @FILE")
    );
    assert!(!form.is_valid());
    type_in(&mut form, "new_head", "@", &recipe);
    assert_eq!(problem(&form, "new_head").as_deref(), Some("no file is named; expected @ and its path"));
    type_in(&mut form, "new_head", "@head.bin", &recipe);
    assert!(form.is_valid());
    type_in(&mut form, "wrap", "sudo proxy:Any@x", &recipe);
    assert!(problem(&form, "wrap").unwrap().starts_with("proxy:Any@x: "), "{:?}", problem(&form, "wrap"));
    type_in(&mut form, "wrap", "batch sudo", &recipe);
    assert_eq!(form.wraps(), Some(vec!["batch".to_owned(), "sudo".to_owned()]));
    type_in(&mut form, "wrap", "", &recipe);
    assert_eq!(form.wraps(), None, "as the runbook says");
}

#[test]
fn an_amount_has_a_unit() {
    let recipe = recipe("set-balance");
    let mut form = Form::new(&recipe, None, &BTreeMap::new(), &pas());
    type_in(&mut form, "new_free", "5", &recipe);
    assert_eq!(
        problem(&form, "new_free").as_deref(),
        Some("5 has no unit; expected tokens like 5PAS, or 5planck")
    );
    type_in(&mut form, "new_free", "5DOT", &recipe);
    assert!(problem(&form, "new_free").unwrap().starts_with("the token is PAS, not 'DOT'"));
    let param = recipe.param("new_free").unwrap();
    for (typed, given, amount) in
        [("5 PAS", "5 PAS", 50_000_000_000), ("7planck", "7", 7), ("1_000 planck", "1_000", 1_000)]
    {
        type_in(&mut form, "new_free", typed, &recipe);
        assert_eq!(problem(&form, "new_free"), None, "{typed}");
        assert_eq!(form.given(&recipe)["new_free"], given);
        assert_eq!(planck(param, typed, &pas()), Some(amount));
    }
    assert_eq!(planck(param, "5", &pas()), None);
}

#[test]
fn a_choice_is_turned_without_typing() {
    let recipe = recipe("force-head");
    let mut form = Form::new(&recipe, None, &known(&[("para", "2000")]), &pas());
    let mut seen = Vec::new();
    for _ in 0..4 {
        assert!(form.choose_next(WRAP, &recipe, &pas()));
        seen.push(form.field(WRAP).unwrap().text());
    }
    assert_eq!(seen, ["none", "sudo", "batch", "none"]);
    assert!(!form.choose_next("para", &recipe, &pas()));
    assert_eq!(form.editing, None);
}

#[test]
fn a_plan_is_asked_for_once_and_again_when_a_block_came_or_a_field_changed() {
    let recipe = recipe("force-head");
    let mut form = Form::new(&recipe, None, &BTreeMap::new(), &pas());
    assert!(!form.is_due(UnixMs(0), Some(1)), "a field is missing");
    type_in(&mut form, "para", "2000", &recipe);
    assert!(form.is_due(UnixMs(0), Some(1)));
    form.ask(7, UnixMs(0));
    assert!(!form.is_due(UnixMs(60_000), Some(9)), "one at a time");
    form.answer(6, Err("of another form".to_owned()), UnixMs(1));
    assert_eq!(form.failure(), None);
    type_in(&mut form, "para", "2001", &recipe);
    assert!(!form.is_due(UnixMs(9_999), None) && form.is_due(UnixMs(10_000), None), "newer fields overtake");
    form.answer(7, Err("of older fields".to_owned()), UnixMs(2));
    assert_eq!((form.failure(), form.asked), (None, None));
    form.ask(8, UnixMs(3));
    form.answer(8, Err("relay cannot be read: refused".to_owned()), UnixMs(4));
    assert_eq!(form.failure(), Some("relay cannot be read: refused"));
    assert!(!form.is_due(UnixMs(30_003), None) && form.is_due(UnixMs(30_004), None));
}

#[test]
fn a_refusal_stands_under_its_field_until_something_is_typed() {
    let recipe = recipe("force-head");
    let mut form = Form::new(&recipe, None, &known(&[("para", "2000")]), &pas());
    for (why, field, told) in [
        ("new_head (from x): this is no header", "new_head", "(from x): this is no header"),
        (
            "new_head: not given (give one with --param para_endpoint=wss://…); expected --param new_head=… (x)",
            "new_head",
            "not given (give one in para_endpoint)",
        ),
        ("new_head: it is not given", "new_head", "it is not given"),
        ("--wrap xcm: do not leave it out", "wrap", "xcm: do not leave it out"),
    ] {
        form.ask(1, UnixMs(0));
        form.answer(1, Err(why.to_owned()), UnixMs(1));
        assert_eq!(form.field(field).unwrap().refused.as_deref(), Some(told));
        assert!(form.field("para").unwrap().refused.is_none());
        assert!(!form.is_due(UnixMs(900_000), None), "the same text gives the same answer");
        type_in(&mut form, "para", "2001", &recipe);
        assert!(form.fields.iter().all(|f| f.refused.is_none()));
    }
}

#[test]
fn a_rehearsal_that_was_given_up_is_not_answered() {
    let running = || Rehearsal::Running { ticket: 3, since: UnixMs(0), call: "0x01".to_owned() };
    let mut rehearsal = running();
    rehearsal.answer(2, Err("of another".to_owned()), UnixMs(1));
    assert_eq!(rehearsal, running());
    assert!(rehearsal.cancel(UnixMs(2)) && !rehearsal.cancel(UnixMs(3)));
    rehearsal.answer(3, Err("late".to_owned()), UnixMs(4));
    assert_eq!(rehearsal, Rehearsal::Cancelled { at: UnixMs(2) });
    let mut rehearsal = running();
    rehearsal.answer(3, Err("no".to_owned()), UnixMs(5));
    assert!(matches!(rehearsal, Rehearsal::Done { ref call, found: Err(_), .. } if call == "0x01"));
}
