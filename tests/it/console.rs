//! `update` and `view` as pure functions: keys, selection, filter, history, paste, acknowledgements.

use crate::bed::{Bed, hash};
use proptest::prelude::*;
use sereno::app::{self, Effect, Msg};
use sereno::command::Command;
use sereno::domain::{ChainId, Fact, UnixMs};
use sereno::runtime::headless;
use sereno::screen::{Body, Node, Panel, Screen, Table};
use sereno::state::Mode;
use sereno::state::ui::{OverlayKind, Place};

fn panels<'a>(node: &'a Node, out: &mut Vec<&'a Panel>) {
    match node {
        Node::Rows(parts) | Node::Columns(parts) => parts.iter().for_each(|(_, n)| panels(n, out)),
        Node::Panel(panel) => out.push(panel),
    }
}

fn panel<'a>(screen: &'a Screen, id: &str) -> Option<&'a Panel> {
    let mut all = Vec::new();
    panels(&screen.body, &mut all);
    all.into_iter().find(|p| p.id == id)
}

fn table<'a>(screen: &'a Screen, id: &str) -> &'a Table {
    match &panel(screen, id).unwrap_or_else(|| panic!("no panel {id}")).body {
        Body::Table(table) => table,
        other => panic!("{id} is no table: {other:?}"),
    }
}

fn cell(table: &Table, key: &str, column: &str) -> String {
    let at = table.columns.iter().position(|c| c.title.starts_with(column)).unwrap();
    table.rows.iter().find(|r| r.key == key).unwrap().cells[at].plain()
}

fn selected(screen: &Screen, id: &str) -> String {
    let table = table(screen, id);
    table.rows[table.selected.unwrap() - table.first].key.clone()
}

fn chain(id: &str) -> Place {
    Place::chain(1, ChainId::from(id))
}

#[test]
fn enter_opens_the_selected_chain_and_escape_comes_back_to_the_same_row() {
    let mut bed = Bed::healthy(Mode::Console);
    bed.keys("j j Enter");
    assert_eq!(bed.state.ui.place, chain("bridge-hub"));
    bed.keys("Esc");
    assert_eq!(selected(&app::view(&bed.state), "chains"), "bridge-hub");
}

#[test]
fn the_selection_stays_on_its_chain_when_sorting_moves_it() {
    let mut bed = Bed::healthy(Mode::Console);
    bed.keys("j s s s S");
    let screen = app::view(&bed.state);
    assert_eq!(table(&screen, "chains").columns[2].sorted, Some(true), "sorted by BEST, largest first");
    assert_eq!(selected(&screen, "chains"), "asset-hub");
    let keys: Vec<_> = table(&screen, "chains").rows.iter().map(|r| r.key.as_str()).collect();
    assert_eq!(keys, ["relay", "asset-hub", "bridge-hub", "people", "coretime", "collectives"]);
    bed.keys("S");
    let screen = app::view(&bed.state);
    assert_eq!(
        table(&screen, "chains").rows.last().unwrap().key,
        "collectives",
        "unknown comes last either way"
    );
}

#[test]
fn a_selected_block_stays_selected_while_new_blocks_come_in_above_it() {
    let mut bed = Bed::healthy(Mode::Console);
    bed.keys("Enter j j j");
    let before = selected(&app::view(&bed.state), "blocks");
    for _ in 0..5 {
        bed.round(&["relay"], 2);
        bed.settle();
    }
    let screen = app::view(&bed.state);
    assert_eq!(selected(&screen, "blocks"), before);
    assert_eq!(table(&screen, "blocks").selected, Some(8));
    bed.keys("g");
    bed.round(&["relay"], 2);
    assert_eq!(
        table(&app::view(&bed.state), "blocks").selected,
        Some(0),
        "at the top it follows the newest block"
    );
}

#[test]
fn a_block_that_a_reorganisation_removes_falls_to_its_neighbour() {
    let mut bed = Bed::healthy(Mode::Console);
    bed.keys("Enter j k");
    let gone = selected(&app::view(&bed.state), "blocks");
    let number = 12_345_640;
    assert_eq!(gone, hash("relay", number, 0).to_string());
    let block = bed.block("relay", number, 1);
    let source = bed.state.network.chains[0].endpoints[0].clone();
    bed.fact("relay", Some(&source), Fact::Best(Box::new(block)));
    bed.settle();
    let screen = app::view(&bed.state);
    assert_eq!(selected(&screen, "blocks"), hash("relay", number, 1).to_string());
    assert_eq!(cell(table(&screen, "blocks"), &hash("relay", number, 1).to_string(), "STATE"), "best");
}

