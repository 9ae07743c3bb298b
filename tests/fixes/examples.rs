//! Every rule, as an example: a set of features and what changes in it, in an image that stands on a small base.

use featgraph::fix::Which;

use crate::{Files, check, check_choice, check_not_safe, edits, edits_on_demand, text_of};

// ---- names ---------------------------------------------------------------------------------------------------

#[test]
fn a_mistyped_key_is_renamed() {
    edits(
        r#"
[[install]]
dst = "/etc/motd"
txt = "hello\n"  # the greeting
"#,
        r#"
@@ -2,2 +2,2 @@
 dst = "/etc/motd"
-txt = "hello\n"  # the greeting
+text = "hello\n"  # the greeting
"#,
    );
}

#[test]
fn a_key_that_other_tools_have_is_called_as_here() {
    edits_on_demand(
        r#"
[[install]]
destination = "/etc/motd"
content = "hello\n"
owner = "root"
permissions = "0644"
"#,
        r#"
@@ -1,5 +1,5 @@
 [[install]]
-destination = "/etc/motd"
-content = "hello\n"
-owner = "root"
-permissions = "0644"
+dst = "/etc/motd"
+text = "hello\n"
+user = "root"
+mode = "0644"
"#,
    );
}

#[test]
fn a_key_of_which_nothing_is_known_can_be_deleted() {
    edits_on_demand(
        r#"
[[install]]
dst = "/etc/motd"
text = "hello\n"
colour = "blue"
"#,
        r#"
@@ -3,2 +3 @@
 text = "hello\n"
-colour = "blue"
"#,
    );
}

#[test]
fn a_mistyped_kind_is_renamed_in_every_header() {
    edits(
        r#"
[[instal]]
dst = "/etc/motd"
text = "hello\n"

[[ instal ]]
dst = "/etc/issue"
text = "hello\n"

[instal.xattrs]
"user.note" = "x"
"#,
        r#"
@@ -1,2 +1,2 @@
-[[instal]]
+[[install]]
 dst = "/etc/motd"
@@ -4,3 +4,3 @@
 
-[[ instal ]]
+[[ install ]]
 dst = "/etc/issue"
@@ -8,3 +8,3 @@
 
-[instal.xattrs]
+[install.xattrs]
 "user.note" = "x"
"#,
    );
}

#[test]
fn a_mistyped_user_is_renamed() {
    edits(
        r#"
[[user]]
name = "web"

[[ensure_dir]]
path = "/srv/web"
user = "wbe"
"#,
        r#"
@@ -5,2 +5,2 @@
 path = "/srv/web"
-user = "wbe"
+user = "web"
"#,
    );
}

#[test]
fn a_mistyped_path_is_renamed_also_before_what_is_below_it() {
    edits(
        r#"
[[group]]
name = "a"

[[install]]
dst = "/ect/motd"
text = "hello\n"
"#,
        r#"
@@ -4,3 +4,3 @@
 [[install]]
-dst = "/ect/motd"
+dst = "/etc/motd"
 text = "hello\n"
"#,
    );
}

#[test]
fn a_name_that_differs_by_a_digit_is_no_slip() {
    edits(
        r#"
[[user]]
name = "web1"

[[ensure_dir]]
path = "/srv/web"
user = "web2"
"#,
        r#"
@@ -3,2 +3,5 @@
 
+[[user]]
+name = "web2"
+
 [[ensure_dir]]
"#,
    );
}

#[test]
fn a_name_that_is_only_similar_is_a_matter_of_choice() {
    check_not_safe(
        r#"
[[group]]
name = "logs"

[[ensure_dir]]
path = "/srv/log"
group = "log"
"#,
    );
}

#[test]
fn a_mistyped_word_is_written_right() {
    edits(
        r#"
[[symlink]]
link = "/etc/current"
target = "/srv"
expect = "directroy"
"#,
        r#"
@@ -3,2 +3,2 @@
 target = "/srv"
-expect = "directroy"
+expect = "directory"
"#,
    );
}

// ---- values --------------------------------------------------------------------------------------------------

