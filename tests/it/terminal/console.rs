//! The console under test: draws one screen, obeys a few keys.

use super::pty::How;
use sereno::screen::{Body, Footer, Header, Line, Node, Panel, Role, Screen};
use sereno::theme::{Depth, Theme};
use sereno::ui::{self, Console, Input, Sheet};
use sereno::{guardian, keymap::Key};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Does nothing in a test run; in the child of one it is the console.
#[test]
fn console() {
    let Ok(how) = std::env::var("SERENO_TEST_CONSOLE") else { return };
    let how = How::named(&how);
    let status = if how != How::Bare && guardian::is_needed() {
        let args = std::env::args_os().skip(1);
        let code = format!("{:?}", guardian::run(args, Path::new("/tmp/log")));
        code.chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap()
    } else {
        run(how)
    };
    #[expect(
        clippy::disallowed_methods,
        reason = "the test harness has no other way to give an exit status"
    )]
    std::process::exit(status);
}

/// The screen of process `pid` with a note.
fn screen(pid: u32, note: &str) -> Screen {
    Screen {
        header: Header {
            left: "sereno".into(),
            sentence: Line::of(Role::Major, "READY"),
            right: "UTC".into(),
        },
        tabs: Vec::new(),
        body: Node::panel(Panel {
            id: "a".to_owned(),
            title: Some("a panel".into()),
            focused: true,
            stale: false,
            body: Body::Text(vec![format!("pid={pid}.").into(), "日本 ✖ ▂▃▅".into(), note.into()]),
        }),
        footer: Footer::default(),
        overlay: None,
    }
}

/// What the console with this process id shows, line by line.
pub(super) fn picture(pid: u32, width: u16, height: u16) -> Vec<String> {
    ui::render_text(&screen(pid, ""), width, height).lines().map(str::to_owned).collect()
}

fn run(how: How) -> i32 {
    guardian::follow_parent().unwrap();
    ui::install_panic_hook();
    let leave = Arc::new(AtomicBool::new(false));
    let done = Arc::new(AtomicBool::new(false));
    let (told, over) = (Arc::clone(&leave), Arc::clone(&done));
    let watch = ui::Watch::arm(guardian::is_child()).unwrap();
    let watching =
        std::thread::Builder::new().spawn(move || watch.run(&over, |_| told.store(true, Ordering::SeqCst)));
    let sheet = Sheet::new(&Theme::built_in().unwrap(), Depth::True, false);
    let mut console = Console::open(sheet).unwrap();
    let mut note = String::new();
    while how == How::Stubborn || !leave.load(Ordering::SeqCst) {
        let _ = console.draw(&screen(std::process::id(), &note));
        match ui::next(Duration::from_millis(20)) {
            Some(Input::Key(key)) if key == Key::char('q') => break,
            Some(Input::Key(key)) if key == Key::char('p') => panic!("pressed p"),
            Some(Input::Key(key)) if key == Key::char('a') => std::process::abort(),
            Some(Input::Key(key)) if key == Key::char('b') => {
                let _ = std::thread::Builder::new().spawn(|| panic!("in the background")).unwrap().join();
                note = "background thread ended".to_owned();
            }
            Some(Input::Paste(text)) => note = format!("pasted {} bytes", text.len()),
            _ => {}
        }
    }
    drop(console);
    done.store(true, Ordering::SeqCst);
    drop(watching);
    7
}
