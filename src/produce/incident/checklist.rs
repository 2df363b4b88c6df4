//! Checklists: what was to be done in a run, by whom, and how far it came.
//!
//! A run keeps a copy of the checklists of its playbook in one column of JSON. Releases differ in it and people edit it
//! through scripts, so it is read as far as it goes, and what cannot be read is told as a fault.
//!
//! Invariant: no text makes it panic, and no part of it is passed over without a fault that says where.

use super::json::{self, Members};
use crate::record::json::{Shape, Value};
use crate::record::time::Millis;

/// A list of tasks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checklist {
    /// Its id; old releases have none.
    pub id: Box<str>,
    /// What people see.
    pub title: Box<str>,
    /// In their order.
    pub tasks: Vec<Task>,
}

/// How far a task came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum TaskState {
    /// Nobody ticked it.
    #[default]
    Open,
    /// Somebody began.
    InProgress,
    /// It was ticked.
    Closed,
    /// It was declared not to be necessary.
    Skipped,
    /// A word that no release is known to write.
    Other(Box<str>),
}

impl TaskState {
    /// From the word of the column `state`.
    pub fn of(word: &str) -> Self {
        match word {
            "" | "open" | "Open" => Self::Open,
            "in_progress" => Self::InProgress,
            "closed" | "Closed" => Self::Closed,
            "skipped" => Self::Skipped,
            other => Self::Other(other.into()),
        }
    }

    /// For people.
    pub fn word(&self) -> &str {
        match self {
            Self::Open => "open",
            Self::InProgress => "in progress",
            Self::Closed => "done",
            Self::Skipped => "skipped",
            Self::Other(word) => word,
        }
    }
}

/// A task. Times that are not known are 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Task {
    /// Its id; old releases have none.
    pub id: Box<str>,
    /// What is to be done.
    pub title: Box<str>,
    /// What is to be done, at length.
    pub description: Box<str>,
    /// How far it came.
    pub state: TaskState,
    /// When that was last changed; earlier changes stand in the run's timeline only.
    pub state_modified: Millis,
    /// Whose task it is now; empty if nobody's.
    pub assignee_id: Box<str>,
    /// When that was last changed.
    pub assignee_modified: Millis,
    /// When it was to be done.
    pub due_date: Millis,
    /// A slash command that belongs to it.
    pub command: Box<str>,
    /// When that was last run.
    pub command_last_run: Millis,
    /// Whether a condition hid it.
    pub is_hidden: bool,
}

/// Reads the column; what could not be read is told as the second part, in words and without text of people.
pub fn parse(text: &str) -> (Vec<Checklist>, Vec<String>) {
    let mut faults = Vec::new();
    if matches!(text.trim(), "" | "null") {
        return (Vec::new(), faults);
    }
    let (values, fault) = json::elements(text);
    let mut checklists = Vec::with_capacity(values.len());
    for (at, value) in values.into_iter().enumerate() {
        match object(value) {
            Some(members) => checklists.push(checklist(&members, at + 1, &mut faults)),
            None => faults.push(format!("checklist {} is no object", at + 1)),
        }
    }
    if let Some(fault) = fault {
        let kept = checklists.len();
        faults.push(format!("the checklists are no JSON array: {fault}; read before that: {kept}"));
    }
    (checklists, faults)
}

