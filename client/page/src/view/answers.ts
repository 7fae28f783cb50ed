/** Coming back: what the newsroom has answered. */
import type { Bytes } from '../envelope/bytes.ts';
import { type WayBack, wayBack } from '../envelope/codename.ts';
import { sha256 } from '../envelope/digest.ts';
import { equal, hex } from '../envelope/bytes.ts';
import { Refused } from '../envelope/refused.ts';
import { openReply, type Reply } from '../envelope/reply.ts';
import { erase, poll } from '../dropbox/mailbox.ts';
import { breathe } from '../breath.ts';
import { button, element, fill, paragraph, warning } from './element.ts';
import { count } from './numbers.ts';
import type { Newsroom, Stage } from './stage.ts';
import { mark } from './tab.ts';
import { askForWords } from './words.ts';

/** What one look at a mailbox gave. */
interface Found {
  readonly replies: readonly Reply[];
  /** The names of those that were read: what erases them. */
  readonly names: readonly Bytes[];
  readonly hasRefused: boolean;
}

export function answers(stage: Stage, newsroom: Newsroom): void {
  const says = stage.texts.answers;
  const again = button(stage.texts.trouble.again, () => answers(stage, newsroom), { class: 'main' });
  stage.show(says.title, paragraph(stage.texts.words.loading, { role: 'status' }));
  void (async () => {
    const lists = await stage.lists().catch(() => undefined);
    if (lists === undefined) return stage.show(says.title, warning(stage.texts.words.failed), element('p', { class: 'choices' }, again));
    askForWords(stage, lists, says.title, says.look, (entropies) => {
      const ways = entropies.map((entropy) => wayBack(entropy, newsroom.chain.fingerprint));
      void look(stage, newsroom, ways, new Set());
    }, { intro: says.intro });
  })();
}

async function look(stage: Stage, newsroom: Newsroom, ways: readonly WayBack[], erased: ReadonlySet<string>): Promise<void> {
  const says = stage.texts.answers;
  mark('used');
  stage.show(says.title, paragraph(says.looking, { role: 'status' }));
  try {
    const found = [];
    for (const way of ways) found.push({ way, ...(await lookInto(stage, newsroom, way)) });
    showAll(stage, newsroom, ways, found, erased);
  } catch {
    const again = button(stage.texts.trouble.again, () => void look(stage, newsroom, ways, erased), { class: 'main' });
    stage.show(says.title, warning(stage.texts.trouble.unreachable), element('p', { class: 'choices' }, again));
  }
}

async function lookInto(stage: Stage, { chain }: Newsroom, way: WayBack): Promise<Found> {
  const [replies, names]: [Reply[], Bytes[]] = [[], []];
  let hasRefused = false;
  for (const envelope of await poll(stage.box, way.mailbox)) {
    try {
      const reply = await openReply(envelope, way.replyKey, chain, breathe);
      const name = sha256(envelope);
      // The same one twice is shown once; another one of the same number is shown too.
      if (!names.some((known) => equal(known, name))) replies.push(reply);
      names.push(name);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      // A decoy, or another's: there is nothing to say about it.
      if (error.reason !== 'not for these keys') hasRefused = true;
    }
  }
  return { replies: replies.sort((one, other) => (one.number < other.number ? -1 : 1)), names, hasRefused };
}

type FoundFor = Found & { readonly way: WayBack };

function showAll(
  stage: Stage,
  newsroom: Newsroom,
  ways: readonly WayBack[],
  found: readonly FoundFor[],
  erased: ReadonlySet<string>,
): void {
  const says = stage.texts.answers;
  const replies = found.flatMap(({ replies }) => replies);
  const comesBack = found.some(({ names }) => names.some((name) => erased.has(hex(name))));
  const eraseAll = async (): Promise<void> => {
    const gone = new Set(erased);
    for (const { way, names } of found) {
      await erase(stage.box, way.mailbox, way.eraseSecret, names);
      for (const name of names) gone.add(hex(name));
    }
    status.textContent = says.erased;
    const more = button(says.more, () => void look(stage, newsroom, ways, gone));
    buttons.replaceChildren(more);
    more.focus();
  };
  const status = element('p', { role: 'status' });
  const buttons = element('p', { class: 'choices' });
  if (replies.length > 0) {
    buttons.append(button(says.erase, () => void eraseAll().catch(() => (status.textContent = stage.texts.trouble.unreachable))));
  }
  stage.show(
    says.title,
    found.some(({ hasRefused }) => hasRefused) ? warning(says.refused) : undefined,
    comesBack ? warning(says.notErased) : undefined,
    replies.length === 0 ? paragraph(says.none) : undefined,
    ...found.flatMap(({ replies }) => replies.flatMap((reply, at) => shown(stage, reply, replies[at - 1]))),
    replies.length > 0 ? paragraph(says.eraseHint, { class: 'hint' }) : undefined,
    status,
    buttons,
    paragraph(says.answer),
  );
}

/** One reply, set apart so that no line of it can pose as this page's, and what is missing before it. */
function shown(stage: Stage, reply: Reply, before: Reply | undefined): HTMLElement[] {
  const { texts } = stage;
  const says = texts.answers;
  const expected = BigInt(before?.number ?? 0) + 1n;
  const number = BigInt(reply.number);
  const missing = { first: count(texts, expected), last: count(texts, number - 1n) };
  const lines = reply.message.split('\n').map((line) => element('p', { dir: 'auto' }, line));
  return [
    ...(number > expected ? [paragraph(fill(number - expected === 1n ? says.missingOne : says.missing, missing), { class: 'hint' })] : []),
    element(
      'section',
      { class: 'theirs' },
      element('h2', {}, fill(says.reply, { n: count(texts, reply.number) })),
      ...(reply.isByCurrentEditor ? [] : [warning(says.former)]),
      ...lines,
    ),
  ];
}
