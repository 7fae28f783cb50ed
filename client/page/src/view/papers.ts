/** The newsroom's papers: fetched, and verified before anything is sealed to them. */
import { Chain } from '../envelope/chain.ts';
import { decode } from '../envelope/cbor.ts';
import { dayOf } from '../envelope/day.ts';
import { Record } from '../envelope/record.ts';
import { Refused } from '../envelope/refused.ts';
import { readSheets, type Sheet, sheetFor } from '../envelope/sheet.ts';
import { newsroom as fetchNewsroom, papers as fetchPapers } from '../dropbox/papers.ts';
import { DropBoxError } from '../dropbox/trouble.ts';
import type { DropBox } from '../dropbox/wire.ts';
import { breathe } from '../breath.ts';
import type { Newsroom } from './stage.ts';

export type Trouble = 'unreachable' | 'no-keys' | 'untrusted' | 'changed';

/** Why the papers cannot be used. */
export class PapersError extends Error {
  override readonly name = 'PapersError';
  readonly trouble: Trouble;

  constructor(trouble: Trouble) {
    super(trouble);
    this.trouble = trouble;
  }
}

/**
 * Fetches and verifies. Without a fingerprint of the source's own the chain is believed to be that of the newsroom whose
 * founding charter it begins with: the source compares. Rejects with `PapersError`.
 */
export async function readNewsroom(box: DropBox, fingerprint?: Uint8Array): Promise<Newsroom> {
  const [papers, about] = await Promise.all([fetchPapers(box), fetchNewsroom(box)]).catch((error: unknown) => {
    throw asPapersError(error);
  });
  try {
    const chain = await Chain.verifyCalmly(papers.charter, fingerprint ?? Chain.claimedFingerprint(papers.charter), breathe);
    const sheets = papers.sheets === undefined ? [] : readSheets(papers.sheets, chain);
    const sheet = sheetFor(sheets, dayOf(new Date()));
    return { chain, sheet, ...readAbout(about) };
  } catch (error) {
    throw error instanceof Refused ? new PapersError('untrusted') : error;
  }
}

/** The sheet to seal to now, from papers that continue those that the source has compared. Rejects with `PapersError`. */
export async function sheetToSealTo(box: DropBox, seen: Newsroom): Promise<Sheet> {
  const now = await readNewsroom(box, seen.chain.fingerprint);
  const trouble = troubleSince(seen.chain, now.chain);
  if (trouble !== undefined) throw new PapersError(trouble);
  if (now.sheet === undefined) throw new PapersError('no-keys');
  return now.sheet;
}

/**
 * Why a chain is not taken in the place of one that the source has compared. Editors may have come and gone meanwhile, as
 * those before them agreed; a newsroom that was founded anew from paper is one to be told of first.
 */
export function troubleSince(seen: Chain, now: Chain): Trouble | undefined {
  try {
    now.continues(seen);
  } catch {
    return 'untrusted';
  }
  return now.isRecoveredSince(seen) ? 'changed' : undefined;
}

/** A sheet that ends so soon is warned of. */
const DAYS_BEFORE_END = 1;

export function endsSoon(sheet: Sheet): boolean {
  return sheet.last - dayOf(new Date()) <= DAYS_BEFORE_END;
}

function asPapersError(error: unknown): unknown {
  if (!(error instanceof DropBoxError)) return error;
  if (error.why === 'not-there') return new PapersError('no-keys');
  return new PapersError(error.why === 'nonsense' || error.why === 'refused' ? 'untrusted' : 'unreachable');
}

const MOST_NAME = 200;
const MOST_WORDS = 8_000;
const MOST_ADDRESS = 2_000;

function readAbout(bytes: Uint8Array): { name: string; words: string; leave: string } {
  const record = Record.of(decode(bytes), [1, 2, 3, 4]);
  record.version();
  return { name: record.text(2, MOST_NAME), words: record.text(3, MOST_WORDS), leave: record.text(4, MOST_ADDRESS) };
}
