//! Resource patterns that match nothing, or that are of another partition.

use crate::Word;
use crate::check::finding::about as finding;
use crate::check::read::{Policy, Statement};
use crate::check::{Against, Finding, Level};

/// Resource types of EC2 whose ARNs have no account.
const WITHOUT_ACCOUNT: &[&str] = &["image", "snapshot"];

/// Patterns that cannot match an ARN.
pub fn run(statement: &Statement, _: Against<'_>) -> Vec<Finding> {
    statement.resources.words.iter().filter_map(|word| nothing(statement, word)).collect()
}

fn nothing(statement: &Statement, word: &Word) -> Option<Finding> {
    let why = why_nothing(&word.text)?;
    let instead = "write a complete ARN, such as \"arn:aws:ec2:*:*:instance/*\", or \"*\"";
    let message = format!("`{}` matches no resource: {why}", word.text);
    Some(finding("matches-nothing", Level::Error, statement, word.at, message, instead))
}

/// Why a pattern matches no ARN; `None` if it may match.
fn why_nothing(pattern: &str) -> Option<&'static str> {
    let parts: Vec<&str> = pattern.splitn(6, ':').collect();
    if pattern.is_empty() {
        return Some("it is empty");
    }
    // A wildcard also stands for colons.
    let wild = |it: &&str| it.contains('*');
    let [arn, _partition, service, region, account, resource] = parts.as_slice() else {
        let may_match = pattern.starts_with(['*', '$']) || (pattern.starts_with("arn:") && wild(&pattern));
        return (!may_match).then_some("an ARN has six parts");
    };
    if !wild(arn) && *arn != "arn" {
        return Some("an ARN begins with `arn:`");
    }
    if resource.is_empty() || resource.ends_with('/') {
        return Some("it ends before the name of the resource");
    }
    if pattern.contains("${") || [arn, service].into_iter().any(wild) {
        return None;
    }
    let kind = resource.split('/').next().unwrap_or_default();
    let regional = matches!(*service, "ec2" | "sagemaker" | "autoscaling" | "imagebuilder");
    if regional && region.is_empty() {
        return Some("its Region is empty");
    }
    let accountless = *service == "ec2" && WITHOUT_ACCOUNT.contains(&kind);
    (regional && account.is_empty() && !accountless).then_some("its account is empty")
}

/// ARNs of several partitions in a policy, or of another partition than the user's own settings.
pub fn partitions(policy: &Policy, against: Against<'_>) -> Vec<Finding> {
    let words = policy.statements.iter().flat_map(|statement| {
        let tested = statement.tests.iter().flat_map(|it| &it.values);
        statement.resources.words.iter().chain(tested).map(move |word| (statement, word))
    });
    let mut expected = against.own.then(|| against.settings.partition.as_str());
    let mut findings = Vec::new();
    for (statement, word) in words {
        let Some(partition) = partition(&word.text) else { continue };
        let expected = *expected.get_or_insert(partition);
        if partition != expected {
            findings.push(finding(
                "partition-differs",
                Level::Warning,
                statement,
                word.at,
                format!("`{}` is of the partition {partition}, and not of {expected}", word.text),
                format!("write `arn:{expected}:…`, or keep a policy for each partition"),
            ));
        }
    }
    findings
}

/// The partition of an ARN, if it is written out.
pub fn partition(arn: &str) -> Option<&str> {
    let partition = arn.strip_prefix("arn:")?.split(':').next()?;
    (partition.starts_with("aws") && !partition.contains(['*', '?', '$'])).then_some(partition)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("*", false)]
    #[case("arn:aws:ec2:*:*:instance/*", false)]
    #[case("arn:aws:ec2:*::image/*", false)]
    #[case("arn:*:instance/*", false)]
    #[case("arn:aws:s3:::bucket/*", false)]
    #[case("arn:aws:iam::*:role/x", false)]
    #[case("arn:${AWS::Partition}:ec2:*:*:instance/*", false)]
    #[case("arn:aws:ec2:::instance/", true)]
    #[case("arn:aws:ec2:::instance/*", true)]
    #[case("arn:aws:ec2:*::instance/*", true)]
    #[case("arn:aws:sagemaker:::notebook-instance/*", true)]
    #[case("", true)]
    #[case("instance/i-1", true)]
    #[case("arn:aws:ec2:*:*:", true)]
    fn a_pattern_that_cannot_match_is_found(#[case] pattern: &str, #[case] nothing: bool) {
        assert_eq!(why_nothing(pattern).is_some(), nothing, "{:?}", why_nothing(pattern));
    }
}
