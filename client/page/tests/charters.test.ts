import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { decode, encode, type Value } from '../src/envelope/cbor.ts';
import { Chain } from '../src/envelope/chain.ts';
import { unframe } from '../src/envelope/frame.ts';
import { Refused } from '../src/envelope/refused.ts';
import { troubleSince } from '../src/view/papers.ts';
import { PaperNewsroom } from './outside/papers.ts';
import { octets, said, Vectors } from './vectors/files.ts';

declare const TESTS: string;
const FOLDER = join(TESTS, '../../../tests/vectors/v1');
const vectors = new Vectors(async (name) => new Uint8Array(readFileSync(join(FOLDER, name))));

/** A chain of the vectors, and its first charters alone. */
async function chains(name: string, first: number): Promise<{ bytes: Uint8Array; fingerprint: Uint8Array; whole: Chain; begun: Chain }> {
  const { lines } = await vectors.lines(name);
  const [bytes, fingerprint] = [octets(said(lines, 'bytes')), octets(said(lines, 'fingerprint'))];
  const charters = decode(bytes) as Value[];
  const begun = Chain.verify(encode(charters.slice(0, first)), fingerprint);
  return { bytes, fingerprint, whole: Chain.verify(bytes, fingerprint), begun };
}

test('a long chain is verified with a breath after each charter, and gives what it gives at once', async () => {
  const { bytes, fingerprint, whole } = await chains('right/chain-longest', 1);
  let breaths = 0;
  const breathe = async () => void (breaths += 1);
  const calm = await Chain.verifyCalmly(bytes, fingerprint, breathe);
  assert.deepEqual(calm.current, whole.current);
  assert.equal(breaths, whole.current.sequence);
  await assert.rejects(Chain.verifyCalmly(bytes, new Uint8Array(32), breathe), Refused);
});

test('editors who came since the source compared are taken', async () => {
  const { whole, begun } = await chains('right/chain-editors-change', 1);
  assert.notEqual(whole.current.sequence, begun.current.sequence);
  assert.equal(troubleSince(begun, whole), undefined);
});

test('a newsroom that was founded anew since the source compared is told of, and one that was before is not', async () => {
  const { whole, begun } = await chains('right/chain-recovered', 1);
  assert.equal(troubleSince(begun, whole), 'changed');
  assert.equal(troubleSince(whole, whole), undefined);
});

test('a newsroom that was founded anew once more is told of also by whoever saw the first time', () => {
  const papers = new PaperNewsroom(20_000);
  const [founded, once, twice] = [papers.founded(), papers.recovered(), papers.recoveredAgain()].map(({ charter }) => {
    return Chain.verify(unframe(charter), papers.fingerprint);
  });
  assert.ok(founded !== undefined && once !== undefined && twice !== undefined);
  assert.equal(troubleSince(once, twice), 'changed');
  assert.equal(troubleSince(founded, twice), 'changed');
  assert.equal(troubleSince(twice, twice), undefined);
});

test('charters that were taken back, or are of another newsroom, are not believed', async () => {
  const { whole, begun } = await chains('right/chain-editors-change', 1);
  const other = await chains('right/chain-recovered', 1);
  assert.equal(troubleSince(whole, begun), 'untrusted');
  assert.equal(troubleSince(whole, other.whole), 'untrusted');
});
