//! Questions about what is broken, gone, out of scope or not there.

use super::{Asked, ESCALATION, OUTAGE, answer, ask, by, grants, said, text};
use crate::bulk;
use crate::incidents::crowd;
use crate::sealed::Desk;

#[test]
fn an_unknown_id_and_an_unknown_name_are_refused() {
    let asked = Asked::of(OUTAGE);
    let with =
        |question: &[&str]| ask(&asked.desk, &[&[asked.archive.as_str(), "--signers", "signers"], question].concat());
    with(&["--record", "nosuchrecord"]).require(2, "no record `nosuchrecord` in `outage.zip`");
    with(&["--record", ""]).require(2, "no record ``");
    with(&["--record", "post/"]).require(2, "no record `post/`");
    with(&["--record", "jonas"]).require(2, "no record `jonas`");
    with(&["--user", "nobody"]).require(2, "the archive describes no user `nobody`");
    with(&["--user", ""]).require(2, "describes no user ``");
    with(&[]).require(2, "--record");
    with(&["--user", "piet.admin", "--record", "x"]).require(2, "cannot be used with");
    with(&["--user", "piet.admin", "--at", "noon"]).require(2, "noon");
    with(&["--user", "piet.admin", "--at", "ms:999999999999999"]).require(2, "--at");
}

