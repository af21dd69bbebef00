import { describe, expect, it } from 'vitest';
import { colourName, coloursFor } from './palette';

const light = (...labels: string[]) => coloursFor(labels).map((c) => c.light);

it.each([
  ['blue', 'blue'],
  ['fraud/blue', 'blue'],
  ['Requests · fraud/blue', 'blue'],
  ['blue · 200', '200'],
  ['', ''],
])('%s is coloured by %s', (label, want) => {
  expect(colourName(label)).toBe(want);
});

describe('coloursFor', () => {
  it('gives a name the same colour on every chart, whatever stands before it', () => {
    expect(light('blue', 'instance-7')[1]).toBe(light('instance-7')[0]);
    expect(light('fraud/canary-3')).toEqual(light('Requests · canary-3'));
  });

  it('does not mind the order', () => {
    const labels = Array.from({ length: 10 }, (_, i) => `pod-${i * 7}`);
    expect(light(...labels.toReversed())).toEqual(light(...labels).toReversed());
  });

  it('gives names of colours their own, also where another name comes first', () => {
    const [blue, green] = light('blue', 'green');
    expect(blue).toBe('#0067b1');
    expect(green).toBe('#00795a');
    for (let i = 0; i < 20; i++) expect(light(`a${i}`, 'blue')[1]).toBe('#0067b1');
  });

  it('tells two labels of one name apart', () => {
    const [p50, p99] = light('P50 · blue', 'P99 · blue');
    expect(p50).toBe('#0067b1');
    expect(p99).not.toBe(p50);
  });

  it('gives ten names ten colours, and more each as often', () => {
    const names = Array.from({ length: 10 }, (_, i) => `instance-${i}`);
    expect(new Set(light(...names)).size).toBe(10);
    const many = light(...Array.from({ length: 40 }, (_, i) => `instance-${i}`));
    for (const c of new Set(many)) expect(many.filter((m) => m === c)).toHaveLength(4);
  });

  it('gives status codes the colours of what they mean', () => {
    const reds = ['#c33c00', '#9c1f4f', '#b3261e'];
    expect(light('2xx', '5xx')).toEqual(['#00795a', '#c33c00']);
    expect(light('200', '500', '502', '503').slice(1)).toEqual(reds);
    expect(light('500', '501', '502', '503').every((c) => reds.includes(c))).toBe(true);
    expect(light('other', '12 others')).toEqual(['#868e96', '#868e96']);
  });
});
