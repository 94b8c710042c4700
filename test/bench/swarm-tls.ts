/**
 * The opponent of one link: a plain TLS 1.3 socket between two Node processes, carrying a base's chunks in order, each
 * hashed where it arrives and held against the outline. No requests, no streams, no turns: what Node can do at most.
 */
import { connect, createServer, type TLSSocket } from 'node:tls'
import { Bases } from '../../node/store/bases.ts'
import { Buffers } from '../../node/swarm/buffers.ts'
import type { BaseId } from '../../protocol/ids.ts'
import { MIB } from '../../protocol/limits.ts'
import type { Outline } from '../../protocol/outline.ts'
import { MemoryBase } from './swarm-base.ts'
import { answer } from './swarm-worker.ts'

interface BaseAt {
  readonly bases: string
  readonly id: BaseId
}

let socket: TLSSocket | undefined

const commands = {
  /** Sends the whole base for every byte that comes. Answers the port. */
  async serve({ bases, id, key, cert }: BaseAt & { readonly key: string; readonly cert: string }) {
    const base = await MemoryBase.read(Bases.open(bases), id)
    const server = createServer({ key, cert, minVersion: 'TLSv1.3', noDelay: true }, client => {
      client.on('data', () => void send(client, base))
      client.on('error', () => client.destroy())
    })
    const { promise, resolve } = Promise.withResolvers<void>()
    server.listen(0, '127.0.0.1', resolve)
    await promise
    return { port: (server.address() as { port: number }).port }
  },

  /** Takes the base once. */
  async pull({ bases, id, port, cert }: BaseAt & { readonly port: number; readonly cert: string }) {
    await using source = await Bases.open(bases).source(id)
    const { outline } = source
    socket ??= connect({ host: '127.0.0.1', port, ca: cert, servername: 'localhost', minVersion: 'TLSv1.3' })
    const [cpu, started] = [process.cpuUsage(), performance.now()]
    await receive(socket, outline)
    const seconds = (performance.now() - started) / 1000
    const { user, system } = process.cpuUsage(cpu)
    return { seconds, bytes: outline.bytes, cpuSeconds: (user + system) / 1e6 }
  },
}

export type TlsCommands = typeof commands

async function send(client: TLSSocket, base: MemoryBase): Promise<void> {
  for (let index = 0; index < base.outline.count; index++) {
    if (client.write(await base.read(index))) continue
    const { promise, resolve } = Promise.withResolvers<void>()
    client.once('drain', resolve)
    await promise
  }
}

async function receive(from: TLSSocket, outline: Outline): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const buffers = new Buffers(16 * MIB)
  let [index, filled] = [0, 0]
  let buffer = buffers.take(outline.length(0))
  const check = (at: number, bytes: Uint8Array<ArrayBuffer>) => {
    if (!outline.matches(at, bytes)) reject(new Error(`chunk ${at} came wrong`))
    buffers.giveBack(bytes)
    if (at === outline.count - 1) resolve()
  }
  const onData = (piece: Uint8Array) => {
    for (let rest = piece; rest.length > 0; ) {
      const taken = rest.subarray(0, buffer.length - filled)
      buffer.set(taken, filled)
      filled += taken.length
      rest = rest.subarray(taken.length)
      if (filled < buffer.length) return
      check(index++, buffer)
      filled = 0
      if (index < outline.count) buffer = buffers.take(outline.length(index))
    }
  }
  from
    .on('data', onData)
    .once('error', reject)
    .once('close', () => reject(new Error('the socket closed')))
  from.write('!')
  try {
    await promise
  } finally {
    from.off('data', onData)
  }
}

answer(commands)
