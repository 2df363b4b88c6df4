//! Whatever people wrote stays text, in both forms.

use serde_json::Value;

use super::evidence;
use crate::bag::{Spec, line};
use crate::forms;
use crate::sealed::{AS_OF, Ended};
use crate::transcript::chromium::{drive, require_silence};

/// An archive of one run in which every name and every text is one of `text`.
fn hostile(text: &str) -> Spec {
    let json = |value: Value| value.to_string();
    let said = |name: &str| Value::from(format!("{text}{name}"));
    let one = |kind: &str, id: &str, data: Value| (kind.to_owned(), vec![line(kind, id, 100, &json(data))]);
    let checklists = serde_json::json!([{"title": said("list"), "items": [
        {"title": said("task"), "state": said("state"), "assignee_id": "u1", "due_date": 5},
        {"title": said("task"), "state": "closed", "state_modified": 150},
    ]}]);
    Spec {
        segments: vec![
            one(
                "channel",
                "c1",
                serde_json::json!({"team_id": "t1", "type": "O", "name": said("c"), "display_name": said("channel")}),
            ),
            one(
                "channel_membership",
                "c1/u1/100",
                serde_json::json!({"channel_id": "c1", "user_id": "u1", "join_time": 100}),
            ),
            one(
                "file",
                "f1",
                serde_json::json!({"post_id": "p1", "name": said("file"), "content_missing": "not-collected"}),
            ),
            one("playbook", "b1", serde_json::json!({"title": said("playbook")})),
            one(
                "playbook_metric",
                "m1",
                serde_json::json!({"playbook_id": "b1", "title": said("metric"), "type": said("type"), "target": 1}),
            ),
            one(
                "playbook_run",
                "r1",
                serde_json::json!({
                    "name": said("run"), "summary": said("summary"), "owner_user_id": "u1", "reporter_user_id": "u2", "team_id": "t1",
                    "channel_id": "c1", "create_at": 100, "end_at": 900, "playbook_id": "b1", "checklists": checklists,
                    "current_status": said("status"), "retrospective": said("retrospective"), "retrospective_published_at": 950,
                    "sequential_id": said("number"),
                }),
            ),
            one(
                "post",
                "p1",
                serde_json::json!({
                    "create_at": 200, "user_id": "u1", "channel_id": "c1", "message": said("message"), "is_pinned": true,
                    "props": {"from_webhook": "true", "override_username": said("hook")},
                }),
            ),
            ("run_event".to_owned(), timeline(text)),
            one(
                "run_metric",
                "r1/m1",
                serde_json::json!({"playbook_run_id": "r1", "metric_config_id": "m1", "value": i64::MIN}),
            ),
            one("team", "t1", serde_json::json!({"name": said("t"), "display_name": said("team")})),
            one(
                "user",
                "u1",
                serde_json::json!({"username": said("u"), "first_name": said("first"), "last_name": said("last"), "position": said("position"), "roles": said("role")}),
            ),
        ],
        files: Vec::new(),
        exceptions: Vec::new(),
        ..Spec::small()
    }
}

/// The timeline of the run: a post put on it, an entry of a strange sort, a change of owner, a task.
fn timeline(text: &str) -> Vec<String> {
    let json = |value: Value| value.to_string();
    let said = |name: &str| Value::from(format!("{text}{name}"));
    vec![
        line(
            "run_event",
            "e1",
            200,
            &json(
                serde_json::json!({"playbook_run_id": "r1", "event_at": 200, "event_type": "event_from_post", "summary": said("entry"), "post_id": "p1", "subject_user_id": "u1"}),
            ),
        ),
        line(
            "run_event",
            "e2",
            300,
            &json(
                serde_json::json!({"playbook_run_id": "r1", "event_at": 300, "event_type": said("type"), "summary": said("summary"), "details": said("details")}),
            ),
        ),
        line(
            "run_event",
            "e3",
            400,
            &json(
                serde_json::json!({"playbook_run_id": "r1", "event_at": 400, "event_type": "owner_changed", "summary": said("@a to @b"), "subject_user_id": said("user")}),
            ),
        ),
        line(
            "run_event",
            "e4",
            500,
            &json(
                serde_json::json!({"playbook_run_id": "r1", "event_at": 500, "event_type": "task_state_modified", "details": json(serde_json::json!({"action": said("action"), "task": said("task")}))}),
            ),
        ),
    ]
}

/// Texts that try to become something else.
const HOSTILE: [&str; 9] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "</style><style>*{display:none}</style>",
    "](#e1 \"x\") [a](javascript:alert(1)) ![b](http://evil.example/x.png) ",
    "|x|\n|-|\n# heading\n\n- [ ] a\n```\n<a id=\"e1\"></a>",
    "\u{202e}\u{1b}[31m\u{0}\u{2028}rtl ",
    "&lt;b&gt; &amp; ${7*7} {{x}} %00 ",
    "<!-- --> <svg onload=alert(1)> <a href=\"http://evil.example\">x</a>",
    "https://chat.example.org/t/pl/abcdefghijklmnopqrstuvwxyz @all ~c #tag :tada: ",
];

#[test]
fn no_text_of_people_becomes_anything_else() {
    for (at, text) in HOSTILE.iter().enumerate() {
        let desk = forms::Desk::new(hostile(text));
        let ended = Ended::of(desk.run(&["report", "a.zip", "--output", "r", "--as-of", AS_OF]));
        assert_eq!(ended.code, 0, "{text}: {}", ended.stderr);
        let (page, document) = (desk.read("r/report.html"), desk.read("r/report.md"));
        for bad in [
            "<script",
            "<img",
            "onerror=alert(1)>",
            "<svg",
            "<a href=\"h",
            "javascript:alert(1)\"",
            "\u{202e}",
            "\u{1b}",
            "\0",
        ] {
            assert!(!page.contains(bad), "{at}: {bad}");
        }
        assert_eq!((page.matches("<style>").count(), page.matches("</style>").count()), (1, 1), "{at}");
        for line in document.lines() {
            assert!(
                !line.trim_start_matches(['>', ' ']).starts_with("# ") || line.starts_with("# Incident report"),
                "{at}: {line}"
            );
        }
        // What is escaped means nothing, so it is taken away before looking.
        let parts = document.split('\\').enumerate();
        let plain: String = parts.map(|(at, part)| if at == 0 { part } else { part.get(1..).unwrap_or("") }).collect();
        for bad in ["<script", "<img", "<svg", "<!--", "](http", "](javascript", "![", "\u{202e}", "\u{1b}"] {
            assert!(!plain.contains(bad), "{at}: {bad}");
        }
        // The list of evidence is the only place where anchors stand.
        assert_eq!(plain.matches("<a id=\"").count(), evidence(&document).len(), "{at}");
        if let Some(said) = drive(&desk.path("r"), &serde_json::json!({"check": "visit", "papers": ["report.html"]})) {
            require_silence(&said);
        }
    }
}
