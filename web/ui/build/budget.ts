import { gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';

interface Chunk {
  type: 'chunk';
  fileName: string;
  code: string;
  isEntry: boolean;
  facadeModuleId: string | null;
  imports: string[];
}

/** Fails the build where what the browser loads to draw the first page, scripts compressed, is larger than `most` bytes. */
export function budget(most: number, firstPage: string): Plugin {
  return {
    name: 'budget',
    apply: 'build',
    generateBundle(_, bundle) {
      const chunks = Object.values(bundle).filter((c): c is typeof c & Chunk => c.type === 'chunk');
      const byName = new Map<string, Chunk>(chunks.map((c) => [c.fileName, c]));
      const needed = new Map<string, number>();
      const add = (chunk: Chunk) => {
        if (needed.has(chunk.fileName)) return;
        needed.set(chunk.fileName, gzipSync(chunk.code, { level: 9 }).length);
        chunk.imports.forEach((name) => {
          const next = byName.get(name);
          if (next !== undefined) add(next);
        });
      };
      const starts = chunks.filter((c) => c.isEntry || c.facadeModuleId?.endsWith(firstPage) === true);
      if (starts.length < 2) this.error(`budget: no chunk holds ${firstPage}, the page that is opened first`);
      starts.forEach(add);
      const total = [...needed.values()].reduce((sum, size) => sum + size, 0);
      if (total <= most) {
        this.info(`budget: the first page loads ${total} of at most ${most} bytes of compressed scripts`);
        return;
      }
      const largest = [...needed].sort((a, b) => b[1] - a[1]).slice(0, 8);
      this.error(`budget: the first page loads ${total} bytes of compressed scripts, at most ${most} are allowed; the largest: ${largest.map(([name, size]) => `${name} ${size}`).join(', ')}`);
    },
  };
}
