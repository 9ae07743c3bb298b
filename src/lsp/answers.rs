//! One function for each request: parameters read, `ide` asked, the answer converted.

use gen_lsp_types as lsp;
use gen_lsp_types::{Request, Uri};
use lsp_server::{ErrorCode, ResponseError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::convert::Converter;
use super::diagnostics::Known;
use super::documents::path_of;
use super::positions::Positions;
use super::worker::Desk;
use crate::ide;
use crate::text::Source;

/// The answer to a request, or why there is none.
pub(super) type Answer = Result<Value, ResponseError>;

/// Answers a request.
pub(super) fn answer(desk: &mut Desk, method: &str, params: Value) -> Answer {
    /// Finds the function of a method; its type says what it takes and gives.
    macro_rules! dispatch {
        ($($request:ty => $answer:expr,)*) => {
            $(if method == String::from(<$request as Request>::METHOD) {
                return reply::<$request>(desk, params, $answer);
            })*
        };
    }
    dispatch! {
        lsp::HoverRequest => hover,
        lsp::DefinitionRequest => definition,
        lsp::ReferencesRequest => references,
        lsp::DocumentHighlightRequest => highlights,
        lsp::PrepareRenameRequest => prepare_rename,
        lsp::RenameRequest => rename,
        lsp::CodeActionRequest => code_actions,
        lsp::DocumentSymbolRequest => document_symbols,
        lsp::WorkspaceSymbolRequest => workspace_symbols,
        lsp::CompletionRequest => completion,
        lsp::FoldingRangeRequest => folding,
        lsp::DocumentLinkRequest => links,
        lsp::InlayHintRequest => inlay_hints,
        lsp::DocumentDiagnosticRequest => document_diagnostics,
        lsp::WorkspaceDiagnosticRequest => workspace_diagnostics,
    }
    Err(refused(ErrorCode::MethodNotFound, format!("there is no method `{method}` here")))
}

fn refused(code: ErrorCode, message: impl Into<String>) -> ResponseError {
    ResponseError { code: code as i32, message: message.into(), data: None }
}

/// Reads the parameters, asks, and writes the answer.
fn reply<R: Request>(
    desk: &mut Desk,
    params: Value,
    answer: impl FnOnce(&mut Desk, R::Params) -> Result<R::Result, ResponseError>,
) -> Answer
where
    R::Params: DeserializeOwned,
    R::Result: Serialize,
{
    let params = serde_json::from_value(params)
        .map_err(|error| refused(ErrorCode::InvalidParams, format!("the parameters are wrong: {error}")))?;
    serde_json::to_value(answer(desk, params)?)
        .map_err(|error| refused(ErrorCode::InternalError, format!("the answer cannot be written: {error}")))
}

/// A question about a file that some project knows.
struct Question<'q, 'v> {
    view: &'q ide::View<'v>,
    project: &'q super::project::Project,
    converter: &'q Converter<'q>,
    /// The file's name in the project.
    name: &'q str,
    source: &'q Source,
}

impl Question<'_, '_> {
    fn offset(&self, position: lsp::Position) -> u32 {
        Positions::new(self.source, self.converter.client.encoding).offset(position)
    }

    fn positions(&self) -> Positions<'_> {
        Positions::new(self.source, self.converter.client.encoding)
    }
}

/// Asks about a file; nothing if it is no manifest that is known.
fn about<T>(desk: &mut Desk, uri: &Uri, ask: impl FnOnce(&Question<'_, '_>) -> Option<T>) -> Option<T> {
    let path = path_of(uri)?;
    let client = desk.client.clone();
    let (project, open) = desk.project_of(&path)?;
    let name = project.name(&path)?;
    project.bring_up(open);
    let project: &super::project::Project = project;
    let converter = Converter::new(&client, open);
    project.ask(|view| {
        let source = view.workspace.fragment(&name)?.source.clone();
        ask(&Question { view, project, converter: &converter, name: &name, source: &source })
    })
}

