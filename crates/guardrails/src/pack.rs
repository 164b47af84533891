//! Keeps files within the size AWS accepts.

use serde::Serialize;

use crate::statement::Statement;
use crate::{File, Kind};

/// A statement that does not fit into any policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{what} takes {characters} characters where AWS accepts {limit}; name fewer principals, or use patterns"
)]
pub struct TooLarge {
    /// The statement, or the file that cannot be split.
    pub what: String,
    /// How large it is.
    pub characters: usize,
    /// How large it may be.
    pub limit: usize,
}

const HEAD: &str = "{\"Version\":\"2012-10-17\",\"Statement\":[\n";
const SEPARATOR: &str = ",\n";
const TAIL: &str = "\n]}\n";

/// One file if the statements fit, and else as many as they need, numbered from 1, each filled in the order
/// given before the next is begun.
pub fn files(kind: Kind, name: &str, statements: &[Statement]) -> Result<Vec<File>, TooLarge> {
    let mut bodies: Vec<String> = Vec::new();
    for statement in statements {
        let json = json(statement);
        let alone = HEAD.len() + json.chars().count() + TAIL.len();
        if alone > kind.limit() {
            let what = format!("statement `{}`", statement.sid());
            return Err(TooLarge { what, characters: alone, limit: kind.limit() });
        }
        match bodies.last_mut() {
            Some(body) if body.chars().count() + SEPARATOR.len() + alone <= kind.limit() => {
                body.push_str(SEPARATOR);
                body.push_str(&json);
            }
            _ => bodies.push(json),
        }
    }
    let several = bodies.len() > 1;
    let path = |number: usize| {
        let suffix = if several { format!("-{number}") } else { String::new() };
        format!("{}/{name}{suffix}.json", kind.folder())
    };
    let file = |(number, body)| File { path: path(number), kind, json: format!("{HEAD}{body}{TAIL}") };
    Ok((1..).zip(bodies).map(file).collect())
}

/// One file that must not be split, because its statements mean something only together.
pub fn whole(kind: Kind, name: &str, statements: &[Statement]) -> Result<File, TooLarge> {
    let body = statements.iter().map(json).collect::<Vec<_>>().join(SEPARATOR);
    fitting(File {
        path: format!("{}/{name}.json", kind.folder()),
        kind,
        json: format!("{HEAD}{body}{TAIL}"),
    })
}

/// The file, if AWS accepts its size.
pub fn fitting(file: File) -> Result<File, TooLarge> {
    let (characters, limit) = (file.json.chars().count(), file.kind.limit());
    if characters > limit { Err(TooLarge { what: file.path, characters, limit }) } else { Ok(file) }
}

/// Nothing that is rendered here can fail to be written: keys are text, and there are no numbers.
pub fn json(it: &impl Serialize) -> String {
    serde_json::to_string(it).unwrap_or_default()
}
