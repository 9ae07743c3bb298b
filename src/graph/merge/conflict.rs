//! The finding of two providers that cannot both be right.

use crate::catalog::Code;
use crate::diagnostic::Role;
use crate::graph::edges::Why;
use crate::graph::image::Image;
use crate::graph::lines;

/// What two providers do not agree on, as the author reads it.
pub(super) struct Difference {
    pub(super) attribute: &'static str,
    /// Of the earlier and of the later one.
    pub(super) values: Option<(String, String)>,
}

impl Difference {
    /// Whether it is about what is in a file.
    pub(super) fn is_of_substance(&self) -> bool {
        matches!(self.attribute, "contents" | "source")
    }
}

pub(super) fn conflict(image: &mut Image, number: usize, first: u32, second: u32, all: &[u32], difference: Difference) {
    image.slots.slots[number].broken = true;
    let place = |row: u32| (image.provides[row as usize].feature, image.provides[row as usize].span.start, row);
    let turned = place(first) > place(second);
    let (first, second) = if turned { (second, first) } else { (first, second) };
    let difference = Difference {
        values: difference.values.map(|(own, its)| if turned { (its, own) } else { (own, its) }),
        ..difference
    };
    let (a, b) = (image.provides[first as usize], image.provides[second as usize]);
    let entity = image.slots.slots[number].entity;
    let location = image.at(b.feature, image.value_span(&b, difference.attribute));
    let said = image.say(entity);
    let (message, label) = match (&difference.values, difference.attribute) {
        (Some((own, its)), "type") => (format!("{said} cannot be both {own} and {its}"), format!("{its} here")),
        (Some((own, its)), attribute) => (
            format!("{said} is provided twice, with different {}: {own} and {its}", plural(attribute)),
            format!("{attribute} {its} here"),
        ),
        (None, "who makes it") => (
            format!("{said} is provided by one feature and declared to be brought about by another"),
            "brought about here, too".to_owned(),
        ),
        (None, attribute) => (
            format!("{said} is provided twice, with different {}", plural(attribute)),
            format!("other {} here", plural(attribute)),
        ),
    };
    let mut diagnostic = image.diagnostic(Code::Conflict, Some(entity), location, message);
    diagnostic.label = label;
    let origin = image.at(a.feature, image.value_span(&a, difference.attribute));
    let text = match &difference.values {
        Some((own, _)) if difference.attribute == "type" => format!("{own} here, by {}", image.say_feature(a.feature)),
        Some((own, _)) => format!("{} {own} here, by {}", difference.attribute, image.say_feature(a.feature)),
        None => format!("provided here first, by {}", image.say_feature(a.feature)),
    };
    diagnostic.related.push(image.related(Role::Provider, Some(entity), origin, text));
    for &row in all {
        if row != first && row != second {
            let other = image.provides[row as usize];
            let text = format!("provided here, too, by {}", image.say_feature(other.feature));
            diagnostic.related.push(image.related(
                Role::Provider,
                Some(entity),
                image.at(other.feature, other.span),
                text,
            ));
        }
    }
    lines::tell_first(image, &mut diagnostic, &a, &b);
    for row in [first, second] {
        image.tell_links(&mut diagnostic, Why::Parent(row));
    }
    diagnostic.help = Some(
        "keep one of them, or make them agree; `replace = true` reaches only what the own file includes, the parent and earlier phases".to_owned(),
    );
    image.report(diagnostic, Vec::new());
}

fn plural(attribute: &str) -> String {
    match attribute {
        "contents" | "groups" | "xattrs" | "what is mounted" => match attribute {
            "what is mounted" => "mounts".to_owned(),
            other => other.to_owned(),
        },
        other => format!("{other}s"),
    }
}
