//! Screens as the tabs will make them.

use crate::screen::format::{number, spark};
use crate::screen::*;

fn col(title: &str, min: u16, max: u16, right: bool, drop_order: u8) -> Column {
    Column { title: title.to_owned(), min, max, right, drop_order, sorted: None }
}

fn of(role: Role, text: &str) -> Line {
    Line::of(role, text)
}

fn frame(active: u8, body: Node) -> Screen {
    let names = [
        "health",
        "validators",
        "balances",
        "governance",
        "recovery",
        "tickets",
        "upgrade",
        "incidents",
        "xcm",
    ];
    Screen {
        header: Header {
            left: of(Role::Title, "sereno").and(Role::Dim, "  paseo  ").and(Role::Dim, "VIEW"),
            sentence: of(Role::Critical, "✖ UNSTABLE 6 m")
                .and(Role::Text, " · Relay finality stalled at 12\u{2009}345\u{2009}610 (lag 61)"),
            right: of(Role::Dim, "14:07:31 UTC"),
        },
        tabs: (1u8..)
            .zip(names)
            .map(|(number, name)| TabLabel {
                number,
                name: name.to_owned(),
                badge: match number {
                    6 => Some(2),
                    8 => Some(1),
                    _ => None,
                },
                active: number == active,
            })
            .collect(),
        body,
        footer: Footer {
            left: [
                ("Enter", "open"),
                ("a", "acknowledge"),
                ("!", "runbooks"),
                ("/", "filter"),
                ("?", "help"),
            ]
            .iter()
            .fold(Line::default(), |l, (k, what)| l.and(Role::Key, *k).and(Role::Dim, format!(" {what}   "))),
            right: of(Role::Dim, "relay via dwellir 38 ms · 2 KB/s"),
        },
        overlay: None,
    }
}

fn panel(id: &str, title: Option<&str>, body: Body) -> Node {
    Node::panel(Panel {
        id: id.to_owned(),
        title: title.map(|t| of(Role::Title, t)),
        focused: id == "chains",
        stale: false,
        body,
    })
}

fn alerts() -> Table {
    let row = |severity, symbol: &str, word: &str, id: &str, chain: &str, what: &str, who: &str| Row {
        key: id.to_owned(),
        cells: vec![
            of(severity, &format!("{symbol} {word}")),
            of(Role::Text, id),
            of(Role::Text, chain),
            of(Role::Text, what),
            of(Role::Dim, who),
        ],
        marked: false,
    };
    Table {
        columns: vec![
            col("SEVERITY", 10, 10, false, 0),
            col("ALERT", 12, 18, false, 0),
            col("CHAIN", 5, 12, false, 2),
            col("WHAT", 12, 80, false, 0),
            col("ACK", 5, 12, false, 3),
        ],
        rows: vec![
            row(
                Role::Critical,
                "✖",
                "critical",
                "finality-stall",
                "relay",
                "lag 61 blocks, 6 m 06 s · 2 of 4 authorities silent (bob, dave)",
                "a ack",
            ),
            row(
                Role::Major,
                "▲",
                "major",
                "validator-missed",
                "relay",
                "bob, dave: 0 of 24 slots since 14:01",
                "@kim 14:04",
            ),
        ],
        total: 2,
        ..Table::default()
    }
}

fn chains(age: u64, best: u64) -> Table {
    let names = ["Relay", "Asset Hub", "Bridge Hub", "People", "Coretime", "Collectives"];
    let rows = (0u64..).zip(names).map(|(i, name)| {
        let (role, state) = match i {
            0 => (Role::Critical, "✖ stalled"),
            2 => (Role::Major, "▲ waiting"),
            4 => (Role::Unknown, "? no data"),
            _ => (Role::Dim, "· ok"),
        };
        let values: Vec<_> = (0..24)
            .map(|n| Some(2_000 + (n * 7919 + i * 31) % (if i == 0 { 6_000 } else { 2_500 })))
            .collect();
        let unknown = || of(Role::Unknown, "?");
        let known = |text: String| {
            if i == 4 { unknown() } else { of(if role == Role::Dim { Role::Dim } else { Role::Text }, &text) }
        };
        Row {
            key: name.to_owned(),
            cells: vec![
                of(Role::Text, name),
                of(role, state),
                known(number(best + i * 1_111_111)),
                known(number(12_345_610 + i * 1_111_111)),
                if i == 0 { of(Role::Critical, "61") } else { known("4".to_owned()) },
                known(format!("{} s", age + i)),
                if i == 4 {
                    of(Role::Unknown, "every endpoint refuses since 13:52 · o why")
                } else {
                    of(Role::Chart, &spark(&values, 8_000)).and(Role::Dim, " 6.0 s")
                },
                known(if i == 0 { "2\u{2009}057 · 41 %".to_owned() } else { String::new() }),
                known("2003001".to_owned()),
                if i == 4 {
                    of(Role::Dim, "○○○")
                } else {
                    of(Role::Good, "●●●").and(Role::Dim, "○ dwellir")
                },
            ],
            marked: false,
        }
    });
    Table {
        columns: vec![
            col("CHAIN", 6, 14, false, 0),
            col("STATE", 9, 12, false, 0),
            col("BEST", 10, 12, true, 1),
            col("FINALIZED", 10, 12, true, 2),
            col("LAG", 3, 6, true, 0),
            col("LAST", 4, 6, true, 0),
            col("BLOCK TIME, 60", 14, 44, false, 4),
            col("SESSION", 7, 12, false, 6),
            col("SPEC", 7, 9, false, 7),
            col("ENDPOINTS", 4, 16, false, 5),
        ],
        rows: rows.collect(),
        total: 6,
        selected: Some(0),
        ..Table::default()
    }
}

