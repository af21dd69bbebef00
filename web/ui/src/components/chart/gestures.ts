/** What is done to a plot with a pointer besides what uPlot knows: moving in time, and fingers. */

import type uPlot from 'uplot';
import type { Span } from '@/lib/time';
import { moved, pinched } from './spans';

interface Gestures {
  /** What is shown; undefined where it cannot be changed. */
  span: () => Span | undefined;
  /** Where a finger reads values, in pixels from the plot's corner. */
  onPoint: (at: { left: number; top: number }) => void;
  /** What is to be shown from now on. */
  onMove: (span: Span) => void;
}

/** uPlot's selection begins with the left button alone: with Shift the same drag moves the plot. */
export const selects = (e: MouseEvent) => e.button === 0 && !e.shiftKey;

/**
 * Shift and drag, or a drag along the axis of the time, moves in time; one finger along the plot reads its values, two move and zoom.
 * The plot follows at once, and what is to be shown is told at the end. Returns how to end all of it.
 */
export function attachGestures(u: uPlot, { span, onPoint, onMove }: Gestures): () => void {
  const axis = u.root.querySelector<HTMLElement>('.u-axis');
  const share = (clientX: number) => {
    const box = u.over.getBoundingClientRect();
    return (clientX - box.left) / box.width;
  };
  const preview = (s: Span) => u.setScale('x', { min: s.start / 1000, max: s.end / 1000 });
  const fingers = new Map<number, number>();
  let begun: { span: Span; at: readonly number[] } | undefined;
  let next: Span | undefined;

  const begin = () => {
    const from = span();
    begun = from === undefined ? undefined : { span: from, at: [...fingers.values()] };
    next = undefined;
  };
  const follow = () => {
    if (begun === undefined) return;
    const [a, b] = fingers.values();
    const [a0, b0] = begun.at;
    if (a === undefined || a0 === undefined) return;
    if (b !== undefined && b0 !== undefined) next = pinched(begun.span, [a0, b0], [a, b], Date.now());
    else if (Math.abs(a - a0) * u.over.clientWidth > 3 || next !== undefined) next = moved(begun.span, a0 - a, Date.now());
    if (next !== undefined) preview(next);
  };
  const finish = (tell: boolean) => {
    if (begun === undefined) return;
    const [from, to] = [begun.span, next];
    begun = next = undefined;
    if (to === undefined) return;
    if (tell) onMove(to);
    else preview(from);
  };

  const down = (e: PointerEvent) => {
    if (e.pointerType === 'touch' ? e.currentTarget !== u.over : e.button !== 0 || (e.currentTarget === u.over && !e.shiftKey)) return;
    (e.currentTarget as HTMLElement).setPointerCapture(e.pointerId);
    fingers.set(e.pointerId, share(e.clientX));
    if (e.pointerType !== 'touch' || fingers.size === 2) begin();
  };
  const move = (e: PointerEvent) => {
    if (!fingers.has(e.pointerId)) return;
    fingers.set(e.pointerId, share(e.clientX));
    if (begun !== undefined) follow();
    else if (fingers.size === 1) {
      const box = u.over.getBoundingClientRect();
      onPoint({ left: Math.min(box.width, Math.max(0, e.clientX - box.left)), top: Math.min(box.height, Math.max(0, e.clientY - box.top)) });
    }
  };
  const up = (e: PointerEvent) => {
    if (!fingers.delete(e.pointerId)) return;
    finish(e.type === 'pointerup');
  };

  const targets = [u.over, ...(axis === null ? [] : [axis])];
  u.over.style.touchAction = 'pan-y';
  if (axis !== null) axis.style.cursor = 'ew-resize';
  for (const target of targets) {
    target.addEventListener('pointerdown', down);
    target.addEventListener('pointermove', move);
    target.addEventListener('pointerup', up);
    target.addEventListener('pointercancel', up);
  }
  return () => {
    for (const target of targets) {
      target.removeEventListener('pointerdown', down);
      target.removeEventListener('pointermove', move);
      target.removeEventListener('pointerup', up);
      target.removeEventListener('pointercancel', up);
    }
  };
}
