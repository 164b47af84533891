//! The part of AWS Config's query language that is simulated: `SELECT` properties and `COUNT(*)`, `WHERE` with `=`, `IN` and
//! `LIKE` joined by `AND`, and `GROUP BY`. Everything else is refused as AWS refuses what it does not understand.
//!
//! <https://docs.aws.amazon.com/config/latest/developerguide/query-components.html>

use serde_json::{Map, Value};

use crate::error::AwsError;

/// The properties that are simulated.
const PROPERTIES: [&str; 6] = [
    "resourceId",
    "resourceType",
    "accountId",
    "awsRegion",
    "configuration.metadataOptions.httpTokens",
    "configuration.metadataOptions.httpEndpoint",
];
const COUNT: &str = "COUNT(*)";
/// `LIKE` needs this many characters before its wildcard.
const LEAST_PREFIX: usize = 3;

/// A query that was understood.
#[derive(Debug)]
pub(super) struct Query {
    /// Properties and [`COUNT`], in the order asked for.
    select: Vec<String>,
    conditions: Vec<(String, Test)>,
    group_by: Vec<String>,
}

#[derive(Debug)]
enum Test {
    /// One of these texts.
    In(Vec<String>),
    /// Begins with this text.
    Prefix(String),
}

fn refused(why: &str) -> AwsError {
    AwsError::client("InvalidExpressionException", format!("The syntax of the query is incorrect: {why}"))
}

/// The words of an expression, read from left to right.
struct Words<'a>(std::vec::IntoIter<&'a str>, &'a str);

impl<'a> Words<'a> {
    fn of(expression: &'a str) -> Result<Self, AwsError> {
        let mut words = Vec::new();
        let mut rest = expression.trim_start();
        while let Some(first) = rest.chars().next() {
            let end = match first {
                '\'' => rest.get(1..).and_then(|it| it.find('\'')).map(|it| it + 2),
                ',' | '=' | '(' | ')' => Some(1),
                _ if rest.to_ascii_uppercase().starts_with(COUNT) => Some(COUNT.len()),
                _ => rest.find([' ', ',', '=', '(', ')', '\'', '\n', '\t']).or(Some(rest.len())),
            };
            let (word, after) =
                end.and_then(|end| rest.split_at_checked(end)).ok_or_else(|| refused("a text has no end"))?;
            words.push(word);
            rest = after.trim_start();
        }
        Ok(Self(words.into_iter(), expression))
    }

    fn peek(&self) -> &'a str {
        self.0.as_slice().first().copied().unwrap_or_default()
    }

    /// Takes the next word if it is this one.
    fn take(&mut self, word: &str) -> bool {
        let is_next = self.peek().eq_ignore_ascii_case(word);
        if is_next {
            self.0.next();
        }
        is_next
    }

    fn expect(&mut self, word: &str) -> Result<(), AwsError> {
        if self.take(word) { Ok(()) } else { Err(refused(&format!("{word} is expected in {}", self.1))) }
    }

    fn property(&mut self) -> Result<String, AwsError> {
        let word = self.0.next().unwrap_or_default();
        match PROPERTIES.iter().find(|it| **it == word) {
            Some(known) => Ok((*known).to_owned()),
            None => Err(refused(&format!("the property `{word}` is not known"))),
        }
    }

    fn text(&mut self) -> Result<String, AwsError> {
        let word = self.0.next().unwrap_or_default();
        let text = word.strip_prefix('\'').and_then(|it| it.strip_suffix('\''));
        text.map(str::to_owned).ok_or_else(|| refused(&format!("`{word}` is no text in quotes")))
    }

    /// What `one` reads, separated by commas.
    fn list(&mut self, one: fn(&mut Self) -> Result<String, AwsError>) -> Result<Vec<String>, AwsError> {
        let mut all = vec![one(self)?];
        while self.take(",") {
            all.push(one(self)?);
        }
        Ok(all)
    }

    fn selected(&mut self) -> Result<String, AwsError> {
        if self.take(COUNT) { Ok(COUNT.to_owned()) } else { self.property() }
    }

    fn condition(&mut self) -> Result<(String, Test), AwsError> {
        let property = self.property()?;
        let test = if self.take("=") {
            Test::In(vec![self.text()?])
        } else if self.take("IN") {
            self.expect("(")?;
            let texts = self.list(Self::text)?;
            self.expect(")")?;
            Test::In(texts)
        } else {
            self.expect("LIKE")?;
            let pattern = self.text()?;
            let prefix = pattern.strip_suffix('%').filter(|it| it.len() >= LEAST_PREFIX);
            let prefix = prefix.filter(|it| !it.contains(['%', '_']));
            Test::Prefix(prefix.ok_or_else(|| refused("LIKE takes a text and one % behind it"))?.to_owned())
        };
        Ok((property, test))
    }
}

