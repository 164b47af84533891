//! The profiles of the AWS configuration files, by name: a name that is mistyped is reported before AWS is asked.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::term::problem::Problem;

/// The variables that name the files, with their places in the home folder.
const FILES: [(&str, &str); 2] =
    [("AWS_CONFIG_FILE", ".aws/config"), ("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials")];

/// Refuses a profile that is in neither of the files.
pub(crate) fn must_exist(profile: &str) -> Result<(), Problem> {
    let texts = FILES.map(|(variable, place)| {
        let named = std::env::var_os(variable).filter(|it| !it.is_empty()).map(PathBuf::from);
        let path = named.or_else(|| Some(std::env::home_dir()?.join(place)));
        path.and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default()
    });
    let [config, credentials] = &texts;
    check(profile, config, credentials)
}

fn check(profile: &str, config: &str, credentials: &str) -> Result<(), Problem> {
    let known: BTreeSet<&str> =
        config.lines().filter_map(of_config).chain(credentials.lines().filter_map(section)).collect();
    if known.contains(profile) {
        return Ok(());
    }
    let named: Vec<&str> = known.into_iter().take(10).collect();
    let hint = if named.is_empty() {
        "`aws configure --profile NAME` makes one; without `--profile`, the environment says whose credentials are used"
            .to_owned()
    } else {
        format!("the profiles are {}", named.join(", "))
    };
    Err(Problem::usage(
        format!("--profile: there is no profile `{profile}` in the AWS configuration files"),
        hint,
    ))
}

/// The name in a heading such as `[default]`.
fn section(line: &str) -> Option<&str> {
    let (name, _) = line.trim().strip_prefix('[')?.split_once(']')?;
    Some(name.trim())
}

/// The same of the configuration file, where a profile's heading is `[profile NAME]`.
fn of_config(line: &str) -> Option<&str> {
    let name = section(line)?;
    match name.split_once(char::is_whitespace) {
        Some(("profile", name)) => Some(name.trim()),
        Some(_) => None,
        None => (name == "default").then_some(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_found_in_either_file() {
        let (config, credentials) =
            ("[default]\nregion = x\n [profile  audit ] # ours\n[sso-session s]\n", "[old]\n");
        for name in ["default", "audit", "old"] {
            assert!(check(name, config, credentials).is_ok(), "{name}");
        }
        for name in ["s", "profile audit", "region", "Audit"] {
            let problem = check(name, config, credentials).unwrap_err();
            assert_eq!(problem.hint.as_deref(), Some("the profiles are audit, default, old"), "{name}");
        }
        assert!(check("default", "", "").unwrap_err().hint.unwrap().contains("aws configure"));
    }
}
