import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Upload, type Progress } from '../src/dropbox/upload.ts';
import { SEGMENT } from '../src/parcel.ts';
import { turn } from './dropbox/hand-clock.ts';
import { ModelBox } from './dropbox/model.ts';
import { TestParcel } from './dropbox/parcels.ts';
import { asked, LARGE, MIDDLE, passing, run, sent, SMALL } from './dropbox/runs.ts';

test('an upload never gives up by itself, and its pauses stay short', async () => {
  const model = new ModelBox();
  let failures = 0;
  model.fate = () => (++failures < 400 ? 'unheard' : 'done');
  const pauses: number[] = [];
  const upload = sent(model, TestParcel.of(SMALL), ({ waiting }) => {
    if (waiting !== undefined) pauses.push(waiting.milliseconds);
  });
  assert.deepEqual(await upload.run(), { kind: 'matches' });
  assert.equal(pauses.length, 399);
  assert.ok(pauses.slice(0, 80).every((pause) => pause <= 12_000));
  assert.ok(pauses.every((pause) => pause <= 90_000));
  assert.ok(new Set(pauses.slice(10, 80)).size > 10, 'sources do not come in step');
});

test('a dead circuit is noticed within a minute, and the segment goes on where it stood', async () => {
  const model = new ModelBox();
  let dead = false;
  model.fate = (ask) => {
    if (ask.method === 'PATCH' && !dead && model.acknowledged > 3 * SEGMENT) dead = true;
    return dead ? 'silent' : 'done';
  };
  const parcel = TestParcel.of(8 * SEGMENT);
  const seen: Progress[] = [];
  const upload = new Upload(model.box(), parcel, { lanes: 1, onProgress: (progress) => seen.push(progress) });
  const running = upload.run();
  while (!dead) await turn();
  const died = model.clock.now();
  while (seen.at(-1)?.state !== 'waiting') {
    await turn();
    model.clock.turnOn(1_000);
  }
  assert.ok(model.clock.now() - died <= 62_000);
  assert.equal(seen.at(-1)?.waiting?.why, 'silence');
  dead = false;
  model.fate = () => 'done';
  assert.deepEqual(await passing(model, running, 1_000), { kind: 'matches' });
});

test('a piece that takes long on a living line is not cut', async () => {
  const model = new ModelBox();
  const parcel = TestParcel.of(SMALL);
  const send = model.send.bind(model);
  model.send = async (ask, signal) => {
    if (ask.method === 'PATCH') {
      // 5 KB a second.
      await new Promise<void>((resolve) => model.clock.after((ask.body?.length ?? 0) / 5, resolve));
      assert.ok(!signal.aborted);
    }
    return send(ask, signal);
  };
  assert.deepEqual(await passing(model, new Upload(model.box(), parcel).run(), 1_000), { kind: 'matches' });
  assert.ok(asked(model, 'HEAD').length > 5, 'it asked whether the drop-box was there');
});

test('a line on which every answer takes minutes gets through all the same', async () => {
  const model = new ModelBox();
  const send = model.send.bind(model);
  model.send = async (ask, signal) => {
    await new Promise<void>((resolve, reject) => {
      model.clock.after(150_000, resolve);
      signal.addEventListener('abort', () => reject(new Error('aborted')));
    });
    return send(ask, signal);
  };
  const running = new Upload(model.box(), TestParcel.of(SMALL)).run();
  assert.deepEqual(await passing(model, running, 5_000), { kind: 'matches' });
});

test('news of the line, and the source, end a wait at once', async () => {
  for (const wake of ['online', 'resume'] as const) {
    const model = new ModelBox();
    const line = new EventTarget();
    model.fate = () => 'unheard';
    let waits = 0;
    const upload = new Upload(model.box(line), TestParcel.of(SMALL), {
      onProgress: ({ waiting }) => void (waits += waiting === undefined ? 0 : 1),
    });
    const running = upload.run();
    while (waits === 0) await turn();
    model.fate = () => 'done';
    if (wake === 'online') line.dispatchEvent(new Event('online'));
    else upload.resume();
    assert.deepEqual(await running, { kind: 'matches' });
    assert.equal(model.clock.now(), 0);
  }
});

test('a machine that slept asks where the upload stands, and goes on', async () => {
  const model = new ModelBox();
  let asleep = false;
  model.fate = (ask) => {
    if (ask.method !== 'PATCH' || asleep || model.acknowledged < SEGMENT) return 'done';
    asleep = true;
    return 'silent';
  };
  const running = new Upload(model.box(), TestParcel.of(MIDDLE)).run();
  while (!asleep) await turn();
  model.clock.turnOn(9 * 3_600_000);
  assert.deepEqual(await passing(model, running, 1_000), { kind: 'matches' });
});

