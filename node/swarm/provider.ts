/**
 * Hands out the chunks of the bases this node holds. It says nothing of what it holds beyond the base it is asked
 * for, and reads one chunk ahead of what the other side has taken, no more.
 *
 * Leaves to the chunk source where the bytes lie (node/store), and to the fetcher to check them: a provider does
 * not hash what it sends. Rejected: pushing; whoever needs a chunk asks for it.
 */
import { decodeMessage } from '../../protocol/canonical.ts'
import { OppuError } from '../../protocol/errors.ts'
import { type BaseId, idFromBytes } from '../../protocol/ids.ts'
import { CHUNK_LIMITS, PROTOCOLS } from '../../protocol/limits.ts'
import { oppu } from '../../protocol/messages.pb.js'
import { type Answer, serve } from '../../protocol/rpc.ts'
import type { ChunkSource } from '../store/chunks.ts'
import type { Peer } from './peer.ts'

export class Provider implements AsyncDisposable {
  readonly #peer: Peer
  readonly #bases = new Map<BaseId, ChunkSource>()
  #closed = false

  private constructor(peer: Peer) {
    this.#peer = peer
  }

  /** Starts to answer chunk requests on `peer`, which stays the caller's to close. One provider a peer. */
  static async open(peer: Peer, bases: readonly ChunkSource[] = []): Promise<Provider> {
    const provider = new Provider(peer)
    for (const base of bases) provider.add(base)
    const limits = { category: 'chunk', maximumStreams: CHUNK_LIMITS.streamsPerConnection } as const
    await peer.handle(PROTOCOLS.chunks, limits, (duplex, { signal }) =>
      serve(duplex, async request => provider.#answer(request), {
        maximumRequest: CHUNK_LIMITS.request,
        signal,
      }),
    )
    return provider
  }

  /** Provides one more base, which must stay readable until `remove` or `close`. */
  add(base: ChunkSource): BaseId {
    if (this.#closed) throw new OppuError('CLOSED', 'the provider is closed')
    const { id } = base.outline
    this.#bases.set(id, base)
    return id
  }

  remove(id: BaseId): void {
    this.#bases.delete(id)
  }

  /** Ids of what is provided now. */
  bases(): BaseId[] {
    return [...this.#bases.keys()]
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#bases.clear()
    await this.#peer.unhandle(PROTOCOLS.chunks)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #answer(request: Uint8Array): Answer {
    const message = decodeMessage(oppu.ChunkRequest, request, CHUNK_LIMITS.request, 'a chunk request')
    const { file: fileIndex, firstChunk, chunkCount } = message
    if (message.baseId.length !== 32)
      throw new OppuError('PROTOCOL_VIOLATION', 'a chunk request without a base id')
    const base = this.#bases.get(idFromBytes<BaseId>(message.baseId))
    if (base === undefined) throw new OppuError('NOT_FOUND', 'a base that is not provided here')
    const { outline } = base
    const known = fileIndex < outline.manifest.files.length
    const chunks = known ? outline.firstOf(fileIndex + 1) - outline.firstOf(fileIndex) : 0
    if (chunkCount < 1 || firstChunk + chunkCount > chunks)
      throw new OppuError('INVALID_ARGUMENT', 'a range that the base does not have')
    const first = outline.firstOf(fileIndex) + firstChunk
    const last = outline.chunk(first + chunkCount - 1)
    for (let chunk = first; chunk < first + chunkCount; chunk++)
      if (!base.has(chunk)) throw new OppuError('NOT_FOUND', 'a chunk that is not here yet')
    const length = last.offset + last.length - outline.chunk(first).offset
    if (chunkCount > CHUNK_LIMITS.chunks || length > CHUNK_LIMITS.streamBytes) {
      throw new OppuError('TOO_LARGE', 'a range of more than one request may ask for')
    }
    return {
      body: new Uint8Array(),
      stream: { length, parts: readAhead(base, first, chunkCount) },
    }
  }
}

async function* readAhead(base: ChunkSource, first: number, count: number): AsyncGenerator<Uint8Array> {
  const read = (chunk: number) => {
    const pending = base.read(chunk)
    pending.catch(() => {}) // thrown where it is awaited, if it comes to that
    return pending
  }
  let next = read(first)
  for (let chunk = first; chunk < first + count; chunk++) {
    const bytes = await next
    if (chunk + 1 < first + count) next = read(chunk + 1)
    if (bytes.length !== base.outline.length(chunk))
      throw new OppuError('INVALID_DATA', `chunk ${chunk} is damaged here`)
    yield bytes
  }
}
