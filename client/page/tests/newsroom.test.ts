import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { dropBox } from '../src/dropbox/fetching.ts';
import { erase, poll } from '../src/dropbox/mailbox.ts';
import { papers } from '../src/dropbox/papers.ts';
import { Upload, type UploadEnd } from '../src/dropbox/upload.ts';
import { SEGMENT } from '../src/parcel.ts';
import { FaultyLine, type Fault, type Plan } from './dropbox/faulty-line.ts';
import { HandClock } from './dropbox/hand-clock.ts';
import { Newsroom } from './dropbox/newsroom.ts';
import { TestParcel } from './dropbox/parcels.ts';
import { Seed } from './dropbox/seed.ts';

/** Six segments when it is sealed: three lanes. */
const FILE = 21_500_000;

let newsroom: Newsroom;
let sealed: Uint8Array<ArrayBuffer>;

before(async () => {
  newsroom = await Newsroom.open(FILE);
  sealed = newsroom.sealed;
});

after(() => newsroom.close());

/** A plan without faults, on which a test builds. */
class Quiet implements Plan {
  readonly clock = new HandClock();

  next(): Fault | undefined {
    return undefined;
  }

  onUp(_bytes: Buffer): void {}

  onSilence(): void {
    this.clock.turnOn(1_000);
  }
}

interface Sent {
  readonly end: UploadEnd;
  readonly line: FaultyLine;
  /** The drops that came of it. */
  readonly drops: Buffer[];
}

/** Sends over a line, and looks into the store. Time goes on exactly while the upload waits. */
async function send(bytes: Uint8Array<ArrayBuffer>, lanes: 1 | 3, plan: Quiet, see?: (line: FaultyLine) => void): Promise<Sent> {
  const earlier = newsroom.drops;
  const line = await FaultyLine.to(newsroom.port, plan);
  see?.(line);
  try {
    const box = { ...dropBox(line.origin), clock: plan.clock, random: new Seed(7).fill };
    const upload = new Upload(box, new TestParcel(bytes), {
      lanes,
      onProgress: ({ waiting }) => {
        if (waiting !== undefined) setTimeout(() => plan.clock.turnOn(waiting.milliseconds), 1);
      },
    });
    const end = await upload.run();
    const names = newsroom.drops.filter((name) => !earlier.includes(name));
    return { end, line, drops: names.map((name) => newsroom.drop(name)) };
  } finally {
    line.close();
  }
}

function arrivedOnce({ drops }: Sent): void {
  assert.deepEqual(drops.map((drop) => Buffer.compare(drop, sealed)), [0]);
}

for (const lanes of [1, 3] as const) {
  test(`a sealed drop arrives in ${lanes} lanes, and the store has the same bytes`, async () => {
    const sent = await send(sealed, lanes, new Quiet());
    assert.deepEqual(sent.end, { kind: 'matches' });
    arrivedOnce(sent);
  });
}

test('what is not sealed, or cut, is refused at the gate', async () => {
  const plain = await send(new Uint8Array(2 * SEGMENT), 1, new Quiet());
  assert.deepEqual([plain.end, plain.drops], [{ kind: 'refused', why: 'gate' }, []]);
  assert.ok(plain.line.up < 20_000, 'before the rest was sent');
  const cut = await send(sealed.slice(0, -65_536), 1, new Quiet());
  assert.deepEqual([cut.end, cut.drops], [{ kind: 'refused', why: 'gate' }, []]);
});

/** What happened in all histories. */
const happened = new Set<string>();
const KINDS: readonly Pick<Fault, 'kind' | 'way'>[] = [
  ...(['up', 'down'] as const).flatMap((way) => (['cut', 'reset', 'silence'] as const).map((kind) => ({ kind, way }))),
  { kind: 'busy', way: 'up' },
];

/** A history that a number stands for. */
class History extends Quiet {
  readonly #seed: Seed;
  readonly #restart: () => void;
  #faults: number;
  #kind: number;
  #up = 0;
  #killAt: number;

  constructor(number: number, restart: () => void) {
    super();
    this.#seed = new Seed(number);
    this.#restart = restart;
    this.#faults = 7 + this.#seed.below(7);
    this.#kind = number;
    this.#killAt = this.#seed.below(2 * sealed.length);
  }

