/** What the extension asks the program. Where `FEATGRAPH` names the program, it is really asked. */

import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { test } from "node:test";

import { entityAt, isImage, planArguments, run, whyArguments } from "../src/command";

const TOML = `[[user]]
name = "web"
groups = [
  "adm",
]

[[package]]
names = ["nginx=1.2"]

[[install]]
dst = "/etc/motd"
user = "web"
text = "Hello"
requires = ["virtual:dns"]
`;

/** The entity at a piece of the text. */
function at(text: string, piece: string): string | undefined {
  const before = text.slice(0, text.indexOf(piece) + 1).split("\n");
  return entityAt(text, before.length - 1, (before.at(-1) ?? "").length);
}

test("what is under the cursor is an entity by its key and its kind", () => {
  assert.equal(at(TOML, '"web"'), "user:web");
  assert.equal(at(TOML, '"adm"'), "group:adm");
  assert.equal(at(TOML, '"nginx=1.2"'), "package:nginx");
  assert.equal(at(TOML, '"/etc/motd"'), "path:/etc/motd");
  assert.equal(at(TOML, '"virtual:dns"'), "virtual:dns");
  assert.equal(at(TOML, '"Hello"'), undefined);
  assert.equal(at(TOML, "[[install]]"), undefined);
});

test("json says the same", () => {
  const json = '{\n  "user": [\n    {\n      "name": "web",\n      "home": "/srv/web"\n    }\n  ]\n}\n';
  assert.equal(at(json, '"web"'), "user:web");
  assert.equal(at(json, '"/srv/web"'), "path:/srv/web");
  assert.equal(at(json, '"home"'), undefined);
});

test("the program is asked about the file in its folder", () => {
  assert.ok(isImage("/a/b.image.toml") && !isImage("/a/b.features.toml"));
  assert.deepEqual(planArguments("/a/b.image.toml"), ["plan", "b.image.toml", "--format", "text", "--color", "never"]);
  assert.deepEqual(whyArguments("/a/b.image.toml", "user:web"), ["why", "b.image.toml", "user:web", "--color", "never"]);
});

test("a program that is not there is an answer", async () => {
  const answer = await run("/nowhere/featgraph", path.join(tmpdir(), "a.image.toml"), ["plan"]);
  assert.equal(answer.status, null);
  assert.match(answer.messages, /nowhere/);
});

const program = process.env["FEATGRAPH"];
test("the real program gives a plan and a reason", { skip: program ? false : "FEATGRAPH does not name the program" }, async () => {
  const manifest = path.join(mkdtempSync(path.join(tmpdir(), "featgraph-")), "a.image.toml");
  writeFileSync(manifest, '[[ensure_dir]]\npath = "/srv/web"\n');
  const plan = await run(program ?? "", manifest, planArguments(manifest));
  assert.equal(plan.status, 0, plan.messages);
  assert.match(plan.text, /\/srv\/web/);
  const why = await run(program ?? "", manifest, whyArguments(manifest, "path:/srv"));
  assert.equal(why.status, 0, why.messages);
  assert.match(why.text, /\/srv/);
});
