import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { createRef } from 'react';
import { expect, it, vi } from 'vitest';
import type { EditorHandle } from './handle';
import { PlainEditor } from './PlainEditor';

const text = 'A | count\n\nB\n| take 1';

function setup(value = text) {
  const ref = createRef<EditorHandle>();
  const [onChange, onRun] = [vi.fn(), vi.fn()];
  render(<PlainEditor ref={ref} label="Query" value={value} onChange={onChange} onRun={onRun} schema={undefined} mistake={undefined} />);
  return { ref, onRun, area: screen.getByRole<HTMLTextAreaElement>('textbox', { name: 'Query' }) };
}

it('runs with Ctrl+Enter and Shift+Enter, and not with Enter alone', async () => {
  const { onRun, area } = setup();
  area.focus();
  await userEvent.keyboard('{Enter}');
  expect(onRun).not.toHaveBeenCalled();
  await userEvent.keyboard('{Control>}{Enter}{/Control}');
  await userEvent.keyboard('{Shift>}{Enter}{/Shift}');
  expect(onRun).toHaveBeenCalledTimes(2);
});

it.each([
  [0, 0, { text: 'A | count', line: 1 }],
  [text.length, text.length, { text: 'B\n| take 1', line: 3 }],
  [0, 1, { text: 'A', line: 1 }],
  [11, 12, { text: 'B', line: 3 }],
])('has the query at the cursor, or what is selected: %d to %d', (from, to, want) => {
  const { ref, area } = setup();
  area.setSelectionRange(from, to);
  expect(ref.current?.current()).toEqual(want);
});
