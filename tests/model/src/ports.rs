//! The ports of instances, notebooks and queues over a [`Line`].
//!
//! Ports that no explored use case needs for its decision answer without a call: organizational units, and usage before a change.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use v2only_enforcer::ports::*;
use v2only_enforcer::{Failure, Kind};
use v2only_policy::instance::Instance;
use v2only_policy::notebook::{MinimumVersion, Notebook, NotebookStatus, Platform};
use v2only_policy::usage::{Counted, Lately};
use v2only_policy::{AccountId, InstanceChange, InstanceId, NotebookName, OuId, Place, Region, ResourceKind};

use crate::call::{Call, Reply};
use crate::clock::{at, flip_at};
use crate::line::Line;
use crate::mutation::Mutation;
use crate::resources::{self, Number, Status, TagValue};
use crate::words::{
    ACCOUNT, REGION, answer_of, bits, document, instance, instance_record, notebook_name, notebook_record,
    number, options, page, place, start_record, tag, tags,
};

impl Line {
    /// The notebook that a name means, described as the mutation has it.
    async fn look(&self, call: Call) -> Answer<Reply> {
        match (self.mutation(), call) {
            (Some(Mutation::SkipSecondLook), Call::DescribeNotebook(_) | Call::NotebookTags(_)) => {
                self.call_once(call).await
            }
            (Some(Mutation::IgnoreTags), Call::NotebookTags(_)) => {
                let seen = answer_of!(self.call(call).await?, Reply::Tags(it) => it)?;
                Ok(Reply::Tags(resources::Tags { exempt: false, ..seen }))
            }
            _ => self.call(call).await,
        }
    }
}

impl Admission for Line {
    async fn admit(&self, _: &Place) -> Answer<()> {
        Ok(())
    }
}

impl OrganizationalUnits for Line {
    async fn above(&self, _: &AccountId) -> Answer<Vec<OuId>> {
        Ok(Vec::new())
    }
}

impl ReadParameter for Line {
    async fn parameter(&self, _: &str) -> Answer<String> {
        if self.mutation() == Some(Mutation::KeepPolicy) {
            return Ok(document(true));
        }
        answer_of!(self.call(Call::Policy).await?, Reply::Policy(enforce) => document(enforce))
    }
}

impl PostponeMessages for Line {
    async fn postpone(&self, _: &str, _: &[Postponed]) -> Answer<()> {
        Ok(())
    }
}

impl SendTasks for Line {
    async fn send(&self, texts: &[String], _: Duration) -> Answer<()> {
        for text in texts {
            self.call(Call::SendTask(self.task(text))).await?;
        }
        Ok(())
    }
}

impl ListAccounts for Line {
    async fn accounts(&self) -> Answer<Vec<AccountId>> {
        Ok(vec![place().account])
    }
}

impl ListRegions for Line {
    async fn regions(&self, _: &AccountId) -> Answer<Vec<Region>> {
        Ok(vec![place().region])
    }
}

impl ReadHistory for Line {
    async fn history(&self, _: &Place, look_up: LookUp<'_>, _: Option<String>) -> Answer<Page<Value>> {
        type Record = fn(Number, Timestamp, &str) -> Value;
        let (call, record, open, closed, number): (_, Record, _, _, _) = match look_up {
            LookUp::Notebook(name) => {
                let number = number(name.as_str());
                (Call::NotebookHistory(number), notebook_record, "1", "2", number)
            }
            LookUp::Instance(id) => {
                let number = number(id.as_str());
                (Call::InstanceHistory(number), instance_record, "optional", "required", number)
            }
            LookUp::ModifiedOptions | LookUp::Launches | LookUp::Action(_) => return Ok(page(Vec::new())),
        };
        if self.mutation() == Some(Mutation::ForgetFlips) {
            return Ok(page(Vec::new()));
        }
        let known = answer_of!(self.call(call).await?, Reply::History(it) => it)?;
        let mut records = Vec::new();
        let starts = if self.mutation() == Some(Mutation::ForgetStarts) { 0 } else { known.starts };
        for tick in (0..crate::clock::TICKS).rev() {
            let is = |ticks: u8| ticks >> tick & 1 == 1;
            let flip = flip_at(tick);
            let all = [
                (is(known.after), flip + SignedDuration::from_secs(1), closed),
                (is(known.flips), flip, open),
                (is(known.before), at(tick), closed),
            ];
            records.extend(all.into_iter().filter(|it| it.0).map(|(_, at, word)| record(number, at, word)));
            records.extend(is(starts).then(|| start_record(number, at(tick))));
        }
        Ok(page(records))
    }
}