test('a paused upload asks for nothing, and resumes without sealing anything twice', async () => {
  const model = new ModelBox();
  const parcel = TestParcel.of(LARGE);
  const states: string[] = [];
  const upload = sent(model, parcel, ({ state }) => states.push(state));
  const running = upload.run();
  while (model.acknowledged < 2 * SEGMENT) await turn();
  upload.pause();
  for (let turns = 0; turns < 20; turns += 1) await turn();
  assert.equal(states.at(-1), 'paused');
  const before = model.asks.length;
  model.clock.turnOn(3_600_000);
  for (let turns = 0; turns < 20; turns += 1) await turn();
  assert.equal(model.asks.length, before);
  upload.resume();
  assert.deepEqual(await running, { kind: 'matches' });
  assert.equal(parcel.asked.length, parcel.segments);
});

test('a stopped upload is ended on the drop-box too', async () => {
  const model = new ModelBox();
  const upload = sent(model, TestParcel.of(LARGE));
  const running = upload.run();
  while (model.acknowledged < 2 * SEGMENT) await turn();
  upload.stop();
  assert.deepEqual(await running, { kind: 'stopped' });
  for (let turns = 0; turns < 20; turns += 1) await turn();
  assert.equal(model.uploads.size, 0);
});

test('a paused upload can be stopped', async () => {
  const model = new ModelBox();
  const upload = sent(model, TestParcel.of(SMALL));
  upload.pause();
  const running = upload.run();
  upload.stop();
  assert.deepEqual(await running, { kind: 'stopped' });
  assert.equal(model.asks.length, 0);
});

test('a source who stops when everything is sent hears that it may have arrived', async () => {
  const model = new ModelBox();
  model.lie = (_, said) => delete said.headers['knothole-tree'];
  let upload: Upload | undefined;
  upload = sent(model, TestParcel.of(SMALL), ({ state }) => {
    if (state === 'finishing') setImmediate(() => upload?.stop());
  });
  assert.deepEqual(await upload.run(), { kind: 'may-have-arrived' });
  // If it is no drop yet, it shall not become one.
  assert.equal(asked(model, 'DELETE').length, 1);
});

test('what the parcel fails with comes out, and the drop-box is told to forget the rest', async () => {
  const model = new ModelBox();
  const parcel = TestParcel.of(LARGE);
  const changed = new Error('a file changed');
  parcel.onAsk = (index) => {
    if (index === 3) throw changed;
  };
  await assert.rejects(run(model, parcel), changed);
  for (let turns = 0; turns < 20; turns += 1) await turn();
  assert.equal(model.uploads.size, 0);
});

test('progress is what the drop-box acknowledged, with a rate and the time that is left', async () => {
  const model = new ModelBox();
  const send = model.send.bind(model);
  model.send = async (ask, signal) => {
    await turn();
    // A megabyte a second.
    model.clock.turnOn((ask.body?.length ?? 0) / 1_000);
    return send(ask, signal);
  };
  const seen: Progress[] = [];
  const parcel = TestParcel.of(5 * SEGMENT);
  const onProgress = (progress: Progress) => {
    seen.push(progress);
    assert.ok(progress.acknowledged <= model.acknowledged || progress.state === 'finishing');
    assert.ok(progress.acknowledged + progress.inFlight <= parcel.length);
  };
  assert.deepEqual(await new Upload(model.box(), parcel, { onProgress }).run(), { kind: 'matches' });
  assert.ok(seen.some(({ inFlight }) => inFlight > 0));
  const late = seen.filter(({ acknowledged }) => acknowledged >= 3 * SEGMENT && acknowledged <= 4 * SEGMENT);
  for (const { rate, secondsLeft, acknowledged } of late) {
    assert.ok(rate !== undefined && rate > 900_000 && rate < 1_050_000, `${rate}`);
    assert.equal(secondsLeft, Math.ceil((parcel.length - acknowledged) / rate));
  }
  assert.ok(late.length > 0);
});

test('a source who stops while lanes are made a drop of hears that it may have arrived', async () => {
  const model = new ModelBox();
  model.lie = (_, said) => delete said.headers['knothole-tree'];
  const said = new Set<string>();
  const upload: Upload = sent(model, TestParcel.of(LARGE), ({ state, waiting, acknowledged, length }) => {
    if (waiting === undefined || acknowledged < length) return;
    said.add(state);
    setImmediate(() => upload.stop());
  });
  assert.deepEqual(await upload.run(), { kind: 'may-have-arrived' });
  // All of it is there; but while nobody answers, nothing is said to be nearly done.
  assert.deepEqual([...said], ['waiting']);
  assert.equal(model.drops.length, 1);
});
