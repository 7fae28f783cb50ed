// Writes rust.txt: what client/inspect makes of every fixture, and of each in its damaged forms. Run from client/page:
//   node tests/inspect/record.mjs
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';

const folder = mkdtempSync(join(tmpdir(), 'knothole-fixtures-'));
try {
  await build({
    stdin: {
      contents: "export * from './fixtures.ts'; export * from './damage.ts';",
      resolveDir: 'tests/inspect',
    },
    outfile: join(folder, 'fixtures.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    define: { TESTS: JSON.stringify(join(process.cwd(), 'tests')) },
  });
  const { DAMAGES, damaged, fixtures } = await import(join(folder, 'fixtures.mjs'));
  const files = join(folder, 'files');
  mkdirSync(files);
  const all = fixtures();
  for (const [name, bytes] of all) {
    writeFileSync(join(files, name), bytes);
    for (let way = 0; way < DAMAGES; way += 1) writeFileSync(join(files, `${name}~${way}`), damaged(bytes, way));
  }
  const cargo = ['run', '--quiet', '-p', 'knothole-inspect', '--example', 'cleaned', '--', files];
  const said = execFileSync('cargo', cargo, { cwd: '../..', encoding: 'utf8', maxBuffer: 64 << 20 });
  const answers = new Map(said.trim().split('\n').map((line) => line.split(' ')));
  const rows = [...all.keys()].map((name) => {
    const ways = Array.from({ length: DAMAGES }, (_, way) => answers.get(`${name}~${way}`).slice(0, 8));
    return [name, answers.get(name), ...ways].join(' ');
  });
  writeFileSync('tests/inspect/rust.txt', `${rows.join('\n')}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