fn object(value: Value<'_>) -> Option<Members<'_>> {
    (value.shape == Shape::Object).then(|| json::members(value.text))?
}

fn checklist(members: &Members<'_>, number: usize, faults: &mut Vec<String>) -> Checklist {
    let mut tasks = Vec::new();
    if let Some(items) = members.get("items") {
        let (values, fault) = json::elements(items.text);
        for (at, value) in values.into_iter().enumerate() {
            match object(value) {
                Some(item) => tasks.push(task(&item)),
                None => faults.push(format!("task {} of checklist {number} is no object", at + 1)),
            }
        }
        if fault.is_some() {
            faults.push(format!("the tasks of checklist {number} are no array"));
        }
    }
    Checklist { id: members.text("id"), title: members.text("title"), tasks }
}

fn task(item: &Members<'_>) -> Task {
    // The first releases had a tick where later ones have a state, and wrote times as texts.
    let has_state = item.get("state").is_some();
    let is_ticked = !has_state && item.is_true("checked");
    let state = if is_ticked { TaskState::Closed } else { TaskState::of(&item.text("state")) };
    Task {
        id: item.text("id"),
        title: item.text("title"),
        description: item.text("description"),
        state,
        state_modified: item.time(if has_state { "state_modified" } else { "checked_modified" }),
        assignee_id: item.text("assignee_id"),
        assignee_modified: item.time("assignee_modified"),
        due_date: item.time("due_date"),
        command: item.text("command"),
        command_last_run: item.time("command_last_run"),
        is_hidden: &*item.text("condition_action") == "hidden",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_are_read_with_their_state() {
        let text = r#"[{"id":"c1","title":"Triage \u201cnow\u201d","items":[
            {"id":"t1","title":"Call the duty officer","state":"closed","state_modified":17,"assignee_id":"anna","due_date":20},
            {"id":"t2","title":"Rotate keys","state":"","condition_action":"hidden"},
            {"title":"old shape","checked":true},{"title":"odd","state":"paused"}],"items_order":["t1"],"update_at":3},
            {"title":"empty"}]"#;
        let (lists, faults) = parse(text);
        assert_eq!(faults, Vec::<String>::new());
        assert_eq!((lists.len(), &*lists[0].title, lists[1].tasks.len()), (2, "Triage “now”", 0));
        let states: Vec<_> = lists[0].tasks.iter().map(|task| task.state.word()).collect();
        assert_eq!(states, ["done", "open", "done", "paused"]);
        let first = &lists[0].tasks[0];
        assert_eq!((first.state_modified, first.due_date, &*first.assignee_id), (17, 20, "anna"));
        assert!(lists[0].tasks[1].is_hidden);
    }

    #[test]
    fn older_releases_wrote_times_as_texts() {
        let text = r#"[{"title":"a","items":[
            {"title":"first","checked":true,"checked_modified":"2020-06-01T10:00:00.25Z","checked_post_id":"p"},
            {"title":"never","checked":false,"checked_modified":"0001-01-01T00:00:00Z"},
            {"title":"then","state":"closed","state_modified":"2020-08-04T13:57:44.123+02:00","assignee_modified":"0001-01-01T00:00:00Z"},
            {"title":"no time","state":"closed","state_modified":"soon"},{"title":"none","checked":true}]}]"#;
        let (lists, faults) = parse(text);
        assert_eq!(faults, Vec::<String>::new());
        let told: Vec<_> = lists[0].tasks.iter().map(|task| (task.state.word(), task.state_modified)).collect();
        let (first, then) = (1_591_005_600_250, 1_596_542_264_123);
        assert_eq!(told, [("done", first), ("open", 0), ("done", then), ("done", 0), ("done", 0)]);
        assert_eq!(lists[0].tasks[2].assignee_modified, 0);
    }

    #[test]
    fn what_cannot_be_read_is_told() {
        for (text, lists, tasks, fault) in [
            ("", 0, 0, ""),
            ("null", 0, 0, ""),
            ("[]", 0, 0, ""),
            ("{}", 0, 0, "no JSON array"),
            ("[{\"title\":\"a\",\"items\":[{}]},{\"ti", 1, 1, "read before that: 1"),
            ("[1,{\"title\":\"a\"}]", 1, 0, "checklist 1 is no object"),
            ("[{\"items\":[\"x\",{\"title\":\"y\"}]}]", 1, 1, "task 1 of checklist 1 is no object"),
            ("[{\"items\":{\"0\":1}}]", 1, 0, "the tasks of checklist 1 are no array"),
            ("[{\"items\":null}]", 1, 0, ""),
            ("[] []", 0, 0, "no JSON array"),
        ] {
            let (found, faults) = parse(text);
            let count: usize = found.iter().map(|list| list.tasks.len()).sum();
            assert_eq!((found.len(), count), (lists, tasks), "{text}");
            assert_eq!(faults.len(), usize::from(!fault.is_empty()), "{text}: {faults:?}");
            assert!(faults.iter().all(|told| told.contains(fault)), "{text}: {faults:?}");
        }
    }
}
