//! What a run of `enforce` tells at its end.

use std::path::Path;

use v2only_enforcer::waves::Stop as Stopped;
use v2only_installation::command::Command;
use v2only_policy::{InstanceId, Place};

use crate::args::selection::FailOn;
use crate::report::formats::{self, Layout};
use crate::report::headline::Scope;
use crate::report::rollout_v1::RolloutV1;
use crate::report::sink::{Head, Tail};
use crate::report::table::Shown;
use crate::report::tally::Tally;
use crate::report::totals::{self, LocationResult, Totals};
use crate::run::absent::{self, Absent};
use crate::run::accounts::AccountNames;
use crate::run::exemptions;
use crate::run::found::Findings;
use crate::run::rollout::RolloutResult;
use crate::run::session::Session;
use crate::run::spool;
use crate::run::survey::ScanRequest;
use crate::term::exit::Exit;
use crate::term::messages::count;
use crate::term::problem::Stop;
use crate::world::{Cloud as _, World};

/// A run that ended, or that changes nothing.
pub(super) struct EnforceRun<'a> {
    pub(super) request: ScanRequest<'a>,
    pub(super) fail_on: FailOn,
    pub(super) findings: Findings<'a>,
    pub(super) rolled: RolloutResult,
    pub(super) journal: Option<&'a Path>,
    /// Resources of `--only` that do not exist where the run reads.
    pub(super) absent: Vec<Absent>,
}

impl EnforceRun<'_> {
    pub(super) fn tell<W: World>(
        &self,
        session: &mut Session<'_, W>,
        aws: &W::Aws,
        shown: Option<Shown>,
    ) -> Result<(Exit, Totals), Stop> {
        let surveys = self.findings.estate.seen.as_slice();
        let ScanRequest { policy, kinds, filter, now, .. } = self.request;
        let places: Vec<&Place> = surveys.iter().map(|survey| &survey.place).collect();
        let accounts = AccountNames::of(aws, places.iter().copied());
        let head = Head {
            command: "enforce",
            now,
            places: &places,
            policy,
            scope: Scope { kinds, selects: !filter.is_empty() },
            accounts: &accounts,
        };
        let layout = Layout {
            format: session.shared.output,
            shown,
            width: session.width(),
            shared: session.shared,
            earlier: &[],
        };
        // What was changed is known before it is printed.
        let mut tally = Tally::new(exemptions::day(now));
        self.findings.each(|item| {
            tally.add(item);
            spool::Result::Ok(())
        })?;
        let Tally { totals, exemptions: met, .. } = tally;
        let cut_short = matches!(self.rolled.stopped, Some(Stopped::Unread(_) | Stopped::Interrupted));
        let incomplete = cut_short
            || surveys.iter().any(|it| it.failure.is_some())
            || totals.failed > 0
            || !self.absent.is_empty();
        let exit = self.fail_on.exit(Exit::of(totals.remaining > 0, incomplete));
        session.exit = Some(exit);
        let calls = aws.calls();
        let exempt = exemptions::told(
            exemptions::ScanScope { request: self.request, shared: session.shared },
            surveys,
            met,
        );
        let mut sink = formats::sink(layout, head, &mut *session.out);
        sink.begin()?;
        self.findings.each(|item| sink.finding(item))?;
        sink.end(&Tail {
            coverage: None,
            exit,
            totals: &totals,
            surveys,
            exemptions: &exempt,
            calls: &calls,
            journal: self.journal.map(|path| path.display().to_string()),
            rollout: RolloutV1::of(&self.rolled),
            absent: &self.absent,
        })?;
        drop(sink);
        session.out.flush()?;
        session.talk.say(&totals.in_words());
        let looked: Vec<LocationResult<'_>> =
            surveys.iter().map(|it| (&it.place, it.failure.as_ref())).collect();
        totals::read(&mut session.talk, &looked, &calls);
        totals::usage_unread(&mut session.talk, surveys);
        totals::launchers_unread(&mut session.talk, surveys);
        totals::incomplete_findings(&mut session.talk, &looked, self.findings)?;
        absent::say(&mut session.talk, &self.absent);
        self.report_stop_reason(session, &totals);
        if totals.notebooks_advanced {
            session.talk.hint(
                "notebooks take several steps: where the functions are deployed, each event brings the next; \
                 elsewhere run `v2only enforce` again once they are `Stopped`",
            );
        }
        Ok((exit, totals))
    }

    /// Reports why the run stopped early, and how to restore instances that still call IMDSv1.
    fn report_stop_reason<W>(&self, session: &mut Session<'_, W>, totals: &Totals) {
        if let Some(stop) = &self.rolled.stopped {
            let held = totals.wave_stopped;
            match (stop, held) {
                (_, 0) => session.talk.note(&stop.to_string()),
                (Stopped::Interrupted, _) => session.talk.error(&format!(
                    "{stop}: the changes under way were finished, and {} left; the next run makes them",
                    count(held, "change")
                )),
                _ => session
                    .talk
                    .error(&format!("wave stopped because {stop}; {} left", count(held, "change"))),
            }
        }
        let (Some(watched), Some(journal)) = (&self.rolled.watched, self.journal) else { return };
        if watched.rejecting.is_empty() {
            return;
        }
        let asks = |((place, id), calls): (&(Place, InstanceId), &u64)| {
            format!("{id} in {place} still calls IMDSv1: {} refused", count_calls(*calls))
        };
        for line in watched.rejecting.iter().map(asks) {
            session.talk.say(&line);
        }
        let only = watched.rejecting.keys().map(|(_, id)| id.as_str());
        let command = Command::ours(["rollback", &journal.display().to_string()]);
        let command = only.fold(command, |command, id| command.option("only", id));
        let command = session.shared.as_whom(command);
        session.talk.hint(&format!("to give IMDSv1 back to these alone: `{command}`"));
    }
}

fn count_calls(number: u64) -> String {
    count(usize::try_from(number).unwrap_or(usize::MAX), "call")
}
