import { createHash } from 'node:crypto';
import type { Answer, Ask, DropBox, Transport } from '../../src/dropbox/wire.ts';
import { HandClock, turn } from './hand-clock.ts';
import { treeHash } from './parcels.ts';
import { Seed } from './seed.ts';

/** An answer of the model, which a test may change. */
export interface Said {
  status: number;
  headers: Record<string, string>;
}

/** What becomes of a request: the line may break before or after it is done, or nothing ever comes back. */
export type Fate = 'done' | 'unheard' | 'unanswered' | 'silent' | { readonly partly: number };

interface Kept {
  length: number;
  bytes: Uint8Array;
  offset: number;
  parent: string | undefined;
  /** Whether lanes were put together into it. */
  joined: boolean;
  tree: string | undefined;
}

/** A drop-box in memory that speaks tus as FORMAT.md §17 says, and lies and breaks as a test says. */
export class ModelBox implements Transport {
  readonly clock = new HandClock();
  readonly asks: Ask[] = [];
  readonly uploads = new Map<string, Kept>();
  readonly drops: Uint8Array[] = [];
  fate: (ask: Ask) => Fate = () => 'done';
  lie: (ask: Ask, said: Said) => void = () => undefined;
  #made = 0;

  box(line?: EventTarget): DropBox {
    return { transport: this, clock: this.clock, random: new Seed(1).fill, line };
  }

  async send(ask: Ask, signal: AbortSignal): Promise<Answer> {
    this.asks.push(ask);
    await turn();
    const fate = this.fate(ask);
    if (fate === 'unheard') throw new Error('cut');
    if (fate === 'silent') await silence(signal);
    const said = this.#do(ask, typeof fate === 'object' ? fate.partly : undefined);
    if (fate !== 'done') throw new Error('cut');
    this.lie(ask, said);
    return { status: said.status, header: (name) => said.headers[name] ?? null, body: new Uint8Array() };
  }

  get acknowledged(): number {
    return [...this.uploads.values()].reduce((sum, { offset }) => sum + offset, 0);
  }

  #do(ask: Ask, partly: number | undefined): Said {
    if (ask.path === '/drops') return this.#create(ask, partly);
    const kept = this.uploads.get(ask.path);
    if (kept === undefined) return { status: 404, headers: {} };
    if (ask.method === 'DELETE') this.uploads.delete(ask.path);
    if (ask.method === 'HEAD') return { status: 200, headers: { ...told(kept), 'upload-length': String(kept.length) } };
    if (ask.method !== 'PATCH') return { status: 204, headers: {} };
    if (ask.headers?.['Upload-Offset'] !== String(kept.offset)) return { status: 409, headers: {} };
    this.#append(kept, ask.body ?? new Uint8Array(), partly);
    return { status: 204, headers: told(kept) };
  }

  #create(ask: Ask, partly: number | undefined): Said {
    const concat = ask.headers?.['Upload-Concat'];
    if (concat?.startsWith('final;')) return this.#join(concat.slice('final;'.length).split(' '));
    const parent = ask.headers?.['Knothole-Parent'];
    const first = this.uploads.get(`/drops/${parent ?? ''}`);
    if (parent !== undefined && (first === undefined || first.offset === 0)) return { status: 403, headers: {} };
    // A creation that is cut off leaves nothing.
    if (partly !== undefined) return { status: 503, headers: {} };
    const length = Number(ask.headers?.['Upload-Length']);
    const lane = concat === 'partial' ? (parent ?? 'first') : undefined;
    const kept = { length, bytes: new Uint8Array(length), offset: 0, parent: lane, joined: false, tree: undefined };
    this.#append(kept, ask.body ?? new Uint8Array(), undefined);
    return this.#answer(kept);
  }

  #append(kept: Kept, body: Uint8Array, partly: number | undefined): void {
    const taken = body.subarray(0, Math.min(partly ?? body.length, kept.length - kept.offset));
    kept.bytes.set(taken, kept.offset);
    kept.offset += taken.length;
    if (kept.offset === kept.length && kept.parent === undefined) this.#commit(kept);
  }

  #join(paths: string[]): Said {
    const [path = ''] = paths;
    const again = this.uploads.get(path);
    if (again?.joined === true) return { status: 201, headers: { location: path, ...told(again) } };
    const lanes = paths.map((path) => this.uploads.get(path));
    if (lanes.includes(undefined)) return { status: 404, headers: {} };
    const all = lanes.filter((lane) => lane !== undefined);
    if (all.some(({ offset, length }) => offset !== length)) return { status: 400, headers: {} };
    for (const path of paths) this.uploads.delete(path);
    const bytes = Buffer.concat(all.map((lane) => lane.bytes));
    const kept = { length: bytes.length, bytes, offset: bytes.length, parent: undefined, joined: true, tree: undefined };
    this.#commit(kept);
    // At the first one's address.
    this.uploads.set(path, kept);
    return { status: 201, headers: { location: path, ...told(kept) } };
  }

  #commit(kept: Kept): void {
    if (kept.tree === undefined) this.drops.push(kept.bytes);
    kept.tree = treeHash(kept.bytes);
  }

  #answer(kept: Kept): Said {
    this.#made += 1;
    const path = `/drops/${createHash('sha256').update(String(this.#made)).digest('hex')}`;
    this.uploads.set(path, kept);
    return { status: 201, headers: { location: path, ...told(kept) } };
  }
}

function told({ offset, tree }: Kept): Record<string, string> {
  return { 'upload-offset': String(offset), ...(tree === undefined ? {} : { 'knothole-tree': tree }) };
}

function silence(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
}
