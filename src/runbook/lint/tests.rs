//! Each mistake that lint knows, with its place.

use super::*;
use crate::runbook::catalogue::BUILT_IN;

const GOOD: &str = r#"id = "x"
row = "A1"
title = "t"
group = "recovery"
chain = "relay"
risk = "red"
scope = "s"
reversible = true
undo = "u"
blast_radius = "b"
rehearse_as = "root"
about = "a"
effective = "2 sessions"
[[params]]
name = "para"
type = "para"
about = "p"
[[params]]
name = "value"
type = "balance"
about = "p"
default = "5"
[[params]]
name = "how"
type = "choice"
options = ["a", "b"]
default = "a"
about = "p"
[[reads]]
id = "head"
storage = "Paras.Heads"
keys = ["{para}"]
[[reads]]
id = "account"
storage = "System.Account"
keys = ["{sovereign_child(para)}"]
[[checks]]
id = "c"
expr = "head != null && ge(account.data.free, value)"
level = "block"
message = "The para {para} has a head"
[[steps]]
call = "Paras.force_set_current_head"
args = { para = "{para}", new_head = "0x" }
[[verify]]
expr = "before.head != head"
when = "later"
within = "10 blocks"
message = "m"
"#;

fn told(text: &str) -> Vec<String> {
    let recipe = Recipe::parse("x.toml", text).unwrap_or_else(|e| panic!("{e}"));
    lint(&recipe).iter().map(ToString::to_string).collect()
}

#[test]
fn what_comes_with_the_program_is_without_a_mistake() {
    for (name, text) in BUILT_IN {
        let recipe = Recipe::parse(&format!("runbooks/{name}.toml"), text).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(lint(&recipe), [], "{name}");
    }
    assert_eq!(told(GOOD), [""; 0]);
}

#[test]
fn each_mistake_is_told_with_its_line_and_what_was_expected() {
    for (right, wrong, says) in [
        ("id = \"x\"\n", "id = \"X y\"\n", "x.toml:1:6: this is no id; expected 1 to 48 lower-case letters"),
        (
            "row = \"A1\"",
            "row = \"H1\"",
            "x.toml:2:7: this is no row of the catalogue; expected a letter from A to G",
        ),
        ("scope = \"s\"", "scope = \" \"", "x.toml:1:6: 'scope' is empty; expected a sentence"),
        (
            "chain = \"relay\"",
            "chain = \"{gone}\"",
            "x.toml:5:9: 'gone' is no parameter and no read; expected one of para, value, how",
        ),
        (
            "\"root\"",
            "\"sudo\"",
            "x.toml:11:15: this is no origin; expected root, signed, signed:WHO or parachain:ID",
        ),
        ("2 sessions", "soon", "x.toml:13:13: this is no time; expected now, next session"),
        (
            "name = \"value\"",
            "name = \"para\"",
            "x.toml:19:8: the parameter 'para' stands twice; expected each name once",
        ),
        ("type = \"para\"", "type = \"choice\"", "x.toml:15:8: a choice without options"),
        ("id = \"head\"", "id = \"para\"", "x.toml:30:6: the name 'para' stands twice"),
        (
            "storage = \"Paras.Heads\"",
            "at = \"best\"",
            "the read 'head' does not say what is read; expected exactly one of storage",
        ),
        ("\"Paras.Heads\"", "\"Heads\"", "x.toml:31:11: this names nothing; expected Pallet.Item"),
        (
            "keys = [\"{para}\"]",
            "keys = [\"{parra}\"]",
            "x.toml:32:9: 'parra' is no parameter and no read; expected one of para, value, how, head, account",
        ),
        ("keys = [\"{para}\"]", "args = [\"{para}\"]", "x.toml:32:9: this kind of read takes none"),
        (
            "head != null",
            "hed != null",
            "x.toml:39:8: 'hed' is no parameter and no read; expected one of para",
        ),
        ("head != null", "shell(head)", "x.toml:39:8: there is no function 'shell'; expected CEL or len(x)"),
        (
            "ge(account.data.free, value)",
            "account.data.free >= 5",
            "x.toml:39:8: '>=' calculates with a balance, which int may not hold; expected ge, le",
        ),
        ("ge(account.data.free, value)", "value + 1 > 2", "calculates with a balance"),
        (
            "ge(account.data.free, value)",
            "before.head == head",
            "x.toml:39:8: 'before' and 'events' are known afterwards only",
        ),
        ("has a head", "has {a head", "x.toml:41:11: a '{' without its '}'"),
        (
            "Paras.force_set_current_head",
            "force_set_current_head",
            "x.toml:43:8: this names no call; expected Pallet.name",
        ),
        (
            "call = \"Paras",
            "note = \"n\"\ncall = \"Paras",
            "a step does not say what is done; expected exactly one of call",
        ),
        ("new_head = \"0x\"", "new_head = 1.5", "x.toml:44:38: no call takes a fraction or a date"),
        (
            "before.head",
            "before.gone",
            "x.toml:46:8: 'before.gone' is no read; expected one of head, account",
        ),
        ("within = \"10 blocks\"", "", "x.toml:47:8: later than when?; expected within"),
        ("10 blocks", "10 minutes", "x.toml:48:10: this is no time; expected N blocks or N sessions"),
    ] {
        assert!(GOOD.contains(right), "{right}");
        let found = told(&GOOD.replacen(right, wrong, 1));
        assert!(found.iter().any(|f| f.contains(says)), "{wrong}: {found:#?}");
    }
}

#[test]
fn what_compares_to_the_planck_or_tells_nothing_is_refused() {
    for (right, wrong, says) in [
        (
            "ge(account.data.free, value)",
            "account.data.free != value",
            "x.toml:39:8: '!=' compares a balance to the planck; where that is meant, say eq(a, b)",
        ),
        ("before.head != head", "para == 2000", "x.toml:46:8: nothing in this line changes by the call"),
        (
            "before.head != head",
            "how == 'a' || before.head != head",
            "for other values of 'how' this line is true whatever was done; expected only = \"how == …\"",
        ),
    ] {
        assert!(GOOD.contains(right), "{right}");
        let found = told(&GOOD.replacen(right, wrong, 1));
        assert!(found.iter().any(|f| f.contains(says)), "{wrong}: {found:#?}");
    }
}
