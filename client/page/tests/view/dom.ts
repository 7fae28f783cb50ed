/** As much of a browser as a screen needs: elements, what stands in them, and what is pressed. */
export class Made {
  readonly name: string;
  readonly attributes = new Map<string, string>();
  children: (Made | string)[] = [];
  parent: Made | undefined;
  checked = false;
  value = '';
  files: readonly File[] = [];
  hidden = false;
  className = '';
  id = '';
  readonly #acts = new Map<string, (() => void)[]>();

  constructor(name: string) {
    this.name = name;
  }

  setAttribute(name: string, value: string): void {
    this.attributes.set(name, value);
    if (name === 'checked') this.checked = true;
    if (name === 'hidden') this.hidden = true;
    if (name === 'value') this.value = value;
  }

  append(...children: (Made | string)[]): void {
    for (const child of children) {
      if (child instanceof Made) {
        child.remove();
        child.parent = this;
      }
      this.children.push(child);
    }
  }

  replaceChildren(...children: (Made | string)[]): void {
    for (const child of this.children) if (child instanceof Made) child.parent = undefined;
    this.children = [];
    this.append(...children);
  }

  remove(): void {
    if (this.parent === undefined) return;
    this.parent.children = this.parent.children.filter((child) => child !== this);
    this.parent = undefined;
  }

  addEventListener(kind: string, act: () => void): void {
    this.#acts.set(kind, [...(this.#acts.get(kind) ?? []), act]);
  }

  /** Lets something happen to it. */
  happens(kind: string): void {
    for (const act of this.#acts.get(kind) ?? []) act();
  }

  focus(): void {}

  get isConnected(): boolean {
    return this.name === 'main' || (this.parent?.isConnected ?? false);
  }

  get textContent(): string {
    return this.children.map((child) => (typeof child === 'string' ? child : child.textContent)).join('');
  }

  set textContent(text: string) {
    this.replaceChildren(...(text === '' ? [] : [text]));
  }

  /** All of a name that stand in it, in their order. */
  all(name: string): Made[] {
    return this.children.flatMap((child) => {
      if (typeof child === 'string') return [];
      return [...(child.name === name ? [child] : []), ...child.all(name)];
    });
  }

  querySelector(name: string): Made | null {
    return this.all(name)[0] ?? null;
  }

  /** Presses the button that says this. */
  press(text: string): void {
    const [button] = this.all('button').filter((one) => one.textContent === text);
    if (button === undefined) throw new Error(`no button says ${text}: ${this.textContent}`);
    button.happens('click');
  }
}

/** A browser with an empty page. Gives its main element, and any other by its id: hidden, as a front page has them. */
export function browser(): { main: HTMLElement & Made; byId: (id: string) => Made } {
  const named = new Map<string, Made>();
  const byId = (id: string): Made => {
    const made = named.get(id) ?? new Made('p');
    if (!named.has(id)) made.hidden = true;
    named.set(id, made);
    return made;
  };
  const document = { createElement: (name: string) => new Made(name), getElementById: byId, title: '', documentElement: { lang: 'en' } };
  const nothing = (): void => undefined;
  const window = { scrollTo: nothing, addEventListener: nothing, removeEventListener: nothing };
  Object.assign(globalThis, { document, window });
  return { main: new Made('main') as unknown as HTMLElement & Made, byId };
}

/** Waits for what comes of itself, and says what was there when it never comes. */
export async function until(isSo: () => boolean, otherwise: () => string): Promise<void> {
  for (let turns = 0; !isSo(); turns += 1) {
    if (turns === 20_000) throw new Error(otherwise());
    await new Promise((resolve) => setImmediate(resolve));
  }
}
