//! Foreign text inside messages, and the paths of values.

/// The path of a key in a map.
pub(crate) fn join_key(path: &str, key: &str) -> String {
    let key = shown(key);
    if path.is_empty() { key } else { format!("{path}.{key}") }
}

/// The path of an item in a list.
pub(crate) fn join_index(path: &str, index: usize) -> String {
    format!("{path}[{index}]")
}

/// Foreign text inside a message: one line, not long, without control characters.
pub(crate) fn shown(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut shown: String =
        text.chars().take(LONGEST).map(|it| if it == '\n' { ' ' } else { harmless(it) }).collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown
}

/// The character itself, or a replacement if a terminal would obey it.
pub(crate) fn harmless(char: char) -> char {
    match char {
        '\t' => ' ',
        // Marks that turn the direction of writing can make a line look like another.
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        other if other.is_control() => '\u{fffd}',
        other => other,
    }
}

/// `a`, `b` or `c`.
pub(crate) fn alternatives(words: &[&str]) -> String {
    let mut words: Vec<String> = words.iter().map(|it| format!("`{it}`")).collect();
    match (words.pop(), words.is_empty()) {
        (None, _) => String::new(),
        (Some(last), true) => last,
        (Some(last), false) => format!("{} or {last}", words.join(", ")),
    }
}

/// Lines as YAML counts them; a byte order mark is not part of the first.
pub(crate) fn lines(text: &str) -> Vec<&str> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (mut lines, mut remaining) = (Vec::new(), text);
    while let Some((line, end)) = remaining.find(['\n', '\r']).and_then(|at| remaining.split_at_checked(at)) {
        lines.push(line);
        remaining = end.strip_prefix("\r\n").or_else(|| end.get(1..)).unwrap_or_default();
    }
    lines.push(remaining);
    lines
}
