//! Events about instances.

use std::collections::BTreeMap;
use std::slice;

use jiff::Timestamp;
use serde_json::Value;
use v2only_events::{Launched, RequestedOptions, Subject};
use v2only_policy::drift::to_second;
use v2only_policy::exemption::UNTIL_TAG;
use v2only_policy::instance::{HttpTokens, Instance, MetadataOptions, Switch};
use v2only_policy::{
    Circumstances, Compliance, Decision, History, Hold, InstanceId, Note, Occasion, Place, Plan, Policy,
    Step, Verdict, compliant_anywhere, decide_instance,
};

use super::app::{App, Clock, Failed, Invocation};
use super::handle::{self, Asked, EventHandler, Sorted};
use super::work::{Answer, Event, Request, UnnamedLaunch, Work, may_be_invisible};
use crate::counts::Counts;
use crate::failure::{Failure, Kind};
use crate::ports::{Ec2, ReadParameter};
use crate::record::{KnownFrom, Outcome, Posture, Record, ResourceId};
use crate::scan::ScanRequest;
use crate::{history, instances};

const DESCRIBE: &str = "ec2:DescribeInstances";
/// Stands for a call where a failure lies in the event itself.
const EVENT: &str = "event";

/// Handles one invocation of the function for instances.
///
/// At most one description per account and Region (two where a launch has to be found by its client token),
/// and one change per violating instance. Handling the same payload again is harmless.
///
/// # Errors
/// A single event that cannot be read, or that must be tried again in part. A batch never errs: it
/// names the messages to send again.
pub async fn handle<P: Ec2 + ReadParameter + Sync>(
    payload: Value,
    app: &App<P>,
    invocation: Invocation<'_>,
) -> Result<(Value, Counts), Failed> {
    handle::handle::<Instances, P>(payload, app, invocation).await
}

struct Instances;

impl<P: Ec2 + Sync> EventHandler<P> for Instances {
    type Id = InstanceId;
    type Description = Instance;

    // Pacing, not this, keeps the account's request rate.
    const AT_ONCE: usize = 8;

    fn resource(id: &InstanceId) -> ResourceId {
        ResourceId::Instance(id.clone())
    }

    fn sort(app: &App<P>, policy: &Policy, event: &Event<'_>, work: &mut Work<InstanceId>) -> Sorted {
        let (trigger, place) = (event.trigger, &event.trigger.place);
        let mut sorted = Sorted::default();
        let accepted = accepted(&trigger.subject);
        let mut by_template = Vec::new();
        let mut want = |id: &InstanceId, occasion| work.want(id, (occasion, accepted), event, outweighs);
        match &trigger.subject {
            Subject::Launched { instances, requested } => {
                for launched in instances {
                    if let Some(why) = compliant_anywhere(&recorded(launched), policy) {
                        app.recent.remember(place, &launched.id, event.now);
                        let record = compliant_by_record(place, &launched.id, recorded(launched), why);
                        sorted.records.push(record);
                    } else {
                        want(&launched.id, Occasion::Launch);
                        by_template.push((launched.id.clone(), tagging_template(launched, requested)));
                    }
                }
            }
            Subject::LaunchedUnnamed { client_token: Some(token), at_least, .. } => {
                let launch = UnnamedLaunch {
                    at_least: *at_least,
                    cause: event.cause(),
                    time: trigger.time,
                    delivery: event.delivery,
                };
                work.launches.insert(token.clone(), launch);
            }
            Subject::LaunchedUnnamed { client_token: None, .. } => sorted.records.push(not_judged(
                place,
                ResourceId::UnnamedLaunch(trigger.event_id.clone()),
                "its record names neither instances nor a client token; each instance's state-change \
                 notification brings it here",
            )),
            Subject::Started { ids } => ids.iter().for_each(|id| want(id, Occasion::Seen)),
            Subject::InstanceStateChanged { id, .. } if app.recent.knows(place, id, event.now) => {
                let required =
                    MetadataOptions { http_tokens: HttpTokens::Required, ..MetadataOptions::UNKNOWN };
                sorted.records.push(compliant_by_record(place, id, required, Compliance::TokensRequired));
            }
            Subject::InstanceStateChanged { id, .. } => want(id, Occasion::Seen),
            Subject::SpotFulfilled { id } => want(id, Occasion::Launch),
            Subject::OptionsModified { id, requested } => {
                app.recent.forget(place, id);
                let ours = trigger.actor.as_ref().is_some_and(|it| app.ports.made_by_us(place, it));
                let at = trigger.time.unwrap_or(event.now);
                want(id, if ours { Occasion::Seen } else { modified(requested, at) });
            }
            Subject::DefaultsModified => sorted.records.push(source(place, "account defaults")),
            Subject::LaunchTemplateChanged { id, name } => {
                let name = id.as_deref().or(name.as_deref()).unwrap_or("a launch template");
                sorted.records.push(source(place, name));
            }
            Subject::ImageChanged { id } => sorted.records.push(source(place, id)),
            Subject::Notebook { .. } => sorted.handled_by = Some("notebook-enforcer"),
        }
        for (id, template) in by_template {
            if let Some(request) = work.requests.get_mut(&id) {
                request.template = template;
            }
        }
        for malformed in &trigger.unreadable {
            // No call was made.
            let failure = Failure::new(Kind::Invalid, EVENT, malformed.to_string());
            let resource = ResourceId::UnnamedLaunch(trigger.event_id.clone());
            sorted.records.push(Record::failed(place.clone(), resource, failure));
        }
        sorted
    }

