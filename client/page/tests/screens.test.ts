import assert from 'node:assert/strict';
import { test } from 'node:test';
import { replyBlock, wayBack } from '../src/envelope/codename.ts';
import { machineClock } from '../src/dropbox/clock.ts';
import { Fetching } from '../src/dropbox/fetching.ts';
import type { Answer, DropBox } from '../src/dropbox/wire.ts';
import { endAll } from '../src/left.ts';
import { en } from '../src/texts/en.ts';
import { compose } from '../src/view/compose.ts';
import { bodies, NoCopy } from '../src/view/copies.ts';
import { chosen, type Chosen, type Order, unlook } from '../src/view/parcelling.ts';
import { readNewsroom } from '../src/view/papers.ts';
import { ready } from '../src/view/ready.ts';
import { sending } from '../src/view/sending.ts';
import { isolated } from '../src/view/shown.ts';
import { type OpenNewsroom, Stage } from '../src/view/stage.ts';
import { start } from '../src/view/start.ts';
import { wordsChoice } from '../src/view/words.ts';
import { fixtures } from './inspect/fixtures.ts';
import { about, PaperNewsroom } from './outside/papers.ts';
import { browser, Made, until } from './view/dom.ts';

const PHOTOGRAPH = fixtures().get('phone.jpg') ?? new Uint8Array(0);
const TODAY = Math.floor(Date.now() / 86_400_000);
const papers = new PaperNewsroom(TODAY - 3);
const texts = en;
const named = (text: string): string => text.replace('{name}', isolated('photo.jpg'));

/** A file of a disk that can refuse, wait, and give other bytes. */
class OnDisk extends Blob {
  readonly name = 'photo.jpg';
  content: Blob;
  /** Whether a stretch of so many bytes cannot be read now. */
  refuses: (length: number) => boolean = () => false;
  held: Promise<void> = Promise.resolve();

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    super([bytes]);
    this.content = new Blob([bytes]);
  }

  override slice(from = 0, to = this.size): Blob {
    const slice = this.content.slice(from, to);
    const read = slice.arrayBuffer.bind(slice);
    slice.arrayBuffer = async () => {
      await this.held;
      if (this.refuses(to - from)) throw new DOMException('gone', 'NotReadableError');
      return await read();
    };
    return slice;
  }
}

/** A drop-box that has the newsroom's papers and takes nothing. */
function served(isClosed = false): { box: DropBox; asked: string[] } {
  const { charter, sheets } = papers.founded();
  const bodies = new Map([['/charter', charter], ['/sheet', sheets], ['/newsroom', about('', '')]]);
  if (isClosed) bodies.delete('/sheet');
  const asked: string[] = [];
  const send = async (ask: { method: string; path: string }): Promise<Answer> => {
    asked.push(`${ask.method} ${ask.path}`);
    const body = bodies.get(ask.path);
    const header = (name: string): string | null => (name === 'content-type' ? 'application/octet-stream' : null);
    return { status: body === undefined ? 404 : 200, header, body: body ?? new Uint8Array(0) };
  };
  return { box: { transport: { send }, clock: machineClock, random: () => undefined }, asked };
}

interface Scene {
  readonly main: Made;
  readonly stage: Stage;
  readonly newsroom: OpenNewsroom;
  readonly file: OnDisk;
  readonly one: Chosen;
  readonly order: Order;
  readonly asked: string[];
}

async function openNewsroom(box: DropBox): Promise<OpenNewsroom> {
  const { sheet, ...newsroom } = await readNewsroom(box);
  assert.ok(sheet !== undefined);
  return { ...newsroom, sheet };
}

/** A source who has chosen a photograph, and sees what it says. */
async function scene(): Promise<Scene> {
  const { main } = browser();
  const { box, asked } = served();
  const stage = new Stage(texts, box, main, () => Promise.reject(new Error('no lists')));
  const newsroom = await openNewsroom(box);
  const file = new OnDisk(PHOTOGRAPH);
  const one = chosen(file as unknown as File);
  const order: Order = { message: '', files: [one], leftOut: false, way: undefined };
  compose(stage, newsroom, order);
  await one.looked;
  asked.length = 0;
  return { main, stage, newsroom, file, one, order, asked };
}

function box(main: Made): Made {
  const [found] = main.all('input').filter((one) => one.attributes.get('type') === 'checkbox');
  assert.ok(found !== undefined, main.textContent);
  return found;
}