fn health_at(age: u64, best: u64) -> Screen {
    let values =
        (0..70u64).map(|n| if n % 23 == 7 { None } else { Some(2_000 + (n * n * 131) % 7_000) }).collect();
    frame(
        1,
        Node::Rows(vec![
            (Size::Content(8), panel("alerts", Some("alerts"), Body::Table(alerts()))),
            (Size::Content(8), panel("chains", None, Body::Table(chains(age, best)))),
            (
                Size::Share(1),
                Node::Columns(vec![
                    (
                        Size::Share(3),
                        panel(
                            "times",
                            Some("relay: time between blocks, ms"),
                            Body::Chart { values, limit: Some(6_000), unit: "ms".to_owned() },
                        ),
                    ),
                    (
                        Size::Share(2),
                        panel(
                            "session",
                            Some("session 2\u{2009}057"),
                            Body::KeyValues(vec![
                                (of(Role::Dim, "session"), of(Role::Text, "41 %, 354 blocks left")),
                                (
                                    of(Role::Dim, "authorities"),
                                    of(Role::Text, "2 of 4 authoring")
                                        .and(Role::Major, "  ▲ bob, dave silent"),
                                ),
                                (
                                    of(Role::Dim, "finalized"),
                                    of(Role::Text, "0x9a1fc2e27b5de4e07c11…e07c  6 m old"),
                                ),
                            ]),
                        ),
                    ),
                ]),
            ),
        ]),
    )
}

/// The health tab with something wrong.
pub(super) fn health() -> Screen {
    health_at(1, 12_345_671)
}

/// A second later.
pub(super) fn older() -> Screen {
    health_at(2, 12_345_671)
}

/// A block later, on every chain.
pub(super) fn next_block() -> Screen {
    health_at(0, 12_345_672)
}

/// Panels side by side.
pub(super) fn recovery() -> Screen {
    let xray = [
        "It has no core: its lease of core 7 ended at #12\u{2009}343\u{2009}800 and nobody renewed it.",
        "",
        "Also: 14 DMP messages wait (oldest 3 h); lock is on. Ticket #412 is about this para (ack due in 2 h).",
    ];
    frame(
        5,
        Node::Rows(vec![
            (Size::Content(8), panel("chains", None, Body::Table(chains(3, 12_345_671)))),
            (
                Size::Share(1),
                Node::Columns(vec![
                    (
                        Size::Share(1),
                        panel(
                            "xray",
                            Some("X-ray of 2043 at #12\u{2009}345\u{2009}671"),
                            Body::Text(xray.iter().map(|l| Line::from(*l)).collect()),
                        ),
                    ),
                    (
                        Size::Share(1),
                        Node::Rows(vec![
                            (
                                Size::Cells(3),
                                panel(
                                    "gauge",
                                    Some("coretime sold"),
                                    Body::Gauge { ratio: 0.41, label: of(Role::Text, "41 % of 50 cores") },
                                ),
                            ),
                            (
                                Size::Share(1),
                                panel(
                                    "plan",
                                    Some("runbook C1 assign core"),
                                    Body::Empty {
                                        sentence: of(Role::Text, "No plan yet."),
                                        next: of(Role::Dim, "Press ! to choose a runbook."),
                                    },
                                ),
                            ),
                        ]),
                    ),
                ]),
            ),
        ]),
    )
}

/// The wall under alarm.
pub(super) fn wall() -> Screen {
    let mut screen = frame(
        0,
        Node::Rows(vec![
            (
                Size::Share(1),
                panel(
                    "alarm",
                    None,
                    Body::Big {
                        text: "finality stalled".to_owned(),
                        role: Role::Critical,
                        below: of(Role::Text, "relay · lag 61 · 6 m 06 s · bob, dave silent · ack kim 14:04"),
                    },
                ),
            ),
            (Size::Content(8), panel("chains", None, Body::Table(chains(3, 12_345_671)))),
        ]),
    );
    screen.tabs.clear();
    screen
}

/// Help over the health tab.
pub(super) fn help() -> Screen {
    let rows = [
        ("j ↓", "down one row"),
        ("k ↑", "up one row"),
        ("Enter", "open the selection"),
        ("a", "acknowledge the alert"),
        ("q", "back; at the root asks to leave"),
    ];
    Screen {
        overlay: Some(Overlay {
            title: of(Role::Title, "keys valid here"),
            width: 60,
            height: 12,
            input: Some(("ack".to_owned(), 3)),
            body: Body::KeyValues(rows.iter().map(|(k, v)| (of(Role::Key, k), of(Role::Text, v))).collect()),
            scroll: 0,
        }),
        ..health()
    }
}
