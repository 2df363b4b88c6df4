//! The man pages of section 1 are generated from the commands and committed, so that packaging needs no build step.
//!
//! Without a variable the test compares; `CHATSEAL_REWRITE=1 cargo test --test all man::` rewrites the pages and
//! removes those of commands that are gone. The pages of section 5 are written by hand.

use chatseal::cli::manual::{Page, pages};
use clap_mangen::Man;
use clap_mangen::roff::{Inline, Roff, bold, roman};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

/// Changes with the pages' meaning, not with the day they are made.
const DATE: &str = "2026-11-21";
const REWRITE: &str = "CHATSEAL_REWRITE=1 cargo test --test all man::";

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("man")
}

#[test]
fn pages_are_what_the_commands_say() {
    let expected: BTreeMap<String, String> =
        pages().into_iter().map(|page| (format!("{}.1", page.name), render(&page))).collect();
    let found: Vec<String> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".1"))
        .collect();
    if std::env::var_os("CHATSEAL_REWRITE").is_some() {
        for orphan in found.iter().filter(|name| !expected.contains_key(*name)) {
            fs::remove_file(folder().join(orphan)).unwrap();
        }
        for (name, text) in &expected {
            fs::write(folder().join(name), text).unwrap();
        }
        return;
    }
    for name in &found {
        assert!(expected.contains_key(name), "man/{name} belongs to no command; remove it with `{REWRITE}`");
    }
    for (name, text) in &expected {
        let current = fs::read_to_string(folder().join(name)).unwrap_or_default();
        assert!(current == *text, "man/{name} is stale; rewrite it with `{REWRITE}`");
    }
}

#[test]
fn references_lead_somewhere() {
    let names: Vec<String> = pages().into_iter().map(|page| page.name).collect();
    for page in pages() {
        for reference in page.manual.unwrap().see_also {
            let (name, section) = reference.strip_suffix(')').and_then(|text| text.split_once('(')).unwrap();
            let ours = name.starts_with("chatseal");
            let exists = match section {
                "1" => names.iter().any(|known| known == name),
                _ => folder().join(format!("{name}.{section}")).exists(),
            };
            assert!(!ours || exists, "man page of `{}` refers to {reference}", page.typed);
        }
    }
}

/// NAME, SYNOPSIS, DESCRIPTION, OPTIONS as clap knows them, then the sections of the manual.
fn render(page: &Page) -> String {
    let manual = page.manual.unwrap();
    let usage = page.command.clone().bin_name(&page.typed).render_usage().to_string();
    let about = page.command.get_about().unwrap().to_string();
    let why = page.command.get_long_about().unwrap().to_string();
    let command = page
        .command
        .clone()
        .display_name(&page.name)
        .bin_name(&page.typed)
        .long_about(why.strip_prefix(&about).unwrap_or(&why).trim_start().to_owned())
        .override_usage(usage.strip_prefix("Usage: ").unwrap().to_owned());
    let has_commands = command.has_subcommands();
    let man = Man::new(command)
        .title(page.name.to_uppercase())
        .section("1")
        .date(DATE)
        .source(format!("chatseal {}", env!("CARGO_PKG_VERSION")))
        .manual("chatseal manual");
    let mut out = Vec::new();
    man.render_title(&mut out).unwrap();
    man.render_name_section(&mut out).unwrap();
    man.render_synopsis_section(&mut out).unwrap();
    man.render_description_section(&mut out).unwrap();
    man.render_options_section(&mut out).unwrap();
    let mut roff = Roff::new();
    if has_commands {
        roff.control("SH", ["COMMANDS"]);
        for child in page.command.get_subcommands() {
            let about = child.get_about().unwrap().to_string();
            definition(&mut roff, &format!("{}-{}(1)", page.name, child.get_name()), &about);
        }
    }
    roff.control("SH", ["EXIT STATUS"]);
    for (exit, meaning) in manual.exit_status() {
        definition(&mut roff, &exit.code().to_string(), meaning);
    }
    if !manual.files.is_empty() {
        roff.control("SH", ["FILES"]);
        for (name, meaning) in manual.files {
            definition(&mut roff, name, meaning);
        }
    }
    roff.control("SH", ["EXAMPLES"]);
    for (purpose, example) in manual.examples {
        roff.control("PP", []);
        roff.text([roman(format!("{purpose}:"))]);
        roff.control("PP", []);
        roff.control("RS", ["4"]);
        roff.control("nf", []);
        for line in example.lines() {
            roff.text([bold(line)]);
        }
        roff.control("fi", []);
        roff.control("RE", []);
    }
    roff.control("SH", ["SEE ALSO"]);
    let root = (page.name != "chatseal").then_some("chatseal(1)");
    let others: Vec<&str> = manual.see_also.iter().copied().filter(|other| Some(*other) != root).collect();
    let all: Vec<&str> = root.into_iter().chain(others).collect();
    let mut line: Vec<Inline> = Vec::new();
    for reference in &all {
        let separator = if line.is_empty() { "" } else { ", " };
        let (name, section) = reference.split_once('(').unwrap();
        line.extend([roman(separator), bold(name), roman(format!("({section}"))]);
    }
    roff.text(line);
    roff.to_writer(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn definition(roff: &mut Roff, term: &str, meaning: &str) {
    roff.control("TP", []);
    roff.text([bold(term)]);
    roff.text([roman(meaning)]);
}
