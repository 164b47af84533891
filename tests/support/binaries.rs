//! Where the functions' binaries are. A test never builds them: cargo cannot be called from inside cargo.

use std::path::PathBuf;

/// The binary of a function, beside the test that runs.
///
/// # Panics
/// When it is not built.
pub fn function(name: &str) -> PathBuf {
    let here = std::env::current_exe().unwrap();
    let found = here.ancestors().skip(1).map(|folder| folder.join(name)).find(|it| it.is_file());
    found.unwrap_or_else(|| {
        panic!(
            "`{name}` is not beside {}; build them first: cargo build --workspace --all-targets, or run \
             tests/run",
            here.display()
        )
    })
}
