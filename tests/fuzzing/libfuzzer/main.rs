//! One fuzz target under libFuzzer. `V2ONLY_FUZZ_TARGET` names the target, and `V2ONLY_FUZZ_SEEDS` the folder for its seeds.
#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;
use std::{env, fs};

use libfuzzer_sys::fuzz_target;
use v2only_fuzz::Target;

static TARGET: LazyLock<&Target> = LazyLock::new(|| {
    let name = env::var("V2ONLY_FUZZ_TARGET").unwrap_or_default();
    v2only_fuzz::target(&name).unwrap_or_else(|| panic!("V2ONLY_FUZZ_TARGET: no target `{name}`"))
});

/// Before libFuzzer reads its folders.
fn write_seeds() -> std::io::Result<()> {
    let Some(folder) = env::var_os("V2ONLY_FUZZ_SEEDS").map(PathBuf::from) else { return Ok(()) };
    fs::create_dir_all(&folder)?;
    for (number, seed) in (TARGET.seeds)().iter().enumerate() {
        fs::write(folder.join(format!("{number:04}")), seed)?;
    }
    Ok(())
}

fuzz_target!(
    init: write_seeds().expect("cannot write the seeds"),
    |text: &[u8]| (TARGET.run)(text)
);