#[test]
fn a_decimal_mode_becomes_octal() {
    edits(
        r#"
[[ensure_dir]]
path = "/srv/a"
mode = 755

[[ensure_dir]]
path = "/srv/b"
mode = "0755"
"#,
        r#"
@@ -2,3 +2,3 @@
 path = "/srv/a"
-mode = 755
+mode = "0755"
 
"#,
    );
}

#[test]
fn a_mode_that_json_or_yaml_has_made_a_number_of_is_not_written_without_asking() {
    for mode in ["420", "493", "384", "511", "0x1ED", "0b110100100"] {
        check_not_safe(&format!("[[ensure_dir]]\npath = \"/srv/a\"\nmode = {mode}\n"));
    }
}

#[test]
fn a_command_line_is_not_made_a_program_with_blanks_in_its_name() {
    for command in ["apt-get update", "a && b", "A=b c", "echo 'x y'", "ls *"] {
        check_not_safe(&format!("[[run]]\ncommand = \"{command}\"\n"));
        check_not_safe(&format!("[[oci]]\nentrypoint = \"{command}\"\n"));
    }
}

#[test]
fn what_another_tool_would_expand_is_not_written_as_a_path() {
    for path in
        ["$HOME/.profile", " /srv/x", "%{_bindir}/x", "~/x", "{{ a }}/b", "%h/x", "conf/x", "C:\\\\x", "http://a/b"]
    {
        check_not_safe(&format!("[[ensure_dir]]\npath = \"{path}\"\n"));
    }
    check_not_safe("[[ensure_dir]]\npath = \"/srv/a/../b\"\n");
}

#[test]
fn a_value_that_would_be_found_fault_with_is_not_written_without_asking() {
    check_not_safe("[[ensure_dir]]\npath = \"/srv/a\"\nmode = 777\n");
}

#[test]
fn a_path_becomes_absolute() {
    edits(
        r#"
[[ensure_dir]]
path = "./srv//a"
"#,
        r#"
@@ -1,2 +1,2 @@
 [[ensure_dir]]
-path = "./srv//a"
+path = "/srv/a"
"#,
    );
}

#[test]
fn values_are_converted_where_their_meaning_is_certain() {
    edits(
        r#"
[[user]]
name = "web"
uid = "1500"
groups = "staff"
system = "no"
comment = 42

[[group]]
name = "staff"
"#,
        r#"
@@ -2,6 +2,6 @@
 name = "web"
-uid = "1500"
-groups = "staff"
-system = "no"
-comment = 42
+uid = 1500
+groups = ["staff"]
+system = false
+comment = "42"
 
"#,
    );
}

#[test]
fn one_pair_of_brackets_becomes_two() {
    check("[group]\nname = \"web\"\n", "[[group]]\nname = \"web\"\n");
}

#[test]
fn a_key_with_the_same_value_twice_is_said_once() {
    edits(
        r#"
[[install]]
dst = "/etc/motd"
text = "hello\n"
mode = "0644"
text = "hello\u000a"  # again
"#,
        r#"
@@ -4,2 +4 @@
 mode = "0644"
-text = "hello\u000a"  # again
"#,
    );
}

#[test]
fn of_two_values_of_one_key_the_first_is_kept_on_demand() {
    edits_on_demand(
        r#"
[[install]]
dst = "/etc/motd"
text = "one\n"
text = "two\n"
"#,
        r#"
@@ -3,2 +3 @@
 text = "one\n"
-text = "two\n"
"#,
    );
}

#[test]
fn a_string_is_closed_before_what_looks_like_a_comment() {
    edits_on_demand(
        r#"
[[group]]
name = "web    # for the site
"#,
        r#"
@@ -1,2 +1,2 @@
 [[group]]
-name = "web    # for the site
+name = "web"    # for the site
"#,
    );
}

#[test]
fn an_allow_of_an_error_is_deleted() {
    edits(
        r#"
[[group]]
name = "web"
allow = ["missing"]
"#,
        r#"
@@ -2,2 +2 @@
 name = "web"
-allow = ["missing"]
"#,
    );
}

// ---- what is missing -----------------------------------------------------------------------------------------

