//! An incident of so many posts that a server is no longer asked by their ids.

use std::collections::BTreeSet;

use super::same;
use crate::incidents::OUTAGE;

#[test]
fn an_incident_of_many_posts_brings_what_hangs_on_them_live_and_dumped() {
    let source = OUTAGE.source();
    let run = format!("(SELECT * FROM ir_incident WHERE name = '{}')", OUTAGE.run);
    // A tenth are answered, some of them by members of the thread only; one membership hangs on a reply.
    source.ask(&format!(
        "INSERT INTO posts (id, createat, updateat, deleteat, userid, channelid, rootid, originalid, message, type, props, editat)
         SELECT substr(md5(n::text), 1, 26), r.createat + n, r.createat + n, 0, r.commanderuserid, r.channelid,
                CASE WHEN n % 10 = 1 THEN substr(md5((n - 1)::text), 1, 26) ELSE '' END, '', 'noise ' || n, '', '{{}}', 0
         FROM generate_series(1, 11000) n, {run} r;
         INSERT INTO threadmemberships (postid, userid, following, lastviewed, lastupdated, unreadmentions)
         SELECT substr(md5(n::text), 1, 26), r.commanderuserid, true, 1, 2, 0
         FROM generate_series(0, 11500, 10) n, {run} r
         UNION ALL SELECT substr(md5('11'), 1, 26), commanderuserid, true, 1, 2, 0 FROM {run} r;
         ANALYZE posts, threadmemberships"
    ));
    source.dump("dump.sql");
    let args = ["--no-files", "--incident", OUTAGE.run];
    let live = source.live("live.zip", &args);
    let dumped = source.desk.seal("dump.sql", "dumped.zip", &args);
    same(&live, &dumped, "crowded");
    let posts: BTreeSet<String> =
        live.records("post").iter().map(|post| post["id"].as_str().unwrap().to_owned()).collect();
    let members = source.ask("SELECT postid FROM threadmemberships");
    let hanging = members.lines().filter(|post| posts.contains(*post)).count();
    assert_eq!(live.count("thread_membership", "records"), hanging as u64);
    assert!(live.count("thread_membership", "records") > 1100 && live.count("post", "records") > 11_000);
    assert_eq!(live.count("thread_membership", "source"), members.lines().count() as u64);
    assert!(live.count("thread_membership", "out_of_scope") >= 51, "memberships of posts that are not there");
}
