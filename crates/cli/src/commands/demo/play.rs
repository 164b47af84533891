//! The play: what happens in which order, and what is counted when.

use std::time::Instant;

use jiff::Timestamp;

use super::bill::{Bill, Calls};
use super::ending::{Aside, Ending};
use super::failure::broken;
use super::fleet::{Act, Fleet};
use super::said::LogLine;
use super::stage::Stage;
use super::story::{Readings, Row};
use super::{checks, fleet, said, story};
use crate::term::problem::Problem;

/// The play itself.
pub(super) struct Play<'a> {
    stage: &'a Stage,
    fleet: Fleet,
    /// How many events there were before v2only was installed.
    before: usize,
    /// When version 1 was turned back on last.
    turned: Timestamp,
}

/// What launches without a violation cost.
pub(super) struct Free {
    launches: u64,
    calls: Calls,
}

impl<'a> Play<'a> {
    pub(super) fn on(stage: &'a Stage) -> Self {
        Self { stage, fleet: Fleet::default(), before: 0, turned: Timestamp::now() }
    }

    /// Launches of every kind. Those that need no call come first and alone, so that their price is known.
    pub(super) async fn launches(&mut self) -> Result<Free, Problem> {
        let stage = self.stage;
        self.fleet.before(stage).await?;
        stage.settle().await?;
        self.before = stage.aws.events().len();
        stage.install()?;
        let launches = self.fleet.compliant(stage).await?;
        stage.settle().await?;
        let calls = Calls::of(&stage.aws.calls());

        let today = jiff::tz::Offset::UTC.to_datetime(Timestamp::now()).date();
        self.fleet.people(stage, today).await?;
        self.fleet.services(stage)?;
        if let Some(event) = self.fleet.launch_event(stage, "asks-for-v1") {
            stage.deliver_again(event);
        }
        stage.send_rubbish();
        self.turn_back("turned-back").await?;
        self.turn_back("contested").await?;
        stage.settle().await?;
        Ok(Free { launches, calls })
    }

    /// Version 1 is turned back on, and notebooks of every kind come and go.
    pub(super) async fn later(&mut self) -> Result<(), Problem> {
        let stage = self.stage;
        self.fleet.start_again(stage).await?;
        self.fleet.notebooks(stage).await?;
        for _ in 0..2 {
            fleet::next_second(self.turned).await;
            self.turn_back("contested").await?;
            stage.settle().await?;
        }
        Ok(())
    }

    async fn turn_back(&mut self, name: &str) -> Result<(), Problem> {
        self.fleet.turn_back(self.stage, name).await?;
        self.turned = Timestamp::now();
        Ok(())
    }

    /// What AWS describes now.
    async fn read_back(&self) -> Result<Readings, Problem> {
        let mut now = Readings::new();
        let mut described = Vec::new();
        for part in &self.fleet.parts {
            let auditor = self.stage.auditor(&part.place)?;
            if part.act == Act::Notebook {
                let seen = auditor.notebook(&part.place, part.name).await.map_err(broken)?;
                now.insert((part.place.clone(), part.name.to_owned()), seen.into());
            } else if !described.contains(&&part.place) {
                described.push(&part.place);
                let seen = auditor.instances(&part.place).await.map_err(broken)?;
                now.extend(seen.into_iter().map(|it| ((part.place.clone(), it.id.clone()), it.into())));
            }
        }
        Ok(now)
    }

    fn said(&self) -> Vec<LogLine> {
        said::by(&self.stage.hosts)
    }

    /// What became of the resources of these acts so far.
    pub(super) async fn rows(&self, acts: &[Act]) -> Result<Vec<Row>, Problem> {
        Ok(story::tell(&self.fleet.parts, acts, &self.said(), &self.read_back().await?))
    }

    /// Delivers every event once more, and adds up.
    pub(super) async fn ending(
        &self,
        rows: Vec<Row>,
        free: &Free,
        begun: Instant,
    ) -> Result<Ending, Problem> {
        let stage = self.stage;
        let aside = Aside::of(&self.said());
        let first = self.read_back().await?;
        let bill = Bill::so_far(stage, free.launches, &free.calls);
        let mut events = stage.aws.events();
        events.drain(..self.before.min(events.len()));
        for event in &events {
            stage.deliver_again(event.clone());
        }
        stage.settle().await?;
        let evidence = checks::Evidence {
            rows: &rows,
            trail: &stage.aws.events(),
            first: &first,
            second: &self.read_back().await?,
            again: &Calls::of(&stage.aws.calls()).since(&bill.calls),
            events: events.len(),
            free_launches: free.launches,
            free_launch_calls: free.calls.total(),
            left_over: stage.left_over(),
        };
        let checks = checks::all(&evidence);
        Ok(Ending { rows, aside, bill, checks, took: begun.elapsed() })
    }
}

impl Aside {
    fn of(said: &[LogLine]) -> Self {
        let with = |outcome: &str, reasons: &[&str]| {
            let lines = said.iter().filter(|it| it.outcome == outcome);
            let lines = lines.filter(|line| {
                reasons.is_empty() || line.reason.as_deref().is_some_and(|reason| reasons.contains(&reason))
            });
            lines.filter_map(|it| it.why.clone()).collect()
        };
        Self {
            ignored: with("ignored", &["failed-call", "dry-run"]),
            malformed: with("malformed", &[]),
            duplicates: 1,
        }
    }
}
