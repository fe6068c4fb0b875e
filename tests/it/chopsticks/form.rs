//! The console's form against a real runtime: what it planned is rehearsed, and the change is on the screen.

use super::{Bed, Node};
use crate::terminal::form::Terminal;

const PORT: u16 = 8271;

#[test]
fn chop_a_form_rehearses_what_it_planned() {
    let Some(bed) = Bed::find("chop_a_form_rehearses_what_it_planned") else { return };
    let mut node: Node = bed.start("relay-2026", PORT);
    node.wait();
    node.build(&[]);
    let best = node.best();
    let network = bed.profile(&[("relay", None, PORT)]);
    let mut terminal = Terminal::open(&["--network", &network], &bed.dir.path().join("state"));
    terminal.shows("relay via");
    terminal.keys("5!");
    terminal.shows("RUNBOOK");
    terminal.keys("force-head");
    terminal.wait("one runbook", |t| {
        let text = t.text();
        text.contains("Force a parachain's head") && !text.contains("remove-lock")
    });
    terminal.keys("\r");
    terminal.shows("nothing is sent from here");
    terminal.keys("2000\r0x1234abcd\x1b");
    terminal.shows("1234abcd ");
    terminal.shows(&format!("at #{best}"));
    terminal.keys("R");
    terminal.shows("✔ rehearsal ok");
    println!("{}", terminal.text());
    for wanted in
        ["rehearsal ·", "✔ OK", "fork via", "Paras.Heads(2000)", "none → 0x1234abcd", "CurrentHeadUpdated"]
    {
        assert!(terminal.text().contains(wanted), "{wanted}\n{}", terminal.text());
    }
    assert_eq!(node.best(), best, "nothing was sent");
    terminal.leave();
}
