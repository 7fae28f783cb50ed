import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Why } from '../src/dropbox/trouble.ts';
import type { UploadEnd } from '../src/dropbox/upload.ts';
import type { Ask } from '../src/dropbox/wire.ts';
import { SEGMENT } from '../src/parcel.ts';
import { ModelBox, type Said } from './dropbox/model.ts';
import { TestParcel } from './dropbox/parcels.ts';
import { LARGE, MIDDLE, run, SMALL } from './dropbox/runs.ts';

/** How an upload ends with a drop-box that lies so. */
async function lied(length: number, lie: (ask: Ask, said: Said, model: ModelBox) => void): Promise<UploadEnd> {
  const model = new ModelBox();
  model.lie = (ask, said) => lie(ask, said, model);
  return run(model, TestParcel.of(length));
}

function offset(ask: Ask): number {
  return Number(ask.headers?.['Upload-Offset'] ?? 0) + (ask.body?.length ?? 0);
}

const refused = (why: Why): UploadEnd => ({ kind: 'refused', why });

test('an offset beyond what was ever sent is a lie', async () => {
  for (const length of [SMALL, LARGE]) {
    const end = await lied(length, (ask, said) => {
      if (ask.method === 'PATCH') said.headers['upload-offset'] = String(offset(ask) + 1);
    });
    assert.deepEqual(end, refused('nonsense'));
  }
  const created = await lied(SMALL, (ask, said) => {
    if (ask.method === 'POST') said.headers['upload-offset'] = '12289';
  });
  assert.deepEqual(created, refused('nonsense'));
});

test('a drop-box that goes back before what is still held has lost bytes', async () => {
  const end = await lied(MIDDLE, (ask, said) => {
    if (ask.method === 'PATCH' && offset(ask) > SEGMENT) said.headers['upload-offset'] = String(SEGMENT - 1);
  });
  assert.deepEqual(end, refused('lost-bytes'));
});

test('a drop-box that goes back inside the segment gets it again, and nothing is sealed twice', async () => {
  const model = new ModelBox();
  const parcel = TestParcel.of(MIDDLE);
  let back = 2;
  model.lie = (ask, said) => {
    const [kept] = [...model.uploads.values()];
    if (ask.method !== 'PATCH' || kept === undefined || kept.offset < SEGMENT + 2_000_000 || back === 0) return;
    back -= 1;
    kept.offset = SEGMENT + 5;
    said.headers['upload-offset'] = String(kept.offset);
  };
  assert.deepEqual(await run(model, parcel), { kind: 'matches' });
  assert.equal(back, 0);
});

test('another tree hash than ours never matches', async () => {
  for (const length of [SMALL, LARGE]) {
    const end = await lied(length, (_, said) => {
      if (said.headers['knothole-tree'] !== undefined) said.headers['knothole-tree'] = 'ab'.repeat(32);
    });
    assert.deepEqual(end, { kind: 'differs' });
  }
});

test('a byte that arrives altered is seen', async () => {
  const model = new ModelBox();
  let drops = 0;
  const parcel = TestParcel.of(SMALL);
  model.lie = () => {
    const [kept] = [...model.uploads.values()];
    if (kept !== undefined && drops++ === 0) kept.bytes[7] = 200;
  };
  assert.deepEqual(await run(model, parcel), { kind: 'differs' });
});

test('a tree hash before everything is there, or on a lane, is a lie', async () => {
  for (const length of [MIDDLE, LARGE]) {
    const end = await lied(length, (ask, said) => {
      if (ask.method === 'PATCH' && offset(ask) < length) said.headers['knothole-tree'] = 'ab'.repeat(32);
    });
    assert.deepEqual(end, refused('nonsense'));
  }
});

