//! The Merkle tree of RFC 6962 (= RFC 9162, section 2.1) over SHA-256.
//!
//! Why it is here and not a crate: it is what the product *is*, it is small, and it must run on `ring` alone. The
//! tests hold it against the published vectors of Certificate Transparency and against two independent
//! implementations.
//!
//! Invariant: merging the ranges of any way to cut the leaves gives the same nodes, so segments are hashed on all cores
//! and merged afterwards ([`CompactRange::append`] is associative). Memory is O(log n) per range.
//!
//! It refuses to know what a leaf means: salts, lines and seals belong to `archive`.

use ring::digest::{Context, SHA256, digest};

/// Bytes that SHA-256 takes in at once.
pub const BLOCK: usize = 64;

/// A SHA-256 digest: a leaf, a node or a root.
pub type Hash = [u8; 32];

/// Two ranges that were to be joined do not touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a range that begins at leaf {expected}, found one that begins at leaf {found}")]
pub struct NotAdjacent {
    /// Where the left range ends.
    pub expected: u64,
    /// Where the right range begins.
    pub found: u64,
}

/// Hash of a leaf: SHA-256(0x00 ‖ parts…), RFC 6962 section 2.1.
///
/// `between` is called after each of its blocks. Every step of SHA-256 waits for the one before, so a processor makes
/// two digests by turns in less time than one after the other.
pub fn leaf_hash(parts: &[&[u8]], mut between: impl FnMut()) -> Hash {
    let mut context = Context::new(&SHA256);
    context.update(&[0]);
    let mut length = 1;
    for part in parts {
        let (end_of_block, blocks) = part.split_at(part.len().min(BLOCK - length % BLOCK));
        context.update(end_of_block);
        between();
        for block in blocks.chunks(BLOCK) {
            context.update(block);
            between();
        }
        length += part.len();
    }
    bytes(context.finish().as_ref())
}

/// Hash of an inner node: SHA-256(0x01 ‖ left ‖ right), RFC 6962 section 2.1.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut message = [1_u8; 65];
    message[1..33].copy_from_slice(left);
    message[33..].copy_from_slice(right);
    bytes(digest(&SHA256, &message).as_ref())
}

/// Root of the tree without leaves: SHA-256 of nothing, RFC 6962 section 2.1.
pub fn empty_root() -> Hash {
    bytes(digest(&SHA256, b"").as_ref())
}

/// A digest of `ring`, which is 32 bytes for SHA-256, as an array.
fn bytes(digest: &[u8]) -> Hash {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest);
    hash
}

/// The fewest perfect subtrees that cover the leaves `begin..end`, left to right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompactRange {
    begin: u64,
    end: u64,
    nodes: Vec<Hash>,
}

impl CompactRange {
    /// The empty range at leaf `begin`.
    pub fn new(begin: u64) -> Self {
        Self { begin, end: begin, nodes: Vec::new() }
    }

    /// Index of the first leaf covered.
    pub fn begin(&self) -> u64 {
        self.begin
    }

    /// Index of the first leaf not covered.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Hashes of the covering subtrees, left to right.
    pub fn nodes(&self) -> &[Hash] {
        &self.nodes
    }

    /// Adds the next leaf.
    pub fn push(&mut self, leaf: Hash) {
        self.push_node(0, leaf);
    }

    /// Adds the perfect subtree of 2^`level` leaves that begins at `self.end`, which is a multiple of 2^`level`.
    ///
    /// While the subtree is a right child whose sibling is covered too, that sibling is exactly the last node: a larger
    /// subtree would have to begin at a multiple of twice its size.
    fn push_node(&mut self, mut level: u32, mut hash: Hash) {
        let mut start = self.end;
        self.end += 1 << level;
        while start >> level & 1 == 1 && start - (1 << level) >= self.begin {
            let Some(left) = self.nodes.pop() else { break };
            hash = node_hash(&left, &hash);
            start -= 1 << level;
            level += 1;
        }
        self.nodes.push(hash);
    }

