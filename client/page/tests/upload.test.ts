import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Seals } from '../src/dropbox/seals.ts';
import { SEGMENT } from '../src/parcel.ts';
import { turn } from './dropbox/hand-clock.ts';
import { ModelBox } from './dropbox/model.ts';
import { TestParcel } from './dropbox/parcels.ts';
import { asked, LARGE, MIDDLE, run, SMALL } from './dropbox/runs.ts';
import { Seed } from './dropbox/seed.ts';

for (const length of [SMALL, SEGMENT, MIDDLE, LARGE]) {
  test(`a parcel of ${length} bytes arrives, and matches`, async () => {
    const model = new ModelBox();
    const parcel = TestParcel.of(length);
    assert.deepEqual(await run(model, parcel), { kind: 'matches' });
    assert.deepEqual(model.drops.map((drop) => Buffer.compare(drop, parcel.bytes)), [0]);
  });
}

test('a creation carries the header alone, so that no commit can come of one whose answer was lost', async () => {
  const model = new ModelBox();
  let lost = 3;
  model.fate = (ask) => (ask.path === '/drops' && lost-- > 0 ? 'unanswered' : 'done');
  assert.deepEqual(await run(model, TestParcel.of(SMALL)), { kind: 'matches' });
  assert.deepEqual(asked(model, 'POST').map(({ body }) => body?.length), [12_288, 12_288, 12_288, 12_288]);
  assert.equal(model.drops.length, 1);
});

test('a request has one segment at most, and none goes over the end of one', async () => {
  const model = new ModelBox();
  const seed = new Seed(3);
  model.fate = (ask) => (ask.method === 'PATCH' && seed.oneIn(3) ? { partly: seed.below(SEGMENT) } : 'done');
  assert.deepEqual(await run(model, TestParcel.of(MIDDLE)), { kind: 'matches' });
  for (const { body, headers } of asked(model, 'PATCH')) {
    const offset = Number(headers?.['Upload-Offset']);
    const length = body?.length ?? 0;
    assert.ok(length > 0 && Math.floor(offset / SEGMENT) === Math.floor((offset + length - 1) / SEGMENT));
  }
});

test('lanes are whole segments, go three at once, and the later ones only after the gate', async () => {
  const model = new ModelBox();
  const send = model.send.bind(model);
  const lanes = new Set<string>();
  model.send = async (ask, signal) => {
    if (ask.method === 'PATCH') lanes.add(ask.path);
    const answer = await send(ask, signal);
    // Nobody hears of its first piece before all three have sent one.
    while (ask.method === 'PATCH' && lanes.size < 3) await turn();
    return answer;
  };
  assert.deepEqual(await run(model, TestParcel.of(LARGE)), { kind: 'matches' });
  const [first, second, third, final] = asked(model, 'POST');
  assert.deepEqual(
    [first, second, third].map((ask) => Number(ask?.headers?.['Upload-Length'])),
    [2 * SEGMENT, 2 * SEGMENT, 2 * SEGMENT + 1_000],
  );
  assert.equal(first?.headers?.['Knothole-Parent'], undefined);
  assert.match(second?.headers?.['Knothole-Parent'] ?? '', /^[0-9a-f]{64}$/);
  assert.match(final?.headers?.['Upload-Concat'] ?? '', /^final;\/drops\/\S+ \/drops\/\S+ \/drops\/\S+$/);
  assert.equal(final?.body, undefined);
});

test('a large upload has eight lanes, and never more than three of them go at once', async () => {
  const model = new ModelBox();
  const send = model.send.bind(model);
  const [begun, going, atOnce] = [new Set<string>(), new Set<string>(), new Set<number>()];
  model.send = async (ask, signal) => {
    if (ask.method !== 'PATCH') return send(ask, signal);
    begun.add(ask.path);
    going.add(ask.path);
    atOnce.add(going.size);
    const answer = await send(ask, signal);
    // Nobody hears of its first piece before three have sent one.
    do await turn();
    while (begun.size < 3);
    going.delete(ask.path);
    return answer;
  };
  assert.deepEqual(await run(model, TestParcel.of(19 * SEGMENT + 1_000)), { kind: 'matches' });
  assert.equal(begun.size, 8);
  assert.equal(Math.max(...atOnce), 3);
  assert.equal(asked(model, 'POST').at(-1)?.headers?.['Upload-Concat']?.split(' ').length, 8);
});

test('at most four segments are in memory: three on their way and one that is being sealed', async () => {
  const model = new ModelBox();
  const parcel = TestParcel.of(12 * SEGMENT);
  let most = 0;
  parcel.onAsk = () => {
    const whole = [...model.uploads.values()].reduce((sum, { offset }) => sum + Math.floor(offset / SEGMENT), 0);
    most = Math.max(most, parcel.asked.length - whole);
  };
  assert.deepEqual(await run(model, parcel), { kind: 'matches' });
  assert.ok(most <= 4, `${most}`);
});

test('a segment is sealed only when there is room for it, and first those that somebody waits for', async () => {
  const parcel = TestParcel.of(8 * SEGMENT);
  const seals = new Seals(parcel);
  for (const index of [0, 1, 2, 3, 4]) seals.ahead(index);
  void seals.segment(7);
  for (let turns = 0; turns < 50; turns += 1) await turn();
  while (parcel.asked.length < 4) await turn();
  assert.deepEqual(parcel.asked, [0, 7, 1, 2]);
  seals.release(0);
  await seals.segment(3);
  assert.deepEqual(parcel.asked, [0, 7, 1, 2, 3]);
});

for (let seed = 1; seed <= 40; seed += 1) {
  test(`whatever happens on the line, an upload ends as it must: history ${seed}`, async () => {
    const random = new Seed(seed);
    const model = new ModelBox();
    const parcel = TestParcel.of([SMALL, MIDDLE, LARGE][seed % 3] ?? SMALL);
    const rate = 2 + random.below(6);
    model.fate = (ask) => {
      if (!random.oneIn(rate)) return 'done';
      if (random.oneIn(3)) return 'unheard';
      if (ask.method === 'PATCH' && random.oneIn(2)) return { partly: random.below(ask.body?.length ?? 1) };
      return 'unanswered';
    };
    model.lie = (_, said) => {
      if (random.oneIn(9)) Object.assign(said, { status: 503, headers: {} });
    };
    assert.deepEqual(await run(model, parcel), { kind: 'matches' });
    assert.deepEqual(model.drops.map((drop) => Buffer.compare(drop, parcel.bytes)), [0]);
  });
}
