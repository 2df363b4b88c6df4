//! A synthetic server, with rules and holds; everything follows from numbers.

use chatseal::policy::hold::{Act, Hold, HoldOrigin};
use chatseal::policy::rule::{
    ChannelType, Clock, Cutoff, Pattern, Period, Policy, Precedence, Rule, Scope, Then, ThreadRule,
};
use chatseal::policy::set::Set;
use chatseal::policy::subject::Post;
use chatseal::policy::world::World;
use chatseal::record::time::{Millis, Window};

pub(crate) const POSTS: u64 = 2_000_000;
pub(crate) const NOW: Millis = 1_795_250_000_000;
const USERS: u64 = 5_000;
const CHANNELS: u64 = 2_000;
const DAY: Millis = 86_400_000;

/// splitmix64.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        x ^ (x >> 31)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

/// An id of the server's spelling.
fn id(sort: u64, n: u64) -> [u8; 26] {
    const ALPHABET: &[u8; 32] = b"ybndrfg8ejkmcpqxot1uwisza345h769";
    let mut dice = Dice(sort << 56 | n);
    let mut id = [b'y'; 26];
    for chunk in id.chunks_mut(12) {
        let mut bits = dice.next();
        for letter in chunk {
            *letter = ALPHABET[(bits & 31) as usize];
            bits >>= 5;
        }
    }
    id
}

fn text(id: &[u8; 26]) -> &str {
    std::str::from_utf8(id).unwrap()
}

fn before(days: u64) -> Millis {
    NOW - DAY * i64::try_from(days).unwrap()
}

/// Post `n` of 2,000,000 over three years, a third of them replies; and whether something belongs to it.
pub(crate) fn post(n: u64, mut use_it: impl FnMut(&Post<'_>, bool)) {
    let mut dice = Dice(n);
    let is_reply = n % 3 == 2;
    let root = n - n % 3 - 3 * (dice.below(20)).min(n / 3);
    let channel = id(2, Dice(root).below(CHANNELS));
    let (own, root, user) = (id(4, n), id(4, root), id(3, dice.below(USERS)));
    let create_at = NOW - i64::try_from((POSTS - n) * 47_304).unwrap();
    let post = Post {
        id: text(&own),
        create_at,
        channel: text(&channel),
        user: text(&user),
        root: if is_reply { text(&root) } else { "" },
        is_pinned: Some(false),
        props: "{\"disable_group_highlight\":true}",
        message: "a message of ordinary length that says nothing in particular about the harbour",
        ..Post::default()
    };
    use_it(&post, n.is_multiple_of(5));
}

/// 1 team, 2,000 channels, 5,000 users who were each in 30 channels for a while.
pub(crate) fn tell_directory(world: &mut World) {
    let mut dice = Dice(1);
    let team = id(1, 0);
    world.add_team(text(&team), "ops");
    for n in 0..CHANNELS {
        let kind = [ChannelType::Open, ChannelType::Private][usize::from(n.is_multiple_of(3))];
        world.add_channel(text(&id(2, n)), text(&team), &format!("channel{n}"), kind, None);
    }
    for n in 0..USERS {
        let user = id(3, n);
        world.add_user(
            text(&user),
            &format!("user{n}"),
            "",
            "system_user",
            (n.is_multiple_of(9)).then_some(before(40)),
        );
        for _ in 0..30 {
            let from = before(dice.below(1_000) + 1);
            let until = (dice.below(3) > 0).then_some(from + DAY * 200);
            world.add_membership(text(&id(2, dice.below(CHANNELS))), text(&user), from, until);
        }
    }
}

/// 50 rules: for all, for groups of channels, for users, for webhooks; half of them cover a third of the posts or more.
/// 200 holds of 20 custodians each, some with a window, channels or keywords.
pub(crate) fn set() -> Set {
    let rules = (0..50).map(rule).collect();
    let policy = Policy {
        id: "bench".into(),
        title: String::new(),
        about: String::new(),
        citation: String::new(),
        review: None,
        precedence: Precedence::LongestMinimum,
        rules,
    };
    Set { policies: vec![policy], holds: (0..200).map(hold).collect() }
}

fn patterns(texts: &[String]) -> Vec<Pattern> {
    texts.iter().cloned().map(Pattern).collect()
}

fn rule(n: u32) -> Rule {
    let digit = n % 10;
    let scope = match n % 6 {
        0 if n == 0 => Scope::default(),
        0 => Scope { channels: patterns(&[format!("ops/channel{digit}*")]), ..Scope::default() },
        1 => Scope { users: patterns(&[format!("user{digit}*")]), ..Scope::default() },
        2 => Scope {
            channel_types: vec![ChannelType::Private],
            users: patterns(&[format!("*{digit}")]),
            ..Scope::default()
        },
        3 => Scope { kinds: patterns(&["audit".into(), "session".into()]), ..Scope::default() },
        4 => Scope { props: patterns(&["from_webhook".into()]), ..Scope::default() },
        _ => Scope { channels: patterns(&[format!("ops/channel{n}"), format!("ops/channel{n}1")]), ..Scope::default() },
    };
    Rule {
        id: format!("bench/rule{n:02}"),
        title: String::new(),
        scope,
        except: None,
        clock: [Clock::Created, Clock::Created, Clock::LastEdit, Clock::UserLeft][(n % 4) as usize],
        cutoff: if n.is_multiple_of(7) { Cutoff::YearEnd { month: 1, day: 1 } } else { Cutoff::Clock },
        keep_for: (n.is_multiple_of(2)).then_some(Period::Months(n)),
        dispose_after: (!n.is_multiple_of(3)).then_some(Period::Months(12 + n)),
        then: Then::Dispose,
        thread: ThreadRule::Newest,
        keeps_pinned: n.is_multiple_of(5),
        files: None,
    }
}

fn hold(n: u64) -> Hold {
    let mut dice = Dice(n << 32);
    Hold {
        id: format!("hold{n:03}"),
        matter: "bench".into(),
        origin: HoldOrigin::File,
        everything: false,
        users: (0..20).map(|_| format!("user{}", dice.below(USERS))).collect(),
        groups: Vec::new(),
        channels: if n.is_multiple_of(10) { patterns(&[format!("ops/channel{n}")]) } else { Vec::new() },
        teams: Vec::new(),
        keywords: if n.is_multiple_of(8) {
            vec![format!("project {n}"), "particular matter".into()]
        } else {
            Vec::new()
        },
        includes_open_channels: true,
        window: Window {
            from: (n.is_multiple_of(2)).then_some(before(700)),
            until: (n.is_multiple_of(4)).then_some(before(100)),
        },
        issued: Act { by: "bench".into(), at: 0, why: String::new(), approved_by: Vec::new() },
        released: None,
    }
}
