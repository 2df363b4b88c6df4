//! Dumps that are packed: by content and not by name, whole or not at all.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use super::read;
use super::writer::{Table, dump, mattermost};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    compress_to_vec(bytes, CompressionLevel::Fastest)
}

fn text() -> Vec<u8> {
    let mut tables = mattermost();
    tables[1] = Table::small("posts", 20_000);
    dump(&tables).into_bytes()
}

#[test]
fn packed_dumps_are_read_as_plain_ones_are() {
    let text = text();
    let plain = read(&text).unwrap();
    let (first, second) = text.split_at(text.len() / 2);
    for packed in [gzip(&text), zstd(&text), [gzip(first), gzip(second)].concat(), [zstd(first), zstd(second)].concat()]
    {
        let read = read(&packed).unwrap();
        assert!(read.rows == plain.rows && read.tables == plain.tables && read.account == plain.account);
    }
}

#[test]
fn packed_dumps_that_are_cut_short_or_damaged_are_refused() {
    for packed in [gzip(&text()), zstd(&text())] {
        for length in [packed.len() / 3, packed.len() - 5, packed.len() - 1] {
            let error = read(&packed[..length]).unwrap_err();
            assert!(error.to_string().contains("to its end; it may be cut short or damaged"), "{error}");
        }
        assert!(read(&[&packed, &b"stray"[..]].concat()).is_err());
        let mut damaged = packed.clone();
        let middle = damaged.len() / 2;
        damaged[middle] ^= 0x10;
        assert!(read(&damaged).is_err());
    }
}

#[test]
fn what_is_packed_twice_or_in_another_format_inside_is_refused() {
    let said = read(&gzip(b"PGDMP\x01")).unwrap_err().to_string();
    assert!(said.contains("found a dump in pg_dump's custom format"), "{said}");
    assert!(read(&gzip(&gzip(&text()))).is_err());
    assert!(read(&gzip(b"")).unwrap_err().to_string().contains("found an empty file"));
}
