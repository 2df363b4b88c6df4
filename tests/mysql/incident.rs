//! An incident out of a MariaDB: what SQL says happened around the run is what is sealed, each record with why.

use std::collections::BTreeSet;

use super::OWNER;
use crate::sealed::Desk;
use crate::servers::mariadb;

const CHANNEL: &str = "bridgexxxxxxxxxxxxxxxxxxxx";

/// The playbooks plugin's table of runs, as far as a run needs it, and one run of two hours.
const RUN: &str = "
    CREATE TABLE ir_incident (id varchar(26) PRIMARY KEY, name varchar(1024), description varchar(4096), isactive tinyint(1),
      commanderuserid varchar(26), teamid varchar(26), channelid varchar(26), createat bigint, endat bigint, deleteat bigint,
      postid varchar(26), playbookid varchar(26), checklistsjson json, currentstatus varchar(1024));
    INSERT INTO ir_incident VALUES ('mysqlrunxxxxxxxxxxxxxxxxxx', 'Tide', '', 0, 'alicexxxxxxxxxxxxxxxxxxxxx', '',
      'bridgexxxxxxxxxxxxxxxxxxxx', 1767276000000, 1767283200000, 0, 'urgentxxxxxxxxxxxxxxxxxxxx', NULL, '[]', 'Finished');";

#[test]
fn a_run_is_taken_out_with_its_threads_and_the_rest_is_counted() {
    let desk = Desk::new();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/mysql/mattermost-9.sql");
    let database = mariadb().database("incident", &(std::fs::read_to_string(path).unwrap() + RUN));
    let url = mariadb().url(&database, OWNER);
    let args = ["--no-files", "--incident", "Tide", "--margin", "1h"];
    let archive = desk.seal(&url, "sealed.zip", &args);
    let (from, until) = (1_767_276_000_000_i64 - 3_600_000, 1_767_283_200_000_i64 + 3_600_000);
    let within = |at: &str| format!("p.{at} >= {from} AND p.{at} < {until}");
    let happened = ["CreateAt", "EditAt", "DeleteAt"].map(within).join(" OR ");
    let root = "COALESCE(NULLIF(p.RootId, ''), NULLIF(p.OriginalId, ''), p.Id)";
    let roots = format!(
        "SELECT {root} FROM Posts p WHERE p.ChannelId = '{CHANNEL}' AND ({happened}) UNION SELECT 'urgentxxxxxxxxxxxxxxxxxxxx'
         UNION SELECT {root} FROM Posts p JOIN Reactions r ON r.PostId = p.Id WHERE p.ChannelId = '{CHANNEL}' AND
           (r.CreateAt >= {from} AND r.CreateAt < {until} OR r.DeleteAt >= {from} AND r.DeleteAt < {until})
         UNION SELECT {root} FROM Posts p JOIN FileInfo f ON f.PostId = p.Id WHERE p.ChannelId = '{CHANNEL}' AND f.ChannelId = '{CHANNEL}'
           AND (f.CreateAt >= {from} AND f.CreateAt < {until} OR f.DeleteAt >= {from} AND f.DeleteAt < {until})"
    );
    let expected = mariadb().sql(
        &database,
        &format!("SELECT Id FROM Posts WHERE Id IN ({roots}) OR RootId IN ({roots}) OR OriginalId IN ({roots})"),
    );
    let expected: BTreeSet<&str> = expected.lines().collect();
    let posts = archive.records("post");
    assert_eq!(posts.iter().map(|post| post["id"].as_str().unwrap()).collect::<BTreeSet<_>>(), expected);
    assert!(expected.len() > 4 && archive.count("post", "out_of_scope") > 0);
    for (kind, counts) in archive.summary()["kinds"].as_object().unwrap() {
        let number = |name: &str| counts[name].as_u64().unwrap_or(0);
        assert_eq!(number("source"), number("records") + number("out_of_scope") + number("quarantined"), "{kind}");
        let reasons = archive.records(kind).iter().filter(|record| record["because"].is_array()).count();
        assert_eq!(reasons as u64, number("records"), "{kind}");
    }
    let ended = desk.export(&url, "typo.zip", &["--no-files", "--incident", "Tied"]);
    ended.require(2, "did you mean mysqlrunxxxxxxxxxxxxxxxxxx");
}
