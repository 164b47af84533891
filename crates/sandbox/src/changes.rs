//! Something that changes, and those who wait for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;

/// Counts changes and wakes everybody who waits for one, in the order in which they began to wait. The channel `watch` of tokio
/// wakes in a random order, so that a driven AWS could not repeat itself.
#[derive(Debug, Clone, Default)]
pub struct Changes(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    count: AtomicU64,
    waiting: Notify,
}

impl Changes {
    /// Notes a change.
    pub fn add(&self) {
        self.0.count.fetch_add(1, Ordering::SeqCst);
        self.0.waiting.notify_waiters();
    }

    /// Somebody who knows of all changes so far.
    pub fn watch(&self) -> Watcher {
        let mut watcher = Watcher { shared: Arc::clone(&self.0), seen: 0 };
        watcher.mark_unchanged();
        watcher
    }
}

/// Waits for the next change.
#[derive(Debug, Clone)]
pub struct Watcher {
    shared: Arc<Shared>,
    seen: u64,
}

impl Watcher {
    fn count(&self) -> u64 {
        self.shared.count.load(Ordering::SeqCst)
    }

    /// Whether there was a change since the last look.
    pub fn has_changed(&self) -> bool {
        self.count() != self.seen
    }

    /// Takes note of all changes so far.
    pub fn mark_unchanged(&mut self) {
        self.seen = self.count();
    }

    /// Waits for a change, and takes note of it.
    pub async fn changed(&mut self) {
        let shared = Arc::clone(&self.shared);
        loop {
            // A change between this line and the end of the loop wakes it.
            let woken = shared.waiting.notified();
            if self.has_changed() {
                self.mark_unchanged();
                return;
            }
            woken.await;
        }
    }
}
