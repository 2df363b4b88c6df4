//! What an entry must not tell: values that would let a reader in.
//!
//! Entries carry what requests carried, so passwords, tokens and codes may lie anywhere in them. A member is judged by
//! its name, wherever it stands; its value becomes `"redacted"`. So does what follows `token=` in any text, and what
//! follows the host in a URL that opens something by being called. The id of an incoming webhook is a credential too; it
//! becomes the digest by which its record goes ([`credential`]), so that the two can still be held together. Values that
//! tell nothing (`null`, `true`, `false`, `""`) stay. Session ids are no secrets; a session's token is.

use std::ops::Range;

use super::walk::{Member, Walk};
use crate::record::id::credential;
use crate::record::json::Cursor;
use crate::record::line::push_string;

/// What stands in place of a secret.
const WORD: &str = "redacted";

/// Texts within texts that are looked into; what lies deeper is not told.
const MAX_LEVELS: u32 = 3;

/// Places of a text that must not be told, and what stands there instead.
pub type Secrets = Vec<(Range<usize>, String)>;

/// Looks for secrets, one member after the other.
#[derive(Debug, Default)]
pub struct Search {
    /// Whether the entry is about incoming webhooks.
    hooks: bool,
    /// The object whose `path` names a setting, and whether the setting is a secret.
    setting: Option<(usize, bool)>,
    /// How many texts this one lies in.
    level: u32,
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
            self.found.push((member.start..end, format!("\"{WORD}\"")));
            return;
        }
        if is_called(&key) {
            let end = member.scalar.map_or_else(|| walk.skip(), |value| member.start + value.len());
            self.urls(walk.text(), member.start..end);
            return;
        }
        let Some(text) = member.scalar.filter(|text| text.starts_with('"')) else { return };
        if self.is_hook(&key, member) {
            let id = text.trim_matches('"');
            if !id.is_empty() {
                self.found.push((member.start..member.start + text.len(), format!("\"{}\"", hook(id))));
            }
        } else if !self.inner(&key, member, text) {
            self.tokens(member.start, text);
            self.hooks(member.start, text);
        }
    }

    /// A text that holds JSON, or settings as Go prints them; whether it had to be replaced.
    fn inner(&mut self, key: &str, member: &Member<'_>, text: &str) -> bool {
        let is_json = text.starts_with("\"{") || text.starts_with("\"[");
        if !is_json && key != "diff" {
            return false;
        }
        let inside = Cursor::new(text).string().map(|text| text.decode().0).unwrap_or_default();
        let mut instead = Vec::new();
        if Cursor::new(&inside).value().is_ok_and(|value| value.text.len() == inside.len()) {
            if self.level >= MAX_LEVELS {
                instead.extend_from_slice(format!("\"{WORD}\"").as_bytes());
            } else {
                let (mut walk, mut search) = (Walk::new(&inside), Self { level: self.level + 1, ..Self::default() });
                search.hooks = self.hooks;
                while let Some(member) = walk.advance() {
                    search.look(&member, &mut walk);
                }
                if walk.is_too_deep() {
                    push_string(&mut instead, WORD);
                } else if !search.found.is_empty() {
                    push_string(&mut instead, &without(&inside, &search.found));
                }
            }
        } else if key == "diff" && is_secret_setting(&inside) {
            push_string(&mut instead, WORD);
        }
        if instead.is_empty() {
            return false;
        }
        let instead = String::from_utf8_lossy(&instead).into_owned();
        self.found.push((member.start..member.start + text.len(), instead));
        true
    }

    /// Ids of incoming webhooks in paths and URLs.
    fn hooks(&mut self, start: usize, text: &str) {
        let mut at = 0;
        while let Some(found) = text.get(at..).and_then(|rest| rest.find("/hooks/")) {
            at += found + "/hooks/".len();
            let rest = text.get(at..).unwrap_or_default();
            let (place, is_named) = match rest.strip_prefix("incoming/") {
                Some(_) => (at + "incoming/".len(), true),
                None => (at, false),
            };
            let rest = text.get(place..).unwrap_or_default();
            let length = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
            if let Some(id) = rest.get(..length).filter(|id| id.len() == 26 || is_named && !id.is_empty()) {
                self.found.push((start + place..start + place + length, hook(id)));
            }
        }
    }

    /// URLs end behind their host.
    fn urls(&mut self, text: &str, place: Range<usize>) {
        let value = text.get(place.clone()).unwrap_or_default();
        if value.contains("\\\"") || value.contains('{') && !value.starts_with('"') {
            // Where a quotation mark belongs to the URL, where that ends is hard to say; and objects are no URLs.
            self.found.push((place, format!("\"{WORD}\"")));
            return;
        }
        let mut at = 0;
        while let Some(found) = value.get(at..).and_then(|rest| rest.find("://")) {
            let host = at + found + 3;
            let rest = value.get(host..).unwrap_or_default();
            let url = rest.get(..rest.find([' ', ',', '"', '\'', '<', '>']).unwrap_or(rest.len())).unwrap_or_default();
            let authority = url.find(['/', '?', '#', '\\']).unwrap_or(url.len());
            if let Some(user) = url.get(..authority).and_then(|authority| authority.rfind('@')) {
                self.found.push((place.start + host..place.start + host + user, WORD.to_owned()));
            }
            if url.len() > authority + 1 {
                let path = place.start + host + authority..place.start + host + url.len();
                self.found.push((path, format!("/{WORD}")));
            }
            at = host + url.len();
        }
    }

    /// What follows `token=` in a text.
    fn tokens(&mut self, value: usize, text: &str) {
        const MARK: &[u8] = b"token=";
        let mut at = 0;
        while let Some(found) = text
            .as_bytes()
            .get(at..)
            .and_then(|rest| rest.windows(MARK.len()).position(|w| w.eq_ignore_ascii_case(MARK)))
        {
            let start = at + found + MARK.len();
            let rest = text.get(start..).unwrap_or_default();
            let length = rest.find([' ', '&', ',', ';', '"', '\'', '\\']).unwrap_or(rest.len());
            if length > 0 {
                self.found.push((value + start..value + start + length, WORD.to_owned()));
            }
            at = start + length;
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

/// Names whose URLs open something by being called.
fn is_called(key: &str) -> bool {
    key == "url"
        || key.ends_with("callbackurls")
        || key.contains("webhook") && (key.ends_with("url") || key.ends_with("urls"))
}

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
    let mut places: Vec<_> = secrets.iter().collect();
    places.sort_by_key(|(place, _)| (place.start, place.end));
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (place, instead) in places {
        out.push_str(text.get(at..place.start).unwrap_or_default());
        out.push_str(instead);
        at = at.max(place.end);
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
            (r#"{"password":"hunter2"}"#, r#"{"password":"redacted"}"#),
            (
                r#"{"a":[{"New-Password":"x","b":{"token":"y"}}]}"#,
                r#"{"a":[{"New-Password":"redacted","b":{"token":"redacted"}}]}"#,
            ),
            (r#"{"pass\u0077ord":"x\"y"}"#, r#"{"pass\u0077ord":"redacted"}"#),
            (r#"{"refresh_token":{"a":["x"]},"z":1}"#, r#"{"refresh_token":"redacted","z":1}"#),
            (r#"{"token": 12 }"#, r#"{"token": "redacted" }"#),
            (
                r#"{"args":["a","/x?token=b"],"token_list":["c"]}"#,
                r#"{"args":["a","/x?token=redacted"],"token_list":["c"]}"#,
            ),
            (r#"{"code":"123456"}"#, r#"{"code":"redacted"}"#),
            (r#"{"code":123456}"#, r#"{"code":"redacted"}"#),
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
    fn what_opens_something_is_not_told() {
        for (text, expected) in [
            (
                r#"{"command":{"url":"http://u:p@host:9/approve?x=1"}}"#,
                r#"{"command":{"url":"http://redacted@host:9/redacted"}}"#,
            ),
            (
                r#"{"callback_urls":["https://a/x","https://b/","https://c"],"z":1}"#,
                r#"{"callback_urls":["https://a/redacted","https://b/","https://c"],"z":1}"#,
            ),
            (r#"{"url":[{"password":0}],"z":1}"#, r#"{"url":"redacted","z":1}"#),
            (r#"{"url":"https://a/\"x"}"#, r#"{"url":"redacted"}"#),
            (r#"{"url":"","site_url":"https://a/x"}"#, r#"{"url":"","site_url":"https://a/x"}"#),
            (
                r#"{"link":"/reset?Token=abc\u0026x=1 token=","n":1}"#,
                r#"{"link":"/reset?Token=redacted\u0026x=1 token=","n":1}"#,
            ),
        ] {
            assert_eq!(told("login", text), expected);
        }
    }

    #[test]
    fn texts_are_looked_into() {
        let nested = |inside: &str| serde_json::json!({ "body": inside }).to_string();
        let secret = r#"{"a":[{"password":"x"}]}"#;
        let silent = r#"{"a":[{"password":"redacted"}]}"#;
        assert_eq!(told("x", &nested(secret)), nested(silent));
        assert_eq!(told("x", &nested(&nested(secret))), nested(&nested(silent)));
        let (mut deep, mut levels) = (nested(secret), 0);
        while levels < 8 {
            deep = nested(&deep);
            levels += 1;
        }
        assert!(!told("x", &deep).contains('x') && told("x", &deep).contains("redacted"));
        let plain = r#"{"body":"{\u0022a\u0022:1}","diff":"[]","x":"{not json}"}"#;
        assert_eq!(told("x", plain), plain);
        let printed = r#"{"diff":"[{Path:EmailSettings.SMTPPassword BaseVal:x ActualVal:y}]"}"#;
        assert_eq!(told("x", printed), r#"{"diff":"redacted"}"#);
    }

    #[test]
    fn places_found_in_any_order_are_replaced_from_left_to_right() {
        let id = "h".repeat(26);
        let digest = credential("incoming_webhook", id.as_bytes());
        let text =
            format!(r#"{{"link":"https://a/hooks/{id}?token=x \u0026 /hooks/incoming/{id}\u0026Token=y","z":1}}"#);
        let expected = format!(
            r#"{{"link":"https://a/hooks/{digest}?token=redacted \u0026 /hooks/incoming/{digest}\u0026Token=redacted","z":1}}"#
        );
        assert_eq!(told("x", &text), expected);
    }

    #[test]
    fn settings_are_judged_by_their_path() {
        let text = r#"{"config_diffs":[{"path":"EmailSettings.SMTPPassword","base_val":"a","actual_val":"b"},{"path":"DataRetentionSettings.MessageRetentionDays","base_val":365,"actual_val":1},{"base_val":"c"}]}"#;
        let expected = r#"{"config_diffs":[{"path":"EmailSettings.SMTPPassword","base_val":"redacted","actual_val":"redacted"},{"path":"DataRetentionSettings.MessageRetentionDays","base_val":365,"actual_val":1},{"base_val":"redacted"}]}"#;
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