#[test]
fn a_missing_directory_is_added_before_what_needs_it() {
    edits(
        r#"
# The site.
[[install]]
dst = "/srv/site/index.html"
text = "hello\n"
"#,
        r#"
@@ -1,2 +1,5 @@
 # The site.
+[[ensure_dir]]
+path = "/srv/site"
+
 [[install]]
"#,
    );
}

#[test]
fn the_comment_of_a_feature_stays_with_it() {
    edits(
        r#"
[[group]]
name = "web"

# The site.
[[install]]
dst = "/srv/site/index.html"
text = "hello\n"
"#,
        r#"
@@ -3,2 +3,5 @@
 
+[[ensure_dir]]
+path = "/srv/site"
+
 # The site.
"#,
    );
}

#[test]
fn a_missing_home_belongs_to_its_user() {
    edits(
        r#"
[[user]]
name = "web"
home = "/srv/web"
"#,
        r#"
@@ -1 +1,6 @@
+[[ensure_dir]]
+path = "/srv/web"
+user = "web"
+group = "web"
+
 [[user]]
"#,
    );
}

#[test]
fn a_missing_directory_has_the_owner_of_those_beside_it() {
    edits(
        r#"
[[user]]
name = "web"

[[ensure_dir]]
path = ["/srv/web", "/srv/web/css"]
user = "web"
group = "web"

[[install]]
dst = "/srv/web/js/main.js"
text = "\n"
user = "web"
"#,
        r#"
@@ -8,2 +8,7 @@
 
+[[ensure_dir]]
+path = "/srv/web/js"
+user = "web"
+group = "web"
+
 [[install]]
"#,
    );
}

#[test]
fn where_a_whole_chain_is_missing_parents_are_made() {
    edits(
        r#"
[[install]]
dst = "/opt/vendor/app/app.conf"
text = "\n"
"#,
        r#"
@@ -3 +3,2 @@
 text = "\n"
+parents = true
"#,
    );
}

#[test]
fn a_missing_user_is_declared_next_to_its_like() {
    edits(
        r#"
[[user]]
name = "database"
comment = "keeps things"  # last line

# Files.
[[ensure_dir]]
path = "/srv/web"
user = "web"
"#,
        r#"
@@ -4,2 +4,5 @@
 
+[[user]]
+name = "web"
+
 # Files.
"#,
    );
}

#[test]
fn a_missing_group_is_declared_before_its_first_use() {
    edits(
        r#"
[[ensure_dir]]
path = "/srv/web"
group = "web"
"#,
        r#"
@@ -1 +1,4 @@
+[[group]]
+name = "web"
+
 [[ensure_dir]]
"#,
    );
}

#[test]
fn what_may_be_absent_need_not_be_removed_on_demand() {
    check_choice("[[remove]]\npath = \"/etc/motd\"\n", "[[remove]]\npath = \"/etc/motd\"\nmust_exist = false\n");
}

#[test]
fn a_link_dangles_on_demand() {
    check_choice(
        "[[symlink]]\nlink = \"/etc/motd\"\ntarget = \"/srv/motd\"\n",
        "[[symlink]]\nlink = \"/etc/motd\"\ntarget = \"/srv/motd\"\nexpect = \"nothing\"\n",
    );
}

#[test]
fn what_comes_from_outside_is_assumed_on_demand_with_a_reason_to_fill_in() {
    edits_on_demand(
        r#"
[[require]]
executables = ["/usr/bin/nginx"]
"#,
        r#"
@@ -1 +1,5 @@
+[[assume]]
+executables = ["/usr/bin/nginx"]
+reason = "to be filled in: where does it come from?"
+
 [[require]]
"#,
    );
}

#[test]
fn a_shell_is_made_executable() {
    edits(
        r#"
[[install]]
dst = "/usr/bin/shell"
text = "x\n"
mode = "0640"

[[user]]
name = "web"
shell = "/usr/bin/shell"
"#,
        r#"
@@ -3,3 +3,3 @@
 text = "x\n"
-mode = "0640"
+mode = "0750"
 
"#,
    );
}

