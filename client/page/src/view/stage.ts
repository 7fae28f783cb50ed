/** What the page has for all screens: its texts, its drop-box, and the place where screens are shown. */
import type { ReplyBlock } from '../envelope/codename.ts';
import type { Chain } from '../envelope/chain.ts';
import type { Sheet } from '../envelope/sheet.ts';
import type { DropBox } from '../dropbox/wire.ts';
import { hasLeft } from '../left.ts';
import type { Texts } from '../texts/en.ts';
import type { List } from '../words/list.ts';
import { element } from './element.ts';

/** A newsroom whose papers were verified. */
export interface Newsroom {
  readonly chain: Chain;
  /** None while nothing can be sent. Answers can be read all the same. */
  readonly sheet: Sheet | undefined;
  readonly name: string;
  readonly words: string;
  /** A harmless address of the operator's choice. */
  readonly leave: string;
}

/** One that takes something now. */
export interface OpenNewsroom extends Newsroom {
  readonly sheet: Sheet;
}

export class Stage {
  readonly texts: Texts;
  readonly box: DropBox;
  /** The way back that was chosen last in this tab. The words themselves are not kept. */
  way: ReplyBlock | undefined;
  readonly #main: HTMLElement;
  readonly #loadLists: () => Promise<List[]>;
  #lists: Promise<List[]> | undefined;
  #left: (() => void) | undefined;

  constructor(texts: Texts, box: DropBox, main: HTMLElement, loadLists: () => Promise<List[]>) {
    this.texts = texts;
    this.box = box;
    this.#main = main;
    this.#loadLists = loadLists;
  }

  /** All ten lists at once: a server must not learn which language somebody has chosen. */
  lists(): Promise<List[]> {
    this.#lists ??= this.#loadLists().catch((error: unknown) => {
      this.#lists = undefined;
      throw error;
    });
    return this.#lists;
  }

  /** Shows a screen, and tells a screen reader that it is another one. */
  show(title: string, ...content: readonly (Node | string | undefined)[]): void {
    // An empty page stays empty.
    if (hasLeft()) return;
    this.#left?.();
    this.#left = undefined;
    const heading = element('h1', { tabindex: -1 }, title);
    this.#main.replaceChildren(heading, ...content.filter((part) => part !== undefined));
    document.title = title;
    window.scrollTo(0, 0);
    heading.focus();
  }

  /** Does this when another screen comes. */
  whenLeft(act: () => void): void {
    this.#left = act;
  }
}
