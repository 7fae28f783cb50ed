// A port of 127.0.0.1 that leads to a Unix socket or to another port, so that every server is reached by the same way:
//
//   node forward.mjs SOCKET|PORT
//
// It says at which port it listens.
import { connect, createServer } from 'node:net'

const [to] = process.argv.slice(2)
const target = /^[0-9]+$/.test(to) ? { host: '127.0.0.1', port: Number(to) } : { path: to }

const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
  const far = connect({ ...target, allowHalfOpen: true, noDelay: true })
  for (const [from, into] of [[near, far], [far, near]]) {
    from.pipe(into)
    // One side that breaks off takes the other one with it.
    from.on('error', () => into.destroy())
    from.on('close', () => into.end())
  }
})
server.listen(0, '127.0.0.1', () => console.log(`ready ${server.address().port}`))
