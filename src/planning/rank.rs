//! The canonical order of entities: the place of each among all, sorted by the text of their keys, without a text being made.

use crate::intern::{Entities, EntityId, EntityType};

/// The number of each entity in the order of keys such as `path:/etc/hosts`, byte by byte.
///
/// A directory's name stands among its neighbours twice: as itself, and with a slash for all that is below it. So `/a`, `/a-b` and
/// `/a/b` come out in this order, as their texts do, and every directory is sorted on its own.
pub(super) fn ranks(entities: &Entities) -> Vec<u32> {
    let siblings = Siblings::new(entities);
    let mut ranks = vec![0; entities.len()];
    let mut next = 0;
    let mut give = |id: EntityId| {
        ranks[id.index()] = next;
        next += 1;
    };
    let mut types = EntityType::ALL;
    types.sort_by_key(|entity_type| entity_type.name());
    for entity_type in types {
        let top = EntityId(entity_type as u32);
        give(top);
        let mut pending = vec![siblings.below(top)];
        while let Some(group) = pending.pop() {
            let Some((first, rest)) = group.split_first() else { continue };
            pending.push(rest);
            if first.below {
                pending.push(siblings.below(EntityId(first.id)));
            } else {
                give(EntityId(first.id));
            }
        }
    }
    ranks
}

/// A name in a directory.
#[derive(Clone, Copy, Default)]
struct Sibling {
    /// Its first bytes, which nearly always decide. No name has a NUL in it, so what is short is filled up with them.
    prefix: u64,
    id: u32,
    /// Whether it stands for all below, with a slash at its end.
    below: bool,
}

impl Sibling {
    fn new(entities: &Entities, id: EntityId, below: bool) -> Self {
        let name = entities.last(id).as_bytes();
        let mut prefix = [0; 8];
        let length = name.len().min(prefix.len());
        prefix[..length].copy_from_slice(&name[..length]);
        if below && let Some(slash) = prefix.get_mut(length) {
            *slash = b'/';
        }
        Self { prefix: u64::from_be_bytes(prefix), id: id.0, below }
    }

    fn bytes<'e>(&self, entities: &'e Entities) -> impl Iterator<Item = u8> + use<'e> {
        let slash = self.below.then_some(b'/');
        entities.last(EntityId(self.id)).bytes().chain(slash)
    }
}

/// What stands in each directory, and below each type, sorted.
struct Siblings {
    starts: Vec<u32>,
    all: Vec<Sibling>,
}

impl Siblings {
    fn new(entities: &Entities) -> Self {
        let count = entities.len();
        // The five tops and `/` are their own parents and nobody's siblings.
        let own = |id: EntityId| Some(entities.parent(id)).filter(|&parent| parent != id);
        let mut is_above = vec![false; count];
        for id in entities.ids() {
            if let Some(parent) = own(id) {
                is_above[parent.index()] = true;
            }
        }
        let mut starts = vec![0u32; count + 1];
        for id in entities.ids() {
            if let Some(parent) = own(id) {
                starts[parent.index() + 1] += 1 + u32::from(is_above[id.index()]);
            }
        }
        for at in 0..count {
            starts[at + 1] += starts[at];
        }
        let mut all = vec![Sibling::default(); starts[count] as usize];
        let mut next = starts.clone();
        for id in entities.ids() {
            let Some(parent) = own(id) else { continue };
            let mut put = |below: bool| {
                let slot = &mut next[parent.index()];
                all[*slot as usize] = Sibling::new(entities, id, below);
                *slot += 1;
            };
            put(false);
            if is_above[id.index()] {
                put(true);
            }
        }
        for group in starts.windows(2) {
            all[group[0] as usize..group[1] as usize].sort_unstable_by(|a, b| {
                a.prefix.cmp(&b.prefix).then_with(|| a.bytes(entities).cmp(b.bytes(entities)))
            });
        }
        Self { starts, all }
    }

    fn below(&self, id: EntityId) -> &[Sibling] {
        &self.all[self.starts[id.index()] as usize..self.starts[id.index() + 1] as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_the_order_of_the_texts_of_keys() {
        let mut entities = Entities::new();
        for path in [
            "/srv/long-name-1/x",
            "/srv/long-name-1",
            "/srv/long-name-1.d/x",
            "/srv/long-name-1!",
            "/a/b",
            "/a",
            "/a-b",
            "/a0",
            "/a/b/c",
            "/ab/c",
            "/é/a",
            "/é",
            "/\u{1}/x",
            "/12345678/a",
            "/12345678",
            "/1234567/a",
            "/1234567",
            "/12345678-",
        ] {
            entities.path(path);
        }
        for name in ["web", "www-data", "a"] {
            entities.name(EntityType::User, name);
            entities.name(EntityType::Group, name);
            entities.name(EntityType::Package, name);
            entities.name(EntityType::Virtual, name);
        }
        let ranks = ranks(&entities);
        let mut by_rank: Vec<EntityId> = entities.ids().collect();
        by_rank.sort_by_key(|id| ranks[id.index()]);
        let keys: Vec<String> = by_rank.iter().map(|&id| entities.key(id)).collect();
        assert!(keys.is_sorted(), "{keys:#?}");
        assert_eq!(by_rank.len(), entities.len());
    }
}
