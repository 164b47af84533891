//! Images, as far as they say something of the metadata service.

use crate::{ImageId, Tags};

/// `ImdsSupport` of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ImdsSupport {
    /// `v2.0`: launches that do not say otherwise require tokens.
    V2,
    /// Nothing: launches that do not say otherwise answer version 1.
    Unmarked,
    /// The image was not described, or says a word this release does not know.
    Unknown,
}

/// An image that the account owns.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Image {
    /// Its id.
    pub id: ImageId,
    /// Its name.
    pub name: String,
    /// What it says of the metadata service.
    pub imds_support: ImdsSupport,
    /// Its tags.
    pub tags: Tags,
}
