//! `data/source.json` of a database or a dump: what was read, which server it is of, and what was not there to be read.

use std::collections::{BTreeMap, HashSet};

use serde_json::{Map, Value, json};

use super::gather::Gathered;
use super::{Store, Tables};
use crate::record::id::hex;
use crate::record::time::{self, Window};
use crate::source::audit_log::FileRead;
use crate::source::catalogue::{NOT_EVIDENCE, TABLES, Windowing, redacted_fields, table};
use crate::source::dump::{Account, TableCount};
use crate::source::file_store;
use crate::source::original::Hashed;
use crate::source::rows::TableFound;
use crate::source::scope::{Asked, Changes};
use crate::source::tables::incident::Incident;
use crate::source::tables::incident::because::Reason;

/// The bytes of `data/source.json`: compact JSON and a line feed.
///
/// The scope stands here as it was asked for and as the ids that it came to: what was left out must be told from what
/// was not there.
pub fn describe(
    tables: &Tables,
    files: &[Hashed],
    gathered: &Gathered<'_>,
    asked: &Asked,
    newest: Option<&str>,
) -> Vec<u8> {
    let survey = &gathered.survey;
    let windowed = |windowing| -> Vec<&str> {
        TABLES.iter().filter(|table| table.window == windowing).map(|table| table.kind).collect()
    };
    let kinds: Map<String, Value> = survey
        .rows
        .keys()
        .map(|rank| (table(*rank), gathered.source[usize::from(*rank)]))
        .map(|(table, rows)| {
            (table.kind.to_owned(), json!({ "table": table.table, "rows": rows, "evidence": table.evidence }))
        })
        .collect();
    let left_out: Map<String, Value> =
        NOT_EVIDENCE.iter().map(|(name, reason)| ((*name).to_owned(), (*reason).into())).collect();
    let scope = &gathered.scope;
    let places = scope.places.as_ref();
    let mut document = json!({
        "source": tables.kind(),
        "files": files.iter().map(Hashed::described).collect::<Vec<_>>(),
        "content_files": tables.contents.len(),
        "contents_wanted": tables.contents.is_wanted(),
        "newest_record": newest,
        "kinds": kinds,
        "tables_absent": survey.tables_absent(),
        "columns_absent": survey.columns_absent(),
        "tables_unknown": survey.tables_unknown(),
        "columns_unknown": survey.columns_unknown(),
        "tables_left_out": left_out,
        "fields_redacted": redacted_fields((0..).zip(TABLES).map(|(rank, _)| rank)),
        "scope": {
            "since": scope.window.from.and_then(time::format),
            "until": scope.window.until.and_then(time::format),
            "teams": asked.teams, "team_ids": ids(places.map(|places| &places.teams)),
            "channels": asked.channels, "channel_ids": ids(places.map(|places| &places.channels)),
            "users": asked.users, "user_ids": ids(scope.users.as_ref()),
        },
        "windowed": windowed(Windowing::Own),
        "windowed_by_overlap": windowed(Windowing::Interval),
        "windowed_with_their_post": windowed(Windowing::WithPost),
    });
    if let Some(members) = document.as_object_mut() {
        match &tables.store {
            Store::Live(database) => {
                if let (Some(now), Some(ahead)) = (tables.now, tables.clock_ahead()) {
                    members.insert("host_time".to_owned(), now.into());
                    members.insert("database_clock_ahead_ms".to_owned(), ahead.into());
                }
                let database = super::lock(database);
                members.insert("server".to_owned(), database.identity());
                drop(database);
                // A later run learns from these whether it reads the same server, and whether the same rows would still
                // make the same records.
                members.insert("installation".to_owned(), tables.installation().ok().flatten().into());
                members.insert("columns_sha256".to_owned(), tables.columns_digest().into());
            }
            Store::Dump(_) => {
                members.insert("dump".to_owned(), gathered.account.as_ref().map_or(Value::Null, dump));
            }
        }
        if let Some(incident) = &scope.incident {
            members.insert("incident".to_owned(), of_incident(incident));
        }
        if let Some(changes) = &scope.changes {
            members.insert("changes".to_owned(), changed(changes));
        }
        if tables.log.is_some() {
            members.insert("audit_log".to_owned(), gathered.logs.iter().map(log).collect());
        }
        if tables.contents.is_wanted() && scope.shows_all_files() {
            let survey = file_store::survey(&tables.contents);
            let others = survey.others.iter().map(|(place, files)| (place.word().to_owned(), (*files).into()));
            members.insert("files_not_named".to_owned(), Value::Object(others.collect()));
        }
    }
    let mut bytes = document.to_string().into_bytes();
    bytes.push(b'\n');
    bytes
}

