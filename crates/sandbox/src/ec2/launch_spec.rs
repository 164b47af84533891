//! What a launch asks for.

use super::metadata::{HttpTokens, MetadataRequest};
use super::tags::Tags;
use super::template::{TemplateRef, TemplateVersion};

/// What is to be launched. Everything but the image (or a template with one) has a default.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LaunchSpec {
    pub(super) image: Option<String>,
    pub(super) kind: Option<String>,
    pub(super) min: i64,
    pub(super) max: i64,
    pub(super) client_token: Option<String>,
    pub(super) metadata: MetadataRequest,
    pub(super) template: Option<TemplateVersion>,
    pub(super) tags: Tags,
    pub(super) profile: Option<String>,
    pub(super) key_name: Option<String>,
    pub(super) subnet: Option<String>,
    pub(super) groups: Vec<String>,
    pub(super) monitoring: Option<bool>,
    pub(super) ebs_optimized: Option<bool>,
    pub(super) spot: bool,
    pub(super) operator: Option<String>,
    pub(super) requester: Option<String>,
}

impl LaunchSpec {
    /// One instance of an image.
    pub fn of_image(image: &str) -> Self {
        Self { image: Some(image.to_owned()), min: 1, max: 1, ..Self::default() }
    }

    /// One instance of a launch template, `version` being a number, `$Latest` or `$Default`.
    pub fn of_template(id: &str, version: &str) -> Self {
        let template = TemplateRef::Id(id.to_owned());
        let template = Some(TemplateVersion { template, version: Some(version.to_owned()) });
        Self { template, min: 1, max: 1, ..Self::default() }
    }

    /// This many instances.
    #[must_use]
    pub const fn count(mut self, count: i64) -> Self {
        (self.min, self.max) = (count, count);
        self
    }

    /// With metadata options in the request.
    #[must_use]
    pub const fn metadata(mut self, metadata: MetadataRequest) -> Self {
        self.metadata = metadata;
        self
    }

    /// With `HttpTokens` in the request.
    #[must_use]
    pub const fn tokens(mut self, tokens: HttpTokens) -> Self {
        self.metadata.http_tokens = Some(tokens);
        self
    }

    /// With a tag.
    #[must_use]
    pub fn tag(mut self, key: &str, value: &str) -> Self {
        self.tags.insert(key.to_owned(), value.to_owned());
        self
    }

    /// Of this instance type.
    #[must_use]
    pub fn instance_type(mut self, kind: &str) -> Self {
        self.kind = Some(kind.to_owned());
        self
    }

    /// With this client token.
    #[must_use]
    pub fn client_token(mut self, token: &str) -> Self {
        self.client_token = Some(token.to_owned());
        self
    }

    /// With this instance profile (its ARN).
    #[must_use]
    pub fn profile(mut self, arn: &str) -> Self {
        self.profile = Some(arn.to_owned());
        self
    }

    /// Managed by a service, for example `eks.amazonaws.com`.
    #[must_use]
    pub fn managed_by(mut self, principal: &str) -> Self {
        self.operator = Some(principal.to_owned());
        self
    }
}
