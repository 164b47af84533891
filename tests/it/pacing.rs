//! AWS's request rates, in real time: the functions pace themselves by the machine's clock.

use v2only_sandbox::{ClockMode, Config, HttpTokens};
use v2only_tests::audit::our_calls;
use v2only_tests::stage::v1;
use v2only_tests::{HOME, REGION, SECOND, Setup};

/// More than a full bucket of `ModifyInstanceMetadataOptions` (100 and 5 a second).
const VIOLATING: usize = 130;

#[test]
fn more_changes_than_a_bucket_holds_are_paced_and_none_is_throttled() {
    let config = Config { clock: ClockMode::System, throttling: true, ..Config::default() };
    let stage = Setup { config, timeout: SECOND * 30, ..Setup::default() }.closed();
    for _ in 0..VIOLATING / 10 {
        stage.launch(v1().count(10));
    }
    stage.install();
    stage.replay();
    stage.settle();
    let instances = stage.aws.instances(HOME, REGION);
    assert_eq!(instances.len(), VIOLATING);
    assert!(instances.iter().all(|it| it.metadata.http_tokens == HttpTokens::Required));
    let calls = our_calls(&stage.aws);
    let refused: Vec<_> = calls.iter().filter(|it| it.error.is_some()).collect();
    assert!(refused.is_empty(), "{refused:#?}");
    let changes = calls.iter().filter(|it| it.action == "ModifyInstanceMetadataOptions").count();
    assert_eq!((changes, stage.waiting(), stage.dead().len()), (VIOLATING, 0, 0));
}
