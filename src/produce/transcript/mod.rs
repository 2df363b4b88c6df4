//! The transcript: an archive as a folder of pages that opens from disk in any browser, without network or server.
//!
//! ```text
//!  records ──▶ gather ──▶ pages ──▶ channels/…/N.html     one post after the other, threads below their first post
//!              (sorted     (drawn      └──▶ search/…      an index in small scripts, loaded as they are needed
//!               passes)    side by side)
//! ```
//!
//! Begin with `gather` (how what belongs together comes together), then `pages` (how pages are cut and drawn) and
//! `post` (what a post looks like); `search` describes the index.
//!
//! Invariants: what anybody wrote is text, never markup, script, style or a request; every page forbids all else by its own
//! policy (`frame`). Nothing leads out of the folder. Memory grows with the directory, not with posts. The same
//! archive, scope, zone and time give the same bytes.

mod about;
pub(super) mod alone;
mod attached;
mod audience;
mod bundle;
mod cards;
mod emoji;
pub(in crate::produce) mod escape;
mod face;
mod frame;
mod gather;
mod home;
mod inline;
mod markdown;
mod naming;
mod pages;
mod post;
mod search;
mod stored;
mod system;
mod versions;

pub(in crate::produce) use frame::POLICY;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use self::frame::{Depth, Origin};
use self::home::{Extent, Facts};
use self::naming::Naming;
use self::pages::Making;
use self::stored::Stored;
use super::{Files, Folder, Made, ProduceError, Replaced, Work, Zone, zone};
use crate::archive::walk::{Walk, WalkError};
use crate::record::fields::{Head, characters, plain};
use crate::record::id::unhex;

/// Files that every transcript has, as they are.
const ASSETS: [(&str, &str); 3] = [
    ("assets/transcript.css", include_str!("assets/transcript.css")),
    ("assets/transcript.js", include_str!("assets/transcript.js")),
    ("assets/search.js", include_str!("assets/search.js")),
];

/// What a transcript holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    /// Posts, replies included, earlier versions not.
    posts: u64,
    /// Channels, those without posts included.
    channels: u64,
    /// Pages of posts.
    pages: u64,
    /// Posts of which only an earlier version is left.
    only_earlier: u64,
    /// Reactions and the like that belong to no post of the archive, and so stand nowhere.
    without_post: u64,
}

/// Makes the transcript in `folder`.
pub fn make(
    zone: Zone,
    work: &Work<'_>,
    files: &Files,
    folder: &Folder,
    replaced: &mut Replaced,
) -> Result<Made, ProduceError> {
    let progress = work.progress;
    let stored = Stored::new(work.sealed.archive, folder, progress);
    let mut naming = Naming::new(work.directory, work.scope);
    read_emoji(work, &stored, &mut naming)?;
    let gathered = gather::gather(work, &mut naming, folder)?;
    let audiences = audience::Audiences::read(work, &mut naming)?;
    progress.phase("drawing pages");
    let origin = origin(work, zone);
    for (path, text) in ASSETS {
        folder.write(path, text.as_bytes())?;
    }
    folder.write("assets/print.css", frame::print_style(&origin).as_bytes())?;
    let making =
        Making { work, folder, naming: &naming, files, stored: &stored, audiences: &audiences, origin: &origin };
    let mut index = search::Index::new(folder);
    let (pages, by_person) = pages::write(&making, gathered.bundles, &mut index, replaced)?;
    let extents = write_about(&making, &pages)?;
    let sizes: Vec<(u64, u64)> = extents.iter().map(|extent| (extent.pages, extent.posts)).collect();
    index.finish(&naming, &sizes, zone.name())?;
    let counts = Counts {
        posts: extents.iter().map(|extent| extent.posts).sum(),
        channels: extents.len() as u64,
        pages: pages.len() as u64,
        only_earlier: gathered.only_earlier,
        without_post: gathered.without_post,
    };
    home::write(&making, &extents, &facts(work, &origin, &counts))?;
    home::write_people(&making, &by_person)?;
    write_search(&making)?;
    let mut remarks = vec!["open index.html in any browser; nothing is fetched from a network".to_owned()];
    if counts.without_post > 0 {
        remarks.push(format!(
            "{} reactions and the like belong to posts that are not in the archive, and are not shown",
            counts.without_post
        ));
    }
    remarks.extend(files.remark(None));
    Ok(Made {
        counts: vec![
            ("posts", counts.posts),
            ("channels", counts.channels),
            ("pages", counts.pages),
            ("only-earlier", counts.only_earlier),
            ("without-post", counts.without_post),
        ],
        remarks,
        posts: None,
    })
}

