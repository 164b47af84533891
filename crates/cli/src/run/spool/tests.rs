use std::collections::BTreeMap;

use jiff::civil::date;
use v2only_enforcer::record::Posture;
use v2only_enforcer::{Failure, Kind, Outcome, Record, ResourceId};
use v2only_policy::cause::{Launched, RootCause, Setter};
use v2only_policy::decision::Decision;
use v2only_policy::exemption::{InForce, InvalidTag, Origin, Void};
use v2only_policy::settings::HopLimit;
use v2only_policy::usage::{Kinship, LastStart, NotRestarted, SiblingUse, Usage};
use v2only_policy::{
    ContainerHost, DefaultFinding, Finding, Hold, HttpTokens, ImageId, Instance, InstanceChange, InstanceId,
    InstanceState, Judged, LaunchTemplateId, MetadataOptions, MinimumVersion, Note, Notebook, NotebookName,
    NotebookStatus, OptionFinding, Place, Plan, Platform, Region, Subject, Switch, SwitchOption, Switches,
    Verdict, Wait,
};

use super::*;

fn instance(number: usize) -> Instance {
    Instance {
        id: InstanceId::parse(&format!("i-{number:017x}")).unwrap(),
        state: InstanceState::Stopped,
        options: MetadataOptions {
            http_tokens: HttpTokens::Optional,
            http_endpoint: Switch::Enabled,
            hop_limit: Some(1),
            switches: Switches::all(Switch::Disabled).with(SwitchOption::MetadataTags, Switch::Unknown),
            pending: true,
        },
        managed_by: Some("eks.amazonaws.com".to_owned()),
        created_at: Some("2026-11-20T10:15:00.123456789Z".parse().unwrap()),
        started_at: Some("2026-11-20T10:15:00Z".parse().unwrap()),
        image: Some(ImageId::parse("ami-0000000000000000a").unwrap()),
        instance_type: None,
        profile: None,
        public_address: false,
        tags: BTreeMap::from([("Name".to_owned(), "ä\n\"".to_owned()), ("e".to_owned(), String::new())]),
    }
}

fn decisions() -> Vec<Decision> {
    let hops = HopLimit::new(2).unwrap();
    let change = InstanceChange::RequireTokens {
        hop_limit: Some(hops),
        switches: Switches::all(None).with(SwitchOption::Ipv6Endpoint, Some(false)),
    };
    let findings = vec![
        Finding::Option(OptionFinding::TokensOptional),
        Finding::Option(OptionFinding::HopLimitAbove { is: None, max: hops }),
        Finding::Default(DefaultFinding::NotEnforced),
    ];
    let until = date(2027, 1, 31);
    let by = InForce { origin: Origin::Document(3), reason: "agent".to_owned(), owner: None, until };
    let notes = vec![
        Note::VoidExemption(Void::Expired { origin: Origin::Tag, until }),
        Note::VoidExemption(Void::Invalid(InvalidTag::NotADay("tomorrow".to_owned()))),
        Note::ContainerHost(ContainerHost::Tag("eks:cluster-name".to_owned())),
    ];
    let holds = [
        Hold::Observe,
        Hold::Managed("eks".to_owned()),
        Hold::UsageGate(Usage::Busy { calls: u64::MAX }),
        Hold::NotRestarted(NotRestarted {
            last_start: LastStart::BeforeWindow("2026-08-01T03:04:05Z".parse().unwrap()),
            window: 14,
            instance: instance(1).id,
            region: Region::parse("eu-central-1").unwrap(),
            group: Some("web".to_owned()),
        }),
        Hold::SiblingsUseV1(SiblingUse {
            kinship: Kinship::Image(ImageId::parse("ami-0000000000000000a").unwrap()),
            busy: 1,
            running: 2,
            calls: u64::MAX,
        }),
        Hold::SiblingsNotRead(Some("denied".to_owned())),
        Hold::Contested { times: 3, hours: 24 },
        Hold::SsmAutomation,
        Hold::ImagesReportOnly,
        Hold::Irreversible,
    ];
    let plans = holds.into_iter().map(|why| Plan::Hold { why, would: Some(change.into()) }).chain([
        Plan::Nothing,
        Plan::Act(change.into()),
        Plan::Act(InstanceChange::DisableEndpoint.into()),
    ]);
    let violation = Verdict::Violation(findings.clone());
    let remember = BTreeMap::from([("v2only:reverted".to_owned(), "x".to_owned())]);
    plans
        .map(|plan| Decision {
            verdict: violation.clone(),
            notes: notes.clone(),
            plan,
            remember: remember.clone(),
        })
        .chain([Decision {
            verdict: Verdict::Exempt { by, findings },
            notes: Vec::new(),
            plan: Plan::Nothing,
            remember: BTreeMap::new(),
        }])
        .collect()
}

