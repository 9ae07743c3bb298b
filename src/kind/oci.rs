//! `[[oci]]`: settings of the image configuration.

use super::KindSpec;
use super::field::{Field, FieldType};
use super::lowering::{Declared, Lowering};
use crate::entity::{Cause, DIRECTORY, Phase};

/// The fields in the order in which `configure` lists them.
pub(super) const ENTRYPOINT: usize = 0;
pub(super) const CMD: usize = 1;
pub(super) const ENV: usize = 2;
pub(super) const LABELS: usize = 3;
pub(super) const USER: usize = 4;
pub(super) const WORKING_DIR: usize = 5;
pub(super) const EXPOSED_PORTS: usize = 6;
pub(super) const VOLUMES: usize = 7;
pub(super) const STOP_SIGNAL: usize = 8;

pub(super) const KIND: KindSpec = KindSpec {
    name: "oci",
    summary: "Sets the image's configuration: entry point, environment, user and so on.",
    fields: &[
        Field::optional("entrypoint", FieldType::Command, "Program and arguments that are always run."),
        Field::optional("cmd", FieldType::Command, "Default arguments."),
        Field::optional("env", FieldType::Table, "Environment variables."),
        Field::optional("labels", FieldType::Table, "Labels."),
        Field::optional(
            "user",
            FieldType::Owner,
            "Who runs the program: a user that exists, or a number; `user:group` sets both.",
        ),
        Field::optional("working_dir", FieldType::Path, "The working directory."),
        Field::optional("exposed_ports", FieldType::Strings, "Ports such as `80/tcp`."),
        Field::optional("volumes", FieldType::PathList, "Directories for data from outside."),
        Field::optional("stop_signal", FieldType::String, "The signal that ends the program, such as `SIGTERM`."),
    ],
    phase: Phase::Main,
    parents: None,
    list: None,
    page: include_str!("../../docs/kinds/oci.md"),
    lower,
    acts: true,
};

fn lower(l: &mut Lowering<'_>, d: &Declared) {
    for field in [ENTRYPOINT, CMD] {
        l.configured_program(d, field, field == ENTRYPOINT);
        l.setting(d, field);
    }
    for field in [ENV, LABELS] {
        if l.string_table(d, field) {
            l.setting_table(d, field);
        }
    }
    l.configured_user(d, USER);
    l.search_path(d, ENV);
    if let Some(path) = l.path(d, WORKING_DIR) {
        l.require(d, path.entity, path.span, DIRECTORY, Cause::ConfiguredDirectory, false);
    }
    l.signal(d, STOP_SIGNAL);
    for field in [USER, WORKING_DIR, STOP_SIGNAL] {
        l.setting(d, field);
    }
    l.ports(d, EXPOSED_PORTS);
    l.entity_list(d, VOLUMES, crate::intern::EntityType::Path);
}
