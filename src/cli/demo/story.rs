//! The built-in data: an invented harbour authority, the night its radar froze.
//!
//! A bulk export as Mattermost 11 writes it, unpacked: four teams, people who write English, German, Arabic and
//! Japanese, edits, threads, reactions, alarms posted by machines, an archived channel that turns out to matter, the
//! account of somebody who has left, direct messages, and one attachment that was posted twice.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// The export among the files of the story.
pub(super) const EXPORT: &str = "harbour.jsonl";

macro_rules! story {
    ($($path:literal,)*) => {
        &[$(($path, include_bytes!(concat!("../../../fixtures/demo/", $path)))),*]
    };
}

/// Every file of the story: its path from the folder that it is written to, and its bytes.
const FILES: &[(&str, &[u8])] = story![
    "harbour.jsonl",
    "data/20261002/teams/ywwb1gkdm1c7rpxtembmkahwi8/channels/3b5qk59qzauusd5twdsktnyctr/users/tonbczged34wg4cebinewt1dg1/8isecu1r8indiuk9fwydbr77ca/CHG-0417-plan.md",
    "data/20261014/teams/34nebqn4rennisx5we1b6ph14c/channels/i619c1ofm9sgb454kaai1emuyx/users/khswbor48gnexg5kidknbdcbtp/qiw4wtqage6jeubmxzw9kuwg1f/Kran4-6_Störmeldungen.csv",
    "data/20261014/teams/nocyngqbeawbi8dyg8ep3t5tg6/channels/ok6attfqis5igm1icmychbeydq/users/tnkzff7bq61pocky471rke4hsp/u1z9p9e6yz4w6rpx3xppf3q7a3/خطة-الرسو-المعدلة.txt",
    "data/20261014/teams/noteam/channels/h77a5odwx5giq4fof7dy1n858j/users/fcd7h73cgzf3f4ecf85wgrjbk6/gkc5fxh166rpfjsu9sm7nmhtip/times_ingrid.md",
    "data/20261014/teams/w3hx94ycs5a4ebb7xn4jra5b6k/channels/swnmuregpb8knhn8awoyd4wwwx/users/rpik9s3xd94otoipoo3tgi8icp/6rsq39q5b5sa8jwed37jm8b4hs/igmp-counters.csv",
    "data/20261014/teams/w3hx94ycs5a4ebb7xn4jra5b6k/channels/swnmuregpb8knhn8awoyd4wwwx/users/rpik9s3xd94otoipoo3tgi8icp/h87e99cah6gzeyb61pnm9rm6m9/sw-quay-core-1_syslog.txt",
    "data/20261014/teams/w3hx94ycs5a4ebb7xn4jra5b6k/channels/tyrrxyeqosebyxhtphgiuaukt9/users/yh5dfrzpfd4ehrgijjuskdh5cj/pd1rmha37kb1wm1ie6yukr5gfu/console-2_frozen.png",
    "data/20261014/teams/ywwb1gkdm1c7rpxtembmkahwi8/channels/3mbntemcexezwq3nae5uo164pi/users/rpik9s3xd94otoipoo3tgi8icp/acmkax45q1q7qsmhba19fuw99c/igmp-counters.csv",
    "data/emoji/ajx5iy4msstf6eg9pbtxq168ek/image",
    "data/users/fcd7h73cgzf3f4ecf85wgrjbk6/profile.png",
];

/// Writes the story into `dir`; nothing may stand there under the same names.
pub(super) fn write(dir: &Path) -> io::Result<()> {
    for (path, bytes) in FILES {
        let path = dir.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        OpenOptions::new().write(true).create_new(true).open(path)?.write_all(bytes)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::path::PathBuf;

    fn files_below(folder: &Path, found: &mut BTreeSet<PathBuf>) {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                files_below(&path, found);
            } else {
                found.insert(path);
            }
        }
    }

    #[test]
    fn every_file_of_the_story_is_built_in() {
        let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/demo");
        let mut found = BTreeSet::new();
        files_below(&top, &mut found);
        let built_in: BTreeSet<PathBuf> = FILES.iter().map(|(path, _)| top.join(path)).collect();
        assert_eq!(built_in, found);
        assert!(FILES.iter().any(|(path, _)| *path == EXPORT));
    }

    #[test]
    fn the_story_can_be_read_as_an_export_and_names_every_file() {
        let (_, export) = FILES.iter().find(|(path, _)| *path == EXPORT).unwrap();
        let export = std::str::from_utf8(export).unwrap();
        for (index, line) in export.lines().enumerate() {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            let kind = value["type"].as_str().unwrap();
            assert_eq!(kind == "version", index == 0);
            assert!(kind == "version" || value[kind].is_object(), "line {}", index + 1);
        }
        for (path, _) in FILES.iter().filter(|(path, _)| *path != EXPORT) {
            let name = path.strip_prefix("data/").unwrap();
            assert!(export.contains(&format!("\"{name}\"")), "no line names {name}");
        }
    }

    #[test]
    fn writing_twice_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path()).unwrap();
        assert_eq!(write(dir.path()).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    }
}
