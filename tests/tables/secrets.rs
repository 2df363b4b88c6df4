//! Secrets stay where they are: no archive and no message holds a password hash, token or key of the database.

use super::Source;

/// How every secret of the fixture begins.
const MARK: &[u8] = b"SECRET-";

#[test]
fn no_secret_of_the_database_is_in_an_archive() {
    let source = Source::new("mattermost-11");
    source.ask(
        r#"UPDATE posts SET props = '{"attachments":[{"text":"Lock 4?","actions":[{"name":"Open","integration":
           {"url":"https://SECRET-user@bot.example/open?key=SECRET-query","context":{"key":"SECRET-context"}}}]}]}'
           WHERE id = (SELECT min(id) FROM posts)"#,
    );
    source.dump("dump.sql");
    let dump = std::fs::read(source.desk.path("dump.sql")).unwrap();
    let known = memchr::memmem::find_iter(&dump, MARK).count();
    assert!(known >= 15, "the fixture holds only {known} secrets");
    for (from, output) in [(source.url(), "live.zip"), ("dump.sql".to_owned(), "dump.zip")] {
        let archive = source.desk.seal(&from, output, &["--no-files"]);
        for (name, bytes) in &archive.members {
            if let Some(at) = memchr::memmem::find(bytes, MARK) {
                let line = bytes[..at].iter().rposition(|b| *b == b'\n').map_or(0, |line| line + 1);
                panic!("{name} holds a secret: {}", String::from_utf8_lossy(&bytes[line..(at + 60).min(bytes.len())]));
            }
        }
        let buttons: Vec<_> = archive.lines().into_iter().filter(|line| line.contains("Lock 4?")).collect();
        assert!(buttons[0].contains("https://redacted@bot.example/open?redacted"), "{}", buttons[0]);
        assert!(archive.text("data/source.json").contains(r#""post.props":"attachments[].actions[].integration"#));
    }
}
