//! Who else must have seen a ledger: witnesses, groups of them, and how many are enough.
//!
//! The grammar is that of C2SP tlog-policy, line by line:
//!
//! ```text
//! # comment
//! log chat.example.org/audit+9c2e1f04+AR…            the key of the ledger; its name is the origin
//! witness registry w.example.org/registry+0b5a…+BA… a local name, and the key of a witness (type 0x04)
//! witness notary   w.example.org/notary+71cd…+BA…
//! group both all registry notary                      `any`, `all` or a number; members are witnesses or groups
//! quorum both                                         or: quorum none
//! ```
//!
//! What a line names stands above it, and no key stands twice: one person counts once. An URL behind a key is refused,
//! for nothing here is asked over a network.

use std::collections::{HashMap, HashSet};

use crate::keys::{Note, PublicKey, Witness};

/// Lines that are read.
const MAX_LINES: usize = 10_000;

/// A trust policy over witnesses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Witnesses {
    logs: Vec<(String, PublicKey)>,
    members: Vec<Member>,
    quorum: Option<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Member {
    Witness(Witness),
    Group { needed: usize, members: Vec<usize> },
}

/// Why a text is no policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the witness policy: {problem}")]
pub struct PolicyError {
    /// From 1; 0 for the whole.
    pub line: usize,
    /// What is wrong.
    pub problem: String,
}

impl Witnesses {
    /// Reads a policy.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let mut reading = Parser::default();
        for (number, line) in (1..).zip(text.lines()) {
            if number > MAX_LINES {
                return Err(PolicyError { line: number, problem: "more than 10,000 lines".to_owned() });
            }
            reading.line(line).map_err(|problem| PolicyError { line: number, problem })?;
        }
        if reading.quorum_line {
            Ok(reading.policy)
        } else {
            Err(PolicyError { line: 0, problem: "no line `quorum`".to_owned() })
        }
    }

    /// Keys of logs that the policy names, by origin.
    pub fn logs(&self) -> &[(String, PublicKey)] {
        &self.logs
    }

    /// The witnesses, in order.
    pub fn witnesses(&self) -> impl Iterator<Item = &Witness> {
        self.members.iter().filter_map(|member| match member {
            Member::Witness(witness) => Some(witness),
            Member::Group { .. } => None,
        })
    }

    /// Whether enough witnesses cosigned the note. With `quorum none` that is always so.
    pub fn are_met(&self, note: &Note) -> bool {
        // Members stand before the groups that name them.
        let mut met: Vec<bool> = Vec::with_capacity(self.members.len());
        for member in &self.members {
            let counts = match member {
                Member::Witness(witness) => witness.cosigned(note).is_some(),
                Member::Group { needed, members } => {
                    members.iter().filter(|index| met.get(**index) == Some(&true)).count() >= *needed
                }
            };
            met.push(counts);
        }
        self.quorum.is_none_or(|quorum| met.get(quorum) == Some(&true))
    }
}

#[derive(Default)]
struct Parser {
    policy: Witnesses,
    names: HashMap<String, usize>,
    keys: HashSet<[u8; 32]>,
    quorum_line: bool,
}

impl Parser {
    fn line(&mut self, line: &str) -> Result<(), String> {
        let words: Vec<&str> = line.split([' ', '\t']).filter(|word| !word.is_empty()).collect();
        match words.as_slice() {
            [] => Ok(()),
            [first, ..] if first.starts_with('#') => Ok(()),
            ["log", vkey] => {
                let (name, key) = PublicKey::parse_vkey(vkey).map_err(|error| error.to_string())?;
                self.policy.logs.push((name, key));
                Ok(())
            }
            ["witness", name, vkey] => {
                let witness = Witness::parse_vkey(vkey).map_err(|error| error.to_string())?;
                if !self.keys.insert(*witness.key().as_bytes()) {
                    return Err("this key stands above already, and one witness counts once".to_owned());
                }
                self.name(name, Member::Witness(witness))
            }
            ["group", name, needed, members @ ..] if !members.is_empty() => {
                let indices = members.iter().map(|member| self.find(member)).collect::<Result<Vec<usize>, _>>()?;
                if indices.iter().collect::<HashSet<_>>().len() < indices.len() {
                    return Err("a member stands twice".to_owned());
                }
                let needed = match *needed {
                    "any" => 1,
                    "all" => indices.len(),
                    number => number.parse().map_err(|_| format!("`{number}` is not `any`, `all` or a number"))?,
                };
                if needed == 0 || needed > indices.len() {
                    return Err(format!("{needed} of {} members can never be right", indices.len()));
                }
                self.name(name, Member::Group { needed, members: indices })
            }
            ["quorum", name] if !self.quorum_line => {
                self.policy.quorum = if *name == "none" { None } else { Some(self.find(name)?) };
                self.quorum_line = true;
                Ok(())
            }
            ["quorum", _] => Err("a second line `quorum`".to_owned()),
            _ => Err("expected `log KEY`, `witness NAME KEY`, `group NAME COUNT MEMBER…` or `quorum NAME`".to_owned()),
        }
    }