function tick(main: Made, isTicked: boolean): void {
  const ticked = box(main);
  ticked.checked = isTicked;
  ticked.happens('change');
}

const heading = (main: Made): string => main.querySelector('h1')?.textContent ?? '';
const alerts = (main: Made): string => main.all('p').filter((one) => one.attributes.get('role') === 'alert').map((one) => one.textContent).join(' ');
const says = (main: Made, text: string): Promise<void> => until(() => alerts(main).includes(text), () => `nobody says ${text}: ${main.textContent}`);
const comes = (main: Made, title: string): Promise<void> => until(() => heading(main) === title, () => `${title} did not come: ${main.textContent}`);

test('a wanted copy that cannot be made stays wanted, and nobody goes on before it is made', async () => {
  const { main, file, one, order } = await scene();
  file.refuses = () => true;
  tick(main, true);
  main.press(texts.common.next);
  await says(main, named(texts.inspect.noCopy));
  assert.equal(heading(main), texts.compose.title);
  assert.deepEqual([one.wantsClean, box(main).checked], [true, true]);
  assert.throws(() => bodies(order), NoCopy);
  file.refuses = () => false;
  main.press(texts.common.next);
  await comes(main, texts.words.title);
  assert.equal(bodies(order)[0], one.cleaned);
  assert.notEqual(one.cleaned, undefined);
});

test('whoever takes the tick away goes on with the file as it is', async () => {
  const { main, file, order } = await scene();
  file.refuses = () => true;
  tick(main, true);
  main.press(texts.common.next);
  await says(main, named(texts.inspect.noCopy));
  tick(main, false);
  main.press(texts.common.next);
  await comes(main, texts.words.title);
  assert.equal(bodies(order)[0], file as unknown as Blob);
});

test('going on waits for a copy that is being made', async () => {
  const { main, file, one } = await scene();
  let go = (): void => undefined;
  file.held = new Promise((resolve) => (go = resolve));
  tick(main, true);
  main.press(texts.common.next);
  for (let turns = 0; turns < 100; turns += 1) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(heading(main), texts.compose.title);
  go();
  await comes(main, texts.words.title);
  assert.notEqual(one.cleaned, undefined);
});

test('a copy that cannot be made again at the end is told of, and nothing is sent', async () => {
  const { main, stage, newsroom, file, one, order, asked } = await scene();
  tick(main, true);
  await one.copied();
  // What is compared with the time when it was chosen can be read, and all else cannot.
  file.refuses = (length) => length !== 65_536;
  await sending(stage, newsroom, order);
  assert.equal(alerts(main), named(texts.ends.uncopied));
  assert.deepEqual(asked.filter((request) => !request.startsWith('GET ')), []);
  assert.equal(one.wantsClean, true);
  main.press(texts.ends.begin);
  await one.looked;
  await one.copied();
  main.press(texts.common.next);
  await says(main, named(texts.inspect.noCopy));
});

test('a file that changed and says nothing now still has the box that was ticked', async () => {
  const { main, stage, newsroom, file, one, order } = await scene();
  tick(main, true);
  await one.copied();
  file.content = new Blob([new Uint8Array(PHOTOGRAPH.length).fill(0x61)]);
  unlook(one);
  compose(stage, newsroom, order);
  await one.looked;
  assert.deepEqual(one.report?.findings, []);
  assert.equal(box(main).checked, true);
  main.press(texts.common.next);
  await says(main, named(texts.inspect.noCopy));
  tick(main, false);
  main.press(texts.common.next);
  await comes(main, texts.words.title);
});

test('words that were used before are offered, and never chosen by pressing on', async () => {
  const { main, stage, newsroom, order } = await scene();
  const chosenWay = (): (string | undefined)[] => {
    wordsChoice(stage, newsroom, order);
    return main.all('input').filter(({ checked }) => checked).map(({ value }) => value);
  };
  assert.deepEqual(chosenWay(), ['fresh']);
  stage.way = replyBlock(wayBack(new Uint8Array(16), newsroom.chain.fingerprint));
  assert.deepEqual(chosenWay(), ['fresh']);
  assert.ok(main.textContent.includes(texts.words.same));
});

