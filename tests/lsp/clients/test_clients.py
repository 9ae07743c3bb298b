"""The server with the capabilities of real editors, by pytest-lsp, which also holds every answer against the protocol.

Run by `cargo test --test lsp`, which says where the command and the folder for files are.
"""

import os
import pathlib
import warnings

import pytest
import pytest_lsp
from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities
from pytest_lsp.checks import LspSpecificationWarning

COMMAND = os.environ["FEATGRAPH"]
EDITORS = [
    "visual-studio-code",
    "emacs",
    "neovim@v0.7.0",
    "neovim@v0.9.1",
    "neovim@v0.11.0",
]

IMAGE = """[image]
include = ["users.features.toml"]

# é𝄞
[[ensure_dir]]
path = "/srv"
user = "web"
group = "wbe"

[[ensure_dir]]
path = "/opt"
mdoe = "0755"
"""
USERS = """[[user]]
name = "web"

[[assume]]
files = ["/etc/passwd", "/etc/group"]
reason = "they are always there"
"""


@pytest.fixture(autouse=True)
def strict():
    """What falls outside the protocol is a failure."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", LspSpecificationWarning)
        yield


@pytest_lsp.fixture(config=ClientServerConfig(server_command=[COMMAND, "lsp"]), params=EDITORS)
async def editor(request, lsp_client: LanguageClient, tmp_path: pathlib.Path):
    folder = tmp_path / "a b é"
    folder.mkdir()
    (folder / "web.image.toml").write_text(IMAGE, encoding="utf-8")
    (folder / "users.features.toml").write_text(USERS, encoding="utf-8")
    lsp_client.folder = folder
    lsp_client.registered = []

    @lsp_client.feature(types.CLIENT_REGISTER_CAPABILITY)
    def register(params: types.RegistrationParams):
        lsp_client.registered += [registration.method for registration in params.registrations]

    lsp_client.greeting = await lsp_client.initialize_session(
        types.InitializeParams(
            capabilities=client_capabilities(request.param),
            workspace_folders=[types.WorkspaceFolder(uri=folder.as_uri(), name="test")],
        )
    )
    yield
    await lsp_client.shutdown_session()


def uri(editor, name="web.image.toml"):
    return (editor.folder / name).as_uri()


def document(editor, name="web.image.toml"):
    return types.TextDocumentIdentifier(uri=uri(editor, name))


def opened(editor, text=IMAGE, name="web.image.toml"):
    item = types.TextDocumentItem(uri=uri(editor, name), language_id="toml", version=1, text=text)
    editor.text_document_did_open(types.DidOpenTextDocumentParams(text_document=item))


def position(editor, text, part, into=1):
    """Where a part of a text stands, as this editor counts columns."""
    before = text[: text.index(part) + into]
    line = before.count("\n")
    column = before.rsplit("\n", 1)[-1]
    utf8 = editor.greeting.capabilities.position_encoding == types.PositionEncodingKind.Utf8
    units = len(column.encode("utf-8")) if utf8 else len(column.encode("utf-16-le")) // 2
    return types.Position(line=line, character=units)


async def findings(editor, name="web.image.toml"):
    """Asked for where this editor asks, else waited for."""
    if editor.greeting.capabilities.diagnostic_provider is not None:
        params = types.DocumentDiagnosticParams(text_document=document(editor, name))
        return (await editor.text_document_diagnostic_async(params)).items
    while uri(editor, name) not in editor.diagnostics:
        await editor.wait_for_notification(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    return editor.diagnostics[uri(editor, name)]


@pytest.mark.asyncio
async def test_findings_stand_at_their_place(editor: LanguageClient):
    opened(editor)
    found = {finding.code: finding for finding in await findings(editor)}
    assert found["missing"].range.start.line == 7
    assert found["missing"].range.start.character == 8
    assert found["unknown-key"].range.start.line == 11
    assert found["missing"].source == "featgraph"


@pytest.mark.asyncio
async def test_an_edit_is_seen(editor: LanguageClient):
    opened(editor)
    await findings(editor)
    editor.diagnostics.clear()
    end = position(editor, IMAGE, '"wbe"', into=4)
    start = types.Position(line=end.line, character=end.character - 3)
    editor.text_document_did_change(
        types.DidChangeTextDocumentParams(
            text_document=types.VersionedTextDocumentIdentifier(uri=uri(editor), version=2),
            content_changes=[
                types.TextDocumentContentChangePartial(range=types.Range(start=start, end=end), text="web")
            ],
        )
    )
    assert {finding.code for finding in await findings(editor)} == {"unknown-key"}


@pytest.mark.asyncio
async def test_questions_have_answers(editor: LanguageClient):
    opened(editor)
    await findings(editor)
    at = position(editor, IMAGE, 'web"\ngroup')
    place = {"text_document": document(editor), "position": at}
    hover = await editor.text_document_hover_async(types.HoverParams(**place))
    assert "user:web" in hover.contents.value
    assert hover.range.start.line == 6
    definition = await editor.text_document_definition_async(types.DefinitionParams(**place))
    target = definition[0]
    assert getattr(target, "uri", None) or target.target_uri
    context = types.ReferenceContext(include_declaration=True)
    references = await editor.text_document_references_async(types.ReferenceParams(context=context, **place))
    assert len(references) == 2
    completions = await editor.text_document_completion_async(types.CompletionParams(**place))
    assert "root" in [item.label for item in completions.items]
    outline = await editor.text_document_document_symbol_async(
        types.DocumentSymbolParams(text_document=document(editor))
    )
    assert "/srv" in [symbol.name for symbol in outline]
    folds = await editor.text_document_folding_range_async(types.FoldingRangeParams(text_document=document(editor)))
    assert folds
    links = await editor.text_document_document_link_async(types.DocumentLinkParams(text_document=document(editor)))
    assert links[0].target == uri(editor, "users.features.toml")


@pytest.mark.asyncio
async def test_a_user_is_renamed_in_both_files(editor: LanguageClient):
    opened(editor)
    await findings(editor)
    place = {"text_document": document(editor), "position": position(editor, IMAGE, 'web"\ngroup')}
    edit = await editor.text_document_rename_async(types.RenameParams(new_name="www", **place))
    files = edit.changes or {change.text_document.uri: change.edits for change in edit.document_changes}
    assert sorted(files) == [uri(editor, "users.features.toml"), uri(editor)]


@pytest.mark.asyncio
async def test_a_fix_is_offered(editor: LanguageClient):
    opened(editor)
    known = [finding for finding in await findings(editor) if finding.code == "unknown-key"]
    actions = await editor.text_document_code_action_async(
        types.CodeActionParams(
            text_document=document(editor),
            range=known[0].range,
            context=types.CodeActionContext(diagnostics=known),
        )
    )
    assert "mode" in actions[0].title
    assert actions[0].diagnostics[0].code == "unknown-key"
