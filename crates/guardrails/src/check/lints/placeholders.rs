//! Placeholders of a template language that were not replaced.

use crate::Word;
use crate::check::finding::about as finding;
use crate::check::read::Statement;
use crate::check::{Against, Finding, Level};

/// Placeholders in actions, resources and values.
pub fn run(statement: &Statement, _: Against<'_>) -> Vec<Finding> {
    let tested = statement.tests.iter().flat_map(|it| &it.values);
    let words = statement.actions.words.iter().chain(&statement.resources.words).chain(tested);
    words.filter_map(|word| one(statement, word)).collect()
}

fn one(statement: &Statement, word: &Word) -> Option<Finding> {
    let placeholder = placeholder(&word.text)?;
    Some(finding(
        "unfilled-placeholder",
        Level::Error,
        statement,
        word.at,
        format!("`{placeholder}` is a placeholder, and no policy variable"),
        "write the value, or render the policy first",
    ))
}

/// The first placeholder in a text.
fn placeholder(text: &str) -> Option<&str> {
    let bare = ["var.", "local.", "data.", "module."].iter().any(|prefix| {
        text.strip_prefix(prefix).is_some_and(|rest| {
            rest.starts_with(|it: char| it.is_ascii_lowercase())
                && rest.chars().all(|it| it.is_ascii_alphanumeric() || "_.[]\"".contains(it))
        })
    });
    if bare {
        return Some(text);
    }
    if let Some((start, end)) = text.find("{{").zip(text.find("}}")) {
        return text.get(start..end + 2);
    }
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let tail = rest.get(start..)?;
        let Some(end) = tail.find('}') else { return Some(tail) };
        let inside = tail.get(2..end).unwrap_or_default();
        // IAM replaces `${*}`, `${?}` and `${$}` by the character, and `${service:key}` by the value.
        let literal = ["*", "?", "$"].contains(&inside);
        let variable = inside.contains(':') && !inside.contains("::");
        if !literal && !variable {
            return tail.get(..=end);
        }
        rest = tail.get(end..)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("${aws:PrincipalAccount}", None)]
    #[case("${aws:username, 'nobody'}", None)]
    #[case("a${*}b", None)]
    #[case("arn:aws:iam::${account_id}:role/x", Some("${account_id}"))]
    #[case("arn:${AWS::Partition}:ec2:*:*:instance/*", Some("${AWS::Partition}"))]
    #[case("${aws:username}/${team}", Some("${team}"))]
    #[case("var.max_hops", Some("var.max_hops"))]
    #[case("var.log files", None)]
    #[case("role/{{ name }}", Some("{{ name }}"))]
    #[case("${open", Some("${open"))]
    fn only_what_is_no_policy_variable_is_a_placeholder(#[case] text: &str, #[case] found: Option<&str>) {
        assert_eq!(placeholder(text), found);
    }
}
