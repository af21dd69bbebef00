import { act, renderHook } from '@testing-library/react';
import { expect, it, vi } from 'vitest';
import { useUnsaved } from './useUnsaved';

function form() {
  return renderHook(({ text }) => useUnsaved({ text }), { initialProps: { text: 'a' } });
}

it('goes on once nothing is lost by it', () => {
  const { result, rerender } = form();
  expect(result.current.dirty).toBe(false);
  rerender({ text: 'b' });
  expect(result.current.dirty).toBe(true);
  const next = vi.fn();
  act(() => result.current.markStored({ text: 'b' }, next));
  expect(result.current.dirty).toBe(false);
  expect(next).toHaveBeenCalledOnce();
});

it('stays where more was changed while it was being saved, also when that is undone', () => {
  const { result, rerender } = form();
  rerender({ text: 'c' });
  const next = vi.fn();
  act(() => result.current.markStored({ text: 'b' }, next));
  expect(result.current.dirty).toBe(true);
  rerender({ text: 'b' });
  expect(result.current.dirty).toBe(false);
  expect(next).not.toHaveBeenCalled();
});
