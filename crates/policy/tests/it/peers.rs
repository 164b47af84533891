//! What other tools for the same job got wrong, as tests named after what broke.

use v2only_policy::settings::{GateScope, HopLimitRule, SwitchRule};
use v2only_policy::{InstanceChange, NotebookStatus, NotebookStep, Plan, Step, Switch};

use crate::words::*;

/// Cloud Custodian's `set-metadata-access` kept only instances that were wrong on every option it was told:
/// with tokens and hop limit, those with the right hop limit kept version 1.
#[test]
fn an_instance_wrong_on_one_of_two_options_is_not_skipped() {
    let rules = || enforce().hops_exactly(2);
    check(
        "v1 answers, hop limit right",
        instance("i-0abc0123456789def").v1_allowed().hop_limit(2),
        rules(),
        launch(),
        "violation [http-tokens] → act: HttpTokens=required",
    );
    check(
        "v2 only, hop limit wrong",
        instance("i-0abc0123456789def").hop_limit(1),
        rules(),
        launch(),
        "violation [hop-limit] → act: HttpTokens=required HttpPutResponseHopLimit=2",
    );
}

/// metabadger, the AWS Automated Security Response and a published sample send `HttpEndpoint=enabled` to
/// every instance, and so switch the metadata service back on where somebody had switched it off.
#[test]
fn an_endpoint_that_was_switched_off_is_not_switched_on() {
    let all_opinions = || {
        enforce().no_gate().hops_exactly(2).ipv6(SwitchRule::Enabled).tags_in_metadata(SwitchRule::Enabled)
    };
    for moment in [launch(), seen(), seen().quiet(14), flipped(now())] {
        check(
            "off stays off",
            instance("i-0abc0123456789def").v1_allowed().hop_limit(64).endpoint(Switch::Disabled),
            all_opinions(),
            moment,
            "compliant (HttpEndpoint is disabled) → nothing",
        );
    }
}

/// IMDShift left every instance at hop limit 1, which is the default of AWS, unless told otherwise.
#[test]
fn an_instance_at_the_default_hop_limit_is_not_skipped() {
    for rule in [HopLimitRule::Keep, HopLimitRule::Max(hops(1)), HopLimitRule::Max(hops(2))] {
        check(
            "hop limit 1, v1 answers",
            instance("i-0abc0123456789def").v1_allowed().hop_limit(1),
            enforce().gate(GateScope::None, 14).hop_limit(rule),
            seen(),
            "violation [http-tokens] → act: HttpTokens=required",
        );
    }
}

/// IMDShift set hop limit 2, tags off and IPv6 off on every instance it moved to version 2.
#[test]
fn closing_version_1_overwrites_no_other_option() {
    let it = instance("i-0abc0123456789def")
        .v1_allowed()
        .hop_limit(5)
        .ipv6(Switch::Enabled)
        .tags_in_metadata(Switch::Enabled);
    let decision = it.decide(&enforce().policy(), &launch()).unwrap();
    assert_eq!(decision.plan, Plan::Act(InstanceChange::TOKENS.into()));
}

/// IMDShift called `UpdateNotebookInstance` on running notebooks, which AWS refuses.
#[test]
fn a_running_notebook_is_not_updated_before_it_is_stopped() {
    let rules = enforce().in_service(open_window()).policy();
    for status in [
        NotebookStatus::Pending,
        NotebookStatus::InService,
        NotebookStatus::Stopping,
        NotebookStatus::Updating,
    ] {
        let decision = notebook("n").v1_allowed().fresh().is(status).decide(&rules, &seen()).unwrap();
        assert!(
            !matches!(decision.plan, Plan::Act(Step::Notebook(NotebookStep::Update { .. }))),
            "{status:?}"
        );
    }
    check(
        "running",
        notebook("n").v1_allowed(),
        &rules,
        seen(),
        "violation [minimum-version] → act: mark as running, then stop",
    );
    check(
        "stopped",
        notebook("n").v1_allowed().stopped(),
        &rules,
        seen(),
        "violation [minimum-version] → act: minimum IMDS version=2",
    );
}
