//! The page in a real browser, and on paper.

use super::{between, read, told};
use crate::incidents::{BREACH, ESCALATION, OUTAGE};
use crate::tools;
use crate::transcript::chromium::{drive, require_silence};

#[test]
fn a_browser_opens_the_page_in_silence_and_everybody_can_use_it() {
    for incident in [OUTAGE, BREACH, ESCALATION] {
        let (_desk, _, folder) = told(incident);
        let Some(visited) = drive(&folder, &serde_json::json!({"check": "visit", "papers": ["report.html"]})) else {
            return;
        };
        require_silence(&visited);
        let axe = drive(&folder, &serde_json::json!({"check": "axe", "pages": ["report.html"]})).unwrap();
        require_silence(&axe);
        assert_eq!(axe["seen"].as_array().unwrap().len(), 2);
    }
}

#[test]
fn each_sheet_of_paper_says_which_seal_it_comes_from() {
    let (desk, _, folder) = told(OUTAGE);
    let pdf = desk.path("report.pdf");
    let Some(printed) = drive(&folder, &serde_json::json!({"check": "print", "page": "report.html", "pdf": pdf}))
    else {
        return;
    };
    require_silence(&printed);
    let text = tools::run("pdftotext", &["-layout", pdf.to_str().unwrap(), "-"], b"").expect_success();
    let text = String::from_utf8(text).unwrap();
    let sheets: Vec<&str> = text.split('\u{c}').filter(|sheet| !sheet.trim().is_empty()).collect();
    let seal = between(&read(&folder, "report.md"), "| **seal** | `", "`")[0].to_owned();
    assert!(sheets.len() > 2, "{}", sheets.len());
    for (number, sheet) in sheets.iter().enumerate() {
        assert!(sheet.contains(&format!("seal {seal}")), "{sheet}");
        assert!(sheet.contains(&format!("{} / {}", number + 1, sheets.len())), "{sheet}");
    }
}
