import { defineConfig } from 'vitest/config';

// e2e/ belongs to Playwright.
export default defineConfig({ test: { include: ['test/**/*.test.ts'] } });
