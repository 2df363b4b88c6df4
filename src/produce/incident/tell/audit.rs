//! What the server wrote down about requests: the table `audits` and the audit log, told apart by what was asked for.

use std::borrow::Cow;

use super::Teller;
use crate::produce::incident::event::{Event, Sort, What};
use crate::record::fields::{Head, characters, plain};

/// Events of the audit log by their names.
const NAMES: [(Sort, &[&str]); 4] = [
    (
        Sort::Login,
        &[
            "login",
            "logout",
            "loginWithDesktopToken",
            "loginWithOAuth",
            "completeSaml",
            "completeOAuth",
            "revokeSession",
            "revokeAllSessionsForUser",
            "revokeAllSessionsAllUsers",
            "attachDeviceId",
            "extendSessionExpiry",
        ],
    ),
    (
        Sort::Role,
        &[
            "updateUserRoles",
            "updateTeamMemberRoles",
            "updateChannelMemberRoles",
            "updateTeamMemberSchemeRoles",
            "updateChannelMemberSchemeRoles",
            "patchRole",
            "createScheme",
            "patchScheme",
            "deleteScheme",
            "updateTeamScheme",
            "updateChannelScheme",
            "patchChannelModerations",
            "promoteGuestToUser",
            "demoteUserToGuest",
            "convertUserToBot",
            "createAccessControlPolicy",
            "deleteAccessControlPolicy",
            "assignAccessControlPolicy",
            "unassignAccessControlPolicy",
        ],
    ),
    (
        Sort::Config,
        &[
            "updateConfig",
            "patchConfig",
            "configReload",
            "enablePlugin",
            "disablePlugin",
            "uploadPlugin",
            "installMarketplacePlugin",
            "removePlugin",
            "addLicense",
            "removeLicense",
        ],
    ),
    (Sort::Terms, &["createTermsOfService", "saveUserTermsOfService"]),
];

/// Requests of the table by a part of their path or remark.
const PARTS: [(Sort, &[&str]); 4] = [
    (Sort::Terms, &["terms_of_service", "TermsOfServiceId="]),
    (Sort::Role, &["/roles", "/schemeRoles", "/scheme", "/moderations", "/promote", "/demote", "roles="]),
    (Sort::Login, &["/login", "/logout", "/sessions", "/mfa"]),
    (Sort::Config, &["/config", "updateConfig", "/plugins", "/license"]),
];

/// Hands on the event of a request.
pub(super) fn tell<'e>(teller: &Teller<'e>, kind: &'e str, line: &'e [u8], each: &mut impl FnMut(Event<'e>)) {
    let head = Head::of(line, kind);
    let (sort, data_type, said) = if kind == "audit" {
        let [action, remark] = head.pick(["action", "extra_info"]).map(text);
        let holds = |part: &&str| action.contains(part) || remark.contains(part);
        (sort(&PARTS, |parts| parts.iter().any(holds)), "audit", [action, remark, Cow::Borrowed("")])
    } else {
        let [name, status, path] = head.pick(["event_name", "status", "api_path"]).map(text);
        (sort(&NAMES, |names| names.contains(&&*name)), "audit_log", [name, status, path])
    };
    let at = head.at();
    if at == 0 {
        return;
    }
    let what = What { sort, description: "Audit event", data_type };
    let mut event = Event::new(at, &what, kind, head.id);
    let [user, address] = head.pick(["user_id", "ip_address"]);
    let user = plain(user);
    let said = said.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    let said = if said.is_empty() { super::rows::NOTHING.to_owned() } else { said };
    event.message = format!("{}: {said}", teller.who(user));
    event.actor = Cow::Borrowed(user);
    event.add("mm_ip_address", text(address));
    each(event);
}

fn text(value: Option<&[u8]>) -> Cow<'_, str> {
    value.map(characters).unwrap_or_default()
}

fn sort(known: &[(Sort, &[&str])], is_it: impl Fn(&[&str]) -> bool) -> Sort {
    known.iter().find(|(_, words)| is_it(words)).map_or(Sort::Audit, |(sort, _)| *sort)
}
