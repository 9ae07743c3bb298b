/** What the program is asked, and what of a manifest it is asked about. Knows nothing of the editor, so that it can be tested without one. */

import { execFile } from "node:child_process";
import * as path from "node:path";

/** How a run of the program ended. */
export interface Answer {
  /** What it wrote to standard output. */
  text: string;
  /** What it wrote to standard error. */
  messages: string;
  /** Its exit status; null if it could not be started. */
  status: number | null;
}

/** Whether a file declares an image, by its name. */
export function isImage(file: string): boolean {
  return /\.image\.(toml|json)$/.test(file);
}

/** The arguments that write a plan for people. */
export function planArguments(file: string): string[] {
  return ["plan", path.basename(file), "--format", "text", "--color", "never"];
}

/** The arguments that ask about an entity. */
export function whyArguments(file: string, entity: string): string[] {
  return ["why", path.basename(file), entity, "--color", "never"];
}

/** Runs the program in the folder of a manifest. Never throws: that it cannot be started is an answer, too. */
export function run(program: string, manifest: string, args: string[]): Promise<Answer> {
  return new Promise((resolve) => {
    const options = { cwd: path.dirname(manifest), maxBuffer: 256 * 1024 * 1024 };
    execFile(program, args, options, (error, text, messages) => {
      const code = error ? (error as { code?: unknown }).code : 0;
      const started = typeof code === "number";
      resolve({ text, messages: started ? messages : String(error?.message ?? ""), status: started ? code : null });
    });
  });
}

/** Keys whose values are names of a sort of entity. Every other value that starts with `/` is a path. */
const NAMES: Record<string, string> = { user: "user", group: "group", groups: "group", add_groups: "group" };

/** Kinds whose `name` is an entity. */
const NAMED: Record<string, string> = { user: "user", group: "group", usermod: "user" };

/** The entity that a place in a manifest names: `path:/etc/hosts`, `user:web`. Undefined where it names none. */
export function entityAt(text: string, line: number, column: number): string | undefined {
  const lines = text.split(/\r?\n/);
  const value = stringAt(lines[line] ?? "", column);
  if (value === undefined || value === "") {
    return undefined;
  }
  if (/^(path|user|group|package|virtual):/.test(value)) {
    return value;
  }
  if (value.startsWith("/")) {
    return `path:${value}`;
  }
  const key = keyOf(lines, line);
  const kind = kindOf(lines, line);
  if (key === "name" && kind !== undefined && NAMED[kind] !== undefined) {
    return `${NAMED[kind]}:${value}`;
  }
  if (key === "names" && kind === "package") {
    return `package:${value.split("=")[0]}`;
  }
  return key !== undefined && NAMES[key] !== undefined && !/^\d+$/.test(value) ? `${NAMES[key]}:${value}` : undefined;
}

/** The quoted text around a column. */
function stringAt(line: string, column: number): string | undefined {
  for (const match of line.matchAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'/g)) {
    if (match.index <= column && column <= match.index + match[0].length && !/^\s*:/.test(line.slice(match.index + match[0].length))) {
      return match[1] !== undefined ? unescaped(match[0]) : match[2];
    }
  }
  return undefined;
}

function unescaped(literal: string): string | undefined {
  try {
    return JSON.parse(literal) as string;
  } catch {
    return undefined;
  }
}

/** The key that a line belongs to: its own, or that of the list it stands in. */
function keyOf(lines: string[], line: number): string | undefined {
  for (let at = line; at >= 0; at -= 1) {
    const text = lines[at] ?? "";
    const key = /^\s*"?([A-Za-z_]+)"?\s*[=:]/.exec(text);
    if (key) {
      return key[1];
    }
    if (/^\s*\[\[/.test(text)) {
      return undefined;
    }
  }
  return undefined;
}

/** The kind of the feature that a line stands in. */
function kindOf(lines: string[], line: number): string | undefined {
  for (let at = line; at >= 0; at -= 1) {
    const header = /^\s*\[\[\s*([a-z_]+)\s*\]\]/.exec(lines[at] ?? "") ?? /^\s*"([a-z_]+)"\s*:\s*\[\s*(\{|$)/.exec(lines[at] ?? "");
    if (header) {
      return header[1];
    }
  }
  return undefined;
}
