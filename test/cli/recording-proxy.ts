/** A TCP proxy on loopback that keeps every byte that passes, for tests that search traffic. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export class RecordingProxy {
  readonly port: number
  /** What passed towards the target, and back, in one piece per connection and direction. */
  readonly streams: { readonly direction: 'to' | 'from'; readonly pieces: Buffer[] }[]
  readonly #close: () => Promise<void>

  private constructor(port: number, streams: RecordingProxy['streams'], close: () => Promise<void>) {
    this.port = port
    this.streams = streams
    this.#close = close
  }

  static async open(targetPort: number): Promise<RecordingProxy> {
    const streams: RecordingProxy['streams'] = []
    const sockets = new Set<Socket>()
    const record = (from: Socket, to: Socket, direction: 'to' | 'from'): void => {
      const pieces: Buffer[] = []
      streams.push({ direction, pieces })
      sockets.add(from)
      from.on('data', piece => pieces.push(piece))
      from.pipe(to)
      from.on('error', () => to.destroy())
      from.on('close', () => to.destroy())
    }
    const server = createServer(client => {
      const target = connect(targetPort, '127.0.0.1')
      record(client, target, 'to')
      record(target, client, 'from')
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new RecordingProxy((server.address() as AddressInfo).port, streams, async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    })
  }

  /** Everything that went in one direction. */
  bytes(direction: 'to' | 'from'): Buffer {
    return Buffer.concat(
      this.streams.filter(stream => stream.direction === direction).flatMap(stream => stream.pieces),
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close()
  }
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
