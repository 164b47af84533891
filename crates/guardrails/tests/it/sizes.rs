//! Sizes: everything fits under the old limits, what does not is split, and what cannot be split is refused.

use rstest::rstest;
use v2only_guardrails::settings::RolePattern;
use v2only_guardrails::{File, Kind, Settings, render};
use v2only_policy::Partition;

fn with_exempt(count: usize) -> Settings {
    let mut settings = Settings::shipped();
    settings.principals.exempt = (0..count)
        .map(|it| RolePattern::parse(&format!("arn:aws:iam::*:role/legacy-{it:03}")).unwrap())
        .collect();
    settings
}

#[rstest]
#[case(Partition::Aws)]
#[case(Partition::AwsUsGov)]
#[case(Partition::AwsCn)]
fn every_file_fits_whatever_the_partition(#[case] partition: Partition) {
    let settings = Settings { partition, ..Settings::shipped() };
    for file in render(&settings).unwrap() {
        assert!(file.json.chars().count() <= file.kind.limit(), "{} is too large", file.path);
        let names_another = partition != Partition::Aws && file.json.contains("arn:aws:");
        assert!(!names_another, "{} names another partition", file.path);
    }
}

/// What does not fit into one file is in several, complete, in order, and none of them nearly empty because
/// of a bad split.
#[rstest]
#[case(0)]
#[case(10)]
#[case(40)]
#[case(80)]
fn a_split_loses_nothing(#[case] exempt: usize) {
    let files = render(&with_exempt(exempt)).unwrap();
    let mut parts: Vec<_> = files.iter().filter(|it| it.path.starts_with("scp/everything")).collect();
    parts.sort_by_key(|it| (it.path.len(), it.path.clone()));
    let whole: Vec<String> =
        parts.iter().flat_map(|it| super::statements(&it.json)).map(|it| it.to_string()).collect();
    let mut alone: Vec<String> = files
        .iter()
        .filter(|it| it.kind == Kind::Scp)
        .filter(|it| !it.path.starts_with("scp/everything") && !it.path.starts_with("scp/optional"))
        .flat_map(|it| super::statements(&it.json))
        .map(|it| it.to_string())
        .collect();
    assert!(parts.iter().all(|it| it.json.chars().count() <= Kind::Scp.limit()));
    for pair in parts.windows(2) {
        let first_of_next = super::statements(&pair[1].json)[0].to_string();
        let together = pair[0].json.chars().count() + first_of_next.chars().count();
        assert!(together + 2 > Kind::Scp.limit(), "{} had room for more", pair[0].path);
    }
    let mut sorted = whole.clone();
    sorted.sort();
    alone.sort();
    assert_eq!(sorted, alone);
}

/// With one exempt role whose name has this length.
fn with_name(length: usize) -> Settings {
    let mut settings = Settings::shipped();
    let arn = format!("arn:aws:iam::*:role/{}", "a".repeat(length));
    settings.principals.exempt = vec![RolePattern::parse(&arn).unwrap()];
    settings
}

#[test]
fn a_split_uses_a_file_to_its_last_character() {
    for length in 1..400 {
        let files = render(&with_name(length)).unwrap();
        let parts: Vec<_> = files.iter().filter(|it| it.path.starts_with("scp/everything")).collect();
        assert!(parts.iter().all(|it| it.json.chars().count() <= Kind::Scp.limit()), "{length}");
        for pair in parts.windows(2) {
            let next = super::statements(&pair[1].json)[0].to_string();
            let together = pair[0].json.chars().count() + ",\n".len() + next.chars().count();
            assert!(together > Kind::Scp.limit(), "{length}: {} had room for {next}", pair[0].path);
        }
    }
}

#[test]
fn a_statement_may_be_as_large_as_a_policy() {
    let lengths: Vec<usize> = (1..6_000).collect();
    let fit = lengths.partition_point(|it| render(&with_name(*it)).is_ok());
    let files = render(&with_name(lengths[fit - 1])).unwrap();
    let largest = files.iter().filter(|it| it.kind == Kind::Scp).map(|it| it.json.chars().count()).max();
    assert_eq!(largest, Some(Kind::Scp.limit()));
    let problem = render(&with_name(lengths[fit])).unwrap_err();
    assert_eq!((problem.characters, problem.limit), (Kind::Scp.limit() + 1, Kind::Scp.limit()));
    let names: Vec<String> = files.iter().flat_map(File::sids).collect();
    assert!(names.iter().any(|it| problem.what == format!("statement `{it}`")), "{problem}");
}

#[test]
fn a_declarative_policy_may_be_as_large_as_aws_accepts() {
    let with_message =
        |length: usize| Settings { exception_message: "a".repeat(length), ..Settings::shipped() };
    let largest = |length| {
        let files = render(&with_message(length)).unwrap();
        files.into_iter().filter(|it| it.kind == Kind::Declarative).map(|it| it.json.len()).max().unwrap()
    };
    let limit = Kind::Declarative.limit();
    let room = limit - largest(0);
    assert_eq!(largest(room), limit);
    for more in 1..4 {
        let problem = render(&with_message(room + more)).unwrap_err();
        assert_eq!((problem.characters, problem.limit), (limit + more, limit));
        assert_eq!(problem.what, "declarative/instance-metadata-defaults.json");
    }
}

#[test]
fn more_principals_than_a_statement_can_name_are_refused() {
    let problem = render(&with_exempt(200)).unwrap_err();
    assert!(problem.characters > problem.limit);
    assert!(problem.to_string().contains("name fewer principals"), "{problem}");
}
