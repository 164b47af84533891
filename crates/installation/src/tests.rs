//! A complete installation has no problem; each broken piece is named with the command that repairs it.

mod complete;

mod around;
mod leaving;
mod pieces;
