// A drop-box that is gone, for a while or for good, at each screen.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Cuts what is asked for by one of these paths. */
const without =
  (...paths) =>
  ({ url }) =>
    paths.some((path) => url.startsWith(path)) ? 'cut' : undefined
const nothing = () => undefined

export const cases = {
  'papers that do not come are asked for again by a button': async (scene) => {
    for (const path of ['/charter', '/sheet', '/newsroom']) {
      const house = await scene.house()
      house.line.meddle = without(path)
      const visitor = await scene.visitor(house)
      await visitor.sees(scene.texts.trouble.unreachable)
      await visitor.doesNotSee(scene.texts.start.send)
      await visitor.press(scene.texts.trouble.again)
      await visitor.sees(scene.texts.trouble.unreachable)
      house.line.meddle = nothing
      await visitor.press(scene.texts.trouble.again)
      await visitor.sees(scene.texts.start.send)
      await visitor.doesNotSee(scene.texts.trouble.unreachable)
    }
  },

  'a server that is gone when the first button is pressed is said to be, and another try loads the page again': async (scene) => {
    for (const [way, again] of [['send', 'button'], ['read', 'the same']]) {
      const house = await scene.house()
      const visitor = await scene.visitor(house)
      await visitor.sees(scene.texts.start[way])
      await house.line.cut()
      await visitor.press(scene.texts.start[way])
      await visitor.sees(scene.texts.trouble.unreachable)
      await house.line.mend()
      // A browser that did not get a script once keeps that in mind: only a page that is loaded again asks for it.
      await visitor.press(again === 'button' ? scene.texts.trouble.again : scene.texts.start[way])
      await visitor.page.waitForFunction(() => document.querySelector('#says-unreachable').hidden, { polling: 50 })
      await visitor.press(scene.texts.start[way])
      await visitor.sees(way === 'send' ? scene.texts.compose.title : scene.texts.answers.intro)
    }
  },

  'lists of words that do not come, or not whole, are asked for again': async (scene) => {
    for (const wish of ['cut', 404, Buffer.from('other words\n')]) {
      const house = await scene.house()
      house.line.meddle = ({ url }) => (url === '/words.txt' ? wish : undefined)
      const visitor = await scene.visitor(house)
      await visitor.compose('hear me')
      await visitor.next()
      await visitor.page.waitForSelector('input[value=fresh]')
      await visitor.next()
      await visitor.sees(scene.texts.words.failed)
      house.line.meddle = nothing
      await visitor.next()
      await visitor.sees(scene.texts.words.write)
    }
  },

  'lists of words that do not come to a reader are asked for again by a button': async (scene) => {
    const house = await scene.house()
    house.line.meddle = without('/words.txt')
    const visitor = await scene.visitor(house)
    await visitor.press(scene.texts.start.read)
    await visitor.sees(scene.texts.words.failed)
    house.line.meddle = nothing
    await visitor.press(scene.texts.trouble.again)
    await visitor.sees(scene.texts.words.typedHint)
  },

  'what looks at files does not come: the file is said not to be known, and can be sent as it is': async (scene) => {
    const house = await scene.house()
    const visitor = await scene.visitor(house)
    await visitor.sees(scene.texts.start.send)
    // What comes with the second screen is there; what looks at files is a script of its own.
    house.line.meddle = async ({ url }) => (/^\/inspect-|^\/index-/.test(url) ? 'cut' : undefined)
    await visitor.compose()
    const path = join(scene.folder(), 'photo.jpg')
    writeFileSync(path, randomBytes(1_000))
    await visitor.choose(path)
    await visitor.sees(scene.texts.inspect.failed)
    await visitor.sendNow()
    assert.equal((await house.drops())[0].files.length, 1)
  },

  'a server that is gone at Send has nothing, and what was chosen is kept for another try': async (scene) => {
    const house = await scene.house()
    const visitor = await scene.visitor(house)
    await visitor.compose('hear me')
    await visitor.toReady()
    await house.line.cut()
    await visitor.send()
    await visitor.sees(scene.texts.trouble.unreachable)
    assert.deepEqual([await house.drops(), house.unfinished], [[], 0])
    await house.line.mend()
    await visitor.press(scene.texts.trouble.again)
    await visitor.sees(scene.texts.done.text)
    assert.deepEqual((await house.drops()).map(({ message }) => message), ['hear me'])
  },

  'a server that goes in the middle of an upload is waited for; whoever stops is told what became of it': async (scene) => {
    const house = await scene.house()
    const path = join(scene.folder(), 'film.bin')
    writeFileSync(path, randomBytes(40_000_000))
    const { sending } = scene.texts
    for (const ending of ['it comes back', 'it is stopped']) {
      const visitor = await scene.visitor(house)
      await visitor.compose(ending)
      await visitor.choose(path)
      await visitor.toReady()
      const { released, isHeld } = house.line.holdBack(house.line.up + 8_000_000)
      await visitor.send()
      await isHeld
      await house.line.cut()
      released()
      await visitor.sees(sending.lost)
      if (ending === 'it comes back') {
        await house.line.mend()
        await visitor.sees(scene.texts.done.text)
      } else {
        await visitor.press(sending.stop)
        await visitor.sees(sending.stopSure)
        await visitor.press(scene.texts.common.yes)
        await visitor.sees(scene.texts.ends.stopped)
      }
    }
    assert.deepEqual((await house.drops()).map(({ message }) => message), ['it comes back'])
  },

  'a mailbox that cannot be asked is said to be, and can be asked again': async (scene) => {
    const house = await scene.house()
    const words = await (await scene.visitor(house)).sendForAnAnswer()
    await house.order(`reply ${Buffer.from('we hear you').toString('hex')}`)
    const later = await scene.visitor(house)
    await later.press(scene.texts.start.read)
    await later.sees(scene.texts.words.typedHint)
    await house.line.cut()
    await later.typeWords(words, scene.texts.answers.look)
    await later.sees(scene.texts.trouble.unreachable)
    await house.line.mend()
    await later.press(scene.texts.trouble.again)
    await later.sees('we hear you')
    await house.line.cut()
    await later.press(scene.texts.answers.erase)
    await later.sees(scene.texts.trouble.unreachable)
    await house.line.mend()
    await later.press(scene.texts.answers.erase)
    await later.sees(scene.texts.answers.erased)
    await later.press(scene.texts.answers.more)
    await later.sees(scene.texts.answers.none)
  },
}
