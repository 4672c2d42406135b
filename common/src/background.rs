//! Work that takes long and that nobody has to hurry with: it steps back behind what is answered at once.

use std::{io, thread};

use rustix::process::{getpriority_process, setpriority_process};
use tokio::sync::oneshot;

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
    thread::Builder::new()
        .name("background".to_owned())
        .spawn(move || {
            step_back();
            // Whoever asked may have left.
            let _ = done.send(work());
        })?;
    result
        .await
        .map_err(|_| io::Error::other("work in the background panicked"))
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

    #[tokio::test]
    async fn a_panic_is_an_error() {
        run(|| std::panic::resume_unwind(Box::new("as told")))
            .await
            .map(|(): ()| ())
            .unwrap_err();
    }
}