#[test]
fn a_directory_goes_with_all_below_it_on_demand() {
    let dirs = "[[ensure_dir]]\npath = [\"/srv/a\", \"/srv/a/b\"]\n\n";
    let remove =
        |recursive| format!("{dirs}[[remove]]\npath = \"/srv/a\"\nphase = \"finalize\"\nrecursive = {recursive}\n");
    check_choice(&remove(false), &remove(true));
}

// ---- two of one thing ----------------------------------------------------------------------------------------

#[test]
fn a_duplicate_is_deleted_with_its_comment() {
    edits(
        r#"
[[group]]
name = "web"

# Once more.
[[group]]
name = "web"

[[group]]
name = "other"
"#,
        r#"
@@ -3,6 +3,2 @@
 
-# Once more.
-[[group]]
-name = "web"
-
 [[group]]
"#,
    );
}

#[test]
fn of_a_list_only_the_element_that_is_a_duplicate_is_deleted() {
    check("[[group]]\nname = [\"a\", \"b\", \"a\"]\n", "[[group]]\nname = [\"a\", \"b\"]\n");
}

#[test]
fn one_of_two_that_conflict_agrees_or_goes_on_demand() {
    edits_on_demand(
        r#"
[[ensure_dir]]
path = "/srv/a"
mode = "0750"

[[ensure_dir]]
path = "/srv/a"
mode = "0755"
"#,
        r#"
@@ -6,2 +6,2 @@
 path = "/srv/a"
-mode = "0755"
+mode = "0750"
"#,
    );
    edits_on_demand(
        r#"
[[install]]
dst = "/srv/a"
text = "\n"

# A directory, too?
[[ensure_dir]]
path = ["/srv/a", "/srv/b"]
"#,
        r#"
@@ -6,2 +6,2 @@
 [[ensure_dir]]
-path = ["/srv/a", "/srv/b"]
+path = ["/srv/b"]
"#,
    );
}

#[test]
fn what_the_parent_has_is_replaced_on_demand() {
    edits_on_demand(
        r#"
[[install]]
dst = "/etc/passwd"
text = "root:x:0:0::/:/bin/sh\n"
"#,
        r#"
@@ -3 +3,2 @@
 text = "root:x:0:0::/:/bin/sh\n"
+replace = true
"#,
    );
}

#[test]
fn of_two_equal_numbers_one_is_deleted_on_demand() {
    edits_on_demand(
        r#"
[[user]]
name = "a"
uid = 1500

[[user]]
name = "b"
uid = 1500  # as before
"#,
        r#"
@@ -6,2 +6 @@
 name = "b"
-uid = 1500  # as before
"#,
    );
}

#[test]
fn a_circle_loses_a_requirement_on_demand() {
    edits_on_demand(
        r#"
[[install]]
dst = "/etc/a"
text = "a"
requires = ["/etc/passwd", "/etc/b"]

[[install]]
dst = "/etc/b"
text = "b"
requires = ["/etc/a"]
"#,
        r#"
@@ -3,3 +3,3 @@
 text = "a"
-requires = ["/etc/passwd", "/etc/b"]
+requires = ["/etc/passwd"]
 
"#,
    );
}

#[test]
fn a_link_that_leads_to_itself_is_deleted_on_demand() {
    check_choice(
        "[[group]]\nname = \"a\"\n\n[[symlink]]\nlink = \"/etc/x\"\ntarget = \"x\"\n",
        "[[group]]\nname = \"a\"\n",
    );
}

#[test]
fn commands_are_put_in_order_on_demand() {
    edits_on_demand(
        r#"
[[run]]
command = ["update-ca-certificates"]
provides = ["virtual:update-ca-certificates"]

[[run]]
command = ["locale-gen"]
"#,
        r#"
@@ -2,3 +2,3 @@
 command = ["update-ca-certificates"]
-provides = ["virtual:update-ca-certificates"]
+provides = ["virtual:update-ca-certificates", "virtual:update-ca-certificates-2"]
 
@@ -6 +6,2 @@
 command = ["locale-gen"]
+requires = ["virtual:update-ca-certificates-2"]
"#,
    );
}

// ---- what is probably not meant ------------------------------------------------------------------------------

