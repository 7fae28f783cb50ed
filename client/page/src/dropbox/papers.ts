import { unframe } from '../envelope/frame.ts';
import { DropBoxError, Later, Never } from './trouble.ts';
import { ask, type DropBox } from './wire.ts';

/** What the newsroom signed, as the drop-box shows it: nobody has verified it yet. */
export interface Papers {
  /** CBOR of the chain of charters. */
  readonly charter: Uint8Array<ArrayBuffer>;
  /** CBOR of one or two signed sheets; none where nothing is taken at present. */
  readonly sheets: Uint8Array<ArrayBuffer> | undefined;
}

/** How long a small answer may take, through Tor. */
export const ANSWER_PATIENCE = 120_000;
const MOST_CHARTER_BYTES = 1_048_576;
const MOST_SHEETS_BYTES = 131_072;
const MOST_NEWSROOM_BYTES = 131_072;

/** The signed papers. Rejects with `DropBoxError`. */
export async function papers(box: DropBox): Promise<Papers> {
  const [charter, sheets] = await Promise.all([
    framed(box, '/charter', MOST_CHARTER_BYTES),
    framed(box, '/sheet', MOST_SHEETS_BYTES).catch((error: unknown) => {
      if (error instanceof DropBoxError && error.why === 'not-there') return undefined;
      throw error;
    }),
  ]);
  return { charter, sheets };
}

/** The CBOR of what the operator says about the newsroom. Rejects with `DropBoxError`. */
export function newsroom(box: DropBox): Promise<Uint8Array<ArrayBuffer>> {
  return framed(box, '/newsroom', MOST_NEWSROOM_BYTES);
}

/** The body of a good answer; everything else rejects with `DropBoxError`. */
export async function small(box: DropBox, request: Parameters<typeof ask>[1], good: number) {
  const never = new AbortController().signal;
  const answer = await ask(box, request, ANSWER_PATIENCE, never).catch((error: unknown) => {
    if (error instanceof Later) throw new DropBoxError(error.why === 'silence' ? 'silence' : 'no-line');
    if (error instanceof Never) throw new DropBoxError('nonsense');
    throw error;
  });
  if (answer.status === good) return answer;
  if (answer.status === 404) throw new DropBoxError('not-there');
  if (answer.status >= 500 || answer.status === 429) throw new DropBoxError('busy');
  throw new DropBoxError(answer.status >= 400 ? 'refused' : 'nonsense');
}

async function framed(box: DropBox, path: string, most: number): Promise<Uint8Array<ArrayBuffer>> {
  const answer = await small(box, { method: 'GET', path, most }, 200);
  if (answer.header('content-type') !== 'application/octet-stream') throw new DropBoxError('nonsense');
  try {
    return unframe(answer.body);
  } catch {
    throw new DropBoxError('nonsense');
  }
}
