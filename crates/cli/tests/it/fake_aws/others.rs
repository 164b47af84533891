//! What somebody else does to its resources meanwhile.

use v2only_policy::instance::{HttpTokens, Instance};

use super::{Deed, FakeAws};

impl FakeAws {
    /// Somebody makes a version of every launch template before this is called for the first time.
    pub(crate) fn rival(self, before: &'static str) -> Self {
        self.state().rival = Some(before);
        self
    }

    /// What somebody makes then allows version 1.
    pub(crate) fn rival_opens(self) -> Self {
        self.state().rival_is_open = true;
        self
    }

    pub(super) fn rival_makes_one(&self, before: &str) {
        let mut state = self.state();
        let is_open = state.rival_is_open;
        if state.rival.take_if(|it| *it == before).is_some() {
            for it in &mut state.templates {
                it.latest += 1;
                let mut theirs = it.versions.last().unwrap().clone();
                (theirs.number, theirs.made, theirs.image) = (it.latest, None, Some("ami-theirs".to_owned()));
                theirs.options.http_tokens =
                    Some(if is_open { HttpTokens::Optional } else { HttpTokens::Required });
                it.versions.push(theirs);
            }
        }
    }

    /// Somebody does this before so many more calls of an action were made, and the next one is.
    pub(crate) fn before(self, action: &'static str, after: usize, deed: Deed) -> Self {
        let due = self.calls_of(action) + after;
        self.state().meanwhile.push((action, due, deed));
        self
    }

    pub(super) fn others_act(&self, action: &str) {
        let before = self.calls_of(action);
        let due = |it: &mut (&'static str, usize, Deed)| it.0 == action && it.1 <= before;
        let deeds: Vec<_> = self.state().meanwhile.extract_if(.., due).collect();
        deeds.into_iter().for_each(|(.., deed)| deed(self));
    }

    /// Changes an instance as somebody else would.
    pub(crate) fn change(&self, id: &str, change: impl FnOnce(&mut Instance)) {
        change(self.state().instances.values_mut().find(|it| it.id.as_str() == id).unwrap());
    }

    /// An instance as somebody else left it.
    pub(crate) fn fix(&self, id: &str) {
        let mut state = self.state();
        let it = state.instances.values_mut().find(|it| it.id.as_str() == id).unwrap();
        it.options.http_tokens = HttpTokens::Required;
    }
}
