//! `*` and `?`, as IAM understands them.

/// Whether a text is matched by a pattern, in which `*` is any text and `?` any character.
pub fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    // Which of the pattern's prefixes match what was read so far.
    let mut reached = vec![false; pattern.len() + 1];
    let mut next = reached.clone();
    start(&pattern, &mut reached);
    for character in text {
        next.fill(false);
        for (index, wanted) in pattern.iter().enumerate() {
            let here = reached.get(index).copied().unwrap_or_default();
            let fits = here && (*wanted == '?' || *wanted == '*' || *wanted == character);
            let stays = *wanted == '*' && reached.get(index + 1).copied().unwrap_or_default();
            if let Some(slot) = next.get_mut(index + 1) {
                *slot |= fits || stays;
            }
        }
        close(&pattern, &mut next);
        std::mem::swap(&mut reached, &mut next);
    }
    reached.last().copied().unwrap_or_default()
}

fn start(pattern: &[char], reached: &mut [bool]) {
    if let Some(first) = reached.first_mut() {
        *first = true;
    }
    close(pattern, reached);
}

/// A `*` also stands for nothing.
fn close(pattern: &[char], reached: &mut [bool]) {
    for (index, wanted) in pattern.iter().enumerate() {
        let before = reached.get(index).copied().unwrap_or_default();
        if *wanted == '*'
            && before
            && let Some(slot) = reached.get_mut(index + 1)
        {
            *slot = true;
        }
    }
}

/// The same, without regard to case.
pub fn matches_ignoring_case(pattern: &str, text: &str) -> bool {
    matches(&pattern.to_lowercase(), &text.to_lowercase())
}

/// Whether an ARN is matched by a pattern: each of its six parts by the part of the pattern.
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
