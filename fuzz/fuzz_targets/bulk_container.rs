//! What an export comes in: hostile zips.
#![no_main]

use std::io::Read;

use chatseal::source::bulk::container::{Container, ContentPlace};
use libfuzzer_sys::fuzz_target;

/// More is not read: a small zip may hold a large file.
const ENOUGH: u64 = 1 << 20;

fuzz_target!(|bytes: &[u8]| {
    chatseal_fuzz::with_file("export.zip", &[bytes], |path| {
        let Ok(container) = Container::open(path, &ContentPlace::Usual) else { return };
        let _ = container.lines(|stream| Ok(std::io::copy(&mut stream.take(ENOUGH), &mut std::io::sink()).ok()));
        container.contents.mark_named("20261014/a");
        let mut reader = container.contents.reader();
        for path in container.contents.unnamed().iter().take(20) {
            let read =
                reader.read(path, |input, _| Ok(std::io::copy(&mut input.take(ENOUGH), &mut std::io::sink()).ok()));
            let _ = read.expect("only the copy can fail");
        }
        container.original.check_unchanged().expect("nobody writes to it");
    });
});
