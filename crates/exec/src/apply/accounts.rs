//! Users and groups: lines of passwd, group, shadow and gshadow. Lines are appended or edited; every other byte stays. The files are read
//! once and written back when something may look at them, so that many accounts cost no more than their lines.

use std::collections::HashMap;

use featgraph_plan::Op;

use super::owners::text_of;
use super::placed::in_memory;
use super::{StepError, target};
use crate::root::{ChangeError, Kind, PathBytes, Root, shown};

/// Where the account files are.
const FILES: [&str; 4] = ["etc/passwd", "etc/group", "etc/shadow", "etc/gshadow"];
const PASSWD: usize = 0;
const GROUP: usize = 1;
const SHADOW: usize = 2;
const GSHADOW: usize = 3;

/// Numbers that are allocated: of ordinary accounts upwards, of system accounts downwards.
const ORDINARY: std::ops::RangeInclusive<u32> = 1000..=59_999;
const SYSTEM: std::ops::RangeInclusive<u32> = 100..=999;

/// The account files as far as they have been looked at.
#[derive(Default)]
pub(super) struct Accounts {
    files: [Option<Option<AccountFile>>; 4],
}

/// An account file, by lines.
struct AccountFile {
    place: PathBytes,
    /// `None` where one was removed, so that the numbers of the others stay.
    lines: Vec<Option<Vec<u8>>>,
    /// The line of each name, and of each number; the first of several.
    by_name: HashMap<Vec<u8>, usize>,
    by_number: HashMap<u32, usize>,
    /// Whether the last line ended with a newline when it was read.
    ended: bool,
    changed: bool,
}

/// Whether an operation may read, replace or remove an account file, or a directory or link on the way to one.
pub(super) fn may_meet(op: &Op<'_>) -> bool {
    match op {
        Op::AddGroup { .. } | Op::AddUser { .. } | Op::AddToGroups { .. } | Op::Configure { .. } => false,
        // These put one new thing in a place of its own.
        Op::MakeDir { .. } | Op::CopyFile { .. } | Op::WriteFile { .. } | Op::MakeNode { .. } | Op::Mount { .. } => {
            let path = target(op);
            FILES.iter().any(|file| path.ends_with(file.trim_start_matches("etc/")))
        }
        _ => true,
    }
}

impl Accounts {
    pub(super) fn add_group(
        &mut self,
        root: &Root,
        name: &str,
        gid: Option<u32>,
        system: bool,
    ) -> Result<(), StepError> {
        let file = self.needed(root, GROUP)?;
        if file.by_name.contains_key(name.as_bytes()) {
            return Err(StepError::Other(format!("group `{name}` exists already")));
        }
        let gid = file.number(gid, system).map_err(|why| StepError::Other(format!("group `{name}` {why}")))?;
        file.append(format!("{name}:x:{gid}:"));
        if let Some(file) = self.file(root, GSHADOW)? {
            file.append(format!("{name}:!::"));
        }
        Ok(())
    }

    pub(super) fn add_user(&mut self, root: &Root, op: &Op<'_>) -> Result<(), StepError> {
        let Op::AddUser { name, uid, group, gid, groups, home, shell, comment, system } = op else { return Ok(()) };
        let gid = match gid {
            Some(gid) => *gid,
            None => self.gid(root, group)?,
        };
        let file = self.needed(root, PASSWD)?;
        if file.by_name.contains_key(name.as_bytes()) {
            return Err(StepError::Other(format!("user `{name}` exists already")));
        }
        let uid = file.number(*uid, *system).map_err(|why| StepError::Other(format!("user `{name}` {why}")))?;
        if [&**name, &**comment, &**home, &**shell].iter().any(|field| field.contains([':', '\n'])) {
            return Err(StepError::Other(format!("user `{name}` has a `:` or a line break in one of its fields")));
        }
        file.append(format!("{name}:x:{uid}:{gid}:{comment}:{home}:{shell}"));
        if let Some(file) = self.file(root, SHADOW)? {
            file.append(format!("{name}:!:::::::"));
        }
        self.join(root, name, groups)
    }

    /// Makes a user a member of groups, each member once, sorted.
    pub(super) fn join(&mut self, root: &Root, user: &str, groups: &[String]) -> Result<(), StepError> {
        for group in groups {
            let file = self.needed(root, GROUP)?;
            if !file.add_member(group, user) {
                return Err(StepError::Other(format!("group `{group}` does not exist in the image")));
            }
            if let Some(file) = self.file(root, GSHADOW)? {
                file.add_member(group, user);
            }
        }
        Ok(())
    }

    pub(super) fn remove_user(&mut self, root: &Root, name: &str) -> Result<(), StepError> {
        self.remove(root, [PASSWD, SHADOW], name)
    }

    pub(super) fn remove_group(&mut self, root: &Root, name: &str) -> Result<(), StepError> {
        self.remove(root, [GROUP, GSHADOW], name)
    }

    pub(super) fn uid(&mut self, root: &Root, name: &str) -> Result<u32, StepError> {
        let known = self.file(root, PASSWD)?.and_then(|file| file.number_of(name));
        known.ok_or_else(|| StepError::Other(format!("user `{name}` does not exist in the image")))
    }

