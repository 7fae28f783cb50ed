import { are64Digits, decimal } from './digits.ts';
import { Later, Never, Unknown } from './trouble.ts';
import { ask, type Answer, type Ask, type DropBox } from './wire.ts';

/** The path of an upload: who has it can add to the upload or end it. */
export type UploadPath = `/drops/${string}`;

/** How far an upload is, by the drop-box's own word. */
export interface Stand {
  readonly offset: number;
  /** Where the answer has it. */
  readonly length: number | undefined;
  /** The tree hash in digits, once the drop is committed. */
  readonly tree: string | undefined;
}

/** How long one request may take, and what ends it. */
export interface Terms {
  readonly patience: number;
  readonly signal: AbortSignal;
}

const UPLOADS = '/drops';
const BYTES = { 'Content-Type': 'application/offset+octet-stream' };

/** What a creation says of its upload. */
export interface Creation {
  readonly length: number;
  readonly part: 'whole' | 'first' | 'later';
  /** The path of the first lane, for a later one. */
  readonly parent?: UploadPath | undefined;
  /** Bytes from 0 on that come with the creation. */
  readonly body?: Uint8Array<ArrayBuffer> | undefined;
}

/** Makes an upload. */
export async function create(box: DropBox, what: Creation, terms: Terms): Promise<[UploadPath, Stand]> {
  const headers = {
    'Upload-Length': String(what.length),
    ...(what.part === 'whole' ? {} : { 'Upload-Concat': 'partial' }),
    ...(what.parent === undefined ? {} : { 'Knothole-Parent': what.parent.slice(UPLOADS.length + 1) }),
    ...(what.body === undefined ? {} : BYTES),
  };
  const body = what.body === undefined ? {} : { body: what.body };
  return made(await tus(box, { method: 'POST', path: UPLOADS, headers, ...body, most: 0 }, 201, terms));
}

/** Puts lanes together. Whatever address the answer has, or none, the drop-box says that it has done so. */
export async function join(box: DropBox, lanes: readonly UploadPath[], terms: Terms): Promise<Answer> {
  const headers = { 'Upload-Concat': `final;${lanes.join(' ')}` };
  return await tus(box, { method: 'POST', path: UPLOADS, headers, most: 0 }, 201, terms);
}

/** Asks how far it is. */
export async function head(box: DropBox, path: UploadPath, terms: Terms): Promise<Stand> {
  return stand(await tus(box, { method: 'HEAD', path, most: 0 }, 200, terms));
}

/** Appends. Whatever goes wrong, some of the bytes may have arrived. */
export async function patch(
  box: DropBox,
  path: UploadPath,
  offset: number,
  body: Uint8Array<ArrayBuffer>,
  terms: Terms,
): Promise<Stand> {
  const headers = { ...BYTES, 'Upload-Offset': String(offset) };
  return stand(await tus(box, { method: 'PATCH', path, headers, body, most: 0 }, 204, terms));
}

/** Ends an upload that is not committed. */
export async function terminate(box: DropBox, path: UploadPath, terms: Terms): Promise<void> {
  await tus(box, { method: 'DELETE', path, most: 0 }, 204, terms);
}

async function tus(box: DropBox, request: Ask, good: number, terms: Terms): Promise<Answer> {
  const headers = { ...request.headers, 'Tus-Resumable': '1.0.0' };
  const answer = await ask(box, { ...request, headers }, terms.patience, terms.signal);
  if (answer.status === good) return answer;
  throw refusal(answer.status);
}

function refusal(status: number): Error {
  switch (status) {
    case 403:
      return new Never('forbidden');
    case 404:
    case 410:
      return new Unknown();
    case 413:
      return new Never('too-large');
    case 422:
      return new Never('gate');
    case 507:
      return new Later('full');
    // Another offset: an older request that the circuit lost is still at work. Its end comes soon.
    case 409:
    case 408:
    case 423:
    case 429:
      return new Later('busy');
    default:
      if (status >= 500 && status < 600) return new Later('busy');
      return new Never(status >= 400 && status < 500 ? 'protocol' : 'nonsense');
  }
}

/** What an answer says that made an upload. */
export function made(answer: Answer): [UploadPath, Stand] {
  const location = answer.header('location') ?? '';
  // Only a path on the same drop-box will do.
  const digits = location.startsWith('/drops/') ? location.slice('/drops/'.length) : '';
  if (!are64Digits(digits)) throw new Never('nonsense');
  return [`/drops/${digits}`, stand(answer)];
}

function stand(answer: Answer): Stand {
  const offset = decimal(answer.header('upload-offset'));
  const length = decimal(answer.header('upload-length'));
  const tree = answer.header('knothole-tree') ?? undefined;
  if (offset === undefined) throw new Never('nonsense');
  if (length === undefined && answer.header('upload-length') !== null) throw new Never('nonsense');
  if (tree !== undefined && !are64Digits(tree)) throw new Never('nonsense');
  return { offset, length, tree };
}
