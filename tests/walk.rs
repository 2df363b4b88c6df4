//! Segments are read side by side and handed on in order, only those that are wanted, and never a damaged one.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use chatseal::archive::reader::{Archive, Opening};
use chatseal::archive::walk::{AHEAD, Walk, WalkError};
use chatseal::progress::Progress;

use crate::bag::{Bag, Spec, line, zip};

/// A server, and thirty segments of posts: segment n holds 40 posts from n seconds on.
fn spec() -> Spec {
    let posts = |segment: i64| {
        let post = |i: i64| {
            let message = format!("{{\"message\":\"{}\"}}", "the pump stands still ".repeat(8));
            line("post", &format!("p{segment:02}x{i:02}"), segment * 1000 + i, &message)
        };
        ("post".to_owned(), (0..40).map(post).collect())
    };
    let server = ("server".to_owned(), vec![line("server", "version", 0, "{\"value\":\"11.6.0\"}")]);
    Spec { segments: std::iter::once(server).chain((0..30).map(posts)).collect(), files: Vec::new(), ..Spec::small() }
}

fn open(bytes: &[u8]) -> Archive {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    Opening::read(file.path()).unwrap().archive.unwrap()
}

fn sealed(bag: Bag) -> Archive {
    open(&zip(&bag.tagged().sealed().raw()))
}

fn pool(threads: usize) -> rayon::ThreadPool {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap()
}

/// All lines with their indices, as they are handed on.
fn lines(walk: &Walk<'_>) -> Result<Vec<(u64, String)>, WalkError> {
    let mut all = Vec::new();
    let owned = |(index, line): (u64, &[u8])| (index, String::from_utf8(line.to_vec()).unwrap());
    walk.for_each_segment(
        |segment| segment.lines().map(owned).collect::<Vec<_>>(),
        |part| {
            all.extend(part);
            Ok::<_, WalkError>(())
        },
    )?;
    Ok(all)
}

#[test]
fn every_line_comes_once_in_archive_order_for_any_number_of_threads() {
    let spec = spec();
    let expected: Vec<_> = (0..).zip(spec.segments.iter().flat_map(|(_, lines)| lines.clone())).collect();
    let archive = open(&spec.zip());
    let progress = Progress::silent();
    let walk = Walk::new(&archive, &progress).unwrap();
    for threads in [1, 2, 7] {
        assert_eq!(pool(threads).install(|| lines(&walk)).unwrap(), expected, "{threads} threads");
    }
    // Outside of any pool too.
    assert_eq!(lines(&walk).unwrap(), expected);
    assert_eq!(progress.snapshot().done, 4 * walk.bytes());
}

#[test]
fn kinds_and_times_choose_segments() {
    let archive = open(&spec().zip());
    let progress = Progress::silent();
    let numbers = |walk: Walk<'_>| walk.rows().iter().map(|row| row.number).collect::<Vec<_>>();
    let posts = || Walk::new(&archive, &progress).unwrap().kinds(|kind| kind == "post");
    assert_eq!(numbers(posts()), (2..=31).collect::<Vec<_>>());
    // Segment 2 + n holds the times n * 1000 to n * 1000 + 39.
    assert_eq!(numbers(posts().between(Some(3039), Some(5000))), [5, 6]);
    assert_eq!(numbers(posts().between(Some(3040), Some(5001))), [6, 7]);
    assert!(numbers(posts().between(None, Some(0))).is_empty());
    assert!(numbers(posts().between(Some(29_040), None)).is_empty());
    assert_eq!(lines(&posts().between(Some(3040), Some(5000))).unwrap().len(), 40);
}

#[test]
fn no_more_is_read_than_is_taken() {
    let archive = open(&spec().zip());
    let progress = Progress::silent();
    let walk = Walk::new(&archive, &progress).unwrap();
    let (read, mut taken) = (AtomicUsize::new(0), 0);
    pool(2).install(|| {
        let result: Result<(), WalkError> = walk.for_each_segment(
            |_| read.fetch_add(1, Ordering::SeqCst),
            |_| {
                taken += 1;
                let ahead = read.load(Ordering::SeqCst) - taken;
                assert!(ahead <= 2 * AHEAD, "{ahead} segments ahead");
                Ok(())
            },
        );
        result.unwrap();
    });
    assert_eq!((taken, read.into_inner()), (31, 31));
}

#[test]
fn whoever_takes_can_end_the_walk_and_so_can_the_flag() {
    let archive = open(&spec().zip());
    let stop = Arc::new(AtomicBool::new(false));
    let progress = Progress::new(Arc::clone(&stop));
    let walk = Walk::new(&archive, &progress).unwrap();
    let mut taken = 0;
    let ended = walk.for_each_segment(
        |segment| segment.row.number,
        |number| {
            taken += 1;
            if number == 3 { Err(WalkError::Unlisted { member: "enough".into() }) } else { Ok(()) }
        },
    );
    assert!(matches!(ended, Err(WalkError::Unlisted { .. })) && taken == 3);
    stop.store(true, Ordering::Relaxed);
    assert!(matches!(lines(&walk), Err(WalkError::Interrupted(_))));
}

#[test]
fn damage_is_named_and_ends_the_walk() {
    let mut raw = spec().bag().tagged().sealed().raw();
    let member = raw.iter_mut().find(|member| member.path.ends_with(b"000007-post.jsonl")).unwrap();
    let middle = member.stored.len() / 2;
    member.stored[middle] ^= 1;
    let archive = open(&zip(&raw));
    let progress = Progress::silent();
    let walk = Walk::new(&archive, &progress).unwrap();
    let error = lines(&walk).unwrap_err();
    assert!(matches!(&error, WalkError::Damaged { member, .. } if member.ends_with("000007-post.jsonl")), "{error}");
}

#[test]
fn a_table_that_does_not_name_the_segments_is_refused() {
    let table = "data/segments.csv";
    let row = "data/records/000001-server.jsonl,server,0,1,";
    let progress = Progress::silent();
    for (from, to) in [(row, "data/records/000001-team.jsonl,team,0,1,"), ("first_at,", "")] {
        let archive = sealed(spec().bag().replace(table, from, to));
        let error = Walk::new(&archive, &progress).unwrap_err();
        assert!(error.to_string().contains(table), "{error}");
    }
    let archive = sealed(spec().bag().insert("data/records/000031-post.jsonl", "data/records/000032-post.jsonl", b""));
    let error = Walk::new(&archive, &progress).unwrap_err();
    assert!(matches!(&error, WalkError::Unlisted { member } if member.ends_with("000032-post.jsonl")), "{error}");
    let cut = spec().bag().without("data/records/000031-post.jsonl");
    assert!(matches!(Walk::new(&sealed(cut), &progress), Err(WalkError::Unlisted { .. })));
}
