//! `chatseal produce --format html`: what stands on the pages, and what a real browser makes of them.
//!
//! `fixtures/transcript` holds a page as it was, and texts that try to run.

pub(crate) mod chromium;
pub(crate) mod pages;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::sealed::{AS_OF, Archive, Desk, Ended};
use crate::tools;
use chromium::{drive, require_silence};
use pages::{between, files, pages, require_links};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

/// Makes a transcript, which must go well.
fn produce(desk: &Desk, archive: &str, output: &str, args: &[&str]) -> PathBuf {
    let fixed = ["--quiet", "produce", archive, "--format", "html", "--output", output, "--as-of", AS_OF];
    let ended = Ended::of(desk.chatseal(&[&fixed, args].concat()).output().unwrap());
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    desk.path(output)
}

/// A transcript of a desk of its own.
struct Made {
    desk: Desk,
    archive: Archive,
    folder: PathBuf,
}

/// People, pictures, threads and custom emoji, as a bulk export has them.
static HARBOUR: LazyLock<Made> = LazyLock::new(|| {
    let desk = Desk::new();
    desk.write("harbour.jsonl", fs::read(fixture("demo/harbour.jsonl")).unwrap());
    let data = fixture("demo/data");
    let archive = desk.seal("harbour.jsonl", "harbour.zip", &["--files", data.to_str().unwrap()]);
    let folder = produce(&desk, "harbour.zip", "html", &["--zone", "Europe/Berlin"]);
    Made { desk, archive, folder }
});

/// Edits, deletions, reactions that were taken back and memberships, as a database has them.
static DATABASE: LazyLock<Made> = LazyLock::new(|| {
    let desk = Desk::new();
    desk.write("dump.sql", fs::read(fixture("postgres/mattermost-5.37.sql")).unwrap());
    let archive = desk.seal("dump.sql", "dump.zip", &["--no-files"]);
    let folder = produce(&desk, "dump.zip", "html", &[]);
    Made { desk, archive, folder }
});

/// The page that holds most of what the harbour has.
const BRIDGE: &str = "channels/0011-bridge/1.html";

#[test]
fn every_post_stands_on_one_page_with_what_became_of_it() {
    let made = &*DATABASE;
    let all: String = pages(&made.folder)
        .into_iter()
        .filter(|(name, _)| name.starts_with("channels/"))
        .map(|(_, text)| text)
        .collect();
    let posts = made.archive.records("post");
    let text = |post: &Value, name: &str| post["data"][name].as_str().unwrap_or_default().to_owned();
    let (earlier, live): (Vec<_>, Vec<_>) = posts.iter().partition(|post| !text(post, "original_id").is_empty());
    assert!(
        live.len() > 200 && earlier.len() > 20,
        "the fixture holds {} posts and {} versions",
        live.len(),
        earlier.len()
    );
    for post in &live {
        let article = format!(" id=\"p-{}\">", post["id"].as_str().unwrap());
        assert_eq!(all.matches(&article).count(), 1, "{post}");
    }
    assert_eq!(all.matches("<article ").count(), live.len());
    let deleted = live.iter().filter(|post| post["data"]["delete_at"] != 0).count();
    assert_eq!(all.matches("class=\"notice gone\"").count(), deleted);
    assert_eq!(all.matches("<li><p class=\"when\">").count(), earlier.len());
    let ids: Vec<&str> = live.iter().map(|post| post["id"].as_str().unwrap()).collect();
    let reactions = made.archive.records("reaction");
    let shown = reactions.iter().filter(|reaction| ids.contains(&reaction["data"]["post_id"].as_str().unwrap()));
    let lists = between(&all, "<ul class=\"reactions\"", "</ul>");
    let counts = lists.iter().flat_map(|list| between(list, "</span> ", "</li>"));
    assert_eq!(counts.map(|count| count.parse::<usize>().unwrap()).sum::<usize>(), shown.count());
}

#[test]
fn replies_stand_below_the_first_post_of_their_thread() {
    let made = &*DATABASE;
    let mut checked = 0;
    for (name, page) in pages(&made.folder).iter().filter(|(name, _)| name.starts_with("channels/")) {
        let order: Vec<&str> = between(page, " id=\"p-", "\"");
        for reply in made.archive.records("post") {
            let root = reply["data"]["root_id"].as_str().unwrap_or_default();
            let place = |id: &str| order.iter().position(|other| *other == id);
            let (Some(first), Some(own)) = (place(root), place(reply["id"].as_str().unwrap())) else { continue };
            assert!(first < own, "{name}: {reply}");
            checked += 1;
        }
    }
    assert!(checked > 30, "{checked}");
}