    /// Joins the range that begins where this one ends.
    pub fn append(&mut self, right: &Self) -> Result<(), NotAdjacent> {
        if right.begin != self.end {
            return Err(NotAdjacent { expected: self.end, found: right.begin });
        }
        let mut start = right.begin;
        for node in &right.nodes {
            let level = level_of_first(start, right.end);
            self.push_node(level, *node);
            start += 1 << level;
        }
        Ok(())
    }

    /// Root of the tree whose leaves these are; `None` if the range does not begin at leaf 0.
    pub fn root(&self) -> Option<Hash> {
        if self.begin != 0 {
            return None;
        }
        let mut nodes = self.nodes.iter().rev();
        let Some(last) = nodes.next() else { return Some(empty_root()) };
        Some(nodes.fold(*last, |right, left| node_hash(left, &right)))
    }
}

/// Level of the leftmost of the subtrees that cover `begin..end`, which is not empty.
fn level_of_first(begin: u64, end: u64) -> u32 {
    let fits = (end - begin).ilog2();
    begin.trailing_zeros().min(fits)
}

/// Root over leaf hashes that are all at hand.
pub fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node_hash(&root(left), &root(right))
        }
    }
}

/// Largest power of two below `size`, which is at least 2.
fn split(size: usize) -> usize {
    1 << (size - 1).ilog2()
}

/// Siblings on the way from leaf `index` up to the root (RFC 9162 section 2.1.3.1); `None` if there is no such leaf.
pub fn inclusion_proof(index: usize, leaves: &[Hash]) -> Option<Vec<Hash>> {
    if index >= leaves.len() {
        return None;
    }
    let (mut tree, mut index, mut proof) = (leaves, index, Vec::new());
    while tree.len() > 1 {
        let (left, right) = tree.split_at(split(tree.len()));
        if index < left.len() {
            proof.push(root(right));
            tree = left;
        } else {
            proof.push(root(left));
            index -= left.len();
            tree = right;
        }
    }
    proof.reverse();
    Some(proof)
}

/// Whether `proof` shows that leaf `index` of the tree of `size` leaves with that `root` is `leaf`
/// (RFC 9162 section 2.1.3.2).
pub fn check_inclusion(index: u64, size: u64, leaf: &Hash, proof: &[Hash], root: &Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut node, mut last, mut hash) = (index, size - 1, *leaf);
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            // A right border node without a sibling moves up unchanged.
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

/// Hashes showing that the tree of the first `old` leaves is a prefix of this one (RFC 9162 section 2.1.4.1);
/// `None` unless 0 < `old` ≤ number of leaves.
pub fn consistency_proof(old: usize, leaves: &[Hash]) -> Option<Vec<Hash>> {
    if old == 0 || old > leaves.len() {
        return None;
    }
    let (mut tree, mut old, mut whole, mut proof) = (leaves, old, true, Vec::new());
    while old < tree.len() {
        let (left, right) = tree.split_at(split(tree.len()));
        if old <= left.len() {
            proof.push(root(right));
            tree = left;
        } else {
            proof.push(root(left));
            old -= left.len();
            tree = right;
            whole = false;
        }
    }
    // The old root itself is known to whoever checks.
    if !whole {
        proof.push(root(tree));
    }
    proof.reverse();
    Some(proof)
}