  override next(): Fault | undefined {
    if (this.#faults === 0 || this.#seed.oneIn(4)) return undefined;
    this.#faults -= 1;
    this.#kind += 1;
    const { kind, way } = KINDS[this.#kind % KINDS.length] ?? { kind: 'cut', way: 'up' };
    if (way === 'down') return { kind, way, after: this.#seed.below(900) };
    return { kind, way, after: this.#seed.below(this.#seed.oneIn(3) ? 14_000 : SEGMENT) };
  }

  override onUp(bytes: Buffer): void {
    this.#up += bytes.length;
    if (this.#up < this.#killAt) return;
    this.#killAt = Infinity;
    happened.add('kill');
    this.#restart();
  }
}

for (let seed = 1; seed <= 8; seed += 1) {
  test(`whatever happens to line and server, an upload ends as it must: history ${seed}`, async () => {
    let line: FaultyLine | undefined;
    const history = new History(seed, () => {
      if (line !== undefined) line.target = line.target.then(() => newsroom.restart()).then(() => newsroom.port);
    });
    const lanes = seed % 2 === 0 ? 1 : 3;
    const sent = await send(sealed, lanes, history, (made) => (line = made));
    for (const kind of sent.line.broken) happened.add(kind);
    await line?.target;
    assert.deepEqual(sent.end, { kind: 'matches' });
    arrivedOnce(sent);
  });
}

test('the histories had every kind of fault, both ways, and killed servers', () => {
  const planned = KINDS.map(({ kind, way }) => (kind === 'busy' ? kind : `${kind} ${way}`));
  assert.deepEqual([...happened].sort(), [...planned, 'kill'].sort());
});

/** A server that is killed once so many bytes went up. */
class Killed extends Quiet {
  readonly #after: number;
  readonly #restart: () => void;
  #up = 0;

  constructor(after: number, restart: () => void) {
    super();
    this.#after = after;
    this.#restart = restart;
  }

  override onUp(bytes: Buffer): void {
    const before = this.#up;
    this.#up += bytes.length;
    if (before < this.#after && this.#up >= this.#after) this.#restart();
  }
}

for (const lanes of [1, 3] as const) {
  test(`an upload in ${lanes} lanes goes on where it stood when the server was killed`, async () => {
    let line: FaultyLine | undefined;
    const plan = new Killed(sealed.length / 2, () => {
      if (line !== undefined) line.target = newsroom.restart().then(() => newsroom.port);
    });
    const sent = await send(sealed, lanes, plan, (made) => (line = made));
    assert.deepEqual(sent.end, { kind: 'matches' });
    arrivedOnce(sent);
    assert.ok(sent.line.up < sealed.length + 3 * SEGMENT + 100_000, `${sent.line.up}`);
  });
}

test('a server that is killed while the last bytes come has one drop in the end, and it matches', async () => {
  for (const before of [200_000, 10_000, 1]) {
    let line: FaultyLine | undefined;
    const plan = new Killed(sealed.length - before, () => {
      if (line !== undefined) line.target = newsroom.restart().then(() => newsroom.port);
    });
    const sent = await send(sealed, 1, plan, (made) => (line = made));
    assert.deepEqual(sent.end, { kind: 'matches' });
    arrivedOnce(sent);
  }
});

/** A server that is killed so many milliseconds after the first request to join lanes went up. */
class KilledAtTheJoining extends Quiet {
  readonly #after: number;
  /** Requests to join. */
  joins = 0;
  /** Resolves once it is killed, which may be after the upload has ended. */
  readonly killed: Promise<void>;
  #kill: () => void = () => undefined;

  constructor(after: number, restart: () => void) {
    super();
    this.#after = after;
    this.killed = new Promise((resolve) => {
      this.#kill = () => {
        restart();
        resolve();
      };
    });
  }

  override onUp(bytes: Buffer): void {
    if (!bytes.includes('final;')) return;
    this.joins += 1;
    if (this.joins > 1) return;
    if (this.#after === 0) this.#kill();
    else setTimeout(this.#kill, this.#after);
  }
}

test('a server that is killed while lanes are joined has one drop in the end, and it matches', async () => {
  let again = 0;
  for (const after of [0, 1, 2, 3, 5, 8]) {
    let line: FaultyLine | undefined;
    const plan = new KilledAtTheJoining(after, () => {
      if (line !== undefined) line.target = newsroom.restart().then(() => newsroom.port);
    });
    const sent = await send(sealed, 3, plan, (made) => (line = made));
    again += plan.joins - 1;
    await plan.killed;
    await line?.target;
    assert.deepEqual(sent.end, { kind: 'matches' });
    arrivedOnce(sent);
  }
  assert.ok(again > 0, 'some answers were lost');
});

test('a stopped upload leaves nothing in the store', async () => {
  const line = await FaultyLine.to(newsroom.port, new Quiet());
  const upload: Upload = new Upload(dropBox(line.origin), new TestParcel(sealed), {
    onProgress: ({ acknowledged }) => acknowledged > 2 * SEGMENT && upload.stop(),
  });
  const earlier = newsroom.drops;
  assert.deepEqual(await upload.run(), { kind: 'stopped' });
  assert.deepEqual(newsroom.drops, earlier);
  line.close();
});

test('a server of our own gives papers, and a mailbox with four envelopes', async () => {
  const box = dropBox(`http://127.0.0.1:${newsroom.port}`);
  const { charter, sheets } = await papers(box);
  // CBOR arrays of one element.
  assert.deepEqual([charter[0], sheets?.[0]], [0x81, 0x81]);
  const mailbox = new Uint8Array(32).fill(9);
  const envelopes = await poll(box, mailbox);
  assert.deepEqual(envelopes.map((one) => new TextDecoder().decode(one.subarray(0, 8))), Array(4).fill('KNOTHOLE'));
  await erase(box, mailbox, new Uint8Array(32), [new Uint8Array(32)]);
});
