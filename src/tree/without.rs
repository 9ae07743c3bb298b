//! A tree without some of its entries.

use std::collections::HashMap;

use rustc_hash::FxBuildHasher;

use super::{Entry, FileType, Tree, is_below};

impl Tree {
    /// The tree without the entries that match, each with all below it; the root always stays. A hard link whose first name is left
    /// out becomes a file, and further names of that file links to it. Problems of what is left out are no problems.
    pub fn without(&self, leaves_out: impl Fn(&str, bool) -> bool) -> Self {
        let mut entries: Vec<Entry> = Vec::with_capacity(self.entries.len());
        let mut dropped: Option<&str> = None;
        let mut gone: HashMap<&str, Option<Box<str>>, FxBuildHasher> = HashMap::default();
        for entry in &self.entries {
            let below = dropped.is_some_and(|above| is_below(&entry.path, above));
            let is_directory = entry.file_type == FileType::Directory;
            if below || !entry.path.is_empty() && leaves_out(&entry.path, is_directory) {
                if !below {
                    dropped = Some(&entry.path);
                }
                gone.insert(&entry.path, None);
            } else {
                entries.push(entry.clone());
            }
        }
        if !gone.is_empty() {
            for entry in entries.iter_mut().filter(|entry| entry.same_as) {
                let Some(stand_in) = gone.get_mut(entry.target.as_deref().unwrap_or("")) else { continue };
                match stand_in {
                    Some(first) => entry.target = Some(first.clone()),
                    None => {
                        *stand_in = Some(entry.path.clone());
                        (entry.target, entry.same_as) = (None, false);
                    }
                }
            }
        }
        let is_gone = |path: &str| {
            let mut at = path;
            loop {
                if gone.contains_key(at) || !at.starts_with('/') && !at.is_empty() && leaves_out(at, at != path) {
                    return true;
                }
                match at.rfind('/') {
                    Some(slash) if slash > 0 => at = &at[..slash],
                    _ => return false,
                }
            }
        };
        Self {
            texts: self.texts.iter().filter(|(path, _)| !is_gone(path)).cloned().collect(),
            problems: self.problems.iter().filter(|problem| !is_gone(&problem.path)).cloned().collect(),
            entries,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::Problem;

    #[test]
    fn what_is_left_out_takes_all_below_and_its_problems_with_it() {
        let file = |path: &str| Entry::new(path, FileType::File);
        let link = |path: &str, first: &str| Entry { target: Some(first.into()), same_as: true, ..file(path) };
        let entries = vec![file("a/x"), link("b/one", "a/x"), link("b/two", "a/x"), file("ab")];
        let tree = Tree::new(entries, vec![Problem::invalid("a/y", "is odd"), Problem::invalid("b/y", "is odd")]);
        let left = tree.without(|path, is_directory| path == "a" && is_directory);
        let found: Vec<_> = left.entries().iter().map(|entry| (&*entry.path, entry.first_name())).collect();
        assert_eq!(found, [("ab", None), ("b", None), ("b/one", None), ("b/two", Some("b/one"))]);
        assert_eq!(left.problems().iter().map(|problem| &*problem.path).collect::<Vec<_>>(), ["b/y"]);
    }
}
