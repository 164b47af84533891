//! AWS's request rates and the built `v2only`, in real time: it paces itself by the machine's clock. What is asserted are
//! counts, never times.

use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use v2only_sandbox::{ClockMode, Config, HttpTokens, Sandbox};
use v2only_tests::people::ROLE;
use v2only_tests::stage::{v1, v2};
use v2only_tests::{HOME, People, REGION, binaries};

const POLICY: &str = "\
version: 1
mode: enforce
instances: { usage_gate: { applies_to: none } }
";
const MODIFY: &str = "ModifyInstanceMetadataOptions";

/// Token buckets as AWS documents them: 100 changes at once, and five a second.
fn estate(violating: i64) -> Sandbox {
    let config = Config { clock: ClockMode::System, throttling: true, ..Config::default() };
    let aws = Sandbox::start(config).unwrap();
    let actor = v2only_sandbox::Actor::AutoScaling("web".to_owned());
    aws.launch_as(HOME, REGION, &actor, v1().count(violating)).unwrap();
    aws
}

fn enforce(aws: &Sandbox, folder: &std::path::Path) -> Child {
    std::fs::write(folder.join("policy.yaml"), POLICY).unwrap();
    Command::new(binaries::function("v2only"))
        .args([
            "enforce",
            "--policy",
            "policy.yaml",
            "--yes",
            "--kind",
            "instance",
            "--soak",
            "0s",
            "--output",
            "json",
        ])
        .current_dir(folder)
        .env_clear()
        .envs([
            ("AWS_ENDPOINT_URL", aws.endpoint().as_str()),
            ("AWS_ACCESS_KEY_ID", HOME),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_REGION", REGION),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("V2ONLY_LOOPBACK_ONLY", "1"),
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// What it printed, after it ended well.
fn ended(child: Child) -> Value {
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Changes that went through and that were refused, by whose they are.
fn changes(aws: &Sandbox, which: impl Fn(&str) -> bool) -> (usize, usize) {
    let calls = aws.calls();
    let mine = || calls.iter().filter(|it| it.action == MODIFY && which(&it.principal));
    (mine().filter(|it| it.error.is_none()).count(), mine().filter(|it| it.error.is_some()).count())
}

fn left(aws: &Sandbox) -> usize {
    aws.instances(HOME, REGION).iter().filter(|it| it.metadata.http_tokens != HttpTokens::Required).count()
}

/// By how much this machine let a thread oversleep at most while something ran.
fn stood_still<T>(during: impl FnOnce() -> T) -> (T, Duration) {
    let (over, nap) = (AtomicBool::new(false), Duration::from_millis(20));
    std::thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut worst = Duration::ZERO;
            while !over.load(Ordering::Relaxed) {
                let begun = Instant::now();
                std::thread::sleep(nap);
                worst = worst.max(begun.elapsed().saturating_sub(nap));
            }
            worst
        });
        let done = during();
        over.store(true, Ordering::Relaxed);
        (done, watch.join().unwrap())
    })
}

#[test]
fn more_changes_than_a_bucket_holds_are_paced_and_none_is_throttled() {
    for _ in 0..3 {
        let aws = estate(150);
        let folder = tempfile::tempdir().unwrap();
        let (told, stall) = stood_still(|| ended(enforce(&aws, folder.path())));
        assert_eq!(told["totals"]["fixed"], json!(150));
        let (made, throttled) = changes(&aws, |_| true);
        assert_eq!((made, left(&aws)), (150, 0));
        if throttled == 0 {
            return;
        }
        // The pace allows for 400 ms between the first call and a later one; a machine that stands still for longer than
        // half of that is no judge of it.
        assert!(
            stall > Duration::from_millis(200),
            "{throttled} throttled, and nothing held this machine up"
        );
    }
    panic!("this machine stood still in every run");
}

#[test]
fn beside_somebody_who_uses_half_of_the_bucket_nothing_is_lost() {
    let aws = estate(90);
    let folder = tempfile::tempdir().unwrap();
    let spare = aws.launch_as(HOME, REGION, &v2only_sandbox::Actor::User("ann".to_owned()), v2()).unwrap();
    let over = AtomicBool::new(false);
    let told = std::thread::scope(|scope| {
        scope.spawn(|| {
            let people = People::of(&aws, HOME);
            // Two or three a second, of five, and whatever is left of the bucket at the beginning.
            let mut at_once = 60;
            while !over.load(Ordering::Relaxed) {
                people.may_set_hops(REGION, &spare[0]);
                at_once -= 1;
                if at_once < 0 {
                    std::thread::sleep(Duration::from_millis(400));
                }
            }
        });
        let told = ended(enforce(&aws, folder.path()));
        over.store(true, Ordering::Relaxed);
        told
    });
    let ours = changes(&aws, |it| !it.contains(ROLE));
    assert_eq!((ours.0, told["totals"]["fixed"].clone(), left(&aws)), (90, json!(90), 0));
    assert!(changes(&aws, |it| it.contains(ROLE)).0 > 60, "somebody else was there");
    assert!(ours.1 < ours.0 / 2, "it backs off: {} of {} calls were in vain", ours.1, ours.0 + ours.1);
}