test('whoever came by a gateway is told so, and there is nothing to choose', async () => {
  const { byId } = browser();
  const { box, asked } = served();
  Object.assign(globalThis, { location: { hostname: 'gateway.example', protocol: 'https:' }, CSS: { supports: () => false } });
  byId('choices');
  await start(box);
  assert.deepEqual([byId('says-gateway').hidden, byId('says-cannotSeal').hidden, byId('choices').hidden], [false, true, true]);
  assert.deepEqual(asked, []);
});

test('where a browser gives nothing to seal with it is said at once, and there is nothing to choose', async () => {
  const { crypto } = globalThis;
  const { byId } = browser();
  const { box, asked } = served();
  Object.assign(globalThis, { location: { hostname: 'gateway.example', protocol: 'http:' }, CSS: { supports: () => false } });
  byId('choices');
  try {
    const without = { getRandomValues: crypto.getRandomValues.bind(crypto) };
    Object.defineProperty(globalThis, 'crypto', { value: without, configurable: true, writable: true });
    await start(box);
  } finally {
    Object.defineProperty(globalThis, 'crypto', { value: crypto, configurable: true, writable: true });
  }
  assert.deepEqual([byId('says-gateway').hidden, byId('says-cannotSeal').hidden, byId('choices').hidden], [false, false, true]);
  assert.deepEqual(asked, []);
  Object.assign(globalThis, { location: { hostname: '127.0.0.1', protocol: 'http:' } });
  await start(box);
  assert.equal(byId('choices').hidden, false);
});

test('where nothing is taken at present that is said, and whoever comes back still looks for an answer', async () => {
  const { byId } = browser();
  const { box } = served(true);
  Object.assign(globalThis, { location: { hostname: '127.0.0.1', protocol: 'http:' }, CSS: { supports: () => false } });
  await start(box);
  const hidden = ['says-no-keys', 'choices', 'send', 'read', 'again'].map((id) => byId(id).hidden);
  byId('read').hidden = false;
  assert.deepEqual(hidden, [false, false, true, true, true]);
});

test('keys that cannot be had now leave a way back to what was written', async () => {
  const { main, stage, newsroom, order } = await scene();
  order.message = 'hear me';
  const { box } = served(true);
  Object.assign(stage, { box });
  await sending(stage, newsroom, order);
  assert.equal(alerts(main), texts.trouble['no-keys']);
  main.press(texts.common.back);
  assert.equal(heading(main), texts.compose.title);
  assert.equal(main.querySelector('textarea')?.value, 'hear me');
});

test('files that were left out are told of until the choice changes, and once more at the end', async () => {
  const { main, stage, newsroom, order } = await scene();
  const [picker] = main.all('input').filter((one) => one.attributes.get('type') === 'file');
  assert.ok(picker !== undefined);
  picker.files = Array.from({ length: 500 }, (_, at) => new File(['x'], `${at}.txt`));
  picker.happens('change');
  assert.equal(order.files.length, 500);
  main.querySelector('textarea')?.happens('input');
  await says(main, texts.compose.tooManyFiles);
  ready(stage, newsroom, order);
  assert.ok(alerts(main).includes(texts.compose.tooManyFiles));
  compose(stage, newsroom, order);
  await says(main, texts.compose.tooManyFiles);
  main.press(texts.common.remove);
  assert.equal(alerts(main).includes(texts.compose.tooManyFiles), false);
});

// The last one: nothing of the page goes on after it.
test('whoever has left is shown nothing, and nothing is marked or asked for', async () => {
  const { main, stage, newsroom, order, asked } = await scene();
  const marks: string[] = [];
  Object.assign(globalThis, { sessionStorage: { setItem: (mark: string) => marks.push(mark), removeItem: () => undefined } });
  const before = main.textContent;
  const sent = sending(stage, newsroom, order).then(() => 'went on');
  const during = main.textContent;
  endAll();
  stage.show('something', 'else');
  const still = new Promise((resolve) => setTimeout(resolve, 300, 'still'));
  assert.equal(await Promise.race([sent, still]), 'still');
  assert.deepEqual([main.textContent, marks], [during, []]);
  assert.notEqual(before, during);
  assert.ok(asked.every((request) => request.startsWith('GET ')), asked.join());
  // Neither an answer nor a failure comes to anybody who waits for one.
  const fetching = new Fetching('http://127.0.0.1:1').send({ method: 'GET', path: '/', most: 1 }, new AbortController().signal);
  const later = new Promise((resolve) => setTimeout(resolve, 300, 'still'));
  assert.equal(await Promise.race([fetching.catch(() => 'failed'), later]), 'still');
});
