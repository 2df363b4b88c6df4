//! Rows that nobody would write by hand, drawn by lot and put into a real database: whatever a column can hold comes out
//! the same from the live database and from its dump, under every scope, and nothing is lost or doubled.

use std::fmt::Write as _;

use super::Source;
use super::conformance::same;

/// Numbers drawn by lot; the same for the same seed.
struct Lot(u64);

impl Lot {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap() % bound
    }

    fn of<'t>(&mut self, choices: &[&'t str]) -> &'t str {
        choices[self.below(choices.len())]
    }

    /// A text as an SQL literal.
    fn text(&mut self, most: usize) -> String {
        const PIECES: &[&str] = &[
            "a",
            "Z",
            " ",
            "\t",
            "\n",
            "\r",
            "\\",
            "\\N",
            "\\.",
            "\n\\.\n",
            "'",
            "\"",
            "\u{1}",
            "\u{7f}",
            "\u{8}\u{b}\u{c}",
            "é",
            "\u{2028}",
            "😀",
            "\u{202e}",
            "{",
            "}",
            ",",
            "null",
            "\\x41",
            "token=",
            "COPY posts FROM stdin;\n",
            "ß/%",
            "\u{fffe}",
        ];
        let text: String = (0..self.below(most + 1)).map(|_| self.of(PIECES)).collect();
        literal(&text)
    }

    fn time(&mut self) -> String {
        const TIMES: &[&str] = &[
            "NULL",
            "0",
            "-1",
            "-9223372036854775808",
            "9223372036854775807",
            "9007199254740991",
            "9007199254740992",
            "1770000000000",
            "1770000000000",
            "1770000000001",
            "1780000000000",
        ];
        if self.below(3) > 0 {
            (1_770_000_000_000 + self.below(20) as u64).to_string()
        } else {
            self.of(TIMES).to_owned()
        }
    }

    fn json(&mut self) -> String {
        const DOCUMENTS: &[&str] = &[
            "{}",
            "[]",
            "null",
            "true",
            "1.50",
            "1e40",
            "-0.0",
            "\"x\"",
            "\" \\u0001\\n\\\"é\"",
            "{\"a\" :  1,\n\t\"b\":[ ]}",
            "{\"a\":1,\"a\":2}",
            "{\"k\":\"\\ud83d\\ude00 \\\\N \\\\. \\t\"}",
            "[[[[{\"deep\":[1,2,{\"csrf\":\"x\"}]}]]]]",
            "{\"\":\"\"}",
            "12345678901234567890123",
        ];
        literal(self.of(DOCUMENTS))
    }
}

