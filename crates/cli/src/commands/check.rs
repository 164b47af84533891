//! `check`: infrastructure code before it is deployed.

mod changed;
mod checked;
mod files;
mod other;
mod print;
mod read;
mod terraform;
mod types;

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use v2only_guardrails::Settings;
use v2only_guardrails::check::Level;
use v2only_guardrails::iac::Finding;
use v2only_guardrails::settings::Principals;
use v2only_policy::settings::Rules;
use v2only_policy::{Mode, Partition, Policy};

use self::checked::{Checked, Outcome, Rule};
use self::files::Meant;
use self::terraform::SourcePaths;
use crate::run::policy_file;
use crate::run::session::Session;
use crate::term::exit::Exit;
use crate::term::problem::{Problem, Stop};
use crate::world::World;

const EXAMPLES: &str = "\
Examples:
  v2only check template.yaml
  v2only check cdk.out/
  v2only check infrastructure/
  terraform show -json plan.out | v2only check -
  v2only check . --changed-since origin/main --strict
  v2only check . --output sarif > findings.sarif
  v2only check . --output github                annotations in a workflow of GitHub Actions";

/// What `check` is told.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// CloudFormation templates, Terraform files and plans as JSON, and folders of them; `-` reads standard input
    #[arg(value_name = "PATH", required_unless_present = "types", help_heading = "Input")]
    paths: Vec<PathBuf>,

    /// What a CloudFormation parameter is: `any` value that it allows, or its `default`
    #[arg(
        long,
        value_enum,
        value_name = "WHAT",
        default_value_t = Parameters::Any,
        hide_possible_values = true,
        help_heading = "Input"
    )]
    parameters: Parameters,

    /// Only files that git reports as changed since this commit or branch, and untracked ones
    #[arg(long, value_name = "REF", help_heading = "Input")]
    changed_since: Option<String>,

    /// Report what cannot be judged as a warning, and exit with 10 for warnings too
    #[arg(long, help_heading = "Output")]
    strict: bool,

    /// List the resource types that are judged and those that are only named
    #[arg(
        long,
        conflicts_with_all = ["paths", "parameters", "changed_since", "strict"],
        help_heading = "Output"
    )]
    types: bool,
}

/// What a parameter of a template is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Parameters {
    /// Any value that it allows.
    Any,
    /// Its default.
    Default,
}

/// Checks every file; one that cannot be read does not keep the others from being checked.
pub(crate) fn run<W: World>(args: &Args, session: &mut Session<'_, W>) -> Result<Exit, Stop> {
    if args.types {
        return types::list(session);
    }
    let rule = rule(args, session)?;
    let mut checked = Checked::default();
    let mut sources = SourcePaths::default();
    // A hook names files of every kind, so a named file of another kind is skipped.
    let mut by_hook = args.changed_since.is_some();
    for path in &args.paths {
        let changed = args.changed_since.as_deref().map(|since| changed::since(since, path)).transpose()?;
        match files::meant(path) {
            Ok(files) => {
                let files = files.into_iter();
                for it in files.filter(|it| changed.as_ref().is_none_or(|changed| changed.contains(&it.path)))
                {
                    if sources.take(&it, changed.is_some()) {
                        continue;
                    }
                    by_hook |= one(&it, &rule, session, &mut checked);
                }
            }
            Err(why) => {
                let problem = read::unreadable(path, &why);
                checked.unread.push((policy_file::name(path), problem));
            }
        }
    }
    for (name, outcome) in sources.check(&rule.settings, rule.limit, rule.today) {
        checked.add(name, outcome);
    }
    if checked.understood.is_empty() && checked.unread.is_empty() && !by_hook {
        for (file, why) in &checked.skipped {
            session.talk.note(&format!("{file}: {why}"));
        }
        let hint = "name a CloudFormation template, a CDK output folder, Terraform files, or the output of `terraform show -json`";
        return Err(Problem::usage("nothing here is infrastructure code that is understood", hint).into());
    }
    if args.strict {
        for (_, finding) in &mut checked.findings {
            if finding.level == Level::Note {
                finding.level = Level::Warning;
            }
        }
    }
    let fails = |it: &Finding| it.level == Level::Error || args.strict;
    let exit = Exit::of(checked.findings.iter().any(|(_, it)| fails(it)), !checked.unread.is_empty());
    print::all(&checked, exit, session)?;
    Ok(exit)
}

/// What the document requires; without one, tokens and nothing else.
fn rule<W: World>(args: &Args, session: &mut Session<'_, W>) -> Result<Rule, Problem> {
    let policy = match session.shared.policy.as_deref() {
        Some(path) => policy_file::load(path, session.world, &mut session.talk)?.policy,
        None => Policy::plain(Rules::new(Mode::Enforce)),
    };
    Ok(Rule {
        settings: Settings::from_policy(&policy, Partition::Aws, Principals::default()),
        by_defaults: args.parameters == Parameters::Default,
        limit: policy.exemptions_by_tag,
        today: session.world.now().to_zoned(jiff::tz::TimeZone::UTC).date(),
    })
}

/// Checks one file; whether it is named, and of another kind.
fn one<W: World>(meant: &Meant, rule: &Rule, session: &mut Session<'_, W>, checked: &mut Checked) -> bool {
    let name = policy_file::name(&meant.path);
    let outcome = read::file(meant, &name, rule, session.world);
    let by_hook = meant.named && meant.path != Path::new("-") && matches!(outcome, Outcome::Skipped(_));
    if let Outcome::Skipped(why) = &outcome
        && by_hook
    {
        session.talk.note(&format!("skipped {name}: {why}"));
    }
    checked.add(name, outcome);
    by_hook
}
