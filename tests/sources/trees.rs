use featgraph::tree::{Entry, FileType, Tree};

use super::archives::listing;

fn tree(paths: &[&str]) -> Tree {
    let entries = paths.iter().enumerate().map(|(order, path)| {
        let (path, file_type) = match path.strip_suffix('/') {
            Some(path) => (path, FileType::Directory),
            None => (*path, FileType::File),
        };
        let (path, first) = path.split_once('=').map_or((path, None), |(path, first)| (path, Some(first)));
        let mut entry = Entry::new(path, file_type);
        entry.order = order as u32;
        entry.target = first.map(Into::into);
        entry.same_as = first.is_some();
        entry
    });
    Tree::new(entries.collect(), Vec::new())
}

#[test]
fn a_directory_stands_right_before_what_is_below_it() {
    let tree = tree(&["a.b", "a/z", "a", "b-", "b/c/d", "a b"].map(|path| if path == "a" { "a/" } else { path }));
    let paths: Vec<&str> = tree.entries().iter().map(|entry| &*entry.path).collect();
    assert_eq!(paths, ["a", "a/z", "a b", "a.b", "b", "b/c", "b/c/d", "b-"]);
    assert_eq!(tree.below("a").len(), 1);
    assert_eq!(tree.below("b").len(), 2);
    assert_eq!(tree.below("").len(), 8);
    assert_eq!(tree.children("").map(|entry| entry.name()).collect::<Vec<_>>(), ["a", "a b", "a.b", "b", "b-"]);
    assert_eq!(tree.children("b").map(|entry| entry.name()).collect::<Vec<_>>(), ["c"]);
    assert!(tree.get("b/c").is_some_and(|entry| !entry.listed));
    assert!(tree.get("b/").is_none() && tree.get("nothing").is_none());
}

#[test]
fn stripping_takes_leading_components_away() {
    let tree =
        tree(&["top/", "top/bin/", "top/bin/a", "top/bin/b=top/bin/a", "top/only", "top/x=first", "other/bin/a"]);
    let stripped = tree.stripped(1);
    assert_eq!(listing(&stripped), ["directory bin", "file bin/a", "file bin/b = bin/a", "file only"]);
    // The later of two that come together stands.
    assert_eq!(stripped.get("bin/a").unwrap().order, 6);
    assert_eq!(stripped.problems().len(), 1);
    assert_eq!(&*stripped.problems()[0].path, "x");
    assert_eq!(listing(&tree.stripped(2)), ["file a", "file b = a"]);
    assert!(tree.stripped(9).entries().is_empty());
    assert_eq!(tree.stripped(0), tree);
}

#[test]
fn a_subtree_stands_for_itself() {
    let tree = tree(&["lib/", "lib/a", "lib/b=lib/a", "lib/c=out", "lib/d=out", "library", "out"]);
    let expected = ["directory ", "file a", "file b = a", "file c", "file d = c"];
    assert_eq!(listing(&tree.subtree("lib")), expected);
    assert_eq!(listing(&tree.subtree("lib/a")), ["file "]);
    assert!(tree.subtree("none").entries().is_empty());
    assert_eq!(tree.subtree(""), tree);
}
