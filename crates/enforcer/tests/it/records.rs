//! What a record, a failure and the counts say of one resource.

use jiff::{SignedDuration, Timestamp};
use rstest::rstest;
use v2only_enforcer::failure::{Failure, Kind};
use v2only_enforcer::recent::RecentLaunches;
use v2only_enforcer::record::{KnownFrom, Posture};
use v2only_enforcer::{Counts, Outcome, Record, ResourceId};
use v2only_policy::instance::{HttpTokens, MetadataOptions, Switch};
use v2only_policy::plan::{Hold, InstanceChange};
use v2only_policy::{
    AccountDefaults, AccountId, Decision, Finding, ImdsSupport, InstanceId, MetadataOption, Note,
    NotebookStatus, OptionFinding, Place, Plan, Region, StatedOptions, SwitchOption, Switches, Verdict, Wait,
    effective,
};

fn place() -> Place {
    Place {
        account: AccountId::parse("111122223333").unwrap(),
        region: Region::parse("eu-central-1").unwrap(),
    }
}

fn id(text: &str) -> InstanceId {
    InstanceId::parse(text).unwrap()
}

fn record(outcome: Outcome) -> Record {
    Record::unjudged(place(), ResourceId::Instance(id("i-0123456789abcdef0")), outcome)
}

fn judged(outcome: Outcome, verdict: Verdict, plan: Plan) -> Record {
    let decision = Decision { plan, ..Decision::nothing_to_do(verdict) };
    Record { decision: Some(decision), ..record(outcome) }
}

fn open() -> Verdict {
    Verdict::Violation(vec![Finding::Option(OptionFinding::TokensOptional)])
}

fn held(why: Hold) -> Plan {
    Plan::Hold { why, would: None }
}

fn failed(kind: Kind) -> Outcome {
    Outcome::Failed(Failure::new(kind, "ec2:ModifyInstanceMetadataOptions", "message"))
}

#[test]
fn a_record_repeats_what_the_decision_says() {
    let change = InstanceChange::RequireTokens { hop_limit: None, switches: Switches::all(None) };
    let acts = judged(Outcome::Fixed, open(), Plan::Act(change.into()));
    assert_eq!(acts.verdict(), Some(&open()));
    assert_eq!((acts.is_violation(), acts.rules()), (true, vec!["http-tokens"]));
    assert!(acts.step().is_some() && acts.hold().is_none());
    let unjudged = record(Outcome::Left);
    assert_eq!((unjudged.verdict(), unjudged.is_violation()), (None, false));
    assert!(unjudged.rules().is_empty() && unjudged.step().is_none());
}

#[test]
fn imdsv1_is_closed_where_aws_answers_that_tokens_are_required() {
    let after = |http_tokens| {
        let options = MetadataOptions { http_tokens, ..MetadataOptions::UNKNOWN };
        Record { after: Some(Posture::Options(options)), ..record(Outcome::Fixed) }.closes_v1()
    };
    assert!(after(HttpTokens::Required));
    assert!(!after(HttpTokens::Optional) && !after(HttpTokens::Unknown));
    assert!(!record(Outcome::Fixed).closes_v1());
}

#[test]
fn a_resource_is_contested_by_its_hold_or_by_its_note() {
    let hold = |why| judged(Outcome::Held, open(), held(why)).is_contested();
    assert!(hold(Hold::Contested { times: 3, hours: 24 }) && hold(Hold::ChangeHadNoEffect));
    assert!(!hold(Hold::Observe));
    let mut noted = judged(Outcome::Fixed, open(), Plan::Nothing);
    noted.decision.as_mut().unwrap().notes.push(Note::Contested { times: 3, hours: 24, by: None });
    assert!(noted.is_contested());
    assert!(!record(Outcome::Left).is_contested());
}

#[test]
fn a_resource_that_aws_does_not_show_is_said_to_be_absent() {
    let gone = judged(Outcome::Left, Verdict::Gone, Plan::Nothing);
    assert_eq!(gone.reasons(), ["terminated or deleted"]);
    let absent = Record { known_from: KnownFrom::Absence, ..gone };
    assert_eq!(absent.reasons(), ["AWS does not show it any more"]);
}

