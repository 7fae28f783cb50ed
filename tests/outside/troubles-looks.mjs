// Files that are not what they say: each is looked at without harm, is told of truthfully, and arrives as it is.
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32, deflateRawSync } from 'node:zlib'

const hashOf = (content) => createHash('sha256').update(content).digest('hex')

/** What the page unpacks of one part, and all parts, is far below this. */
const BOMB = 300_000_000

const broken = {
  'a film that is cut off': ['film.mp4', (samples) => half(readFileSync(join(samples, 'avc.mp4'))), 'mp4', 'damaged'],
  'a photograph of garbage': ['photo.jpg', () => Buffer.concat([Buffer.from('ffd8ffe1fffe', 'hex'), randomBytes(50_000)]), 'jpeg', 'damaged'],
  'an Office file that unpacks to hundreds of megabytes': ['report.docx', bomb, 'office', 'too-large'],
}

export const cases = Object.fromEntries(
  Object.entries(broken).map(([what, [name, make, kind, limit]]) => [
    `${what} is told of, and arrives as it is`,
    async (scene) => {
      const house = await scene.house()
      const path = join(scene.folder(), name)
      const content = make(join(scene.page, 'tests/inspect/samples'))
      writeFileSync(path, content)
      const visitor = await scene.visitor(house)
      const { inspect } = scene.texts
      await visitor.compose()
      await visitor.choose(path)
      await visitor.sees(inspect.is, { kind: inspect.kinds[kind] })
      await visitor.sees(inspect.limits[limit])
      await visitor.doesNotSee(inspect.saysNothing)
      await visitor.sendNow()
      const [{ files }] = await house.drops()
      assert.deepEqual(files, [{ name, size: content.length, hash: hashOf(content) }])
    },
  ]),
)

const half = (content) => content.subarray(0, content.length / 2)

/** A document whose properties are zeros without end. */
function bomb() {
  const parts = [
    ['[Content_Types].xml', Buffer.from('<Types/>')],
    ['docProps/core.xml', Buffer.alloc(BOMB, ' ')],
    ['word/document.xml', Buffer.alloc(BOMB, ' ')],
  ]
  const [bodies, table] = [[], []]
  let at = 0
  for (const [name, content] of parts) {
    const packed = deflateRawSync(content)
    const about = Buffer.alloc(26)
    about.writeUInt16LE(20, 0)
    about.writeUInt16LE(8, 4)
    about.writeUInt32LE(crc32(content), 10)
    about.writeUInt32LE(packed.length, 14)
    about.writeUInt32LE(content.length, 18)
    about.writeUInt16LE(name.length, 22)
    const place = Buffer.alloc(14)
    place.writeUInt32LE(at, 10)
    table.push(Buffer.from('PK\x01\x02\x14\x00'), about, place, Buffer.from(name))
    const body = [Buffer.from('PK\x03\x04'), about, Buffer.from(name), packed]
    bodies.push(...body)
    at += body.reduce((sum, { length }) => sum + length, 0)
  }
  const listed = Buffer.concat(table)
  const end = Buffer.alloc(18)
  end.writeUInt16LE(parts.length, 4)
  end.writeUInt16LE(parts.length, 6)
  end.writeUInt32LE(listed.length, 8)
  end.writeUInt32LE(at, 12)
  return Buffer.concat([...bodies, listed, Buffer.from('PK\x05\x06'), end])
}
