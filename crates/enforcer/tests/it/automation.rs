//! One execution for many places: how many it takes, and what comes of what AWS does not take.

use std::collections::BTreeMap;
use std::io;
use std::sync::Mutex;

use v2only_enforcer::automation::Runbook;
use v2only_enforcer::automation::locations::{Joined, Together, automate_apart, automate_together};
use v2only_enforcer::enforce::{Bound, Carried, Journal};
use v2only_enforcer::ports::*;
use v2only_enforcer::record::Outcome;
use v2only_enforcer::{Failure, Kind};
use v2only_policy::exemption::UNTIL_TAG;
use v2only_policy::instance::{HttpTokens, Instance};
use v2only_policy::*;

use crate::fake::{ACCOUNT, World};

const START: &str = "ssm:StartAutomationExecution";

/// What an execution was started with: where, as which role of the center or of the place, and how many instances each
/// location has.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Started {
    at: String,
    role: String,
    sizes: Vec<usize>,
}

/// An AWS whose runbooks work, unless they are refused.
#[derive(Default)]
struct Runbooks {
    instances: Mutex<BTreeMap<(Place, InstanceId), Instance>>,
    started: Mutex<Vec<Started>>,
    journal: Mutex<Vec<String>>,
    refuses: Option<Kind>,
    /// Which instance somebody exempts while an execution for several places is asked for.
    exempts: Option<(Place, InstanceId)>,
    /// Runbooks do nothing.
    deaf: bool,
    /// How the first question for the end of an execution fails.
    unanswered: Mutex<Option<Kind>>,
}

impl Runbooks {
    fn work(&self, at: &[(Place, Vec<InstanceId>)], runbook: &Runbook, from: &Place) {
        let role = runbook.parameters["AutomationAssumeRole"].clone();
        let sizes = at.iter().map(|(_, ids)| ids.len()).collect();
        self.started.lock().unwrap().push(Started { at: from.to_string(), role, sizes });
        let mut all = self.instances.lock().unwrap();
        for (place, id) in at.iter().flat_map(|(place, ids)| ids.iter().map(move |id| (place, id))) {
            assert!(self.journal.lock().unwrap().contains(&format!("{place} {id}")), "journalled first");
            if !self.deaf {
                all.get_mut(&(place.clone(), id.clone())).unwrap().options.http_tokens = HttpTokens::Required;
            }
        }
    }
}

impl RunAutomation for Runbooks {
    async fn start_automation(&self, place: &Place, runbook: &Runbook, ids: &[InstanceId]) -> Answer<String> {
        self.work(&[(place.clone(), ids.to_vec())], runbook, place);
        Ok("apart".to_owned())
    }

    async fn start_automation_at(
        &self,
        central: &Place,
        runbook: &Runbook,
        locations: &Locations<'_>,
    ) -> Answer<String> {
        if let Some((place, id)) = &self.exempts {
            let mut all = self.instances.lock().unwrap();
            let tags = &mut all.get_mut(&(place.clone(), id.clone())).unwrap().tags;
            tags.insert(UNTIL_TAG.to_owned(), "2027-01-31".to_owned());
        }
        if let Some(kind) = self.refuses {
            return Err(Failure::new(kind, START, "not in this form"));
        }
        let mut places: Vec<&Place> = locations.at.iter().map(|(place, _)| place).collect();
        places.sort_unstable();
        places.dedup();
        assert_eq!(places.len(), locations.at.len(), "each place once");
        self.work(&locations.at, runbook, central);
        Ok("together".to_owned())
    }

    async fn automation(&self, _: &Place, _: &str) -> Answer<Execution> {
        if let Some(kind) = self.unanswered.lock().unwrap().take() {
            return Err(Failure::new(kind, "ssm:GetAutomationExecution", "as the test asked"));
        }
        Ok(Execution::Succeeded { missed: BTreeMap::new() })
    }
}