#[test]
fn only_an_archive_that_is_intact_and_signed_by_whom_one_trusts_answers() {
    let asked = Asked::of(OUTAGE);
    let user = ["--user", "piet.admin"];
    asked.desk.write("others", crate::bag::Key::new(99).allowed("eve@example.org", "namespaces=\"seal@chatseal.v1\""));
    ask(&asked.desk, &[&["outage.zip", "--signers", "others"], &user[..]].concat()).require(4, "is not used");
    let mut bytes = std::fs::read(asked.desk.path("outage.zip")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    asked.desk.write("broken.zip", &bytes);
    ask(&asked.desk, &[&["broken.zip", "--signers", "signers"], &user[..]].concat()).require(1, "is not used");
    ask(&asked.desk, &[&["missing.zip"], &user[..]].concat()).require(6, "missing.zip");
    let unverified = ask(&asked.desk, &[&["outage.zip", "--unverified"], &user[..]].concat());
    assert_eq!(unverified.code, 0);
    assert!(unverified.stdout.ends_with("(not verified)\n"), "{}", unverified.stdout);
}

#[test]
fn other_servers_archives_of_channels_and_people_who_are_gone_are_told() {
    let asked = Asked::of(ESCALATION);
    let post = asked.id("SELECT id FROM posts WHERE message LIKE 'Buenos días.%'");
    let place = asked.place(&post, &[]);
    let doubts = said(&place["doubts"]);
    let expected =
        "the server `Partner desk` (https://chat.partner.example) sees this channel; who reads there is not known here";
    assert!(doubts.contains(&expected), "{doubts:?}");
    assert!(said(&place["rules"]).iter().any(|rule| rule.contains("archived")), "{}", place["rules"]);
    let all = grants(&place);
    let purged = all.iter().find(|line| line.starts_with("purgedparticipant")).unwrap();
    assert!(purged.contains(" member certain 2026-05-18T09:30:00") && purged.ends_with(" known"), "{purged}");
    let oleg = "oleg.marchenko member certain 2026-05-18T11:34:00.488Z 2026-05-29T15:00:00";
    assert!(all.iter().any(|line| line.starts_with(oleg)), "until the account was switched off: {all:#?}");
    // The account is gone and its id is known still.
    let gone = asked.id("SELECT userid FROM ir_run_participants WHERE userid NOT IN (SELECT id FROM users)");
    let seen = asked.user(&gone, &[]);
    assert_eq!(
        (seen["user"]["is_known"].as_bool(), seen["reaches"].as_array().unwrap().len()),
        (Some(false), 3),
        "the channel, its run, and the checklist in it: {seen}"
    );
}

#[test]
fn runs_that_are_restarted_shared_or_broken_are_answered_with_what_there_is() {
    let asked = Asked::of(ESCALATION);
    for (name, participants) in [("Astilleros del Faro: grúas paradas", 5), ("Faro: hotfix 7.4.2", 2), ("Faro", 1)] {
        let run = asked.id(&format!("SELECT id FROM ir_incident WHERE name = '{name}'"));
        let place = asked.place(&run, &[]);
        let people: std::collections::BTreeSet<String> =
            by(&place, "participant").iter().map(|line| line.split(' ').next().unwrap().to_owned()).collect();
        assert_eq!(people.len(), participants, "{name}: {:#?}", grants(&place));
        // A run without a playbook is a checklist of its channel.
        assert_eq!(by(&place, "member").is_empty(), name != "Faro: hotfix 7.4.2", "{name}");
    }
    // A status update whose post never was stands with its run.
    let dangling = asked.id("SELECT incidentid || '/' || postid FROM ir_statusposts WHERE postid LIKE 'astatus%'");
    assert_eq!(text(&asked.place(&dangling, &[])["place"]["sort"]), "run");
    let lost = asked.id("SELECT postid || '/' || userid FROM postacknowledgements LIMIT 1");
    assert_eq!(text(&asked.place(&lost, &[])["place"]["sort"]), "private channel");
}

#[test]
fn what_the_scope_left_out_stands_beside_the_answer() {
    let source = OUTAGE.source();
    source.live("narrow.zip", &["--no-files", "--channel", OUTAGE.channel, "--since", "2026-03-03T02:00:00Z"]);
    let post = source.ask("SELECT id FROM posts WHERE message LIKE 'Bin da.%'");
    let answer = answer(&source.desk, "narrow.zip", &["--record", &post]);
    let lacks: Vec<(&str, &str)> = answer["places"][0]["lacks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|lack| (text(&lack["kind"]), text(&lack["what"])))
        .collect();
    let of = |kind: &str| lacks.iter().find(|(name, _)| *name == kind).map(|(_, what)| *what).unwrap_or_default();
    assert!(of("channel_membership").contains("outside of the scope of the archive"), "{lacks:?}");
    assert!(of("audit_log").starts_with("the archive holds no `audit_log`"), "{lacks:?}");
    // A package of an incident holds who was in its channels, and says what it holds less of.
    let (desk, _) = OUTAGE.package();
    let run = super::answer(&desk, "outage-run.zip", &["--record", &post]);
    let whole = Asked::of(OUTAGE);
    let all = whole.place(&post, &[]);
    assert_eq!(by(&run["places"][0], "member"), by(&all, "member"));
    let told = run["places"][0]["lacks"].to_string();
    assert!(told.contains("outside of the scope of the archive"), "{told}");
    assert_eq!(whole.place(&post, &[])["lacks"].as_array().unwrap().len(), 0);
}

#[test]
fn whose_row_is_gone_is_no_member_until_the_sealing_however_little_was_sealed() {
    let source = OUTAGE.source();
    let channel = format!("(SELECT channelid FROM ir_incident WHERE name = '{}')", OUTAGE.run);
    let svenja = source.ask(&format!(
        "DELETE FROM channelmembers WHERE channelid = {channel} AND userid IN (
             SELECT userid FROM channelmemberhistory WHERE channelid = {channel} AND leavetime IS NULL
             AND userid = (SELECT id FROM users WHERE username = 'svenja.brandt')) RETURNING 'gone'"
    ));
    assert_eq!(svenja.lines().next(), Some("gone"), "the history does not say that she left");
    let channel = source.ask(&channel);
    for (name, scope, end, remark) in [
        ("whole.zip", [].as_slice(), "unknown", "no member when sealed"),
        ("incident.zip", &["--incident", OUTAGE.run], "unknown", "no member when sealed"),
        ("channel.zip", &["--channel", OUTAGE.channel], "unknown", "no member when sealed"),
        ("user.zip", &["--user", "svenja.brandt"], "sealed", "by the history alone"),
    ] {
        source.live(name, &[&["--no-files"], scope].concat());
        let seen = answer(&source.desk, name, &["--user", "svenja.brandt"])["user"].clone();
        let reach = seen["reaches"].as_array().unwrap().iter().find(|reach| reach["place"]["id"] == *channel);
        let grants = reach.unwrap_or_else(|| panic!("{name}: {seen}"))["grants"].as_array().unwrap().clone();
        let member: Vec<_> = grants.iter().filter(|grant| grant["way"] == "member").collect();
        assert_eq!(member.len(), 1, "{name}: {member:#?}");
        assert_eq!((text(&member[0]["certainty"]), text(&member[0]["end"])), ("certain", end), "{name}");
        assert!(text(&member[0]["remark"]).starts_with(remark), "{name}: {member:#?}");
    }
}

#[test]
fn a_bulk_export_answers_from_members_of_now_and_says_what_it_lacks() {
    let desk = Desk::new();
    let source = bulk::place("every-line-type-of-11.6", &desk);
    let archive = desk.seal(source, "bulk.zip", &["--no-files"]);
    let posts = archive.records("post");
    let post = posts.iter().find(|post| post["data"]["message"] != "").unwrap();
    let answer = answer(&desk, "bulk.zip", &["--record", text(&post["id"])]);
    let place = &answer["places"][0];
    assert!(grants(place).iter().all(|line| !line.contains(" certain ") || line.contains(" member ")), "{place}");
    let lacks: Vec<&str> = place["lacks"].as_array().unwrap().iter().map(|lack| text(&lack["kind"])).collect();
    assert!(lacks.contains(&"channel_membership") && lacks.contains(&"audit"), "{lacks:?}");
}

#[test]
fn rows_that_are_hard_on_whoever_reads_them_get_an_answer() {
    let crowd = crowd();
    crowd.live("crowd.zip", &["--no-files"]);
    let places = |id: &str| {
        let answer = answer(&crowd.desk, "crowd.zip", &["--record", id]);
        let places = answer["places"].as_array().unwrap().clone();
        places.iter().map(|place| text(&place["place"]["sort"]).to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(places("nowherexxxxxxxxxxxxxxxxxxx"), ["channel"], "a channel that is not there");
    assert_eq!(places("nullpostxxxxxxxxxxxxxxxxxx"), ["administrators"], "it says nothing");
    assert_eq!(places("timelowestxxxxxxxxxxxxxxxx"), ["open channel"]);
    assert_eq!(places("timebeyondxxxxxxxxxxxxxxxx"), ["open channel"]);
    assert_eq!(places("short"), ["open channel"]);
    assert_eq!(places("burnedxxxxxxxxxxxxxxxxxxxx/alicexxxxxxxxxxxxxxxxxxxxx"), ["direct channel"]);
    assert_eq!(places("alicexxxxxxxxxxxxxxxxxxxxx"), ["administrators", "everybody"], "also a reviewer of content");
    assert_eq!(places("sessionalicexxxxxxxxxxxxxx"), ["person"]);
    assert_eq!(places("harbourxxxxxxxxxxxxxxxxxxx"), ["administrators", "team"], "also settings for reviewers");
    assert_eq!(places("pbleakxxxxxxxxxxxxxxxxxxxx"), ["playbook"]);
    assert_eq!(places("calljob2xxxxxxxxxxxxxxxxxx"), ["administrators"]);
    let session = answer(&crowd.desk, "crowd.zip", &["--record", "sessionalicexxxxxxxxxxxxxx"]);
    assert_eq!(said(&session["places"][0]["rules"]), ["its owner alone sees it"]);
    // Everybody in it is described or said not to be.
    let dora = answer(&crowd.desk, "crowd.zip", &["--user", "dora"]);
    assert_eq!(said(&dora["user"]["facts"]), ["the account was deactivated"]);
    let reaches = dora["user"]["reaches"].as_array().unwrap();
    assert!(
        reaches.iter().all(|reach| reach["grants"].as_array().unwrap().iter().all(|grant| grant["end"] != "sealed"))
    );
    let nobody = answer(&crowd.desk, "crowd.zip", &["--user", "purgeduserxxxxxxxxxxxxxxxx"]);
    assert_eq!(nobody["user"]["user"]["is_known"], false);
}
