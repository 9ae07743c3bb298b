//! Walking a path as an operating system does, over anything that can say what stands at a place.

/// How many links one way may pass.
pub const MOST_LINKS: usize = 40;

/// What stands at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Nothing.
    Nothing,
    /// A directory.
    Directory,
    /// A link, with its text.
    Link(String),
    /// A file, a node: something that nothing can be below.
    Other,
}

/// Why a walk does not arrive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lost {
    /// A component before the last is not there.
    Missing(String),
    /// A component before the last is no directory.
    NotADirectory(String),
    /// More than [`MOST_LINKS`] links.
    Loop,
}

/// What becomes of the last component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Last {
    /// A link there is followed.
    Follow,
    /// A link there is what is meant.
    Keep,
}

/// The directory of a place; of `/` it is `/` itself.
pub fn parent(place: &str) -> &str {
    match place.rfind('/') {
        Some(0) | None => "/",
        Some(at) => &place[..at],
    }
}

/// The last component of a place.
pub fn name(place: &str) -> &str {
    place.rsplit('/').next().unwrap_or("")
}

/// The place of `name` in the directory `place`.
pub fn join(place: &str, name: &str) -> String {
    if place == "/" { format!("/{name}") } else { format!("{place}/{name}") }
}

/// Whether `place` is `above` or below it.
pub fn is_at_or_below(place: &str, above: &str) -> bool {
    place == above || above == "/" || place.strip_prefix(above).is_some_and(|rest| rest.starts_with('/'))
}

/// The directories above a place, the nearest last, without `/`.
pub fn above(place: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut at = parent(place);
    while at != "/" {
        found.push(at.to_owned());
        at = parent(at);
    }
    found.reverse();
    found
}

/// The place that `path` leads to from the directory `from`. When `strict`, every component but the last has to be
/// there and be a directory or a link, as for a real walk; otherwise what is not there is taken for a directory that is yet to come.
pub fn walk(from: &str, path: &str, last: Last, strict: bool, look: &dyn Fn(&str) -> Seen) -> Result<String, Lost> {
    let split = |text: &str| -> Vec<String> {
        text.split('/').filter(|part| !part.is_empty() && *part != ".").map(str::to_owned).collect()
    };
    // The components still to go, the next one last.
    let mut todo: Vec<String> = split(path);
    todo.reverse();
    let mut at = if path.starts_with('/') { "/".to_owned() } else { from.to_owned() };
    let mut links = 0;
    while let Some(part) = todo.pop() {
        if strict {
            match look(&at) {
                Seen::Directory => {}
                Seen::Nothing => return Err(Lost::Missing(at)),
                Seen::Other | Seen::Link(_) => return Err(Lost::NotADirectory(at)),
            }
        }
        if part == ".." {
            at = parent(&at).to_owned();
            continue;
        }
        let next = join(&at, &part);
        match look(&next) {
            Seen::Link(target) if !todo.is_empty() || last == Last::Follow => {
                links += 1;
                if links > MOST_LINKS {
                    return Err(Lost::Loop);
                }
                if target.starts_with('/') {
                    at = "/".to_owned();
                }
                todo.extend(split(&target).into_iter().rev());
            }
            _ => at = next,
        }
    }
    Ok(at)
}