#[test]
fn unknown_is_never_shown_as_zero() {
    let bed = Bed::healthy(Mode::Console);
    let screen = app::view(&bed.state);
    let chains = table(&screen, "chains");
    for column in ["BEST", "FINALIZED", "LAG", "LAST", "SESSION", "ERA", "PEERS", "POOL", "REORGS", "SPEC"] {
        assert_eq!(cell(chains, "collectives", column), "?", "{column} of a chain that nobody serves");
    }
    assert_eq!(cell(chains, "people", "ERA"), "?");
    assert_eq!(cell(chains, "relay", "REORGS"), "0");
    assert_eq!(cell(chains, "collectives", "STATE"), "– absent");
}

#[test]
fn nothing_is_live_when_it_is_older_than_three_block_times() {
    let mut bed = Bed::healthy(Mode::Console);
    for ms in [0, 10_000, 5_900, 200, 60_000] {
        bed.wait(ms);
        let screen = app::view(&bed.state);
        let chains = table(&screen, "chains");
        for row in chains.rows.iter().filter(|r| r.key != "collectives") {
            let age = bed
                .state
                .now
                .since(bed.state.store.chain(&row.key.as_str().into()).unwrap().best.as_ref().unwrap().at);
            let live = cell(chains, &row.key, "DATA") == "LIVE";
            assert_eq!(live, age <= 18_000, "{} at {age} ms", row.key);
        }
    }
}

#[test]
fn a_filter_applies_while_it_is_typed_and_escape_takes_it_back() {
    let mut bed = Bed::healthy(Mode::Console);
    bed.keys("/");
    bed.text("hub");
    assert_eq!(table(&app::view(&bed.state), "chains").total, 2);
    bed.keys("Enter n");
    assert_eq!(selected(&app::view(&bed.state), "chains"), "bridge-hub");
    bed.keys("n");
    assert_eq!(selected(&app::view(&bed.state), "chains"), "asset-hub", "goes around");
    bed.keys("/ Ctrl-u");
    bed.text("-r (");
    assert!(bed.said().contains("unclosed group"), "{}", bed.said());
    assert_eq!(table(&app::view(&bed.state), "chains").total, 6);
    bed.keys("Esc");
    assert_eq!(table(&app::view(&bed.state), "chains").total, 2, "the filter before is back");
    bed.keys("Esc");
    assert_eq!(table(&app::view(&bed.state), "chains").total, 6);
    bed.keys("/ Up");
    assert_eq!(bed.state.ui.filter.as_ref().unwrap().input.text(), "hub", "history");
}

#[test]
fn pasted_text_triggers_no_command() {
    let mut bed = Bed::healthy(Mode::Console);
    let before = bed.state.ui.place.clone();
    assert_eq!(bed.msg(Msg::Paste("q\nq\n:quit\n".repeat(100_000))), vec![]);
    assert_eq!((bed.state.ui.place.clone(), bed.state.ui.overlay.clone()), (before, None));
    assert!(bed.said().contains("pasted text is ignored"));
    bed.keys(":");
    assert_eq!(bed.msg(Msg::Paste("quit\n\u{1b}[2J".to_owned())), vec![]);
    let Some(OverlayKind::Palette(input, _)) = bed.state.ui.overlay.as_ref().map(|o| o.kind.clone()) else {
        panic!("the palette closed")
    };
    assert_eq!(input.text(), "quit ‹U+001B›[2J");
    bed.keys("Esc q");
    assert_eq!(bed.msg(Msg::Paste("q\n".to_owned())), vec![], "the question does not take pasted text");
    assert!(matches!(bed.state.ui.overlay.as_ref().unwrap().kind, OverlayKind::AskLeave));
}

#[test]
fn leaving_asks_at_the_root_only() {
    let mut bed = Bed::healthy(Mode::Console);
    bed.keys("Enter");
    assert_eq!(bed.keys("q"), vec![], "back from the chain");
    assert_eq!(bed.keys("q j"), vec![]);
    assert!(bed.said().contains("Esc stays"));
    assert_eq!(bed.keys("Esc"), vec![]);
    assert_eq!(bed.keys("q q"), vec![Effect::Quit]);
    assert_eq!(bed.keys("q Enter"), vec![Effect::Quit]);
    let mut bed = Bed::healthy(Mode::Console);
    bed.keys(":");
    bed.text("q");
    assert_eq!(bed.keys("Enter"), vec![Effect::Quit]);
    bed.keys("/");
    assert_eq!(bed.keys("Ctrl-c"), vec![Effect::Quit], "Ctrl-c leaves from a text field, too");
}

