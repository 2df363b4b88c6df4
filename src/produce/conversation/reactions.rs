//! Reactions that stand, by the post that they belong to; forty bytes each.

use std::collections::HashMap;

use crate::archive::walk::Walk;
use crate::produce::{ProduceError, Work};
use crate::record::fields::{Head, characters, plain};
use crate::record::time::Millis;

/// First half of the SHA-256 of a post's id.
type Key = [u8; 16];

/// A reaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reaction<'r> {
    /// The name of the emoji, without colons.
    pub emoji: &'r str,
    /// Who.
    pub user_id: &'r str,
    /// When.
    pub at: Millis,
}

/// All of an archive.
#[derive(Debug, Default)]
pub struct Reactions {
    texts: Vec<Box<str>>,
    /// Post, time, emoji and user; sorted.
    rows: Vec<(Key, Millis, u32, u32)>,
}

impl Reactions {
    /// Reads them. What was taken back is left out.
    pub fn read(work: &Work<'_>) -> Result<Self, ProduceError> {
        let mut this = Self::default();
        let mut numbers: HashMap<Box<str>, u32> = HashMap::new();
        Walk::new(work.sealed.archive, work.progress)?.kinds(|kind| kind == "reaction").for_each_segment(
            |segment| {
                let row = |line| {
                    let head = Head::of(line, "reaction");
                    let [user, post, emoji, delete] = head.pick(["user_id", "post_id", "emoji_name", "delete_at"]);
                    let stands = delete.is_none_or(|delete| delete == b"0");
                    let emoji = Box::<str>::from(emoji.map(characters).unwrap_or_default());
                    stands.then(|| (key(plain(post)), head.at(), emoji, Box::<str>::from(plain(user))))
                };
                segment.lines().filter_map(|(_, line)| row(line)).collect::<Vec<_>>()
            },
            |rows| {
                for (post, at, emoji, user) in rows {
                    let [emoji, user] = [emoji, user].map(|text| {
                        let next = u32::try_from(this.texts.len()).unwrap_or(u32::MAX);
                        *numbers.entry(text).or_insert_with_key(|text| {
                            this.texts.push(text.clone());
                            next
                        })
                    });
                    this.rows.push((post, at, emoji, user));
                }
                Ok::<_, ProduceError>(())
            },
        )?;
        let texts = &this.texts;
        let text = |number: u32| texts.get(number as usize);
        this.rows.sort_unstable_by(|a, b| {
            (a.0, a.1).cmp(&(b.0, b.1)).then_with(|| (text(a.2), text(a.3)).cmp(&(text(b.2), text(b.3))))
        });
        Ok(this)
    }

    /// Those to a post, oldest first.
    pub fn of(&self, post: &str) -> impl Iterator<Item = Reaction<'_>> {
        let key = key(post);
        let first = self.rows.partition_point(|row| row.0 < key);
        let rows = self.rows.get(first..).unwrap_or_default().iter().take_while(move |row| row.0 == key);
        let text = |number: u32| self.texts.get(number as usize).map(|text| &**text).unwrap_or_default();
        rows.map(move |(_, at, emoji, user)| Reaction { emoji: text(*emoji), user_id: text(*user), at: *at })
    }
}

fn key(id: &str) -> Key {
    let digest = ring::digest::digest(&ring::digest::SHA256, id.as_bytes());
    digest.as_ref().first_chunk().copied().unwrap_or_default()
}