    async fn describe(
        ports: &P,
        scan: &ScanRequest<'_>,
        work: &mut Work<InstanceId>,
        answers: &mut Vec<Answer>,
    ) -> Result<BTreeMap<InstanceId, Instance>, Failure> {
        let mut described = BTreeMap::new();
        if !work.launches.is_empty() {
            let tokens: Vec<String> = work.launches.keys().cloned().collect();
            let found = ports.launched_with(scan.place, &tokens).await?;
            answers.extend(name_launches(scan, work, found, &mut described));
        }
        let ids: Vec<InstanceId> =
            work.requests.keys().filter(|id| !described.contains_key(*id)).cloned().collect();
        if !ids.is_empty() {
            let found = ports.instances(scan.place, &ids).await?;
            described.extend(found.into_iter().map(|instance| (instance.id.clone(), instance)));
        }
        Ok(described)
    }

    /// Makes a change again that AWS refused for now, on another description: somebody may have exempted the instance meanwhile.
    async fn fix(
        ports: &P,
        scan: &ScanRequest<'_>,
        clock: Clock<'_>,
        mut asked: Asked<'_, InstanceId, Instance>,
    ) -> Result<Record, Failure> {
        let mut record = attempt(ports, scan, clock, &asked).await?;
        let mut attempts = 1;
        while let Outcome::Failed(failure) = &record.outcome
            && record.after.is_none()
            && ports.try_again(failure, attempts).await
            && let Ok(found) = ports.instances(scan.place, slice::from_ref(asked.id)).await
        {
            attempts += 1;
            asked.description = found.into_iter().next();
            let next = attempt(ports, scan, clock, &asked).await?;
            record = match (&asked.description, record.plan()) {
                // The answer alone was lost.
                (Some(now), Some(Plan::Act(Step::Instance(change))))
                    if next.outcome == Outcome::Left && change.is_met_by(&now.options) =>
                {
                    let fixed = Record { remarks: next.remarks, ..record };
                    fixed.with_outcome(Outcome::Fixed, Some(Posture::Options(now.options)), None)
                }
                _ => next,
            };
        }
        Ok(record)
    }
}

/// Judges an instance as it was described, and makes a change at most once.
async fn attempt<P: Ec2 + Sync>(
    ports: &P,
    scan: &ScanRequest<'_>,
    clock: Clock<'_>,
    asked: &Asked<'_, InstanceId, Instance>,
) -> Result<Record, Failure> {
    let Asked { id, request, description } = asked;
    let Some(instance) = description else {
        if may_be_invisible(request.time, scan.now) {
            return Err(Failure::new(Kind::NotVisibleYet, DESCRIBE, "AWS does not show it yet"));
        }
        return Ok(Record::absent(scan.place.clone(), ResourceId::Instance((*id).clone())));
    };
    clock.has_time(DESCRIBE)?;
    let circumstances = scan.circumstances(request.occasion);
    let mut decision = decide_instance(instance, scan.policy, &circumstances)?;
    if wants_history(&decision, request.occasion) {
        let read = history::of_instance(ports, scan.place, id).await;
        // Closing IMDSv1 matters more than how often it was opened: what cannot be read is said, and not tried again.
        let why = read.as_ref().err().map(ToString::to_string).unwrap_or_default();
        let history = read.as_ref().map_or(History::Unreadable(&why), History::Read);
        decision = decide_instance(instance, scan.policy, &Circumstances { history, ..circumstances })?;
    }
    decision = scan.siblings.decide(ports, scan.policy, &circumstances, instance, decision).await?;
    if let (true, Some(template)) = (decision.verdict.is_exempt_by_tag(), &request.template) {
        decision.notes.push(Note::ExemptByTemplate(template.clone()));
    }
    // Without this, each change that AWS accepts and does not carry out would raise the event of the next one.
    if let (Plan::Act(Step::Instance(change)), Some(accepted)) = (&decision.plan, &request.accepted)
        && change.is_met_by(accepted)
    {
        decision.plan = Plan::Hold { why: Hold::ChangeHadNoEffect, would: decision.plan.step().copied() };
    }
    Ok(instances::apply(ports, scan.place, instance, &decision).await)
}

/// Whether the earlier states of an instance decide: a flip that may have been forgotten with its tag, or a violation that
/// the usage gate would shelter. A launch has no earlier states.
fn wants_history(decision: &Decision, occasion: Occasion) -> bool {
    let is_violation = matches!(decision.verdict, Verdict::Violation(_));
    match occasion {
        Occasion::Launch => false,
        Occasion::Drift(_) => is_violation,
        Occasion::Seen => history::is_sheltered(decision),
    }
}

