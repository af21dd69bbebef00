import { autocompletion, closeBrackets, closeBracketsKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, insertNewline } from '@codemirror/commands';
import { bracketMatching, HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { lintKeymap } from '@codemirror/lint';
import { Compartment, EditorState, Prec } from '@codemirror/state';
import { EditorView, keymap, placeholder } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { useComputedColorScheme } from '@mantine/core';
import { PromQLExtension } from '@prometheus-io/codemirror-promql';
import { useEffect, useLayoutEffect, useRef } from 'react';
import { baseURL } from '@/api/client';
import classes from './PromEditor.module.css';

interface Props {
  label: string;
  value: string;
  /** Each change, and the expression once it is to be asked. */
  onChange: (text: string) => void;
  onRun: (text: string) => void;
}

const hour = 60 * 60 * 1000;

const colours = (dark: boolean) =>
  HighlightStyle.define([
    { tag: tags.name, color: dark ? '#7fd0f7' : '#0b5c9e' },
    { tag: [tags.function(tags.variableName), tags.keyword, tags.operatorKeyword, tags.modifier], color: dark ? '#b197fc' : '#5a32c4' },
    { tag: tags.string, color: dark ? '#2cc48d' : '#00684d' },
    { tag: tags.number, color: dark ? '#ff9f7a' : '#a33200' },
    { tag: tags.comment, color: dark ? '#a9b4c0' : '#56606b', fontStyle: 'italic' },
    { tag: tags.labelName, color: dark ? '#d6c93a' : '#6a5f00' },
  ]);

/** An editor of PromQL with completion from the server. Enter asks, Shift and Enter is a new line. */
export default function PromEditor({ label, value, onChange, onRun }: Props) {
  const dark = useComputedColorScheme('light') === 'dark';
  const holder = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const theme = useRef(new Compartment());
  const latest = useRef({ value, onChange, onRun, dark, label });
  useLayoutEffect(() => {
    latest.current = { value, onChange, onRun, dark, label };
  });

  useEffect(() => {
    if (holder.current === null) return;
    const promql = new PromQLExtension().setComplete({ remote: { url: baseURL(), lookbackInterval: 12 * hour, cache: { maxAge: 5 * 60 * 1000 }, httpErrorHandler: () => undefined } });
    const run = (v: EditorView) => {
      latest.current.onRun(v.state.doc.toString());
      return true;
    };
    const made = new EditorView({
      parent: holder.current,
      state: EditorState.create({
        doc: latest.current.value,
        extensions: [
          history(),
          bracketMatching(),
          closeBrackets(),
          autocompletion(),
          promql.asExtension(),
          theme.current.of(syntaxHighlighting(colours(latest.current.dark))),
          placeholder('An expression, such as sum by (deployment) (histogram_count(rate(endpoint_request_duration_seconds[5m])))'),
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ 'aria-label': latest.current.label }),
          EditorView.updateListener.of((u) => {
            if (u.docChanged) latest.current.onChange(u.state.doc.toString());
          }),
          // Above the usual keys, and below those of an open list of completions, where Enter takes one.
          Prec.high(
            keymap.of([
              { key: 'Enter', run },
              { key: 'Mod-Enter', run },
              { key: 'Shift-Enter', run: insertNewline },
            ]),
          ),
          keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, ...lintKeymap]),
        ],
      }),
    });
    view.current = made;
    return () => {
      made.destroy();
      promql.destroy();
      view.current = null;
    };
  }, []);

  useEffect(() => {
    view.current?.dispatch({ effects: theme.current.reconfigure(syntaxHighlighting(colours(dark))) });
  }, [dark]);

  useEffect(() => {
    const editor = view.current;
    if (editor !== null && editor.state.doc.toString() !== value) editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: value } });
  }, [value]);

  return <div ref={holder} className={classes.editor} data-dark={dark || undefined} />;
}
