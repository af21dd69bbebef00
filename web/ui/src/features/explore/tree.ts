/** The scopes that a chart can be about, as lines of a tree: what there is, and "each of these" for what is below. */

import type { Scope } from '@/api/types';

export interface TreeLine {
  scope: string;
  label: string;
  depth: number;
  /** Said beside the label. */
  note?: string;
  /** Whether there is more below it, and whether that is shown. */
  open?: boolean;
}

const plural = { endpoint: 'endpoints', deployment: 'deployments', instance: 'instances' } as const;

/** The lines that are shown: those below opened scopes, or, in a search, what fits it. */
export function treeLines(scopes: readonly Scope[], opened: ReadonlySet<string>, search: string): TreeLine[] {
  const wanted = search.trim().toLowerCase();
  const out: TreeLine[] = [
    { scope: '*', label: 'Every endpoint', depth: 0, note: '*' },
    { scope: '*/*', label: 'Every deployment', depth: 0, note: '*/*' },
    { scope: '*/*/*', label: 'Every instance', depth: 0, note: '*/*/*' },
  ];
  const add = (node: Scope, depth: number) => {
    const below = node.children ?? [];
    const open = opened.has(node.scope);
    out.push({ scope: node.scope, label: node.name, depth, ...(node.state === 'ready' ? {} : { note: node.state }), ...(below.length === 0 ? {} : { open: open || wanted !== '' }) });
    if (below.length === 0 || (!open && wanted === '')) return;
    const level = below[0]?.level === 'deployment' ? 'deployment' : 'instance';
    out.push({ scope: `${node.scope}/*`, label: `Each of its ${plural[level]}`, depth: depth + 1, note: `${node.scope}/*` });
    if (level === 'deployment') out.push({ scope: `${node.scope}/*/*`, label: 'Each of its instances', depth: depth + 1, note: `${node.scope}/*/*` });
    below.forEach((child) => add(child, depth + 1));
  };
  scopes.forEach((s) => add(s, 0));
  return wanted === '' ? out : out.filter((line) => line.scope.toLowerCase().includes(wanted) || line.label.toLowerCase().includes(wanted));
}
