//! Reading request members against the constraints of the API model.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::call::Call;
use crate::error::AwsError;
use crate::sagemaker::errors::{constraint, lower_first, missing, not_found, validation};
use crate::sagemaker::notebook::{Key, Notebook, key};
use crate::sagemaker::platform::Platform;
use crate::world::World;

/// The members of one request.
pub(super) struct Input<'a>(&'a Map<String, Value>);

impl<'a> Input<'a> {
    pub(super) fn new(document: &'a Value) -> Result<Self, AwsError> {
        let wrong = || AwsError::client("SerializationException", "the request is not a JSON object");
        document.as_object().map(Self).ok_or_else(wrong)
    }

    /// A member the sandbox does not know is an error, never ignored.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), AwsError> {
        match self.0.keys().find(|it| !known.contains(&it.as_str())) {
            Some(other) => Err(AwsError::not_simulated(format!("the member {other} of this request"))),
            None => Ok(()),
        }
    }

    /// `requestParameters` of CloudTrail: the request with small first letters.
    pub(super) fn trail(&self) -> Value {
        camel(&Value::Object(self.0.clone()))
    }

    pub(super) fn value(&self, member: &str) -> Option<&'a Value> {
        self.0.get(member).filter(|it| !it.is_null())
    }

    pub(super) fn text(&self, member: &str) -> Result<Option<&'a str>, AwsError> {
        match self.value(member) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(AwsError::client("SerializationException", format!("{member} is not a string"))),
        }
    }

    pub(super) fn required(&self, member: &str) -> Result<&'a str, AwsError> {
        self.text(member)?.ok_or_else(|| missing(member))
    }

    pub(super) fn one_of(&self, member: &str, allowed: &[&str]) -> Result<Option<&'a str>, AwsError> {
        let text = self.text(member)?;
        match text.filter(|it| !allowed.contains(it)) {
            Some(wrong) => {
                Err(constraint(wrong, member, &format!("satisfy enum value set: [{}]", allowed.join(", "))))
            }
            None => Ok(text),
        }
    }

    pub(super) fn number(&self, member: &str, range: RangeInclusive<u64>) -> Result<Option<u64>, AwsError> {
        let Some(value) = self.value(member) else { return Ok(None) };
        let number = value.as_i64().ok_or_else(|| {
            AwsError::client("SerializationException", format!("{member} is not a whole number"))
        })?;
        let (low, high) = (range.start(), range.end());
        match u64::try_from(number) {
            Ok(number) if number > *high => Err(constraint(
                &number.to_string(),
                member,
                &format!("have value less than or equal to {high}"),
            )),
            Ok(number) if number >= *low => Ok(Some(number)),
            _ => Err(constraint(
                &number.to_string(),
                member,
                &format!("have value greater than or equal to {low}"),
            )),
        }
    }

    pub(super) fn flag(&self, member: &str) -> bool {
        self.value(member).and_then(Value::as_bool).unwrap_or_default()
    }

    pub(super) fn texts(&self, member: &str) -> Result<Option<Vec<String>>, AwsError> {
        let Some(value) = self.value(member) else { return Ok(None) };
        let wrong =
            || AwsError::client("SerializationException", format!("{member} is not a list of strings"));
        let items = value.as_array().ok_or_else(wrong)?;
        items
            .iter()
            .map(|it| it.as_str().map(str::to_owned).ok_or_else(wrong))
            .collect::<Result<_, _>>()
            .map(Some)
    }

    /// Seconds since 1970, with a fraction.
    pub(super) fn time(&self, member: &str) -> Result<Option<Timestamp>, AwsError> {
        let Some(value) = self.value(member) else { return Ok(None) };
        let wrong = || AwsError::client("SerializationException", format!("{member} is not a timestamp"));
        let seconds = value.as_f64().ok_or_else(wrong)?;
        let since = jiff::SignedDuration::try_from_secs_f64(seconds).map_err(|_| wrong())?;
        Timestamp::UNIX_EPOCH.checked_add(since).map(Some).map_err(|_| wrong())
    }

    pub(super) fn notebook_name(&self) -> Result<&'a str, AwsError> {
        let member = "NotebookInstanceName";
        let name = self.required(member)?;
        if name.len() > 63 {
            return Err(constraint(name, member, "have length less than or equal to 63"));
        }
        let letters = name.chars().all(|it| it.is_ascii_alphanumeric() || it == '-');
        if !letters || name.is_empty() || name.starts_with('-') || name.ends_with('-') {
            let pattern = "satisfy regular expression pattern: ^[a-zA-Z0-9](-*[a-zA-Z0-9])*";
            return Err(constraint(name, member, pattern));
        }
        Ok(name)
    }

    pub(super) fn platform(&self) -> Result<Option<Platform>, AwsError> {
        let member = "PlatformIdentifier";
        let ids = Platform::ALL.map(Platform::id);
        match self.text(member)? {
            None => Ok(None),
            Some(id) => Platform::parse(id).map(Some).ok_or_else(|| {
                let pattern = format!("satisfy regular expression pattern: ({})", ids.join("|"));
                constraint(id, member, &pattern)
            }),
        }
    }

    pub(super) fn minimum_version(&self) -> Result<Option<String>, AwsError> {
        let member = "InstanceMetadataServiceConfiguration";
        let Some(block) = self.value(member) else { return Ok(None) };
        let path = format!("{member}.minimumInstanceMetadataServiceVersion");
        let version = block.get("MinimumInstanceMetadataServiceVersion").and_then(Value::as_str);
        match version.ok_or_else(|| missing(&path))? {
            version @ ("1" | "2") => Ok(Some(version.to_owned())),
            other => Err(constraint(other, &path, "satisfy regular expression pattern: 1|2")),
        }
    }

    pub(super) fn tags(&self) -> Result<BTreeMap<String, String>, AwsError> {
        let mut tags = BTreeMap::new();
        for tag in self.value("Tags").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default() {
            let text = |member: &str| tag.get(member).and_then(Value::as_str);
            let (Some(key), Some(value)) = (text("Key"), text("Value")) else {
                return Err(missing("tags.key"));
            };
            if key.is_empty() || key.chars().count() > 128 || value.chars().count() > 256 {
                return Err(constraint(
                    key,
                    "Tags",
                    "have a key of 1 to 128 and a value of up to 256 characters",
                ));
            }
            if key.to_lowercase().starts_with("aws:") {
                return Err(validation("aws: prefixed tag key names are not allowed for external use."));
            }
            if tags.insert(key.to_owned(), value.to_owned()).is_some() {
                return Err(validation(format!("Duplicate tag keys found: {key}")));
            }
        }
        Ok(tags)
    }

    /// The notebook the request names.
    pub(super) fn notebook<'w>(
        &self,
        world: &'w mut World,
        call: &Call,
    ) -> Result<(Key, &'w mut Notebook), AwsError> {
        let key = key(&call.place, self.notebook_name()?);
        let notebook = world.sagemaker.notebooks.get_mut(&key).ok_or_else(not_found)?;
        Ok((key, notebook))
    }

    /// The notebook an ARN names.
    pub(super) fn tagged<'w>(&self, world: &'w mut World, call: &Call) -> Result<&'w mut Notebook, AwsError> {
        let arn = self.required("ResourceArn")?;
        let prefix = call.place.arn("sagemaker", "notebook-instance/");
        let Some(name) = arn.strip_prefix(&prefix) else {
            if arn.starts_with(&call.place.arn("sagemaker", "")) {
                return Err(AwsError::not_simulated(format!("tags of {arn}")));
            }
            return Err(not_found());
        };
        world.sagemaker.notebooks.get_mut(&key(&call.place, name)).ok_or_else(not_found)
    }
}

fn camel(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            Value::Object(members.iter().map(|(name, value)| (lower_first(name), camel(value))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(camel).collect()),
        other => other.clone(),
    }
}
