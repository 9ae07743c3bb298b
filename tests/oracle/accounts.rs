//! The account files as steps read and edit them.

use serde_json::Value;

use super::op::Edit;
use super::plan::text;
use super::root::{Node, Root};
use super::walk::Last;

/// The name in `user` or `group`: it has to exist, with the number that the plan gives.
pub fn account(root: &Root, op: &Value, field: &str, number: &str) -> Result<String, String> {
    if let Some(numeric) = op[field].as_u64() {
        return Ok(numeric.to_string());
    }
    let name = text(op, field)?;
    if name.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(name.to_owned());
    }
    let there = match field {
        "user" => root.users().get(name).map(|user| user.uid),
        _ => root.groups().get(name).map(|(gid, _)| *gid),
    };
    match (there, op[number].as_u64()) {
        (None, _) => Err(format!("there is no {field} {name} yet")),
        (Some(there), Some(planned)) if u64::from(there) != planned => {
            Err(format!("{field} {name} has number {there}, but the plan says {planned}"))
        }
        _ => Ok(name.to_owned()),
    }
}

/// The account file with a line added.
pub fn append(root: &Root, path: &str, line: &str) -> Result<Edit, String> {
    let (place, content) = account_file(root, path)?;
    let gap = if content.is_empty() || content.ends_with('\n') { "" } else { "\n" };
    Ok(Edit::Rewrite(place, format!("{content}{gap}{line}\n")))
}

fn account_file(root: &Root, path: &str) -> Result<(String, String), String> {
    let place = root.walk("/", path, Last::Follow).map_err(|lost| format!("{path}: {lost:?}"))?;
    match root.get(&place).map(|inode| &inode.node) {
        Some(Node::File { content, .. }) => Ok((place, content.clone())),
        _ => Err(format!("there is no file {path} yet")),
    }
}

/// The user as a member of groups, the members of each sorted.
pub fn join_groups(root: &Root, user: &str, names: &[String]) -> Result<Option<Edit>, String> {
    let there = root.groups();
    if let Some(name) = names.iter().find(|name| !there.contains_key(*name)) {
        return Err(format!("there is no group {name} yet"));
    }
    if names.is_empty() {
        return Ok(None);
    }
    let (place, content) = account_file(root, "/etc/group")?;
    let mut changed = String::new();
    for line in content.lines() {
        let mut fields: Vec<String> = line.split(':').map(str::to_owned).collect();
        if let [name, _, _, members] = fields.as_mut_slice()
            && names.contains(name)
        {
            let mut all: Vec<&str> = members.split(',').filter(|member| !member.is_empty()).collect();
            all.push(user);
            all.sort_unstable();
            all.dedup();
            *members = all.join(",");
        }
        changed.push_str(&fields.join(":"));
        changed.push('\n');
    }
    Ok(Some(Edit::Rewrite(place, changed)))
}
