import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useImperativeHandle, useLayoutEffect, useRef } from 'react';
import { blockAt } from '@/lib/kql';
import classes from './Editor.module.css';
import type { EditorProps } from './handle';
import { monaco, setSchema } from './monaco';

const lineHeight = 19;
const padding = 6;
const [leastLines, mostLines] = [5, 18];

/** The editor with completion, colours and the language service's own checks. Its size follows its text. */
export default function MonacoEditor({ label, value, onChange, onRun, schema, mistake, ref }: EditorProps) {
  const holder = useRef<HTMLDivElement>(null);
  const editor = useRef<monaco.editor.IStandaloneCodeEditor | null>(null);
  const dark = useComputedColorScheme('light') === 'dark';
  const latest = useRef({ value, onChange, onRun });
  useLayoutEffect(() => {
    latest.current = { value, onChange, onRun };
  });

  useEffect(() => {
    const place = holder.current;
    if (place === null) return;
    const made = monaco.editor.create(place, {
      value: latest.current.value,
      language: 'kusto',
      ariaLabel: label,
      automaticLayout: true,
      fixedOverflowWidgets: true,
      fontSize: 13,
      lineHeight,
      lineNumbersMinChars: 3,
      minimap: { enabled: false },
      overviewRulerLanes: 0,
      padding: { top: padding, bottom: padding },
      renderLineHighlight: 'none',
      scrollBeyondLastLine: false,
      scrollbar: { alwaysConsumeMouseWheel: false },
      tabFocusMode: true, // Tab leads on to the next control, as everywhere
      wordWrap: 'on',
    });
    editor.current = made;
    const grow = () => {
      place.style.height = `${Math.min(Math.max(made.getContentHeight(), leastLines * lineHeight + 2 * padding), mostLines * lineHeight + 2 * padding)}px`;
    };
    grow();
    made.onDidContentSizeChange(grow);
    made.onDidChangeModelContent(() => latest.current.onChange(made.getValue()));
    for (const key of [monaco.KeyMod.CtrlCmd, monaco.KeyMod.Shift]) made.addCommand(key | monaco.KeyCode.Enter, () => latest.current.onRun());
    return () => {
      made.getModel()?.dispose();
      made.dispose();
      editor.current = null;
    };
  }, [label]);

  useEffect(() => {
    const { current } = editor;
    if (current !== null && current.getValue() !== value) current.setValue(value);
  }, [value]);

  useEffect(() => monaco.editor.setTheme(dark ? 'endscope-dark' : 'endscope-light'), [dark]);

  useEffect(() => {
    // Without the service the editor still edits, and the server still says what is wrong.
    if (schema !== undefined) setSchema(schema).catch((error: unknown) => console.warn('no completion of queries', error));
  }, [schema]);

  useEffect(() => {
    const model = editor.current?.getModel();
    if (model == null) return;
    monaco.editor.setModelMarkers(model, 'server', mistake === undefined ? [] : [marker(model, mistake)]);
    if (mistake !== undefined) editor.current?.revealLineInCenterIfOutsideViewport(mistake.line);
  }, [mistake]);

  useImperativeHandle(ref, () => ({
    current: () => {
      const { current } = editor;
      const selection = current?.getSelection();
      const model = current?.getModel();
      if (selection == null || model == null) return undefined;
      const chosen = model.getValueInRange(selection);
      return chosen.trim() === '' ? blockAt(model.getValue(), selection.positionLineNumber) : { text: chosen, line: selection.startLineNumber };
    },
    focus: () => editor.current?.focus(),
  }));

  return <div ref={holder} className={classes.monaco} />;
}

/** The word at the place, or the one character where there is no word. */
function marker(model: monaco.editor.ITextModel, { line, column, message }: { line: number; column: number; message: string }): monaco.editor.IMarkerData {
  const at = model.validatePosition({ lineNumber: line, column });
  const word = model.getWordAtPosition(at);
  return { severity: monaco.MarkerSeverity.Error, message, startLineNumber: at.lineNumber, startColumn: at.column, endLineNumber: at.lineNumber, endColumn: word?.endColumn ?? at.column + 1 };
}
