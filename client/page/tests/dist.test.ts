import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

declare const TESTS: string;
const HOME = join(TESTS, '..');

test('what is committed in dist/ is what the sources give', () => {
  const folder = mkdtempSync(join(tmpdir(), 'knothole-dist-'));
  try {
    const built = spawnSync(process.execPath, ['build.mjs', folder], { cwd: HOME, encoding: 'utf8' });
    assert.equal(built.status, 0, built.stderr);
    assert.deepEqual(files(folder), files(join(HOME, 'dist')));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** Every file's name and content. */
function files(folder: string, under = ''): [name: string, content: string][] {
  const names = readdirSync(join(folder, under)).sort();
  return names.flatMap((name): [string, string][] => {
    const path = join(under, name);
    if (statSync(join(folder, path)).isDirectory()) return files(folder, path);
    return [[path, readFileSync(join(folder, path), 'latin1')]];
  });
}

test('the first view has less than 100 KB, as it is sent, in every language', () => {
  const dist = new Map(files(join(HOME, 'dist')));
  const fronts = [...dist].filter(([name]) => name.endsWith('index.html'));
  assert.equal(fronts.length, 8);
  for (const [name, html] of fronts) {
    const loaded = [...html.matchAll(/(?:href|src)="\/([^"]+\.(?:js|css))"/g)].map(([, file]) => file ?? '');
    assert.ok(loaded.includes('page.js') && loaded.includes('style.css') && loaded.length === 4, name);
    const bytes = loaded.reduce((sum, file) => sum + (dist.get(file)?.length ?? Infinity), html.length);
    assert.ok(bytes < 100_000, `${name}: ${bytes}`);
  }
});

test('the README has the hashes of the page', () => {
  const readme = readFileSync(join(HOME, '../../README.md'), 'utf8');
  for (const name of ['hashes', 'saved.html']) {
    const hash = createHash('sha256').update(readFileSync(join(HOME, 'dist', name))).digest('hex');
    assert.ok(readme.includes(`${name.padEnd(10)}  ${hash}`), `README.md: ${name} is ${hash}`);
  }
});
