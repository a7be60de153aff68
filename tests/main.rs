//! Tests over all crates: the front door from sound files to tables, and the examples as commands.

mod command;
mod extraction;
mod published;
mod support;
