//! Runbooks for all accounts and Regions of a wave, started in the central one.

use std::collections::BTreeMap;
use std::time::Duration;

use v2only_enforcer::ResourceId;
use v2only_enforcer::automation::locations::{Joined, Together, automate_apart, automate_together};
use v2only_enforcer::enforce::Bound;
use v2only_policy::{Judged, Place};

use super::roles::{Central, EXECUTION_ROLE};
use super::rollout::{WavePart, WaveRunner};
use crate::run::rollout::RolloutResult;
use crate::run::spool;
use crate::term::messages::{Talk, count};
use crate::term::problem::sentence;
use crate::world::World;

impl<W: World> WaveRunner<'_, W> {
    /// Changes instances of several accounts and Regions by one runbook execution. If AWS refuses that
    /// execution, each account and Region gets its own. `numbers` identify the instances.
    pub(super) async fn run_by_automation(
        &self,
        central: &Central,
        numbers: Vec<usize>,
        bound: &Bound,
        rolled: &mut RolloutResult,
        talk: &mut Talk<'_>,
    ) -> spool::Result<WavePart> {
        let instances = numbers.len();
        let mut judged: Vec<(&Place, Vec<Judged>)> = Vec::new();
        let mut number_of: BTreeMap<&Place, BTreeMap<ResourceId, usize>> = BTreeMap::new();
        for number in numbers {
            let Some((place, it)) = self.found(number)? else { continue };
            number_of.entry(place).or_default().insert((&it.subject).into(), number);
            match judged.last_mut().filter(|(there, _)| *there == place) {
                Some((_, here)) => here.push(it),
                None => judged.push((place, vec![it])),
            }
        }
        let _shown = self.progress.begin(format!(
            "changing {} in {}",
            count(instances, "instance"),
            count(judged.len(), "place")
        ));
        let wait = async |time: Duration| self.world.sleep(time).await;
        let role = self.role.unwrap_or(EXECUTION_ROLE);
        let (central, administration) = (&central.place, central.administration.as_str());
        let it = Together { central, administration, role, judged, bound };
        let Joined { mut carried, refused } = automate_together(self.aws, self.journal, it, &wait).await;
        if let Some(refused) = refused {
            rolled.apart = true;
            talk.note(&format!(
                "AWS did not take one execution for several accounts and Regions, and started nothing ({}); each of them \
                 gets its own",
                sentence(&refused.why)
            ));
            carried.extend(automate_apart(self.aws, self.journal, refused, bound, &wait).await);
        }
        let mut part = WavePart::default();
        for (place, it) in &carried {
            let number = |id: &ResourceId| number_of.get(place)?.get(id).copied();
            self.keep(it, number, &mut part)?;
        }
        Ok(part)
    }
}
