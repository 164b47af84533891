//! Tables of fixed columns that line up across a whole report, wrapped at words.

use clap::builder::styling::Style;

/// Text of a cell, in pieces of one style each. Styles stand beside the text, so that they have no width.
pub(super) type Cell = Vec<(Style, String)>;

/// The widths of the columns, and what stands before and between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Columns {
    pub(super) indent: usize,
    pub(super) gap: usize,
    pub(super) widths: Vec<usize>,
}

/// A word and how it looks.
struct Word {
    style: Style,
    text: String,
}

impl Columns {
    /// One row, as lines without blanks at their ends.
    pub(super) fn row(&self, cells: &[Cell]) -> Vec<String> {
        let wrapped: Vec<Vec<Vec<Word>>> =
            cells.iter().zip(&self.widths).map(|(cell, width)| wrap(cell, *width)).collect();
        let height = wrapped.iter().map(Vec::len).max().unwrap_or_default();
        (0..height).map(|line| self.line(&wrapped, line)).collect()
    }

    fn line(&self, cells: &[Vec<Vec<Word>>], number: usize) -> String {
        let mut line = " ".repeat(self.indent);
        let mut owed = 0;
        for (cell, width) in cells.iter().zip(&self.widths) {
            let words = cell.get(number).map(Vec::as_slice).unwrap_or_default();
            if !words.is_empty() {
                line.push_str(&" ".repeat(owed));
                owed = 0;
            }
            let mut used = 0;
            for (index, word) in words.iter().enumerate() {
                if index > 0 {
                    line.push(' ');
                    used += 1;
                }
                let style = word.style;
                line.push_str(&format!("{style}{}{style:#}", word.text));
                used += word.text.chars().count();
            }
            owed += width.saturating_sub(used) + self.gap;
        }
        line
    }
}

/// Breaks a cell into lines. A word that is longer than the line is broken too.
fn wrap(cell: &Cell, width: usize) -> Vec<Vec<Word>> {
    let width = width.max(1);
    let mut lines: Vec<Vec<Word>> = Vec::new();
    let mut room = 0;
    for (style, text) in cell {
        for word in text.split_whitespace() {
            let letters: Vec<char> = word.chars().collect();
            for piece in letters.chunks(width) {
                let text: String = piece.iter().collect();
                let length = piece.len();
                match lines.last_mut() {
                    Some(line) if room > length => {
                        room -= length + 1;
                        line.push(Word { style: *style, text });
                    }
                    _ => {
                        room = width - length;
                        lines.push(vec![Word { style: *style, text }]);
                    }
                }
            }
        }
    }
    lines
}

/// Prose of one style or several, wrapped and indented.
pub(super) fn prose(text: Cell, indent: usize, width: usize) -> Vec<String> {
    Columns { indent, gap: 0, widths: vec![width.saturating_sub(indent)] }.row(&[text])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Cell {
        vec![(Style::new(), text.to_owned())]
    }

    #[test]
    fn columns_line_up_and_words_wrap() {
        let columns = Columns { indent: 2, gap: 2, widths: vec![6, 10, 4] };
        let row = columns.row(&[plain("abc"), plain("one two three four"), plain("end")]);
        assert_eq!(row, ["  abc     one two     end", "          three four"]);
    }

    #[test]
    fn a_long_word_is_broken_and_an_empty_cell_takes_its_room() {
        let columns = Columns { indent: 0, gap: 2, widths: vec![4, 3, 3] };
        assert_eq!(columns.row(&[plain("abcdef"), plain(""), plain("x")]), ["abcd       x", "ef"]);
    }
}
