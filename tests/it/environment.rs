//! Surroundings that are no good: one clear line each, and the event is kept where it can still be handled.

use std::net::{Ipv4Addr, TcpListener};

use v2only_enforcer::policy_source::Location;
use v2only_sandbox::lambda::InvocationOutcome;
use v2only_sandbox::{AwsError, Effect, Fault, HttpTokens};
use v2only_tests::alone::{alone, state_change};
use v2only_tests::stage::v1;
use v2only_tests::{ENFORCE, HOME, Line, MEMBER, REGION, SECOND, Setup, Stage};

const PARAMETER: &str = "/v2only/policy";

fn from_parameter() -> Setup {
    Setup { policy: None, ..Setup::default() }.variable("V2ONLY_POLICY_PARAMETER", PARAMETER)
}

/// Neither function starts, both say why in one line, and the event is kept.
#[track_caller]
fn does_not_start(setup: Setup, why: &str) {
    let stage = setup.closed();
    stage.launch(v1());
    let event = &stage.published("RunInstances")[0];
    for host in [&stage.ec2, &stage.notebook] {
        let outcome = stage.invoke(host, event);
        assert!(outcome.response().is_none(), "{outcome:?}");
        let logs = host.take_logs();
        let [line] = logs.as_slice() else { panic!("one line, and not {logs:#?}") };
        let line = Line::parse(&line.text);
        assert!(line.text("why").contains(why), "{line:?}");
        assert_eq!((line.text("level"), line.text("outcome")), ("error", "settings"));
        assert_eq!(line.text("function"), host.config().name);
    }
    stage.install();
    stage.replay();
    stage.settle();
    assert_eq!(stage.waiting(), 1, "the launch waits in the queue");
    for host in [&stage.ec2, &stage.notebook] {
        host.take_logs();
    }
    assert_eq!(stage.bill(), [].into());
}

#[test]
fn a_misspelt_variable_stops_the_function() {
    let setup = Setup::default().variable("V2ONLY_POLCY_PARAMETER", PARAMETER);
    does_not_start(
        setup,
        "environment variable `V2ONLY_POLCY_PARAMETER` is not known; known are V2ONLY_POLICY,",
    );
}

#[test]
fn no_policy_stops_the_function() {
    let setup = Setup { policy: None, ..Setup::default() };
    does_not_start(setup, "set either `V2ONLY_POLICY` (the policy document) or `V2ONLY_POLICY_PARAMETER`");
}

#[test]
fn two_places_for_the_policy_stop_the_function() {
    does_not_start(Setup::default().variable("V2ONLY_POLICY_PARAMETER", PARAMETER), "not both");
}

#[test]
fn a_member_role_without_members_stops_the_function() {
    does_not_start(
        Setup::default().variable("V2ONLY_MEMBER_ROLE", "v2only-member"),
        "V2ONLY_ORGANIZATION_ID",
    );
}

/// Held back and tried again; `why` is said at each try. Gives the stage to go on with.
#[track_caller]
fn holds_back(stage: Stage, why: &str) -> (Stage, String) {
    let ids = stage.launch(v1());
    stage.settle();
    assert_eq!((stage.tokens(&ids[0]), stage.waiting()), (HttpTokens::Optional, 1));
    let lines = stage.lines();
    // Where AWS cannot be reached, its queue cannot either.
    let said: Vec<_> =
        lines.iter().filter(|it| !it.is_metrics() && it.text("outcome") != "not-postponed").collect();
    let [line] = said.as_slice() else { panic!("one line, and not {said:#?}") };
    let text = [line.text("why"), line.text("error_message")].concat();
    assert!(text.contains(why), "{line:?}");
    (stage, ids[0].clone())
}

