//! What the functions write down.

use v2only_events::{Ignored, Malformed};
use v2only_policy::Place;

use crate::exemptions::DueExemption;
use crate::failure::Failure;
use crate::record::Record;
use crate::sweep::task::{SoFar, Stage};

/// One entry of the log, written at the moment that its content is known.
#[derive(Debug)]
pub enum LogEntry<'a> {
    /// A resource was judged, or could not be.
    Record(&'a Record),
    /// An event is of no concern.
    Ignored {
        /// The id of the event, if the event has one.
        event_id: Option<&'a str>,
        /// Why.
        why: &'a Ignored,
    },
    /// An event belongs to another function.
    Elsewhere {
        /// The id of the event.
        event_id: &'a str,
        /// The function that handles the event.
        function: &'static str,
    },
    /// An event cannot be read.
    Malformed(&'a Malformed),
    /// The policy document in force is not the newest one.
    StalePolicy(&'a str),
    /// The policy document asks for something this release does not act on.
    Notice(&'a str),
    /// Messages that are to be tried again could not be postponed: they come back when the queue says.
    NotPostponed {
        /// How many messages.
        messages: usize,
        /// Why.
        failure: &'a Failure,
    },
    /// A sweep has begun.
    SweepBegun {
        /// How many accounts the sweep covers.
        accounts: usize,
    },
    /// A part of an account and Region was swept.
    Swept {
        /// The account and Region.
        place: &'a Place,
        /// The part.
        stage: Stage,
        /// The counts so far.
        so_far: SoFar,
        /// How often the part was read.
        passes: u8,
    },
    /// An account, a Region or a part of one was not swept.
    Unswept {
        /// What was not swept.
        subject: &'a str,
        /// Why.
        failure: &'a Failure,
    },
    /// An exemption needs its owner's attention.
    Exemption(&'a DueExemption),
    /// The exemptions were reviewed.
    Reviewed {
        /// How many accounts were read.
        accounts: usize,
        /// How many accounts and Regions could not be read completely; unless 0, no exemption counts as unused.
        unread: u32,
    },
}
