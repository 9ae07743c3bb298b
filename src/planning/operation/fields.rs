//! What a feature says in its fields, read where it is written.

use std::collections::BTreeMap;

use super::Operations;

impl Operations<'_> {
    pub(super) fn string(&self, feature: u32, key: &str) -> Option<String> {
        let fragment = self.fragment(feature);
        let text = fragment.source.text.as_str();
        let node = fragment.document.get(self.image().features[feature as usize].node, key, text)?;
        Some(fragment.document.string(node, text).into_owned())
    }

    pub(super) fn strings(&self, feature: u32, key: &str) -> Vec<String> {
        let fragment = self.fragment(feature);
        let text = fragment.source.text.as_str();
        let Some(node) = fragment.document.get(self.image().features[feature as usize].node, key, text) else {
            return Vec::new();
        };
        fragment.document.children(node).map(|element| fragment.document.string(element, text).into_owned()).collect()
    }

    pub(super) fn table(&self, feature: u32, key: &str) -> BTreeMap<String, String> {
        let fragment = self.fragment(feature);
        let text = fragment.source.text.as_str();
        let Some(node) = fragment.document.get(self.image().features[feature as usize].node, key, text) else {
            return BTreeMap::new();
        };
        fragment
            .document
            .children(node)
            .map(|member| {
                (
                    fragment.document.key_text(member, text).into_owned(),
                    fragment.document.string(member, text).into_owned(),
                )
            })
            .collect()
    }

    pub(super) fn boolean(&self, feature: u32, key: &str) -> Option<bool> {
        let fragment = self.fragment(feature);
        let text = fragment.source.text.as_str();
        let node = fragment.document.get(self.image().features[feature as usize].node, key, text)?;
        fragment.document.boolean(node, text)
    }

    pub(super) fn integer(&self, feature: u32, key: &str) -> Option<u32> {
        let fragment = self.fragment(feature);
        let text = fragment.source.text.as_str();
        let node = fragment.document.get(self.image().features[feature as usize].node, key, text)?;
        u32::try_from(fragment.document.integer(node, text)?).ok()
    }

    /// The place of a path that a feature gives in a field, links followed as far as its requirement was.
    pub(super) fn place(&self, feature: u32, key: &str) -> Option<String> {
        let text = self.string(feature, key)?;
        let normalised = crate::intern::normalised(&text).ok()?;
        let fragment = self.fragment(feature);
        let span = fragment.document.get(self.image().features[feature as usize].node, key, &fragment.source.text);
        let span = fragment.document.span(span?);
        let row =
            self.image().requires.iter().skip(self.first_require(feature)).take_while(|row| row.feature == feature);
        let found = row.filter(|row| row.span == span).map(|row| self.path(row.entity)).next();
        Some(found.unwrap_or_else(|| normalised.into_owned()))
    }

    pub(super) fn first_require(&self, feature: u32) -> usize {
        let image = self.image();
        let file = image.file_of(feature) as usize;
        let (start, end) = image.require_range(file);
        start + image.requires[start..end].partition_point(|row| row.feature < feature)
    }

    pub(super) fn string_or_number(&self, feature: u32, key: &str) -> Option<String> {
        let fragment = self.fragment(feature);
        let text = fragment.source.text.as_str();
        let node = fragment.document.get(self.image().features[feature as usize].node, key, text)?;
        match fragment.document.to_json(node, text) {
            serde_json::Value::String(text) => Some(text),
            other => Some(other.to_string()),
        }
    }
}