#[test]
fn an_invalid_policy_holds_everything_back_and_says_where_it_is_wrong() {
    let stage = Setup::policy("version: 1\nmode: enforced\n").open();
    let (stage, _) = holds_back(stage, "V2ONLY_POLICY:2:7");
    let lines = stage.lines();
    let line = lines.iter().find(|it| it.text("outcome") == "policy").unwrap();
    assert!(line.text("why").contains("did you mean `enforce`?"), "{line:?}");
    assert_eq!(line.text("level"), "error");
    stage.pass(SECOND * 3600);
    assert_eq!(
        (stage.waiting(), stage.dead().len()),
        (0, 2),
        "kept in the dead letters, with its state change"
    );
    assert!(stage.bill().keys().all(|it| it == "sqs:ChangeMessageVisibilityBatch"), "{:?}", stage.bill());
}

#[test]
fn an_invalid_policy_in_a_parameter_is_read_again_at_each_try() {
    let stage = from_parameter().open();
    stage.aws.put_parameter(HOME, REGION, PARAMETER, "version: 1\nmode: enforced\n");
    let (stage, id) = holds_back(stage, "/v2only/policy:2:7");
    stage.aws.put_parameter(HOME, REGION, PARAMETER, ENFORCE);
    stage.pass(SECOND * 60);
    assert_eq!((stage.tokens(&id), stage.waiting()), (HttpTokens::Required, 0));
}

#[test]
fn a_parameter_that_is_not_there_holds_everything_back() {
    let (stage, id) = holds_back(from_parameter().open(), "ssm:GetParameter: ParameterNotFound");
    stage.aws.put_parameter(HOME, REGION, PARAMETER, ENFORCE);
    stage.pass(SECOND * 60);
    assert_eq!((stage.tokens(&id), stage.waiting()), (HttpTokens::Required, 0));
}

#[test]
fn a_parameter_that_may_not_be_read_holds_everything_back() {
    let stage = from_parameter().open();
    stage.aws.put_parameter(HOME, REGION, PARAMETER, ENFORCE);
    let denied = AwsError::client("AccessDeniedException", "not authorized to perform ssm:GetParameter");
    stage.aws.inject(Fault::on("ssm", "GetParameter", Effect::ErrorBefore(denied)));
    let (stage, id) = holds_back(stage, "not authorized to perform ssm:GetParameter");
    stage.aws.clear_faults();
    stage.pass(SECOND * 60);
    assert_eq!((stage.tokens(&id), stage.waiting()), (HttpTokens::Required, 0));
}

/// Through the entry points of the library: the document is read again after a minute.
#[test]
fn after_a_good_policy_a_bad_one_is_said_and_not_followed() {
    let location = Location::Parameter(PARAMETER.to_owned());
    alone("environment::after_a_good_policy_a_bad_one_is_said_and_not_followed", location, |mut side| {
        let put = |side: &v2only_tests::alone::Alone, text: &str| {
            side.aws.put_parameter(HOME, REGION, PARAMETER, text);
        };
        let actor = v2only_sandbox::Actor::User("ana".to_owned());
        let launch = |side: &v2only_tests::alone::Alone| {
            side.aws.launch_as(HOME, REGION, &actor, v1()).unwrap().remove(0)
        };
        let tokens = |side: &v2only_tests::alone::Alone, id: &str| {
            side.aws.instance(HOME, REGION, id).unwrap().metadata.http_tokens
        };
        let stale = |side: &v2only_tests::alone::Alone| {
            side.lines().iter().filter(|it| it.text("outcome") == "policy").cloned().collect::<Vec<_>>()
        };
        put(&side, ENFORCE);
        let id = launch(&side);
        side.pass(SECOND * 10);
        assert_eq!((tokens(&side, &id), stale(&side).len()), (HttpTokens::Required, 0));

        put(&side, "version: 1\nmode: enforced\n");
        side.pass(SECOND * 90);
        let id = launch(&side);
        side.pass(SECOND * 10);
        assert_eq!(tokens(&side, &id), HttpTokens::Required, "the last good document is followed");
        let said = stale(&side);
        assert!(!said.is_empty());
        for line in &said {
            assert!(line.text("why").contains("/v2only/policy:2:7"), "{line:?}");
            assert_eq!(line.text("level"), "error");
        }

        // Gone altogether, and then good again.
        put(&side, "version: 1\nmode: observe\n");
        side.pass(SECOND * 90);
        let before = stale(&side).len();
        let id = launch(&side);
        side.pass(SECOND * 10);
        assert_eq!((tokens(&side, &id), stale(&side).len()), (HttpTokens::Optional, before));
        assert_eq!(side.story(&id).last().unwrap(), "violation hold observe-mode held");
        let event = state_change(&id, "running", side.aws.now());
        put(&side, ENFORCE);
        side.pass(SECOND * 90);
        side.hand_over(&event).unwrap();
        assert_eq!(tokens(&side, &id), HttpTokens::Required);
    });
}

