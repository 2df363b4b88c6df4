//! Which run is meant: the one that is named, or the only one.
//!
//! It refuses to guess: where a name fits several runs, or none, all that there are are listed.

use serde_json::Value;

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::printer::harmless;
use crate::policy::near::near;
use crate::produce::Directory;
use crate::produce::incident::{Run, Runs};
use crate::produce::labels::Labels;
use crate::record::time::{self, Millis};

/// Runs that are listed.
const MOST: usize = 20;

/// The run that `asked` names by id, number or name; without it the one that the archive was exported for, or holds.
/// `source` is what the archive says of its source.
pub(super) fn of<'r>(
    runs: &'r Runs,
    source: &Value,
    asked: Option<&str>,
    directory: &Directory,
) -> Result<&'r Run, Failure> {
    let all = runs.all();
    if all.is_empty() {
        let failure =
            Failure::new(Exit::Usage, "the archive holds no playbook run, so there is no incident to report on");
        return Err(failure.hint("a bulk export leaves playbooks out; export the database or its dump"));
    }
    let Some(asked) = asked else {
        let exported: Vec<&Run> = exported(source).into_iter().filter_map(|id| runs.get(id)).collect();
        return match (exported.as_slice(), all) {
            ([run], _) => Ok(run),
            ([], [run]) => Ok(run),
            _ => {
                let message =
                    format!("the archive holds {} runs, and `--run` says of none that it is meant", all.len());
                Err(listed(Failure::new(Exit::Usage, message), all.iter(), directory))
            }
        };
    };
    if let Some(run) = runs.get(asked) {
        return Ok(run);
    }
    let is_named = |run: &&Run| *run.name == *asked || (!asked.is_empty() && *run.sequential_id == *asked);
    let named: Vec<&Run> = all.iter().filter(is_named).collect();
    match named.as_slice() {
        [run] => Ok(run),
        [] => {
            let message = format!("the archive holds no run of the id or name `{}`", harmless(asked));
            let failure = Failure::new(Exit::Usage, message);
            let spellings = all.iter().flat_map(|run| [&*run.name, &*run.sequential_id]);
            let meant: Vec<String> =
                near(asked, spellings).into_iter().map(|name| format!("`{}`", harmless(name))).collect();
            let failure =
                if meant.is_empty() { failure } else { failure.hint(format!("similar: {}", meant.join(", "))) };
            Err(listed(failure, all.iter(), directory))
        }
        _ => {
            let message = format!("{} runs are named `{}`", named.len(), harmless(asked));
            Err(listed(Failure::new(Exit::Usage, message), named.into_iter(), directory))
        }
    }
}

/// Ids of the runs that the archive was exported for.
fn exported(source: &Value) -> Vec<&str> {
    let runs = source.pointer("/incident/runs").and_then(Value::as_array).into_iter().flatten();
    runs.filter_map(|run| run.get("id").and_then(Value::as_str)).collect()
}

/// A failure with the runs that could be meant.
fn listed<'r>(failure: Failure, runs: impl ExactSizeIterator<Item = &'r Run>, directory: &Directory) -> Failure {
    let labels = Labels::of(directory);
    let left = runs.len().saturating_sub(MOST);
    let lines = runs.take(MOST).map(|run| {
        let state = if run.is_finished() { format!("to {}", moment(run.end_at)) } else { "goes on".to_owned() };
        format!(
            "{}  `{}`  in {}  from {}, {state}",
            harmless(&run.id),
            harmless(&run.name),
            harmless(labels.channel(&run.channel_id)),
            moment(run.create_at)
        )
    });
    let mut lines: Vec<String> = lines.collect();
    if left > 0 {
        lines.push(format!("and {left} more"));
    }
    failure.hint(format!("give `--run` one of:\n  {}", lines.join("\n  ")))
}

fn moment(at: Millis) -> String {
    time::format(at).unwrap_or_else(|| format!("ms:{at}"))
}
