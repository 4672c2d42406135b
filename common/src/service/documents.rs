//! Manual pages and completions of shells, written from the command line: what a package brings beside a program.

use std::{io, path::Path, process::ExitCode};

use clap::{Arg, ArgMatches, Command, value_parser};
use clap_complete::Shell;

/// Name of the command that writes them.
pub(super) const NAME: &str = "documents";

const SHELLS: [Shell; 3] = [Shell::Bash, Shell::Fish, Shell::Zsh];

/// Its command line. Whoever makes packages knows it; to others it would be noise.
pub(super) fn command() -> Command {
    Command::new(NAME)
        .about("Write manual pages and completions of shells into a folder")
        .hide(true)
        .arg(
            Arg::new("folder")
                .value_name("FOLDER")
                .value_parser(value_parser!(std::path::PathBuf))
                .required(true),
        )
}

/// Does it for `program`.
pub(super) fn run(program: Command, matches: &ArgMatches) -> ExitCode {
    let folder: &std::path::PathBuf = matches.get_one("folder").expect("the argument is required");
    match write(program, folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: cannot write into {}: {error}", folder.display());
            ExitCode::FAILURE
        }
    }
}

fn write(program: Command, folder: &Path) -> io::Result<()> {
    // A page that repeats the command line of each command is none.
    let mut program = program.disable_help_subcommand(true);
    let name = program.get_name().to_owned();
    clap_mangen::generate_to(program.clone(), folder)?;
    for shell in SHELLS {
        clap_complete::generate_to(shell, &mut program, &name, folder)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program() -> Command {
        let config = Arg::new("config").long("config").help("Where it is");
        Command::new("some-server")
            .about("Serves")
            .arg(config.clone())
            .subcommand(Command::new("check-config").about("Checks").arg(config))
            .subcommand(command())
    }

    #[test]
    fn every_command_has_a_page_and_every_shell_its_completions() {
        let folder = tempfile::tempdir().unwrap();
        write(program(), folder.path()).unwrap();
        let mut names: Vec<String> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(
            names,
            [
                "_some-server",
                "some-server-check-config.1",
                "some-server.1",
                "some-server.bash",
                "some-server.fish",
            ]
        );
        let page = std::fs::read_to_string(folder.path().join("some-server.1")).unwrap();
        assert!(page.contains("some\\-server \\- Serves"), "{page}");
        assert!(page.contains("Where it is"), "{page}");
        assert!(!page.contains(NAME), "what is hidden is in no page");
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        write(program(), &folder.path().join("none")).unwrap_err();
    }
}
