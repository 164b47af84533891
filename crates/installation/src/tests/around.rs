//! Trails, the policy document, and what an installation stands in.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use v2only_policy::source::DefaultsOwner;
use v2only_policy::{AccountDefaults, HttpTokens};

use super::complete::{EC2, against, all_events, bad, check, complete, control, empty, hub, member, trail};
use crate::expected::{FUNCTIONS, PARAMETER};
use crate::judge::{Against, Control, Refusal, controls, entered, judge, not_installed};
use crate::ports::{AdvancedSelector, BasicSelector, FieldSelector, Parameter, Selectors};
use crate::snapshot::{FunctionSnapshot, RuleSnapshot, Snapshot, TrailSnapshot};
use crate::{Site, State};
use v2only_enforcer::{Failure, Kind};

#[test]
fn the_document_is_one_and_the_one_that_was_meant() {
    let with = |value: &str, kind: &str| {
        let it = Parameter { value: value.to_owned(), kind: kind.to_owned() };
        move |seen: &mut Snapshot| seen.parameter = Ok(Some(it))
    };
    let put = "v2only validate policy.yaml && aws ssm put-parameter --name /v2only/policy --type String --overwrite --value file://policy.yaml";
    check(Site::Alone, |it| it.parameter = Ok(None), "parameter", PARAMETER, "not there", put);
    check(
        Site::Alone,
        with("version: 1\nmode: enforced\n", "String"),
        "parameter",
        PARAMETER,
        "no policy document: 2:",
        put,
    );
    check(
        Site::Alone,
        with("version: 1\nmode: observe\n", "SecureString"),
        "parameter",
        PARAMETER,
        "may not decrypt",
        "v2only validate policy.yaml && aws ssm delete-parameter --name /v2only/policy --region eu-central-1 && aws ssm put-parameter",
    );
    let wanted = v2only_document::parse("version: 1\nmode: enforce\n").unwrap().policy;
    let seen = complete(Site::Alone);
    let all = judge(&seen, &Against { policy: Some(("mine.yaml", &wanted)), ..Against::default() });
    let found = all.iter().find(|it| it.piece == "parameter").unwrap();
    assert_eq!((found.state, found.why.as_str()), (State::Problem, "says something else than mine.yaml"));
}

#[test]
fn a_trail_records_what_the_rules_ask_for_or_is_no_trail() {
    let with = |it: TrailSnapshot| move |seen: &mut Snapshot| seen.trails = Ok(vec![it]);
    let field = |field: &str, operator, values: &[&str]| FieldSelector {
        field: field.to_owned(),
        operators: BTreeMap::from([(operator, values.iter().map(|it| (*it).to_owned()).collect())]),
    };
    let management = || field("eventCategory", "Equals", &["Management"]);
    let advanced = |fields| trail(Selectors::Advanced(vec![AdvancedSelector { name: None, fields }]));
    for good in [
        advanced(vec![management()]),
        advanced(vec![management(), field("readOnly", "Equals", &["false"])]),
        advanced(vec![management(), field("eventSource", "NotEquals", &["kms.amazonaws.com"])]),
    ] {
        let mut seen = complete(Site::Alone);
        with(good)(&mut seen);
        assert_eq!(bad(&seen), []);
    }
    let trails =
        |harm: TrailSnapshot, why, command| check(Site::Alone, with(harm), "trail", "all", why, command);
    let put =
        "aws cloudtrail put-event-selectors --trail-name arn:aws:cloudtrail:us-east-1:111122223333:trail/all";
    trails(advanced(vec![field("eventCategory", "Equals", &["Data"])]), "does not record", put);
    trails(advanced(vec![management(), field("readOnly", "Equals", &["true"])]), "`readOnly`", put);
    trails(
        advanced(vec![management(), field("eventSource", "NotEquals", &["ec2.amazonaws.com"])]),
        "`eventSource`",
        put,
    );
    trails(
        advanced(vec![management(), field("userIdentity.arn", "NotStartsWith", &["arn:"])]),
        "`userIdentity.arn`",
        put,
    );
    trails(
        trail(Selectors::Basic(vec![BasicSelector { read_write: "ReadOnly".to_owned(), ..all_events() }])),
        "does not record",
        put,
    );
    trails(
        TrailSnapshot { logging: Ok(false), ..trail(Selectors::Basic(vec![all_events()])) },
        "switched off",
        "aws cloudtrail start-logging",
    );
    check(
        Site::Alone,
        |it| it.trails = Ok(Vec::new()),
        "trail",
        "(any)",
        "no trail",
        "aws cloudtrail create-trail",
    );
}

