//! Lists that are serialized item by item, so that none has to be whole in memory.

use std::io;

use serde::ser::SerializeSeq as _;
use serde::{Serialize, Serializer};

use super::findings_v1::FindingV1;
use crate::report::item::Item;
use crate::run::found::Findings;

/// The published shape of each finding.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Listed<'a>(pub(crate) Findings<'a>);

impl Serialize for Listed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        let each = self.0.each(|it| list.serialize_element(&FindingV1::of(it)).map_err(Ended::Unwritten));
        each.map_err(Ended::error)?;
        list.end()
    }
}

/// What each finding comes to in another format: one element, several or none.
pub(crate) struct Made<'a, F> {
    pub(crate) findings: Findings<'a>,
    pub(crate) make: F,
}

impl<T, F> Serialize for Made<'_, F>
where
    T: Serialize,
    F: Fn(&Item<'_>) -> Vec<T>,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        let each = self.findings.each(|it| {
            let mut made = (self.make)(it).into_iter();
            made.try_for_each(|it| list.serialize_element(&it)).map_err(Ended::Unwritten)
        });
        each.map_err(Ended::error)?;
        list.end()
    }
}

/// Why a list ended early.
enum Ended<E> {
    /// What was found cannot be read again.
    Unread(io::Error),
    /// It cannot be written.
    Unwritten(E),
}

impl<E> From<io::Error> for Ended<E> {
    fn from(error: io::Error) -> Self {
        Self::Unread(error)
    }
}

impl<E: serde::ser::Error> Ended<E> {
    fn error(self) -> E {
        match self {
            Self::Unread(error) => E::custom(error),
            Self::Unwritten(error) => error,
        }
    }
}
