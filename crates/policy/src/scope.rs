//! Whom an override or an exemption means.

use crate::Tags;
use crate::ids::{AccountId, OuId, Place};

/// A pattern with `*` for any run of characters and `?` for one, as in IAM's `StringLike`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Glob(String);

impl Glob {
    /// Any text is a pattern.
    pub fn new(pattern: &str) -> Self {
        Self(pattern.to_owned())
    }

    /// The pattern as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the whole text matches; case counts.
    pub fn matches(&self, text: &str) -> bool {
        wildmatch::WildMatch::new(&self.0).matches(text)
    }
}

/// A tag that a resource must carry: key and value are patterns, and one tag must match both.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TagMatch {
    /// The tag key as a pattern. AWS allows neither `*` nor `?` in a key.
    pub key: Glob,
    /// The tag value as a pattern; `*` for any.
    pub value: Glob,
}

/// What a resource must be for an override or exemption to mean it. A field that is empty matches everything;
/// of several that speak, all must hold; within one, any.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Matcher {
    /// Accounts.
    pub accounts: Vec<AccountId>,
    /// Regions, as patterns.
    pub regions: Vec<Glob>,
    /// Organizational units, at any depth above the account.
    pub ous: Vec<OuId>,
    /// A tag on the resource itself.
    pub tag: Option<TagMatch>,
    /// Instance ids or notebook names, as patterns.
    pub resources: Vec<Glob>,
}

/// The resource a matcher is held against.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// Where it lives.
    pub place: &'a Place,
    /// The organizational units and the root above its account; `None` = not known.
    pub ous: Option<&'a [OuId]>,
    /// Its id or name.
    pub resource: &'a str,
    /// Its tags.
    pub tags: &'a Tags,
}

/// A matcher could not be held against a resource.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the policy names organizational units, and those above account {0} are not known")]
pub struct ScopeError(pub AccountId);

impl Matcher {
    /// Whether the resource is meant.
    ///
    /// # Errors
    /// The matcher names organizational units, everything else it says holds, and those above the account
    /// are not known.
    pub fn matches(&self, scope: &Scope<'_>) -> Result<bool, ScopeError> {
        let others = (self.accounts.is_empty() || self.accounts.contains(&scope.place.account))
            && (self.regions.is_empty()
                || self.regions.iter().any(|it| it.matches(scope.place.region.as_str())))
            && (self.resources.is_empty() || self.resources.iter().any(|it| it.matches(scope.resource)))
            && self.tag.as_ref().is_none_or(|wanted| {
                scope.tags.iter().any(|(key, value)| wanted.key.matches(key) && wanted.value.matches(value))
            });
        if !others || self.ous.is_empty() {
            return Ok(others);
        }
        match scope.ous {
            Some(above) => Ok(self.ous.iter().any(|it| above.contains(it))),
            None => Err(ScopeError(scope.place.account.clone())),
        }
    }

    /// Whether holding it against a resource needs the organizational units above the account.
    pub fn names_organizational_units(&self) -> bool {
        !self.ous.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("*", "", true)]
    #[case("eu-*", "eu-central-1", true)]
    #[case("eu-*", "us-east-1", false)]
    #[case("*-1", "eu-central-1", true)]
    #[case("e?-central-1", "eu-central-1", true)]
    #[case("a*b*c", "a-b-b-c", true)]
    #[case("a*b*c", "a-b-b-c-d", false)]
    #[case("", "x", false)]
    fn a_pattern_matches_whole_text(#[case] pattern: &str, #[case] text: &str, #[case] matches: bool) {
        assert_eq!(Glob::new(pattern).matches(text), matches);
    }

    fn place() -> Place {
        Place {
            account: AccountId::parse("111122223333").unwrap(),
            region: crate::Region::parse("eu-central-1").unwrap(),
        }
    }

    #[test]
    fn unknown_units_are_an_error_only_where_they_decide() {
        let (place, tags) = (place(), Tags::new());
        let scope = Scope { place: &place, ous: None, resource: "i-00000001", tags: &tags };
        let unit = vec![OuId::parse("ou-ab12-sandbox1").unwrap()];
        let decides = Matcher { ous: unit.clone(), ..Matcher::default() };
        assert!(decides.matches(&scope).is_err());
        let elsewhere = Matcher { ous: unit.clone(), regions: vec![Glob::new("us-*")], ..Matcher::default() };
        assert_eq!(elsewhere.matches(&scope), Ok(false));
        let known = Scope { ous: Some(&unit), ..scope };
        assert_eq!(decides.matches(&known), Ok(true));
    }
}