#[rstest]
#[case::fixed(judged(Outcome::Fixed, open(), Plan::Nothing), false)]
#[case::held(judged(Outcome::Held, open(), held(Hold::Observe)), true)]
#[case::gone(judged(failed(Kind::Gone), open(), Plan::Nothing), false)]
#[case::denied(judged(failed(Kind::Denied), open(), Plan::Nothing), true)]
#[case::waiting_violation(judged(Outcome::Waiting, open(), Plan::Nothing), true)]
#[case::waiting_notebook(
    judged(Outcome::Waiting, Verdict::Gone, Plan::Wait(Wait::Notebook(NotebookStatus::Stopping))),
    true
)]
#[case::waiting_otherwise(judged(Outcome::Waiting, Verdict::Gone, Plan::Nothing), false)]
#[case::not_judged(record(Outcome::NotJudged("no permission".to_owned())), false)]
fn a_violation_remains_or_not(#[case] record: Record, #[case] remains: bool) {
    assert_eq!(record.leaves_violation(), remains);
}

#[test]
fn counts_add_up() {
    let mut counts = Counts::default();
    let contested = held(Hold::Contested { times: 3, hours: 24 });
    for _ in 0..2 {
        counts.add(&judged(Outcome::Fixed, open(), Plan::Nothing));
        counts.add(&judged(Outcome::Held, open(), contested.clone()));
        counts.add(&record(failed(Kind::Throttled)));
        counts.add(&record(failed(Kind::Denied)));
        counts.add(&record(failed(Kind::Gone)));
    }
    let wanted =
        Counts { judged: 4, fixed: 2, held: 2, contested: 2, retried: 2, failed: 2, ..Counts::default() };
    assert_eq!(counts, wanted);
}

#[rstest]
#[case(Kind::Throttled, "throttled", true)]
#[case(Kind::NotVisibleYet, "not-visible-yet", true)]
#[case(Kind::WrongState, "wrong-state", true)]
#[case(Kind::Unavailable, "unavailable", true)]
#[case(Kind::Unreachable, "unreachable", true)]
#[case(Kind::Credentials, "credentials", true)]
#[case(Kind::Unverified, "unverified", true)]
#[case(Kind::Denied, "denied", true)]
#[case(Kind::Refused, "refused", true)]
#[case(Kind::ForeignAccount, "foreign-account", true)]
#[case(Kind::Invalid, "invalid", true)]
#[case(Kind::Gone, "gone", false)]
#[case(Kind::Unknown, "unknown-error", true)]
fn a_failure_has_a_word_and_most_count(#[case] kind: Kind, #[case] code: &str, #[case] counts: bool) {
    assert_eq!((kind.code(), failed(kind).is_failure()), (code, counts));
    assert!(!Outcome::Left.is_failure());
}

#[rstest]
#[case(Kind::Denied, "sts:AssumeRole", Some("trust policy"))]
#[case(Kind::Denied, "ec2:DescribeInstances", Some("grant the action"))]
#[case(Kind::Credentials, "sts:AssumeRole", Some("sign in again"))]
#[case(Kind::Unreachable, "ec2:DescribeInstances", Some("check the network"))]
#[case(Kind::Throttled, "ec2:DescribeInstances", Some("request rate"))]
#[case(Kind::Gone, "ec2:DescribeInstances", None)]
fn a_hint_names_what_a_person_can_do(
    #[case] kind: Kind,
    #[case] action: &'static str,
    #[case] words: Option<&str>,
) {
    let hint = Failure::new(kind, action, "message").hint();
    assert_eq!(hint.is_some(), words.is_some());
    assert!(hint.unwrap_or_default().contains(words.unwrap_or_default()), "{hint:?}");
}

