//! JSON values in a temporary file, in the order in which they came.

use serde::ser::{Error as _, SerializeSeq as _};
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::{Result, Slot, Spool};

/// The values.
#[derive(Debug, Default)]
pub(crate) struct Values {
    spool: Spool,
    slots: Vec<Slot>,
}

impl Values {
    /// Adds a value at the end.
    ///
    /// # Errors
    /// The temporary file cannot be written.
    pub(crate) fn push(&mut self, value: &Value) -> Result<()> {
        let slot = self.put(value)?;
        self.slots.push(slot);
        Ok(())
    }

    /// Keeps a value that [`Self::extend`] puts into its place later.
    ///
    /// # Errors
    /// The temporary file cannot be written.
    pub(crate) fn put(&self, value: &Value) -> Result<Slot> {
        self.spool.put(&value.to_string())
    }

    /// Adds values that were kept before.
    pub(crate) fn extend(&mut self, slots: Vec<Slot>) {
        self.slots.extend(slots);
    }

    /// How many values there are.
    pub(crate) const fn len(&self) -> usize {
        self.slots.len()
    }
}

impl Serialize for Values {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.slots.len()))?;
        for slot in &self.slots {
            let text: String = self.spool.get(*slot).map_err(S::Error::custom)?;
            let value: Value = serde_json::from_str(&text).map_err(S::Error::custom)?;
            list.serialize_element(&value)?;
        }
        list.end()
    }
}