#[test]
fn every_link_leads_somewhere() {
    require_links(&HARBOUR.folder);
    require_links(&DATABASE.folder);
}

#[test]
fn the_same_archive_gives_the_same_bytes() {
    let made = &*DATABASE;
    let one = files(&produce(&made.desk, "dump.zip", "one", &["--threads", "1"]));
    let four = files(&produce(&made.desk, "dump.zip", "four", &["--threads", "4"]));
    assert!(one.len() > 50);
    assert_eq!(one.keys().collect::<Vec<_>>(), four.keys().collect::<Vec<_>>());
    for (name, bytes) in &one {
        assert!(four[name] == *bytes, "{name} depends on the number of threads");
    }
}

#[test]
fn a_page_is_as_it_was() {
    let page = fs::read_to_string(HARBOUR.folder.join(BRIDGE)).unwrap();
    // Seal and root change with the version of the program, which is sealed as well.
    let mut page = page;
    for (from, to) in [("sha256:", "</code> · root"), ("root <code>", "</code></p>\n<p>produced")] {
        let start = page.rfind(from).unwrap() + from.len();
        let end = start + page[start..].find(to).unwrap();
        page.replace_range(start..end, "[..]");
    }
    let golden = fixture("transcript/bridge.html");
    if std::env::var_os("CHATSEAL_REWRITE").is_some() {
        fs::write(&golden, &page).unwrap();
    }
    let expected = fs::read_to_string(&golden).unwrap_or_default();
    for (number, (found, expected)) in page.lines().zip(expected.lines()).enumerate() {
        assert_eq!(found, expected, "line {}; CHATSEAL_REWRITE=1 accepts it", number + 1);
    }
    assert_eq!(page.len(), expected.len());
}

#[test]
fn a_scope_leaves_the_rest_out() {
    let made = &*HARBOUR;
    let folder =
        produce(&made.desk, "harbour.zip", "narrow", &["--channel", "vts/bridge", "--since", "2026-10-14T04:30:00Z"]);
    let pages = pages(&folder);
    let names: Vec<&String> = pages.keys().filter(|name| name.starts_with("channels/")).collect();
    assert_eq!(names, ["channels/0001-bridge/1.html", "channels/0001-bridge/about.html"]);
    let page = &pages["channels/0001-bridge/1.html"];
    assert!(page.contains("from 2026-10-14T04:30:00.000Z"), "the footer says what was chosen");
    assert!(!page.contains("Watch handover") && page.contains("is outside of the chosen scope"));
    require_silence_of_text(page);
}

/// No handler and no address outside in what was written.
fn require_silence_of_text(page: &str) {
    assert!(!page.contains(" on") || !page.contains(" onload="));
    for link in between(page, " href=\"", "\"") {
        assert!(!link.contains(':'), "{link}");
    }
}

#[test]
fn an_unknown_zone_is_refused_before_anything_is_written() {
    let made = &*HARBOUR;
    let args = ["produce", "harbour.zip", "--format", "html", "--output", "nowhere", "--zone", "Europe/Atlantis"];
    let ended = Ended::of(made.desk.chatseal(&args).output().unwrap());
    ended.require(2, "Europe/Atlantis");
    assert!(!made.desk.path("nowhere").exists());
}

#[test]
fn a_browser_opens_every_page_in_silence() {
    let Some(report) = drive(&HARBOUR.folder, &json!({"check": "visit"})) else { return };
    require_silence(&report);
    assert_eq!(report["seen"].as_array().unwrap().len(), pages(&HARBOUR.folder).len());
}

#[test]
fn pages_can_be_used_by_everybody() {
    let harbour =
        ["index.html", "people.html", "search.html", "search.html#q=radar", BRIDGE, "channels/0011-bridge/about.html"];
    let Some(report) = drive(&HARBOUR.folder, &json!({"check": "axe", "pages": harbour})) else { return };
    require_silence(&report);
    assert_eq!(report["seen"].as_array().unwrap().len(), 2 * harbour.len());
    let database = pages(&DATABASE.folder);
    let rich = |text: &str| text.contains("class=\"versions\"") && text.contains("class=\"notice gone\"");
    let rich: Vec<&String> = database.iter().filter(|(_, text)| rich(text)).map(|(name, _)| name).take(3).collect();
    assert!(!rich.is_empty());
    require_silence(&drive(&DATABASE.folder, &json!({"check": "axe", "pages": rich})).unwrap());
}

