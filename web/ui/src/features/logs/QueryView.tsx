import { Stack } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo, useRef, useState } from 'react';
import { Problem } from '@/api/problem';
import type { Cell, LogColumn } from '@/components/logs/answer';
import { KqlEditor } from '@/components/logs/editor/KqlEditor';
import type { EditorHandle, Place } from '@/components/logs/editor/handle';
import { asOneBlock, blocksOf } from '@/lib/kql';
import { useLogsSchema } from '@/panels/useLogsSchema';
import { useParamState } from '@/view/params';
import { usePageView } from '@/view/view';
import { firstExample } from './examples';
import { remember } from './history';
import { useDraft, useKept } from './kept';
import { narrowed } from './narrow';
import { QueriesDrawer } from './QueriesDrawer';
import { useLogs, type LogsQuestion } from './queries';
import { Results } from './Results';
import { Start } from './Start';
import { Toolbar } from './Toolbar';
import { useLogsView } from './view';

/** A query, and what it answers. */
export function QueryView() {
  const { view: page } = usePageView();
  const { params } = useParamState();
  const { view, ask, change } = useLogsView();
  const client = useQueryClient();
  const schema = useLogsSchema();
  const [draft, setDraft] = useDraft();
  const [, setHistory] = useKept('history');
  const [drawer, setDrawer] = useState<string | null>(null);
  const editor = useRef<EditorHandle>(null);
  const [text, setText] = useState(() => opened(view.query, draft));
  const [seen, setSeen] = useState(view.query);
  if (seen !== view.query) {
    // A link, or a step back, brought another query.
    setSeen(view.query);
    setText((before) => (view.query === '' || holds(before, view.query) ? before : asOneBlock(view.query)));
  }
  useEffect(() => {
    const later = setTimeout(() => setDraft(text), 500);
    return () => clearTimeout(later);
  }, [text, setDraft]);

  const range = view.bound ? page.range : undefined;
  const question = useMemo<LogsQuestion>(() => ({ query: view.query, scope: view.scope, range }), [view.query, view.scope, range]);
  // Asked again by itself only where the URL says so: the rows would move below whoever reads them.
  const asked = useLogs(question, params.has('refresh') ? page.refresh : 0, !params.has('timespan'));
  const mistake = useMemo(() => placeIn(text, view.query, asked.error), [text, view.query, asked.error]);

  const run = (query = editor.current?.current()?.text ?? '', scope = view.scope) => {
    if (query.trim() === '') return;
    setHistory((list) => remember(list, { query, scope, at: Date.now() }));
    if (query === view.query && scope === view.scope) void asked.refetch();
    else ask(query, scope);
  };
  const choose = (query: string, scope?: string) => {
    const one = asOneBlock(query);
    setDrawer(null);
    setText((before) => withQuery(before, one, view.query));
    run(one, scope);
  };
  const narrow = (column: LogColumn, cell: Cell, keep: boolean) => {
    const next = narrowed(view.query, column, cell, keep);
    setText((before) => (before.includes(view.query) ? before.replace(view.query, () => next) : next));
    run(next);
  };

  return (
    <Stack gap="xs">
      <KqlEditor ref={editor} label="Query in KQL" value={text} onChange={setText} onRun={() => run()} schema={schema.data} mistake={mistake} />
      <Toolbar
        view={view}
        page={page}
        running={asked.isFetching}
        onRun={() => run()}
        onCancel={() => void client.cancelQueries({ queryKey: ['logs', 'query', question] })}
        onChange={change}
        onDrawer={setDrawer}
        current={() => editor.current?.current()}
        onReplace={(before, after) => setText((whole) => (whole.includes(before) ? whole.replace(before, () => after) : whole))}
        answer={asked.data}
      />
      {view.query === '' ? (
        <Start onChoose={choose} />
      ) : (
        <Results asked={asked} placed={mistake !== undefined} view={view} onChange={change} schema={schema.data} utc={page.utc} onNarrow={narrow} />
      )}
      <QueriesDrawer
        opened={drawer}
        onTab={setDrawer}
        schema={schema}
        onChoose={choose}
        onInsert={(word) => {
          setDrawer(null);
          setText((before) => (before.trim() === '' ? word : `${before.trimEnd()}\n\n${word}`));
        }}
      />
    </Stack>
  );
}

const holds = (text: string, query: string) => blocksOf(text).some((b) => b.text === query) || text.includes(query);

// What was written last, if the query is of it; or else the query, or something to begin with.
function opened(query: string, draft: string): string {
  if (query !== '') return holds(draft, query) ? draft : asOneBlock(query);
  return draft.trim() === '' ? firstExample : draft;
}

// What was asked already is in the history and gives way; what was not yet stays, and the query comes after it.
function withQuery(text: string, query: string, asked: string): string {
  if (holds(text, query)) return text;
  const blocks = blocksOf(text);
  const known = blocks.length === 0 || (blocks.length === 1 && (blocks[0]?.text === asked || text === firstExample));
  return known ? query : `${text.trimEnd()}\n\n${query}`;
}

/** Where in the editor's text the server found a mistake, as long as the query is still there as it was asked. */
function placeIn(text: string, query: string, error: unknown): Place | undefined {
  if (!(error instanceof Problem) || error.place === undefined || query === '') return undefined;
  const first = blocksOf(text).find((b) => b.text === query)?.line ?? (text.includes(query) ? text.slice(0, text.indexOf(query)).split('\n').length : undefined);
  if (first === undefined) return undefined;
  return { line: first + error.place.line - 1, column: error.place.column, message: withoutPlace(error.detail) };
}

// The place is marked, so its words need not be read again.
const withoutPlace = (detail: string) => detail.replace(/^syntax error at line \d+, column \d+: /, '').replace(/\s*\(line \d+, column \d+\)$/, '');
