//! The image configuration: one value for each setting.

use rustc_hash::FxHashMap;

use crate::catalog::Code;
use crate::diagnostic::Role;
use crate::graph::image::Image;
use crate::message;

/// Reports every setting that two features give different values.
pub fn settings(image: &mut Image) {
    let mut first: FxHashMap<&str, (u32, &crate::fragment::Setting)> = FxHashMap::default();
    let mut found = Vec::new();
    let mut names: FxHashMap<&str, usize> = FxHashMap::default();
    for file in &image.files {
        for setting in &file.fragment.settings {
            let feature = file.features + setting.feature;
            let Some(&(other, earlier)) = first.get(setting.name.as_str()) else {
                first.insert(&setting.name, (feature, setting));
                continue;
            };
            if earlier.value == setting.value {
                continue;
            }
            if let Some(&at) = names.get(setting.name.as_str()) {
                let diagnostic: &mut crate::diagnostic::Diagnostic = &mut found[at];
                let place = image.at(feature, setting.span);
                diagnostic.related.push(image.related(Role::Provider, None, place, format!("{} here", setting.value)));
                continue;
            }
            let message = format!(
                "the image configuration sets {} twice, to {} and to {}",
                message::quoted(&setting.name),
                earlier.value,
                setting.value
            );
            let mut diagnostic = image.diagnostic(Code::Conflict, None, image.at(feature, setting.span), message);
            diagnostic.label = format!("{} here", message::printable(&setting.value));
            let place = image.at(other, earlier.span);
            diagnostic.related.push(image.related(
                Role::Provider,
                None,
                place,
                format!("{} here", message::printable(&earlier.value)),
            ));
            diagnostic.help = Some("keep one of them, or make them agree".to_owned());
            names.insert(&setting.name, found.len());
            found.push(diagnostic);
        }
    }
    for diagnostic in found {
        image.report(diagnostic, Vec::new());
    }
}