#[test]
fn history_walks_through_views() {
    let mut bed = Bed::healthy(Mode::Console);
    bed.keys("Enter Esc j Enter");
    assert_eq!(bed.state.ui.place, chain("asset-hub"));
    bed.keys("[ [");
    assert_eq!(bed.state.ui.place, chain("relay"));
    bed.keys("] ]");
    assert_eq!(bed.state.ui.place, chain("asset-hub"));
    bed.keys("-");
    assert_eq!(bed.state.ui.place, Place::root(1));
    bed.keys("-");
    assert_eq!(bed.state.ui.place, chain("asset-hub"));
}

#[test]
fn the_palette_opens_chains_and_runs_commands() {
    let mut bed = Bed::healthy(Mode::Console);
    bed.keys(":");
    bed.text("people");
    bed.keys("Enter");
    assert_eq!(bed.state.ui.place, chain("people"));
    bed.keys(":");
    bed.text("refr");
    assert_eq!(bed.keys("Enter"), vec![Effect::Refresh]);
    bed.keys(":");
    bed.text("nonsense");
    bed.keys("Enter");
    assert!(bed.said().contains("called 'nonsense'"), "{}", bed.said());
}

#[test]
fn help_lists_exactly_what_the_keymap_binds_here_and_can_be_searched() {
    let mut bed = Bed::healthy(Mode::Console).size(120, 60);
    bed.keys("?");
    let Body::KeyValues(pairs) = app::view(&bed.state).overlay.unwrap().body else { panic!() };
    for command in [Command::Acknowledge, Command::Zoom, Command::RequestLog, Command::Filter] {
        assert!(pairs.iter().any(|(_, about)| about.plain() == command.about()), "{command:?}");
    }
    assert!(!pairs.iter().any(|(_, about)| about.plain() == Command::Faster.about()), "no replay here");
    bed.text("acknow");
    let Body::KeyValues(pairs) = app::view(&bed.state).overlay.unwrap().body else { panic!() };
    assert_eq!(pairs.len(), 2);
}

#[test]
fn an_alert_is_acknowledged_at_once_and_kept() {
    let mut bed = Bed::finality_stall(Mode::Console);
    let alert = bed.state.visible_alerts()[0].clone();
    let effects = bed.keys("a");
    let [Effect::SaveAck { alert: id, by, at }] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!((id, by.as_deref(), *at), (&alert.id, Some("kim"), UnixMs(bed.now)));
    assert_eq!(bed.state.alert(&alert.id).unwrap().acked_by.as_deref(), Some("kim"));
    assert_eq!(bed.keys("a"), vec![], "already acknowledged");
    assert!(matches!(bed.keys("A").as_slice(), [Effect::SaveAck { by: None, .. }]));
    assert_eq!(bed.state.alert(&alert.id).unwrap().acked_by, None);
}

#[test]
fn what_could_not_be_kept_is_told_once_and_counted_in_the_log() {
    let mut bed = Bed::healthy(Mode::Console);
    let lost = |facts, acks, log_lines| Msg::Lost(app::Lost { facts, acks, log_lines });
    for (counts, notices) in [(lost(3, 0, 0), 1), (lost(1_200, 1, 0), 1), (lost(1_200, 1, 4), 2)] {
        assert_eq!(bed.msg(counts), vec![]);
        assert_eq!(bed.state.notices.len(), notices);
    }
    bed.keys("@");
    let Body::Text(lines) = app::view(&bed.state).overlay.unwrap().body else { panic!() };
    let text: Vec<String> = lines.iter().map(sereno::screen::Line::plain).collect();
    let counts =
        "  not kept since the start: 1\u{2009}200 facts (journal), 1 acknowledgements (journal), 4 log lines";
    assert!(text.iter().any(|line| line == counts), "{text:#?}");
}

