//! What an export is held beside: what `psql` needs to copy posts, or every table that an export reads.

use chatseal::source::catalogue;

use crate::schema::Schema;
use crate::server::{psql, run};

/// The posts, as an export reads them.
pub(crate) const POSTS: &str = "COPY (SELECT * FROM posts ORDER BY createat, id) TO STDOUT";

/// Who wrote, and where: posts that name nobody would be cheaper to export than any real ones.
const BEHIND_POSTS: [&str; 6] = ["channels", "roles", "systems", "teams", "teammembers", "users"];

/// Copies every table but the posts that an export reads, in no order.
pub(crate) fn others() -> Vec<String> {
    tables().iter().map(|table| format!("COPY {table} TO STDOUT")).collect()
}

/// Empties what grows with the posts, in a database that was made for it.
pub(crate) fn keep_posts_alone(url: &str) -> anyhow::Result<()> {
    let goes: Vec<String> = tables().into_iter().filter(|table| !BEHIND_POSTS.contains(&table.as_str())).collect();
    let truncate = format!("TRUNCATE {}", goes.join(", "));
    run(psql(url).args(["-c", &truncate, "-c", "VACUUM ANALYZE", "-c", "CHECKPOINT"]))
}

fn tables() -> Vec<String> {
    let names = Schema::new().tables.into_iter().map(|(table, _)| table);
    names.filter(|table| table != "posts" && catalogue::of_table(table).next().is_some()).collect()
}
