//! The end of a dump: tables that were declared and whose rows never came are told from those that have none.

use std::collections::BTreeMap;
use std::io::Read;

use super::{Account, CORE, DumpError, Scan};

impl<R: Read> Scan<'_, R> {
    /// The account, once nothing comes any more.
    pub(super) fn close(mut self) -> Result<Account, DumpError> {
        let home = match self.home.take() {
            Some(home) => home,
            None => self.find_home("")?,
        };
        let is_core = |(schema, name): &&(String, String)| *schema == home && CORE.contains(&name.as_str());
        if !self.declared.keys().chain(&self.copied).any(|key| is_core(&key)) {
            return Err(self.not_mattermost(self.copied.len()));
        }
        let declared = std::mem::take(&mut self.declared);
        let (mut not_dumped, roots) = (BTreeMap::new(), self.partitions.roots());
        for (key, table) in &declared {
            let root = self.partitions.root(key);
            let copied = self.copied.contains(key) || self.copied.contains(&root);
            if root.0 != home || copied {
                continue;
            }
            if !self.partitions.is_divided(key) {
                not_dumped.insert(root.1.clone(), declared.get(&root).unwrap_or(table).clone());
            } else if root == *key && !roots.contains(key) {
                // Nothing can lie in it, and the server would say so.
                self.begin(key.1.clone(), table.clone())?;
            }
        }
        self.account.not_dumped = not_dumped.into_values().collect();
        self.account.schema = home;
        self.account.text = self.window.taken;
        Ok(self.account)
    }
}
