//! What keymaps promise.

use super::*;

fn built_in() -> Keymap {
    Keymap::built_in().unwrap()
}

fn key(text: &str) -> Key {
    text.parse().unwrap()
}

fn every_binding(map: &Keymap) -> Vec<(Context, Vec<Key>, Command)> {
    let of = |c: Context| map.contexts.get(&c).map(Tree::all).unwrap_or_default();
    Context::ALL.into_iter().flat_map(|c| of(c).into_iter().map(move |(k, cmd)| (c, k, cmd))).collect()
}

#[test]
fn keys_read_back_as_people_write_them() {
    for text in [
        "Ctrl-r",
        "Shift-Tab",
        "PgDn",
        "Space",
        "Ctrl-Space",
        "<",
        "G",
        "↓",
        "F5",
        "Esc",
        "Alt-x",
        "-",
        "Ctrl--",
    ] {
        assert_eq!(key(text).to_string(), text);
    }
    assert_eq!(show_keys(&parse_keys("g g").unwrap()), "g g");
    assert_eq!(key("pagedown"), key("PgDn"));
    assert_eq!(key("Shift-g"), key("G"));
    assert_eq!(key("Ctrl-R"), key("Ctrl-r"));
    assert_eq!(key("Down"), key("↓"));
}

#[test]
fn what_a_terminal_cannot_send_is_refused_with_the_reason() {
    assert_eq!(
        "Ctrl-i".parse::<Key>().unwrap_err().to_string(),
        "a terminal cannot tell 'Ctrl-i' from Tab; bind Tab instead"
    );
    for bad in ["", "Ctrl-", "gg", "F99", "Hyper-x"] {
        assert!(parse_keys(bad).is_err(), "{bad} was taken for a key");
    }
}

#[test]
fn every_command_has_a_key() {
    let bound: BTreeSet<Command> = every_binding(&built_in()).into_iter().map(|(_, _, c)| c).collect();
    let missing: Vec<_> = Command::ALL.iter().filter(|c| !bound.contains(c)).map(|c| c.name()).collect();
    assert!(missing.is_empty(), "not bound in keymaps/default.toml: {missing:?}");
}

#[test]
fn control_k_is_free_and_control_d_does_nothing() {
    for (context, keys, command) in every_binding(&built_in()) {
        for forbidden in ["Ctrl-k", "Ctrl-d"] {
            assert!(
                !keys.contains(&key(forbidden)),
                "{forbidden} is {} in {}",
                command.name(),
                context.name()
            );
        }
    }
}

#[test]
fn what_lies_on_a_tmux_or_screen_prefix_has_a_second_key() {
    let map = built_in();
    for (context, keys, command) in every_binding(&map) {
        if keys.iter().any(|k| *k == key("Ctrl-a") || *k == key("Ctrl-b")) {
            assert!(
                map.keys_for(context, command).len() > 1,
                "{} has only {}",
                command.name(),
                show_keys(&keys)
            );
        }
    }
}

#[test]
fn the_wall_has_no_key_that_acts() {
    use Command::{Down, LeaveOrBack, NextTab, PreviousTab, Quit, Redraw, Up};
    for (context, _, command) in every_binding(&built_in()) {
        if context == Context::Wall {
            assert!(
                [Down, Up, NextTab, PreviousTab, Redraw, LeaveOrBack, Quit].contains(&command),
                "{}",
                command.name()
            );
        }
    }
}

#[test]
fn the_first_context_that_knows_the_key_wins() {
    let map =
        Keymap::parse("k", "[list]\n\"q\" = \"open\"\n[global]\n\"q\" = \"quit\"\n\"x\" = \"help\"", None)
            .unwrap();
    let both = [Context::List, Context::Global];
    assert_eq!(map.resolve(&both, &[], key("q")), Resolution::Command(Command::Open));
    assert_eq!(map.resolve(&both, &[], key("x")), Resolution::Command(Command::Help));
    assert_eq!(map.resolve(&both, &[], key("u")), Resolution::None);
    assert_eq!(map.bindings(&both), vec![("q".to_owned(), Command::Open), ("x".to_owned(), Command::Help)]);
}

#[test]
fn a_chord_is_pending_until_its_last_key() {
    let map = Keymap::parse("k", "[list]\n\"g g\" = \"first\"\n\"g e\" = \"last\"", None).unwrap();
    let list = [Context::List];
    assert_eq!(map.resolve(&list, &[], key("g")), Resolution::Pending);
    assert_eq!(map.resolve(&list, &[key("g")], key("e")), Resolution::Command(Command::Last));
    assert_eq!(map.resolve(&list, &[key("g")], key("x")), Resolution::None);
}

#[test]
fn an_overlay_overrides_and_unbinds_and_keeps_the_rest() {
    let text = "[list]\n\"g g\" = \"first\"\n\"a\" = \"none\"\n";
    let map = Keymap::parse("mine.toml", text, Some(&built_in())).unwrap();
    let list = [Context::List];
    assert_eq!(map.resolve(&list, &[], key("g")), Resolution::Pending);
    assert_eq!(map.resolve(&list, &[], key("a")), Resolution::None);
    assert_eq!(map.resolve(&list, &[], key("j")), Resolution::Command(Command::Down));
}

#[test]
fn errors_say_file_line_column_and_the_nearest_name() {
    for (text, expected) in [
        (
            "[list]\n\"a\" = \"acknowlege\"",
            "k.toml:2:7: no command is called 'acknowlege'; did you mean 'acknowledge'? ('none' unbinds a key)",
        ),
        (
            "[lists]\n",
            "k.toml:1:2: no context is called 'lists'; expected one of global, list, overlay, replay, wall",
        ),
        (
            "[list]\n\"g\" = \"first\"\n\"g g\" = \"last\"",
            "k.toml:3:1: the chord 'g g' begins with g, which is bound to first",
        ),
        (
            "[list]\n\"g g\" = \"first\"\n\"g\" = \"last\"",
            "k.toml:3:1: g begins a chord in this section and cannot be bound itself",
        ),
        (
            "[list]\n\"PgDn\" = \"down\"\n\"PageDown\" = \"up\"",
            "k.toml:3:1: PgDn is already bound to down in this section",
        ),
        ("[list]\n\"x\" = 3", "k.toml:2:7: expected the name of a command in quotes"),
    ] {
        assert_eq!(Keymap::parse("k.toml", text, None).unwrap_err().to_string(), expected);
    }
    let broken = Keymap::parse("k.toml", "[list]\n\"x\" = ", None).unwrap_err();
    assert_eq!((broken.line, broken.problem.starts_with("not TOML: ")), (2, true));
}

#[test]
fn a_keymap_survives_being_written_down() {
    let map = built_in();
    let back: Keymap = serde_json::from_str(&serde_json::to_string(&map).unwrap()).unwrap();
    assert_eq!(back, map);
}
