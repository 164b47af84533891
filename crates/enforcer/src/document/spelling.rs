//! The right spelling nearest to a wrong one.

/// Longer words are not compared: nobody mistypes that much.
const LONGEST: usize = 64;

/// The candidate that was probably meant, if one is near enough.
pub(super) fn nearest(text: &str, candidates: &[&'static str]) -> Option<&'static str> {
    if text.len() > LONGEST {
        return None;
    }
    let text = folded(text);
    candidates
        .iter()
        .filter_map(|candidate| {
            let other = folded(candidate);
            let distance = strsim::damerau_levenshtein(&text, &other);
            let near = distance <= text.chars().count().max(other.len()) / 3
                || strsim::jaro_winkler(&text, &other) > 0.9;
            near.then_some((distance, *candidate))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Spelling without what people do differently: `hopLimit`, `Hop-Limit` and `hop_limit` are one word.
pub(super) fn folded(text: &str) -> String {
    text.chars().filter(|it| !matches!(it, '_' | '-' | ' ' | '.')).flat_map(char::to_lowercase).collect()
}
