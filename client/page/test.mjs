// Runs the tests: node test.mjs [NAME…]. Each file of tests/ is bundled, because Node cannot read TypeScript everywhere.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';

const wanted = process.argv.slice(2);
const all = readdirSync('tests').filter((name) => name.endsWith('.test.ts'));
const chosen = all.filter((name) => wanted.length === 0 || wanted.some((part) => name.includes(part)));
if (chosen.length === 0) throw new Error('there is no such test');

const out = mkdtempSync(join(tmpdir(), 'knothole-page-'));
try {
  await build({
    entryPoints: chosen.map((name) => join('tests', name)),
    outdir: out,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node18',
    sourcemap: 'inline',
    // Node 18 has WebCrypto, but not where browsers have it.
    banner: { js: "import { webcrypto as knotholeCrypto } from 'node:crypto'; globalThis.crypto ??= knotholeCrypto;" },
    define: { TESTS: JSON.stringify(join(process.cwd(), 'tests')) },
  });
  const files = chosen.map((name) => join(out, name.replace(/\.ts$/, '.mjs')));
  const ran = spawnSync(process.execPath, ['--enable-source-maps', '--test', ...files], { stdio: 'inherit' });
  process.exitCode = ran.status ?? 1;
} finally {
  rmSync(out, { recursive: true, force: true });
}