impl Query {
    /// # Errors
    /// `InvalidExpressionException` for everything that is not understood.
    pub(super) fn parse(expression: &str) -> Result<Self, AwsError> {
        let mut words = Words::of(expression)?;
        words.expect("SELECT")?;
        let select = words.list(Words::selected)?;
        let mut conditions = Vec::new();
        if words.take("WHERE") {
            conditions.push(words.condition()?);
            while words.take("AND") {
                conditions.push(words.condition()?);
            }
        }
        let mut group_by = Vec::new();
        if words.take("GROUP") {
            words.expect("BY")?;
            group_by = words.list(Words::property)?;
        }
        if !words.peek().is_empty() {
            return Err(refused(&format!("`{}` is not expected", words.peek())));
        }
        let query = Self { select, conditions, group_by };
        let is_grouped = |it: &String| it == COUNT || query.group_by.contains(it);
        if query.counts() && !query.select.iter().all(is_grouped) {
            return Err(refused("a property beside COUNT(*) is not in GROUP BY"));
        }
        Ok(query)
    }

    /// Whether rows are counted.
    pub(super) fn counts(&self) -> bool {
        !self.group_by.is_empty() || self.select.iter().any(|it| it == COUNT)
    }

    /// The names of what is selected.
    pub(super) fn fields(&self) -> impl Iterator<Item = &str> {
        self.select.iter().map(String::as_str)
    }

    /// The rows, each an object with what is selected.
    pub(super) fn rows(&self, items: &[Value]) -> Vec<Value> {
        let passes = |item: &&Value| {
            self.conditions.iter().all(|(property, test)| {
                at(item, property).and_then(Value::as_str).is_some_and(|text| match test {
                    Test::In(texts) => texts.iter().any(|it| it == text),
                    Test::Prefix(prefix) => text.starts_with(prefix),
                })
            })
        };
        let found = items.iter().filter(passes);
        if !self.counts() {
            return found.map(|item| self.selected(item)).collect();
        }
        let mut groups: Vec<(Value, u64)> = Vec::new();
        for item in found {
            let row = self.selected(item);
            match groups.iter_mut().find(|(group, _)| *group == row) {
                Some((_, number)) => *number += 1,
                None => groups.push((row, 1)),
            }
        }
        groups.into_iter().map(|(row, number)| self.counted(row, number)).collect()
    }

    fn selected(&self, item: &Value) -> Value {
        let mut row = Value::Object(Map::new());
        for property in self.select.iter().filter(|it| *it != COUNT) {
            if let Some(value) = at(item, property) {
                put(&mut row, property, value.clone());
            }
        }
        row
    }

    fn counted(&self, mut row: Value, number: u64) -> Value {
        if let (true, Some(members)) = (self.select.iter().any(|it| it == COUNT), row.as_object_mut()) {
            members.insert(COUNT.to_owned(), number.into());
        }
        row
    }
}

fn at<'a>(item: &'a Value, property: &str) -> Option<&'a Value> {
    property.split('.').try_fold(item, |value, name| value.get(name))
}

fn put(row: &mut Value, property: &str, value: Value) {
    let (name, rest) = property.split_once('.').unwrap_or((property, ""));
    let Some(members) = row.as_object_mut() else { return };
    if rest.is_empty() {
        members.insert(name.to_owned(), value);
    } else {
        put(members.entry(name).or_insert_with(|| Value::Object(Map::new())), rest, value);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn items() -> Vec<Value> {
        let one = |id: &str, region: &str, tokens: &str| {
            json!({
                "resourceId": id, "resourceType": "AWS::EC2::Instance", "accountId": "111122223333",
                "awsRegion": region, "configuration": { "metadataOptions": { "httpTokens": tokens } },
            })
        };
        vec![one("i-1", "eu-west-1", "optional"), one("i-2", "us-east-1", "required")]
    }

    fn rows(expression: &str) -> Vec<Value> {
        Query::parse(expression).unwrap().rows(&items())
    }

    #[test]
    fn conditions_are_joined_and_properties_are_nested() {
        let found = rows(
            "SELECT resourceId, configuration.metadataOptions.httpTokens WHERE awsRegion IN ('eu-west-1', \
             'eu-west-2') AND resourceType LIKE 'AWS::EC2%' AND accountId = '111122223333'",
        );
        let tokens = json!({ "metadataOptions": { "httpTokens": "optional" } });
        assert_eq!(found, [json!({ "resourceId": "i-1", "configuration": tokens })]);
        assert!(rows("SELECT resourceId WHERE resourceType = 'AWS::EC2::Volume'").is_empty());
    }

    #[test]
    fn groups_are_counted() {
        let found =
            rows("select awsRegion, count(*) where resourceType='AWS::EC2::Instance' group by awsRegion");
        let expected = [("eu-west-1", 1), ("us-east-1", 1)];
        assert_eq!(found, expected.map(|(region, n)| json!({ "awsRegion": region, "COUNT(*)": n })));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for expression in [
            "",
            "SELECT",
            "SELECT *",
            "SELECT resourceId WHERE resourceType",
            "SELECT resourceId WHERE resourceType = AWS::EC2::Instance",
            "SELECT resourceId WHERE resourceType = 'AWS",
            "SELECT resourceId WHERE tags = 'a'",
            "SELECT resourceId WHERE resourceType = 'a' OR resourceType = 'b'",
            "SELECT resourceId WHERE resourceType LIKE '%Instance'",
            "SELECT resourceId WHERE resourceType LIKE 'AW%'",
            "SELECT resourceId, COUNT(*) WHERE resourceType = 'a' GROUP BY awsRegion",
            "SELECT resourceId ORDER BY resourceId",
        ] {
            let error = Query::parse(expression).unwrap_err();
            assert_eq!(error.code, "InvalidExpressionException", "{expression}");
        }
    }
}