#[test]
fn keys_that_cannot_do_anything_say_why() {
    let mut bed = Bed::healthy(Mode::Console);
    for (keys, answer) in [
        ("a", "Relay has no alert"),
        ("n", "no filter here"),
        ("1", "is open"),
        ("-", "no other view"),
        ("[", "first view"),
        ("Esc", "nothing to close"),
        ("F9", "not bound"),
        ("w", "one pane"),
    ] {
        bed.keys(keys);
        assert!(bed.said().contains(answer), "{keys}: {}", bed.said());
    }
}

#[test]
fn copy_gives_hashes_and_addresses_in_full() {
    let mut bed = Bed::healthy(Mode::Console);
    bed.keys("Enter");
    let block = hash("relay", 12_345_640, 0).to_string();
    assert_eq!(bed.keys("y"), vec![Effect::Copy(block.clone())]);
    let link = format!(
        "https://polkadot.js.org/apps/?rpc=wss%3A%2F%2Fpaseo-rpc.dwellir.com#/explorer/query/{block}"
    );
    assert_eq!(bed.keys("Y"), vec![Effect::Copy(link)]);
    bed.keys("w w");
    let alice = crate::bed::account(1);
    assert_eq!(bed.keys("y"), vec![Effect::Copy(alice.ss58(0))]);
    assert_eq!(bed.keys("Y"), vec![Effect::Copy(alice.to_string())]);
}

#[test]
fn marked_rows_are_copied_together() {
    let mut bed = Bed::healthy(Mode::Console);
    bed.keys("Enter Space j j Ctrl-Space");
    let Ok([Effect::Copy(text)]) = <[Effect; 1]>::try_from(bed.keys("y")) else { panic!("one text") };
    let mut copied: Vec<&str> = text.lines().collect();
    let mut expected: Vec<String> =
        (12_345_638..=12_345_640).map(|n| hash("relay", n, 0).to_string()).collect();
    copied.sort_unstable();
    expected.sort_unstable();
    assert_eq!(copied, expected);
}

#[test]
fn an_alert_is_silenced_for_an_hour_then_four_then_not() {
    let mut bed = Bed::finality_stall(Mode::Console);
    for (answer, asks) in
        [("silent for 1 h", false), ("silent for 4 h", false), ("not silent any more", true)]
    {
        bed.keys("m");
        assert!(bed.said().contains(answer), "{}", bed.said());
        bed.wait(1_000);
        assert_eq!(!bed.state.visible_alerts().is_empty(), asks);
        assert_eq!(bed.state.alerts.visible().len(), 1, "it stays on the screen");
    }
}

