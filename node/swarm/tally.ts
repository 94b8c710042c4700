/** What a pull has brought so far, from whom and how fast, and what to say when nobody is left to pull from. */
import { OppuError } from '../../protocol/errors.ts'
import { RateMeter } from './rates.ts'

export interface FetchProgress {
  /** Verified bytes, with those that were there before. */
  readonly bytes: number
  readonly totalBytes: number
  /** Over the last seconds. */
  readonly bytesPerSecond: number
  /** Verified bytes of this pull, by peer id. */
  readonly from: Readonly<Record<string, number>>
}

/** A peer that was given up, and why. */
export interface Dropped {
  readonly peer: string
  readonly error: OppuError
}

const PROGRESS_MS = 100
const RATE_MS = 3000

export class Tally {
  readonly #total: number
  readonly #onProgress: ((progress: FetchProgress) => void) | undefined
  readonly #from: Record<string, number> = {}
  readonly #meter = new RateMeter(RATE_MS)
  #bytes: number
  #reported = 0
  /** Chunks that were wrong, and right bytes that came twice. */
  wrongChunks = 0
  duplicateBytes = 0

  constructor(bytes: number, total: number, onProgress: ((progress: FetchProgress) => void) | undefined) {
    this.#bytes = bytes
    this.#total = total
    this.#onProgress = onProgress
  }

  arrived(peer: string, bytes: number): void {
    this.#bytes += bytes
    this.#meter.add(bytes)
    this.#from[peer] = (this.#from[peer] ?? 0) + bytes
    const time = performance.now()
    if (time - this.#reported < PROGRESS_MS) return
    this.#reported = time
    this.report()
  }

  report(): void {
    this.#onProgress?.(this.progress())
  }

  progress(): FetchProgress {
    return {
      bytes: this.#bytes,
      totalBytes: this.#total,
      bytesPerSecond: this.#meter.perSecond(),
      from: { ...this.#from },
    }
  }
}

/** Of several reasons the one that says most. */
export function nobodyLeft(dropped: readonly Dropped[]): OppuError {
  const errors = dropped.map(({ error }) => error)
  const telling =
    errors.find(error => error.code === 'HASH_MISMATCH') ?? errors.find(error => error.code === 'TIMEOUT')
  const cause = telling ?? errors[0]
  if (cause === undefined) return new OppuError('NO_PROVIDER', 'no peer is known to hold the base')
  const why = `no peer is left to pull from: ${cause.message}`
  return new OppuError(telling?.code ?? 'NO_PROVIDER', why, { cause })
}