test('what is no offset, length, hash or address is nonsense', async () => {
  const digits = 'ab'.repeat(32);
  const lies: [string, string][] = [
    ...['', '-1', '+5', '1e3', '0x5', '5, 5', ' 5', '99999999999999999999'].map((text) => ['upload-offset', text]),
    ...['ab', digits.toUpperCase(), `${digits}, ${digits}`].map((text) => ['knothole-tree', text]),
    ...[
      `http://elsewhere.onion/drops/${digits}`,
      `//elsewhere/drops/${digits}`,
      `/drops/${digits}/`,
      `/drops/${digits}0`,
      `/drops/${digits.toUpperCase()}`,
      `/drops/../${digits}`,
      '/drops/',
      '',
    ].map((text) => ['location', text]),
  ].map(([name = '', text = '']) => [name, text]);
  for (const [name, text] of lies) {
    const end = await lied(SMALL, (ask, said) => {
      if (ask.method === 'POST') said.headers[name] = text;
    });
    assert.deepEqual(end, refused('nonsense'), `${name}: ${text}`);
  }
});

test('another upload in the place of this one is a lie', async () => {
  let cut = true;
  const model = new ModelBox();
  model.fate = (ask) => (ask.method === 'PATCH' && cut && !(cut = false) ? 'unheard' : 'done');
  model.lie = (_, said) => {
    if (said.headers['upload-length'] !== undefined) said.headers['upload-length'] = '1060865';
  };
  assert.deepEqual(await run(model, TestParcel.of(SMALL)), refused('nonsense'));
});

test('a refusal has a reason of a closed list', async () => {
  const reasons: [number, Why][] = [
    [400, 'protocol'],
    [403, 'forbidden'],
    [405, 'protocol'],
    [412, 'protocol'],
    [413, 'too-large'],
    [415, 'protocol'],
    [422, 'gate'],
    [507, 'full'],
    [200, 'nonsense'],
    [303, 'nonsense'],
    [600, 'nonsense'],
  ];
  for (const [status, why] of reasons) {
    const end = await lied(SMALL, (_, said) => Object.assign(said, { status }));
    assert.deepEqual(end, refused(why), String(status));
  }
});

test('keys that are burned while the last byte comes refuse the upload', async () => {
  const end = await lied(SMALL, (ask, said) => {
    if (offset(ask) === SMALL) Object.assign(said, { status: 422, headers: {} });
  });
  assert.deepEqual(end, refused('gate'));
});

test('a disk that fills up on the way is waited for', async () => {
  let full = 20;
  const end = await lied(LARGE, (ask, said) => {
    if (ask.method === 'PATCH' && offset(ask) > 2_000_000 && full-- > 0) Object.assign(said, { status: 507 });
  });
  assert.deepEqual(end, { kind: 'matches' });
});

test('an upload that is forgotten while all of it is held begins again, and nothing is sealed twice', async () => {
  for (const length of [MIDDLE, LARGE]) {
    const model = new ModelBox();
    const parcel = TestParcel.of(length);
    let forgets = 2;
    model.fate = (ask) => {
      if (ask.method === 'PATCH' && model.acknowledged > 1_000_000 && forgets > 0) {
        forgets -= 1;
        model.uploads.clear();
      }
      return 'done';
    };
    assert.deepEqual(await run(model, parcel), { kind: 'matches' });
    assert.deepEqual([forgets, model.drops.length], [0, 1]);
  }
});

test('an upload that is forgotten when part of it is not held any more needs a new envelope', async () => {
  for (const length of [MIDDLE, LARGE]) {
    const model = new ModelBox();
    model.fate = () => {
      if (model.acknowledged >= (length === LARGE ? 4.5 : 1) * SEGMENT) model.uploads.clear();
      return 'done';
    };
    assert.deepEqual(await run(model, TestParcel.of(length)), refused('forgotten'));
  }
});

test('a drop-box that always forgets is not sent the same for ever', async () => {
  const model = new ModelBox();
  model.fate = (ask) => {
    if (ask.method !== 'POST') model.uploads.clear();
    return 'done';
  };
  assert.deepEqual(await run(model, TestParcel.of(MIDDLE)), refused('forgotten'));
});

