//! The layers of the check, in their fixed order, and how each ended.

use serde::{Serialize, Serializer};

macro_rules! layers {
    ($($name:ident = $word:literal: $asks:literal,)+) => {
        /// One question that the check asks of an archive.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Layer { $(#[doc = $asks] $name,)+ }

        impl Layer {
            /// Every layer, in order.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// Its stable name.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }

            /// What it asks.
            pub const fn asks(self) -> &'static str {
                match self { $(Self::$name => $asks,)+ }
            }
        }
    };
}

layers! {
    Container = "container": "is the zip exactly one that the format allows?",
    Seal = "seal": "is the seal in its one spelling?",
    Signature = "signature": "did the key that the seal names sign it, in both forms?",
    Trust = "trust": "is the signer accepted at that time?",
    TagManifest = "tag-manifest": "are the tag files those that were sealed?",
    Manifest = "manifest": "does the manifest list exactly the payload?",
    Digests = "digests": "has every member the digest that the manifest says?",
    Records = "records": "is every line a record, in its place?",
    Root = "root": "is the root over all records the sealed one?",
    Segments = "segments": "does the table of segments say the truth?",
    Inputs = "inputs": "are source, policies and holds the sealed ones?",
    Files = "files": "is each file there, and named by a record?",
    Counts = "counts": "do the numbers in the seal hold?",
    Completeness = "completeness": "is every row of the source accounted for?",
    Chain = "chain": "do the archives follow one another?",
}

impl Serialize for Layer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

/// How a layer ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All its items ran, and nothing was found.
    Pass,
    /// Something was found.
    Fail,
    /// Not all of its items ran; this is why.
    NotChecked(String),
}

impl Outcome {
    /// The word in reports.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Fail => "FAIL",
            Self::NotChecked(_) => "NOT CHECKED",
        }
    }
}