impl DescribeNotebook for Line {
    async fn notebook(&self, _: &Place, name: &NotebookName) -> Answer<Option<Notebook>> {
        let seen = self.look(Call::DescribeNotebook(number(name.as_str()))).await?;
        let seen = answer_of!(seen, Reply::Notebook(it) => it)?;
        Ok(Some(Notebook {
            name: name.clone(),
            arn: format!("arn:aws:sagemaker:{REGION}:{ACCOUNT}:notebook-instance/{name}"),
            status: match seen.status {
                Status::Pending => NotebookStatus::Pending,
                Status::InService => NotebookStatus::InService,
                Status::Stopping => NotebookStatus::Stopping,
                Status::Stopped => NotebookStatus::Stopped,
                Status::Failed => NotebookStatus::Failed,
                Status::Updating => NotebookStatus::Updating,
            },
            minimum_version: if seen.closed { MinimumVersion::Two } else { MinimumVersion::One },
            platform: Platform::AmazonLinux2023,
            instance_type: "ml.t3.medium".to_owned(),
            created_at: Some(at(0)),
            failure_reason: (seen.status == Status::Failed).then(|| "no capacity".to_owned()),
            tags: v2only_policy::Tags::new(),
        }))
    }

    async fn notebook_tags(&self, _: &Place, arn: &str) -> Answer<v2only_policy::Tags> {
        let seen = self.look(Call::NotebookTags(number(arn))).await?;
        answer_of!(seen, Reply::Tags(it) => tags(it))
    }
}

impl ListNotebooks for Line {
    async fn notebook_names(&self, _: &Place, _: Option<String>) -> Answer<Page<NotebookName>> {
        let count = answer_of!(self.call(Call::ListNotebooks).await?, Reply::Names(it) => it)?;
        Ok(page((0..count).map(|it| NotebookName::parse(&notebook_name(it)).unwrap()).collect()))
    }
}

impl StopNotebook for Line {
    async fn stop(&self, _: &Place, name: &NotebookName) -> Answer<Option<String>> {
        let number = number(name.as_str());
        let stopped = self.call(Call::Stop(number)).await;
        match (self.mutation(), &stopped) {
            (Some(Mutation::MarkAfterStop), Ok(_)) => {
                self.call(Call::TagNotebook(number, TagValue::ToStart(self.tick()))).await?;
            }
            (Some(Mutation::UnmarkOnRefusedStop), Err(_)) => {
                self.call(Call::Unmark(number)).await?;
            }
            _ => {}
        }
        stopped.map(|_| None)
    }
}

impl UpdateNotebook for Line {
    async fn require_version_2(&self, _: &Place, name: &NotebookName, _: bool) -> Answer<Option<String>> {
        self.call(Call::Update(number(name.as_str()))).await.map(|_| None)
    }
}

impl StartNotebook for Line {
    async fn start(&self, _: &Place, name: &NotebookName) -> Answer<Option<String>> {
        self.call(Call::Start(number(name.as_str()))).await.map(|_| None)
    }
}

impl TagNotebook for Line {
    async fn tag_notebook(&self, _: &Place, arn: &str, key: &str, value: &str) -> Answer<()> {
        let value = tag(key, value);
        match (self.mutation(), value) {
            (Some(Mutation::MarkAfterStop), TagValue::ToStart(_))
            | (Some(Mutation::StartUnannounced), TagValue::Starting(_))
            | (Some(Mutation::ForgetFlips), TagValue::Reverted(_)) => Ok(()),
            _ => self.call(Call::TagNotebook(number(arn), value)).await.map(drop),
        }
    }

