//! Each format read as its readers read it: refused where they would refuse it, and turned into findings that can be compared.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

/// A finding as far as every format tells it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Told {
    pub file: String,
    pub line: u64,
    pub code: String,
    pub severity: String,
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

/// Holds a log to the schema, formats of texts included.
pub fn is_sarif(log: &Value) {
    let mut schema: Value = serde_json::from_str(include_str!("sarif-2.1.0.schema.json")).unwrap();
    for definition in schema["definitions"].as_object_mut().unwrap().values_mut() {
        // A stray bracket makes it no pattern to a strict reader, and no language is written.
        if let Some(language) = definition.pointer_mut("/properties/language") {
            language.as_object_mut().unwrap().remove("pattern");
        }
    }
    let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(log).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

/// A SARIF log: the schema, and what the standard's text asks for beyond it.
pub fn sarif(written: &str) -> Vec<Told> {
    let log: Value = serde_json::from_str(written).unwrap();
    is_sarif(&log);
    let run = &log["runs"][0];
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let artifacts = run["artifacts"].as_array().unwrap();
    let file = |location: &Value| {
        let location = &location["artifactLocation"];
        let index = usize::try_from(location["index"].as_u64().unwrap()).unwrap();
        assert_eq!(*location, artifacts[index]["location"]);
        assert_eq!(location["uriBaseId"], "%SRCROOT%");
        unescaped(location["uri"].as_str().unwrap(), &['%'])
    };
    let mut told = Vec::new();
    let mut fingerprints = BTreeSet::new();
    for result in run["results"].as_array().unwrap() {
        let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(fingerprints.insert(result["partialFingerprints"].to_string()), "{result:#}");
        let place = &result["locations"][0]["physicalLocation"];
        let related = result["relatedLocations"].as_array().cloned().unwrap_or_default();
        let ids: Vec<u64> = related.iter().map(|location| location["id"].as_u64().unwrap()).collect();
        assert_eq!(ids, (1..=related.len() as u64).collect::<Vec<_>>());
        for (location, id) in related.iter().zip(&ids) {
            file(&location["physicalLocation"]);
            let links = result["message"]["text"].as_str().unwrap().contains(&format!("]({id})"));
            assert!(links || *id > 8, "nothing links to {id}: {result:#}");
        }
        let level = text(&result["level"]);
        told.push(Told {
            file: file(place),
            line: place["region"]["startLine"].as_u64().unwrap(),
            code: text(&result["ruleId"]),
            severity: if level == "note" { String::from("info") } else { level },
        });
    }
    told
}

/// A code quality report, by what GitLab's documentation asks for.
pub fn gitlab(written: &str) -> Vec<Told> {
    let report: Value = serde_json::from_str(written).unwrap();
    let schema = json!({
        "type": "array",
        "items": {
            "type": "object",
            "required": ["description", "check_name", "fingerprint", "severity", "location"],
            "properties": {
                "description": { "type": "string", "minLength": 1 },
                "check_name": { "type": "string", "minLength": 1 },
                "fingerprint": { "type": "string", "pattern": "^[0-9a-f]{32}$" },
                "severity": { "enum": ["info", "minor", "major", "critical", "blocker"] },
                "location": {
                    "type": "object",
                    "required": ["path", "lines"],
                    "properties": {
                        "path": { "type": "string", "not": { "pattern": "^(\\./|/)" } },
                        "lines": {
                            "type": "object",
                            "required": ["begin"],
                            "properties": { "begin": { "type": "integer", "minimum": 1 }, "end": { "type": "integer" } }
                        }
                    }
                }
            }
        }
    });
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(&report).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    let issues = report.as_array().unwrap();
    let fingerprints: BTreeSet<&str> = issues.iter().map(|issue| issue["fingerprint"].as_str().unwrap()).collect();
    assert_eq!(fingerprints.len(), issues.len(), "of equal fingerprints one is shown");
    let told = issues.iter().map(|issue| Told {
        file: text(&issue["location"]["path"]),
        line: issue["location"]["lines"]["begin"].as_u64().unwrap(),
        code: text(&issue["check_name"]),
        severity: match issue["severity"].as_str().unwrap() {
            "critical" => String::from("error"),
            "minor" => String::from("warning"),
            other => other.to_owned(),
        },
    });
    told.collect()
}

/// Workflow commands as the runner takes them apart; the last line must have the numbers of the others.
pub fn github(written: &str) -> Vec<Told> {
    let mut lines: Vec<&str> = written.lines().collect();
    let totals = lines.pop().unwrap();
    let mut told: Vec<Told> = Vec::new();
    for line in lines {
        let (command, message) = line.strip_prefix("::").unwrap().split_once("::").unwrap();
        let (level, properties) = command.split_once(' ').unwrap();
        let properties: BTreeMap<&str, String> = properties
            .split(',')
            .map(|property| property.split_once('=').unwrap())
            .map(|(key, value)| (key, unescaped(value, &['%', '\r', '\n', ':', ','])))
            .collect();
        assert!(!unescaped(message, &['%', '\r', '\n']).is_empty());
        let number = |key: &str| properties.get(key).map(|number| number.parse::<u64>().unwrap());
        // The runner drops columns of places on several lines, and says so in the log.
        assert_eq!(number("col").is_some(), number("line") == number("endLine"), "{line}");
        assert_eq!(number("col").is_some(), number("endColumn").is_some(), "{line}");
        told.push(Told {
            file: properties["file"].clone(),
            line: number("line").unwrap(),
            code: properties["title"].strip_prefix("featgraph (").unwrap().strip_suffix(')').unwrap().to_owned(),
            severity: if level == "notice" { "info" } else { level }.to_owned(),
        });
    }
    let order = ["error", "warning", "info"];
    let rank = |told: &Told| order.iter().position(|severity| *severity == told.severity).unwrap();
    assert!(told.is_sorted_by_key(rank), "errors stand first:\n{written}");
    for severity in order {
        let number = told.iter().filter(|told| told.severity == severity).count();
        let plural = if number == 1 { "" } else { "s" };
        let said = totals.contains(&format!("{number} {severity}{plural}"));
        assert_eq!(said, number > 0, "{totals}");
    }
    if told.is_empty() {
        assert!(totals.starts_with("No problems"), "{totals}");
    }
    told
}

/// JUnit XML: well formed, numbers that are true at each level, and no two cases of one name, of which GitLab shows one.
pub fn junit(written: &str) -> Vec<Told> {
    let document = roxmltree::Document::parse(written).unwrap();
    let root = document.root_element();
    assert_eq!(root.tag_name().name(), "testsuites");
    let mut told = Vec::new();
    let mut names = BTreeSet::new();
    let mut all = [0; 4];
    for suite in root.children().filter(roxmltree::Node::is_element) {
        assert_eq!(suite.tag_name().name(), "testsuite");
        let mut sums = [0; 4];
        for case in suite.children().filter(roxmltree::Node::is_element) {
            assert_eq!(case.tag_name().name(), "testcase");
            let (class, name) = (case.attribute("classname").unwrap(), case.attribute("name").unwrap());
            assert!(names.insert((class, name)), "{name} is there twice in {class}");
            assert_eq!(suite.attribute("name"), Some(class));
            sums[0] += 1;
            let Some(outcome) = case.children().find(roxmltree::Node::is_element) else {
                assert_eq!(name, "no findings");
                continue;
            };
            let message = outcome.attribute("message").unwrap();
            let severity = match outcome.tag_name().name() {
                "failure" => "error",
                "skipped" => message.split(':').next().unwrap(),
                other => panic!("{other} is no outcome"),
            };
            sums[if severity == "error" { 1 } else { 3 }] += 1;
            let code = name.split(' ').next().unwrap().to_owned();
            let line = case.attribute("line").unwrap().parse().unwrap();
            // A file name with control characters cannot be told in XML, nor can a case have another file than its class.
            let file = case.attribute("file").unwrap().to_owned();
            told.push(Told { file, line, code, severity: severity.to_owned() });
        }
        for (sum, key) in sums.into_iter().zip(["tests", "failures", "errors", "skipped"]) {
            assert_eq!(suite.attribute(key), Some(sum.to_string().as_str()), "{key}");
        }
        all.iter_mut().zip(sums).for_each(|(all, sum)| *all += sum);
    }
    for (sum, key) in all.into_iter().zip(["tests", "failures", "errors", "skipped"]) {
        assert_eq!(root.attribute(key), Some(sum.to_string().as_str()), "{key}");
    }
    told
}

/// A text with `%XX` taken back. None of the characters that must be escaped may stand as it is.
fn unescaped(text: &str, reserved: &[char]) -> String {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        assert!(!before.contains(reserved), "{text}");
        bytes.extend(before.as_bytes());
        let digits = after.get(..2).unwrap_or_else(|| panic!("{text}"));
        bytes.push(u8::from_str_radix(digits, 16).unwrap());
        rest = &after[2..];
    }
    assert!(!rest.contains(reserved), "{text}");
    bytes.extend(rest.as_bytes());
    String::from_utf8(bytes).unwrap()
}
