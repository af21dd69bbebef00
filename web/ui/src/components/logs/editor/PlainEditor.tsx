import { useImperativeHandle, useRef } from 'react';
import { blockAt } from '@/lib/kql';
import classes from './Editor.module.css';
import type { EditorProps } from './handle';

/** An editor without completion: for touch screens, and until the large one is there. */
export function PlainEditor({ label, value, onChange, onRun, mistake, ref }: EditorProps) {
  const area = useRef<HTMLTextAreaElement>(null);
  useImperativeHandle(ref, () => ({
    current: () => {
      if (area.current === null) return undefined;
      const { selectionStart: from, selectionEnd: to } = area.current;
      const chosen = value.slice(from, to);
      return chosen.trim() === '' ? blockAt(value, lineAt(value, from)) : { text: chosen, line: lineAt(value, from) };
    },
    focus: () => area.current?.focus(),
  }));
  return (
    <textarea
      ref={area}
      className={classes.plain}
      aria-label={label}
      aria-invalid={mistake !== undefined}
      value={value}
      spellCheck={false}
      autoCapitalize="off"
      autoCorrect="off"
      rows={Math.min(Math.max(value.split('\n').length, 5), 18)}
      onChange={(e) => onChange(e.currentTarget.value)}
      onKeyDown={(e) => {
        if (e.key !== 'Enter' || !(e.ctrlKey || e.metaKey || e.shiftKey)) return;
        e.preventDefault();
        onRun();
      }}
    />
  );
}

const lineAt = (text: string, offset: number) => text.slice(0, offset).split('\n').length;