impl DescribeInstances for Runbooks {
    async fn instances(&self, place: &Place, ids: &[InstanceId]) -> Answer<Vec<Instance>> {
        let all = self.instances.lock().unwrap();
        Ok(ids.iter().filter_map(|id| all.get(&(place.clone(), id.clone())).cloned()).collect())
    }

    async fn launched_with(&self, _: &Place, _: &[String]) -> Answer<Vec<(String, Instance)>> {
        Ok(Vec::new())
    }
}

impl Journal for Runbooks {
    async fn write(&self, place: &Place, judged: &[Judged]) -> Result<(), io::Error> {
        for it in judged {
            let Some(it) = it.instance() else { panic!("only instances") };
            self.journal.lock().unwrap().push(format!("{place} {}", it.id));
        }
        Ok(())
    }
}

fn place(number: usize) -> Place {
    let account = AccountId::parse(&format!("{:012}", 100_000_000_000_usize + number)).unwrap();
    Place { account, region: Region::parse("eu-central-1").unwrap() }
}

/// Places with so many instances each, all to be closed.
fn estate(aws: &Runbooks, sizes: &[usize]) -> Vec<(Place, Vec<Judged>)> {
    let mut world = World::default();
    let mut estate = Vec::new();
    for (number, size) in sizes.iter().enumerate() {
        let place = place(number);
        let mut judged = Vec::new();
        for other in 0..*size {
            let it = world.instance(&format!("i-{number:08x}{other:09x}")).clone();
            aws.instances.lock().unwrap().insert((place.clone(), it.id.clone()), it.clone());
            let change = InstanceChange::TOKENS;
            let verdict = Verdict::Violation(Vec::new());
            let (notes, remember) = (Vec::new(), Tags::new());
            let decision = Decision { verdict, notes, plan: Plan::Act(change.into()), remember };
            judged.push(Judged { subject: Subject::Instance(it), decision });
        }
        estate.push((place, judged));
    }
    estate
}

fn run(aws: &Runbooks, sizes: &[usize], bound: &Bound) -> (Vec<Carried>, Option<Kind>) {
    let estate = estate(aws, sizes);
    let central =
        Place { account: AccountId::parse(ACCOUNT).unwrap(), region: Region::parse("eu-west-1").unwrap() };
    let judged = estate.iter().map(|(place, some)| (place, some.clone())).collect();
    let it = Together { central: &central, administration: "Central", role: "There", judged, bound };
    let wait = async |_| {};
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
        let Joined { mut carried, refused } = automate_together(aws, aws, it, &wait).await;
        let kind = refused.as_ref().map(|it| it.why.kind);
        if let Some(refused) = refused {
            carried.extend(automate_apart(aws, aws, refused, bound, &wait).await);
        }
        (carried.into_iter().map(|(_, it)| it).collect(), kind)
    })
}

fn fixed(carried: &[Carried]) -> usize {
    let records = carried.iter().flat_map(|it| &it.records);
    records.filter(|it| matches!(it.outcome, Outcome::Fixed)).count()
}

fn sizes(aws: &Runbooks) -> Vec<Vec<usize>> {
    aws.started.lock().unwrap().iter().map(|it| it.sizes.clone()).collect()
}

#[test]
fn a_location_is_given_50_instances_and_an_execution_100_locations_at_most() {
    let aws = Runbooks::default();
    let (carried, refused) = run(&aws, &[120, 50, 1], &Bound::default());
    assert_eq!((fixed(&carried), refused), (171, None));
    assert_eq!(sizes(&aws), [vec![50, 50, 1], vec![50], vec![20]]);
    let started = aws.started.lock().unwrap();
    assert!(started.iter().all(|it| it.at == format!("{ACCOUNT}/eu-west-1")));
    assert!(started.iter().all(|it| it.role == format!("arn:aws:iam::{ACCOUNT}:role/Central")));

    let aws = Runbooks::default();
    let (carried, _) = run(&aws, &[1; 250], &Bound::default());
    assert_eq!(fixed(&carried), 250);
    assert_eq!(sizes(&aws).iter().map(Vec::len).collect::<Vec<_>>(), [100, 100, 50]);
}

