/**
 * A member's line to its coordinator: several addresses that are asked in turn, the changes of keys that each knows, and
 * the catalogue, which answers where no coordinator can be reached. What the answers mean is coordinator-client.ts's
 * business.
 */
import { decodeMessage } from '../../protocol/canonical.ts'
import { type ErrorCode, isOppuError, OppuError } from '../../protocol/errors.ts'
import { shortId, type UserId } from '../../protocol/ids.ts'
import { changesMore, keysFrom } from '../../protocol/key-change.ts'
import { COORDINATOR_LIMITS, PROTOCOLS } from '../../protocol/limits.ts'
import { type Signed, signedFromMessage, signedToMessage } from '../../protocol/manifest.ts'
import { oppu } from '../../protocol/messages.pb.js'
import { call } from '../../protocol/rpc.ts'
import type { Catalogue, CatalogueName } from '../store/catalogue.ts'
import { type OutgoingCategory, type Peer, peerIdOf } from './peer.ts'

export interface LineOptions {
  /** Stays the caller's to close. */
  readonly peer: Peer
  /** Where the coordinator is, ending in `/p2p/<id>`. */
  readonly address: string
  /** Where else it may be, or a stand-in with the same key; asked in turn. */
  readonly standIns?: readonly string[]
  /** Where answers are kept; without one nothing is, and nothing is known when no coordinator can be reached. */
  readonly catalogue?: Catalogue
  /** Told when what is kept is used. */
  readonly onNote?: ((text: string) => void) | undefined
  /** Milliseconds since 1970, against which tasks expire and what is kept gets old. */
  readonly now?: () => number
}

interface Waiting {
  readonly signal?: AbortSignal
}

type Decoder<T> = { decode(bytes: Uint8Array): T }
/** Requests of which a coordinator may know only the last. */
type Alternatives = readonly oppu.CoordinatorRequest.$Properties[]

interface Chain {
  /** As it came, for others who trust an earlier key. */
  readonly changes: readonly Signed[]
  /** The pinned key, and all that came after it. */
  readonly keys: readonly [UserId, ...UserId[]]
}

export class CoordinatorLine {
  readonly #pinned: UserId
  readonly #peer: Peer
  readonly #catalogue: Catalogue | undefined
  readonly #note: (text: string) => void
  readonly #now: () => number
  /** The one that answered last is first. */
  #addresses: readonly string[]
  /** Addresses that have told of their changes of keys. */
  readonly #greeted = new Set<string>()
  /** The changes of keys that are known; undefined until what is kept has been read. */
  #chain: Chain | undefined
  #saidKept = false

