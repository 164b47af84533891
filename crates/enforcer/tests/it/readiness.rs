//! Which instances are ready: quiet on each day of the window, with a start in the window, and nothing refused.

use std::collections::BTreeMap;

use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp};
use v2only_enforcer::ports::{
    Admission, Answer, ListInstances, Listing, Metric, OrganizationalUnits, Page, ReadUsage,
};
use v2only_enforcer::readiness::{Readiness, State, readiness};
use v2only_enforcer::usage::ask_the_gate;
use v2only_enforcer::{Failure, Kind};
use v2only_policy::instance::{HttpTokens, Instance, InstanceState, Switch};
use v2only_policy::usage::{Counted, Lately, Siblings, Usage};
use v2only_policy::{
    AccountId, Circumstances, History, InstanceId, Judged, Mode, Occasion, OuId, Place, Policy, Region,
    Rules, Subject, decide_instance,
};

use crate::fake::{World, now};

const ID: &str = "i-0123456789abcdef0";
const TODAY: Date = date(2026, 11, 20);

/// One instance, and what CloudWatch and CloudTrail recorded of it.
struct Recorded {
    instance: Instance,
    no_token: Counted,
    rejected: Counted,
    delivered: BTreeMap<Date, u64>,
    fails: Option<Metric>,
}

impl Admission for Recorded {
    async fn admit(&self, _: &Place) -> Answer<()> {
        Ok(())
    }
}

impl OrganizationalUnits for Recorded {
    async fn above(&self, _: &AccountId) -> Answer<Vec<OuId>> {
        Ok(Vec::new())
    }
}

impl ListInstances for Recorded {
    async fn page(&self, _: &Place, _: Listing<'_>, _: Option<String>) -> Answer<Page<Instance>> {
        Ok(Page { items: vec![self.instance.clone()], next: None })
    }
}

impl ReadUsage for Recorded {
    async fn daily(
        &self,
        _: &Place,
        metric: Metric,
        ids: &[InstanceId],
        _: Date,
        _: Timestamp,
    ) -> Answer<BTreeMap<InstanceId, Counted>> {
        if self.fails == Some(metric) {
            return Err(Failure::new(Kind::Throttled, "cloudwatch:GetMetricData", "message"));
        }
        let counted = match metric {
            Metric::NoToken => &self.no_token,
            Metric::NoTokenRejected => &self.rejected,
        };
        Ok(ids.iter().map(|id| (id.clone(), counted.clone())).collect())
    }

    fn delivered_by_v1(&self, _: &InstanceId) -> BTreeMap<Date, u64> {
        self.delivered.clone()
    }

    async fn lately(
        &self,
        _: &Place,
        _: Metric,
        _: &[InstanceId],
        _: Timestamp,
        _: Timestamp,
    ) -> Answer<BTreeMap<InstanceId, Lately>> {
        Ok(BTreeMap::new())
    }
}

/// This many calls on each of the 14 days before today.
fn each_day(calls: u64) -> Counted {
    let days = (1..=14).map(|ago| (TODAY.saturating_sub(jiff::Span::new().days(ago)), calls)).collect();
    Counted { days, complete: true, ..Counted::default() }
}

/// A running instance that answers version 1, was started in the window, and is quiet.
fn quiet() -> Recorded {
    let mut world = World::default();
    let mut instance = world.instance(ID).clone();
    instance.started_at = Some(now() - SignedDuration::from_hours(24));
    Recorded {
        instance,
        no_token: each_day(0),
        rejected: Counted { complete: true, ..Counted::default() },
        delivered: BTreeMap::new(),
        fails: None,
    }
}

async fn read(recorded: &Recorded) -> (Vec<Readiness>, Option<Kind>) {
    let place = Place {
        account: AccountId::parse("111122223333").unwrap(),
        region: Region::parse("eu-central-1").unwrap(),
    };
    let mut found = Vec::new();
    let policy = Policy::plain(v2only_policy::Rules::new(v2only_policy::Mode::Enforce));
    let ended = readiness(recorded, &policy, &place, Some(14), now(), &mut |one| found.push(one)).await;
    (found, ended.err().map(|failure| failure.kind))
}

async fn of(recorded: &Recorded) -> Readiness {
    let (mut found, failure) = read(recorded).await;
    assert_eq!((found.len(), failure), (1, None));
    found.remove(0)
}

#[tokio::test]
async fn a_quiet_instance_with_a_start_in_the_window_is_ready() {
    let ready = of(&quiet()).await;
    assert_eq!((ready.state, ready.wants_restart, ready.complete), (State::Ready, false, true));
    assert_eq!((ready.days, ready.no_token, ready.rejected, ready.delivered), (14, 0, 0, 0));
}

#[tokio::test]
async fn calls_make_an_instance_busy() {
    let called = of(&Recorded { no_token: each_day(2), ..quiet() }).await;
    assert_eq!((called.state, called.no_token), (State::Busy, 28));
    let refused = of(&Recorded { rejected: each_day(1), ..quiet() }).await;
    assert_eq!((refused.state, refused.rejected), (State::Busy, 14));
    let delivered = of(&Recorded { delivered: BTreeMap::from([(TODAY, 3)]), ..quiet() }).await;
    assert_eq!((delivered.state, delivered.delivered), (State::Busy, 3));
}

