//! The waves of estates at random, and the bounds that end them.

use std::collections::BTreeSet;

use proptest::prelude::*;
use rstest::rstest;
use v2only_policy::usage::Lately;
use v2only_policy::{AccountId, HttpTokens, InstanceId, MetadataOptions, Region};

use super::*;
use crate::record::{Outcome, Posture, Record, ResourceId};

const DEFAULT: Rollout = Rollout {
    canary: Portion::Percent(5),
    wave: Portion::Percent(50),
    max_errors: Portion::Percent(10),
    max_rejecting: Portion::Number(0),
};

fn place(account: usize, region: usize) -> Place {
    Place {
        account: AccountId::parse(&format!("{account:012}")).unwrap(),
        region: Region::parse(&format!("eu-west-{}", region + 1)).unwrap(),
    }
}

fn subject<'a>(place: &'a Place, cause: &'a str) -> Change<'a> {
    Change { place, source: false, cause }
}

fn sizes(waves: &[Wave]) -> Vec<(&'static str, usize)> {
    waves.iter().map(|it| (it.stage.code(), it.members.len())).collect()
}

#[test]
fn sources_first_then_the_canary_then_the_rest_in_halves() {
    let here = place(1, 0);
    let mut subjects = vec![subject(&here, "request"); 100];
    subjects.push(Change { source: true, ..subject(&here, "") });
    let waves = waves(&subjects, Some(&DEFAULT));
    assert_eq!(sizes(&waves), [("sources", 1), ("canary", 5), ("rest", 48), ("rest", 47)]);
    assert_eq!(waves[0].members, [100]);
}

#[test]
fn nobody_asked_for_waves() {
    let here = place(1, 0);
    let mut subjects = vec![subject(&here, "request"); 3];
    subjects[1].source = true;
    assert_eq!(sizes(&waves(&subjects, None)), [("sources", 1), ("rest", 2)]);
    assert_eq!(waves(&[], None), []);
    assert_eq!(waves(&[], Some(&DEFAULT)), []);
}

#[test]
fn a_canary_meets_every_account_before_any_twice_and_then_regions_and_causes() {
    let places: Vec<Place> = (0..3).flat_map(|account| (0..2).map(move |it| place(account, it))).collect();
    // Ten of one cause and one of another, in each of two Regions of three accounts.
    let ten = |it| (0..10).map(move |_| subject(it, "template")).chain([subject(it, "request")]);
    let subjects: Vec<Change<'_>> = places.iter().flat_map(ten).collect();
    let first = |number: usize| {
        let rollout = Rollout { canary: Portion::Number(number), ..DEFAULT };
        let waves = waves(&subjects, Some(&rollout));
        let of = |at: &usize| subjects[*at];
        waves[0].members.iter().map(of).collect::<Vec<_>>()
    };
    let accounts: BTreeSet<_> = first(3).iter().map(|it| &it.place.account).collect();
    assert_eq!(accounts.len(), 3);
    let reached: BTreeSet<_> = first(6).iter().map(|it| it.place).collect();
    assert_eq!(reached.len(), 6);
    let causes: BTreeSet<_> = first(12).iter().map(|it| (it.place, it.cause)).collect();
    assert_eq!(causes.len(), 12);
}

/// What a run says of an instance or a surface with these options before and after.
fn record(resource: ResourceId, before: Option<HttpTokens>, after: Option<HttpTokens>) -> Record {
    let options = |http_tokens| Posture::Options(MetadataOptions { http_tokens, ..MetadataOptions::UNKNOWN });
    let record = Record::unjudged(place(1, 0), resource, Outcome::Fixed);
    Record { before: before.map(options), after: after.map(options), ..record }
}

#[test]
fn the_instances_that_lost_version_1_in_this_run_are_watched() {
    let (open, closed) = (Some(HttpTokens::Optional), Some(HttpTokens::Required));
    let id = |number: usize| InstanceId::parse(&format!("i-{number:08x}")).unwrap();
    let of = |number, before, after| record(ResourceId::Instance(id(number)), before, after);
    let surface = ResourceId::Surface(v2only_policy::SurfaceKind::LightsailInstance, "shop".to_owned());
    let records = [
        of(1, open, closed),
        of(2, open, open),
        of(3, closed, closed),
        of(4, None, closed),
        of(5, open, None),
        of(6, closed, open),
        record(surface, open, closed),
    ];
    assert_eq!(watched(&records), [(place(1, 0), id(1)), (place(1, 0), id(4))]);
}

#[test]
fn what_is_watched_in_several_accounts_adds_up() {
    let (quiet, asking) = (place(1, 0), place(2, 0));
    let id = InstanceId::parse("i-00000001").unwrap();
    let mut all = Watched::default();
    assert!(all.is_empty());
    for place in [quiet, asking.clone()] {
        let rejecting = BTreeMap::from([((place, id.clone()), 7)]);
        all.add(Watched { rejecting, quiet: 2, unknown: 3 });
    }
    assert!(!all.is_empty() && all.rejecting[&(asking, id)] == 7);
    assert_eq!((all.rejecting.len(), all.quiet, all.unknown, all.len()), (2, 4, 6, 12));
}

fn portions() -> impl Strategy<Value = Portion> {
    prop_oneof![(0_u8..=100).prop_map(Portion::Percent), (0_usize..60).prop_map(Portion::Number)]
}

