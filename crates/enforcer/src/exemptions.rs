//! What the resources that were read say of exemptions: which are in use, and which of their tags need attention.

use std::collections::BTreeSet;

use jiff::civil::Date;
use v2only_policy::exemption::{InForce, Origin, Void};
use v2only_policy::review::{Due, by_date};
use v2only_policy::{Decision, Judged, Note, Place, Verdict};

use crate::record::ResourceId;

/// An exemption that needs somebody's attention.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueExemption {
    /// Why.
    pub due: Due,
    /// Which one: `exemptions[n]` of the document, or the resource whose tags it is.
    pub exemption: String,
    /// Where that resource lives.
    pub place: Option<Place>,
    /// Its last day.
    pub until: Date,
    /// Whom to ask.
    pub owner: Option<String>,
    /// Why it was made.
    pub reason: Option<String>,
}

/// The exemptions that were met so far.
#[derive(Debug, Default)]
pub struct Met {
    /// The entries of the document that excuse something.
    pub excusing: BTreeSet<usize>,
    /// Those by tag that need attention.
    pub by_tag: Vec<DueExemption>,
}

impl Met {
    /// Adds what one resource has to say.
    pub fn take(&mut self, judged: &Judged, place: &Place, today: Date) {
        let Decision { verdict, notes, .. } = &judged.decision;
        let tag = |due: Option<Due>, until: Date, reason: Option<&str>| {
            due.map(|due| DueExemption {
                due,
                exemption: ResourceId::from(&judged.subject).to_string(),
                place: Some(place.clone()),
                until,
                owner: None,
                reason: reason.map(str::to_owned),
            })
        };
        match verdict {
            Verdict::Exempt { by: InForce { origin: Origin::Document(index), .. }, .. } => {
                self.excusing.insert(*index);
            }
            Verdict::Exempt { by: InForce { origin: Origin::Tag, until, reason, .. }, .. } => {
                self.by_tag.extend(tag(by_date(*until, today), *until, Some(reason)));
            }
            Verdict::Compliant(_) | Verdict::Violation(_) | Verdict::Gone => {}
        }
        for note in notes {
            if let Note::VoidExemption(Void::Expired { origin: Origin::Tag, until }) = note {
                self.by_tag.extend(tag(by_date(*until, today), *until, None));
            }
        }
    }
}
