/**
 * The receiver of the kill test: writes down what it is about to acknowledge, then answers. A request with a poison
 * record is refused whole, always with the same words, until the file `mended` is there.
 * Usage: receiver PORT FOLDER TOTAL HOLD_MS
 */
import { appendFileSync, existsSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { isPoison } from './scenario.ts'

const [port = '0', folder = '.', total = '0', hold = '0'] = process.argv.slice(2)

createServer(async (request, response) => {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece)
  const lines = Buffer.concat(pieces).toString().split('\n')
  const poisoned = lines.some((line) => isPoison(Number(line.split(' ')[1]), Number(total)))
  if (poisoned && !existsSync(join(folder, 'mended'))) {
    response.writeHead(400).end('poison record')
    return
  }
  // One write: a kill leaves the whole request or none of it. An empty line ends a request.
  appendFileSync(join(folder, 'received'), `${lines.join('\n')}\n\n`)
  setTimeout(() => response.writeHead(204).end(), Number(hold))
}).listen(Number(port), '127.0.0.1', () => console.log('listening'))