proptest! {
    #[test]
    fn every_change_is_in_exactly_one_wave_and_sources_come_first(
        made in prop::collection::vec((0_usize..3, 0_usize..3, 0_usize..3, prop::bool::weighted(0.2)), 0..120),
        canary in portions(),
        wave in portions(),
        asked in any::<bool>(),
    ) {
        let places: Vec<Place> = made.iter().map(|(account, region, ..)| place(*account, *region)).collect();
        let causes = ["template", "request", "nobody"];
        let subjects: Vec<Change<'_>> = places
            .iter()
            .zip(&made)
            .map(|(place, (_, _, cause, source))| Change { place, source: *source, cause: causes[*cause] })
            .collect();
        let rollout = asked.then_some(Rollout { canary, wave, ..DEFAULT });
        let waves = super::waves(&subjects, rollout.as_ref());
        prop_assert_eq!(&waves, &super::waves(&subjects, rollout.as_ref()), "deterministic");

        let mut all: Vec<usize> = waves.iter().flat_map(|it| it.members.clone()).collect();
        all.sort_unstable();
        prop_assert_eq!(all, (0..subjects.len()).collect::<Vec<_>>(), "in exactly one");
        prop_assert!(waves.iter().all(|it| !it.members.is_empty()), "never empty");
        for (number, it) in waves.iter().enumerate() {
            let sources = it.members.iter().filter(|at| subjects[**at].source).count();
            let expected = if it.stage == Stage::Sources { it.members.len() } else { 0 };
            prop_assert_eq!(sources, expected);
            prop_assert!(it.stage != Stage::Sources || number == 0, "first");
        }
        let others = subjects.iter().filter(|it| !it.source).count();
        let canaries: Vec<&Wave> = waves.iter().filter(|it| it.stage == Stage::Canary).collect();
        prop_assert_eq!(canaries.len(), usize::from(asked && others > 0), "a canary whenever there is any");
        for it in canaries {
            prop_assert_eq!(it.members.len(), canary.at_least_one_of(others));
        }
    }

    #[test]
    fn a_portion_is_never_more_than_all_and_a_share_never_less_than_itself(all in 0_usize..1_000_000, share in 0_u8..=100) {
        let part = Portion::Percent(share).of(all);
        prop_assert!(part <= all);
        prop_assert!(part * 100 >= all * usize::from(share) && (part == 0 || (part - 1) * 100 < all * usize::from(share)));
        prop_assert!(Portion::Number(all).of(all / 2) <= all / 2);
    }
}

#[rstest]
#[case("5%", Some(Portion::Percent(5)))]
#[case("100%", Some(Portion::Percent(100)))]
#[case("0", Some(Portion::Number(0)))]
#[case("250", Some(Portion::Number(250)))]
#[case("101%", None)]
#[case("2.5%", None)]
#[case("-1", None)]
#[case("+1", None)]
#[case("%", None)]
#[case("", None)]
#[case("some", None)]
fn portions_are_numbers_or_shares(#[case] text: &str, #[case] expected: Option<Portion>) {
    assert_eq!(text.parse().ok(), expected);
    if let Some(it) = expected {
        assert_eq!(it.to_string(), text);
    }
}

fn watched_of(rejecting: usize, quiet: usize, unknown: usize) -> Watched {
    let id = |number: usize| (place(1, 0), InstanceId::parse(&format!("i-{number:017x}")).unwrap());
    let ids: Vec<_> = (0..rejecting + quiet + unknown).map(id).collect();
    let says = |number: usize| {
        let calls = u64::from(number < rejecting);
        let data = number < rejecting + quiet;
        Lately { calls, datapoints: usize::from(data), complete: true }
    };
    // The last one is not answered for at all.
    let answered = ids.len() - usize::from(unknown > 0);
    let refusals = (0..answered).map(|number| (ids[number].clone(), says(number))).collect();
    Watched::of(&ids, &refusals)
}

#[test]
fn instances_are_sorted_by_what_is_known_of_them() {
    let watched = watched_of(2, 3, 4);
    assert_eq!((watched.rejecting.len(), watched.quiet, watched.unknown, watched.len()), (2, 3, 4, 9));
}

#[rstest]
#[case::all_is_quiet((0, 100), (0, 5, 0), None)]
#[case::what_is_unknown_does_not_end_a_run((0, 100), (0, 0, 5), None)]
#[case::one_that_still_asks((0, 100), (1, 4, 0), Some("rejecting"))]
#[case::as_many_failures_as_may((10, 100), (0, 5, 0), None)]
#[case::one_more((11, 100), (0, 5, 0), Some("errors"))]
#[case::of_a_handful_one_may_fail((1, 4), (0, 3, 0), None)]
#[case::and_no_second((2, 4), (0, 2, 0), Some("errors"))]
fn a_wave_follows_unless_a_bound_is_broken(
    #[case] (failed, of): (usize, usize),
    #[case] (rejecting, quiet, unknown): (usize, usize, usize),
    #[case] stop: Option<&str>,
) {
    let said = go_on(&DEFAULT, failed, of, &watched_of(rejecting, quiet, unknown));
    assert_eq!(said.err().map(|it| it.code()), stop);
}

#[test]
fn some_may_be_tolerated() {
    let two = Rollout { max_rejecting: Portion::Number(2), max_errors: Portion::Number(0), ..DEFAULT };
    assert_eq!(go_on(&two, 0, 10, &watched_of(2, 1, 0)), Ok(()));
    let stop = go_on(&two, 0, 10, &watched_of(3, 1, 0)).unwrap_err();
    assert_eq!(
        stop.to_string(),
        "3 of 4 instances that lost IMDSv1 still ask for it, more than `--max-rejecting 2`"
    );
    let stop = go_on(&two, 1, 10, &watched_of(0, 1, 0)).unwrap_err();
    assert_eq!(stop.to_string(), "1 of 10 changes failed, more than `--max-errors 0`");
}
