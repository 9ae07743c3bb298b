//! The primitives that an executor carries out. They know nothing of kinds.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::contents::Text;
use super::mode::Mode;

/// What a step does. Places in the image are canonical; host paths are relative to the folder of the image's manifest.
/// A user or group is a name, or a number in digits; beside it stands its number, null where only the built root can tell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", expecting = "an operation")]
pub enum Op<'a> {
    /// Makes a directory, or sets mode and owner of one that an opaque step has already made.
    MakeDir {
        /// The directory.
        path: Cow<'a, str>,
        /// Its mode.
        mode: Mode,
        /// Its user.
        user: Cow<'a, str>,
        /// The user's number.
        uid: Option<u32>,
        /// Its group.
        group: Cow<'a, str>,
        /// The group's number.
        gid: Option<u32>,
    },
    /// Copies one file from the host.
    CopyFile {
        /// The file on the host.
        src: Cow<'a, str>,
        /// The file in the image.
        dst: Cow<'a, str>,
        /// Its mode.
        mode: Mode,
        /// Its user.
        user: Cow<'a, str>,
        /// The user's number.
        uid: Option<u32>,
        /// Its group.
        group: Cow<'a, str>,
        /// The group's number.
        gid: Option<u32>,
        /// Its extended attributes by name. Absent: none.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        xattrs: BTreeMap<String, String>,
    },
    /// Copies a folder from the host with all in it; its own directory becomes `dst`.
    CopyTree {
        /// The folder on the host.
        src: Cow<'a, str>,
        /// The directory in the image.
        dst: Cow<'a, str>,
        /// Mode of files that their owner may not execute.
        file_mode: Mode,
        /// Mode of files that their owner may execute.
        executable_mode: Mode,
        /// Mode of directories.
        directory_mode: Mode,
        /// User of everything in it; null: the names that the tree has.
        user: Option<Cow<'a, str>>,
        /// The user's number.
        uid: Option<u32>,
        /// Group of everything in it; null: the names that the tree has.
        group: Option<Cow<'a, str>>,
        /// The group's number.
        gid: Option<u32>,
        /// Extended attributes of every file, by name. Absent: none.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        xattrs: BTreeMap<String, String>,
        /// What is not copied: gitignore patterns below `src`. Absent: everything is.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        exclude: Vec<String>,
        /// Entries that something else provides, as places in the image. Absent: none.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        skip: Vec<String>,
    },
    /// Writes a file with the text given.
    WriteFile {
        /// The file in the image.
        dst: Cow<'a, str>,
        /// All that is in it, as UTF-8.
        text: Text<'a>,
        /// Its mode.
        mode: Mode,
        /// Its user.
        user: Cow<'a, str>,
        /// The user's number.
        uid: Option<u32>,
        /// Its group.
        group: Cow<'a, str>,
        /// The group's number.
        gid: Option<u32>,
        /// Its extended attributes by name. Absent: none.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        xattrs: BTreeMap<String, String>,
    },
    /// Makes a symbolic link.
    MakeSymlink {
        /// The link.
        link: Cow<'a, str>,
        /// The text of the link, as it is.
        target: Cow<'a, str>,
    },
    /// Makes another name for a file.
    MakeHardlink {
        /// The new name.
        link: Cow<'a, str>,
        /// The file.
        target: Cow<'a, str>,
    },
    /// Sets attributes of what is there; what is null or absent stays as it is.
    SetAttributes {
        /// The place.
        path: Cow<'a, str>,
        /// Its mode; null: unchanged.
        mode: Option<Mode>,
        /// Its user; null: unchanged.
        user: Option<Cow<'a, str>>,
        /// The user's number.
        uid: Option<u32>,
        /// Its group; null: unchanged.
        group: Option<Cow<'a, str>>,
        /// The group's number.
        gid: Option<u32>,
        /// Extended attributes to set, by name. Absent: none.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        xattrs: BTreeMap<String, String>,
        /// Whether all below it is changed, too. Of a symbolic link only the owner is.
        recursive: bool,
    },
    /// Makes a device or a named pipe.
    MakeNode {
        /// The node.
        path: Cow<'a, str>,
        /// What it is.
        node: Node,
        /// Major number. Absent for a named pipe.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        major: Option<u32>,
        /// Minor number. Absent for a named pipe.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        minor: Option<u32>,
        /// Its mode.
        mode: Mode,
        /// Its user.
        user: Cow<'a, str>,
        /// The user's number.
        uid: Option<u32>,
        /// Its group.
        group: Cow<'a, str>,
        /// The group's number.
        gid: Option<u32>,
    },
    /// Removes what is at a path; of a link, the link itself.
    Remove {
        /// What goes.
        path: Cow<'a, str>,
        /// Whether it is an error that it is not there.
        must_exist: bool,
        /// Whether a directory goes with all below it; else it must be empty.
        recursive: bool,
    },
    /// Makes a mountpoint for what is mounted when the image runs.
    Mount {
        /// Where.
        mountpoint: Cow<'a, str>,
        /// What is mounted there.
        source: Cow<'a, str>,
        /// Whether the source is a path of the host or an image.
        source_type: SourceType,
        /// Whether the mountpoint is a directory; else it is a file.
        directory: bool,
    },
    /// Unpacks an archive.
    Extract {
        /// The archive on the host.
        src: Cow<'a, str>,
        /// The directory in the image.
        dst: Cow<'a, str>,
        /// How many leading components of every entry's name are dropped.
        strip_components: u32,
        /// Whether entries belong to the archive's numbers or names, where `user` and `group` do not say otherwise.
        owners: Owners,
        /// User of every entry; null: as `owners` says.
        user: Option<Cow<'a, str>>,
        /// The user's number.
        uid: Option<u32>,
        /// Group of every entry; null: as `owners` says.
        group: Option<Cow<'a, str>>,
        /// The group's number.
        gid: Option<u32>,
        /// What is not unpacked: gitignore patterns below `dst`, after components are dropped. Absent: everything is.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        exclude: Vec<String>,
        /// Entries that something else provides, as places in the image. Absent: none.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        skip: Vec<String>,
    },
    /// Copies a file or a directory with all in it out of another image.
    Clone {
        /// The manifest or the facts of that image.
        from: Cow<'a, str>,
        /// The place in that image.
        src: Cow<'a, str>,
        /// The place in this image.
        dst: Cow<'a, str>,
        /// User of every entry; null: that image's names.
        user: Option<Cow<'a, str>>,
        /// The user's number.
        uid: Option<u32>,
        /// Group of every entry; null: that image's names.
        group: Option<Cow<'a, str>>,
        /// The group's number.
        gid: Option<u32>,
        /// What is not copied: gitignore patterns below `src`. Absent: everything is.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        exclude: Vec<String>,
        /// Entries that something else provides, as places in this image. Absent: none.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        skip: Vec<String>,
    },
    /// Adds a group.
    AddGroup {
        /// Its name.
        name: Cow<'a, str>,
        /// Its number; null: the next that is free in the built root.
        gid: Option<u32>,
        /// Whether it is a system group.
        system: bool,
    },
    /// Adds a user, locked.
    AddUser {
        /// The user's name.
        name: Cow<'a, str>,
        /// The user's number; null: the next that is free in the built root.
        uid: Option<u32>,
        /// The primary group.
        group: Cow<'a, str>,
        /// The primary group's number.
        gid: Option<u32>,
        /// Supplementary groups.
        groups: Vec<String>,
        /// The home directory, which is not made by this step.
        home: Cow<'a, str>,
        /// The login shell.
        shell: Cow<'a, str>,
        /// The comment field; may be empty.
        comment: Cow<'a, str>,
        /// Whether it is a system account.
        system: bool,
    },
    /// Adds a user to groups.
    AddToGroups {
        /// The user.
        name: Cow<'a, str>,
        /// The groups to add to.
        groups: Vec<String>,
    },
    /// Has a package manager make one change.
    Packages {
        /// The package manager.
        manager: Manager,
        /// To be installed: `NAME` or `NAME=VERSION`.
        install: Vec<String>,
        /// To be removed; an error where one is not there.
        remove: Vec<String>,
        /// To be removed where there.
        remove_if_exists: Vec<String>,
        /// To be brought to the newest version.
        upgrade: Vec<String>,
        /// Package files on the host to be installed.
        files: Vec<String>,
    },
    /// Runs a command in the image. Exit status 0 is success.
    Run {
        /// The program and its arguments.
        command: Vec<String>,
        /// The user who runs it.
        user: Cow<'a, str>,
        /// The user's number.
        uid: Option<u32>,
        /// The working directory.
        cwd: Cow<'a, str>,
        /// The whole environment, plus PATH and HOME.
        env: BTreeMap<String, String>,
        /// Whether it may use the network.
        network: bool,
        /// What is mounted read-only while it runs, and is no part of the image. Absent: nothing.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        tools: Vec<Tool>,
    },
    /// Sets the image configuration. What is absent stays as the parent has it.
    Configure {
        /// The command that always runs.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        entrypoint: Option<Vec<String>>,
        /// Its arguments, or the command where there is no entrypoint.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cmd: Option<Vec<String>>,
        /// Environment variables by name.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        env: BTreeMap<String, String>,
        /// Labels by name.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        labels: BTreeMap<String, String>,
        /// The user who runs it; null: as the parent has it.
        user: Option<Cow<'a, str>>,
        /// The user's number.
        uid: Option<u32>,
        /// The working directory.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        working_dir: Option<Cow<'a, str>>,
        /// Ports, such as `80/tcp`.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        exposed_ports: Vec<String>,
        /// Directories whose contents outlive a container.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        volumes: Vec<String>,
        /// The signal that asks it to stop.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stop_signal: Option<Cow<'a, str>>,
    },
}

