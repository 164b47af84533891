//! A scan of what AWS Config recorded: the aggregator it asks, and what it says about its coverage.

use std::fmt;

use v2only_enforcer::inventory::{self, Inventory};
use v2only_policy::{Place, Policy};

use crate::run::regions::Places;
use crate::run::survey::LocationSurvey;
use crate::term::messages::count;
use crate::term::problem::Problem;
use crate::world::Cloud;

/// Reads the candidates from an aggregator of the own account, in the Region that the run starts from.
pub(crate) async fn read(aws: &impl Cloud, aggregator: &str, policy: &Policy) -> Result<Inventory, Problem> {
    let account = aws.account().await?;
    let region = aws.home_region().ok_or_else(|| {
        Problem::usage("no Region of the aggregator is named", "type `--region` with it first")
    })?;
    Ok(inventory::read(aws, &Place { account, region }, aggregator, policy).await?)
}

/// What a scan of an inventory covers.
#[derive(Debug)]
pub(crate) struct Coverage {
    pub(crate) aggregator: String,
    /// Instances that AWS Config named in the accounts and Regions of the run.
    pub(crate) candidates: usize,
    /// Those of them that EC2 described.
    pub(crate) verified: usize,
    /// Instances that AWS Config named elsewhere.
    pub(crate) elsewhere: usize,
}

impl Coverage {
    pub(crate) fn of(inventory: &Inventory, places: &Places, surveys: &[LocationSurvey]) -> Self {
        Self {
            aggregator: inventory.aggregator.clone(),
            candidates: inventory.candidates(places.all()),
            verified: surveys.iter().map(|survey| survey.verified).sum(),
            elsewhere: inventory.candidates_elsewhere(places.all()),
        }
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { aggregator, candidates, verified, elsewhere } = self;
        write!(
            f,
            "Candidates by AWS Config aggregator {aggregator}; {verified} of {candidates} verified by \
             DescribeInstances.\nThis scan covers instances that the aggregator recorded with metadata options, \
             and nothing else."
        )?;
        if *elsewhere > 0 {
            let candidates = count(*elsewhere, "candidate");
            write!(f, "\n{candidates} in other accounts and Regions: not selected, and not read.")?;
        }
        Ok(())
    }
}