#[test]
fn selectors_are_written_anew_with_all_that_was_in_them() {
    let data = ("AWS::S3::Object".to_owned(), vec!["arn:aws:s3:::books/".to_owned()]);
    let only_data =
        BasicSelector { read_write: "ReadOnly".to_owned(), data: vec![data], ..BasicSelector::default() };
    let mut seen = complete(Site::Alone);
    seen.trails = Ok(vec![trail(Selectors::Basic(vec![only_data]))]);
    let fix = bad(&seen).remove(0).command.unwrap();
    let text = fix.as_str().split('\'').nth(1).unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(text).unwrap(),
        json!([{
            "ReadWriteType": "All",
            "IncludeManagementEvents": true,
            "DataResources": [{ "Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::books/"] }],
            "ExcludeManagementEventSources": [],
        }])
    );
}

#[test]
fn what_cannot_be_read_is_never_called_well() {
    let denied = || Failure::new(Kind::Denied, "some:Action", "no");
    let mut seen = complete(Site::Hub);
    let whole_number = judge(&seen, &against(&seen)).len();
    seen.trails = Err(denied());
    seen.bus = Err(denied());
    seen.parameter = Err(denied());
    seen.defaults = Err(denied());
    for it in seen.rules.values_mut() {
        *it = RuleSnapshot { rule: Err(denied()), targets: Err(denied()) };
    }
    for it in seen.queues.values_mut() {
        *it = Err(denied());
    }
    for it in seen.schedules.values_mut() {
        *it = Err(denied());
    }
    for it in seen.functions.values_mut() {
        *it = FunctionSnapshot { function: Err(denied()), mappings: Err(denied()) };
    }
    let all = judge(&seen, &against(&seen));
    assert!(all.iter().all(|it| it.state == State::Unread), "{all:#?}");
    assert_eq!(all.len(), whole_number);
    assert!(
        all.iter().all(|it| it.command.as_ref().unwrap().as_str() == "v2only policies show iam/role-doctor")
    );
}

#[test]
fn where_v2only_is_not_installed_one_finding_says_so() {
    let found = |seen: &[Snapshot]| {
        let all = not_installed(seen, &Against::default())?;
        Some(all.into_iter().map(|it| (it.piece, it.state)).collect::<Vec<_>>())
    };
    let missing = ("installation", State::Problem);
    let member = Site::Member { hub: hub() };
    assert_eq!(found(&[empty(Site::Alone)]), Some(vec![missing]));
    assert_eq!(found(&[empty(Site::Hub), empty(member.clone())]), Some(vec![missing]));
    let command =
        |site| not_installed(&[empty(site)], &Against::default()).unwrap()[0].command.clone().unwrap();
    assert!(command(Site::Alone).as_str().ends_with("/single-account.yaml"));
    assert!(command(Site::Hub).as_str().ends_with("/template.yaml"));

    // One piece anywhere makes it an incomplete installation.
    assert_eq!(found(&[empty(Site::Hub), complete(member.clone())]), None);
    let mut parameter = empty(Site::Alone);
    parameter.parameter = complete(Site::Alone).parameter;
    assert_eq!(found(&[parameter]), None);

    // What cannot be read may exist.
    let refused = || Failure::new(Kind::Denied, "sts:AssumeRole", "no");
    let mut unread = empty(Site::Alone);
    unread.queues.insert("v2only-undelivered".to_owned(), Err(refused()));
    assert_eq!(found(&[unread]), None);
    let mut shut = empty(member);
    shut.rules.values_mut().for_each(|it| it.rule = Err(refused()));
    (shut.trails, shut.defaults) = (Err(refused()), Err(refused()));
    assert_eq!(found(&[empty(Site::Hub), shut]), Some(vec![missing, ("account", State::Unread)]));
}

#[test]
fn an_account_that_cannot_be_entered_is_one_finding() {
    let mut seen = complete(Site::Member { hub: hub() });
    let refused = || Failure::new(Kind::Denied, "sts:AssumeRole", "no");
    seen.trails = Err(refused());
    seen.defaults = Err(refused());
    let all = bad(&seen);
    assert_eq!(all.iter().map(|it| (it.piece, it.state)).collect::<Vec<_>>(), [("account", State::Unread)]);
}

#[test]
fn a_declarative_policy_is_in_the_way_unless_it_requires_tokens() {
    let owned = |tokens| {
        let mut it = AccountDefaults {
            owner: DefaultsOwner::DeclarativePolicy(Some("ask us".to_owned())),
            ..AccountDefaults::UNSET
        };
        it.options.http_tokens = tokens;
        it
    };
    let harm = |it: &mut Snapshot| it.defaults = Ok(owned(Some(HttpTokens::Optional)));
    let mut seen = complete(Site::Alone);
    harm(&mut seen);
    let all = bad(&seen);
    assert_eq!(all.iter().map(|it| it.piece).collect::<Vec<_>>(), ["declarative policy"]);
    assert!(all.iter().all(|it| it.why.contains("ask us")));
    seen.defaults = Ok(owned(Some(HttpTokens::Required)));
    assert_eq!(bad(&seen), []);
    seen.defaults = Ok(AccountDefaults {
        owner: DefaultsOwner::Unknown("somebody".to_owned()),
        ..AccountDefaults::UNSET
    });
    assert_eq!(bad(&seen).iter().map(|it| it.state).collect::<Vec<_>>(), [State::Unread]);
}