  /** Connects to nothing yet. @throws OppuError INVALID_ARGUMENT for an address without a peer id. */
  constructor(options: LineOptions & { readonly coordinator: UserId }) {
    this.#pinned = options.coordinator
    this.#peer = options.peer
    this.#addresses = [...new Set([options.address, ...(options.standIns ?? [])])]
    for (const address of this.#addresses) peerIdOf(address)
    this.#catalogue = options.catalogue
    this.#note = options.onNote ?? (() => {})
    this.#now = options.now ?? Date.now
  }

  /** The key that signs at present, as far as is known: the pinned one, or where the changes of keys lead from it. */
  get key(): UserId {
    return this.knownKeys.at(-1)!
  }

  /** The pinned key and those that came after it. */
  get knownKeys(): readonly UserId[] {
    return this.#chain?.keys ?? [this.#pinned]
  }

  /** The changes of keys that are known, to be passed on. */
  get changes(): readonly Signed[] {
    return this.#chain?.changes ?? []
  }

  /** Asks; nothing of it is kept. */
  async ask<T>(
    request: oppu.CoordinatorRequest.$Properties,
    reply: Decoder<T>,
    category: OutgoingCategory,
    options: Waiting,
  ): Promise<T> {
    const body = await this.#send(request, category, options)
    return readAnswer(() => decode(reply, body))
  }

  /** Asks, keeps what was answered when `open` has found it good, and opens what was kept where nobody answers. */
  async askOrKept<T>(
    name: CatalogueName,
    requests: Alternatives,
    category: OutgoingCategory,
    options: Waiting,
    open: (body: Uint8Array) => T,
  ): Promise<T> {
    await this.readKept()
    const asked = await this.unlessUnreachable(async () => {
      const body = (await this.askFirst(requests, category, options)) ?? new Uint8Array()
      const value = readAnswer(() => open(body))
      // That there is nothing is worth remembering only where there was something.
      if (body.length > 0 || (await this.#catalogue?.read(name))) await this.#catalogue?.keep(name, body)
      return { value }
    }, name)
    if (asked !== undefined) return asked.value
    return open((await this.#catalogue?.read(name))?.bytes ?? new Uint8Array())
  }

  /** Undefined where no coordinator can be reached and something is kept under `name`. */
  async unlessUnreachable<T>(work: () => Promise<T>, name: CatalogueName): Promise<T | undefined> {
    try {
      return await work()
    } catch (error) {
      if (!isUnreachable(error)) throw error
      const kept = await this.#catalogue?.read(name)
      if (kept === undefined) throw error
      if (!this.#saidKept)
        this.#note(
          `the coordinator cannot be reached: going by what it said ${describeAge(this.#now() - kept.savedAt)} ago`,
        )
      this.#saidKept = true
      return undefined
    }
  }

  /** The answer to the first of the requests that the coordinator knows; undefined where it knows none. */
  async askFirst(
    requests: Alternatives,
    category: OutgoingCategory,
    options: Waiting,
  ): Promise<Uint8Array | undefined> {
    for (const request of requests) {
      try {
        return await this.#send(request, category, options)
      } catch (error) {
        // How a coordinator of an earlier version answers what it does not know.
        if (!isOppuError(error, 'PROTOCOL_VIOLATION')) throw error
        if (request === requests.at(-1) && request.listReleases == null) throw error
      }
    }
    return undefined
  }

  /** Sends a request to one address after the other until one answers. */
  async #send(
    request: oppu.CoordinatorRequest.$Properties,
    category: OutgoingCategory,
    options: Waiting,
  ): Promise<Uint8Array> {
    let failure: unknown
    for (const address of this.#addresses) {
      try {
        if (request.join == null) await this.#greet(address, options)
        const body = await this.#sendTo(address, request, category, options)
        this.#addresses = [address, ...this.#addresses.filter(other => other !== address)]
        return body
      } catch (error) {
        options.signal?.throwIfAborted()
        if (!isUnreachable(error)) throw error
        failure ??= error
      }
    }
    throw failure
  }

  async #sendTo(
    address: string,
    request: oppu.CoordinatorRequest.$Properties,
    category: OutgoingCategory,
    { signal }: Waiting,
  ): Promise<Uint8Array> {
    const waiting = signal === undefined ? {} : { signal }
    const duplex = await this.#peer.dial([address], PROTOCOLS.coordinator, { category, ...waiting })
    const { manifestReply, reply } = COORDINATOR_LIMITS
    const maximumReply = request.getManifest == null ? reply : manifestReply
    return call(duplex, oppu.CoordinatorRequest.encode(request).finish(), { maximumReply, ...waiting })
  }

  /**
   * Before the first request at an address: which changes of keys does it know? One that knows fewer than this node is an
   * older copy, and counts as one that cannot be reached.
   */
  async #greet(address: string, options: Waiting): Promise<void> {
    if (this.#greeted.has(address)) return
    const body = await this.#sendTo(address, { listKeys: {} }, 'membership', options).catch(
      (error: unknown) => {
        if (isOppuError(error, 'PROTOCOL_VIOLATION')) return undefined // from before keys could change
        throw error
      },
    )
    const changes = readAnswer(() =>
      body === undefined ? [] : decode(oppu.KeyList, body).changes.map(signedFromMessage),
    )
    if (!(await this.follow(changes)))
      throw new OppuError('UNAVAILABLE', `at ${address} an older copy of the coordinator answers`)
    this.#greeted.add(address)
  }

  /**
   * Goes on to changes of keys that continue the known ones, and keeps them. False for fewer: whoever tells knows less.
   * @throws OppuError BAD_SIGNATURE for another history, or one that does not hold.
   */
  async follow(changes: readonly Signed[]): Promise<boolean> {
    await this.readKept()
    const more = readAnswer(() => changesMore(this.#pinned, this.changes, changes))
    if (more > 0) {
      const list = oppu.KeyList.encode({ changes: changes.map(signedToMessage) }).finish()
      await this.#catalogue?.keep('keys', list)
      this.#chain = this.#chainOf(changes)
      this.#note(`the coordinator has changed its key: ${shortId(this.key)} signs from now on`)
    }
    return more >= 0
  }

  /** Reads the changes of keys that are kept, once. @throws OppuError when they do not hold: the disk was changed. */
  async readKept(): Promise<void> {
    if (this.#chain !== undefined) return
    const kept = await this.#catalogue?.read('keys')
    const changes = kept === undefined ? [] : decode(oppu.KeyList, kept.bytes).changes.map(signedFromMessage)
    this.#chain ??= this.#chainOf(changes)
  }

  #chainOf(changes: readonly Signed[]): Chain {
    return { changes, keys: keysFrom(this.#pinned, changes).keys }
  }
}

/** What cannot be read from the coordinator is its fault, not this side's data's. */
export function readAnswer<T>(read: () => T): T {
  try {
    return read()
  } catch (cause) {
    if (isOppuError(cause) && cause.code !== 'INVALID_DATA') throw cause
    throw new OppuError('PROTOCOL_VIOLATION', 'the coordinator sent what cannot be read', { cause })
  }
}

export function decode<T>(type: Decoder<T>, body: Uint8Array): T {
  return decodeMessage(type, body, COORDINATOR_LIMITS.manifestReply, 'a reply')
}

/** Nobody answered, or nobody who could. */
function isUnreachable(error: unknown): boolean {
  return isOppuError(error) && UNREACHABLE.has(error.code)
}
const UNREACHABLE: ReadonlySet<ErrorCode> = new Set(['CONNECTION_FAILED', 'TIMEOUT', 'UNAVAILABLE'])

function describeAge(ms: number): string {
  const minutes = Math.max(1, Math.round(ms / 60_000))
  if (minutes < 120) return `${minutes} min`
  return minutes < 48 * 60 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / (24 * 60))} days`
}
