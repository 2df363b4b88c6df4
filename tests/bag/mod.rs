//! Builds small archives, whole and damaged, from the text of the specification.
//!
//! It shares no code with the crate: headers, manifests, tree, seal and signatures are written here a second time, so
//! that what the reader and the writer agree on cannot be wrong in both.

mod raw;
mod sign;
mod summary;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA256, digest};
use ring::hmac;

pub(crate) use raw::{Raw, deflate, end_records, zip};
pub(crate) use sign::Key;

/// Time of all archives made here: 2026-11-21T08:55:00Z.
pub(crate) const TIME: &str = "2026-11-21T08:55:00.000Z";

/// What goes into an archive.
#[derive(Clone)]
pub(crate) struct Spec {
    pub(crate) name: String,
    pub(crate) salt: [u8; 32],
    /// Contents of `data/files/`, in zip order.
    pub(crate) files: Vec<Vec<u8>>,
    /// Kind and lines of each segment.
    pub(crate) segments: Vec<(String, Vec<String>)>,
    pub(crate) exceptions: Vec<String>,
    pub(crate) policy: Option<String>,
    pub(crate) holds: Option<String>,
    /// Lines of `data/policy/hold-sets.jsonl`, which is there if there are any.
    pub(crate) hold_sets: Vec<String>,
    /// Lines of `data/withheld.jsonl`, which is there with a policy only.
    pub(crate) withheld: Vec<String>,
    /// Rows in the source beyond the records, all out of scope, for each kind.
    pub(crate) out_of_scope: u64,
    pub(crate) previous: Option<String>,
    pub(crate) origin: String,
    pub(crate) number: Option<u64>,
    pub(crate) time: String,
    pub(crate) namespace: String,
    pub(crate) key: Key,
    /// The key that the seal names, if it is not the one that signs.
    pub(crate) named: Option<Key>,
}

/// An archive on its way to becoming a zip.
#[derive(Clone)]
pub(crate) struct Bag {
    pub(crate) spec: Spec,
    /// Path from the bag's top and bytes, in zip order.
    pub(crate) members: Vec<(String, Vec<u8>)>,
}

impl Spec {
    /// A server, one file and a few posts, the last of them in a segment that is DEFLATE.
    pub(crate) fn small() -> Self {
        let file = b"Pumpe 3: Druck 4,1 bar\n".to_vec();
        let content = format!("data/files/{}/{}", &sha(&file)[..2], sha(&file));
        let posts = (0..24).map(|i| {
            let message = "Crane 7 stands still, pump 3 has no pressure, tide gauge reads nothing. ".repeat(2);
            line(
                "post",
                &format!("post{i:02}"),
                1_700_000_000_000 + i * 1000,
                &format!("{{\"message\":\"{message}{i}\"}}"),
            )
        });
        Self {
            name: "harbour".into(),
            salt: [0x5a; 32],
            segments: vec![
                ("server".into(), vec![line("server", "version", 0, "{\"value\":\"11.6.0\"}")]),
                (
                    "file".into(),
                    vec![line("file", "f1", 5, &format!("{{\"name\":\"pump.txt\",\"content_member\":\"{content}\"}}"))],
                ),
                ("post".into(), posts.collect()),
            ],
            files: vec![file],
            exceptions: vec![
                r#"{"class":"file-missing","object":"file f2","expected":"data/x.png","found":"nothing","records":1}"#.into(),
                r#"{"class":"note-unknown-line","object":"line 9","expected":"a known type","found":"zebra","records":1}"#
                    .into(),
            ],
            policy: None,
            holds: None,
            hold_sets: Vec::new(),
            withheld: Vec::new(),
            out_of_scope: 2,
            previous: None,
            origin: "chat.example.org/audit".into(),
            number: Some(42),
            time: TIME.into(),
            namespace: "seal@chatseal.v1".into(),
            key: Key::new(1),
            named: None,
        }
    }

