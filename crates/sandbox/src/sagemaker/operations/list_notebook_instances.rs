//! `ListNotebookInstances`: filters, order, pages.
//!
//! <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ListNotebookInstances.html>

use serde_json::{Map, Value};

use super::input::Input;
use crate::call::Call;
use crate::error::AwsError;
use crate::sagemaker::errors::validation;
use crate::sagemaker::notebook::{Notebook, Status};
use crate::sagemaker::view::summary;
use crate::trail::Trail;
use crate::world::World;

/// The page size when the caller does not ask; AWS does not document it.
const DEFAULT_PAGE: u64 = 10;

pub(super) fn answer(
    world: &mut World,
    call: &Call,
    input: &Input<'_>,
    _trail: &mut Trail,
) -> Result<Value, AwsError> {
    input.only(&[
        "NextToken",
        "MaxResults",
        "SortBy",
        "SortOrder",
        "NameContains",
        "CreationTimeBefore",
        "CreationTimeAfter",
        "LastModifiedTimeBefore",
        "LastModifiedTimeAfter",
        "StatusEquals",
        "NotebookInstanceLifecycleConfigNameContains",
        "DefaultCodeRepositoryContains",
        "AdditionalCodeRepositoryEquals",
    ])?;
    let size = input.number("MaxResults", 1..=100)?.unwrap_or(DEFAULT_PAGE);
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let order = Order::read(input)?;
    let filter = Filter::read(input)?;
    let after = input.text("NextToken")?.map(read_token).transpose()?;
    let here =
        world.sagemaker.notebooks.values().filter(|it| it.place == call.place && filter.lets_through(it));
    let mut rows: Vec<_> = here.map(|it| (order.key(it), it)).collect();
    rows.sort_by(|(left, _), (right, _)| order.compare(left, right));
    let start = after.map_or(0, |after| rows.partition_point(|(key, _)| order.compare(key, &after).is_le()));
    let rest = rows.get(start..).unwrap_or_default();
    let page = rest.get(..size.min(rest.len())).unwrap_or_default();
    let mut answer = Map::new();
    let summaries = page.iter().map(|(_, it)| summary(it)).collect();
    answer.insert("NotebookInstances".to_owned(), Value::Array(summaries));
    if let Some((last, _)) = page.last().filter(|_| rest.len() > size) {
        answer.insert("NextToken".to_owned(), write_token(last).into());
    }
    Ok(Value::Object(answer))
}

/// What rows are sorted by: the chosen key, then the name, which is unique.
type SortKey = (String, String);

struct Order {
    by: &'static str,
    descending: bool,
}

impl Order {
    fn read(input: &Input<'_>) -> Result<Self, AwsError> {
        let by = match input.one_of("SortBy", &["Name", "CreationTime", "Status"])? {
            Some("CreationTime") => "CreationTime",
            Some("Status") => "Status",
            _ => "Name",
        };
        let order = input.one_of("SortOrder", &["Ascending", "Descending"])?;
        Ok(Self { by, descending: order == Some("Descending") })
    }

    fn key(&self, notebook: &Notebook) -> SortKey {
        let first = match self.by {
            "CreationTime" => format!("{:020}", notebook.created.as_nanosecond()),
            "Status" => notebook.status.id().to_owned(),
            _ => String::new(),
        };
        (first, notebook.name.to_lowercase())
    }

    fn compare(&self, left: &SortKey, right: &SortKey) -> std::cmp::Ordering {
        if self.descending { right.cmp(left) } else { left.cmp(right) }
    }
}

/// A token is the key of the last row, so that rows that come or go do not shift the next page.
fn write_token((first, name): &SortKey) -> String {
    format!("{first}/{name}").bytes().map(|it| format!("{it:02x}")).collect()
}

fn read_token(token: &str) -> Result<SortKey, AwsError> {
    let invalid = || validation("Invalid NextToken");
    let digits: Vec<_> = token.chars().collect();
    let byte = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16);
    let bytes: Vec<u8> = digits.chunks(2).map(byte).collect::<Result<_, _>>().map_err(|_| invalid())?;
    let text = String::from_utf8(bytes).map_err(|_| invalid())?;
    let (first, name) = text.split_once('/').ok_or_else(invalid)?;
    Ok((first.to_owned(), name.to_owned()))
}

type Test = Box<dyn Fn(&Notebook) -> bool>;

#[derive(Default)]
struct Filter {
    tests: Vec<Test>,
}

impl Filter {
    fn read(input: &Input<'_>) -> Result<Self, AwsError> {
        let mut filter = Self::default();
        let statuses = Status::ALL.map(Status::id);
        if let Some(status) = input.one_of("StatusEquals", &statuses)?.and_then(Status::parse) {
            filter.add(move |it| it.status == status);
        }
        if let Some(part) = input.text("NameContains")?.map(str::to_lowercase) {
            filter.add(move |it| it.name.to_lowercase().contains(&part));
        }
        if let Some(time) = input.time("CreationTimeBefore")? {
            filter.add(move |it| it.created < time);
        }
        if let Some(time) = input.time("CreationTimeAfter")? {
            filter.add(move |it| it.created > time);
        }
        if let Some(time) = input.time("LastModifiedTimeBefore")? {
            filter.add(move |it| it.modified < time);
        }
        if let Some(time) = input.time("LastModifiedTimeAfter")? {
            filter.add(move |it| it.modified > time);
        }
        if let Some(part) = input.text("NotebookInstanceLifecycleConfigNameContains")?.map(str::to_owned) {
            filter.add(move |notebook| {
                notebook.attributes.lifecycle_config.as_ref().is_some_and(|name| name.contains(&part))
            });
        }
        if let Some(part) = input.text("DefaultCodeRepositoryContains")?.map(str::to_owned) {
            filter.add(move |notebook| {
                notebook.attributes.default_repository.as_ref().is_some_and(|name| name.contains(&part))
            });
        }
        if let Some(name) = input.text("AdditionalCodeRepositoryEquals")?.map(str::to_owned) {
            filter.add(move |it| it.attributes.additional_repositories.contains(&name));
        }
        Ok(filter)
    }

    fn add(&mut self, test: impl Fn(&Notebook) -> bool + 'static) {
        self.tests.push(Box::new(test));
    }

    fn lets_through(&self, notebook: &Notebook) -> bool {
        self.tests.iter().all(|test| test(notebook))
    }
}
