//! Text from outside, made safe for a terminal and for the log of a workflow.

/// Such text where it stands in the middle of a line: it ends none.
pub(crate) fn one_line(text: &str) -> String {
    without_commands(&plain(text).replace('\n', " "))
}

/// Text from outside with everything replaced that a terminal would obey.
pub(crate) fn plain(text: &str) -> String {
    let harmless = |letter: char| match letter {
        '\n' => letter,
        // Marks that turn the direction of writing can make a line look like another.
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        other if other.is_control() => '\u{fffd}',
        other => other,
    };
    text.chars().map(harmless).collect()
}

/// The text without what GitHub Actions takes for a command in a log: `::command` where a line begins, which
/// a table may do before any word, and `##[command]` anywhere.
fn without_commands(text: &str) -> String {
    let harmless = |word: &str| match word.strip_prefix("::") {
        Some(command) if command.starts_with(|it: char| it.is_ascii_alphabetic()) => {
            format!("\u{fffd}:{command}")
        }
        _ => word.to_owned(),
    };
    text.split(' ').map(harmless).collect::<Vec<_>>().join(" ").replace("##[", "#\u{fffd}[")
}

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn no_text_is_a_command_of_a_workflow() {
        for (text, shown) in [
            ("::add-mask::x", "\u{fffd}:add-mask::x"),
            ("::error file=a,line=1::forged", "\u{fffd}:error file=a,line=1::forged"),
            ("web ::error file=a::x", "web \u{fffd}:error file=a::x"),
            ("web ::stop-commands::x", "web \u{fffd}:stop-commands::x"),
            ("web\n::error::x", "web \u{fffd}:error::x"),
            ("web ##[add-mask]x", "web #\u{fffd}[add-mask]x"),
            // Names of CloudFormation and addresses are none.
            ("AWS::EC2::Instance", "AWS::EC2::Instance"),
            ("::1", "::1"),
            ("from ::/0", "from ::/0"),
        ] {
            assert_eq!(one_line(text), shown);
        }
    }
}
