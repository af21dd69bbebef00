/** Monaco with the Kusto language service. Large: only to be imported when an editor is shown. */

import 'monaco-editor/esm/vs/editor/edcore.main';
import { getKustoWorker, kustoDefaults } from '@kusto/monaco-kusto';
import * as monaco from 'monaco-editor/esm/vs/editor/editor.api';
import EditorWorker from 'monaco-editor/esm/vs/editor/editor.worker?worker';
import KustoWorker from './kusto.worker?worker';
import { helpByName, kustoSchema, serverProposals, type LogsSchema } from './schema';

export { monaco };

// Workers are files of this server, below its path prefix: the policy of the page allows no others.
self.MonacoEnvironment = { getWorker: (_id, label) => (label === 'kusto' ? new KustoWorker() : new EditorWorker()) };

// Until the language service has read a query, it has the colours of its words alone: about those that the service gives.
const surfaces = {
  light: { base: 'vs', background: '#ffffff', rules: { 'operator.sql': 'CC3700', keyword: '0000FF', function: '0000FF', string: 'B22222', comment: '008000', number: '191970', 'variable.predefined': '800080' } },
  dark: { base: 'vs-dark', background: '#242424', rules: { 'operator.sql': '9cdcfe', keyword: '569cd6', function: 'dcdcaa', string: 'ce9178', comment: '8fbc5a', number: 'd7ba7d', 'variable.predefined': '4ec9b0' } },
} as const;

for (const [name, { base, background, rules }] of Object.entries(surfaces)) {
  monaco.editor.defineTheme(`endscope-${name}`, {
    base,
    inherit: true,
    rules: Object.entries(rules).map(([token, foreground]) => ({ token, foreground })),
    colors: { 'editor.background': background, 'editorGutter.background': background },
  });
}

let given: LogsSchema | undefined;

/** Gives the language service the server's tables and words. They are those of one server, so all editors share them. */
export async function setSchema(schema: LogsSchema): Promise<void> {
  if (given === schema) return;
  given = schema;
  const help = helpByName(schema);
  kustoDefaults.setLanguageSettings({
    ...kustoDefaults.languageSettings,
    includeControlCommands: false,
    useTokenColorization: true,
    openSuggestionDialogAfterPreviousSuggestionAccepted: false,
    onDidProvideCompletionItems: (list) => Promise.resolve({ ...list, items: serverProposals(list.items, help) }),
  });
  const worker = await getKustoWorker();
  const model = monaco.editor.getModels()[0];
  if (model !== undefined) await (await worker(model.uri)).setSchema(kustoSchema(schema));
}
