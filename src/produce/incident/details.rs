//! What an entry of a run's timeline says beside its sentence: which task, what was done to it, who came or went.
//!
//! The column is JSON text in newer releases, a sentence such as `@old to @new` in older ones, and often empty.

use super::json;
use crate::record::json::Shape;

/// The details of an entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// What was done: `check`, `uncheck`, `skip`, `restore`, `joined`, `left`, …
    pub action: Box<str>,
    /// The title of the task that it was done to.
    pub task: Box<str>,
    /// The attribute of the run that was changed, and its new value.
    pub property: Box<str>,
    /// See `property`.
    pub value: Box<str>,
    /// Usernames of those who came or went.
    pub users: Vec<Box<str>>,
    /// Whether the text is no JSON object although it begins like one.
    pub is_broken: bool,
}

impl Details {
    /// Reads `details`; of a sentence only the usernames in it.
    pub fn parse(text: &str) -> Self {
        if !text.trim_start().starts_with('{') {
            return Self { users: names(text), ..Self::default() };
        }
        let Some(members) = json::members(text) else { return Self { is_broken: true, ..Self::default() } };
        let users = members.get("users").filter(|value| value.shape == Shape::Array);
        let names = |text| json::elements(text).0.into_iter().map(json::text).filter(|name| !name.is_empty());
        let users = users.map(|list| names(list.text).collect());
        Self {
            action: members.text("action"),
            task: members.text("task"),
            property: members.text("property_field_name"),
            value: members.text("new_value"),
            users: users.unwrap_or_default(),
            is_broken: false,
        }
    }
}

/// The names that stand behind `@` in a sentence, once each.
pub fn names(sentence: &str) -> Vec<Box<str>> {
    let mut found: Vec<Box<str>> = Vec::new();
    for part in sentence.split('@').skip(1) {
        let end = part.find(|letter: char| !(letter.is_ascii_alphanumeric() || "._-".contains(letter)));
        let name = part[..end.unwrap_or(part.len())].trim_end_matches(['.', '-', '_']);
        if !name.is_empty() && !found.iter().any(|known| **known == *name) {
            found.push(name.into());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_says_what_it_says() {
        let task = Details::parse(r#"{"action":"check","task":"Rotate keys"}"#);
        assert_eq!((&*task.action, &*task.task), ("check", "Rotate keys"));
        let left = Details::parse(r#"{"action":"left","users":["bob","eve",7,null]}"#);
        assert_eq!(left.users, ["bob", "eve", "7"].map(Box::<str>::from));
        assert_eq!(Details::parse("@anna.b to @bob.").users, ["anna.b", "bob"].map(Box::<str>::from));
        assert!(Details::parse("{\"action\":").is_broken);
        assert_eq!(Details::parse(""), Details::default());
    }
}
