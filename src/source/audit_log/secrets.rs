//! What an entry must not tell: values that would let a reader in.
//!
//! Entries carry what requests carried, so passwords, tokens and codes may lie anywhere in them. A member is judged by
//! its name, wherever it stands; its value becomes `"(secret)"`. The id of an incoming webhook is a credential too; it
//! becomes the digest by which its record goes ([`credential`]), so that the two can still be held together. Values that
//! tell nothing (`null`, `true`, `false`, `""`) stay. Session ids are no secrets; a session's token is.

use std::ops::Range;

use super::walk::{Member, Walk};
use crate::record::id::credential;

/// What stands in place of a secret.
pub const WORD: &str = "\"(secret)\"";

/// Places of a text that must not be told, and what stands there instead, from left to right.
pub type Secrets = Vec<(Range<usize>, String)>;

/// Looks for secrets, one member after the other.
#[derive(Debug, Default)]
pub struct Search {
    /// Whether the entry is about incoming webhooks.
    hooks: bool,
    /// The object whose `path` names a setting, and whether the setting is a secret.
    setting: Option<(usize, bool)>,
    /// What was found.
    pub found: Secrets,
}

impl Search {
    /// A search in an entry of this event.
    pub fn new(event: &str) -> Self {
        Self { hooks: event.contains("IncomingHook"), ..Self::default() }
    }

    /// Looks at the member that `walk` has just shown; a secret object is passed over.
    pub fn look(&mut self, member: &Member<'_>, walk: &mut Walk<'_>) {
        let key = normal(&member.key);
        if key == "path"
            && let Some(path) = member.plain()
        {
            self.setting = Some((member.object, is_secret_setting(path)));
        }
        if self.is_secret(&key, member) {
            let end = match member.scalar {
                Some("null" | "true" | "false" | "\"\"") => return,
                Some(value) => member.start + value.len(),
                None => walk.skip(),
            };
            self.found.push((member.start..end, WORD.to_owned()));
            return;
        }
        let Some(text) = member.plain() else { return };
        let value = member.start + 1;
        if self.is_hook(&key, member) && !text.is_empty() {
            self.found.push((value..value + text.len(), hook(text)));
        } else if let Some(at) = text.find(HOOK_PATH) {
            let start = at + HOOK_PATH.len();
            let id = text.get(start..).and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
            if !id.is_empty() {
                self.found.push((value + start..value + start + id.len(), hook(id)));
            }
        }
    }

    fn is_secret(&self, key: &str, member: &Member<'_>) -> bool {
        match key {
            // The status of an answer has three digits; a second factor has more and is a string.
            "code" => member.scalar.is_none_or(|code| code.len() != 3 || !code.bytes().all(|b| b.is_ascii_digit())),
            "baseval" | "actualval" => self.setting != Some((member.object, false)),
            _ if NAMES.contains(&key) || ENDINGS.iter().any(|ending| key.ends_with(ending)) => true,
            _ => key.contains("password") && member.scalar.is_some_and(|value| value.starts_with('"')),
        }
    }

    fn is_hook(&self, key: &str, member: &Member<'_>) -> bool {
        match key {
            "webhookid" | "incominghookid" | "incomingwebhookid" => true,
            "hookid" => self.hooks,
            "id" => self.hooks && matches!(member.parent.as_ref(), "hook" | "resulting_state" | "prior_state"),
            _ => false,
        }
    }
}

const HOOK_PATH: &str = "/hooks/incoming/";

fn hook(id: &str) -> String {
    credential("incoming_webhook", id.as_bytes())
}

/// Names whose values are secrets, in lower case and without `_` and `-`.
const NAMES: [&str; 13] = [
    "accesskey",
    "apikey",
    "authorization",
    "cookie",
    "credentials",
    "csrf",
    "datasource",
    "inviteid",
    "passwd",
    "privatekey",
    "pwd",
    "secretaccesskey",
    "secretkey",
];

/// Endings of names whose values are secrets.
const ENDINGS: [&str; 8] =
    ["password", "secret", "token", "tokens", "mfacode", "encryptkey", "linksalt", "passwordhash"];