fn notebook() -> Judged {
    let it = Notebook {
        name: NotebookName::parse("Training").unwrap(),
        arn: "arn:aws:sagemaker:eu-central-1:111122223333:notebook-instance/training".to_owned(),
        status: NotebookStatus::InService,
        minimum_version: MinimumVersion::One,
        platform: Platform::Unknown("notebook-al3-v1".to_owned()),
        instance_type: "ml.t3.medium".to_owned(),
        created_at: None,
        failure_reason: Some("full".to_owned()),
        tags: BTreeMap::new(),
    };
    let plan = Plan::Wait(Wait::Notebook(NotebookStatus::Updating));
    let verdict = Verdict::Violation(vec![Finding::MinimumVersion1]);
    let decision = Decision { verdict, notes: Vec::new(), plan, remember: BTreeMap::new() };
    Judged { subject: Subject::Notebook(it), decision }
}

fn cause() -> RootCause {
    RootCause {
        from: Launched::Template(LaunchTemplateId::parse("lt-0000000000000000a").unwrap(), 7),
        group: Some("web".to_owned()),
        image: None,
        http_tokens: Setter::Source,
        hop_limit: Setter::Nobody,
    }
}

#[test]
fn what_is_found_is_read_again_as_it_was_from_memory_and_from_disk() {
    let mut all: Vec<(Judged, Option<RootCause>)> = decisions()
        .into_iter()
        .enumerate()
        .map(|(number, decision)| {
            (Judged { subject: Subject::Instance(instance(number)), decision }, Some(cause()))
        })
        .collect();
    all.push((notebook(), None));
    for in_memory in [1, 1 << 20] {
        let spool = Spool::keeping(in_memory);
        let slots: Vec<Slot> = all.iter().map(|it| spool.put(it).unwrap()).collect();
        for (slot, it) in slots.iter().zip(&all).rev() {
            assert_eq!(spool.get::<(Judged, Option<RootCause>)>(*slot).unwrap(), *it);
        }
        let slot = spool.put(&"added after reading".to_owned()).unwrap();
        assert_eq!(spool.get::<String>(slot).unwrap(), "added after reading");
    }
}

#[test]
fn what_came_of_a_change_is_read_again_as_it_was() {
    let place: Place =
        Place { account: "111122223333".parse().unwrap(), region: "eu-central-1".parse().unwrap() };
    let spool = Spool::default();
    for decision in decisions() {
        let it = instance(1);
        let id = ResourceId::Instance(it.id.clone());
        let record = Record::decided(place.clone(), id, Posture::Options(it.options), decision);
        let failure = Failure {
            code: Some("UnauthorizedOperation".to_owned()),
            request_id: Some("r-1".to_owned()),
            ..Failure::new(Kind::Denied, "ec2:ModifyInstanceMetadataOptions", "no")
        };
        for outcome in [Outcome::Fixed, Outcome::NotJudged("why".to_owned()), Outcome::Failed(failure)] {
            let came = record.clone().with_outcome(outcome, Some(Posture::Options(it.options)), None);
            let slot = spool.put(&came).unwrap();
            assert_eq!(spool.get::<Record>(slot).unwrap(), came);
        }
    }
}

#[test]
fn other_bytes_are_an_error_and_nothing_else() {
    let spool = Spool::default();
    let slot = spool.put(&"text".to_owned()).unwrap();
    let error = spool.get::<Record>(slot).unwrap_err();
    assert!(error.to_string().contains("cannot be kept in a temporary file"), "{error}");
    let short = Slot { length: slot.length - 1, ..slot };
    assert!(spool.get::<String>(short).is_err());
}
