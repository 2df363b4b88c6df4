//! The order in which lines hold the fields of a kind, so that they are found fastest.

use crate::source::catalogue::Table;

/// Puts field names into the order in which lines hold them, each once.
pub(super) fn in_order(table: &Table, names: impl IntoIterator<Item = &'static str>) -> Vec<&'static str> {
    let known = table.columns.iter().map(|column| column.field).chain(table.bulk_only.iter().copied());
    let wanted: Vec<&str> = names.into_iter().collect();
    known.filter(|field| wanted.contains(field)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::catalogue::{FILE, POST, table};

    #[test]
    fn wanted_fields_come_in_the_order_of_the_catalogue() {
        let wanted = in_order(table(POST), ["type", "create_at", "extra", "root_id", "type"]);
        assert_eq!(wanted, ["create_at", "root_id", "type", "extra"]);
        assert_eq!(in_order(table(FILE), ["post_id", "user_id"]), ["user_id", "post_id"]);
    }
}
