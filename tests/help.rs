//! Help is part of the product: nothing in it is missing, and the same flag says the same everywhere.

use chatseal::cli::exit::Exit;
use chatseal::cli::manual::{Page, pages};
use std::collections::BTreeMap;
use std::process::Command;

fn flags(page: &Page) -> impl Iterator<Item = &clap::Arg> {
    page.command.get_arguments().filter(|arg| arg.get_long().is_some())
}

#[test]
fn every_command_says_what_it_does_and_why() {
    for page in pages() {
        let typed = &page.typed;
        let about = page.command.get_about().unwrap_or_else(|| panic!("`{typed}` has no help")).to_string();
        let long = page.command.get_long_about().unwrap_or_else(|| panic!("`{typed}` does not say why")).to_string();
        assert!(!about.ends_with('.') && about.starts_with(char::is_uppercase), "`{typed}`: {about}");
        assert!(about.len() <= 80, "`{typed}`: {about}");
        assert!(long.len() > about.len() + 80, "`{typed}` does not say why");
        let manual = page.manual.unwrap_or_else(|| panic!("`{typed}` has no manual (see `Cli::manual`)"));
        assert!(!manual.examples.is_empty(), "`{typed}` shows no example");
        for (_, example) in manual.examples {
            assert!(example.starts_with("chatseal"), "`{typed}`: {example}");
        }
        assert!(manual.exits.iter().any(|(exit, _)| *exit == Exit::Ok), "`{typed}` never ends well");
    }
}

#[test]
fn every_argument_has_help_and_a_name_for_its_value() {
    for page in pages() {
        for arg in page.command.get_arguments() {
            let (typed, name) = (&page.typed, arg.get_id());
            let help = arg.get_help().unwrap_or_else(|| panic!("`{typed}`: {name} has no help")).to_string();
            assert!(!help.ends_with('.') && help.starts_with(char::is_uppercase), "`{typed}`: {name}: {help}");
            if arg.get_action().takes_values() {
                let names = arg.get_value_names().unwrap_or_default();
                assert_eq!(names.len(), 1, "`{typed}`: {name} has no value name");
                let shouted = names[0].split('.').next().unwrap_or_default();
                assert!(!shouted.contains(char::is_lowercase), "`{typed}`: {name}: {}", names[0]);
            }
        }
    }
}

#[test]
fn the_same_flag_says_the_same_everywhere() {
    // Not flags of the same meaning: what they are is told by their value's name.
    let mut said: BTreeMap<(String, String), (String, String)> = BTreeMap::new();
    for page in pages() {
        for flag in flags(&page) {
            let value = flag.get_value_names().map(|names| names[0].to_string()).unwrap_or_default();
            let help = flag.get_help().unwrap().to_string();
            let key = (flag.get_long().unwrap().to_owned(), value);
            let (first, other) = said.entry(key.clone()).or_insert_with(|| (page.typed.clone(), help.clone()));
            assert_eq!(*other, help, "--{} {} in `{first}` and in `{}`", key.0, key.1, page.typed);
        }
    }
}

#[test]
fn examples_use_flags_that_exist() {
    for page in pages() {
        for (_, example) in page.manual.unwrap().examples {
            let line = example.replace("\\\n", " ");
            let words: Vec<&str> = line.split_whitespace().take_while(|word| *word != ">").collect();
            let parsed = chatseal::cli::Cli::definition().try_get_matches_from(&words);
            assert!(parsed.is_ok(), "`{}`: {example}\n{}", page.typed, parsed.unwrap_err());
        }
    }
}

#[test]
fn help_shows_the_exit_status_and_fits_the_terminal() {
    for page in pages() {
        let mut words: Vec<&str> = page.typed.split(' ').skip(1).collect();
        words.push("--help");
        let output = Command::new(env!("CARGO_BIN_EXE_chatseal")).args(&words).output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        let help = String::from_utf8(output.stdout).unwrap();
        for (exit, meaning) in page.manual.unwrap().exit_status() {
            let row = format!("{:>5}  {meaning}\n", exit.code());
            assert!(help.contains(&row), "`{}` does not tell exit {}", page.typed, exit.code());
        }
        for line in help.lines() {
            assert!(line.chars().count() <= 120, "`{}`: {line}", page.typed);
        }
    }
}

#[test]
fn the_program_knows_its_own_version() {
    let output = Command::new(env!("CARGO_BIN_EXE_chatseal")).arg("--version").output().unwrap();
    assert_eq!(output.stdout, format!("chatseal {}\n", env!("CARGO_PKG_VERSION")).as_bytes());
}
