//! What the ports answer.

use v2only_policy::instance::MetadataOptions;

use crate::failure::Failure;

/// What a port answers.
pub type Answer<T> = Result<T, Failure>;

/// One page of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// What is on it; may be empty although others follow.
    pub items: Vec<T>,
    /// What to ask for next.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// The items of all pages of a listing, asked for one after the other.
    ///
    /// # Errors
    /// The first call that failed.
    pub async fn all<F: Future<Output = Answer<Self>>>(ask: impl Fn(Option<String>) -> F) -> Answer<Vec<T>> {
        let (mut items, mut next) = (Vec::new(), None);
        loop {
            let page = ask(next).await?;
            items.extend(page.items);
            next = page.next;
            if next.is_none() {
                return Ok(items);
            }
        }
    }
}

/// What AWS answered to a change of an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The options as AWS says they are, or are about to be.
    pub options: MetadataOptions,
    /// AWS's id of the request.
    pub request_id: Option<String>,
}

/// Changes that AWS refuses for now, such as throttled ones.
pub trait TryAgain {
    /// Whether a change that failed so is made again, after so many attempts. Pauses before it says so. The caller describes the
    /// resource once more.
    fn try_again(&self, _failure: &Failure, _attempts: u32) -> impl Future<Output = bool> + Send {
        async { false }
    }
}
