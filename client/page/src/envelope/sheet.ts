/** Epoch sheets: the keys of one epoch, signed by the editors (FORMAT.md §11). */
import { type Bytes, equal, hex } from './bytes.ts';
import { type Chain, signedBy } from './chain.ts';
import { decode, type Value } from './cbor.ts';
import { LAST_DAY } from './day.ts';
import { isPublicKey, PUBLIC_KEY } from './xwing.ts';
import { asArray, asBytes, Record } from './record.ts';
import { need } from './refused.ts';
import { readPaper } from './signing.ts';

const MOST_EDITORS = 8;
const MOST_EPOCH = 4_294_967_295;
const MOST_DAYS_LATER = 91;
/** A sender uses a sheet from so many days before its first day. */
const DAYS_EARLY = 2;

/** A sheet of the newsroom. */
export interface Sheet {
  readonly hash: Bytes;
  readonly epoch: number;
  /** Days since 1970-01-01. */
  readonly first: number;
  readonly last: number;
  readonly keys: readonly Bytes[];
  /** Of the charter that it is under. */
  readonly quorum: number;
  readonly charter: Bytes;
  /** Whether that charter is the newest one. */
  readonly isCurrent: boolean;
}

/** Reads one signed sheet under a chain that was verified. */
export function readSheet(value: Value, chain: Chain): Sheet {
  const paper = readPaper(value, 'sheet', chain.fingerprint);
  const record = Record.of(decode(paper.body), [1, 2, 3, 4, 5, 6]);
  record.version();
  const epoch = record.between(2, 1, MOST_EPOCH);
  const first = record.between(3, 0, LAST_DAY);
  const last = record.between(4, first, Math.min(LAST_DAY, first + MOST_DAYS_LATER));
  const keys = record.array(5, 1, MOST_EDITORS).map((item) => asBytes(item, PUBLIC_KEY).slice());
  need(new Set(keys.map(hex)).size === keys.length, 'value');
  const hash = record.bytes(6, 32);
  const charter = chain.charter(hash);
  need(charter !== undefined, 'order');
  need(keys.length === charter.editors.length, 'value');
  signedBy(paper, charter.editors, charter.quorum);
  // The slow check comes last.
  need(keys.every(isPublicKey), 'value');
  const { quorum } = charter;
  const isCurrent = equal(charter.hash, chain.current.hash);
  return { hash: paper.hash, epoch, first, last, keys, quorum, charter: charter.hash, isCurrent };
}

/** Reads what a drop-box serves: one or two sheets. */
export function readSheets(bytes: Uint8Array, chain: Chain): Sheet[] {
  return asArray(decode(bytes), 1, 2).map((item) => readSheet(item, chain));
}

/**
 * The sheet to seal to on this day: one of the current charter, from two days before its first day to its last. Of two
 * that both may be used the later one is, so that no drop comes when its epoch has ended.
 */
export function sheetFor(sheets: readonly Sheet[], today: number): Sheet | undefined {
  const usable = sheets.filter((sheet) => sheet.isCurrent && today >= sheet.first - DAYS_EARLY && today <= sheet.last);
  return usable.sort((one, other) => other.epoch - one.epoch)[0];
}
