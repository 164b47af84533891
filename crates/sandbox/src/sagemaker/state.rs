//! What SageMaker knows.

use std::collections::BTreeMap;

use super::notebook::{Key, Notebook};
use super::settings::NotebookSettings;

/// What SageMaker knows.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(super) notebooks: BTreeMap<Key, Notebook>,
    pub(super) settings: NotebookSettings,
}
