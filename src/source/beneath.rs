//! Opens a file below a folder, and nothing else.
//!
//! A path is checked when it is listed and opened later; in between, somebody may put a link or a pipe in its place. So
//! each part is opened from the folder before it, and no part may be a symbolic link; a pipe is not waited for, and what
//! is no regular file is refused.

use std::fs::File;
use std::io;

use rustix::fs::{Mode, OFlags, openat};

/// Opens `path` (parts divided by `/`, none of them empty, `.` or `..`) below `root` for reading.
pub fn open(root: &File, path: &str) -> io::Result<File> {
    let (folders, name) = path.rsplit_once('/').map_or((None, path), |(folders, name)| (Some(folders), name));
    let mut folder = root.try_clone()?;
    for part in folders.into_iter().flat_map(|folders| folders.split('/')) {
        folder = step(&folder, part, OFlags::DIRECTORY)?;
    }
    let file = step(&folder, name, OFlags::NONBLOCK | OFlags::NOCTTY)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::ErrorKind::InvalidInput.into()) }
}

fn step(folder: &File, part: &str, flags: OFlags) -> io::Result<File> {
    if matches!(part, "" | "." | "..") {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let flags = flags | OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(File::from(openat(folder, part, flags, Mode::empty())?))
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn neither_links_nor_pipes_nor_folders_are_opened() {
        let dir = tempfile::tempdir().unwrap();
        let at = |path: &str| dir.path().join(path);
        std::fs::create_dir_all(at("root/a/b")).unwrap();
        std::fs::write(at("root/a/b/file"), "inside").unwrap();
        std::fs::write(at("outside"), "outside").unwrap();
        symlink(at("outside"), at("root/a/link")).unwrap();
        symlink(at("root/a/b"), at("root/a/folder")).unwrap();
        symlink(dir.path(), at("root/up")).unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, at("root/pipe"), rustix::fs::FileType::Fifo, Mode::RWXU, 0).unwrap();
        let root = File::open(at("root")).unwrap();
        let mut text = String::new();
        open(&root, "a/b/file").unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "inside");
        for path in [
            "a/link",
            "a/folder/file",
            "up/outside",
            "pipe",
            "a/b",
            "a/missing",
            "../outside",
            "/etc/passwd",
            "",
            "a//b",
            "a/./b/file",
        ] {
            assert!(open(&root, path).is_err(), "{path}");
        }
    }
}
