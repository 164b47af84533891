//! `*` and `?`, as IAM understands them.

use wildmatch::WildMatch;

/// Whether a pattern matches the complete text. `*` is any text and `?` is any character.
pub fn matches(pattern: &str, text: &str) -> bool {
    WildMatch::new(pattern).matches(text)
}

/// The same, without regard to case.
pub fn matches_ignoring_case(pattern: &str, text: &str) -> bool {
    WildMatch::new_case_insensitive(pattern).matches(text)
}

/// Whether a pattern matches an ARN. Each of the six parts of the pattern must match its part of the ARN.
pub fn matches_arn(pattern: &str, arn: &str) -> bool {
    if pattern == "*" {
        return true;
    }
    let parts = |text: &str| text.splitn(6, ':').map(str::to_owned).collect::<Vec<_>>();
    let (pattern, arn) = (parts(pattern), parts(arn));
    pattern.len() == 6
        && pattern.len() == arn.len()
        && pattern.iter().zip(&arn).all(|(pattern, part)| matches(pattern, part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_what_iam_means() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("ec2:Run*", "ec2:RunInstances", true),
            ("ec2:*Instances", "ec2:RunInstances", true),
            ("ec2:?unInstances", "ec2:RunInstances", true),
            ("ec2:Run", "ec2:RunInstances", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("", "a", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
        assert!(matches_ignoring_case("EC2:runinstances", "ec2:RunInstances"));
        assert!(matches_arn("arn:aws:iam::*:role/v2only-*", "arn:aws:iam::111122223333:role/v2only-owner"));
        assert!(!matches_arn("arn:aws:iam::*", "arn:aws:iam::111122223333:role/v2only-owner"));
        assert!(!matches_arn("arn:*:role/x", "arn:aws:iam::111122223333:role/x"));
    }
}