    fn find(&self, name: &str) -> Result<usize, String> {
        let unknown = || format!("`{}` is not named above", crate::archive::names::printable(name));
        self.names.get(name).copied().ok_or_else(unknown)
    }

    fn name(&mut self, name: &str, member: Member) -> Result<(), String> {
        if name == "none" || self.names.insert(name.to_owned(), self.policy.members.len()).is_some() {
            return Err(format!("`{}` is taken", crate::archive::names::printable(name)));
        }
        self.policy.members.push(member);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::signer;
    use super::*;
    use proptest::prelude::*;

    fn witness(seed: u8) -> Witness {
        Witness::new(&format!("w.example/{seed}"), signer(seed).public_key()).unwrap()
    }

    fn policy(rest: &str) -> Result<Witnesses, PolicyError> {
        let lines: String = (2..5).map(|seed| format!("witness w{seed} {}\n", witness(seed).vkey())).collect();
        Witnesses::parse(&format!("# who\nlog {}\n\n{lines}{rest}", signer(1).public_key().vkey("a.example")))
    }

    fn seen_by(seeds: &[u8]) -> Note {
        let note = signer(1).sign_note("a.example\n3\nx\n", &["a.example"]).unwrap();
        let note = Note::parse(note.as_bytes()).unwrap();
        seeds.iter().fold(note, |note, seed| signer(*seed).cosign(&note, &format!("w.example/{seed}"), 5).unwrap())
    }

    #[test]
    fn so_many_of_so_many() {
        let two = policy("group g 2 w2 w3 w4\nquorum g\n").unwrap();
        let nested = policy("group g any w2 w3\ngroup h all g w4\nquorum h").unwrap();
        for (seeds, is_two, is_nested) in [
            ([].as_slice(), false, false),
            (&[2], false, false),
            (&[2, 2], false, false),
            (&[2, 3], true, false),
            (&[3, 4], true, true),
            (&[2, 3, 4], true, true),
        ] {
            let note = seen_by(seeds);
            assert_eq!((two.are_met(&note), nested.are_met(&note)), (is_two, is_nested), "{seeds:?}");
        }
        assert!(policy("quorum none").unwrap().are_met(&seen_by(&[])));
        assert_eq!((two.logs().len(), two.witnesses().count()), (1, 3));
    }

    #[test]
    fn what_is_wrong_is_named_by_its_line() {
        let again = format!("witness again {}", witness(2).vkey());
        for (rest, line) in [
            ("", 0),
            ("quorum w9", 7),
            ("group g 4 w2 w3\n", 7),
            ("group g 0 w2\n", 7),
            ("group g 1 w2 w2\n", 7),
            ("group w2 1 w3\n", 7),
            ("group none 1 w3\n", 7),
            ("group g some w3\n", 7),
            ("group g any\n", 7),
            ("quorum w2\nquorum w3", 8),
            ("witness x y", 7),
            ("something else", 7),
            (&again, 7),
        ] {
            assert_eq!(policy(rest).unwrap_err().line, line, "{rest}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(text: String, words in "((log|witness|group|quorum|none|any|all|w|1|\n| ){1}){0,40}") {
            let _ = (Witnesses::parse(&text), Witnesses::parse(&words));
        }
    }
}
