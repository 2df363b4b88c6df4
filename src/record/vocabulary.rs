//! Closed vocabularies: what can be wrong with something, each with a stable name and its meaning.
//!
//! One list gives the type, its order, the names that machines read and the sentences that people read, so that none of
//! them can be forgotten. A name never changes once released. It decides nothing and knows none of the words.

/// Makes an enum of `Name = "code": "meaning"` rows, with `ALL` in their order, `code` and `meaning`.
macro_rules! vocabulary {
    ($(#[$doc:meta])* $type:ident: $($name:ident = $code:literal: $meaning:literal,)+) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $type { $(#[doc = $meaning] $name,)+ }

        impl $type {
            /// Every one, in the order of the checks.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// Its stable name.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// What it means, in one sentence.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)+ }
            }
        }
    };
}

pub(crate) use vocabulary;
