/** What each kind of vector is read by, and what it then says. */
import { readAddress, readFingerprint, readOnion } from '../../src/envelope/address.ts';
import { hex } from '../../src/envelope/bytes.ts';
import { Chain } from '../../src/envelope/chain.ts';
import { decode } from '../../src/envelope/cbor.ts';
import { checkWord, replyBlock, wayBack } from '../../src/envelope/codename.ts';
import { sha256 } from '../../src/envelope/digest.ts';
import { unframe } from '../../src/envelope/frame.ts';
import { keyPair } from '../../src/envelope/xwing.ts';
import { openReply } from '../../src/envelope/reply.ts';
import { readSheet } from '../../src/envelope/sheet.ts';
import { type Lines, octets, said, type Vectors } from './files.ts';

export type Says = Readonly<{ [line: string]: string }>;

/** The papers that the page reads; those that only couriers and newsrooms read are not its business. */
export const READ = ['address', 'chain', 'codename', 'fingerprint', 'frame', 'onion', 'reply', 'sheet'];

export async function read(vectors: Vectors, lines: Lines, edits: readonly string[]): Promise<Says> {
  const as = said(lines, 'as');
  if (as === 'address') {
    const { onion, fingerprint } = readAddress(said(lines, 'text'));
    return { onion, fingerprint: hex(fingerprint) };
  }
  if (as === 'fingerprint') return { fingerprint: hex(readFingerprint(said(lines, 'text'))) };
  if (as === 'onion') return { key: hex(readOnion(said(lines, 'text'))) };
  if (as === 'frame') return { content: hex(unframe(octets(said(lines, 'bytes')))) };
  if (as === 'chain') return await chain(vectors, lines);
  if (as === 'sheet') return await sheet(vectors, lines);
  if (as === 'reply') return await reply(vectors, lines, edits);
  if (as === 'codename') return codename(lines);
  throw new Error(`not the page's: ${as}`);
}

async function chain(vectors: Vectors, lines: Lines): Promise<Says> {
  const chain = Chain.verify(octets(said(lines, 'bytes')), octets(said(lines, 'fingerprint')));
  const held = lines.get('held');
  if (held !== undefined) chain.continues(await vectors.chain(held));
  const { hash, sequence, quorum, editors } = chain.current;
  return {
    hash: hex(hash),
    sequence: String(sequence),
    k: String(quorum),
    editors: editors.join(' '),
    recovered: chain.isRecovered ? 'yes' : 'no',
  };
}

async function sheet(vectors: Vectors, lines: Lines): Promise<Says> {
  const sheet = readSheet(decode(octets(said(lines, 'bytes'))), await vectors.chain(said(lines, 'chain')));
  return {
    epoch: String(sheet.epoch),
    first: String(sheet.first),
    last: String(sheet.last),
    hash: hex(sheet.hash),
    charter: hex(sheet.charter),
    'current charter': sheet.isCurrent ? 'yes' : 'no',
  };
}

async function reply(vectors: Vectors, lines: Lines, edits: readonly string[]): Promise<Says> {
  const envelope = await vectors.envelope(lines, edits);
  const seed = octets(`${said(lines, 'openers')}*32`);
  const opened = await openReply(envelope, keyPair(seed), await vectors.chain(said(lines, 'chain')));
  return {
    number: String(opened.number),
    editor: hex(opened.editor),
    'current editor': opened.isByCurrentEditor ? 'yes' : 'no',
    length: String(envelope.length),
    'SHA-256(envelope)': hex(sha256(envelope)),
  };
}

function codename(lines: Lines): Says {
  const entropy = octets(said(lines, 'entropy'));
  const way = wayBack(entropy, octets(said(lines, 'fingerprint')));
  return {
    seed: hex(way.replyKey.secretKey),
    mailbox: hex(way.mailbox),
    'erase secret': hex(way.eraseSecret),
    'SHA-256(erase secret)': hex(replyBlock(way).eraseHash),
    'check word': String(checkWord(entropy)),
  };
}
