//! What `scan` prints for people unless they ask for a list: the number of violations, their causes, the exemptions that
//! need attention, the accounts, and what to type next.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use v2only_installation::command::Command;
use v2only_policy::AccountId;

use crate::args::shared::Shared;
use crate::print::sheet::{Column, Entry, Sheet, wrapped};
use crate::report::causes::{self, Causes};
use crate::report::exemptions;
use crate::report::exposure::Exposure;
use crate::report::headline::{Answering, headline};
use crate::report::item::Item;
use crate::report::sink::{Head, Sink, Tail};
use crate::report::totals::Totals;
use crate::term::messages::count;
use crate::term::problem::Stop;

/// How many causes, and how many accounts, are shown.
const SHOWN: usize = 10;

/// The summary of a run. It keeps counts, and no resource.
pub(crate) struct Summary<'a> {
    head: Head<'a>,
    shared: &'a Shared,
    width: Option<u16>,
    out: &'a mut dyn Write,
    answering: Answering,
    causes: Causes,
    accounts: BTreeMap<AccountId, Account>,
    /// Violating instances that hand out an administrator's credentials.
    administrators: usize,
    /// Those of them with a public address.
    public_administrators: usize,
}

/// The numbers of one account.
#[derive(Debug, Default)]
struct Account {
    violations: usize,
    exempt: usize,
    v1_open: usize,
}

impl<'a> Summary<'a> {
    pub(crate) fn new(
        head: Head<'a>,
        shared: &'a Shared,
        width: Option<u16>,
        out: &'a mut dyn Write,
    ) -> Self {
        let (answering, causes, accounts) = (Answering::default(), Causes::default(), BTreeMap::new());
        let (administrators, public_administrators) = (0, 0);
        Self { head, shared, width, out, answering, causes, accounts, administrators, public_administrators }
    }

    /// One row for each account that was read, the one with the most violations first.
    fn accounts(&mut self, tail: &Tail<'_>) -> Option<(Sheet, usize)> {
        let mut regions: BTreeMap<&AccountId, (BTreeSet<&str>, usize)> = BTreeMap::new();
        for survey in tail.surveys {
            let (all, unread) = regions.entry(&survey.place.account).or_default();
            all.insert(survey.place.region.as_str());
            *unread += usize::from(survey.failure.is_some());
        }
        if regions.len() < 2 {
            return None;
        }
        let columns = [
            Column::text("ACCOUNT"),
            Column::short("ID"),
            Column::short("VIOLATIONS"),
            Column::short("V1 OPEN"),
            Column::short("EXEMPT"),
            Column::short("REGIONS"),
            Column::short("NOT READ"),
        ];
        let mut rows: Vec<(Account, &AccountId, usize, usize)> = Vec::new();
        for (account, (all, unread)) in regions {
            rows.push((self.accounts.remove(account).unwrap_or_default(), account, all.len(), unread));
        }
        rows.sort_by_key(|(it, _, _, unread)| std::cmp::Reverse((it.violations, *unread, it.exempt)));
        let mut sheet = Sheet::new(columns, self.width);
        let left_out = rows.len().saturating_sub(SHOWN);
        for (it, account, all, unread) in rows.into_iter().take(SHOWN) {
            let name = self.head.accounts.name(account);
            let number = |number: usize| Entry::Text(number.to_string());
            sheet.row(vec![
                name.unwrap_or_else(|| account.as_str()).to_owned().into(),
                name.map(|_| account.to_string()).unwrap_or_default().into(),
                number(it.violations),
                number(it.v1_open),
                number(it.exempt),
                number(all),
                if unread == 0 { String::new().into() } else { number(unread) },
            ]);
        }
        Some((sheet, left_out))
    }

    /// What is to be closed first.
    fn worst(&self) -> Option<String> {
        let public = match self.public_administrators {
            0 => String::new(),
            number => format!(", {number} with a public address"),
        };
        let number = count(self.administrators, "instance");
        let verb = if self.administrators == 1 { "hands" } else { "hand" };
        (self.administrators > 0)
            .then(|| format!("{number} {verb} out an administrator's credentials{public}."))
    }