/// Words in the path of a setting whose value is not told, changed or not.
const SETTINGS: [&str; 9] = [
    "password",
    "secret",
    "token",
    "key",
    "salt",
    "datasource",
    "connectionurl",
    "credential",
    "pluginsettings.plugins",
];

fn is_secret_setting(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    SETTINGS.iter().any(|word| path.contains(word))
}

fn normal(key: &str) -> String {
    key.chars().filter(|c| !matches!(c, '_' | '-')).map(|c| c.to_ascii_lowercase()).collect()
}

/// The text with its secrets replaced.
pub fn without(text: &str, secrets: &Secrets) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (place, instead) in secrets {
        out.push_str(text.get(at..place.start).unwrap_or_default());
        out.push_str(instead);
        at = place.end;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(event: &str, text: &str) -> String {
        let (mut walk, mut search) = (Walk::new(text), Search::new(event));
        while let Some(member) = walk.advance() {
            search.look(&member, &mut walk);
        }
        without(text, &search.found)
    }

    #[test]
    fn values_of_secret_names_are_not_told_wherever_they_stand() {
        for (text, expected) in [
            (r#"{"password":"hunter2"}"#, r#"{"password":"(secret)"}"#),
            (
                r#"{"a":[{"New-Password":"x","b":{"token":"y"}}]}"#,
                r#"{"a":[{"New-Password":"(secret)","b":{"token":"(secret)"}}]}"#,
            ),
            (r#"{"pass\u0077ord":"x\"y"}"#, r#"{"pass\u0077ord":"(secret)"}"#),
            (r#"{"refresh_token":{"a":["x"]},"z":1}"#, r#"{"refresh_token":"(secret)","z":1}"#),
            (r#"{"token": 12 }"#, r#"{"token": "(secret)" }"#),
            (r#"{"code":"123456"}"#, r#"{"code":"(secret)"}"#),
            (r#"{"code":123456}"#, r#"{"code":"(secret)"}"#),
        ] {
            assert_eq!(told("login", text), expected);
        }
    }

    #[test]
    fn what_is_no_secret_stays_byte_for_byte() {
        for text in [
            r#"{"token":"","password":null,"mfa_secret":true,"invite_id":""}"#,
            r#"{"token_id":"u6n","session_id":"t43","code":403,"last_password_update":5}"#,
            r#"{"PasswordSettings":{"MinimumLength":8}}"#,
        ] {
            assert_eq!(told("login", text), text);
        }
    }

    #[test]
    fn settings_are_judged_by_their_path() {
        let text = r#"{"config_diffs":[{"path":"EmailSettings.SMTPPassword","base_val":"a","actual_val":"b"},{"path":"DataRetentionSettings.MessageRetentionDays","base_val":365,"actual_val":1},{"base_val":"c"}]}"#;
        let expected = r#"{"config_diffs":[{"path":"EmailSettings.SMTPPassword","base_val":"(secret)","actual_val":"(secret)"},{"path":"DataRetentionSettings.MessageRetentionDays","base_val":365,"actual_val":1},{"base_val":"(secret)"}]}"#;
        assert_eq!(told("patchConfig", text), expected);
    }

    #[test]
    fn an_incoming_webhook_goes_by_its_digest() {
        let digest = credential("incoming_webhook", b"abc");
        let text =
            r#"{"api_path":"/api/v4/hooks/incoming/abc","hook":{"id":"abc"},"hook_id":"abc","channel":{"id":"abc"}}"#;
        let told_of = told("updateIncomingHook", text);
        assert_eq!(
            told_of,
            format!(
                r#"{{"api_path":"/api/v4/hooks/incoming/{digest}","hook":{{"id":"{digest}"}},"hook_id":"{digest}","channel":{{"id":"abc"}}}}"#
            )
        );
        assert_eq!(told("createOutgoingHook", r#"{"hook_id":"abc"}"#), r#"{"hook_id":"abc"}"#);
    }
}
