//! What themes promise.

use super::*;

fn built_in() -> Theme {
    Theme::built_in().unwrap()
}

fn mono() -> Theme {
    Theme::parse("themes/mono.toml", Theme::MONO, Some(&built_in())).unwrap()
}

#[test]
fn every_role_is_coloured() {
    let theme = built_in();
    for role in Role::ALL {
        let style = theme.style(role);
        assert!(style.fg.is_some() || style.bg.is_some(), "{role:?} has no colour");
    }
}

#[test]
fn the_theme_without_colours_has_none() {
    let theme = mono();
    for role in Role::ALL {
        assert_eq!((theme.style(role).fg, theme.style(role).bg), (None, None), "{role:?}");
    }
}

#[test]
fn what_needs_attention_stands_out_at_every_depth_and_in_both_themes() {
    use Role::{Armed, Critical, Cursor, Dim, Major, Replay, Selected, TabActive, TabInactive, Text};
    for theme in [built_in(), mono()] {
        for depth in [Depth::Mono, Depth::Ansi16, Depth::Ansi256, Depth::True] {
            let mapped = theme.for_depth(depth);
            let at = |role| mapped.style(role);
            for role in [Critical, Major, Selected, Cursor, Replay, Armed] {
                assert_ne!(at(role), at(Text), "{role:?} looks like text at {depth:?} in {}", theme.name());
                assert_ne!(at(role), at(Dim), "{role:?} looks dim at {depth:?} in {}", theme.name());
            }
            assert_ne!(at(Critical), at(Major), "critical looks like major at {depth:?} in {}", theme.name());
            assert_ne!(
                at(TabActive),
                at(TabInactive),
                "the open tab is lost at {depth:?} in {}",
                theme.name()
            );
        }
    }
}

#[test]
fn a_background_that_a_terminal_cannot_show_becomes_reversed() {
    let style = Style { bg: Some(Colour::Rgb(0x1c, 0x25, 0x33)), ..Style::default() };
    assert!(style.at(Depth::Mono).reversed);
    assert_eq!(style.at(Depth::Ansi16), Style { reversed: true, ..Style::default() });
    assert!(!style.at(Depth::Ansi256).reversed);
}

#[test]
fn a_changed_palette_changes_every_role_that_names_it() {
    let theme = Theme::parse("mine.toml", "[palette]\nlantern = \"#00ff00\"", Some(&built_in())).unwrap();
    assert_eq!(theme.style(Role::Accent).fg, Some(Colour::Rgb(0, 255, 0)));
    assert_eq!(theme.style(Role::Text), built_in().style(Role::Text));
}

#[test]
fn errors_say_file_line_column_and_the_nearest_name() {
    for (text, expected) in [
        (
            "[roles]\ncriticl = { fg = \"red\" }",
            "t.toml:2:1: no role is called 'criticl'; did you mean 'critical'?",
        ),
        (
            "[roles]\ntext = { fg = \"lantrn\" }",
            "t.toml:2:15: no colour is called 'lantrn'; did you mean 'lantern'?",
        ),
        (
            "[roles]\ntext = { bolt = true }",
            "t.toml:2:10: no property of a style is called 'bolt'; did you mean 'bold'?",
        ),
        ("[roles]\ntext = { bold = 1 }", "t.toml:2:17: expected true or false"),
        ("[roles]\ntext = \"red\"", "t.toml:2:8: expected a style such as { fg = \"ink\", bold = true }"),
        ("[colors]", "t.toml:1:2: no section is called 'colors'; did you mean 'roles'?"),
        (
            "[palette]\nx = \"#12\"",
            "t.toml:2:5: expected a colour: \"#rrggbb\", a name such as \"bright-red\", \"default\", or 0 to 255",
        ),
    ] {
        assert_eq!(Theme::parse("t.toml", text, Some(&built_in())).unwrap_err().to_string(), expected);
    }
    let incomplete = Theme::parse("t.toml", "[roles]\ntext = { fg = 7 }", None).unwrap_err();
    assert_eq!(incomplete.problem, "the role 'dim' has no style");
}
