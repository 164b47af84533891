//! The right spelling nearest to a wrong one.

/// Longer words are not compared: a typing mistake does not explain them.
const LONGEST: usize = 64;

/// The candidate that was probably meant, for keys and words of v2only's own. Upper case, hyphens and
/// underscores do not count, and up to a third of the letters may differ.
pub fn nearest<'a>(text: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let text = folded(text);
    closest(&text, candidates.iter().copied(), folded, |distance, candidate| {
        distance <= text.chars().count().max(candidate.len()) / 3
            || strsim::jaro_winkler(&text, candidate) > 0.9
    })
}

/// The candidate within so many edits, for names that others chose. Upper case does not count.
pub fn nearest_within<'a>(
    text: &str,
    candidates: impl IntoIterator<Item = &'a str>,
    most_edits: usize,
) -> Option<&'a str> {
    let text = text.to_lowercase();
    let length = text.chars().count();
    // A difference in length needs as many edits. Comparing lengths is cheap, and counting edits is not.
    let candidates = candidates.into_iter().filter(|it| it.chars().count().abs_diff(length) <= most_edits);
    closest(&text, candidates, str::to_lowercase, |distance, _| distance <= most_edits)
}

/// A word without what people write differently: `hopLimit`, `Hop-Limit` and `hop_limit` are one word.
pub fn folded(text: &str) -> String {
    text.chars().filter(|it| !matches!(it, '_' | '-' | ' ' | '.')).flat_map(char::to_lowercase).collect()
}

fn closest<'a>(
    text: &str,
    candidates: impl IntoIterator<Item = &'a str>,
    normal: fn(&str) -> String,
    near: impl Fn(usize, &str) -> bool,
) -> Option<&'a str> {
    if text.len() > LONGEST {
        return None;
    }
    let compared = candidates.into_iter().filter_map(|candidate| {
        let other = normal(candidate);
        let distance = strsim::damerau_levenshtein(text, &other);
        near(distance, &other).then_some((distance, candidate))
    });
    compared.min_by_key(|(distance, _)| *distance).map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_words_are_found_by_a_third_of_their_letters_and_others_by_edits() {
        assert_eq!(nearest("HopLimit", &["http_tokens", "hop_limit"]), Some("hop_limit"));
        assert_eq!(nearest("colour", &["http_tokens", "hop_limit"]), None);
        assert_eq!(nearest("mxde", &["mode"]), Some("mode"), "one of four letters");
        assert_eq!(nearest("xyabcd", &["zwabcd"]), Some("zwabcd"), "two of six letters");
        assert_eq!(nearest("exempt", &["exemptions"]), Some("exemptions"), "the beginning of a word");
        assert_eq!(nearest_within("Efect", ["Effect", "Action"], 1), Some("Effect"));
        assert_eq!(nearest_within("Efct", ["Effect", "Action"], 1), None);
        let (longest, longer) = ("e".repeat(64), "e".repeat(65));
        assert_eq!(nearest_within(&longest, [longer.as_str()], 1), Some(longer.as_str()));
        assert_eq!(nearest_within(&"e".repeat(65), ["Effect"], 100), None);
    }
}