#[rstest]
#[case::named(
    Kind::Invalid,
    Some("InvalidParameterValue"),
    "HttpPutResponseHopLimit is wrong",
    Some(MetadataOption::HopLimit)
)]
#[case::in_words(Kind::Refused, Some("Refused"), "the hop limit is wrong", Some(MetadataOption::HopLimit))]
#[case::same_twice(
    Kind::Invalid,
    Some("InvalidParameterValue"),
    "HttpProtocolIpv6: no IPv6 endpoint",
    Some(MetadataOption::Switch(SwitchOption::Ipv6Endpoint))
)]
#[case::two(Kind::Invalid, Some("InvalidParameterValue"), "HttpTokens or the hop limit is wrong", None)]
#[case::not_of_aws(Kind::Invalid, None, "the hop limit is wrong", None)]
#[case::another_kind(Kind::Denied, Some("UnauthorizedOperation"), "the hop limit is wrong", None)]
fn a_refusal_names_one_option(
    #[case] kind: Kind,
    #[case] code: Option<&str>,
    #[case] message: &str,
    #[case] option: Option<MetadataOption>,
) {
    let failure = Failure { code: code.map(str::to_owned), ..Failure::new(kind, "ec2:Modify", message) };
    assert_eq!(failure.refused_option(), option);
}

fn options(http_tokens: HttpTokens, http_endpoint: Switch, hop_limit: Option<u8>) -> Posture {
    Posture::Options(MetadataOptions { http_tokens, http_endpoint, hop_limit, ..MetadataOptions::UNKNOWN })
}

/// What a launch gets whose tokens and hop limit are stated, and whose endpoint is the default of AWS or of the account.
fn launch(http_tokens: HttpTokens, endpoint: Switch) -> Posture {
    let stated = StatedOptions { http_tokens: Some(http_tokens), hop_limit: Some(2), ..Default::default() };
    let mut defaults = AccountDefaults::UNSET;
    defaults.options.http_endpoint = Some(endpoint).filter(|it| *it == Switch::Disabled);
    Posture::Launch(effective(&stated, &defaults, ImdsSupport::Unmarked))
}

fn defaults(http_tokens: Option<HttpTokens>, hop_limit: Option<u8>, enforced: Switch) -> Posture {
    Posture::Defaults { options: StatedOptions { http_tokens, hop_limit, ..Default::default() }, enforced }
}

#[rstest]
#[case(options(HttpTokens::Optional, Switch::Enabled, Some(1)), "optional, hop 1")]
#[case(options(HttpTokens::Required, Switch::Unknown, None), "required")]
#[case(options(HttpTokens::Unknown, Switch::Enabled, None), "not described")]
#[case(options(HttpTokens::Optional, Switch::Disabled, Some(1)), "endpoint disabled")]
#[case(launch(HttpTokens::Optional, Switch::Enabled), "optional (said here), hop 2 (said here)")]
#[case(launch(HttpTokens::Optional, Switch::Disabled), "endpoint disabled (by account default)")]
#[case(defaults(None, None, Switch::Disabled), "no preference")]
#[case(defaults(Some(HttpTokens::Required), Some(2), Switch::Enabled), "required, hop 2, enforced")]
#[case(defaults(Some(HttpTokens::Optional), None, Switch::Unknown), "optional")]
fn options_are_named_in_words(#[case] posture: Posture, #[case] words: &str) {
    assert_eq!(posture.to_string(), words);
}

#[test]
fn a_compliant_launch_is_known_for_a_quarter_of_an_hour() {
    let now: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
    let minutes = |minutes| now + SignedDuration::from_mins(minutes);
    let (recent, launched) = (RecentLaunches::default(), id("i-0123456789abcdef0"));
    assert!(!recent.knows(&place(), &launched, now));
    recent.remember(&place(), &launched, now);
    assert!(
        recent.knows(&place(), &launched, minutes(14)) && !recent.knows(&place(), &launched, minutes(15))
    );
    recent.forget(&place(), &launched);
    assert!(!recent.knows(&place(), &launched, now), "something was asked of its options since");
}

#[test]
fn a_full_memory_drops_what_is_too_old_and_takes_nothing_new_otherwise() {
    let now: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
    let recent = RecentLaunches::default();
    for number in 0..10_001 {
        recent.remember(&place(), &id(&format!("i-{number:08x}")), now);
    }
    assert!(recent.knows(&place(), &id("i-0000270f"), now), "the last that fits");
    assert!(!recent.knows(&place(), &id("i-00002710"), now), "one too many");
    let later = now + SignedDuration::from_mins(15);
    recent.remember(&place(), &id("i-00002710"), later);
    assert!(recent.knows(&place(), &id("i-00002710"), later));
}
