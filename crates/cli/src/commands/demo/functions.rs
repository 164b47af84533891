//! Where the functions' binaries are: beside this one, and built first where Cargo runs us.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

use crate::term::messages::Talk;
use crate::term::problem::Problem;

pub(super) const EC2: &str = "ec2-enforcer";
pub(super) const NOTEBOOK: &str = "notebook-enforcer";

/// The functions' own executables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Binaries {
    pub(super) ec2: PathBuf,
    pub(super) notebook: PathBuf,
}

/// Cargo, when it is Cargo that runs this process.
struct Cargo {
    program: PathBuf,
    workspace: PathBuf,
}

/// Finds the executables, in the folder that was named or beside our own.
///
/// Where Cargo runs us they are built first, so that what is shown is what the sources say.
pub(super) async fn find(named: Option<&Path>, talk: &mut Talk<'_>) -> Result<Binaries, Problem> {
    if let Some(folder) = named {
        return in_folder(folder);
    }
    let own = env::current_exe()
        .map_err(|it| Problem::internal(format!("cannot find the running program: {it}")))?;
    let folder = own.parent().unwrap_or(Path::new(".")).to_path_buf();
    if let Some(cargo) = Cargo::running_us() {
        cargo.build(&folder, talk).await?;
    }
    in_folder(&folder)
}

/// How a person types this command.
pub(super) fn typed_as() -> &'static str {
    if Cargo::running_us().is_some() { "cargo run --" } else { "v2only" }
}

fn in_folder(folder: &Path) -> Result<Binaries, Problem> {
    let find = |name: &str| {
        let path = folder.join(format!("{name}{}", env::consts::EXE_SUFFIX));
        if path.is_file() {
            return Ok(path);
        }
        let release = if folder.ends_with("release") { " --release" } else { "" };
        Err(Problem::usage(
            format!("the function `{name}` is not in {}", folder.display()),
            format!(
                "build it: `cargo build{release} -p {EC2} -p {NOTEBOOK}`, or name its folder: `--functions DIR`"
            ),
        ))
    };
    Ok(Binaries { ec2: find(EC2)?, notebook: find(NOTEBOOK)? })
}

impl Cargo {
    fn running_us() -> Option<Self> {
        let program = PathBuf::from(env::var_os("CARGO")?);
        let package = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR")?);
        let workspace = package.parent()?.parent()?.to_path_buf();
        let ours = workspace.join("functions").join(EC2).join("Cargo.toml").is_file();
        ours.then_some(Self { program, workspace })
    }

    /// Builds the functions as parts of the workspace, as `cargo run` has built this command: the same
    /// features then serve all three, and the SDK is not compiled a second time.
    async fn build(&self, folder: &Path, talk: &mut Talk<'_>) -> Result<(), Problem> {
        talk.say("building the functions…");
        let building = talk.progress().begin("cargo build".to_owned());
        let mut command = Command::new(&self.program);
        command
            .current_dir(&self.workspace)
            .args(["build", "--quiet", "--workspace", "--bin", EC2, "--bin", NOTEBOOK])
            .args(profile(folder))
            .stdin(Stdio::null());
        for (name, _) in env::vars_os().filter(|(name, _)| is_about_us(name)) {
            command.env_remove(name);
        }
        let built = command
            .output()
            .await
            .map_err(|it| Problem::internal(format!("cannot run {}: {it}", self.program.display())))?;
        drop(building);
        if built.status.success() {
            return Ok(());
        }
        Err(Problem {
            details: Some(String::from_utf8_lossy(&built.stderr).into_owned()),
            ..Problem::internal("the functions do not build")
        })
    }
}

/// What Cargo tells the program it runs about its package. Build scripts read it as well (ring's does), so
/// Cargo would take everything that depends on them for stale, and again in the next `cargo run`.
fn is_about_us(variable: &OsStr) -> bool {
    let name = variable.to_string_lossy();
    ["CARGO_MANIFEST_", "CARGO_PKG_", "CARGO_BIN_", "CARGO_CRATE_"].iter().any(|it| name.starts_with(it))
}

/// The profile that a target folder belongs to.
fn profile(folder: &Path) -> Vec<String> {
    match folder.file_name().and_then(|it| it.to_str()) {
        None | Some("debug") => Vec::new(),
        Some(other) => vec!["--profile".to_owned(), other.to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_function_names_the_command_that_builds_it() {
        let folder = tempfile::tempdir().unwrap();
        let problem = in_folder(folder.path()).unwrap_err();
        assert!(problem.message.contains("`ec2-enforcer` is not in"), "{}", problem.message);
        assert!(problem.hint.unwrap().contains("cargo build -p ec2-enforcer -p notebook-enforcer"));

        let release = folder.path().join("release");
        std::fs::create_dir(&release).unwrap();
        std::fs::write(release.join(format!("{EC2}{}", env::consts::EXE_SUFFIX)), "").unwrap();
        let problem = in_folder(&release).unwrap_err();
        assert!(problem.message.contains("`notebook-enforcer` is not in"), "{}", problem.message);
        assert!(problem.hint.unwrap().contains("cargo build --release"));
    }

    #[test]
    fn the_inner_build_sees_the_same_environment_as_the_outer_one() {
        for (name, about_us) in [
            ("CARGO_MANIFEST_DIR", true),
            ("CARGO_PKG_NAME", true),
            ("CARGO_TARGET_DIR", false),
            ("CARGO_HOME", false),
            ("CARGO_NET_OFFLINE", false),
        ] {
            assert_eq!(is_about_us(OsStr::new(name)), about_us, "{name}");
        }
    }

    #[test]
    fn the_functions_are_built_like_this_command() {
        assert_eq!(profile(Path::new("/w/target/debug")), Vec::<String>::new());
        assert_eq!(profile(Path::new("/w/target/release")), ["--profile", "release"]);
    }
}
