//! Work on many threads whose results are taken in the order in which the work was found.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};

use crate::produce::ProduceError;

/// Pieces under way for each thread.
const AHEAD: usize = 2;

/// Takes pieces from `find` until there are no more, does `work` on all threads of the pool, and hands each result to
/// `take` in the order of the pieces. At most [`AHEAD`] pieces for each thread are under way.
pub(super) fn run<P: Send, T: Send>(
    mut find: impl FnMut() -> Result<Option<P>, ProduceError>,
    work: impl Fn(P) -> Result<T, ProduceError> + Sync,
    mut take: impl FnMut(T) -> Result<(), ProduceError>,
) -> Result<(), ProduceError> {
    let most = AHEAD.saturating_mul(rayon::current_num_threads()).max(1);
    let work = &work;
    rayon::in_place_scope_fifo(|scope| {
        let mut under_way = VecDeque::with_capacity(most);
        while let Some(piece) = find()? {
            if under_way.len() >= most {
                oldest(&mut under_way).map_or(Ok(()), |result| take(result?))?;
            }
            let (send, receive) = sync_channel(1);
            under_way.push_back(receive);
            // Nobody receives when another piece failed.
            scope.spawn_fifo(move |_| drop(send.send(work(piece))));
        }
        while let Some(result) = oldest(&mut under_way) {
            take(result?)?;
        }
        Ok(())
    })
}

/// What came of the oldest piece under way; works on others until it is there. `None` if nothing is under way, or the
/// work panicked, as this thread will when the scope ends.
fn oldest<T>(under_way: &mut VecDeque<Receiver<T>>) -> Option<T> {
    let oldest = under_way.pop_front()?;
    loop {
        match oldest.try_recv() {
            Ok(ready) => return Some(ready),
            Err(TryRecvError::Empty) if rayon::yield_now() == Some(rayon::Yield::Executed) => {}
            Err(TryRecvError::Disconnected) => return None,
            Err(TryRecvError::Empty) => return oldest.recv().ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_pieces() {
        let (mut next, mut taken) = (0..500_u64, Vec::new());
        let slow = |piece: u64| {
            std::thread::sleep(std::time::Duration::from_micros(piece * 7919 % 300));
            Ok(piece)
        };
        run(
            || Ok(next.next()),
            slow,
            |piece| {
                taken.push(piece);
                Ok(())
            },
        )
        .unwrap();
        assert_eq!(taken, (0..500).collect::<Vec<_>>());
    }

    #[test]
    fn the_first_failure_ends_the_work() {
        let mut next = 0..u64::MAX;
        let work = |piece| if piece == 40 { Err(ProduceError::Form("no".into())) } else { Ok(piece) };
        let mut taken = 0;
        let result = run(
            || Ok(next.next()),
            work,
            |_| {
                taken += 1;
                Ok(())
            },
        );
        assert!(matches!(result, Err(ProduceError::Form(_))));
        assert_eq!(taken, 40);
    }
}
