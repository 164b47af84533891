//! Refuses text that the HCL library would read for hours.
//!
//! Where an operand of a chain of operators is wrong, as in `a + b + {…}`, the library gives up the chain, and then reads the same
//! operand once more. Within an operand that is nested so again, that doubles the time at each level.

/// How many brackets may be open at once that each belong to an operand. Real expressions have a few.
pub(super) const MOST: usize = 10;

/// A bracket that is open.
struct Level {
    bracket: u8,
    is_operand: bool,
    /// Whether an operator came since this level, or its last item, began.
    after_operator: bool,
}

/// The offset of the bracket that is nested too deeply in operands, if there is one.
///
/// Strings and comments are read like code. A bracket that is not closed there is closed with the block around it.
pub(super) fn too_deep(text: &str) -> Option<usize> {
    let mut levels = vec![Level { bracket: 0, is_operand: false, after_operator: false }];
    let mut operands = 0;
    let (mut before, mut last) = (b'\n', b'\n');
    for (at, byte) in text.bytes().enumerate() {
        let Some(level) = levels.last_mut() else { continue };
        match byte {
            b'(' | b'[' | b'{' => {
                let is_operand = level.after_operator;
                operands += usize::from(is_operand);
                if operands > MOST {
                    return Some(at);
                }
                levels.push(Level { bracket: byte, is_operand, after_operator: false });
            }
            b')' | b']' | b'}' => {
                let opening = match byte {
                    b')' => b'(',
                    b']' => b'[',
                    _ => b'{',
                };
                if let Some(found) = levels.iter().rposition(|it| it.bracket == opening) {
                    operands -= levels.drain(found..).filter(|it| it.is_operand).count();
                }
            }
            // The arrow of a `for`.
            b'>' if before == b'=' => level.after_operator = false,
            b'+' | b'-' | b'*' | b'/' | b'%' | b'&' | b'|' | b'<' | b'>' | b'!' => {
                level.after_operator = true
            }
            // The first `=` of `==` counts as an assignment, until the second one comes.
            b'=' => level.after_operator = b"=!<>".contains(&before),
            b',' | b':' | b'?' => level.after_operator = false,
            b'\n' if !b"+-*/%&|<>=!".contains(&last) => level.after_operator = false,
            _ => {}
        }
        before = byte;
        if !byte.is_ascii_whitespace() {
            last = byte;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_within_operands_are_counted_and_others_are_not() {
        for (opening, closing) in [
            ("{a + b + ", "}"),
            ("{a%5-", "}"),
            ("(a == b == ", ")"),
            ("(a > b > ", ")"),
            ("f(a + b +\n", ")"),
            ("\"x-${a - b - ", "}\""),
            ("[for x in a + b + ", " : x]"),
        ] {
            let nested =
                |count: usize| format!("x = 1 - {}1{}", opening.repeat(count), closing.repeat(count));
            assert_eq!(too_deep(&nested(MOST)), None, "{opening}");
            assert!(too_deep(&nested(MOST + 1)).is_some(), "{opening}");
        }
        for fine in [
            "{ a = ",
            "[1 + 2, ",
            "f(a, b - c, ",
            "{ for k, v in a : k => ",
            "b {\nx = 1 + 2\n",
            "a > b ? 1 : (",
        ] {
            assert_eq!(too_deep(&fine.repeat(100)), None, "{fine}");
        }
        for closed in ["x = 1 - (2 - {a = 1})\n", "x = 1 - [2]\n", "b {\n# 1 - (2\n# 3 - (4\n}\n"] {
            assert_eq!(too_deep(&closed.repeat(100)), None, "{closed}");
        }
    }
}