    /// The small archive with a policy and holds: every line says what was decided, and two posts were withheld.
    pub(crate) fn judged() -> Self {
        let mut spec = Self::small();
        for (number, line) in spec.segments.iter_mut().flat_map(|(_, lines)| lines).enumerate() {
            let retention = match number % 4 {
                0 => "{}",
                1 => r#"{"rule":"harbour/chat","keep_until":4102444800000,"dispose_after":"forever"}"#,
                2 => {
                    r#"{"rule":"harbour/chat","keep_until":5,"dispose_after":1731622400000,"holds":["2026-17","collision"]}"#
                }
                _ => r#"{"rule":"harbour/logs","dispose_after":1731622400000}"#,
            };
            *line = line.strip_suffix('}').expect("an object").to_owned() + ",\"retention\":" + retention + "}";
        }
        let withheld = |id: &str| {
            let reason = "due since 2024-11-14T22:13:20.000Z";
            format!(r#"{{"kind":"post","id":"{id}","at":5,"rule":"harbour/chat","reason":"{reason}"}}"#)
        };
        Self {
            policy: Some("keep = 6\n".into()),
            holds: Some("matter = \"collision\"\n".into()),
            withheld: vec![withheld("old1"), withheld("old2")],
            ..spec
        }
    }

    /// The judged archive in a firm with many holds: lines name two sets of them.
    pub(crate) fn held_by_many() -> Self {
        let mut spec = Self::judged();
        let few = r#"["2026-17","collision"]"#;
        let arrays = [r#"["2026-17","a","b","c","collision"]"#, r#"["2026-17","b","c","collision","d","e"]"#];
        let mut lines = spec.segments.iter_mut().flat_map(|(_, lines)| lines).filter(|line| line.contains(few));
        for (line, array) in lines.by_ref().zip(arrays.into_iter().cycle()).take(5) {
            *line = line.replace(few, &format!("\"{}\"", set_name(array)));
        }
        assert!(lines.next().is_some(), "one line still spells out its holds");
        spec.hold_sets = arrays.map(|array| format!(r#"{{"set":"{}","holds":{array}}}"#, set_name(array))).to_vec();
        spec.hold_sets.sort();
        spec
    }

    /// Nothing but the members that every archive holds.
    pub(crate) fn empty() -> Self {
        Self { files: Vec::new(), segments: Vec::new(), exceptions: Vec::new(), number: None, ..Self::small() }
    }

    /// The payload, in zip order.
    pub(crate) fn bag(self) -> Bag {
        let mut members = Vec::new();
        for file in &self.files {
            members.push((format!("data/files/{}/{}", &sha(file)[..2], sha(file)), file.clone()));
        }
        for (number, (kind, lines)) in (1..).zip(&self.segments) {
            let bytes: String = lines.iter().map(|line| format!("{line}\n")).collect();
            members.push((format!("data/records/{number:06}-{kind}.jsonl"), bytes.into_bytes()));
        }
        let text = |path: &str, text: String| (path.to_owned(), text.into_bytes());
        let exceptions: String = self.exceptions.iter().map(|line| format!("{line}\n")).collect();
        members.push(text("data/README.txt", "How to check this archive by hand: see chatseal-archive(5).\n".into()));
        members.push(text("data/custody.jsonl", "{\"event\":\"acquired\",\"program\":\"chatseal 0.1.0\"}\n".into()));
        members.push(text("data/exceptions.jsonl", exceptions));
        members.extend(self.holds.iter().map(|holds| text("data/policy/001-holds.toml", holds.clone())));
        members.extend(self.policy.iter().map(|policy| text("data/policy/001-policy.toml", policy.clone())));
        if !self.hold_sets.is_empty() {
            let lines = self.hold_sets.iter().map(|line| format!("{line}\n")).collect();
            members.push(text("data/policy/hold-sets.jsonl", lines));
        }
        members.push(text("data/report/summary.json", self.summary()));
        members.push(text("data/report/summary.txt", self.summary_text()));
        members.push(text("data/segments.csv", self.segments_csv()));
        members.push(text("data/source.json", "{\"kind\":\"test\"}\n".into()));
        if self.policy.is_some() {
            members.push(text("data/withheld.jsonl", self.withheld.iter().map(|line| format!("{line}\n")).collect()));
        }
        Bag { spec: self, members }
    }

    pub(crate) fn segments_csv(&self) -> String {
        let mut csv =
            "path,kind,first_index,records,bytes,first_at,last_at,deflated_bytes,deflated_sha256\n".to_owned();
        let mut index = 0;
        for (number, (kind, lines)) in (1..).zip(&self.segments) {
            let bytes: String = lines.iter().map(|line| format!("{line}\n")).collect();
            let at = |line: Option<&String>| {
                let rest = line.and_then(|line| line.split("\"at\":").nth(1)).unwrap_or("0");
                rest.split([',', '}']).next().unwrap_or_default().to_owned()
            };
            let deflated = if bytes.len() > 4096 {
                let raw = raw::deflate(bytes.as_bytes(), 6);
                format!("{},{}", raw.len(), sha(&raw))
            } else {
                ",".to_owned()
            };
            csv += &format!(
                "data/records/{number:06}-{kind}.jsonl,{kind},{index},{},{},{},{},{deflated}\n",
                lines.len(),
                bytes.len(),
                at(lines.first()),
                at(lines.last())
            );
            index += lines.len();
        }
        csv
    }

    /// The archive, sealed.
    pub(crate) fn zip(self) -> Vec<u8> {
        zip(&self.bag().tagged().sealed().raw())
    }
}

impl Bag {
    /// The bytes of a member.
    pub(crate) fn get(&self, path: &str) -> &[u8] {
        self.members.iter().find(|(name, _)| name == path).map_or(&[], |(_, bytes)| bytes)
    }

    /// Replaces a text within a member.
    pub(crate) fn replace(mut self, path: &str, from: &str, to: &str) -> Self {
        let (_, bytes) = self.members.iter_mut().find(|(name, _)| name == path).expect("the member is there");
        let text = String::from_utf8(bytes.clone()).expect("text");
        assert!(text.contains(from), "{path} does not hold {from}");
        *bytes = text.replacen(from, to, 1).into_bytes();
        self
    }

    /// Adds a member behind `after`, or first.
    pub(crate) fn insert(mut self, after: &str, path: &str, bytes: &[u8]) -> Self {
        let at = self.members.iter().position(|(name, _)| name == after).map_or(0, |at| at + 1);
        self.members.insert(at, (path.to_owned(), bytes.to_vec()));
        self
    }

    /// Leaves a member out.
    pub(crate) fn without(mut self, path: &str) -> Self {
        self.members.retain(|(name, _)| name != path);
        self
    }

    /// Adds the tag files that belong to the payload.
    pub(crate) fn tagged(mut self) -> Self {
        let payload: Vec<_> = self.members.iter().filter(|(path, _)| path.starts_with("data/")).cloned().collect();
        let octets: usize = payload.iter().map(|(_, bytes)| bytes.len()).sum();
        let manifest: String = payload.iter().map(|(path, bytes)| format!("{}  {path}\n", sha(bytes))).collect();
        let info = format!(
            "Bag-Software-Agent: chatseal 0.1.0\nBagging-Date: {}\nExternal-Identifier: {}\nPayload-Oxum: {octets}.{}\n",
            &self.spec.time[..10],
            self.spec.name,
            payload.len()
        );
        let salt = hex(&self.spec.salt) + "\n";
        let bagit = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n";
        for (path, text) in
            [("bagit.txt", bagit), ("bag-info.txt", &info), ("salt.txt", &salt), ("manifest-sha256.txt", &manifest)]
        {
            self.members.push((path.to_owned(), text.as_bytes().to_vec()));
        }
        self.listed()
    }

    /// Adds the tag manifest that belongs to the tag files.
    pub(crate) fn listed(mut self) -> Self {
        let tags = ["bag-info.txt", "bagit.txt", "manifest-sha256.txt", "salt.txt"];
        let text: String = tags.iter().map(|path| format!("{}  {path}\n", sha(self.get(path)))).collect();
        self.members.push(("tagmanifest-sha256.txt".to_owned(), text.into_bytes()));
        self
    }

    /// Adds the seal and its signatures.
    pub(crate) fn sealed(self) -> Self {
        let text = self.seal_text();
        self.sealed_as(&text)
    }

    /// Adds `text` as the seal, signed.
    pub(crate) fn sealed_as(mut self, text: &str) -> Self {
        let spec = &self.spec;
        let mut names = vec![text.lines().next().unwrap_or_default().to_owned()];
        names.extend(spec.number.map(|_| spec.origin.clone()));
        let note = spec.key.note(text, &names);
        let signature = spec.key.ssh(text.as_bytes(), &spec.namespace);
        for (path, text) in [("seal.txt", text), ("seal.txt.sig", &signature), ("seal.note", &note)] {
            self.members.push((path.to_owned(), text.as_bytes().to_vec()));
        }
        self
    }

    /// The text of the seal.
    pub(crate) fn seal_text(&self) -> String {
        let spec = &self.spec;
        let tag_manifest = sha(self.get("tagmanifest-sha256.txt"));
        let (first, ledger) = match spec.number {
            Some(number) => (format!("{}/{number:08}", spec.origin), format!("ledger {} {number}", spec.origin)),
            None => (format!("{}/x/{}", spec.origin, &tag_manifest[..32]), "ledger none".to_owned()),
        };
        let list = |path: &str| match self.get(path) {
            [] => "none".to_owned(),
            bytes => format!("sha256:{}", sha(format!("{}  {path}\n", sha(bytes)).as_bytes())),
        };
        let (records, _, exceptions) = spec.totals();
        let named = spec.named.as_ref().unwrap_or(&spec.key);
        [
            first,
            records.to_string(),
            STANDARD.encode(self.root()),
            "chatseal/v1".to_owned(),
            ledger,
            format!("previous {}", spec.previous.as_ref().map_or("none".to_owned(), |hash| format!("sha256:{hash}"))),
            format!("tagmanifest sha256:{tag_manifest}"),
            "window event 2023-11-01T00:00:00.000Z -".to_owned(),
            format!("source sha256:{}", sha(self.get("data/source.json"))),
            format!("policy {}", list("data/policy/001-policy.toml")),
            format!("holds {}", list("data/policy/001-holds.toml")),
            format!("counts records={records} files={} exceptions={exceptions}", spec.files.len()),
            format!("time {}", spec.time),
            format!("signer {}", named.fingerprint()),
            String::new(),
        ]
        .join("\n")
    }

    /// The root over the record lines, by the recursive definition of RFC 6962.
    pub(crate) fn root(&self) -> Vec<u8> {
        tree(&self.leaves())
    }

    /// The leaves of the record lines.
    pub(crate) fn leaves(&self) -> Vec<Vec<u8>> {
        let segments =
            self.members.iter().filter(|(path, bytes)| path.starts_with("data/records/") && !bytes.is_empty());
        let lines: Vec<&[u8]> =
            segments.flat_map(|(_, bytes)| bytes.strip_suffix(b"\n").unwrap_or(bytes).split(|b| *b == b'\n')).collect();
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.spec.salt);
        let leaf = |(i, line): (u64, &[u8])| {
            let salt = hmac::sign(&key, &i.to_be_bytes());
            digest(&SHA256, &[&[0], &salt.as_ref()[..16], line].concat()).as_ref().to_vec()
        };
        (0..).zip(lines).map(leaf).collect()
    }

    /// The members as they would lie in a zip.
    pub(crate) fn raw(&self) -> Vec<Raw> {
        self.members.iter().map(|(path, bytes)| Raw::new(&format!("{}/{path}", self.spec.name), bytes)).collect()
    }

    /// The zip of these members.
    pub(crate) fn zip(&self) -> Vec<u8> {
        zip(&self.raw())
    }
}

fn tree(leaves: &[Vec<u8>]) -> Vec<u8> {
    match leaves {
        [] => digest(&SHA256, b"").as_ref().to_vec(),
        [leaf] => leaf.clone(),
        _ => {
            let mut k = 1;
            while 2 * k < leaves.len() {
                k *= 2;
            }
            digest(&SHA256, &[&[1], &tree(&leaves[..k])[..], &tree(&leaves[k..])].concat()).as_ref().to_vec()
        }
    }
}

/// A record line.
pub(crate) fn line(kind: &str, id: &str, at: i64, data: &str) -> String {
    format!(r#"{{"kind":"{kind}","id":"{id}","at":{at},"data":{data}}}"#)
}

/// The name of the set that has this JSON array of holds.
pub(crate) fn set_name(array: &str) -> String {
    format!("set:{}", &sha(array.as_bytes())[..32])
}

/// SHA-256 in hex.
pub(crate) fn sha(bytes: &[u8]) -> String {
    hex(digest(&SHA256, bytes).as_ref())
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
