//! Records that say why they are in the scope of an incident.

use super::{Condition, broken};
use crate::bag::{Bag, Spec};

const SOURCE: &str = "data/source.json";

/// An archive of an incident in which these posts, of 24, say why they are there.
fn incident(says: impl Fn(usize) -> Option<&'static str>, change: impl FnOnce(Bag) -> Bag) -> Vec<u8> {
    let mut spec = Spec::small();
    for (kind, lines) in &mut spec.segments {
        for (at, line) in lines.iter_mut().enumerate() {
            let because = if kind == "post" { says(at) } else { says(0) };
            if let Some(because) = because {
                *line = format!("{},\"because\":{because}}}", line.strip_suffix('}').unwrap());
            }
        }
    }
    change(spec.bag()).tagged().sealed().zip()
}

fn of_an_incident(bag: Bag) -> Bag {
    bag.replace(SOURCE, "\"test\"}", "\"test\",\"incident\":{}}")
}

pub(super) fn conditions() -> Vec<Condition> {
    const RUN: Option<&str> = Some(r#"["channel:c","run:r"]"#);
    vec![
        Condition { name: "incident", zip: incident(|_| RUN, of_an_incident), ending: "ok", codes: &[] },
        broken("reasons-without-an-incident", incident(|_| RUN, |bag| bag), &["because-unexpected"]),
        broken(
            "record-of-an-incident-without-reasons",
            incident(|at| RUN.filter(|_| at != 7), of_an_incident),
            &["because-unexpected"],
        ),
        broken(
            "reasons-unsorted",
            incident(|at| if at == 7 { Some(r#"["run:r","channel:c"]"#) } else { RUN }, of_an_incident),
            &["because-unexpected", "record-malformed"],
        ),
    ]
}
