//! The last good document stays in force.

use jiff::SignedDuration;
use v2only_enforcer::policy_source::{Location, PolicySource};
use v2only_policy::Mode;

use crate::fake::{Fake, now};

#[tokio::test]
async fn a_bad_document_does_not_replace_the_last_good_one() {
    let source = PolicySource::new(Location::Parameter("/v2only/policy".to_owned()));
    let aws = Fake::default();
    let set = |text: &str| aws.0.lock().unwrap().parameter = Some(text.to_owned());
    let later = |minutes| now() + SignedDuration::from_mins(minutes);

    assert!(source.in_force(&aws, now()).await.is_err(), "nothing to go on with");

    set("version: 1\nmode: enforce\n");
    let good = source.in_force(&aws, now()).await.unwrap();
    assert_eq!((good.policy.rules.mode, good.stale), (Mode::Enforce, None));

    set("version: 1\nmode: enforced\n");
    let kept = source.in_force(&aws, later(2)).await.unwrap();
    assert_eq!(kept.policy.rules.mode, Mode::Enforce);
    assert!(kept.stale.unwrap().contains("enforced"), "said loudly");

    set("version: 1\nmode: observe\n");
    let good = source.in_force(&aws, later(3)).await.unwrap();
    assert_eq!((good.policy.rules.mode, good.stale), (Mode::Observe, None));
    source.in_force(&aws, later(3)).await.unwrap();
    assert_eq!(aws.calls().len(), 4, "a fresh document is not read again");
}