    pub(super) fn gid(&mut self, root: &Root, name: &str) -> Result<u32, StepError> {
        let known = self.file(root, GROUP)?.and_then(|file| file.number_of(name));
        known.ok_or_else(|| StepError::Other(format!("group `{name}` does not exist in the image")))
    }

    /// Writes back what was changed, and forgets the rest: something else may change the files now.
    pub(super) fn write(&mut self, root: &mut Root) -> Result<(), StepError> {
        for file in std::mem::take(&mut self.files).into_iter().flatten().flatten().filter(|file| file.changed) {
            let bytes = file.text();
            root.change(&file.place, |inode| inode.kind = Kind::File(in_memory(&bytes)))?;
        }
        Ok(())
    }

    fn remove(&mut self, root: &Root, files: [usize; 2], name: &str) -> Result<(), StepError> {
        for file in files {
            if let Some(file) = self.file(root, file)? {
                file.remove(name);
            }
        }
        Ok(())
    }

    fn needed(&mut self, root: &Root, which: usize) -> Result<&mut AccountFile, StepError> {
        let missing = || StepError::Change(ChangeError::Missing(format!("/{}", FILES[which])));
        self.file(root, which)?.ok_or_else(missing)
    }

    fn file(&mut self, root: &Root, which: usize) -> Result<Option<&mut AccountFile>, StepError> {
        if self.files[which].is_none() {
            self.files[which] = Some(AccountFile::read(root, FILES[which])?);
        }
        Ok(self.files[which].as_mut().and_then(Option::as_mut))
    }
}

impl AccountFile {
    fn read(root: &Root, path: &str) -> Result<Option<Self>, StepError> {
        let Some(place) = root.resolve(path.as_bytes())? else { return Ok(None) };
        let Some(bytes) = text_of(root, path) else {
            return Err(ChangeError::NotAFile(shown(&place)).into());
        };
        let ended = bytes.is_empty() || bytes.ends_with(b"\n");
        let mut lines: Vec<Vec<u8>> = bytes.split(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect();
        if ended {
            lines.pop();
        }
        let mut file = Self {
            place,
            lines: Vec::new(),
            by_name: HashMap::new(),
            by_number: HashMap::new(),
            ended,
            changed: false,
        };
        for line in lines {
            file.push(line);
        }
        Ok(Some(file))
    }

    fn push(&mut self, line: Vec<u8>) {
        let at = self.lines.len();
        let mut fields = line.split(|&byte| byte == b':');
        if let Some(name) = fields.next().filter(|name| !name.is_empty()) {
            self.by_name.entry(name.to_vec()).or_insert(at);
        }
        let number = fields.nth(1).and_then(|number| std::str::from_utf8(number).ok()?.parse().ok());
        if let Some(number) = number {
            self.by_number.entry(number).or_insert(at);
        }
        self.lines.push(Some(line));
    }

    fn append(&mut self, line: String) {
        self.push(line.into_bytes());
        self.ended = true;
        self.changed = true;
    }

    fn remove(&mut self, name: &str) {
        let number = self.number_of(name);
        if let Some(at) = self.by_name.remove(name.as_bytes()) {
            if let Some(number) = number.filter(|number| self.by_number.get(number) == Some(&at)) {
                self.by_number.remove(&number);
            }
            self.lines[at] = None;
            self.changed = true;
        }
    }

    fn number_of(&self, name: &str) -> Option<u32> {
        let line = self.lines[*self.by_name.get(name.as_bytes())?].as_ref()?;
        std::str::from_utf8(line.split(|&byte| byte == b':').nth(2)?).ok()?.parse().ok()
    }

    /// The number that was planned, or the next that is free.
    fn number(&self, planned: Option<u32>, system: bool) -> Result<u32, String> {
        let free = |number: &u32| !self.by_number.contains_key(number);
        match planned {
            Some(number) => match self.by_number.get(&number) {
                None => Ok(number),
                Some(&line) => {
                    let line = self.lines[line].as_deref().unwrap_or_default();
                    let name = String::from_utf8_lossy(line.split(|&byte| byte == b':').next().unwrap_or_default());
                    Err(format!("is to have number {number}, which `{name}` has already"))
                }
            },
            None if system => SYSTEM.rev().find(free).ok_or_else(|| String::from("finds no free system number")),
            None => ORDINARY.into_iter().find(free).ok_or_else(|| String::from("finds no free number")),
        }
    }

    /// Adds a member to the last field of a group's line; whether there is such a group.
    fn add_member(&mut self, group: &str, user: &str) -> bool {
        let Some(&at) = self.by_name.get(group.as_bytes()) else { return false };
        let Some(line) = &mut self.lines[at] else { return false };
        let start = line.iter().rposition(|&byte| byte == b':').map_or(0, |colon| colon + 1);
        let mut members: Vec<&[u8]> =
            line[start..].split(|&byte| byte == b',').filter(|member| !member.is_empty()).collect();
        if !members.contains(&user.as_bytes()) {
            members.push(user.as_bytes());
            members.sort_unstable();
            let members = members.join(&b","[..]);
            line.truncate(start);
            line.extend_from_slice(&members);
            self.changed = true;
        }
        true
    }

    fn text(&self) -> Vec<u8> {
        let mut text = self.lines.iter().flatten().map(Vec::as_slice).collect::<Vec<_>>().join(&b'\n');
        if self.ended && !text.is_empty() {
            text.push(b'\n');
        }
        text
    }
}