#[tokio::test]
async fn without_a_start_or_with_gaps_nobody_knows() {
    let mut old = quiet();
    old.instance.started_at = Some(now() - SignedDuration::from_hours(24 * 90));
    let waits = of(&old).await;
    assert_eq!((waits.state, waits.wants_restart), (State::Unknown, true));
    old.no_token = Counted { complete: true, ..Counted::default() };
    let gaps = of(&old).await;
    assert_eq!((gaps.state, gaps.wants_restart), (State::Unknown, false));
    let partial = of(&Recorded { rejected: Counted::default(), ..quiet() }).await;
    assert_eq!((partial.state, partial.wants_restart, partial.complete), (State::Unknown, false, false));
    let mut both = quiet();
    (both.no_token.complete, both.instance.started_at) = (false, old.instance.started_at);
    let both = of(&both).await;
    assert_eq!((both.state, both.wants_restart, both.complete), (State::Unknown, false, false));
}

#[tokio::test]
async fn an_instance_that_requires_tokens_is_done_and_one_without_endpoint_is_not_asked() {
    let mut done = Recorded { rejected: each_day(1), ..quiet() };
    done.instance.options.http_tokens = HttpTokens::Required;
    done.instance.started_at = Some(now() - SignedDuration::from_hours(24 * 90));
    assert_eq!(of(&done).await.state, State::Required);
    done.rejected = each_day(0);
    let done = of(&done).await;
    assert_eq!((done.state, done.wants_restart), (State::Required, false), "no start is needed any more");
    let mut disabled = quiet();
    disabled.instance.options.http_endpoint = Switch::Disabled;
    assert!(read(&disabled).await.0.is_empty());
    let mut gone = quiet();
    gone.instance.state = InstanceState::Gone;
    assert!(read(&gone).await.0.is_empty());
}

#[tokio::test]
async fn counts_that_cannot_be_read_leave_the_records_of_cloudtrail() {
    for fails in [Metric::NoToken, Metric::NoTokenRejected] {
        let (found, failure) = read(&Recorded { fails: Some(fails), ..quiet() }).await;
        assert_eq!(failure, Some(Kind::Throttled));
        assert_eq!(found.iter().map(|it| it.state).collect::<Vec<_>>(), [State::Unknown]);
        let delivered = BTreeMap::from([(TODAY, 1)]);
        let (found, _) = read(&Recorded { fails: Some(fails), delivered, ..quiet() }).await;
        assert_eq!(found.iter().map(|it| it.state).collect::<Vec<_>>(), [State::Busy]);
    }
}

/// CloudWatch counts no call, and CloudTrail recorded calls with credentials that an IMDSv1 call got.
#[tokio::test]
async fn the_gate_stays_shut_where_an_imdsv1_call_got_the_credentials_that_are_used() {
    let policy = Policy::plain(Rules::new(Mode::Enforce));
    let circumstances = Circumstances {
        place: &crate::launch_sources::place(),
        ous: None,
        now: now(),
        occasion: Occasion::Seen,
        siblings: Siblings::NotRead,
        usage: Usage::NotRead,
        history: History::NotRead,
    };
    for (delivered, acts) in [(BTreeMap::new(), true), (BTreeMap::from([(TODAY, 3)]), false)] {
        let mut recorded = Recorded { delivered, ..quiet() };
        recorded.instance.created_at = Some(now() - SignedDuration::from_hours(24 * 60));
        let decision = decide_instance(&recorded.instance, &policy, &circumstances).unwrap();
        let mut judged = [Judged { subject: Subject::Instance(recorded.instance.clone()), decision }];
        assert!(!judged[0].acts(), "the usage is not read yet");
        ask_the_gate(&recorded, &policy, &circumstances, &mut judged).await.unwrap();
        assert_eq!(judged[0].acts(), acts);
    }
}

#[test]
fn the_metrics_are_those_of_ec2_and_without_records_nothing_is_delivered() {
    let names = [Metric::NoToken, Metric::NoTokenRejected].map(Metric::name);
    assert_eq!(names, ["MetadataNoToken", "MetadataNoTokenRejected"]);
    let id = InstanceId::parse(ID).unwrap();
    assert!(crate::fake::Fake::default().delivered_by_v1(&id).is_empty());
}

#[tokio::test]
async fn readiness_knows_the_group_and_the_template() {
    let mut launched = quiet();
    launched.instance.tags.insert("aws:autoscaling:groupName".to_owned(), "web".to_owned());
    launched.instance.tags.insert("aws:ec2launchtemplate:id".to_owned(), "lt-0123456789abcdef0".to_owned());
    let ready = of(&launched).await;
    assert_eq!((ready.group(), ready.template()), (Some("web"), Some("lt-0123456789abcdef0")));
}
