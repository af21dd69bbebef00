import type { Ref } from 'react';
import type { Block } from '@/lib/kql';
import type { LogsSchema } from './schema';

/** What a page may ask of an editor. */
export interface EditorHandle {
  /** The query that would run: what is selected, or else the one at the cursor. */
  current: () => Block | undefined;
  focus: () => void;
}

/** Where in the text the server found a mistake; both count from 1. */
export interface Place {
  line: number;
  column: number;
  message: string;
}

export interface EditorProps {
  /** What is written in it, for whoever cannot see. */
  label: string;
  value: string;
  onChange: (text: string) => void;
  /** Ctrl+Enter, or Shift+Enter as in Azure. */
  onRun: () => void;
  /** For completion; undefined until it is there. */
  schema: LogsSchema | undefined;
  mistake: Place | undefined;
  ref?: Ref<EditorHandle>;
}
