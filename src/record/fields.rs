//! The fields of a record's `data`, one after the other, without decoding them.

use super::json::Cursor;

/// Names and values in the order of the line; ends early where the text is not an object of fields.
#[derive(Debug)]
pub struct Fields<'a> {
    cursor: Cursor<'a>,
    begun: bool,
}

impl<'a> Fields<'a> {
    /// The fields of `data` ([`super::line::Line::data`]).
    pub fn of(data: &'a str) -> Self {
        Self { cursor: Cursor::new(data), begun: false }
    }

    /// The value of the field `name`, as it stands in the text.
    pub fn find(data: &'a str, name: &str) -> Option<&'a str> {
        Self::of(data).find_map(|(found, value)| (found == name).then_some(value))
    }

    /// The value of the field `name` if it is an integer.
    pub fn integer(data: &str, name: &str) -> Option<i64> {
        Fields::find(data, name)?.parse().ok()
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let separator = if self.begun { "," } else { "{" };
        self.cursor.literal(separator).ok()?;
        self.begun = true;
        let name = self.cursor.take_name()?;
        self.cursor.literal(":").ok()?;
        Some((name, self.cursor.value().ok()?.text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_in_order_with_their_text() {
        let data = r#"{"message":"a\"b,","props":{"x":[1, 2]},"delete_at":-5,"type":null}"#;
        let found: Vec<_> = Fields::of(data).collect();
        let expected = [("message", r#""a\"b,""#), ("props", r#"{"x":[1, 2]}"#), ("delete_at", "-5"), ("type", "null")];
        assert_eq!(found, expected);
        assert_eq!(Fields::integer(data, "delete_at"), Some(-5));
        assert_eq!(Fields::integer(data, "message"), None);
        assert_eq!(Fields::find(data, "nothing"), None);
        assert_eq!(Fields::of("{}").count() + Fields::of("").count() + Fields::of("[1]").count(), 0);
        for end in 0..data.len() {
            assert!(Fields::of(&data[..end]).count() <= 4);
        }
    }
}