#[test]
fn what_is_refused_in_this_form_is_done_place_by_place_and_journalled_once() {
    let aws = Runbooks { refuses: Some(Kind::Invalid), ..Runbooks::default() };
    let (carried, refused) = run(&aws, &[60, 3], &Bound::default());
    assert_eq!((fixed(&carried), refused), (63, Some(Kind::Invalid)));
    let mut journal = aws.journal.lock().unwrap().clone();
    assert_eq!(journal.len(), 63);
    journal.sort_unstable();
    journal.dedup();
    assert_eq!(journal.len(), 63, "none twice");
    let mut started = aws.started.lock().unwrap().clone();
    started.sort_by_key(|it| (it.at.clone(), it.sizes.clone()));
    let of = |number: usize, size: usize| Started {
        at: place(number).to_string(),
        role: format!("arn:aws:iam::{}:role/There", place(number).account),
        sizes: vec![size],
    };
    assert_eq!(started, [of(0, 10), of(0, 50), of(1, 3)]);
}

#[test]
fn an_instance_that_is_exempted_before_the_execution_of_its_place_is_left() {
    let exempt = InstanceId::parse("i-00000001000000001").unwrap();
    let exempts = Some((place(1), exempt.clone()));
    let aws = Runbooks { refuses: Some(Kind::Invalid), exempts, ..Runbooks::default() };
    let (carried, _) = run(&aws, &[2, 3], &Bound::default());
    assert_eq!(fixed(&carried), 4);
    let records = carried.iter().flat_map(|it| &it.records);
    let held: Vec<_> = records.filter(|it| it.hold() == Some(&Hold::ChangedSince)).collect();
    assert_eq!(held.len(), 1);
    let now = aws.instances.lock().unwrap()[&(place(1), exempt)].options.http_tokens;
    assert_eq!(now, HttpTokens::Optional, "it stays as it is");
}

#[test]
fn whatever_else_keeps_it_from_starting_is_no_reason_to_start_others() {
    for kind in [Kind::Denied, Kind::Throttled, Kind::Unavailable, Kind::Unknown] {
        let aws = Runbooks { refuses: Some(kind), ..Runbooks::default() };
        let (carried, refused) = run(&aws, &[2, 2], &Bound::default());
        assert_eq!((fixed(&carried), refused), (0, None), "{kind:?}");
        assert_eq!(carried.iter().map(|it| it.records.len()).sum::<usize>(), 4);
        assert_eq!(sizes(&aws).len(), 0);
    }
}

/// The execution goes on all the same. The runbooks do nothing, so that the records say how it ended.
#[test]
fn an_execution_is_followed_though_a_question_for_its_end_is_not_answered() {
    for (kind, ended) in [
        (Kind::Throttled, Kind::Unverified),
        (Kind::Unavailable, Kind::Unverified),
        (Kind::Denied, Kind::Denied),
    ] {
        let aws = Runbooks { deaf: true, unanswered: Mutex::new(Some(kind)), ..Runbooks::default() };
        let (carried, _) = run(&aws, &[1], &Bound::default());
        let outcome = &carried[0].records[0].outcome;
        assert!(matches!(outcome, Outcome::Failed(it) if it.kind == ended), "{kind:?}: {outcome:?}");
    }
}

#[test]
fn after_too_many_failed_nothing_more_is_started_in_either_form() {
    // Of those that were refused together, the ones of the other place were in the journal already.
    for (refuses, failed, journalled) in [(None, 100, 100), (Some(Kind::Invalid), 70, 120)] {
        let aws = Runbooks { refuses, deaf: true, ..Runbooks::default() };
        let (carried, _) = run(&aws, &[70, 52], &Bound::at_most(60));
        assert_eq!(carried.iter().map(|it| it.records.len()).sum::<usize>(), failed);
        assert_eq!(carried.iter().map(|it| it.left.len()).sum::<usize>(), 122 - failed, "none is lost");
        assert_eq!(aws.journal.lock().unwrap().len(), journalled);
    }
}