#[test]
fn an_endpoint_that_nobody_listens_on_is_said_and_tried_again() {
    let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    let setup = Setup::default().without_sdk_retries();
    let stage = setup.variable("AWS_ENDPOINT_URL", &format!("http://{closed}")).open();
    let (stage, id) = holds_back(stage, "no connection");
    assert_eq!(stage.story(&id), ["retry unreachable"]);
    stage.pass(SECOND * 3600);
    assert_eq!((stage.waiting(), stage.dead().len()), (0, 2));
}

/// Tests cannot reach AWS: with the switch they all set, the functions refuse any other endpoint.
#[test]
fn an_endpoint_elsewhere_is_refused_by_the_switch_of_the_tests() {
    let stage =
        Setup::default().variable("AWS_ENDPOINT_URL", "https://ec2.eu-central-1.amazonaws.com").closed();
    stage.launch(v1());
    let outcome = stage.invoke(&stage.ec2, &stage.published("RunInstances")[0]);
    let InvocationOutcome::FunctionError(error) = outcome else { panic!("{outcome:?}") };
    assert!(error["errorMessage"].as_str().unwrap().contains("not on this machine"), "{error}");
}

/// AWS says so in another word for each protocol.
#[test]
fn credentials_that_have_expired_are_said_and_tried_again() {
    let stage = Setup::default().cross_account().without_sdk_retries().open();
    let member = |stage: &Stage| stage.launch_at(MEMBER, REGION, v1()).remove(0);
    let first = member(&stage);
    stage.pass(SECOND * 60);
    let tokens =
        |stage: &Stage, id: &str| stage.aws.instance(MEMBER, REGION, id).unwrap().metadata.http_tokens;
    assert_eq!(tokens(&stage, &first), HttpTokens::Required);
    // The session ends by AWS's clock, which has gone ahead of the function's.
    stage.aws.advance(SECOND * 7200);
    stage.take_lines();
    let second = member(&stage);
    stage.settle();
    let lines = stage.lines();
    let line = lines.iter().find(|it| it.text("resource") == second).unwrap();
    assert_eq!((line.text("outcome"), line.text("error")), ("retry", "credentials"), "{line:?}");
    assert_eq!(stage.waiting(), 1);
    // The next process asks for new ones.
    stage.ec2.kill();
    stage.pass(SECOND * 60);
    assert_eq!((tokens(&stage, &second), stage.waiting()), (HttpTokens::Required, 0));
}

#[test]
fn a_denied_call_is_said_and_not_tried_again() {
    let message =
        "You are not authorized to perform this operation. Encoded authorization failure message: abc";
    for action in ["DescribeInstances", "ModifyInstanceMetadataOptions"] {
        let stage = Setup::default().open();
        let denied = AwsError::client("UnauthorizedOperation", message).with_status(403);
        stage.aws.inject(Fault::on("ec2", action, Effect::ErrorBefore(denied)));
        let ids = stage.launch(v1());
        stage.settle();
        let lines = stage.lines();
        let line = lines.iter().find(|it| it.text("resource") == ids[0]).unwrap();
        assert_eq!(
            (line.text("outcome"), line.text("error"), line.text("level")),
            ("failed", "denied", "error")
        );
        assert_eq!(line.text("error_action"), format!("ec2:{action}"));
        assert_eq!(stage.waiting(), 0, "{action}: trying again would change nothing");
        assert_eq!(stage.aws.calls().iter().filter(|it| it.action == action).count(), 1, "{action}");
    }
}