fn hover(desk: &mut Desk, params: lsp::HoverParams) -> Result<Option<lsp::Hover>, ResponseError> {
    let at = params.text_document_position_params;
    Ok(about(desk, &at.text_document.uri, |question| {
        let hover = ide::hover(question.view, question.name, question.offset(at.position))?;
        Some(question.converter.hover(question.source, hover))
    }))
}

fn definition(
    desk: &mut Desk,
    params: lsp::DefinitionParams,
) -> Result<Option<lsp::DefinitionResponse>, ResponseError> {
    let at = params.text_document_position_params;
    Ok(about(desk, &at.text_document.uri, |question| {
        let definition = ide::definition(question.view, question.name, question.offset(at.position))?;
        Some(question.converter.definition(question.project, question.source, &definition))
    }))
}

fn references(desk: &mut Desk, params: lsp::ReferenceParams) -> Result<Option<Vec<lsp::Location>>, ResponseError> {
    let at = params.text_document_position_params;
    Ok(about(desk, &at.text_document.uri, |question| {
        let offset = question.offset(at.position);
        let found = ide::references(question.view, question.name, offset, params.context.include_declaration)?;
        Some(found.iter().filter_map(|place| question.converter.location(question.project, place)).collect())
    }))
}

fn highlights(
    desk: &mut Desk,
    params: lsp::DocumentHighlightParams,
) -> Result<Option<Vec<lsp::DocumentHighlight>>, ResponseError> {
    let at = params.text_document_position_params;
    Ok(about(desk, &at.text_document.uri, |question| {
        let found = ide::references(question.view, question.name, question.offset(at.position), true)?;
        let positions = question.positions();
        let here = found.iter().filter(|place| place.source.name == question.name);
        let highlight = |span| lsp::DocumentHighlight { range: positions.range(span), kind: None };
        Some(here.map(|place| highlight(place.span)).collect())
    }))
}

fn prepare_rename(
    desk: &mut Desk,
    params: lsp::PrepareRenameParams,
) -> Result<Option<lsp::PrepareRenameResult>, ResponseError> {
    let at = params.text_document_position_params;
    let prepared = about(desk, &at.text_document.uri, |question| {
        let renamable = ide::prepare_rename(question.view, question.name, question.offset(at.position));
        Some(renamable.map(|renamable| {
            lsp::PrepareRenameResult::PrepareRenamePlaceholder(lsp::PrepareRenamePlaceholder {
                range: question.positions().range(renamable.span),
                placeholder: renamable.name,
            })
        }))
    });
    prepared.transpose().map_err(|reason| refused(ErrorCode::RequestFailed, reason))
}

fn rename(desk: &mut Desk, params: lsp::RenameParams) -> Result<Option<lsp::WorkspaceEdit>, ResponseError> {
    let at = params.text_document_position_params;
    let renamed = about(desk, &at.text_document.uri, |question| {
        let edits = ide::rename(question.view, question.name, question.offset(at.position), &params.new_name);
        Some(edits.map(|edits| question.converter.edit(question.project, &edits)))
    });
    renamed.transpose().map_err(|reason| refused(ErrorCode::RequestFailed, reason))
}

