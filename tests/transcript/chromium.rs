//! A real browser, without a window and without a network, driven by `drive.js`.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::tools;

/// Where `tests/run` puts what it gets from npm.
const MODULES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/test-tools/node_modules");

/// What happened; nothing if the browser was left out on purpose.
pub(crate) fn drive(folder: &Path, asked: &Value) -> Option<Value> {
    if tools::skipped("chromium") {
        return None;
    }
    let chromium = std::env::var("CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".to_owned());
    assert!(Path::new(&chromium).exists(), "this test needs Chromium at `{chromium}`; tests/run installs it");
    for module in ["playwright-core", "axe-core"] {
        let there = Path::new(MODULES).join(module).join("package.json").exists();
        assert!(there, "this test needs `{module}` in {MODULES}; tests/run installs it");
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/transcript/drive.js");
    let mut command = Command::new("node");
    command.arg(script).arg(folder).env("NODE_PATH", MODULES).env("CHROMIUM", chromium);
    let answer = tools::feed("node", command, asked.to_string().as_bytes());
    Some(serde_json::from_slice(&answer.expect_success()).unwrap())
}

/// Requires that nothing ran, was asked for, or complained.
pub(crate) fn require_silence(report: &Value) {
    for what in ["dialogs", "console", "errors", "requests", "outside"] {
        assert_eq!(report[what], serde_json::json!([]), "{what}");
    }
}