test('a lane that a restarted server never heard of is made again', async () => {
  const model = new ModelBox();
  let forgets = 2;
  model.fate = (ask) => {
    const kept = model.uploads.get(ask.path);
    if (ask.method === 'PATCH' && kept?.offset === 0 && forgets > 0) {
      forgets -= 1;
      model.uploads.delete(ask.path);
    }
    return 'done';
  };
  assert.deepEqual(await run(model, TestParcel.of(LARGE)), { kind: 'matches' });
  assert.equal(forgets, 0);
});

test('an address that a server does not know for a while is asked for again', async () => {
  let strange = 8;
  const end = await lied(MIDDLE, (ask, said) => {
    if (offset(ask) > SEGMENT || ask.method === 'HEAD') {
      if (strange-- > 0) Object.assign(said, { status: 404, headers: {} });
    }
  });
  assert.deepEqual(end, { kind: 'matches' });
});

test('an upload that is unknown after everything was sent may have arrived', async () => {
  const model = new ModelBox();
  model.fate = (ask) => {
    if (offset(ask) === MIDDLE) model.uploads.clear();
    return offset(ask) === MIDDLE ? 'unanswered' : 'done';
  };
  assert.deepEqual(await run(model, TestParcel.of(MIDDLE)), { kind: 'may-have-arrived' });
  assert.equal(model.asks.filter(({ method }) => method === 'POST').length, 1, 'it is not sent a second time');
});

test('lanes whose joining was not answered are joined once, and match when the answer comes', async () => {
  const model = new ModelBox();
  let lost = 5;
  const joins = (ask: Ask) => ask.headers?.['Upload-Concat']?.startsWith('final') ?? false;
  model.fate = (ask) => (joins(ask) && lost-- > 0 ? 'unanswered' : 'done');
  assert.deepEqual(await run(model, TestParcel.of(LARGE)), { kind: 'matches' });
  assert.deepEqual([lost, model.drops.length], [-1, 1]);
});

test('lanes whose joining was not answered, and which are forgotten then, may have arrived', async () => {
  const model = new ModelBox();
  const joins = (ask: Ask) => ask.headers?.['Upload-Concat']?.startsWith('final') ?? false;
  model.fate = (ask) => {
    if (!joins(ask)) return 'done';
    if (model.drops.length === 0) return 'unanswered';
    model.uploads.clear();
    return 'done';
  };
  assert.deepEqual(await run(model, TestParcel.of(LARGE)), { kind: 'may-have-arrived' });
  assert.deepEqual([model.asks.filter(joins).length, model.drops.length], [11, 1]);
});

test('lanes that are said to be joined at another address than the first one\'s may have arrived, and are not asked for again', async () => {
  for (const location of [`/drops/${'ab'.repeat(32)}`, 'http://an.onion/drops/1', '']) {
    let joins = 0;
    const end = await lied(LARGE, (ask, said) => {
      if (!ask.headers?.['Upload-Concat']?.startsWith('final')) return;
      joins += 1;
      said.headers['location'] = location;
    });
    assert.deepEqual(end, { kind: 'may-have-arrived' }, location);
    assert.equal(joins, 1, location);
  }
});

test('lanes whose joining was never heard are joined again', async () => {
  const model = new ModelBox();
  let lost = 3;
  const joins = (ask: Ask) => ask.headers?.['Upload-Concat']?.startsWith('final') ?? false;
  model.fate = (ask) => (joins(ask) && lost-- > 0 ? 'unheard' : 'done');
  assert.deepEqual(await run(model, TestParcel.of(LARGE)), { kind: 'matches' });
});

test('a commit that nobody began after a crash is asked for with an empty piece', async () => {
  const model = new ModelBox();
  const hides = (ask: Ask, said: Said) => {
    const last = ask.method === 'PATCH' && ask.body?.length === 0;
    if (!last) delete said.headers['knothole-tree'];
  };
  model.lie = hides;
  assert.deepEqual(await run(model, TestParcel.of(SMALL)), { kind: 'matches' });
});