fn code_actions(
    desk: &mut Desk,
    params: lsp::CodeActionParams,
) -> Result<Option<Vec<lsp::CodeActionResponse>>, ResponseError> {
    let wanted = params.context.only.as_deref();
    let quick = |kind: &lsp::CodeActionKind| matches!(kind, lsp::CodeActionKind::QuickFix | lsp::CodeActionKind::Empty);
    if !desk.client.code_actions || wanted.is_some_and(|kinds| !kinds.iter().any(quick)) {
        return Ok(None);
    }
    desk.check_for(None);
    let uri = &params.text_document.uri;
    if let Some(part) = about(desk, uri, |question| Some(question.positions().span(params.range)))
        && let Some(path) = path_of(uri)
        && let Some((project, _)) = desk.project_of(&path)
        && let Some(name) = project.name(&path)
    {
        project.work_out(&name, part);
    }
    Ok(about(desk, uri, |question| {
        let part = question.positions().span(params.range);
        let actions = ide::actions(question.view, question.name, part);
        let convert = |action: &ide::Action<'_>| {
            lsp::CodeActionResponse::CodeAction(lsp::CodeAction {
                title: action.fix.title.clone(),
                kind: Some(lsp::CodeActionKind::QuickFix),
                diagnostics: question.same(&params.context.diagnostics, action),
                is_preferred: Some(action.fix.safe),
                edit: Some(question.converter.edit(question.project, &action.fix.edits)),
                ..lsp::CodeAction::default()
            })
        };
        Some(actions.iter().map(convert).collect())
    }))
}

impl Question<'_, '_> {
    /// The client's own diagnostics that an action is a way out of.
    fn same(&self, sent: &[lsp::Diagnostic], action: &ide::Action<'_>) -> Option<Vec<lsp::Diagnostic>> {
        let range = self.positions().range(action.finding.location.span);
        let code = lsp::Code::String(action.finding.code.name().to_owned());
        let same = |diagnostic: &&lsp::Diagnostic| diagnostic.range == range && diagnostic.code.as_ref() == Some(&code);
        Some(sent.iter().filter(same).cloned().collect()).filter(|same: &Vec<_>| !same.is_empty())
    }
}

fn document_symbols(
    desk: &mut Desk,
    params: lsp::DocumentSymbolParams,
) -> Result<Option<lsp::DocumentSymbolResponse>, ResponseError> {
    let uri = params.text_document.uri;
    Ok(about(desk, &uri, |question| {
        let symbols = ide::symbols(question.view, question.name);
        Some(question.converter.document_symbols(&uri, question.source, symbols))
    }))
}

fn workspace_symbols(
    desk: &mut Desk,
    params: lsp::WorkspaceSymbolParams,
) -> Result<Option<lsp::WorkspaceSymbolResponse>, ResponseError> {
    let client = desk.client.clone();
    let mut found = Vec::new();
    let (projects, open) = desk.projects();
    for project in projects {
        project.bring_up(open);
        let converter = Converter::new(&client, open);
        let symbols = project.ask(|view| ide::symbols_named(view, &params.query));
        found.extend(symbols.iter().filter_map(|(symbol, place)| converter.workspace_symbol(project, symbol, place)));
    }
    Ok(Some(lsp::WorkspaceSymbolResponse::WorkspaceSymbolList(found)))
}

fn completion(
    desk: &mut Desk,
    params: lsp::CompletionParams,
) -> Result<Option<lsp::CompletionResponse>, ResponseError> {
    let at = params.text_document_position_params;
    Ok(about(desk, &at.text_document.uri, |question| {
        let completions = ide::completions(question.view, question.name, question.offset(at.position));
        let convert = |(at, completion)| question.converter.completion(question.source, completion, at);
        Some(lsp::CompletionResponse::CompletionList(lsp::CompletionList {
            is_incomplete: completions.partial,
            items: completions.items.into_iter().enumerate().map(convert).collect(),
            ..lsp::CompletionList::default()
        }))
    }))
}

fn folding(desk: &mut Desk, params: lsp::FoldingRangeParams) -> Result<Option<Vec<lsp::FoldingRange>>, ResponseError> {
    Ok(about(desk, &params.text_document.uri, |question| {
        let positions = question.positions();
        let folds = ide::folds(question.view, question.name);
        Some(folds.iter().map(|fold| question.converter.fold(&positions, fold)).collect())
    }))
}

