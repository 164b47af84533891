//! Words and lists that other parts of v2only and its readers rely on.

use rstest::rstest;
use v2only_policy::review::Due;
use v2only_policy::usage::{LastStart, NotRestarted, Usage};
use v2only_policy::{
    Decision, Hold, HttpTokens, InstanceId, Judged, MetadataOption, Note, Region, Subject, Verdict,
};

use crate::words::*;

#[rstest]
#[case(HttpTokens::Required, Some("required"))]
#[case(HttpTokens::Optional, Some("optional"))]
#[case(HttpTokens::Unknown, None)]
fn tokens_have_the_words_of_aws(#[case] tokens: HttpTokens, #[case] word: Option<&str>) {
    assert_eq!(tokens.word(), word);
}

#[test]
fn imdsv1_is_closed_by_the_tokens_and_the_endpoint_alone() {
    assert!(!MetadataOption::HttpTokens.is_side_option() && !MetadataOption::HttpEndpoint.is_side_option());
    assert!(MetadataOption::HopLimit.is_side_option());
}

#[test]
fn a_region_that_this_release_lists_is_known() {
    assert!(Region::known().len() > 30 && Region::known().contains(&"eu-central-1"));
    for code in Region::known() {
        let region = Region::parse(code).unwrap();
        assert!(region.is_known() && region.is_possible(), "{code}");
    }
    let newer = Region::parse("eu-central-9").unwrap();
    assert_eq!((newer.is_known(), newer.is_possible()), (false, true));
}

#[rstest]
#[case(Due::Expired { days: 1 }, "expired", "ended yesterday")]
#[case(Due::Expired { days: 3 }, "expired", "ended 3 days ago")]
#[case(Due::Stale, "stale", "matches no scanned resource")]
#[case(Due::Expires { days: 0 }, "expires", "ends today")]
#[case(Due::Expires { days: 1 }, "expires", "ends tomorrow")]
#[case(Due::Expires { days: 9 }, "expires", "ends in 9 days")]
fn the_owner_of_an_exemption_hears_when_it_ends(#[case] due: Due, #[case] code: &str, #[case] words: &str) {
    assert_eq!((due.code(), due.to_string().as_str()), (code, words));
}

#[test]
fn a_hold_tells_what_is_known_of_the_calls() {
    let not_restarted = NotRestarted {
        last_start: LastStart::Unknown,
        window: 14,
        instance: InstanceId::parse("i-00000001").unwrap(),
        region: Region::parse("eu-central-1").unwrap(),
        group: None,
    };
    assert_eq!(Hold::NotRestarted(not_restarted).usage(), Some(Usage::Quiet { days: 14 }));
    assert_eq!(Hold::UsageGate(Usage::NotRead).usage(), Some(Usage::NotRead));
    assert_eq!(Hold::Observe.usage(), None);
}

#[rstest]
#[case::nothing(&[], true)]
#[case::an_option_that_aws_does_not_describe(&[Note::OptionUnknown(MetadataOption::HopLimit)], false)]
fn what_is_compliant_is_clean_unless_an_option_is_unknown(#[case] notes: &[Note], #[case] clean: bool) {
    let decided = |verdict| Decision { notes: notes.to_vec(), ..Decision::nothing_to_do(verdict) };
    let judged =
        |verdict| Judged { subject: Subject::Instance(instance("i-00000001")), decision: decided(verdict) };
    assert_eq!(judged(Verdict::Gone).is_clean(), clean);
    assert!(!judged(Verdict::Violation(Vec::new())).is_clean());
}

#[rstest]
#[case(&["web"], "web names version 7 by number")]
#[case(&["web", "shop"], "web, shop name version 7 by number")]
fn groups_that_name_a_version_are_counted(#[case] groups: &[&str], #[case] words: &str) {
    let groups = groups.iter().map(|group| (*group).to_owned()).collect();
    let told = Note::Pinned { number: 7, groups }.to_string();
    assert!(told.starts_with(words), "{told}");
}
