/** Starts the language server, shows how it is, and offers what a server cannot: the plan, and why something is there. */

import * as vscode from "vscode";
import { LanguageClient, State, type LanguageClientOptions, type ServerOptions } from "vscode-languageclient/node";

import { entityAt, isImage, planArguments, run, whyArguments, type Answer } from "./command";

const MANIFESTS = "**/*.{image,features}.{toml,json}";
const SCHEME = "featgraph";

let client: LanguageClient | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const status = vscode.window.createStatusBarItem("featgraph.status", vscode.StatusBarAlignment.Right);
  status.name = "featgraph";
  status.command = "featgraph.restart";
  const pages = new Pages();
  context.subscriptions.push(
    status,
    vscode.workspace.registerTextDocumentContentProvider(SCHEME, pages),
    vscode.commands.registerCommand("featgraph.showPlan", () => showPlan(pages)),
    vscode.commands.registerCommand("featgraph.why", () => why(pages)),
    vscode.commands.registerCommand("featgraph.restart", () => start(status)),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("featgraph.path")) {
        void start(status);
      }
    }),
  );
  await start(status);
}

export async function deactivate(): Promise<void> {
  await client?.dispose();
}

function program(): string {
  return vscode.workspace.getConfiguration("featgraph").get("path", "featgraph");
}

/** Starts the server anew. That it cannot be started is said once, with the way out. */
async function start(status: vscode.StatusBarItem): Promise<void> {
  const before = client;
  client = undefined;
  await before?.dispose().catch(() => undefined);
  const server: ServerOptions = { command: program(), args: ["lsp"] };
  const options: LanguageClientOptions = {
    documentSelector: [{ scheme: "file", pattern: MANIFESTS }],
    initializationOptions: vscode.workspace.getConfiguration("featgraph"),
    synchronize: { configurationSection: "featgraph" },
  };
  const started = new LanguageClient("featgraph", "featgraph", server, options);
  client = started;
  started.onDidChangeState(({ newState }) => {
    if (client === started) {
      show(status, newState);
    }
  });
  show(status, State.Starting);
  try {
    await started.start();
  } catch (error) {
    show(status, State.Stopped);
    const settings = "Open settings";
    const message = `featgraph: ${program()} cannot be started as a language server: ${String(error)}`;
    void vscode.window.showErrorMessage(message, settings).then((chosen) => {
      if (chosen === settings) {
        void vscode.commands.executeCommand("workbench.action.openSettings", "featgraph.path");
      }
    });
  }
}

function show(status: vscode.StatusBarItem, state: State): void {
  const [icon, words] = {
    [State.Running]: ["$(check)", "The language server is running."],
    [State.Starting]: ["$(sync~spin)", "The language server is starting."],
    [State.Stopped]: ["$(error)", "The language server has stopped."],
  }[state];
  status.text = `${icon} featgraph`;
  status.tooltip = `${words} Click to restart it.`;
  status.show();
}

/** The image in the editor, as it is on disk: the program reads files. */
async function image(): Promise<vscode.TextEditor | undefined> {
  const editor = vscode.window.activeTextEditor;
  if (!editor || !isImage(editor.document.fileName)) {
    void vscode.window.showInformationMessage("featgraph: open an image (NAME.image.toml or NAME.image.json) first.");
    return undefined;
  }
  return !editor.document.isDirty || (await editor.document.save()) ? editor : undefined;
}

async function showPlan(pages: Pages): Promise<void> {
  const editor = await image();
  if (editor) {
    const file = editor.document.fileName;
    const answer = await run(program(), file, planArguments(file));
    if (answer.status === 1) {
      void vscode.window.showWarningMessage("featgraph: there is no plan while the image has errors.");
      void vscode.commands.executeCommand("workbench.actions.view.problems");
      return;
    }
    await pages.open("Plan", file, answer);
  }
}

async function why(pages: Pages): Promise<void> {
  const editor = await image();
  if (editor) {
    const { document, selection } = editor;
    const guess = entityAt(document.getText(), selection.active.line, selection.active.character);
    const entity =
      guess ?? (await vscode.window.showInputBox({ prompt: "A path, user:NAME, group:NAME, package:NAME or virtual:NAME" }));
    if (entity) {
      await pages.open("Why", document.fileName, await run(program(), document.fileName, whyArguments(document.fileName, entity)));
    }
  }
}

/** Read-only documents with what the program answered. */
class Pages implements vscode.TextDocumentContentProvider {
  private readonly texts = new Map<string, string>();
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.changed.event;

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.texts.get(uri.path) ?? "";
  }

  async open(title: string, manifest: string, answer: Answer): Promise<void> {
    if (answer.status === null || answer.text === "") {
      void vscode.window.showErrorMessage(`featgraph: ${answer.messages.trim() || "no answer"}`);
      return;
    }
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `${manifest} (${title}).txt` });
    this.texts.set(uri.path, answer.text);
    this.changed.fire(uri);
    await vscode.window.showTextDocument(uri, { viewColumn: vscode.ViewColumn.Beside, preview: true, preserveFocus: true });
  }
}
