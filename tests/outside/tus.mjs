// tus-js-client as it comes, with one lane: node tus.mjs ENDPOINT FILE
import { createReadStream, statSync } from 'node:fs'
import { Upload } from 'tus-js-client'

const [endpoint, file] = process.argv.slice(2)
const upload = new Upload(createReadStream(file), {
  endpoint,
  uploadSize: statSync(file).size,
  metadata: { filename: 'a name that is nobody’s business' },
  onSuccess() {
    console.log(upload.url)
    // It may still hold a connection over which an attempt was refused half-way.
    process.exit(0)
  },
  onError(error) {
    console.error(error)
    process.exit(1)
  },
})
upload.start()
