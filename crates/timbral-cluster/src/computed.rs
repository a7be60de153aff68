use std::panic::{AssertUnwindSafe, catch_unwind};

use futures::channel::oneshot;

/// The result of `work` on rayon's threads; meanwhile the asynchronous thread is free for other tasks.
///
/// `None` if `work` panicked; a panic would end the process and all other tasks.
pub(crate) async fn computed<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (send, receive) = oneshot::channel();
    rayon::spawn(move || {
        let result = catch_unwind(AssertUnwindSafe(work));
        // Nobody waits any more if the query was stopped.
        let _ = send.send(result.ok());
    });
    receive.await.ok().flatten()
}