    fn section(&mut self, heading: &str, sheet: &Sheet, more: usize) -> std::io::Result<()> {
        writeln!(self.out, "\n{heading}\n{}", sheet.text())?;
        if more > 0 {
            writeln!(self.out, " and {more} more")?;
        }
        Ok(())
    }
}

impl Sink for Summary<'_> {
    fn finding(&mut self, item: &Item<'_>) -> Result<(), Stop> {
        self.answering.add(item);
        self.causes.add(item);
        let account = &item.record.place.account;
        let numbers = match self.accounts.get_mut(account) {
            Some(numbers) => numbers,
            None => self.accounts.entry(account.clone()).or_default(),
        };
        numbers.violations += usize::from(item.violates());
        numbers.exempt += usize::from(item.exemption().is_some());
        numbers.v1_open += usize::from(item.answers_version_1());
        let exposure = Exposure::of(item, self.head.now);
        if item.violates() && exposure.is_administrator() {
            self.administrators += 1;
            self.public_administrators += usize::from(exposure.is_public());
        }
        Ok(())
    }

    fn end(&mut self, tail: &Tail<'_>) -> Result<(), Stop> {
        let complete = tail.coverage.is_none() && tail.surveys.iter().all(|survey| survey.failure.is_none());
        let numbers = match (tail.totals.violations, complete) {
            (0, true) if tail.totals.exempt == 0 && self.head.scope.selects => {
                "Nothing that is selected violates the policy".to_owned()
            }
            (0, true) if tail.totals.exempt == 0 => "Nothing violates the policy".to_owned(),
            (_, true) => tail.totals.in_words(),
            (_, false) => format!("{} in what could be read", tail.totals.in_words()),
        };
        let headline = headline(&self.answering, complete, self.head.scope);
        let width = self.width.map_or(usize::MAX, usize::from);
        for text in [format!("{headline}."), format!("{numbers}.")].into_iter().chain(self.worst()) {
            writeln!(self.out, "{}", wrapped(&text, width, "", "").join("\n"))?;
        }
        let causes = std::mem::take(&mut self.causes).largest();
        if !causes.is_empty() {
            let heading = if causes.len() > SHOWN { "Largest causes" } else { "Causes" };
            let (sheet, more) = causes::table(&causes, SHOWN, self.head.accounts, self.shared, self.width);
            self.section(heading, &sheet, more)?;
        }
        if let Some(sheet) = exemptions::due(tail.exemptions, self.width) {
            self.section("Exemptions that need attention", &sheet, 0)?;
        }
        if let Some((sheet, more)) = self.accounts(tail) {
            self.section("Accounts", &sheet, more)?;
        }
        writeln!(self.out)?;
        for (command, what) in next(tail.totals, complete && !self.head.scope.selects, self.shared) {
            writeln!(self.out, "Next: {command}  # {what}")?;
        }
        Ok(())
    }
}

/// What to type next, and what that does.
fn next(totals: &Totals, complete: bool, shared: &Shared) -> Vec<(Command, &'static str)> {
    let ours = |words: &[&str]| shared.scope(Command::ours(words.iter().copied()));
    let mut all = Vec::new();
    match &shared.policy {
        Some(_) if totals.would_change > 0 => {
            all.push((ours(&["enforce"]).flag("dry-run"), "shows the plan and changes nothing"));
        }
        _ if totals.violations > 0 => {
            all.push((ours(&["readiness"]), "lists who still calls IMDSv1"));
        }
        _ if complete => all.push((Command::ours(["policies", "list"]), "SCPs that keep IMDSv1 closed")),
        _ => {}
    }
    if totals.violations > 0 || totals.exempt > 0 {
        all.push((ours(&["scan"]).flag("list"), "lists each resource"));
    }
    all
}
