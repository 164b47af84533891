//! The help of each command: only the flags that do something there.

use clap::{Arg, CommandFactory as _, FromArgMatches as _};

use super::format::Format;
use super::{Cli, formats};

/// Flags that say whose account is read.
const AWS: [&str; 8] =
    ["profile", "regions", "org", "accounts", "ou", "exclude_accounts", "role_name", "external_id"];

/// Flags that say which accounts of an organization are read.
const ORGANIZATION: [&str; 4] = ["org", "accounts", "ou", "exclude_accounts"];

impl Cli {
    /// Reads the command line of this process; ends the process where that is wrong, or where help is asked for.
    pub fn from_command_line() -> Self {
        let matches = Self::described().get_matches();
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }

    /// The command line as help, manual pages and completions describe it.
    pub fn described() -> clap::Command {
        let mut all = Self::command();
        all.build();
        for command in all.get_subcommands_mut() {
            describe(command, "");
        }
        all
    }
}

fn describe(command: &mut clap::Command, parent: &str) {
    let name = format!("{parent}{}", command.get_name());
    let hidden = without_effect(&name);
    let reduce = |arg: Arg| match arg.get_id().as_str() {
        "output" if formats(&name).len() < formats("scan").len() => arg.help(format_help(formats(&name))),
        id if hidden.contains(&id) => arg.hide(true),
        _ => arg,
    };
    *command = std::mem::take(command).mut_args(reduce);
    for inner in command.get_subcommands_mut() {
        describe(inner, &format!("{name} "));
    }
}

/// The flags of all commands that do nothing in this one.
fn without_effect(name: &str) -> Vec<&'static str> {
    let mut hidden: Vec<&str> = match name {
        "scan" | "enforce" | "readiness" | "plan" | "gate" | "doctor" => Vec::new(),
        "uninstall-plan" | "policies impact" => vec!["policy"],
        "rollback" => ORGANIZATION.into_iter().chain(["policy"]).collect(),
        "replay" => ORGANIZATION.to_vec(),
        "validate" | "check" | "policies render" | "policies check" => AWS.to_vec(),
        _ => AWS.into_iter().chain(["policy"]).collect(),
    };
    if name == "policies show" {
        hidden.push("output");
    }
    hidden
}

fn format_help(formats: &[Format]) -> String {
    let named: Vec<String> = formats.iter().map(|it| format!("`{}`", it.code())).collect();
    match named.split_last() {
        Some((last, rest)) if !rest.is_empty() => {
            format!("How to print results: {} or {last}", rest.join(", "))
        }
        _ => format!("How to print results: {}", named.concat()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;

    /// The lines of the examples in the help of a command and of the commands in it.
    fn examples(command: &clap::Command, all: &mut Vec<String>) {
        let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        all.extend(text.lines().filter(|it| it.trim_start().starts_with("v2only ")).map(str::to_owned));
        command.get_subcommands().for_each(|it| examples(it, all));
    }

    #[test]
    fn every_example_can_be_typed() {
        let mut all = Vec::new();
        examples(&Cli::described(), &mut all);
        assert!(all.len() > 20, "{all:?}");
        for line in all {
            // Two blanks separate what is typed from what is said about it.
            let typed = line.trim().split("  ").next().unwrap().split(['|', '>']).next().unwrap();
            let words = typed.split_whitespace().map(|it| it.trim_matches('\''));
            let words: Vec<&str> = words.collect();
            // A reason in quotes has blanks: the words after the first are arguments of nothing.
            let end = words.iter().position(|it| *it == "--reason").map_or(words.len(), |at| at + 2);
            let parsed = Cli::try_parse_from(&words[..end]);
            let cli = parsed.unwrap_or_else(|error| panic!("{typed}: {error}"));
            let others = cli.shared.org || !cli.shared.accounts.is_empty();
            assert!(!others || cli.shared.role_name.is_some(), "{typed}: names no role for other accounts");
        }
    }

    #[test]
    fn help_lists_no_flag_without_effect() {
        let mut all = Cli::described();
        let mut help = |path: &[&str]| {
            let command = path.iter().fold(&mut all, |it, name| it.find_subcommand_mut(name).unwrap());
            command.render_help().to_string()
        };
        assert!(!help(&["validate"]).contains("--org") && !help(&["validate"]).contains("csv"));
        assert!(!help(&["policies", "list"]).contains("--policy"));
        assert!(!help(&["demo"]).contains("--profile"));
        assert!(help(&["scan"]).contains("--org") && help(&["scan"]).contains("ocsf"));
    }
}
