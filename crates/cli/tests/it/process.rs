//! The binary itself: help, version, and the way out.

use std::process::{Command, Output};

use insta::assert_snapshot;

fn v2only(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_v2only")).args(arguments).env_clear().output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn help_names_the_commands_the_flags_and_the_exit_codes() {
    for (name, arguments) in [
        ("help", &["--help"][..]),
        ("help_scan", &["scan", "--help"]),
        ("help_enforce", &["enforce", "--help"]),
        ("help_readiness", &["readiness", "--help"]),
        ("help_doctor", &["doctor", "--help"]),
        ("help_uninstall_plan", &["uninstall-plan", "--help"]),
        ("help_replay", &["replay", "--help"]),
        ("help_validate", &["validate", "--help"]),
        ("help_policies", &["policies", "--help"]),
        ("help_policies_render", &["policies", "render", "--help"]),
        ("help_policies_check", &["policies", "check", "--help"]),
        ("help_policies_impact", &["policies", "impact", "--help"]),
        ("help_plan", &["plan", "--help"]),
        ("help_gate", &["gate", "--help"]),
    ] {
        let output = v2only(arguments);
        assert_eq!(output.status.code(), Some(0));
        assert_snapshot!(name, text(&output.stdout));
    }
}

#[test]
fn version_is_that_of_the_package() {
    let output = v2only(&["--version"]);
    assert_eq!(text(&output.stdout), concat!("v2only ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn nothing_typed_is_a_usage_error_and_an_unusable_environment_too() {
    assert_eq!(v2only(&[]).status.code(), Some(2));
    let mut scan = Command::new(env!("CARGO_BIN_EXE_v2only"));
    let output =
        scan.args(["scan", "--region", "eu-central-1"]).env_clear().env("V2ONLY_LOOPBACK_ONLY", "1").output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    assert_snapshot!(text(&output.stderr));
}

/// The SDK would prefer the keys, and so act in another account than the one that was named.
#[test]
fn a_profile_is_refused_where_keys_would_win_over_it() {
    let mut scan = Command::new(env!("CARGO_BIN_EXE_v2only"));
    let scan = scan.args(["scan", "-q", "--region", "eu-central-1", "--profile", "sandbox"]);
    let output = scan.env_clear().env("AWS_ACCESS_KEY_ID", "111122223333").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_snapshot!(text(&output.stderr), @r"
    error: `--profile sandbox` is given, and the keys in `AWS_ACCESS_KEY_ID` would win over it

    hint: take `AWS_ACCESS_KEY_ID` out of the environment, or leave out `--profile`
    ");
}

#[test]
fn a_profile_that_does_not_exist_is_named_before_aws_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config");
    std::fs::write(&config, "[profile audit]\nregion = eu-central-1\n").unwrap();
    let mut scan = Command::new(env!("CARGO_BIN_EXE_v2only"));
    let scan = scan.args(["scan", "--region", "eu-central-1", "--profile", "audti"]).env_clear();
    let scan =
        scan.env("AWS_CONFIG_FILE", &config).env("AWS_SHARED_CREDENTIALS_FILE", folder.path().join("none"));
    let output = scan.output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    assert!(
        said.contains("there is no profile `audti`") && said.contains("the profiles are audit"),
        "{said}"
    );
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_ends_the_run_without_a_message() {
    use std::process::Stdio;
    let mut child = Command::new(env!("CARGO_BIN_EXE_v2only"))
        .args(["validate", "--schema"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(141), ""));
}

#[test]
fn every_shell_gets_a_script_that_knows_every_command() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let output = v2only(&["completions", shell]);
        assert_eq!(output.status.code(), Some(0), "{shell}");
        let script = text(&output.stdout);
        for command in ["scan", "enforce", "readiness", "uninstall-plan", "policies", "sandbox"] {
            assert!(script.contains(command), "{shell}: {command}");
        }
    }
    assert_eq!(v2only(&["completions", "tcsh"]).status.code(), Some(2));
}

#[test]
fn every_command_has_a_manual_page() {
    let folder = tempfile::tempdir().unwrap();
    let output = v2only(&["man", "--out", folder.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let pages: Vec<String> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|it| it.unwrap().file_name().into_string().unwrap())
        .collect();
    let help = text(&v2only(&["--help"]).stdout);
    let commands = help.split("Commands:\n").nth(1).unwrap().lines().take_while(|it| it.starts_with("  "));
    let mut count = 0;
    // A description may go on in the next line, further in.
    let commands = commands.filter(|it| !it.starts_with("   "));
    for command in commands.map(|it| it.split_whitespace().next().unwrap()).filter(|it| *it != "help") {
        assert!(pages.contains(&format!("v2only-{command}.1")), "{command}: {pages:?}");
        count += 1;
    }
    assert!(count >= 14, "{help}");
    assert!(pages.contains(&"v2only-policies-check.1".to_owned()), "{pages:?}");

    let printed = v2only(&["man", "policies", "check"]);
    let written = std::fs::read_to_string(folder.path().join("v2only-policies-check.1")).unwrap();
    assert_eq!(text(&printed.stdout), written);
    assert_eq!(v2only(&["man", "nothing"]).status.code(), Some(2));
}
