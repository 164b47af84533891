//! The functions that the demo deploys: this binary in another role, or the released zips of a folder.

use std::env;
use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use zip::ZipArchive;

use crate::function::{EC2, NOTEBOOK, ROLE};
use crate::term::problem::Problem;

/// The folders of a release, one for each architecture. `infra/package` writes its zips without one.
const FOLDERS: [&str; 2] = ["", if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" }];

/// A program and its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Program {
    pub(super) binary: PathBuf,
    pub(super) args: Vec<OsString>,
}

/// The programs of the two functions.
#[derive(Debug)]
pub(super) struct Programs {
    pub(super) ec2: Program,
    pub(super) notebook: Program,
    /// What was in the zips.
    _unpacked: Option<TempDir>,
}

/// The running binary in the role of each function.
pub(super) fn of_this_binary() -> Result<Programs, Problem> {
    let binary = env::current_exe()
        .map_err(|it| Problem::internal(format!("cannot find the running program: {it}")))?;
    let program =
        |name: &str| Program { binary: binary.clone(), args: [ROLE, name].map(OsString::from).to_vec() };
    Ok(Programs { ec2: program(EC2), notebook: program(NOTEBOOK), _unpacked: None })
}

/// The binaries or zips of a folder.
pub(super) fn of_folder(folder: &Path) -> Result<Programs, Problem> {
    let unpacked = tempfile::tempdir()
        .map_err(|it| Problem::internal(format!("cannot create a temporary folder: {it}")))?;
    let find = |name: &str| -> Result<Program, Problem> {
        let beside = folder.join(format!("{name}{}", env::consts::EXE_SUFFIX));
        if beside.is_file() {
            return Ok(Program { binary: beside, args: Vec::new() });
        }
        let zips = FOLDERS.map(|it| folder.join(it).join(format!("{name}.zip")));
        let zip = zips.iter().find(|it| it.is_file()).ok_or_else(|| {
            Problem::usage(
                format!("the function `{name}` is not in {}", folder.display()),
                "name a folder with the zips of a release, or leave `--functions` out",
            )
        })?;
        unpack(zip, &unpacked.path().join(name))
    };
    Ok(Programs { ec2: find(EC2)?, notebook: find(NOTEBOOK)?, _unpacked: Some(unpacked) })
}

/// The program in a zip of a function, unpacked.
fn unpack(zip: &Path, into: &Path) -> Result<Program, Problem> {
    let unpacked = File::open(zip)
        .map_err(zip::result::ZipError::Io)
        .and_then(ZipArchive::new)
        .and_then(|mut archive| archive.extract(into));
    unpacked.map_err(|error| {
        Problem::usage(
            format!("cannot unpack {}: {error}", zip.display()),
            "name a folder with the zips of a release",
        )
    })?;
    Ok(Program { binary: into.join("bootstrap"), args: Vec::new() })
}

/// How a person types this command.
pub(super) fn typed_as() -> &'static str {
    if env::var_os("CARGO_MANIFEST_DIR").is_some() { "cargo run --" } else { "v2only" }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn without_a_folder_this_binary_is_both_functions() {
        let programs = of_this_binary().unwrap();
        assert_eq!(programs.ec2.binary, env::current_exe().unwrap());
        assert_eq!(programs.ec2.args, [ROLE, EC2]);
        assert_eq!(programs.notebook.args, [ROLE, NOTEBOOK]);
    }

    #[test]
    fn a_binary_wins_over_a_zip_and_a_missing_function_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let problem = of_folder(folder.path()).unwrap_err();
        assert!(problem.message.contains("`ec2-enforcer` is not in"), "{}", problem.message);

        let binary = folder.path().join(format!("{EC2}{}", env::consts::EXE_SUFFIX));
        fs::write(&binary, "").unwrap();
        fs::write(folder.path().join("notebook-enforcer.zip"), "no zip").unwrap();
        let problem = of_folder(folder.path()).unwrap_err();
        assert!(problem.message.contains("notebook-enforcer.zip"), "{}", problem.message);

        fs::write(folder.path().join("ec2-enforcer.zip"), "no zip").unwrap();
        fs::write(folder.path().join(format!("{NOTEBOOK}{}", env::consts::EXE_SUFFIX)), "").unwrap();
        assert_eq!(of_folder(folder.path()).unwrap().ec2, Program { binary, args: Vec::new() });
    }

    #[test]
    fn a_released_zip_is_unpacked() {
        use std::io::Write as _;
        use zip::write::{SimpleFileOptions, ZipWriter};

        let folder = tempfile::tempdir().unwrap();
        let released = folder.path().join(FOLDERS[1]);
        fs::create_dir(&released).unwrap();
        for name in [EC2, NOTEBOOK] {
            let mut zip = ZipWriter::new(File::create(released.join(format!("{name}.zip"))).unwrap());
            zip.start_file("bootstrap", SimpleFileOptions::default().unix_permissions(0o755)).unwrap();
            zip.write_all(name.as_bytes()).unwrap();
            zip.finish().unwrap();
        }
        let programs = of_folder(folder.path()).unwrap();
        assert_eq!(fs::read_to_string(&programs.notebook.binary).unwrap(), NOTEBOOK);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&programs.ec2.binary).unwrap().permissions().mode() & 0o111, 0o111);
        }
    }
}