#[test]
fn a_role_that_lets_nobody_but_the_function_in_is_asked_through_the_function() {
    let denied = Err(Failure::new(Kind::Denied, "sts:AssumeRole", "no"));
    for it in &FUNCTIONS {
        let found = entered(&member(), &hub(), it.name, it.folder, &denied).remove(0);
        assert_eq!(found.state, State::Unread);
        let ask = found.command.unwrap();
        if it.pattern.is_none() {
            // A task would be work.
            assert!(ask.as_str().contains("/aws/lambda/v2only-sweeper"), "{}", ask.as_str());
            assert!(ask.as_str().contains("unswept") && ask.as_str().contains(member().account.as_str()));
            continue;
        }
        let payload: Value = serde_json::from_str(ask.as_str().split('\'').nth(1).unwrap()).unwrap();
        let Ok(v2only_events::Input::Batch(messages)) = v2only_events::input(payload) else {
            panic!("no batch")
        };
        let [message] = messages.as_slice() else { panic!("{messages:?}") };
        let parsed = v2only_events::parse(message.body.as_ref().unwrap());
        let Ok(v2only_events::Parsed::Trigger(trigger)) = parsed else { panic!("{parsed:?}") };
        assert_eq!(trigger.place, member());
    }
    assert_eq!(entered(&member(), &hub(), EC2, "ec2-enforcer", &Ok(())).remove(0).state, State::Ok);
}

#[test]
fn what_the_organization_denies_our_functions_is_told() {
    let refusal = |statements: &[&str]| Refusal {
        what: "our function tags an instance".to_owned(),
        statements: statements.iter().map(|it| (*it).to_owned()).collect(),
    };
    let state = |refuses| {
        let all = controls(&hub(), Ok(&[Control { refuses, ..control("theirs") }]));
        all.into_iter().map(|it| it.state).collect::<Vec<_>>()
    };
    assert_eq!(state(Some(Vec::new())), [State::Ok]);
    assert_eq!(state(Some(vec![refusal(&["NoTags"])])), [State::Problem]);
    assert_eq!(state(Some(vec![refusal(&[])])), [State::Unread]);
    assert_eq!(state(None), [State::Unread]);
    let failure = Failure::new(Kind::Denied, "organizations:ListParents", "no");
    assert_eq!(
        controls(&hub(), Err(&failure)).iter().map(|it| it.state).collect::<Vec<_>>(),
        [State::Unread]
    );
}

/// Notebooks in service would wait for ever, and no piece is missing.
#[test]
fn a_window_that_a_sweep_may_never_fall_into_is_warned_of() {
    let warned = |window: &str, every: &str| {
        let mut seen = complete(Site::Alone);
        let value =
            format!("version: 1\nmode: enforce\nnotebooks: {{ in_service: window, window: \"{window}\" }}\n");
        seen.parameter = Ok(Some(Parameter { value, kind: "String".to_owned() }));
        if let Some(Ok(Some(schedule))) = seen.schedules.get_mut("v2only-sweep") {
            schedule.expression = every.to_owned();
        }
        let all = judge(&seen, &Against::default());
        all.into_iter().filter(|it| it.state == State::Warning).collect::<Vec<_>>()
    };
    let short = warned("Sun 02:30-04:00", "rate(6 hours)");
    let [it] = short.as_slice() else { panic!("{short:?}") };
    assert_eq!((it.piece, it.name.as_str()), ("schedule", "v2only-sweep"));
    assert!(it.why.contains("rate(6 hours)") && it.why.contains("Sun 02:30-04:00"), "{}", it.why);
    let command = it.command.as_ref().unwrap().as_str();
    for part in
        ["create-schedule", "cron(30 2 ? * SUN *)", r#"\"only\": \"notebooks\""#, "--region eu-central-1"]
    {
        assert!(command.contains(part), "{command}");
    }
    assert_eq!(warned("Sun 02:00-08:00", "rate(6 hours)").len(), 0, "as long as the rate");
    assert_eq!(warned("Sun 02:00-04:00", "rate(1 hour)").len(), 0, "a rate that meets it");
    assert_eq!(warned("Sun 18:00-24:00", "rate(6 hours)").len(), 0, "until midnight");
    assert_eq!(warned("Sun 02:00-04:00", "cron(0 3 * * ? *)").len(), 1, "not a rate: not checked, and said");
}