#[test]
fn a_search_finds_and_leads_to_the_post() {
    let queries = json!([
        {"words": "radar frozen", "follow": true},
        {"words": "\"radar picture is frozen\""},
        {"words": "\"frozen radar\""},
        {"words": "console-2_froz", "follow": true},
        {"words": "radar", "fields": {"in": "Bridge"}},
        {"words": "radar", "fields": {"since": "2030-01-01"}},
        {"words": "", "fields": {"is-4": true}},
        {"hash": "#q=zzzzzz"},
    ]);
    let Some(report) = drive(&HARBOUR.folder, &json!({"check": "search", "queries": queries})) else { return };
    require_silence(&report);
    let seen = report["seen"].as_array().unwrap();
    let number = |at: usize| seen[at]["count"].as_str().unwrap().split(' ').next().unwrap().parse::<usize>().unwrap();
    let holds = |words: &[&str]| {
        let messages = HARBOUR.archive.records("post").into_iter().map(|post| {
            let message = post["data"]["message"].as_str().unwrap_or_default().to_lowercase();
            message.split(|letter: char| !letter.is_alphanumeric()).map(str::to_owned).collect::<Vec<_>>()
        });
        messages.filter(|all| words.iter().all(|word| all.iter().any(|own| own.starts_with(word)))).count()
    };
    assert_eq!(number(0), holds(&["radar", "frozen"]));
    assert!(
        seen[0]["target"]["visible"] == true
            && seen[0]["target"]["text"].as_str().unwrap().to_lowercase().contains("frozen")
    );
    assert_eq!((number(1), number(2)), (1, 0), "{report:#}");
    assert_eq!(number(3), 1, "names of attachments are found");
    assert!(number(4) > 0 && number(4) <= holds(&["radar"]));
    assert_eq!((number(5), number(7)), (0, 0));
    assert!(number(6) > 0 && number(6) < 95);
    let marks = seen[0]["marks"].as_array().unwrap();
    assert!(marks.iter().any(|mark| mark.as_str().unwrap().eq_ignore_ascii_case("radar")), "{marks:?}");
}

#[test]
fn an_id_leads_to_its_post() {
    let posts = DATABASE.archive.records("post");
    let live = posts.iter().find(|post| post["data"]["original_id"] == "" && post["data"]["message"] != "").unwrap();
    let id = live["id"].as_str().unwrap();
    let queries = json!([{"words": id, "follow": true}]);
    let Some(report) = drive(&DATABASE.folder, &json!({"check": "search", "queries": queries})) else { return };
    require_silence(&report);
    assert_eq!(report["seen"][0]["target"]["id"], format!("p-{id}"));
}

#[test]
fn keys_lead_through_a_page() {
    let asked = json!({"check": "keys", "page": BRIDGE, "narrow": "bridge", "about": "channels/0011-bridge/about.html#at=1791000000000"});
    let Some(report) = drive(&HARBOUR.folder, &asked) else { return };
    require_silence(&report);
    let seen = &report["seen"][0];
    assert_eq!(seen["walked"], json!([seen["all"][0], seen["all"][1], seen["all"][0]]));
    assert_eq!(seen["focused"], seen["all"][0], "a screen reader follows");
    assert_eq!((&seen["help"], &seen["box"]), (&json!(true), &json!("find")));
    assert_eq!(seen["landed"], "search.html#q=fog%20bank");
    assert_eq!(report["seen"][1]["left"], json!(["Bridge"]));
    assert!(report["seen"][2]["notice"].as_str().unwrap().starts_with("At 2026-10-03T04:00:00.000Z"));
}

#[test]
fn each_sheet_of_paper_says_where_it_comes_from() {
    let pdf = HARBOUR.desk.path("bridge.pdf");
    let Some(report) = drive(&HARBOUR.folder, &json!({"check": "print", "page": BRIDGE, "pdf": pdf})) else { return };
    require_silence(&report);
    assert_eq!(report["seen"][0]["bar"], "none");
    assert_ne!(report["seen"][1]["dark"], "rgb(251, 250, 248)");
    let text = tools::run("pdftotext", &["-layout", pdf.to_str().unwrap(), "-"], b"").expect_success();
    let text = String::from_utf8(text).unwrap();
    let sheets: Vec<&str> = text.split('\u{c}').filter(|sheet| !sheet.trim().is_empty()).collect();
    let page = fs::read_to_string(HARBOUR.folder.join(BRIDGE)).unwrap();
    let seal = format!("seal sha256:{}", between(&page, "seal <code>sha256:", "<")[0]);
    assert!(sheets.len() > 1);
    for (number, sheet) in sheets.iter().enumerate() {
        assert!(sheet.contains(&seal) && sheet.contains("intact, signer not checked"), "{sheet}");
        assert!(sheet.contains(&format!("{} / {}", number + 1, sheets.len())), "{sheet}");
    }
    assert!(text.contains("2026-10-14T04:07:52"), "UTC stands on paper, where nobody can hover");
}

