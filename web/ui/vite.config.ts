import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';
import { budget } from './build/budget.ts';
import { compressed } from './build/compress.ts';

// The language service of Kusto knows ways that it never goes in a browser: the Content-Security-Policy forbids eval, and tests of the editor run under it.
const rolldownOptions = { checks: { eval: false } };

export default defineConfig({
  // The server may live under a path prefix that only it knows: everything is relative to the <base> that it writes into the page.
  base: './',
  plugins: [react(), compressed(), budget(250_000, '/features/overview/OverviewPage.tsx')],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  build: { target: 'es2022', assetsInlineLimit: 0, reportCompressedSize: false, chunkSizeWarningLimit: 10_000, emptyOutDir: true, rolldownOptions },
  worker: { rolldownOptions },
  server: { proxy: { '/api': 'http://127.0.0.1:9190', '/version': 'http://127.0.0.1:9190', '/metrics': 'http://127.0.0.1:9190', '/runbooks': 'http://127.0.0.1:9190' } },
  test: {
    restoreMocks: true,
    projects: [
      { extends: true, test: { name: 'logic', environment: 'node', include: ['src/**/*.test.ts'], isolate: false } },
      { extends: true, test: { name: 'components', environment: 'happy-dom', include: ['src/**/*.test.tsx'], setupFiles: ['src/test-setup.ts'] } },
    ],
  },
});
