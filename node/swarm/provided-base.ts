/** One base as a provider sees it: what of it is here, how often each chunk was sent, and who waits for more of it. */
import { ChunkSet } from '../../protocol/chunk-set.ts'
import { OppuError } from '../../protocol/errors.ts'
import type { Holdings } from '../../protocol/exchange.ts'
import { SWARM_LIMITS } from '../../protocol/limits.ts'
import type { ChunkSource } from '../store/chunks.ts'
import { choose } from './selection.ts'

/** What arrives within this time is told at once: of a fast pull not every chunk is a message. */
const GATHER_MS = 100

export class ProvidedBase {
  readonly source: ChunkSource
  readonly #served: Uint32Array
  /** What was here when it was last looked for; only kept up where the source says what arrives. */
  readonly #held: ChunkSet
  readonly #waiting = new Set<() => void>()
  readonly #stop: () => void
  #gathering: NodeJS.Timeout | undefined

  constructor(source: ChunkSource) {
    this.source = source
    const { count } = source.outline
    this.#served = new Uint32Array(count)
    this.#held = new ChunkSet(count)
    for (let chunk = 0; chunk < count; chunk++) if (source.has(chunk)) this.#held.add(chunk)
    this.#stop = source.onArrival?.(chunk => this.#arrived(chunk)) ?? (() => {})
  }

  /** Never 0, and another one whenever something arrived. */
  get revision(): number {
    return 1 + this.#held.size
  }

  holdings(): Holdings {
    return { revision: this.revision, held: this.#held }
  }

  hasAny(chunks: readonly number[]): boolean {
    return chunks.some(chunk => this.#has(chunk))
  }

  /** Those to send now, of which it is noted that they were, in bytes that one reply may have. */
  choose(candidates: readonly number[], count: number): number[] {
    const here = candidates.filter(chunk => this.#has(chunk))
    const chosen: number[] = []
    let bytes = 0
    for (const chunk of choose(here, chunk => this.#served[chunk]!, count)) {
      bytes += this.source.outline.length(chunk)
      if (bytes > SWARM_LIMITS.streamBytes) break
      this.#served[chunk]!++
      chosen.push(chunk)
    }
    return chosen
  }

  /** Resolves when what is here is not, or no longer, `revision`, or after `ms`. @throws the signal's reason. */
  async changed(revision: number, ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.revision !== revision || ms <= 0 || this.source.complete) return
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, ms)
    const onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    this.#waiting.add(resolve)
    try {
      await promise
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      this.#waiting.delete(resolve)
    }
  }

  /** @throws OppuError INVALID_DATA when what lies there has another length; what the source throws. */
  async read(chunk: number): Promise<Uint8Array> {
    const bytes = await this.source.read(chunk)
    if (bytes.length !== this.source.outline.length(chunk))
      throw new OppuError('INVALID_DATA', `chunk ${chunk} is damaged here`)
    return bytes
  }

  close(): void {
    this.#stop()
    clearTimeout(this.#gathering)
    this.#tell()
  }

  #has(chunk: number): boolean {
    return chunk < this.source.outline.count && this.source.has(chunk)
  }

  #arrived(chunk: number): void {
    this.#held.add(chunk)
    this.#gathering ??= setTimeout(() => {
      this.#gathering = undefined
      this.#tell()
    }, GATHER_MS)
  }

  #tell(): void {
    for (const resolve of this.#waiting) resolve()
  }
}
