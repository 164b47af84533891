//! A whole installation has nothing said against it; each thing broken is named, with the command that mends it.

mod whole;

mod around;
mod leaving;
mod pieces;
