//! Recorded launches as evidence: who launched instances that answer IMDSv1, by which path, and what each enforcement
//! switch would have done to these launches.
//!
//! Read in this order: [`Recording`] counts records, from a stream ([`read_records`]) or one by one. [`LaunchGroup`] is what a
//! principal launched by one [`LaunchPath`]. [`LaunchFacts`] is what a record says of metadata options, and [`effect`] what
//! an [`EnforcementSwitch`] would have done. [`Deliveries`] are calls with credentials from the metadata service.
//!
//! Knows: records of CloudTrail, and the precedence of metadata options. Must never know: AWS clients, files, the clock, how a
//! report is printed.

mod delivery;
mod facts;
mod forecast;
mod group;
mod path;
mod recording;
mod row;
mod stream;
mod switch;

pub use delivery::{Deliveries, DeliveryKey};
pub use facts::{AnsweredOptions, LaunchFacts, UsedTemplate, launch_tags};
pub use forecast::{Counts, Forecast, GroupKnowledge, TemplateOptions, forecast};
pub use group::{GroupKey, GroupState, LaunchGroup, Tally};
pub use path::LaunchPath;
pub use recording::Recording;
pub use stream::read_records;
pub use switch::{Effect, EnforcementSwitch, Knowledge, Missing, effect};
