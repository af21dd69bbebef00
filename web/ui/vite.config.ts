import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';
import { budget } from './build/budget.ts';
import { compressed } from './build/compress.ts';

export default defineConfig({
  // The server may live under a path prefix that only it knows: everything is relative to the <base> that it writes into the page.
  base: './',
  plugins: [react(), compressed(), budget(250_000, '/features/overview/OverviewPage.tsx')],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  build: { target: 'es2022', assetsInlineLimit: 0, reportCompressedSize: false, chunkSizeWarningLimit: 10_000, emptyOutDir: true },
  server: { proxy: { '/api': 'http://127.0.0.1:9190', '/version': 'http://127.0.0.1:9190', '/metrics': 'http://127.0.0.1:9190', '/runbooks': 'http://127.0.0.1:9190' } },
  test: { environment: 'happy-dom', include: ['src/**/*.test.{ts,tsx}'], restoreMocks: true, setupFiles: ['src/test-setup.ts'] },
});
