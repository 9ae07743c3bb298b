//! Names that are near each other: which difference is a slip of the hand, and which is another name.

/// Whether two names have the same digits: `web1` and `web2` are two things.
pub(super) fn same_digits(one: &str, other: &str) -> bool {
    let digits = |name: &str| name.chars().filter(char::is_ascii_digit).collect::<String>();
    digits(one) == digits(other)
}

/// Whether a name is so near to a known one that it is a slip of the hand. `log` and `logs`, `web1` and `web2` are none.
pub(super) fn is_slip(given: &str, meant: &str) -> bool {
    let length = given.chars().count().min(meant.chars().count());
    let grown = given.starts_with(meant) || meant.starts_with(given);
    if length < 3 || grown || !same_digits(given, meant) {
        return false;
    }
    if given.eq_ignore_ascii_case(meant) {
        return true;
    }
    let turned = {
        let sorted = |name: &str| {
            let mut letters: Vec<char> = name.chars().collect();
            letters.sort_unstable();
            letters
        };
        strsim::osa_distance(given, meant) == 1 && sorted(given) == sorted(meant)
    };
    match strsim::osa_distance(given, meant) {
        1 => turned || length >= 4,
        2 => length >= 8,
        _ => false,
    }
}

/// A value with another name in the place of one: the name itself, `user:NAME`, `NAME=VERSION`, a path below it.
pub(super) fn renamed(value: &str, name: &str, meant: &str) -> Option<String> {
    if value == name {
        return Some(meant.to_owned());
    }
    if let Some(rest) = value.strip_prefix(name)
        && rest.starts_with(['/', '=', ':'])
    {
        return Some(format!("{meant}{rest}"));
    }
    let prefix = value.strip_suffix(name)?;
    prefix.ends_with(':').then(|| format!("{prefix}{meant}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_told_from_another_name() {
        for (given, meant) in
            [("wbe", "web"), ("ngnix", "nginx"), ("Root", "root"), ("/ect", "/etc"), ("postgers", "postgres")]
        {
            assert!(is_slip(given, meant), "{given} {meant}");
        }
        for (given, meant) in [("log", "logs"), ("web1", "web2"), ("dev", "div"), ("db", "bd"), ("web", "web-data")] {
            assert!(!is_slip(given, meant), "{given} {meant}");
        }
    }

    #[test]
    fn a_name_is_exchanged_wherever_it_stands_in_a_value() {
        let check = |value, after: Option<&str>| assert_eq!(renamed(value, "wbe", "web").as_deref(), after, "{value}");
        check("wbe", Some("web"));
        check("user:wbe", Some("user:web"));
        check("wbe=1.2", Some("web=1.2"));
        check("wbe:wheel", Some("web:wheel"));
        check("wberry", None);
        assert_eq!(renamed("/ect/hosts", "/ect", "/etc").as_deref(), Some("/etc/hosts"));
    }
}
