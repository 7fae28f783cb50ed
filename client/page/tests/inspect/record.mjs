// Writes rust.txt: what client/inspect makes of every fixture, and of each in its damaged forms. Run from client/page:
//   node tests/inspect/record.mjs          writes it again
//   node tests/inspect/record.mjs --check  fails where it is not what client/inspect makes now
// KNOTHOLE_CLEANED names the example `cleaned` of knothole-inspect, where it is built already.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
  const built = process.env.KNOTHOLE_CLEANED;
  const cargo = ['run', '--quiet', '--locked', '-p', 'knothole-inspect', '--example', 'cleaned', '--', files];
  const [program, words] = built === undefined ? ['cargo', cargo] : [built, [files]];
  const said = execFileSync(program, words, { cwd: '../..', encoding: 'utf8', maxBuffer: 64 << 20 });
  const answers = new Map(said.trim().split('\n').map((line) => line.split(' ')));
  const rows = [...all.keys()].map((name) => {
    const ways = Array.from({ length: DAMAGES }, (_, way) => answers.get(`${name}~${way}`).slice(0, 8));
    return [name, answers.get(name), ...ways].join(' ');
  });
  const record = `${rows.join('\n')}\n`;
  if (!process.argv.includes('--check')) writeFileSync('tests/inspect/rust.txt', record);
  else if (readFileSync('tests/inspect/rust.txt', 'utf8') !== record) {
    throw new Error('tests/inspect/rust.txt is not what client/inspect makes now: run tests/inspect/record.mjs');
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