/// What the incident came to. Why each record is in it, its line says.
fn of_incident(incident: &Incident) -> Value {
    let text = |id: &[u8]| String::from_utf8_lossy(id).into_owned();
    let runs = incident.runs.values().map(|run| {
        json!({
            "id": text(&run.id), "name": run.name, "state": run.state,
            "channel_id": run.channel.as_deref().map(text),
            "create_at": run.begun, "end_at": run.ended,
        })
    });
    let places = |wanted: Reason| {
        let mut ids: Vec<String> =
            incident.channels.iter().filter(|(_, reason)| **reason == wanted).map(|(id, _)| text(id)).collect();
        ids.sort_unstable();
        ids
    };
    json!({
        "asked": incident.asked,
        "margin_ms": incident.margin,
        "include_direct": incident.with_direct,
        "runs": runs.collect::<Vec<_>>(),
        "channel_ids": places(Reason::Channel),
        "linked_channel_ids": places(Reason::Linked),
        "direct_channel_ids": places(Reason::Direct),
        "participant_ids": ids(Some(&incident.participants)),
    })
}

/// What of the source was read as new, and what was looked at again.
fn changed(changes: &Changes) -> Value {
    let again: Map<String, Value> = changes
        .again
        .iter()
        .map(|(rank, spans)| {
            let ends = |span: &Window| json!([span.from, span.until]);
            (table(*rank).kind.to_owned(), spans.iter().map(ends).collect())
        })
        .collect();
    json!({
        "why": changes.why,
        "since": changes.window.from.and_then(time::format),
        "until": changes.window.until.and_then(time::format),
        "source_time": changes.now,
        "looked_at_again": again,
    })
}

/// One file of the audit log. It may have grown since: what is told is of the bytes that were read.
fn log(file: &FileRead) -> Value {
    let [flat, nested, other] = file.schemas;
    json!({
        "name": file.name,
        "bytes": file.bytes,
        "sha256": hex(&file.sha256),
        "packing": file.packing.name(),
        "lines": file.lines,
        "lines_flat": flat,
        "lines_nested": nested,
        "lines_other": other,
        "lines_undated": file.undated,
        "dropped_notices": file.notices,
        "first": file.span.and_then(|(first, _)| time::format(first)),
        "last": file.span.and_then(|(_, last)| time::format(last)),
    })
}

/// What the dump says of itself. Absence is told from emptiness: tables whose rows were not dumped have a list.
fn dump(account: &Account) -> Value {
    let names = |tables: &[TableFound]| tables.iter().map(|table| table.name.clone()).collect::<Vec<_>>();
    let counts = |tables: &[TableCount]| -> Map<String, Value> {
        let mut rows = BTreeMap::<&str, u64>::new();
        for table in tables {
            *rows.entry(&table.name).or_default() += table.rows;
        }
        rows.into_iter().map(|(name, rows)| (name.to_owned(), rows.into())).collect()
    };
    json!({
        "server_version": account.server,
        "dumped_by": account.dumped_by,
        "started": account.started,
        "encoding": account.encoding,
        "schema": account.schema,
        "tables": counts(&account.tables),
        "tables_not_dumped": names(&account.not_dumped),
        "tables_elsewhere": counts(&account.elsewhere),
        "text_bytes": account.text,
    })
}

fn ids(set: Option<&HashSet<Box<[u8]>>>) -> Vec<String> {
    let mut ids: Vec<String> = set.into_iter().flatten().map(|id| String::from_utf8_lossy(id).into_owned()).collect();
    ids.sort_unstable();
    ids
}
