//! Unpacks on a thread of its own, a few pieces ahead of whoever reads the text.
//!
//! Invariant: the reader gets the bytes of the stream in order and then its end, or the error that ended it; a stream
//! whose thread vanished has no end. At most `PIECES` pieces wait in memory.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Pieces that wait to be read.
const PIECES: usize = 4;

/// Bytes of a piece.
const PIECE: usize = 256 << 10;

/// Runs `work` with the text of `input`, which another thread reads meanwhile. That thread ends with `work`.
pub fn read_ahead<T>(mut input: Box<dyn Read + Send + '_>, work: impl FnOnce(&mut Ahead) -> T) -> io::Result<T> {
    let (send, receive) = sync_channel(PIECES);
    std::thread::scope(|threads| {
        let unpack = std::thread::Builder::new().name("unpack".to_owned());
        unpack.spawn_scoped(threads, move || feed(&mut input, &send))?;
        // Dropped before the scope waits: a thread that nobody listens to ends.
        let mut ahead = Ahead { receive, piece: Vec::new(), at: 0, ended: false };
        Ok(work(&mut ahead))
    })
}

fn feed(input: &mut dyn Read, send: &SyncSender<io::Result<Vec<u8>>>) {
    loop {
        let mut piece = vec![0; PIECE];
        let read = fill(input, &mut piece).map(|count| {
            piece.truncate(count);
            piece
        });
        let more = read.as_ref().is_ok_and(|piece| !piece.is_empty());
        if send.send(read).is_err() || !more {
            break;
        }
    }
}

/// Reads until `out` is full or the input ends.
fn fill(input: &mut dyn Read, out: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < out.len() {
        match input.read(&mut out[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// The text as it arrives from the other thread.
#[derive(Debug)]
pub struct Ahead {
    receive: Receiver<io::Result<Vec<u8>>>,
    piece: Vec<u8>,
    at: usize,
    ended: bool,
}

impl Read for Ahead {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.at == self.piece.len() && !self.ended {
            self.piece = self.receive.recv().map_err(|_| io::Error::other("the thread that unpacks has gone"))??;
            self.at = 0;
            self.ended = self.piece.is_empty();
        }
        let rest = &self.piece[self.at..];
        let count = rest.len().min(out.len());
        out[..count].copy_from_slice(&rest[..count]);
        self.at += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_arrives_in_order_and_ends_once() {
        let text: Vec<u8> = (0..2_000_000_u32).flat_map(u32::to_le_bytes).collect();
        let read = read_ahead(Box::new(text.as_slice()), |ahead| {
            let mut read = Vec::new();
            ahead.read_to_end(&mut read).map(|_| (read, ahead.read(&mut [0]).unwrap()))
        });
        assert!(read.unwrap().unwrap() == (text, 0));
    }

    #[test]
    fn an_error_arrives_after_the_bytes_before_it() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("broken"))
            }
        }
        let text = vec![7; PIECE];
        let (bytes, error) = read_ahead(Box::new(text.chain(Broken)), |ahead| {
            let mut read = Vec::new();
            let error = ahead.read_to_end(&mut read).unwrap_err();
            (read.len(), error.to_string())
        })
        .unwrap();
        assert_eq!((bytes, error.as_str()), (PIECE, "broken"));
    }

    #[test]
    fn whoever_reads_may_stop_early() {
        let endless = io::repeat(1);
        assert_eq!(read_ahead(Box::new(endless), |ahead| ahead.read(&mut [0; 10]).unwrap()).unwrap(), 10);
    }
}
