//! One `[[hold]]` becomes a [`Hold`].

use super::code::Code;
use super::keys::{ACT, HOLD};
use super::reader::{At, Fields, Reader};
use super::{limits, spelling};
use crate::policy::hold::{Act, Hold, HoldOrigin};
use crate::policy::rule::Pattern;
use crate::record::time::Window;
use toml::de::DeTable;

/// Reads a hold; `None` if something that must be there is not usable, and then there are findings.
///
/// Each of its acts needs `approvals` approvals by others.
pub(super) fn read(reader: &mut Reader<'_>, table: At<&DeTable<'_>>, approvals: usize) -> Option<At<Hold>> {
    let fields = reader.fields(&HOLD, table.value, table.at);
    let id = reader.text(fields, "id", limits::TEXT);
    if let Some(id) = id.as_ref().filter(|id| !spelling::is_hold_id(&id.value)) {
        reader.find(
            Code::ValueMalformed,
            id.at,
            "the id of a hold is not spelled as `[A-Za-z0-9][A-Za-z0-9._:-]{0,99}`",
        );
    }
    let matter = reader.text(fields, "matter", limits::TEXT);
    let everything = reader.flag(fields, "everything").unwrap_or_default();
    let mut list = |name: &str, check: fn(&str) -> Result<(), spelling::Wrong>| -> Vec<String> {
        reader.list(fields, name, check).into_iter().map(|text| text.value).collect()
    };
    let users = list("users", spelling::custodian);
    let groups = list("groups", spelling::whole_group);
    let channels = list("channels", spelling::channel);
    let teams = list("teams", spelling::team);
    let keywords = list("keywords", spelling::anything);
    let window = window(reader, fields);
    let issued = act(reader, fields, "issued", approvals);
    let released = act(reader, fields, "released", approvals);

    let place = fields.place("id");
    let named = ["users", "groups", "channels", "teams"].into_iter().find(|name| fields.has(name));
    match named {
        Some(name) if everything => {
            let detail = format!("`everything = true` and `{name}`");
            reader.find(Code::HoldContradicts, fields.place(name), detail);
        }
        None if !everything => {
            reader.find(Code::HoldCoversNothing, place, "none of `users`, `groups`, `channels`, `teams`, `everything`");
        }
        _ => {}
    }
    if let (Some(issued), Some(released)) = (&issued, &released)
        && released.value.at <= issued.value.at
    {
        reader.find(Code::HoldReleasedEarly, released.at, "`released.at` is not after `issued.at`");
    }
    if fields.has("released") && released.is_none() {
        return None;
    }
    let hold = Hold {
        id: id?.value,
        matter: matter?.value,
        origin: HoldOrigin::File,
        everything,
        users,
        groups,
        channels: channels.into_iter().map(Pattern).collect(),
        teams: teams.into_iter().map(Pattern).collect(),
        keywords,
        includes_open_channels: true,
        window,
        issued: issued?.value,
        released: released.map(|released| released.value),
    };
    Some(At { at: place, value: hold })
}

fn window(reader: &mut Reader<'_>, fields: Fields<'_, '_>) -> Window {
    let (from, until) = (reader.time(fields, "from"), reader.time(fields, "until"));
    if let (Some(from), Some(until)) = (&from, &until)
        && until.value <= from.value
    {
        reader.find(Code::HoldWindowEmpty, until.at, "`until` is not after `from`");
    }
    Window { from: from.map(|from| from.value), until: until.map(|until| until.value) }
}

fn act(reader: &mut Reader<'_>, fields: Fields<'_, '_>, name: &str, approvals: usize) -> Option<At<Act>> {
    let table = reader.table(fields, &ACT, name)?;
    let by = reader.text(table, "by", limits::TEXT);
    let at = reader.time(table, "at");
    let why = reader.text(table, "why", limits::TEXT);
    let approved_by = reader.list(table, "approved_by", spelling::anything);
    let others = approved_by.iter().filter(|who| by.as_ref().is_none_or(|by| by.value != who.value)).count();
    if others < approvals {
        let detail = format!("`{name}` has {others} of {approvals} approvals by others");
        reader.find(Code::HoldApprovals, fields.place(name), detail);
    }
    let approved_by = approved_by.into_iter().map(|who| who.value).collect();
    let act = Act { by: by?.value, at: at?.value, why: why?.value, approved_by };
    Some(At { at: fields.place(name), value: act })
}
