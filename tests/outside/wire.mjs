// What lies between a browser and a drop-box: it passes everything on, unless a case has something else in mind.
import { createServer, request } from 'node:http'

export class Wire {
  /** The server's port. */
  port = 0
  /** What happens to a request: nothing; a status or bytes, which are answered instead; or 'cut'. It may take its time. */
  meddle = () => undefined
  /** Bytes of bodies that went up. */
  up = 0
  /** Requests that were passed on and are not over. */
  passing = 0
  #server
  #own = 0

  static async open() {
    const wire = new Wire()
    await wire.#listen(0)
    return wire
  }

  get origin() {
    return `http://127.0.0.1:${this.#own}`
  }

  /** Holds parts of uploads back once so many bytes went up, until they are released; they are in `held`. */
  holdBack(after) {
    const held = []
    let released
    const release = new Promise((resolve) => (released = resolve))
    const isHeld = new Promise((resolve) => {
      this.meddle = async (asked) => {
        if (asked.method !== 'PATCH' || this.up < after) return
        held.push(asked)
        resolve()
        await release
      }
    })
    return { released, isHeld, held }
  }

  /** Nobody answers any more. */
  async cut() {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  /** The line is there again. */
  mend() {
    return this.#listen(this.#own)
  }

  async close() {
    if (this.#server.listening) await this.cut()
  }

  #listen(port) {
    this.#server = createServer((asked, answer) => void this.#pass(asked, answer).catch(() => asked.socket.destroy()))
    // A browser waits for what is on its way, and not for us.
    this.#server.requestTimeout = 0
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(port, '127.0.0.1', () => {
        this.#own = this.#server.address().port
        resolve()
      })
    })
  }

  async #pass(asked, answer) {
    const wish = await this.meddle(asked)
    if (wish === 'cut') return asked.socket.destroy()
    if (wish !== undefined) {
      asked.resume()
      if (typeof wish === 'number') return answer.writeHead(wish).end()
      return answer.writeHead(200, { 'content-type': 'application/octet-stream' }).end(wish)
    }
    // Whoever asked did not wait for it.
    if (asked.socket.destroyed) return
    const { method, url, headers } = asked
    const onward = request({ host: '127.0.0.1', port: this.port, method, path: url, headers })
    onward.on('error', () => asked.socket.destroy())
    onward.on('response', (came) => {
      answer.writeHead(came.statusCode, came.headers)
      came.on('error', () => asked.socket.destroy())
      came.pipe(answer)
    })
    this.passing += 1
    answer.on('close', () => (this.passing -= 1))
    asked.on('data', (bytes) => (this.up += bytes.length))
    asked.on('error', () => onward.destroy())
    answer.on('close', () => answer.writableEnded || onward.destroy())
    asked.pipe(onward)
  }
}
