//! Completions and the manual page, made from the definition of the flags.
//!
//! In: [`Cli`]'s definition. Out: text on any writer. Must not import anything but its siblings.

use super::Cli;
use clap::CommandFactory;
use clap_complete::Shell;
use std::io::{self, Write};

/// Writes the completion script of a shell.
///
/// # Errors
/// When the writer fails.
pub fn write_completions(shell: Shell, out: &mut dyn Write) -> io::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "sereno", &mut script);
    out.write_all(&script)
}

/// Writes the manual page: the program, then each command.
///
/// # Errors
/// When the writer fails.
pub fn write_man(out: &mut dyn Write) -> io::Result<()> {
    let program = Cli::command();
    let mut page = Vec::new();
    clap_mangen::Man::new(program.clone()).render(&mut page)?;
    for command in program.get_subcommands() {
        let name = command.get_name();
        let full = command.clone().display_name(format!("sereno-{name}")).bin_name(format!("sereno {name}"));
        clap_mangen::Man::new(full).render(&mut page)?;
    }
    out.write_all(&page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_shell_completes_the_commands() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let mut out = Vec::new();
            write_completions(shell, &mut out).unwrap();
            let text = String::from_utf8(out).unwrap();
            assert!(text.contains("snapshot") && text.contains("state-dir"), "{shell}");
        }
    }

    #[test]
    fn the_manual_names_flags_and_commands() {
        let mut out = Vec::new();
        write_man(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        for part in [".TH", "sereno\\-snapshot", "timeout", "SERENO_NETWORK", "accept"] {
            assert!(text.contains(part), "{part}");
        }
        assert!(!text.contains("operator\\-from"));
    }

    #[test]
    fn a_closed_pipe_is_an_error_not_a_panic() {
        struct Closed;
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        assert!(write_completions(Shell::Bash, &mut Closed).is_err());
        assert!(write_man(&mut Closed).is_err());
    }
}