fn literal(text: &str) -> String {
    format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// Statements that fill the tables with every type that they have.
fn statements(lot: &mut Lot) -> String {
    let mut sql = String::from("SET client_encoding = 'UTF8';\n");
    for n in 0..300 {
        let id = literal(&format!("{n}{}", lot.of(&["", "-a", " b", "%", "é", "\"", "\\", "/", "_"])));
        let (channel, user) = (lot.of(&["c1", "c2", "", "c 3"]), lot.of(&["u1", "u2", ""]));
        let root = lot.of(&["", "", "1", "7", "gone"]);
        let original = lot.of(&["", "", "", "2", "gone"]);
        let times = [lot.time(), lot.time(), lot.time(), lot.time()].join(", ");
        let (message, hashtags, files) = (lot.text(9), lot.text(3), lot.json());
        let props = if lot.below(8) == 0 { "NULL".to_owned() } else { lot.json() };
        let pinned = lot.of(&["NULL", "true", "false"]);
        let _ = writeln!(
            sql,
            "INSERT INTO posts (id, createat, updateat, deleteat, editat, userid, channelid, rootid, originalid, message, props, hashtags, fileids, ispinned)
             VALUES ({id}, {times}, '{user}', '{channel}', '{root}', '{original}', {message}, {props}, {hashtags}, {files}, {pinned});"
        );
        let (key, value) = (lot.of(&["kvstore_legal_hold_", "kvstoreXlegalXholdX", "KVSTORE_LEGAL_HOLD_"]), lot.json());
        let value = lot.of(&["NULL", "'\\x'", "'\\x00ff5c0a'", "convert_to({}, 'UTF8')"]).replace("{}", &value);
        let _ = writeln!(sql, "INSERT INTO pluginkeyvaluestore VALUES ('p', '{key}{n}', {value}, {});", lot.time());
        let category = lot.of(&["flagged_post", "Flagged_post", "flagged_post ", "theme"]);
        let _ = writeln!(
            sql,
            "INSERT INTO preferences (userid, category, name, value) VALUES ('{user}', '{category}', '{n}', {});",
            lot.text(2)
        );
        let ids = lot.of(&[
            "NULL",
            "'{}'",
            "'{a,NULL,\"NULL\",\"\"}'",
            "'{{a},{b}}'",
            "E'{\"q\\\\\\\\\\\\\"\",\" \",\"{}\",é}'",
            "'[0:1]={a,b}'",
        ]);
        let _ = writeln!(sql, "INSERT INTO retentionidsfordeletion VALUES ('{n}', {}, {ids});", lot.text(3));
        let at = lot.of(&[
            "'2026-02-02 03:00:00.000001+05:45'",
            "'1969-12-31 23:59:59.9999+00'",
            "'infinity'",
            "'1900-01-01 00:00:00+00'",
            "'2026-02-02 02:40:00+00'",
        ]);
        let (title, fields) = (lot.text(4), lot.json());
        let _ = writeln!(
            sql,
            "INSERT INTO focalboard_blocks_history (id, insert_at, title, fields, create_at, modified_by, channel_id, created_by, board_id)
             VALUES ('{n}', {at}, {title}, {fields}, {}, '{user}', '{channel}', '{user}', 'b');",
            lot.time()
        );
    }
    sql
}

#[test]
fn whatever_columns_hold_is_the_same_live_and_dumped() {
    for seed in [0x9e37_79b9_7f4a_7c15, 0x2545_f491_4f6c_dd1d] {
        let source = Source::new("mattermost-11");
        source.ask(&statements(&mut Lot(seed)));
        source.ask(
            "INSERT INTO channels (id, createat, type, name, teamid) VALUES ('c1', 1, 'O', 'c-one', ''), ('c 3', 2, 'D', 'c/three', '');
             INSERT INTO users (id, createat, username, email) VALUES ('u1', 1, 'u-one', 'U1@example.org');
             ALTER TABLE posts RENAME COLUMN hashtags TO \"HashTags\"",
        );
        for setting in
            ["timezone = 'Asia/Kathmandu'", "bytea_output = 'escape'", "datestyle = 'German'", "extra_float_digits = 0"]
        {
            source.ask(&format!("ALTER DATABASE {} SET {setting}", source.database));
        }
        source.dump("dump.sql");
        let scopes: [&[&str]; 5] = [
            &[],
            &["--since", "ms:1770000000003", "--until", "ms:1770000000012"],
            &["--channel", "c1"],
            &["--user", "u1@EXAMPLE.org", "--since", "ms:1770000000003"],
            &["--channel", "c 3", "--user", "u1", "--threads", "1"],
        ];
        for (at, scope) in scopes.iter().enumerate() {
            let args = [*scope, &["--no-files"]].concat();
            let live = source.live(&format!("live-{at}.zip"), &args);
            let dumped = source.desk.seal("dump.sql", &format!("dump-{at}.zip"), &args);
            same(&live, &dumped, &format!("{seed:x} {scope:?}"));
            if at == 0 {
                for (kind, query) in [
                    ("post", "posts"),
                    ("block_history", "focalboard_blocks_history"),
                    ("deletion_queue", "retentionidsfordeletion"),
                    ("saved_post", "preferences WHERE category = 'flagged_post'"),
                    ("legal_hold", "pluginkeyvaluestore WHERE pkey LIKE 'kvstore\\_legal\\_hold\\_%'"),
                ] {
                    let rows = source.ask(&format!("SELECT count(*) FROM {query}"));
                    assert_eq!(live.count(kind, "records").to_string(), rows, "{kind}");
                }
            } else {
                assert!(live.count("post", "records") > 0 && live.count("post", "out_of_scope") > 0, "{scope:?}");
            }
        }
    }
}
