import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

// Where `npm run dev` finds a running `latecomer serve`.
const server = process.env.LATECOMER_URL ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [react()],
  // Everything is relative to <base href>, so the same files work under any path prefix.
  base: './',
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  build: {
    target: 'es2022',
    // The server's policy takes styles, scripts and fonts from files only.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: true,
    // What the first view may weigh is a test (support/bundle.test.ts).
    chunkSizeWarningLimit: 700,
  },
  server: { proxy: { '/api': server } },
  test: {
    environment: 'happy-dom',
    include: ['{src,support}/**/*.test.{ts,tsx}'],
    setupFiles: ['support/vitest-setup.ts'],
    restoreMocks: true,
  },
});
