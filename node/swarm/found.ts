/** Addresses of providers as they are found: from a list, or from a search that goes on while they are used. */

export type Addresses = Iterable<string> | AsyncIterable<string>

/** Calls `take` for each address until there are no more or the signal fires. @throws what the search or `take` throws. */
export async function eachAddress(
  addresses: Addresses,
  signal: AbortSignal,
  take: (address: string) => void,
): Promise<void> {
  const aborted = Promise.withResolvers<undefined>()
  signal.addEventListener('abort', () => aborted.resolve(undefined), { once: true })
  if (signal.aborted) return
  const found =
    Symbol.asyncIterator in addresses ? addresses[Symbol.asyncIterator]() : addresses[Symbol.iterator]()
  try {
    while (!signal.aborted) {
      const next = await Promise.race([found.next(), aborted.promise])
      if (next === undefined || next.done === true) return
      take(next.value)
    }
  } finally {
    if (signal.aborted) void Promise.resolve(found.return?.()).catch(() => {}) // it may be waiting for its next
  }
}

/** One search for several users, each of whom gets all addresses, those from before it came too. */
export class Found implements AsyncIterable<string> {
  readonly #known: string[] = []
  #ended = false
  #failure: unknown
  #change = Promise.withResolvers<void>()

  constructor(addresses: Addresses, signal: AbortSignal) {
    const end = (failure?: unknown) => {
      this.#ended = true
      this.#failure = failure
      this.#change.resolve()
    }
    eachAddress(addresses, signal, address => {
      this.#known.push(address)
      this.#change.resolve()
      this.#change = Promise.withResolvers<void>()
    }).then(() => end(), end)
  }

  /** How many were found so far. */
  get size(): number {
    return this.#known.length
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string> {
    for (let at = 0; ; ) {
      const address = this.#known[at]
      if (address !== undefined) {
        at++
        yield address
      } else if (this.#ended) {
        if (this.#failure !== undefined) throw this.#failure
        return
      } else await this.#change.promise
    }
  }
}
