-- Opens a broken manifest as a user does, waits for the finding, applies its fix, saves. What was seen goes into a file.
local folder, out = vim.env.FEATGRAPH_FOLDER, vim.env.FEATGRAPH_SEEN
local seen = {}

local function leave(failure)
  seen.failure = failure
  local file = io.open(out, "w")
  file:write(vim.fn.json_encode(seen))
  file:close()
  vim.cmd("qall!")
end

-- The set-up of docs/editors.md for this version.
vim.api.nvim_create_autocmd({ "BufRead", "BufNewFile" }, {
  pattern = { "*.image.toml", "*.features.toml", "*.image.json", "*.features.json" },
  callback = function()
    local root = vim.fn.fnamemodify(vim.fn.findfile("featgraph.toml", ".;"), ":p:h")
    local client = vim.lsp.start_client({ name = "featgraph", cmd = { vim.env.FEATGRAPH, "lsp" }, root_dir = root })
    vim.lsp.buf_attach_client(0, client)
  end,
})

local done, failure = pcall(function()
  vim.cmd("cd " .. vim.fn.fnameescape(folder))
  vim.cmd("edit web.image.toml")
  if not vim.wait(20000, function() return #vim.diagnostic.get(0) > 0 end, 20) then
    error("no finding came")
  end
  seen.findings = {}
  for _, finding in ipairs(vim.diagnostic.get(0)) do
    table.insert(seen.findings, { line = finding.lnum, column = finding.col, code = finding.code, message = finding.message })
  end
  local first = vim.diagnostic.get(0)[1]
  vim.api.nvim_win_set_cursor(0, { first.lnum + 1, first.col })

  local params = vim.lsp.util.make_range_params()
  params.context = { diagnostics = vim.lsp.diagnostic.get_line_diagnostics(0, first.lnum) }
  local answers = vim.lsp.buf_request_sync(0, "textDocument/codeAction", params, 10000)
  for _, answer in pairs(answers or {}) do
    for _, action in ipairs(answer.result or {}) do
      if not seen.applied then
        seen.applied = action.title
        vim.lsp.util.apply_workspace_edit(action.edit, "utf-16")
      end
    end
  end
  if not vim.wait(20000, function() return #vim.diagnostic.get(0) == 0 end, 20) then
    error("the finding stayed")
  end
  vim.cmd("write")
  local hover = vim.lsp.buf_request_sync(0, "textDocument/hover", vim.lsp.util.make_position_params(), 10000)
  for _, answer in pairs(hover or {}) do
    seen.hover = answer.result and answer.result.contents.value
  end
end)
leave(not done and tostring(failure) or nil)
