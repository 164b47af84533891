//! Text from outside, made safe for a terminal.

/// Such text where it stands in the middle of a line: it ends none.
pub(crate) fn one_line(text: &str) -> String {
    plain(text).replace('\n', " ")
}

/// Text from outside with everything replaced that a terminal would obey.
pub(crate) fn plain(text: &str) -> String {
    let harmless = |it: char| match it {
        '\n' => it,
        // Marks that turn the direction of writing can make a line look like another.
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        other if other.is_control() => '\u{fffd}',
        other => other,
    };
    text.chars().map(harmless).collect()
}
