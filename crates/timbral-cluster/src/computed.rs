use std::panic::{AssertUnwindSafe, catch_unwind};

use futures::channel::oneshot;

/// The result of `work` on rayon's threads; the asynchronous thread that waits for it does others' work meanwhile.
///
/// `None` if it panicked: that would end the process, and with it the work of others.
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
