// One tab in which a source does something, as the walks in states.mjs tell.
import assert from 'node:assert/strict'
import { DAY } from './newsroom.mjs'

/** The example of FORMAT.md §16: its key leads nowhere. */
export const ONION = 'rkeohxlubhyzl7ks3mwtzos5olfgocn7dwkbeg7toseadnapn5optfad.onion'
/** A page that came by a gateway has such a name. */
export const GATEWAY = 'gateway.example'

const PATIENCE = 30_000
const pause = () => new Promise((resolve) => setTimeout(resolve, 20))

/** The narrowest window that WCAG asks for, as high as that of a small telephone. */
export const NARROW = { width: 320, height: 640 }

export class Visit {
  page
  line
  texts
  papers
  files
  saved
  #day

  static async begin(browser, { line, texts, papers, files, saved }) {
    const visit = Object.assign(new Visit(), { line, texts, papers, files, saved })
    visit.page = await browser.newPage()
    visit.page.setDefaultTimeout(PATIENCE)
    visit.page.on('dialog', (dialog) => void dialog.accept())
    await visit.page.setViewport(NARROW)
    await visit.itIs(DAY)
    return visit
  }

  async end() {
    this.line.clear()
    await this.page.close({ runBeforeUnload: false })
  }

  /** The newsroom's papers are of a week that is over: the page is told another day. */
  async itIs(day) {
    const shift = (day * 86_400 + 43_200) * 1_000 - Date.now()
    if (this.#day !== undefined) await this.page.removeScriptToEvaluateOnNewDocument(this.#day)
    const { identifier } = await this.page.evaluateOnNewDocument((shift) => {
      const Now = Date
      globalThis.Date = class extends Now {
        constructor(...parts) {
          if (parts.length === 0) super(Now.now() + shift)
          else super(...parts)
        }

        static now() {
          return Now.now() + shift
        }
      }
    }, shift)
    this.#day = identifier
  }

  /** Where this language's pages lie. */
  get home() {
    return this.texts.language === 'en' ? '/' : `/${this.texts.language}/`
  }

  async open(name = '', host = ONION) {
    await this.page.goto(`http://${host}${this.home}${name}`)
  }

  /** The front page, once it has verified the newsroom. */
  async front() {
    await this.open()
    await this.page.waitForSelector('#choices:not([hidden])')
  }

  /** Waits for a sentence that can be seen. What is filled into it may be anything. */
  async sees(text, within = 'main') {
    await this.#waits((pieces, within) => {
      const said = [...document.querySelectorAll(within)].map((one) => one.innerText).join(' ').replace(/\s+/g, ' ')
      return pieces.every((piece) => said.includes(piece))
    }, text, within)
  }

  /** Waits for a sentence that a screen reader says by itself. */
  async hears(text) {
    await this.sees(text)
    await this.sees(text, '[role=status], [role=alert]')
  }

  /** Waits for another screen, of which a screen reader begins at the top. */
  async on(title) {
    await this.sees(title, 'h1')
    const focused = await this.page.evaluate(() => document.activeElement?.tagName)
    assert.equal(focused, 'H1', `"${title}" begins at its heading`)
    assert.equal(await this.page.title(), title)
  }

  async #waits(check, text, ...more) {
    const pieces = text.split(/`|\{\w+\}/).map((piece) => piece.replace(/\s+/g, ' ').trim()).filter((piece) => piece !== '')
    // Asked from here: a page without scripts has no timers either.
    for (const begun = Date.now(); !(await this.page.evaluate(check, pieces, ...more)); await pause()) {
      if (Date.now() - begun < PATIENCE) continue
      throw new Error(`nobody says "${text}" but:\n${await this.page.$eval('main', (main) => main.innerText)}`)
    }
  }

  /** Presses the button that says this. */
  async press(text) {
    const isPressed = await this.page.evaluate((text) => {
      const all = [...document.querySelectorAll('button')].filter((one) => one.innerText.trim() === text && one.checkVisibility())
      all[0]?.click()
      return all.length === 1
    }, text)
    assert.ok(isPressed, `one button says "${text}"`)
  }

  /** Goes on by the button that the screen leads to. */
  async next() {
    await this.page.evaluate(() => document.querySelector('button.main').click())
  }

  /** Writes into a field, in place of what stands there. */
  async write(text, field = 'textarea') {
    await this.page.focus(field)
    await this.page.evaluate((text) => {
      document.activeElement.select()
      if (text === '') document.execCommand('delete')
      else document.execCommand('insertText', false, text)
    }, text)
  }

  /** Chooses files, by what states.mjs calls them. */
  async choose(...names) {
    const picker = await this.page.$('main input[type=file]')
    await picker.uploadFile(...names.map((name) => this.files.get(name)))
  }

  /** All looks at files are over. */
  async looked() {
    await this.page.waitForFunction((looking) => !document.querySelector('main').innerText.includes(looking), {}, this.texts.inspect.looking)
  }

  /** To the screen on which one writes. */
  async compose() {
    await this.front()
    await this.page.click('#send')
    await this.on(this.texts.compose.title)
  }

  /** From there to the last look, without a way back. */
  async ready() {
    await this.next()
    await this.on(this.texts.words.title)
    await this.page.click('input[value=none]')
    await this.next()
    await this.on(this.texts.ready.title)
  }

  /** The drop-box serves these papers. */
  serve({ charter, sheets }) {
    this.line.when('GET /charter', { answer: { body: charter } })
    this.line.when('GET /sheet', { answer: { body: sheets } })
  }

  /** What waits for the line tries at once. */
  async lineIsBack() {
    await this.page.evaluate(() => window.dispatchEvent(new Event('online')))
  }
}