/// Writes the pages about all channels, and the pages of channels without posts.
fn write_about(making: &Making<'_>, pages: &[pages::Written]) -> Result<Vec<Extent>, ProduceError> {
    let mut extents = Vec::with_capacity(making.naming.channels().len());
    let mut rest = pages;
    for rank in 0..making.naming.channels().len() {
        let (own, others) = rest.split_at(rest.partition_point(|page| page.channel <= rank));
        about::write(making, rank, own)?;
        extents.push(Extent::of(own));
        rest = others;
    }
    Ok(extents)
}

fn origin(work: &Work<'_>, zone: Zone) -> Origin {
    let mut made = String::new();
    zone::push_utc(&mut made, work.time);
    Origin {
        case: work.sealed.bag().to_owned(),
        scope: work.scope.words().join("; "),
        seal: work.sealed.digest(),
        root: STANDARD.encode(work.sealed.seal.root),
        standing: work.sealed.standing.words(),
        made,
        zone,
    }
}

/// What the first page says of where the transcript comes from.
fn facts(work: &Work<'_>, origin: &Origin, counts: &Counts) -> Facts {
    let seal = &work.sealed.seal;
    let mut sealed = String::new();
    zone::push_utc(&mut sealed, seal.time);
    let mut rows = vec![
        ("archive", format!("{} · {}", origin.case, origin.standing)),
        ("seal", origin.seal.clone()),
        ("root", origin.root.clone()),
        ("sealed", format!("{sealed} by {}", seal.fingerprint())),
    ];
    rows.push((
        "chosen",
        if origin.scope.is_empty() { "everything in the archive".to_owned() } else { origin.scope.clone() },
    ));
    rows.push(("posts", format!("{} in {} channels, on {} pages", counts.posts, counts.channels, counts.pages)));
    if counts.only_earlier > 0 {
        rows.push(("purged", format!("{} posts of which only an earlier version is left", counts.only_earlier)));
    }
    if counts.without_post > 0 {
        rows.push((
            "not shown",
            format!("{} reactions and the like whose post is not in the archive", counts.without_post),
        ));
    }
    rows.push(("times", origin.zone.name().to_owned()));
    Facts { rows }
}

/// Custom emoji with a picture in the archive.
fn read_emoji(work: &Work<'_>, stored: &Stored<'_>, naming: &mut Naming) -> Result<(), ProduceError> {
    let walk = Walk::new(work.sealed.archive, work.progress)?.kinds(|kind| kind == "emoji");
    let mut found = Vec::new();
    walk.for_each_segment(
        |segment| {
            let emoji = |line| {
                let [name, digest] = Head::of(line, "emoji").pick(["name", "content_sha256"]);
                Some((characters(name?).into_owned(), unhex(plain(digest))?))
            };
            segment.lines().filter_map(|(_, line)| emoji(line)).collect::<Vec<_>>()
        },
        |emoji| {
            found.extend(emoji);
            Ok::<_, WalkError>(())
        },
    )?;
    for (name, digest) in found {
        let copied = stored.file(&digest, &name)?;
        if copied.is_picture {
            naming.add_emoji(&name, copied.path);
        }
    }
    Ok(())
}

/// The page that searches; `search.js` does what it does.
fn write_search(making: &Making<'_>) -> Result<(), ProduceError> {
    let mut out = String::new();
    frame::begin(&mut out, making.origin, Depth::Top, "Search", &["search.js"]);
    frame::bar(&mut out, making.origin, Depth::Top, "");
    out.push_str(include_str!("assets/search.html"));
    frame::end(&mut out, making.origin);
    making.folder.write("search.html", out.as_bytes())?;
    Ok(())
}
