//! What a decision costs, in time of the processor: 2,000,000 posts and what belongs to them, 50 rules, 200 holds of 20 custodians each, in a
//! server of 5,000 users and 2,000 channels.
//!
//! ```text
//! cargo bench --bench policy
//! ```

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods, reason = "a bench prints and stops")]

mod server;

use chatseal::policy::decision::Disposition;
use chatseal::policy::evaluator::Evaluator;
use chatseal::policy::subject::{PostOf, Subject, Times};
use chatseal::policy::world::World;
use server::{Dice, NOW, POSTS, post, set, tell_directory};

fn main() {
    let started = cpu();
    let mut world = World::new(set());
    tell_directory(&mut world);
    said("directory told", started, 1);

    let started = cpu();
    for n in 0..POSTS {
        post(n, |post, item| {
            if !post.root.is_empty() {
                world.name_post(post.root);
            }
            if item {
                world.name_post(post.id);
            }
        });
    }
    said("naming posts, each", started, POSTS);
    let started = cpu();
    for n in 0..POSTS {
        post(n, |post, _| world.see_post(post));
    }
    said("seeing posts, each", started, POSTS);
    let started = cpu();
    let (evaluator, unknown) = Evaluator::new(world, NOW);
    assert!(unknown.is_empty(), "{unknown:?}");
    said("working out sets", started, 1);

    let making = in_parts("making posts up", |n| {
        post(n, |post, _| {
            std::hint::black_box(post);
        });
    });
    let (mut held, mut due, mut ruled) = (0, 0, 0);
    let all = in_parts("making posts up and deciding on them", |n| {
        post(n, |post, _| {
            let users = [post.user];
            let subject = Subject {
                kind: "post",
                id: post.id,
                at: post.create_at,
                times: Times::Always,
                team: None,
                channel: Some(post.channel),
                users: &users,
                run: None,
                post: PostOf::Itself(*post),
                server_time: None,
            };
            let decision = evaluator.decide(std::hint::black_box(&subject));
            held += u64::from(!decision.holds.is_empty());
            due += u64::from(decision.disposition != Disposition::Keep);
            ruled += u64::from(decision.rule.is_some());
        });
    });
    println!("a decision on a post: {} ns; {ruled} by a rule, {held} on hold, {due} due", all.saturating_sub(making));

    let mut dice = Dice(5);
    let mut ids = Vec::new();
    for n in 0..POSTS {
        post(n, |post, item| {
            if item {
                ids.push(post.id.to_owned());
            }
        });
    }
    let mut kept = 0;
    in_parts("a decision on a reaction, in random order", |_| {
        let id = &ids[usize::try_from(dice.below(ids.len() as u64)).unwrap()];
        let subject = Subject {
            kind: "reaction",
            id: "x",
            at: NOW - 5,
            times: Times::At(&[NOW - 5]),
            team: None,
            channel: None,
            users: &["user"],
            run: None,
            post: PostOf::Of(id),
            server_time: None,
        };
        kept += u64::from(evaluator.decide(&subject).disposition == Disposition::Keep);
    });
    println!("{kept} of them kept");
}

/// Does something for each post, in twenty parts; the median of their times, and the least, when nobody else was at the
/// caches.
fn in_parts(what: &str, mut each: impl FnMut(u64)) -> u64 {
    let size = POSTS / 20;
    let mut parts: Vec<u64> = (0..20)
        .map(|part| {
            let started = cpu();
            (part * size..(part + 1) * size).for_each(&mut each);
            cpu().saturating_sub(started) / size
        })
        .collect();
    parts.sort_unstable();
    println!("{what}: {} ns each, {} in the quickest part", parts[10], parts[0]);
    parts[10]
}

/// Nanoseconds that this thread has run: other work of the machine does not count.
fn cpu() -> u64 {
    let spent = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    spent.split(' ').next().unwrap().parse().unwrap()
}

fn said(what: &str, started: u64, times: u64) -> u64 {
    let taken = cpu().saturating_sub(started) / times;
    println!("{what}: {taken} ns");
    taken
}
