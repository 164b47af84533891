//! The last good document stays in force.

use jiff::SignedDuration;
use v2only_document::PublicKey;
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
    source.in_force(&aws, later(4) - SignedDuration::from_millis(1)).await.unwrap();
    assert_eq!(aws.calls().len(), 4);
    source.in_force(&aws, later(4)).await.unwrap();
    assert_eq!(aws.calls().len(), 5, "after a minute it is");
}

/// What `openssl` signed.
const SIGNED: &str = include_str!("../../../document/src/tests/signature/policy.yaml");
const KEY: &str = include_str!("../../../document/src/tests/signature/public.txt");
/// Another key, from RFC 8032.
const OTHER_KEY: &str = "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

fn signed_by(key: &str) -> PolicySource {
    let key = PublicKey::parse(key).unwrap();
    PolicySource::new(Location::Parameter("/v2only/policy".to_owned())).signed_by(Some(key))
}

#[tokio::test]
async fn with_a_public_key_only_a_signed_document_is_acted_on() {
    let source = signed_by(KEY);
    let aws = Fake::default();
    let set = |text: &str| aws.0.lock().unwrap().parameter = Some(text.to_owned());
    let later = |minutes| now() + SignedDuration::from_mins(minutes);

    set("version: 1\nmode: enforce\n");
    let refused = source.in_force(&aws, now()).await.unwrap_err().to_string();
    assert!(refused.contains("the document is not signed"), "{refused}");

    set(SIGNED);
    let good = source.in_force(&aws, later(2)).await.unwrap();
    assert_eq!((good.policy.rules.mode, good.stale), (Mode::Enforce, None));

    // Somebody edits the document: the last signed one stays in force, and that is reported.
    set(&SIGNED.replace("enforce", "observe"));
    let kept = source.in_force(&aws, later(4)).await.unwrap();
    assert_eq!(kept.policy.rules.mode, Mode::Enforce);
    assert!(kept.stale.unwrap().contains("the signature does not fit"), "said loudly");

    set(SIGNED);
    assert_eq!(source.in_force(&aws, later(6)).await.unwrap().stale, None);
}

#[tokio::test]
async fn a_replaced_key_refuses_what_the_old_one_signed() {
    let aws = Fake::default();
    aws.0.lock().unwrap().parameter = Some(SIGNED.to_owned());
    let refused = signed_by(OTHER_KEY).in_force(&aws, now()).await.unwrap_err().to_string();
    assert!(refused.contains("the signature does not fit"), "{refused}");
}

#[tokio::test]
async fn an_inline_document_is_verified_too() {
    let key = Some(PublicKey::parse(KEY).unwrap());
    let of = |text: &str| PolicySource::new(Location::Inline(text.to_owned())).signed_by(key.clone());
    let aws = Fake::default();
    assert!(of(SIGNED).in_force(&aws, now()).await.is_ok());
    assert!(of("version: 1\nmode: enforce\n").in_force(&aws, now()).await.is_err());
}
