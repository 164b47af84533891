//! What every command gets.

use std::io::Write;

use crate::args::shared::Shared;
use crate::term::exit::Exit;
use crate::term::messages::Talk;
use crate::world::World;

/// What every command gets: the world, the flags that all commands share, and where to write.
pub(crate) struct Session<'a, W> {
    pub(crate) world: &'a W,
    pub(crate) shared: &'a Shared,
    pub(crate) out: &'a mut dyn Write,
    pub(crate) talk: Talk<'a>,
    /// How the run ends, once that is known: a reader of `out` that stops early does not change it.
    pub(crate) exit: Option<Exit>,
}

impl<W: World> Session<'_, W> {
    /// The columns of the terminal that results are printed on, if they are.
    pub(crate) fn width(&self) -> Option<u16> {
        self.shared.output_file.is_none().then(|| self.world.terminal().width).flatten()
    }
}
