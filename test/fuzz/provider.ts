/** A provider in full, asked anything: it answers with a code, or with what was asked and right. */
import assert from 'node:assert/strict'
import type { Peer } from '../../node/swarm/peer.ts'
import { Provider } from '../../node/swarm/provider.ts'
import type { Duplex } from '../../protocol/duplex.ts'
import { isOppuError } from '../../protocol/errors.ts'
import { decodeBaseRequest, decodeChunksAnswer, encodeBaseRequest } from '../../protocol/exchange.ts'
import { PROTOCOLS } from '../../protocol/limits.ts'
import { baseId } from '../../protocol/manifest.ts'
import { oppu } from '../../protocol/messages.pb.js'
import { encodeFrame } from '../../protocol/rpc.ts'
import { MemoryChunks, makeBase } from '../swarm/fixtures.ts'
import type { Subject } from './fuzz.ts'
import { Line } from './line.ts'
import { recorded, unframed } from './recorded.ts'

type Handler = (
  duplex: Duplex,
  caller: { readonly remote: string; readonly signal: AbortSignal },
) => Promise<void>

/** The base of the recording. */
const base = makeBase([2 * 4096 + 108, 0, 100], { chunkSize: 4096 })
const id = baseId(base.manifest)
const asks = [
  { kind: 'manifest' },
  { kind: 'outline', file: 0, first: 1, count: 2 },
  { kind: 'holdings', revision: 1, waitMs: 0 },
  { kind: 'chunks', candidates: [3, 0, 1], count: 2, waitMs: 1 },
] as const

export async function openProviderSubjects(): Promise<readonly Subject[]> {
  const handlers = new Map<string, Handler>()
  // All that a provider needs of a peer: to be handed streams.
  const peer = {
    handle: async (protocol: string, _: unknown, handler: Handler) => handlers.set(protocol, handler),
  }
  const chunks = new MemoryChunks(base, true)
  await Provider.open(peer as unknown as Peer, [chunks])
  const { signal } = new AbortController()

  /** The reply and what follows it; throws what the provider saw wrong, as whoever asked is told. */
  async function ask(protocol: string, request: Uint8Array): Promise<{ body: Uint8Array; stream: Buffer }> {
    const line = new Line(request)
    let refused: unknown
    await handlers.get(protocol)!(line, { remote: 'someone', signal }).catch(error => {
      if (!isOppuError(error)) throw error
      refused = error
    })
    const sent = Buffer.concat(line.sent)
    if (sent.length === 0) throw refused
    const reply = oppu.Reply.decode(unframed(sent))
    const stream = sent.subarray(4 + sent.readUInt32BE())
    assert.equal(stream.length, Number(reply.streamBytes))
    assert.equal(reply.error !== '', refused !== undefined)
    if (refused !== undefined) throw refused
    return { body: reply.body, stream }
  }

  return [
    {
      name: 'provider of 1.0.0',
      corpus: recorded(PROTOCOLS.chunks, 'request')
        .filter(frame => frame.length === 40 || frame.length === 42)
        .slice(0, 2),
      read: async bytes => {
        const { stream } = await ask(PROTOCOLS.chunks, bytes)
        const { file, firstChunk } = oppu.ChunkRequest.decode(unframed(bytes))
        const from = 4096 * firstChunk
        assert.ok(stream.equals(base.files[file]!.subarray(from, from + stream.length)))
      },
    },
    {
      name: 'provider of 2.0.0',
      corpus: asks.map(ask => encodeFrame(encodeBaseRequest({ id, ask }))),
      read: async bytes => {
        const { body, stream } = await ask(PROTOCOLS.swarm, bytes)
        const request = decodeBaseRequest(unframed(bytes))
        assert.equal(request.id, id)
        if (request.ask.kind !== 'chunks') return assert.equal(stream.length, 0)
        const right = decodeChunksAnswer(body, request.ask).map(chunk => chunks.read(chunk))
        assert.ok(stream.equals(Buffer.concat(await Promise.all(right))))
      },
    },
  ]
}
