//! The lines to write instead, in the language of the file.

/// A property by its path below `Properties`.
pub(super) struct Suggestion {
    pub(super) path: Vec<&'static str>,
    pub(super) json: bool,
}

impl Suggestion {
    /// The property with a word as its value.
    pub(super) fn text(&self, value: &str) -> String {
        if self.json { self.quoted(value) } else { self.plain(value) }
    }

    /// The property with a text in quotes.
    pub(super) fn quoted(&self, value: &str) -> String {
        self.plain(&format!("\"{value}\""))
    }

    /// The property with a number.
    pub(super) fn number(&self, value: u8) -> String {
        self.plain(&value.to_string())
    }

    /// The property with a value as it is written.
    pub(super) fn plain(&self, value: &str) -> String {
        let path = self.path.iter();
        if self.json {
            let open: Vec<String> = path.map(|it| format!("\"{it}\": ")).collect();
            return format!("{}{value}{}", open.join("{ "), " }".repeat(self.path.len().saturating_sub(1)));
        }
        let lines: Vec<String> =
            path.enumerate().map(|(depth, it)| format!("{}{it}:", "  ".repeat(depth))).collect();
        format!("{} {value}", lines.join("\n"))
    }
}
