//! The answer as a table: one row for each person and time, safe to open with a spreadsheet.

use super::document::{Document, Granted, Place};
use crate::produce::formula::{self, Guarded};

const COLUMNS: [&str; 16] = [
    "place_sort",
    "place_id",
    "place",
    "user_id",
    "username",
    "name",
    "is_bot",
    "is_guest",
    "way",
    "certainty",
    "from",
    "until",
    "end",
    "posts",
    "files",
    "rests_on",
];

/// The table. What is no grant, such as a doubt or a lack, stands in the other forms only.
pub(super) fn csv(document: &Document) -> Vec<u8> {
    let mut out = Vec::new();
    formula::header(&mut out, &COLUMNS);
    for of in document.places.iter().flatten() {
        of.grants.iter().for_each(|grant| row(&mut out, &of.place, grant, None));
    }
    if let Some(of) = &document.user {
        let all = Place { sort: "server", id: String::new(), name: "everything".to_owned() };
        of.everything.iter().for_each(|grant| row(&mut out, &all, grant, None));
        for reach in &of.reaches {
            let counts = Some((reach.posts, reach.files)).filter(|_| reach.place.sort.ends_with("channel"));
            reach.grants.iter().for_each(|grant| row(&mut out, &reach.place, grant, counts));
        }
    }
    out
}

fn row(out: &mut Vec<u8>, place: &Place, grant: &Granted, counts: Option<(u64, u64)>) {
    let mut row = Guarded::new(out, &COLUMNS);
    row.plain(place.sort);
    row.text(&place.id);
    row.text(&place.name);
    let user = &grant.user;
    for cell in [&user.id, &user.username, &user.name] {
        row.text(cell);
    }
    for is in [user.is_bot, user.is_guest] {
        row.plain(if is { "true" } else { "false" });
    }
    row.plain(grant.way);
    row.plain(grant.certainty);
    for time in [&grant.from, &grant.until] {
        match time {
            Some(time) => row.plain(time),
            None => row.nothing(),
        }
    }
    row.plain(grant.end);
    match counts {
        Some((posts, files)) => [posts, files].iter().for_each(|count| row.plain(&count.to_string())),
        None => (0..2).for_each(|_| row.nothing()),
    }
    let records: Vec<String> = grant.records.iter().map(|record| format!("{}/{}", record.kind, record.id)).collect();
    let mut rests_on = records.join(" ");
    if !grant.remark.is_empty() {
        rests_on.push_str(if rests_on.is_empty() { "" } else { "; " });
        rests_on.push_str(&grant.remark);
    }
    row.text(&rests_on);
    row.end();
}