#[test]
fn what_has_no_effect_is_deleted() {
    edits(
        r#"
[[assume]]
reason = "it may be there"
users = ["www-data"]

[[install]]
dst = "/etc/motd"
text = "hello\n"
allow = ["world-writable"]
replace = true
"#,
        r#"
@@ -1,5 +1 @@
-[[assume]]
-reason = "it may be there"
-users = ["www-data"]
-
 [[install]]
@@ -7,3 +3 @@
 text = "hello\n"
-allow = ["world-writable"]
-replace = true
"#,
    );
}

#[test]
fn of_an_assumption_only_what_has_no_effect_is_deleted() {
    edits(
        r#"
[[assume]]
reason = "made by the platform"
users = [
  "www-data",  # not any more
  "web",
]

[[ensure_dir]]
path = "/srv/web"
user = "web"
"#,
        r#"
@@ -3,3 +3,2 @@
 users = [
-  "www-data",  # not any more
   "web",
"#,
    );
}

#[test]
fn all_directories_between_belong_to_the_owner_above() {
    edits(
        r#"
[[user]]
name = "web"

[[ensure_dir]]
path = "/srv/web"
user = "web"
group = "web"

[[install]]
dst = "/srv/web/a/b/c"
text = "\n"
user = "web"
parents = true
"#,
        r#"
@@ -8,2 +8,7 @@
 
+[[ensure_dir]]
+path = ["/srv/web/a", "/srv/web/a/b"]
+user = "web"
+group = "web"
+
 [[install]]
"#,
    );
}

#[test]
fn a_number_that_may_be_taken_is_written_down() {
    edits(
        r#"
[[run]]
command = ["useradd"]

[[user]]
name = "web"
"#,
        r#"
@@ -5 +5,2 @@
 name = "web"
+uid = 1000
"#,
    );
}

#[test]
fn modes_lose_bits_on_demand() {
    edits_on_demand(
        r#"
[[ensure_dir]]
path = "/srv/drop"
mode = "0777"

[[install]]
dst = "/usr/bin/su"
text = "\n"
mode = "4755"
"#,
        r#"
@@ -2,3 +2,3 @@
 path = "/srv/drop"
-mode = "0777"
+mode = "0775"
 
@@ -7,2 +7,2 @@
 text = "\n"
-mode = "4755"
+mode = "0755"
"#,
    );
}

#[test]
fn an_unusual_name_is_exchanged_wherever_the_file_has_it_on_demand() {
    edits_on_demand(
        r#"
[[user]]
name = "Deploy"

[[ensure_dir]]
path = "/srv/deploy"
user = "Deploy"
requires = ["user:Deploy"]
description = "Deploy"
"#,
        r#"
@@ -1,3 +1,3 @@
 [[user]]
-name = "Deploy"
+name = "deploy"
 
@@ -5,4 +5,4 @@
 path = "/srv/deploy"
-user = "Deploy"
-requires = ["user:Deploy"]
+user = "deploy"
+requires = ["user:deploy"]
 description = "Deploy"
"#,
    );
}

// ---- files ---------------------------------------------------------------------------------------------------

#[test]
fn a_file_that_includes_itself_need_not() {
    check("include = [\"the.features.toml\"]\n\n[[group]]\nname = \"a\"\n", "[[group]]\nname = \"a\"\n");
}

#[test]
fn a_mistyped_file_is_renamed_and_one_that_is_not_there_is_no_longer_included_on_demand() {
    let group = "[[group]]\nname = \"a\"\n";
    let base = ("base.image.toml", crate::BASE);
    let image =
        "[image]\nparent = \"base.image.toml\"\ninclude = [\"sets/gruops.features.toml\", \"sets/x.features.toml\"]\n";
    let files = Files::new(&[("an.image.toml", image), ("sets/groups.features.toml", group), base]);
    let safe = files.mend(Which::Safe);
    let text = image.replace("gruops", "groups");
    assert_eq!(text_of(&safe.workspace, "an.image.toml"), text);
    let all = files.mend(Which::Unsafe);
    assert_eq!(text_of(&all.workspace, "an.image.toml"), text.replace(", \"sets/x.features.toml\"", ""));
    assert!(all.report.diagnostics.is_empty());
}