/// Something that a command needs and the image does not have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(expecting = "a tool")]
pub struct Tool {
    /// What is mounted: an image's manifest, or a root file system on the host as a folder, an archive or a container image.
    pub from: String,
    /// Where.
    pub at: String,
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Node {
    /// A character device.
    Char,
    /// A block device.
    Block,
    /// A named pipe.
    Fifo,
}

impl Node {
    /// As written in plans.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Char => "char",
            Self::Block => "block",
            Self::Fifo => "fifo",
        }
    }
}

/// What is mounted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SourceType {
    /// A path of the host.
    Host,
    /// An image.
    Image,
}

impl SourceType {
    /// As written in plans.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Image => "image",
        }
    }
}

/// Whom the entries of an archive belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Owners {
    /// The archive's numbers.
    Ids,
    /// The archive's names.
    Names,
}

impl Owners {
    /// As written in plans.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ids => "ids",
            Self::Names => "names",
        }
    }
}

/// A package manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Manager {
    /// Debian and its kin.
    Apt,
    /// Fedora and its kin.
    Dnf,
    /// Alpine and its kin.
    Apk,
}

impl Manager {
    /// As written in plans.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Apt => "apt",
            Self::Dnf => "dnf",
            Self::Apk => "apk",
        }
    }
}
