// Going away: by the key that leaves, by Back, by closing, by loading again; and scripts that stop half-way.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { until } from './visitor.mjs'

/** Where the example's operator sends whoever leaves. */
const harmless = (house) => `http://127.0.0.1:${house.line.port}/arrived`

export const cases = {
  'Escape three times in the middle of an upload empties the page, stops the upload and goes to the harmless address': async (scene) => {
    const house = await scene.house()
    const visitor = await uploading(scene, house)
    const { page } = visitor
    const { held, released } = visitor
    assert.ok(held.some(({ socket }) => !socket.destroyed), 'parts of it are on their way')
    visitor.harmless = harmless(house)
    for (let press = 0; press < 3; press += 1) await page.keyboard.press('Escape')
    await page.waitForFunction((url) => location.href === url, { polling: 50 }, harmless(house))
    assert.equal(await visitor.heading(), scene.texts.results.arrived.title)
    // The end of a request is seen by whoever reads it.
    for (const asked of held) asked.resume()
    await until(() => held.every(({ socket }) => socket.destroyed), 'what was on its way was not ended')
    await until(() => house.line.passing === 0, 'something is still on its way')
    const before = { up: house.line.up, incoming: house.incoming }
    // The line is free again, for whatever still waited for it.
    house.line.meddle = () => undefined
    released()
    // No way leads back.
    assert.equal(await page.evaluate(() => history.length), visitor.entries)
    assert.deepEqual(await page.evaluate(() => Object.keys(sessionStorage)), [])
    assert.deepEqual(await house.drops(), [])
    await visitor.open()
    await visitor.sees(scene.texts.start.send)
    await visitor.doesNotSee(scene.texts.warnings.unfinished)
    assert.deepEqual({ up: house.line.up, incoming: house.incoming }, before, 'nothing more went up')
  },

  'Escape three times empties the page also where the harmless address does not answer': async (scene) => {
    const house = await scene.house()
    const visitor = await scene.visitor(house)
    await visitor.compose('nobody may see this')
    visitor.harmless = harmless(house)
    await house.kill()
    for (let press = 0; press < 3; press += 1) await visitor.page.keyboard.press('Escape')
    await visitor.page.waitForFunction(() => !document.documentElement.innerText.includes('What do you want'), { polling: 50 })
    assert.ok(!(await visitor.page.content()).includes('nobody may see this'))
  },

  'Escape six times ends all that goes on, while the harmless page is long in coming': async (scene) => {
    const house = await scene.house()
    const visitor = await uploading(scene, house)
    const { page } = visitor
    visitor.harmless = harmless(house)
    // It takes connections, and answers nobody.
    house.freeze()
    for (let press = 0; press < 6; press += 1) await page.keyboard.press('Escape')
    await page.waitForFunction(() => document.body.innerText === '', { polling: 50 })
    // The line to the drop-box is free again, for whatever would go on.
    const asked = []
    house.line.meddle = ({ method, url }) => void asked.push(`${method} ${url}`)
    visitor.released()
    // Longer than an upload waits before it tries again.
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 5_000)))
    assert.deepEqual(asked, [])
    const left = await page.evaluate(() => [document.title, document.body.innerText, Object.keys(sessionStorage).join()])
    assert.deepEqual(left, ['', '', ''])
    // The other page still comes. The driver's keys do not reach the browser's own Stop: that Escape is kept from it,
    // this does not show.
    house.thaw()
    await page.waitForFunction((url) => location.href === url, { polling: 50 }, harmless(house))
    assert.equal(await visitor.heading(), scene.texts.results.arrived.title)
    assert.deepEqual(await house.drops(), [])
  },

  'Escape twice does not leave': async (scene) => {
    const house = await scene.house()
    const visitor = await scene.visitor(house)
    await visitor.compose('still here')
    for (let press = 0; press < 2; press += 1) await visitor.page.keyboard.press('Escape')
    await visitor.sendNow()
    assert.deepEqual((await house.drops()).map(({ message }) => message), ['still here'])
  },

  'whoever leaves after a language link is not brought back by the back key': async (scene) => {
    const house = await scene.house()
    const visitor = await scene.visitor(house)
    const { page } = visitor
    const entries = await page.evaluate(() => history.length)
    for (const [language, path] of [['Español', '/es/'], ['English', '/'], ['فارسی', '/fa/']]) {
      await visitor.press(language)
      await page.waitForFunction((path) => location.pathname === path, { polling: 50 }, path)
      await page.waitForSelector('#choices:not([hidden])')
    }
    visitor.harmless = harmless(house)
    await page.click('#leave')
    await page.waitForFunction((url) => location.href === url, { polling: 50 }, harmless(house))
    assert.equal(await page.evaluate(() => history.length), entries)
  },

  'Back and closing ask first on every screen on which something would be lost': async (scene) => {
    const house = await scene.house()
    const visitor = await scene.visitor(house, '/arrived')
    const { page, texts } = { page: visitor.page, texts: scene.texts }
    await visitor.open()
    const asked = []
    page.on('dialog', (dialog) => {
      asked.push(dialog.type())
      void dialog.dismiss()
    })
    /** Nothing happens but that the browser asks. */
    const stays = async (screen) => {
      const title = await visitor.heading()
      for (const go of [() => history.back(), () => location.reload()]) {
        asked.length = 0
        await page.evaluate(go)
        await until(() => asked.length > 0, `${screen}: nobody asked`)
        assert.deepEqual(asked, ['beforeunload'], screen)
        assert.equal(await visitor.heading(), title, screen)
      }
    }
    await visitor.compose('words of mine')
    await stays('what to send')
    const words = await visitor.newWords()
    await stays('the words')
    await visitor.press(texts.words.written)
    await stays('the words typed back')
    await visitor.typeWords(words.join(' '))
    await visitor.sees(texts.ready.title)
    await stays('ready')
    let released
    const release = new Promise((resolve) => (released = resolve))
    house.line.meddle = ({ method }) => (method === 'PATCH' ? release : undefined)
    await visitor.send()
    await page.waitForSelector('progress')
    await stays('sending')
    await visitor.press(texts.sending.pause)
    await visitor.sees(texts.sending.paused)
    await stays('paused')
    await visitor.press(texts.sending.resume)
    released()
    await visitor.sees(texts.done.text)
    // It has arrived: nothing would be lost, and nobody is asked.
    asked.length = 0
    await page.evaluate(() => history.back())
    await page.waitForFunction(() => location.pathname === '/arrived', { polling: 50 })
    assert.deepEqual(asked, [])
    assert.deepEqual((await house.drops()).map(({ message }) => message), ['words of mine'])
  },

  'Back from a screen on which nothing would be lost asks nothing': async (scene) => {
    const house = await scene.house()
    for (const way of ['send', 'read']) {
      const visitor = await scene.visitor(house, '/arrived')
      await visitor.open()
      visitor.page.on('dialog', (dialog) => assert.fail(dialog.type()))
      await visitor.press(scene.texts.start[way])
      await visitor.page.waitForSelector('textarea')
      await visitor.page.evaluate(() => history.back())
      await visitor.page.waitForFunction(() => location.pathname === '/arrived', { polling: 50 })
    }
  },

  'whoever closes the tab while it is paused is asked, and loading again in the middle says that it did not end': async (scene) => {
    const house = await scene.house()
    const visitor = await uploading(scene, house)
    const { page } = visitor
    const asked = []
    page.on('dialog', (dialog) => {
      asked.push(dialog.type())
      void (asked.length === 1 ? dialog.dismiss() : dialog.accept())
    })
    await visitor.press(scene.texts.sending.pause)
    await visitor.sees(scene.texts.sending.paused)
    // The tab is not closed, for the source does not want it.
    await page.close({ runBeforeUnload: true }).catch(() => undefined)
    await until(() => asked.length === 1, 'nobody asked')
    await visitor.sees(scene.texts.sending.paused)
    await page.evaluate(() => location.reload())
    await visitor.sees(scene.texts.warnings.unfinished)
    assert.deepEqual(asked, ['beforeunload', 'beforeunload'])
    assert.deepEqual(await house.drops(), [])
    // It is said once.
    await page.reload()
    await visitor.sees(scene.texts.start.send)
    await visitor.doesNotSee(scene.texts.warnings.unfinished)
  },

  'scripts that are switched off half-way: loaded again, the page says what to do and takes a sealed file': async (scene) => {
    const house = await scene.house()
    const visitor = await scene.visitor(house)
    const { page } = visitor
    await visitor.compose()
    await scene.prefer('javascript.enabled', false)
    // A tab that nobody looks at is slow.
    await page.bringToFront()
    try {
      await page.reload()
      const { plain, start, results } = scene.texts
      const front = await visitor.words()
      for (const text of [plain.title, plain.why, plain.how]) assert.ok(front.includes(text), front)
      assert.ok(!front.includes(start.send), front)
      await visitor.choose(house.sealed)
      // By the keyboard: the driver's pointer needs scripts of the page.
      await page.focus('form button')
      await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')])
      const words = await visitor.words()
      assert.ok(words.includes(results.arrived.text), words)
      assert.deepEqual((await house.drops()).map(({ message }) => message), ['hear me'])
    } finally {
      await scene.prefer('javascript.enabled', true)
    }
    await page.bringToFront()
    // And with scripts again it seals as before.
    await visitor.open()
    await visitor.compose('after it')
    await visitor.sendNow()
    assert.deepEqual((await house.drops()).map(({ message }) => message), ['hear me', 'after it'])
  },
}

/** A source whose upload is held back in the middle. */
async function uploading(scene, house) {
  const path = join(scene.folder(), 'film.bin')
  writeFileSync(path, randomBytes(40_000_000))
  const visitor = await scene.visitor(house)
  visitor.entries = await visitor.page.evaluate(() => history.length)
  await visitor.compose('in the middle')
  await visitor.choose(path)
  await visitor.toReady()
  const { isHeld, held, released } = house.line.holdBack(8_000_000)
  await visitor.send()
  await isHeld
  await visitor.waitForStored(1_000_000)
  return Object.assign(visitor, { held, released })
}
