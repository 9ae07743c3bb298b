//! `[[run]]`: a command that is run in the image.

use super::KindSpec;
use super::field::{Field, FieldType};
use super::lowering::{Declared, Lowering};
use crate::entity::{Cause, DIRECTORY, EXECUTABLE, EXISTS, Owner, Phase};
use crate::intern::{EntityId, EntityType};

pub(super) const COMMAND: usize = 0;
pub(super) const SCRIPT: usize = 1;
pub(super) const USER: usize = 2;
pub(super) const CWD: usize = 3;
pub(super) const ENV: usize = 4;
pub(super) const NETWORK: usize = 5;
const TOOLS: usize = 6;

pub(super) const KIND: KindSpec = KindSpec {
    name: "run",
    summary: "Runs a command in the image; what it does is known only as far as it says.",
    fields: &[
        Field::optional("command", FieldType::Command, "Program and arguments. Either this or `script`."),
        Field::optional("script", FieldType::String, "A script, run by `/bin/sh -e`. Either this or `command`."),
        Field::default("user", FieldType::Owner, "\"root\"", "The user who runs it."),
        Field::default("cwd", FieldType::Path, "\"/\"", "The working directory."),
        Field::default("env", FieldType::Table, "{}", "The environment: all there is, beside PATH and HOME."),
        Field::default("network", FieldType::Boolean, "false", "Whether it may reach the network."),
        Field::default(
            "tools",
            FieldType::Tools,
            "[]",
            "What is mounted read-only while it runs, each `{ from, at }`: an image, a folder or an archive, and the place. It is no part of the image.",
        ),
    ],
    phase: Phase::Commands,
    parents: None,
    list: None,
    page: include_str!("../../docs/kinds/run.md"),
    lower,
    acts: true,
};

fn lower(l: &mut Lowering<'_>, d: &Declared) {
    l.boolean(d, NETWORK);
    l.string_table(d, ENV);
    if d.has(COMMAND) && d.has(SCRIPT) {
        l.invalid(d.span(SCRIPT), "`command` and `script` exclude each other: give the one or the other");
    } else if !d.has(COMMAND) && !d.has(SCRIPT) {
        l.missing_key(d, "command", "a run needs `command` (a list) or `script` (a text)");
    }
    let program = l.program(d, COMMAND);
    let script = l.string_node(d, SCRIPT);
    let user = l.owner(d, USER, EntityType::User);
    let cwd = l.path(d, CWD);
    l.tools(d, TOOLS);
    l.opaque();
    if let Some(program) = program {
        l.require(d, program.entity, program.span, EXECUTABLE, Cause::Program, true);
    } else if script.is_some() && !d.has(COMMAND) {
        let shell = l.bin_sh();
        l.require(d, shell, d.span(SCRIPT), EXECUTABLE, Cause::Program, true);
    }
    for argument in l.arguments(d, COMMAND) {
        l.require(d, argument.entity, argument.span, EXISTS, Cause::Mentioned, false);
    }
    if let Some((Owner::Name(user), span)) = user {
        l.require(d, user, span, EXISTS, Cause::RunsAs, true);
    }
    if let Some(cwd) = cwd
        && cwd.entity != EntityId::ROOT
    {
        l.require(d, cwd.entity, cwd.span, DIRECTORY, Cause::WorkingDirectory, true);
    }
}