/// Turns launches into the instances found by their client tokens; the answers are those that lack some.
fn name_launches(
    scan: &ScanRequest<'_>,
    work: &mut Work<InstanceId>,
    found: Vec<(String, Instance)>,
    described: &mut BTreeMap<InstanceId, Instance>,
) -> Vec<Answer> {
    let mut answers = Vec::new();
    for (token, launch) in std::mem::take(&mut work.launches) {
        let mut count = 0;
        for (_, instance) in found.iter().filter(|(with, _)| *with == token) {
            count += 1;
            described.insert(instance.id.clone(), instance.clone());
            let request = work.requests.entry(instance.id.clone()).or_insert_with(|| Request {
                occasion: Occasion::Launch,
                cause: launch.cause.clone(),
                time: launch.time,
                deliveries: Vec::new(),
                accepted: None,
                template: None,
            });
            request.accepted = None;
            request.occasion = Occasion::Launch;
            request.cause = launch.cause.clone();
            if !request.deliveries.contains(&launch.delivery) {
                request.deliveries.push(launch.delivery);
            }
        }
        if count >= launch.at_least {
            continue;
        }
        let missing = format!("its client token finds {count} of at least {} instances", launch.at_least);
        let resource = ResourceId::UnnamedLaunch(launch.cause.event_id.clone());
        let outcome = if may_be_invisible(launch.time, scan.now) {
            Outcome::Failed(Failure::new(Kind::NotVisibleYet, DESCRIBE, missing))
        } else {
            Outcome::NotJudged(format!("{missing}; the others are gone"))
        };
        let record = Record::unjudged(scan.place.clone(), resource, outcome);
        let record = Record { cause: Some(launch.cause), ..record };
        answers.push(Answer { record, deliveries: vec![launch.delivery] });
    }
    answers
}

/// The launch template that gave an instance its exemption tag: the record shows the tag, and the caller of the launch named a
/// template and no such tag.
fn tagging_template(launched: &Launched, requested: &RequestedOptions) -> Option<String> {
    let is_tagged = launched.tags.as_ref().is_some_and(|it| it.contains_key(UNTIL_TAG));
    let template = requested.launch_template.as_ref().filter(|_| is_tagged && !requested.exemption_tag)?;
    let version = requested.launch_template_version.as_ref();
    Some(version.map_or_else(|| template.clone(), |version| format!("{template} version {version}")))
}

fn compliant_by_record(place: &Place, id: &InstanceId, options: MetadataOptions, why: Compliance) -> Record {
    Record {
        before: Some(Posture::Options(options)),
        decision: Some(Decision::nothing_to_do(Verdict::Compliant(why))),
        known_from: KnownFrom::LaunchRecord,
        ..Record::unjudged(place.clone(), ResourceId::Instance(id.clone()), Outcome::Left)
    }
}

fn source(place: &Place, name: &str) -> Record {
    let why = "seen, and not judged by this release: the instances it launches are";
    not_judged(place, ResourceId::Source(name.to_owned()), why)
}

fn not_judged(place: &Place, resource: ResourceId, why: &str) -> Record {
    Record::unjudged(place.clone(), resource, Outcome::NotJudged(why.to_owned()))
}

/// A launch says more about an instance than a drift, and a drift more than a description.
fn outweighs(occasion: Occasion, other: Occasion) -> bool {
    const fn weight(occasion: Occasion) -> u8 {
        match occasion {
            Occasion::Launch => 2,
            Occasion::Drift(_) => 1,
            Occasion::Seen => 0,
        }
    }
    weight(occasion) > weight(other)
}

/// The options of an instance in its launch record; what is not set there is unknown.
fn recorded(launched: &Launched) -> MetadataOptions {
    MetadataOptions {
        http_tokens: launched.http_tokens.unwrap_or(HttpTokens::Unknown),
        http_endpoint: launched.http_endpoint.unwrap_or(Switch::Unknown),
        hop_limit: launched.hop_limit,
        switches: launched.switches.map(|is| is.unwrap_or(Switch::Unknown)),
        pending: false,
    }
}

/// What AWS accepted, if an event reports a change of the options of an instance.
fn accepted(subject: &Subject) -> Option<MetadataOptions> {
    let Subject::OptionsModified { requested, .. } = subject else { return None };
    Some(MetadataOptions {
        http_tokens: requested.http_tokens.unwrap_or(HttpTokens::Unknown),
        http_endpoint: requested.http_endpoint.unwrap_or(Switch::Unknown),
        hop_limit: requested.hop_limit,
        switches: requested.switches.map(|is| is.unwrap_or(Switch::Unknown)),
        pending: false,
    })
}

/// Only a request for optional tokens is drift. A change of the hop limit or of the endpoint does not show how
/// long the instance has answered IMDSv1 already, so the usage gate decides.
fn modified(requested: &RequestedOptions, at: Timestamp) -> Occasion {
    match requested.http_tokens {
        Some(HttpTokens::Optional) => Occasion::Drift(to_second(at)),
        _ => Occasion::Seen,
    }
}
