//! Work that takes long and that nobody has to hurry with: it steps back behind what is answered at once.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
};

use rustix::process::{getpriority_process, setpriority_process};
use tokio::sync::{Semaphore, oneshot};

/// By how much it steps back: with a third of the share of another thread that wants the same processor, it goes on all the same.
const STEP: i32 = 5;

/// Lets the calling thread work behind the others of this process from now on; there is no way back.
pub fn step_back() {
    // Linux takes "the calling process" for the calling thread. Where it says no, the work is done all the same.
    let _ = getpriority_process(None).and_then(|now| setpriority_process(None, now + STEP));
}

/// Does `work` on a thread of its own, behind the others of this process. It is done even if nobody waits for it any more.
///
/// Starting a thread costs some 20 µs: this is for what takes a hundred times as long.
///
/// # Errors
/// The thread cannot be started, or `work` panicked.
pub async fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> io::Result<T> {
    let (done, result) = oneshot::channel();
    start(move || {
        // Whoever asked may have left.
        let _ = done.send(work());
    })?;
    result.await.map_err(|_| panicked())
}

/// One thread that stands behind the others and does one piece of work after the other: two at a time would hold twice the memory.
#[derive(Debug)]
pub struct Worker {
    turn: Arc<Semaphore>,
    pieces: Mutex<Option<mpsc::Sender<Piece>>>,
}

type Piece = Box<dyn FnOnce() + Send>;

impl Default for Worker {
    fn default() -> Self {
        Self {
            turn: Arc::new(Semaphore::new(1)),
            pieces: Mutex::default(),
        }
    }
}

impl Worker {
    /// Does `work` after all that was asked before. Whoever leaves before their turn takes it along; what was begun is done.
    ///
    /// # Errors
    /// The thread cannot be started, or `work` panicked.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<T> {
        let turn = self.turn.clone().acquire_owned().await;
        let turn = turn.map_err(io::Error::other)?;
        let (done, result) = oneshot::channel();
        self.send(Box::new(move || {
            let made = work();
            drop(turn);
            // Whoever asked may have left.
            let _ = done.send(made);
        }))?;
        result.await.map_err(|_| panicked())
    }

    fn send(&self, piece: Piece) -> io::Result<()> {
        let mut pieces = self.pieces.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = if let Some(sender) = &*pieces {
            sender
        } else {
            let (sender, inbox) = mpsc::channel::<Piece>();
            start(move || {
                for piece in inbox {
                    // Whoever waits for it is told, and the others go on.
                    let _ = catch_unwind(AssertUnwindSafe(piece));
                }
            })?;
            pieces.insert(sender)
        };
        sender
            .send(piece)
            .map_err(|_| io::Error::other("the thread has ended"))
    }
}

fn start(work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let thread = thread::Builder::new().name("background".to_owned());
    let started = thread.spawn(move || {
        step_back();
        work();
    });
    started.map(drop)
}

fn panicked() -> io::Error {
    io::Error::other("work in the background panicked")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn priority() -> i32 {
        getpriority_process(None).unwrap()
    }

    #[tokio::test]
    async fn work_in_the_background_steps_back_alone() {
        let own = priority();
        let background = run(priority).await.unwrap();
        assert_eq!(background, (own + STEP).min(19));
        assert_eq!(priority(), own);
    }

    fn panic() {
        std::panic::resume_unwind(Box::new("as told"))
    }

    #[tokio::test]
    async fn a_panic_is_an_error_and_a_worker_goes_on() {
        run(panic).await.unwrap_err();
        let worker = Worker::default();
        worker.run(panic).await.unwrap_err();
        let own = priority();
        assert_eq!(worker.run(priority).await.unwrap(), (own + STEP).min(19));
    }

    #[tokio::test]
    async fn a_worker_does_one_piece_after_the_other() {
        let worker = Worker::default();
        let (open, door) = mpsc::channel::<()>();
        let mut first = Box::pin(worker.run(move || door.recv()));
        assert!(futures_util::poll!(&mut first).is_pending());
        let mut second = Box::pin(worker.run(|| ()));
        assert!(futures_util::poll!(&mut second).is_pending());
        let (asked, told) = mpsc::channel::<()>();
        let mut third = Box::pin(worker.run(move || drop(asked)));
        assert!(futures_util::poll!(&mut third).is_pending());
        drop(third);
        assert!(
            told.try_recv()
                .is_err_and(|why| why == mpsc::TryRecvError::Disconnected)
        );
        open.send(()).unwrap();
        first.await.unwrap().unwrap();
        second.await.unwrap();
    }
}
