import { expect, it } from 'vitest';
import { coloursFor } from './palette';

it('gives a name the same colour on every chart', () => {
  expect(coloursFor(['blue', 'instance-7'])[1]).toEqual(coloursFor(['instance-7'])[0]);
});

it('gives names of colours their own', () => {
  const [blue, green] = coloursFor(['blue', 'green']);
  expect(blue?.light).toBe('#0067b1');
  expect(green?.light).toBe('#00795a');
});

it('gives ten names ten colours', () => {
  const names = Array.from({ length: 10 }, (_, i) => `instance-${i}`);
  expect(new Set(coloursFor(names).map((c) => c.light)).size).toBe(10);
  expect(coloursFor([...names, 'one-more'])).toHaveLength(11);
});
