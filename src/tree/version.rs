//! Versions of packages in the order in which dpkg and rpm put them.

use std::cmp::Ordering;

/// Whose rules a version is compared by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PackageFormat {
    /// `.deb`: `[epoch:]upstream[-revision]`, as deb-version(7) has it.
    Deb,
    /// `.rpm`: `[epoch:]version[-release]`, as rpm-version(7) has it.
    Rpm,
}

impl PackageFormat {
    /// Which of two versions is later.
    pub fn compare(self, a: &str, b: &str) -> Ordering {
        let (a, b) = (Parts::of(a), Parts::of(b));
        let part = match self {
            Self::Deb => deb_part,
            Self::Rpm => rpm_part,
        };
        let trimmed = |epoch: &str| epoch.trim_start_matches('0').to_owned();
        let (own, its) = (trimmed(a.epoch), trimmed(b.epoch));
        let revision = match (self, a.revision, b.revision) {
            // A relation of rpm that names no release means any.
            (Self::Rpm, None, _) | (Self::Rpm, _, None) => Ordering::Equal,
            (_, own, its) => part(own.unwrap_or("0").as_bytes(), its.unwrap_or("0").as_bytes()),
        };
        own.len()
            .cmp(&its.len())
            .then_with(|| own.cmp(&its))
            .then_with(|| part(a.version.as_bytes(), b.version.as_bytes()))
            .then(revision)
    }
}

struct Parts<'v> {
    epoch: &'v str,
    version: &'v str,
    revision: Option<&'v str>,
}

impl<'v> Parts<'v> {
    fn of(text: &'v str) -> Self {
        let (epoch, rest) = text.split_once(':').unwrap_or(("", text));
        let (version, revision) = match rest.rsplit_once('-') {
            Some((version, revision)) => (version, Some(revision)),
            None => (rest, None),
        };
        Self { epoch, version, revision }
    }
}

/// A run of bytes of one sort at the start, and the rest.
fn run(text: &[u8], belongs: impl Fn(u8) -> bool) -> (&[u8], &[u8]) {
    text.split_at(text.iter().position(|&byte| !belongs(byte)).unwrap_or(text.len()))
}

/// Two numbers of any length by value.
fn numbers(a: &[u8], b: &[u8]) -> Ordering {
    let trimmed = |digits: &[u8]| run(digits, |byte| byte == b'0').1.to_vec();
    let (a, b) = (trimmed(a), trimmed(b));
    a.len().cmp(&b.len()).then_with(|| a.cmp(&b))
}

/// Text and numbers by turns. In text `~` comes before the end, the end before letters, letters before all else.
fn deb_part(mut a: &[u8], mut b: &[u8]) -> Ordering {
    let weight = |byte: Option<&u8>| match byte {
        Some(b'~') => -1,
        None => 0,
        Some(byte) if byte.is_ascii_alphabetic() => i32::from(*byte),
        Some(byte) => i32::from(*byte) + 256,
    };
    while !a.is_empty() || !b.is_empty() {
        let ((text, after), (its_text, its_after)) =
            (run(a, |byte| !byte.is_ascii_digit()), run(b, |byte| !byte.is_ascii_digit()));
        for at in 0..text.len().max(its_text.len()) {
            let order = weight(text.get(at)).cmp(&weight(its_text.get(at)));
            if order != Ordering::Equal {
                return order;
            }
        }
        let ((digits, after), (its_digits, its_after)) =
            (run(after, |byte| byte.is_ascii_digit()), run(its_after, |byte| byte.is_ascii_digit()));
        let order = numbers(digits, its_digits);
        if order != Ordering::Equal {
            return order;
        }
        (a, b) = (after, its_after);
    }
    Ordering::Equal
}

/// Runs of letters and of digits; what is between only separates. `~` comes before everything, `^` after the end and before the rest.
fn rpm_part(mut a: &[u8], mut b: &[u8]) -> Ordering {
    let counts = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'~' | b'^');
    loop {
        a = run(a, |byte| !counts(byte)).1;
        b = run(b, |byte| !counts(byte)).1;
        match (a.first(), b.first()) {
            (Some(b'~'), Some(b'~')) | (Some(b'^'), Some(b'^')) => {
                (a, b) = (&a[1..], &b[1..]);
                continue;
            }
            (Some(b'~'), _) => return Ordering::Less,
            (_, Some(b'~')) => return Ordering::Greater,
            (Some(b'^'), None) => return Ordering::Greater,
            (None, Some(b'^')) => return Ordering::Less,
            (Some(b'^'), _) => return Ordering::Less,
            (_, Some(b'^')) => return Ordering::Greater,
            (None, None) => return Ordering::Equal,
            (None, _) => return Ordering::Less,
            (_, None) => return Ordering::Greater,
            (Some(own), Some(its)) => {
                let is_number = own.is_ascii_digit();
                if is_number != its.is_ascii_digit() {
                    // Numbers are later than letters.
                    return if is_number { Ordering::Greater } else { Ordering::Less };
                }
                let same = |byte: u8| {
                    if is_number { byte.is_ascii_digit() } else { byte.is_ascii_alphabetic() }
                };
                let ((own, after), (its, its_after)) = (run(a, same), run(b, same));
                let order = if is_number { numbers(own, its) } else { own.cmp(its) };
                if order != Ordering::Equal {
                    return order;
                }
                (a, b) = (after, its_after);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_order(format: PackageFormat, versions: &[&str]) {
        for (number, a) in versions.iter().enumerate() {
            for (other, b) in versions.iter().enumerate() {
                assert_eq!(format.compare(a, b), number.cmp(&other), "{a} against {b}");
            }
        }
    }

    #[test]
    fn versions_of_debian_come_in_the_order_of_dpkg() {
        in_order(
            PackageFormat::Deb,
            &[
                "1.0~~", "1.0~~a", "1.0~", "1.0", "1.0-1", "1.0-1.1", "1.0-2", "1.0a", "1.0+b", "1.2", "1.10", "1:0.1",
                "2:0",
            ],
        );
        assert_eq!(PackageFormat::Deb.compare("0:1.0", "1.0-0"), Ordering::Equal);
        assert_eq!(PackageFormat::Deb.compare("1.01", "1.1"), Ordering::Equal);
    }

    #[test]
    fn versions_of_rpm_come_in_the_order_of_rpm() {
        in_order(
            PackageFormat::Rpm,
            &["1.0~rc1-1", "1.0-1", "1.0-2.fc40", "1.0^git1-1", "1.0.a-1", "1.0.1-1", "1.2-1", "1.10-1", "1:0.1-1"],
        );
        assert_eq!(PackageFormat::Rpm.compare("1.0", "1.0-7"), Ordering::Equal);
        assert_eq!(PackageFormat::Rpm.compare("1_0-1", "1.0-1"), Ordering::Equal);
    }
}
