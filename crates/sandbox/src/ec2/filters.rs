//! `Filter.N`: values are alternatives, filters must all match, `*` and `?` are wildcards.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Filter.html>

use crate::error::AwsError;
use crate::params::Params;

/// One filter of a request.
#[derive(Debug)]
pub(super) struct Filter {
    pub(super) name: String,
    values: Vec<String>,
}

/// Reads the filters. `known` are those the operation simulates (`tag:*` stands for all of them),
/// `real` those that only AWS has; anything else is AWS's own refusal.
pub(super) fn read(params: &Params, known: &[&str], real: &[&str]) -> Result<Vec<Filter>, AwsError> {
    let mut filters = Vec::new();
    for item in params.structures("Filter") {
        let name = item.required("Name")?.to_owned();
        let values = item.texts("Value");
        let tag = name.starts_with("tag:") && known.contains(&"tag:*");
        if !tag && !known.contains(&name.as_str()) {
            if real.contains(&name.as_str()) {
                return Err(AwsError::not_simulated(format!("ec2 filter {name}")));
            }
            return Err(AwsError::invalid_value(format!("The filter '{name}' is invalid")));
        }
        if values.is_empty() {
            return Err(AwsError::invalid_value(format!("The filter '{name}' has no values")));
        }
        if values.len() > 200 {
            let message = format!(
                "The maximum number of filter values specified on a single call is 200, got {}",
                values.len()
            );
            return Err(AwsError::client("FilterLimitExceeded", message));
        }
        filters.push(Filter { name, values });
    }
    Ok(filters)
}

impl Filter {
    /// Whether one of the values matches `actual`.
    pub(super) fn takes(&self, actual: &str) -> bool {
        self.values.iter().any(|pattern| matches(pattern, actual))
    }

    /// Whether one of the values matches one of several.
    pub(super) fn takes_any<'a>(&self, actual: impl IntoIterator<Item = &'a str>) -> bool {
        actual.into_iter().any(|it| self.takes(it))
    }

    /// The key of a `tag:<key>` filter.
    pub(super) fn tag_key(&self) -> Option<&str> {
        self.name.strip_prefix("tag:")
    }
}

/// Whether a pattern with `*`, `?` and `\` matches a complete text.
fn matches(pattern: &str, text: &str) -> bool {
    if !pattern.contains(['*', '?', '\\']) {
        return pattern == text;
    }
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    wild(&pattern, &text)
}

fn wild(pattern: &[char], text: &[char]) -> bool {
    match (pattern, text) {
        ([], []) => true,
        (['*', rest @ ..], _) => {
            (0..=text.len()).any(|skip| text.get(skip..).is_some_and(|it| wild(rest, it)))
        }
        (['\\', literal, rest @ ..], [first, after @ ..]) => literal == first && wild(rest, after),
        (['?', rest @ ..], [_, after @ ..]) => wild(rest, after),
        ([letter, rest @ ..], [first, after @ ..]) => letter == first && wild(rest, after),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[track_caller]
    fn check(pattern: &str, text: &str, wanted: bool) {
        assert_eq!(matches(pattern, text), wanted, "{pattern} against {text}");
    }

    #[test]
    fn filter_values_are_patterns() {
        check("web", "web", true);
        check("web", "Web", false);
        check("web", "webs", false);
        check("*", "", true);
        check("eks-*", "eks-nodes", true);
        check("*-nodes", "eks-nodes", true);
        check("e?s", "eks", true);
        check("e?s", "es", false);
        check("a\\*b", "a*b", true);
        check("a\\*b", "axb", false);
    }
}