#[test]
fn the_search_and_the_index_agree_on_words() {
    let samples = include_str!("../src/produce/transcript/search/samples.tsv");
    let samples: Vec<(&str, &str)> = samples.lines().filter_map(|line| line.split_once('\t')).collect();
    let texts: Vec<&str> = samples.iter().map(|(text, _)| *text).collect();
    let Some(report) = drive(&HARBOUR.folder, &json!({"check": "tokens", "texts": texts})) else { return };
    let words: Vec<&str> = samples.iter().map(|(_, words)| *words).collect();
    assert_eq!(report["seen"], json!(words));
}

/// A bulk export in which every name and every message is one of `texts`, also as each construct of Markdown.
fn hostile_export(texts: &[String]) -> String {
    let text = |at: usize| texts[at % texts.len()].as_str();
    let name = |at: usize| text(at).chars().take(64).collect::<String>();
    let mut lines = vec![json!({"type": "version", "version": 1})];
    lines.push(
        json!({"type": "team", "team": {"name": "t", "display_name": name(0), "type": "O", "description": text(1)}}),
    );
    for at in 0..4 {
        let channel = json!({"team": "t", "name": format!("c{at}"), "display_name": name(7 * at), "type": "O", "header": text(11 * at), "purpose": text(13 * at)});
        lines.push(json!({"type": "channel", "channel": channel}));
    }
    let channels: Vec<Value> = (0..4).map(|at| json!({"name": format!("c{at}")})).collect();
    for at in 0..texts.len().min(40) {
        let teams = json!([{"name": "t", "channels": channels}]);
        let user = json!({"username": format!("u{at}"), "email": format!("u{at}@x"), "first_name": name(3 * at), "last_name": name(5 * at + 1), "position": name(2 * at), "teams": teams});
        lines.push(json!({"type": "user", "user": user}));
    }
    let users = texts.len().min(40);
    for (at, text) in texts.iter().enumerate() {
        let forms = [
            format!("**{text}**"),
            format!("[a]({text})"),
            format!("![a]({text})"),
            format!("`{text}`"),
            format!("```{text}\n{text}\n```"),
            format!("> {text}"),
            format!("|a|b|\n|-|-|\n|{text}|{text}|"),
            format!("<{text}>"),
            format!("@{text} #{text} ~{text} :{text}:"),
            format!("[x]: {text}\n[x]"),
            format!("http://{text}"),
        ];
        let card = json!({"title": text, "title_link": text, "text": text, "pretext": text, "author_name": text, "footer": text, "image_url": text,
            "color": text, "fields": [{"title": text, "value": text}], "actions": [{"name": text}]});
        for (number, message) in [text.clone(), forms[at % forms.len()].clone()].into_iter().enumerate() {
            let props = if number == 0 {
                json!({"from_webhook": "true", "override_username": text, "attachments": [card]})
            } else {
                json!({"old_header": text, "new_header": text})
            };
            let post = json!({"team": "t", "channel": format!("c{}", at % 4), "user": format!("u{}", at % users), "message": message,
                "type": if number == 1 && at % 5 == 0 { "system_header_change" } else { "" }, "props": props,
                "create_at": 1_790_000_000_000_u64 + (2 * at + number) as u64,
                "reactions": [{"user": format!("u{}", (at + 1) % users), "emoji_name": name(at), "create_at": 1_790_000_100_000_u64 + at as u64}]});
            lines.push(json!({"type": "post", "post": post}));
        }
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

#[test]
fn nothing_that_anybody_writes_runs() {
    let corpus = fs::read_to_string(fixture("transcript/hostile.txt")).unwrap();
    let texts: Vec<String> =
        corpus.lines().filter(|line| !line.starts_with("# ")).map(|line| line.replace("\\n", "\n")).collect();
    assert!(texts.len() > 120, "{}", texts.len());
    let desk = Desk::new();
    desk.write("hostile.jsonl", hostile_export(&texts));
    desk.seal("hostile.jsonl", "hostile.zip", &[]);
    let folder = produce(&desk, "hostile.zip", "html", &[]);
    require_links(&folder);
    let Some(report) = drive(&folder, &json!({"check": "visit"})) else { return };
    require_silence(&report);
    let queries = json!([{"words": "script alert", "follow": true}, {"words": "onerror"}, {"words": "javascript"}]);
    let report = drive(&folder, &json!({"check": "search", "queries": queries})).unwrap();
    require_silence(&report);
    let texts = report["seen"][0]["texts"].as_array().unwrap();
    assert!(
        texts.iter().any(|text| text.as_str().unwrap().contains("<script>alert(1)</script>")),
        "results show the text itself"
    );
}