    async fn untag_notebook(&self, _: &Place, arn: &str, _: &str) -> Answer<()> {
        self.call(Call::Unmark(number(arn))).await.map(drop)
    }
}

impl DescribeInstances for Line {
    async fn instances(&self, _: &Place, ids: &[InstanceId]) -> Answer<Vec<Instance>> {
        // Changed instances are described all the same: otherwise the run would end with the first one.
        let changed = ids.iter().any(|id| self.has_asked(Call::Tighten(number(id.as_str()))));
        let seen = if self.mutation() == Some(Mutation::SkipInstanceLook) && !changed {
            self.call_once(Call::ListInstances).await?
        } else {
            self.call(Call::DescribeInstances(bits(ids))).await?
        };
        let seen = answer_of!(seen, Reply::Instances(it) => it)?;
        let wanted = |it: &Instance| ids.contains(&it.id);
        Ok(described(self, seen).into_iter().filter(wanted).collect())
    }

    async fn launched_with(&self, _: &Place, _: &[String]) -> Answer<Vec<(String, Instance)>> {
        Ok(Vec::new())
    }
}

fn described(line: &Line, seen: [Option<resources::Options>; 3]) -> Vec<Instance> {
    let ignores = line.mutation() == Some(Mutation::IgnoreTags);
    let all = (0_u8..).zip(seen);
    all.filter_map(|(number, seen)| {
        let mut seen = seen?;
        seen.tags.exempt &= !ignores;
        Some(instance(number, seen))
    })
    .collect()
}

impl ListInstances for Line {
    async fn page(&self, _: &Place, _: Listing<'_>, _: Option<String>) -> Answer<Page<Instance>> {
        let seen = if self.mutation() == Some(Mutation::SkipInstanceLook) {
            self.call_once(Call::ListInstances).await?
        } else {
            self.call(Call::ListInstances).await?
        };
        let seen = answer_of!(seen, Reply::Instances(it) => it)?;
        Ok(page(described(self, seen)))
    }
}

impl TryAgain for Line {}

impl TightenInstance for Line {
    async fn tighten(&self, _: &Place, id: &InstanceId, _: InstanceChange) -> Answer<Changed> {
        let call = Call::Tighten(number(id.as_str()));
        let changed = match self.mutation() {
            Some(Mutation::SkipInstanceLook) => self.call_once(call).await?,
            _ => self.call(call).await?,
        };
        answer_of!(changed, Reply::Changed(it) => Changed { options: options(it), request_id: None })
    }
}

/// A person waits: `enforce` makes a change again that AWS refused for now.
impl Turns for Line {
    fn insists(&self, kind: ResourceKind, _: &Failure) -> bool {
        kind == ResourceKind::Instance
    }
}

impl TagInstance for Line {
    async fn tag_instance(&self, _: &Place, id: &InstanceId, key: &str, value: &str) -> Answer<()> {
        if self.mutation() == Some(Mutation::ForgetFlips) {
            return Ok(());
        }
        self.call(Call::TagInstance(number(id.as_str()), tag(key, value))).await.map(drop)
    }
}

impl ReadUsage for Line {
    async fn daily(
        &self,
        _: &Place,
        _: Metric,
        _: &[InstanceId],
        _: Date,
        _: Timestamp,
    ) -> Answer<BTreeMap<InstanceId, Counted>> {
        Ok(BTreeMap::new())
    }

    async fn lately(
        &self,
        _: &Place,
        _: Metric,
        ids: &[InstanceId],
        _: Timestamp,
        _: Timestamp,
    ) -> Answer<BTreeMap<InstanceId, Lately>> {
        let mut calling =
            answer_of!(self.call(Call::Rejections(bits(ids))).await?, Reply::Rejections(it) => it)?;
        if self.mutation() == Some(Mutation::IgnoreRejections) {
            calling = 0;
        }
        let lately = |id: &InstanceId| Lately {
            calls: u64::from(calling >> number(id.as_str()) & 1),
            datapoints: 1,
            complete: true,
        };
        Ok(ids.iter().map(|id| (id.clone(), lately(id))).collect())
    }
}