fn links(desk: &mut Desk, params: lsp::DocumentLinkParams) -> Result<Option<Vec<lsp::DocumentLink>>, ResponseError> {
    Ok(about(desk, &params.text_document.uri, |question| {
        let positions = question.positions();
        let links = ide::links(question.view, question.name);
        Some(links.iter().filter_map(|link| question.converter.link(question.project, &positions, link)).collect())
    }))
}

fn inlay_hints(desk: &mut Desk, params: lsp::InlayHintParams) -> Result<Option<Vec<lsp::InlayHint>>, ResponseError> {
    let wanted = desk.hints;
    if wanted == ide::Hints::default() {
        return Ok(None);
    }
    Ok(about(desk, &params.text_document.uri, |question| {
        let positions = question.positions();
        let hints = ide::hints(question.view, question.name, positions.span(params.range), wanted);
        let convert = |hint: ide::Hint| lsp::InlayHint {
            position: positions.position(hint.at),
            label: lsp::Label::String(hint.label),
            kind: None,
            text_edits: None,
            tooltip: None,
            padding_left: Some(true),
            padding_right: None,
            data: None,
        };
        Some(hints.into_iter().map(convert).collect())
    }))
}

// ---- diagnostics that are asked for --------------------------------------------------------------------------

fn full(known: Known) -> lsp::FullDocumentDiagnosticReport {
    lsp::FullDocumentDiagnosticReport { result_id: Some(known.number.to_string()), items: known.diagnostics }
}

fn document_diagnostics(
    desk: &mut Desk,
    params: lsp::DocumentDiagnosticParams,
) -> Result<lsp::DocumentDiagnosticReport, ResponseError> {
    let path = path_of(&params.text_document.uri);
    desk.check_for(path.as_deref());
    let known = path.map(|path| desk.board.of(&path)).unwrap_or_default();
    let number = known.number.to_string();
    if params.previous_result_id.is_some_and(|previous| previous == number) {
        let unchanged = lsp::UnchangedDocumentDiagnosticReport { result_id: number };
        return Ok(lsp::DocumentDiagnosticReport::RelatedUnchangedDocumentDiagnosticReport(
            lsp::RelatedUnchangedDocumentDiagnosticReport {
                related_documents: None,
                unchanged_document_diagnostic_report: unchanged,
            },
        ));
    }
    Ok(lsp::DocumentDiagnosticReport::RelatedFullDocumentDiagnosticReport(lsp::RelatedFullDocumentDiagnosticReport {
        related_documents: None,
        full_document_diagnostic_report: full(known),
    }))
}

fn workspace_diagnostics(
    desk: &mut Desk,
    params: lsp::WorkspaceDiagnosticParams,
) -> Result<lsp::WorkspaceDiagnosticReport, ResponseError> {
    desk.check_for(None);
    let previous = |uri: &Uri| params.previous_result_ids.iter().find(|known| known.uri == *uri);
    let mut items = Vec::new();
    for (path, known) in desk.board.all() {
        let open = desk.open.get(path);
        let Some(uri) = open.map(|document| document.uri.clone()).or_else(|| Uri::from_file_path(path).ok()) else {
            continue;
        };
        let version = open.map(|document| document.version);
        let number = known.number.to_string();
        items.push(match previous(&uri) {
            Some(previous) if previous.value == number => {
                lsp::WorkspaceDocumentDiagnosticReport::WorkspaceUnchangedDocumentDiagnosticReport(
                    lsp::WorkspaceUnchangedDocumentDiagnosticReport {
                        uri,
                        version,
                        unchanged_document_diagnostic_report: lsp::UnchangedDocumentDiagnosticReport {
                            result_id: number,
                        },
                    },
                )
            }
            _ => lsp::WorkspaceDocumentDiagnosticReport::WorkspaceFullDocumentDiagnosticReport(
                lsp::WorkspaceFullDocumentDiagnosticReport {
                    uri,
                    version,
                    full_document_diagnostic_report: full(known.clone()),
                },
            ),
        });
    }
    Ok(lsp::WorkspaceDiagnosticReport { items })
}