#[test]
fn a_para_is_acknowledged_through_what_explains_it() {
    let mut bed = Bed::para_stall(Mode::Console);
    bed.keys("j j");
    let effects = bed.keys("a");
    let [Effect::SaveAck { alert, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(alert.as_str(), "para-stall/relay/1002");
}

#[test]
fn alert_changes_leave_as_effects() {
    let mut bed = Bed::healthy(Mode::Headless);
    let mut kinds = Vec::new();
    for _ in 0..70 {
        bed.now += 6_000;
        bed.best("relay", 0);
        let effects = app::update(&mut bed.state, Msg::Tick(UnixMs(bed.now)));
        kinds.extend(effects.into_iter().chain(app::settle(&mut bed.state)).filter_map(|e| match e {
            Effect::Alert(change) if change.alert.detector == "finality-stall" => {
                Some(change.alert.severity.word())
            }
            _ => None,
        }));
    }
    assert_eq!(kinds, ["major", "critical"]);
}

#[test]
fn an_open_dispute_is_listed_and_described() {
    let mut bed = Bed::healthy(Mode::Console);
    bed.dispute();
    bed.keys("Enter w w w w");
    let screen = app::view(&bed.state);
    let key = table(&screen, "disputes").rows[0].key.clone();
    assert_eq!(cell(table(&screen, "disputes"), &key, "STATE"), "▲ open");
    bed.keys("d");
    let Body::KeyValues(pairs) = app::view(&bed.state).overlay.unwrap().body else { panic!() };
    assert!(pairs.iter().any(|(k, v)| k.plain() == "votes against" && v.plain() == "2"));
}

#[test]
fn describe_gives_block_age_and_source_and_the_reason_of_what_is_unknown() {
    let mut bed = Bed::healthy(Mode::Console);
    bed.keys("j d");
    let Body::KeyValues(pairs) = app::view(&bed.state).overlay.unwrap().body else { panic!() };
    let value = |name: &str| pairs.iter().find(|(k, _)| k.plain() == name).unwrap().1.plain();
    let best = hash("asset-hub", 11_020_140, 0);
    assert_eq!(value("best"), format!("#11\u{2009}020\u{2009}140 {best}   2 s · ibp"));
    assert_eq!(value("era"), "? no such pallet: Staking");
    assert_eq!(value("session"), "? not read yet");
    assert_eq!(value("runtime"), "asset-hub-paseo 2000006   #11\u{2009}020\u{2009}100 · 4 m · ibp");
    bed.wait(8_000);
    let Body::KeyValues(later) = app::view(&bed.state).overlay.unwrap().body else { panic!() };
    assert!(later[0].1.plain().ends_with("10 s · ibp"), "what is described goes on ageing");
}

#[test]
fn panes_grow_where_they_share_the_screen() {
    let mut bed = Bed::healthy(Mode::Console).size(80, 24);
    bed.keys("Enter +");
    assert!(bed.said().contains("one pane is shown at a time"), "{}", bed.said());
    let mut bed = Bed::healthy(Mode::Console).size(160, 50);
    bed.keys("Enter");
    let before = app::view(&bed.state);
    bed.keys("+");
    assert_ne!(app::view(&bed.state).body, before.body);
    bed.keys("_");
    assert_eq!(app::view(&bed.state).body, before.body);
    bed.keys("z");
    assert!(panel(&app::view(&bed.state), "endpoints").is_none(), "the focused pane has the whole body");
}

#[test]
fn a_wall_page_that_does_not_exist_is_named() {
    let wrong =
        sereno::state::ui::Wall::new(5_000, &["overview".to_owned(), "kitchen".to_owned()]).unwrap_err();
    assert!(wrong.contains("'kitchen'") && wrong.contains("validators"), "{wrong}");
}

#[test]
fn a_replay_is_scrubbed_paused_and_says_so() {
    let mut bed = Bed::replay().size(120, 40);
    assert!(app::view(&bed.state).header.left.plain().contains("REPLAY ▶ 12:34/1:02:34 ×4"));
    assert_eq!(bed.keys("["), vec![Effect::Seek(744_000)]);
    assert_eq!(bed.keys("]"), vec![Effect::Seek(764_000)]);
    assert_eq!(bed.keys("p"), vec![Effect::Speed(0.0)]);
    assert_eq!(bed.keys(">"), vec![Effect::Speed(8.0)]);
    let mut live = Bed::healthy(Mode::Console);
    live.keys("Enter");
    assert_eq!(live.keys("["), vec![]);
    assert_eq!(live.state.ui.place.chain, None, "without a replay it is history");
}

#[test]
fn the_wall_turns_pages_and_an_alarm_holds_it() {
    let mut bed = Bed::healthy(Mode::Wall);
    let start = bed.state.ui.wall.page;
    bed.round(&["relay", "asset-hub", "bridge-hub", "people", "coretime"], 2);
    for _ in 0..4 {
        bed.round(&["relay", "asset-hub", "bridge-hub", "people", "coretime"], 2);
    }
    assert_ne!(bed.state.ui.wall.page, start, "turned after 20 s");
    let mut bed = Bed::finality_stall(Mode::Wall);
    assert_eq!(bed.state.ui.wall.page, 0);
    for _ in 0..20 {
        bed.wait(6_000);
        assert_eq!(bed.state.ui.wall.page, 0);
    }
    let footer = app::view(&bed.state).footer;
    assert!(footer.left.plain().contains("page 1/5 held by alarm"), "{}", footer.left.plain());
}

#[test]
fn the_walls_heart_stands_still_when_data_stops() {
    let mut bed = Bed::healthy(Mode::Wall);
    let beat = |bed: &Bed| app::view(&bed.state).footer.right.plain();
    let before = beat(&bed).chars().next();
    for _ in 0..10 {
        bed.wait(1_000);
        assert_eq!(beat(&bed).chars().next(), before);
    }
    bed.wait(60_000);
    assert!(beat(&bed).contains("NO DATA FOR 1 m 12 s"), "{}", beat(&bed));
}

#[test]
fn the_wall_takes_no_action_key() {
    let mut bed = Bed::finality_stall(Mode::Wall);
    let before = bed.state.clone();
    for key in ["a", "A", "m", "Enter", "d", "y", ":", "/", "?", "z", "@", "1", "Space", "e", "!", "x"] {
        assert_eq!(bed.keys(key), vec![], "{key}");
        assert_eq!(bed.state, before, "{key}");
    }
    assert_eq!(bed.keys("Ctrl-l"), vec![Effect::Redraw]);
    assert_eq!(bed.keys("q"), vec![Effect::Quit]);
}

#[test]
fn restored_values_are_not_live() {
    let mut bed = Bed::new(Mode::Console);
    let block = bed.block("relay", 12_000_000, 0);
    let seen = sereno::domain::Observation {
        at: UnixMs(bed.now - 3 * 3_600_000),
        chain: "relay".into(),
        endpoint: None,
        fact: Fact::Best(Box::new(block)),
    };
    bed.msg(Msg::Restored(Box::new(seen)));
    let screen = app::view(&bed.state);
    assert_eq!(cell(table(&screen, "chains"), "relay", "DATA"), "JOURNAL 3 h");
    assert_ne!(cell(table(&screen, "chains"), "relay", "STATE"), "· ok");
}

#[test]
fn the_state_survives_serialisation() {
    let mut bed = Bed::finality_stall(Mode::Console);
    bed.keys("j Enter w j d");
    let json = serde_json::to_string(&bed.state).unwrap();
    let mut back: sereno::state::AppState = serde_json::from_str(&json).unwrap();
    back.keymap = bed.state.keymap.clone();
    assert_eq!(app::view(&back), app::view(&bed.state));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_keys_at_any_size_draw_a_screen(
        keys in proptest::collection::vec(0usize..40, 0..60),
        width in 0u16..300,
        height in 0u16..100,
    ) {
        let all = ["j", "k", "g", "G", "Enter", "Esc", "d", "t", "y", "Y", "o", "a", "A", "m", "/", "n", "N", "s", "S",
            "Space", "Ctrl-Space", "z", "+", "_", ":", "?", "@", "Tab", "w", "[", "]", "-", "PgDn", "PgUp", "q", "x",
            "Backspace", "Up", "Down", "1"];
        let mut bed = Bed::finality_stall(Mode::Console).size(width, height);
        for k in keys {
            bed.keys(all[k]);
            let screen = app::view(&bed.state);
            prop_assert!(!screen.header.left.spans.is_empty());
        }
    }
}

/// Every connection of every chain is lost at once.
fn lose_all(bed: &mut Bed) {
    let chains: Vec<_> = bed.state.store.chains().map(|(id, c)| (id.clone(), c.endpoints.clone())).collect();
    for (chain, endpoints) in chains {
        for endpoint in endpoints.into_keys() {
            let retry_at = UnixMs(bed.now + 1_000);
            let link = sereno::domain::Link::Down { reason: "no route".into(), retry_at, answered: false };
            bed.fact(chain.as_str(), Some(&endpoint), Fact::Link(link));
        }
    }
    bed.wait(1_000);
    bed.settle();
}

#[test]
fn while_our_link_is_down_the_wall_shows_no_old_alarm_and_check_says_unknown() {
    let mut bed = Bed::finality_stall(Mode::Wall).size(120, 40);
    assert!(panel(&app::view(&bed.state), "alarm").is_some());
    assert_eq!(headless::judge(&bed.state, &[]).exit(), 2);
    lose_all(&mut bed);
    assert!(bed.state.alerts.your_link().is_some());
    let screen = app::view(&bed.state);
    assert!(panel(&screen, "alarm").is_none());
    assert!(screen.header.sentence.plain().contains("YOUR LINK"), "{}", screen.header.sentence.plain());
    let check = headless::judge(&bed.state, &[]);
    assert_eq!(check.exit(), 3, "{}", check.summary);
    assert!(check.summary.contains("your link is down"), "{}", check.summary);
}

#[test]
fn a_check_of_one_detector_that_cannot_tell_is_not_ok() {
    let mut bed = Bed::healthy(Mode::Headless);
    let reason = "it does not decode".into();
    bed.fact("relay", None, Fact::Unread { section: "disputes".into(), reason });
    bed.wait(1_000);
    let only = |id: &str| headless::judge(&bed.state, &[id.to_owned()]);
    assert_eq!(only("dispute").exit(), 3, "{}", only("dispute").summary);
    assert!(only("dispute").summary.contains("it does not decode"), "{}", only("dispute").summary);
    assert_eq!(only("block-stall").exit(), 0);
}