/// Whether `proof` shows that the tree of `old` leaves with `old_root` is a prefix of the tree of `new` leaves with
/// `new_root` (RFC 9162 section 2.1.4.2). Sizes of 0 prove nothing and are refused.
pub fn check_consistency(old: u64, new: u64, old_root: &Hash, new_root: &Hash, proof: &[Hash]) -> bool {
    if old == 0 || old > new {
        return false;
    }
    if old == new {
        return proof.is_empty() && old_root == new_root;
    }
    let (mut node, mut last) = (old - 1, new - 1);
    while node & 1 == 1 {
        node >>= 1;
        last >>= 1;
    }
    // When `old` is a power of two, its root is the first node of the way up and is not sent.
    let (first, rest) = if old.is_power_of_two() {
        (*old_root, proof)
    } else {
        let Some((first, rest)) = proof.split_first() else { return false };
        (*first, rest)
    };
    let (mut old_hash, mut new_hash) = (first, first);
    for sibling in rest {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            old_hash = node_hash(sibling, &old_hash);
            new_hash = node_hash(sibling, &new_hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            new_hash = node_hash(&new_hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && old_hash == *old_root && new_hash == *new_root
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::id::{hex, unhex};

    /// The leaves of the reference tests of Certificate Transparency.
    const LEAVES: [&[u8]; 8] = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];

    const ROOTS: [&str; 8] = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    const A: &str = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7";
    const B: &str = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e";
    const C: &str = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4";
    const D: &str = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b";
    const E: &str = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0";
    const F: &str = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a";

    fn published() -> Vec<Hash> {
        LEAVES.iter().map(|leaf| leaf_hash(&[leaf], || ())).collect()
    }

    fn numbered(size: usize) -> Vec<Hash> {
        (0..size).map(|i| leaf_hash(&[b"leaf ", i.to_string().as_bytes()], || ())).collect()
    }

    fn hashes(texts: &[&str]) -> Vec<Hash> {
        texts.iter().map(|text| unhex(text).unwrap()).collect()
    }

    /// The definition of RFC 6962 section 2.1, from leaf data, sharing nothing with the code above but the digest.
    fn naive(data: &[Vec<u8>]) -> Vec<u8> {
        let sha = |parts: &[&[u8]]| digest(&SHA256, &parts.concat()).as_ref().to_vec();
        match data {
            [] => sha(&[]),
            [one] => sha(&[&[0], one]),
            _ => {
                let mut k = 1;
                while k * 2 < data.len() {
                    k *= 2;
                }
                sha(&[&[1], &naive(&data[..k]), &naive(&data[k..])])
            }
        }
    }

    #[test]
    fn published_roots() {
        let leaves = published();
        let mut range = CompactRange::new(0);
        assert_eq!(hex(&empty_root()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_eq!(range.root(), Some(empty_root()));
        for (size, expected) in (1..).zip(ROOTS) {
            range.push(leaves[size - 1]);
            assert_eq!(hex(&range.root().unwrap()), expected, "size {size}");
            assert_eq!(hex(&root(&leaves[..size])), expected, "size {size}");
        }
    }

    #[test]
    fn published_inclusion_proofs() {
        let leaves = published();
        let cases: [(usize, usize, &[&str]); 5] = [
            (0, 1, &[]),
            (0, 8, &[A, B, C]),
            (5, 8, &[D, E, ROOTS[3]]),
            (2, 3, &[ROOTS[1]]),
            (1, 5, &[ROOTS[0], B, D]),
        ];
        for (index, size, proof) in cases {
            let tree = &leaves[..size];
            assert_eq!(inclusion_proof(index, tree), Some(hashes(proof)), "{index} in {size}");
        }
        assert_eq!(inclusion_proof(8, &leaves), None);
    }

    #[test]
    fn published_consistency_proofs() {
        let leaves = published();
        let cases: [(usize, usize, &[&str]); 4] =
            [(1, 1, &[]), (1, 8, &[A, B, C]), (6, 8, &[F, E, ROOTS[3]]), (2, 5, &[B, D])];
        for (old, new, proof) in cases {
            assert_eq!(consistency_proof(old, &leaves[..new]), Some(hashes(proof)), "{old} in {new}");
        }
        assert_eq!(consistency_proof(0, &leaves), None);
        assert_eq!(consistency_proof(9, &leaves), None);
    }

    #[test]
    fn merged_segments_equal_the_recursive_definition() {
        for size in [0_usize, 1, 2, 3, 5, 7, 8, 13, 100, 1000, 4097] {
            let data: Vec<Vec<u8>> = (0..size).map(|i| format!("leaf {i}").into_bytes()).collect();
            let expected = naive(&data);
            let leaves = numbered(size);
            for segment in [1_usize, 3, 7, 64, 1000] {
                let ranges: Vec<CompactRange> = leaves
                    .chunks(segment)
                    .enumerate()
                    .map(|(i, chunk)| {
                        let mut range = CompactRange::new((i * segment) as u64);
                        for leaf in chunk {
                            range.push(*leaf);
                        }
                        range
                    })
                    .collect();
                let mut left = CompactRange::new(0);
                for range in &ranges {
                    left.append(range).unwrap();
                }
                assert_eq!(left.root().unwrap().as_slice(), expected, "{size} by {segment}");
                // Associative: the other bracketing gives the same nodes, not only the same root.
                let mut right = CompactRange::new(size as u64);
                for range in ranges.iter().rev() {
                    let mut joined = range.clone();
                    joined.append(&right).unwrap();
                    right = joined;
                }
                let rest = CompactRange { begin: 0, ..right };
                assert_eq!(rest, left, "{size} by {segment}");
            }
        }
    }

    #[test]
    fn only_neighbours_join() {
        let mut range = CompactRange::new(3);
        assert_eq!(range.append(&CompactRange::new(4)), Err(NotAdjacent { expected: 3, found: 4 }));
        assert_eq!(range.root(), None);
    }

    #[test]
    fn proofs_hold_for_their_leaf_and_tree_only() {
        for size in 1..=33_usize {
            let leaves = numbered(size);
            let tree = root(&leaves);
            let n = size as u64;
            for index in 0..size {
                let proof = inclusion_proof(index, &leaves).unwrap();
                let i = index as u64;
                assert!(check_inclusion(i, n, &leaves[index], &proof, &tree));
                assert!(!check_inclusion(i, n, &tree, &proof, &tree) || size == 1);
                assert!(!check_inclusion(n, n, &leaves[index], &proof, &tree));
                let mut longer = proof.clone();
                longer.push(tree);
                assert!(!check_inclusion(i, n, &leaves[index], &longer, &tree));
                if let Some((_, shorter)) = proof.split_last() {
                    assert!(!check_inclusion(i, n, &leaves[index], shorter, &tree));
                }
            }
            for old in 1..=size {
                let proof = consistency_proof(old, &leaves).unwrap();
                let old_root = root(&leaves[..old]);
                let m = old as u64;
                assert!(check_consistency(m, n, &old_root, &tree, &proof), "{old} in {size}");
                assert!(!check_consistency(m, n, &empty_root(), &tree, &proof));
                assert!(!check_consistency(m, n, &old_root, &empty_root(), &proof));
                let mut longer = proof.clone();
                longer.push(tree);
                assert!(!check_consistency(m, n, &old_root, &tree, &longer));
                assert!(!check_consistency(0, n, &old_root, &tree, &proof));
                assert!(!check_consistency(n + 1, n, &old_root, &tree, &proof));
            }
        }
    }

    /// Storage of another implementation, to hold ours against it.
    struct Stored(Vec<tlog_tiles::Hash>);

    impl tlog_tiles::HashReader for Stored {
        fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error> {
            Ok(indexes.iter().map(|index| self.0[usize::try_from(*index).unwrap()]).collect())
        }
    }

    #[test]
    fn agrees_with_an_independent_implementation() {
        let foreign = |proof: &[Hash]| proof.iter().map(|hash| tlog_tiles::Hash(*hash)).collect::<Vec<_>>();
        let mut stored = Stored(Vec::new());
        for size in 1..=70_usize {
            let data = format!("leaf {}", size - 1);
            let more = tlog_tiles::stored_hashes(size as u64 - 1, data.as_bytes(), &stored).unwrap();
            stored.0.extend(more);
            let leaves = numbered(size);
            let tree = root(&leaves);
            let n = size as u64;
            assert_eq!(tlog_tiles::tree_hash(n, &stored).unwrap().0, tree);
            for index in 0..size {
                let ours = foreign(&inclusion_proof(index, &leaves).unwrap());
                assert_eq!(tlog_tiles::prove_record(n, index as u64, &stored).unwrap(), ours);
                let leaf = tlog_tiles::Hash(leaves[index]);
                tlog_tiles::check_record(&ours, n, tlog_tiles::Hash(tree), index as u64, leaf).unwrap();
            }
            for old in 1..=size {
                let ours = foreign(&consistency_proof(old, &leaves).unwrap());
                assert_eq!(tlog_tiles::prove_tree(n, old as u64, &stored).unwrap(), ours);
            }
        }
    }
}
