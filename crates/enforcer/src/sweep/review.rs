//! The daily review of the exemptions: which have expired, which end soon, which match no resource any more.
//!
//! One message goes from account to account and carries what was seen: whether an entry is stale is known only
//! when the last one has been read. It reads, and changes nothing.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

use futures_util::StreamExt as _;
use v2only_policy::exemption::{Exemption, Origin};
use v2only_policy::review::{Due, review};
use v2only_policy::{AccountId, Judged, Place, Policy};

use super::task::{ReviewTask, Task};
use super::{Turn, check_hand_overs};
use crate::exemptions::{DueExemption, Met};
use crate::failure::Failure;
use crate::kinds::Kinds;
use crate::log_entry::LogEntry;
use crate::ports::{Estate, ReadParameter, Sweeper};
use crate::scan::scan;

/// How many Regions of an account are read side by side.
const AT_ONCE: usize = 4;

/// The exemptions that a scan of one account and Region met, and what the scan could not read.
#[derive(Default)]
struct ExemptionScan {
    met: Met,
    unread: Vec<Failure>,
}

impl<P: Sweeper + ReadParameter + Sync> Turn<'_, '_, P> {
    /// Reads one account after the other; the last one brings the report.
    pub(super) async fn review(
        &mut self,
        mut task: ReviewTask,
        after: Option<AccountId>,
    ) -> Result<(), Failure> {
        let now = self.now();
        let began = *task.began.get_or_insert(now);
        if self.is_too_old(began, "the review of exemptions") {
            return Ok(());
        }
        check_hand_overs(task.handed_on)?;
        let policy = self.policy().await?;
        let document = fingerprint(&policy.exemptions);
        if *task.document.get_or_insert(document) != document {
            // Entries are known by their position, which means another one now.
            task = ReviewTask { began: Some(began), handed_on: task.handed_on, ..ReviewTask::default() };
            task.document = Some(document);
        }
        let accounts = self.app.ports.accounts().await?;
        let from = if task.after.is_some() { after } else { None };
        let rest = accounts.iter().filter(|it| from.as_ref().is_none_or(|from| *it > from));
        let mut begun = false;
        for account in rest {
            if begun && self.time_is_short() {
                task.handed_on += 1;
                return self.send(std::iter::once(Task::ReviewExemptions(task)), Duration::ZERO).await;
            }
            begun = true;
            self.account_of_review(account, &policy, &mut task).await;
            task.after = Some(account.as_str().to_owned());
        }
        let excusing = (task.unread == 0).then_some(&task.excusing);
        let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
        for (index, due) in review(&policy.exemptions, excusing, today) {
            if let Some(entry) = policy.exemptions.get(index) {
                self.due(&DueExemption {
                    due,
                    exemption: Origin::Document(index).to_string(),
                    place: None,
                    until: entry.until,
                    owner: entry.owner.clone(),
                    reason: Some(entry.reason.clone()),
                });
            }
        }
        (self.invocation.log)(LogEntry::Reviewed { accounts: accounts.len(), unread: task.unread });
        Ok(())
    }

    /// What cannot be read is reported and counted: tomorrow brings another review.
    async fn account_of_review(&mut self, account: &AccountId, policy: &Policy, task: &mut ReviewTask) {
        let ports = &self.app.ports;
        let regions = match ports.regions(account).await {
            Ok(regions) => regions,
            Err(failure) => {
                task.unread += 1;
                return self.unswept(&format!("exemptions in account {account}"), &failure);
            }
        };
        let now = self.now();
        let places = regions.into_iter().map(|region| Place { account: account.clone(), region });
        let looks: Vec<(Place, ExemptionScan)> = futures_util::stream::iter(places)
            .map(|place| async move {
                let seen = look(ports, policy, &place, now).await;
                (place, seen)
            })
            .buffered(AT_ONCE)
            .collect()
            .await;
        for (place, seen) in looks {
            task.excusing.extend(seen.met.excusing);
            seen.met.by_tag.iter().for_each(|it| self.due(it));
            task.unread += u32::from(!seen.unread.is_empty());
            for failure in seen.unread {
                self.unswept(&format!("exemptions in {place}"), &failure);
            }
        }
    }

    fn due(&mut self, it: &DueExemption) {
        if let Some(counts) = &mut self.counts.sweep {
            match it.due {
                Due::Expired { .. } => counts.expired += 1,
                Due::Stale => counts.stale += 1,
                Due::Expires { .. } => counts.expiring += 1,
            }
        }
        (self.invocation.log)(LogEntry::Exemption(it));
    }
}

async fn look(
    ports: &(impl Estate + Sync),
    policy: &Policy,
    place: &Place,
    now: jiff::Timestamp,
) -> ExemptionScan {
    let mut seen = ExemptionScan::default();
    let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let mut each = |judged: Judged| seen.met.take(&judged, place, today);
    let unread = scan(ports, policy, place, Kinds::All, now, &mut each).await;
    seen.unread.extend(unread.failure);
    seen
}

/// Tells one list of exemptions from another. It need not be the same in another release: the review then begins
/// again.
fn fingerprint(exemptions: &[Exemption]) -> u64 {
    let mut hasher = DefaultHasher::new();
    exemptions.hash(&mut hasher);
    hasher.finish()
}
